/** The connection's state in the header. */
import { useSecond } from "../../lib/clock";
import type { Connection, LinkState } from "../../lib/link";
import { say } from "./say";

interface Props {
  state: LinkState<Connection>;
  lastHeard?: (() => number) | undefined;
}

export function Status({ state, lastHeard }: Props) {
  const { tone, text } = say(state, useSecond(), lastHeard?.());
  return (
    <span className="status" data-tone={tone} data-state={state.kind} role="status">
      <span className="status-dot" aria-hidden="true" />
      <span className="status-text">{text}</span>
    </span>
  );
}
