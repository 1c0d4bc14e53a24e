/** The tables of one session, or of the last one while it is lost. */
import { useMemo, useState } from "react";
import { Banner } from "../features/status/Banner";
import type { Session } from "../features/workspace/session";
import { Tabs } from "../features/workspace/Tabs";
import { viewsOf } from "../features/workspace/views";
import { Workspace } from "../features/workspace/Workspace";
import { EngineStopped, type Connection, type LinkState } from "../lib/link";

interface Props {
  session: Session;
  state: LinkState<Connection>;
  dark: boolean;
  onRetry: () => void;
}

export function Tables({ session, state, dark, onRetry }: Props) {
  const views = useMemo(() => viewsOf(session.meta, window.innerWidth), [session]);
  const [chosen, setChosen] = useState(() => decodeURIComponent(location.hash.slice(1)));
  const [problem, setProblem] = useState<{ of: Session; text: string }>();
  const view = views.find(({ key }) => key === chosen) ?? views[0];
  if (!view) return null;

  const choose = (key: string): void => {
    setChosen(key);
    history.replaceState(null, "", `${location.pathname}${location.search}${key ? `#${encodeURIComponent(key)}` : ""}`);
  };
  return (
    <>
      {views.length > 1 && <Tabs views={views} chosen={view.key} onChoose={choose} />}
      {state.kind === "waiting" && (
        <Banner action="Try now" onAction={onRetry}>
          {state.reason instanceof EngineStopped
            ? "The engine has stopped; nothing ticks until the gateway is started again. "
            : "The gateway does not answer. "}
          The tables stand as they were at {clock(session.lastHeard())}.
        </Banner>
      )}
      {problem?.of === session && (
        <Banner
          action="Reload the page"
          onAction={() => {
            location.reload();
          }}
        >
          The view could not be shown: {problem.text}
        </Banner>
      )}
      <Workspace
        session={session}
        view={view}
        dark={dark}
        stale={state.kind !== "live"}
        onProblem={(reason) => {
          setProblem({ of: session, text: reason instanceof Error ? reason.message : String(reason) });
        }}
      />
    </>
  );
}

function clock(when: number): string {
  return new Date(when).toLocaleTimeString();
}
