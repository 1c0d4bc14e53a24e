/** A store: one value, those who listen to it, and the hook that reads it. */
import { useSyncExternalStore } from "react";

export interface Store<T> {
  get: () => T;
  set: (next: T) => void;
  /** Calls `listener` after every change; the answer ends it. */
  listen: (listener: () => void) => () => void;
}

/** A store that holds `value`. Setting what it already holds tells nobody. */
export function store<T>(value: T): Store<T> {
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The value of a store, read again whenever it changes. */
export function useStore<T>(source: Pick<Store<T>, "get" | "listen">): T {
  return useSyncExternalStore(source.listen, source.get);
}
