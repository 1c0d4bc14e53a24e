/** The state of the connection, in words that are true. */
import { EngineStopped, type Connection, type LinkState } from "../../lib/link";

export type Tone = "busy" | "good" | "bad";

export interface Saying {
  tone: Tone;
  text: string;
}

/** Silence shorter than this is nothing to speak of. */
const QUIET_S = 5;

/**
 * What the header says.
 *
 * @param lastHeard when the gateway last sent something, if that is known.
 */
export function say(state: LinkState<Connection>, now: number, lastHeard?: number): Saying {
  if (state.kind === "connecting") return { tone: "busy", text: "Connecting" };
  if (state.kind === "live") {
    const silent = lastHeard === undefined ? 0 : Math.floor((now - lastHeard) / 1000);
    return { tone: "good", text: silent < QUIET_S ? "Live" : `Live, last update ${ago(silent)} ago` };
  }
  const left = Math.ceil((state.until - now) / 1000);
  if (state.reason instanceof EngineStopped) return { tone: "bad", text: "Engine stopped" };
  return { tone: "bad", text: left > 0 ? `Reconnecting in ${left} s` : "Reconnecting" };
}

/** A span of seconds, short: 12 s, 3 min, 2 h. */
export function ago(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
