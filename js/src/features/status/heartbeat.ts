/** Whether the gateway answers at all, for a page that has no tables to tell. */
import type { Connection } from "../../lib/link";

const EVERY_MS = 5000;

/** A connection that lasts as long as `url` answers. */
export async function heartbeat(url: URL): Promise<Connection> {
  const beat = async (): Promise<void> => {
    const reply = await fetch(url, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(EVERY_MS) });
    if (!reply.ok) throw new Error(`${url.pathname} answered ${reply.status}`);
  };
  await beat();
  let timer: ReturnType<typeof setInterval>;
  const closed = new Promise<Error>((resolve) => {
    timer = setInterval(() => {
      beat().catch(() => {
        clearInterval(timer);
        resolve(new Error("the gateway does not answer"));
      });
    }, EVERY_MS);
  });
  return {
    closed,
    close: () => {
      clearInterval(timer);
    },
  };
}
