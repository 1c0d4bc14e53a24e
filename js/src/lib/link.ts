/** A connection that is made again whenever it is lost. */
import { backoff } from "./backoff";
import { store, type Store } from "./store";

/** Something that can be lost. */
export interface Connection {
  /** Resolves, with the reason, when the connection is gone. */
  closed: Promise<Error>;
  close: () => void;
}

/** The gateway answers, but its engine has stopped; no try will help until it is started again. */
export class EngineStopped extends Error {}

export type LinkState<C> =
  | { kind: "connecting" }
  | { kind: "live"; connection: C }
  | { kind: "waiting"; until: number; reason: Error };

export interface Link<C extends Connection> extends Pick<Store<LinkState<C>>, "get" | "listen"> {
  /** Tries at once instead of waiting. */
  retry: () => void;
  /** Closes the connection and stays closed. */
  stop: () => void;
}

/** Opens a connection and keeps it: after a loss or a failure it waits as `backoff` says and opens another. */
export function link<C extends Connection>(open: () => Promise<C>, wait = backoff): Link<C> {
  const state = store<LinkState<C>>({ kind: "connecting" });
  let attempt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  const lost = (reason: unknown): void => {
    if (stopped) return;
    const delay = wait(++attempt);
    timer = setTimeout(connect, delay);
    state.set({ kind: "waiting", until: Date.now() + delay, reason: asError(reason) });
  };

  const connect = (): void => {
    timer = undefined;
    // While it tries again it keeps saying "waiting": only the first try is news.
    open().then((connection) => {
      if (stopped) {
        connection.close();
        return;
      }
      attempt = 0;
      state.set({ kind: "live", connection });
      void connection.closed.then(lost);
    }, lost);
  };

  connect();
  return {
    get: state.get,
    listen: state.listen,
    retry: () => {
      if (stopped || timer === undefined || state.get().kind !== "waiting") return;
      clearTimeout(timer);
      connect();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      const now = state.get();
      if (now.kind === "live") now.connection.close();
    },
  };
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
