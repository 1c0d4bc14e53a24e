/** Patience with an end. */

/** What `promise` comes to, or undefined when it takes longer than `ms`. */
export function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, undefined);
    promise.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}
