/** The page without tables: still on its way, out of reach, or with nothing mounted. */
import { Notice } from "../features/notice/Notice";
import { EngineStopped, type Connection, type LinkState } from "../lib/link";

interface Props {
  /** Whether the gateway offers tables at all. */
  mounted: boolean;
  state: LinkState<Connection>;
  onRetry: () => void;
}

const MOUNT = `gateway = Gateway(
    modules=[
        ...,
        MountPerspectiveTables(),
    ],
    channels=...,
)`;

export function Nothing({ mounted, state, onRetry }: Props) {
  if (state.kind === "waiting") {
    const dead = state.reason instanceof EngineStopped;
    return (
      <Notice title={dead ? "The engine has stopped" : "The gateway cannot be reached"}>
        <p>
          {dead
            ? "The web server answers, but nothing ticks behind it. The gateway’s log says why it stopped; start it again and this page follows."
            : `Is it running? This page keeps trying, and goes on as soon as the gateway answers (${state.reason.message}).`}
        </p>
        <button type="button" className="button" onClick={onRetry}>
          Try now
        </button>
      </Notice>
    );
  }
  if (!mounted) {
    return (
      <Notice title="No tables are mounted" code={MOUNT}>
        <p>This gateway shows no tables. Give it the module that does, and its channels appear here:</p>
      </Notice>
    );
  }
  if (state.kind === "connecting") return null;
  return (
    <Notice title="No channel to show">
      <p>
        The tables are mounted, but none of the gateway’s channels can be one: a channel needs a provider, and a type
        that is a <code>GatewayStruct</code>.
      </p>
    </Notice>
  );
}
