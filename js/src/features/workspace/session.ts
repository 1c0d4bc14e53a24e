/** One Perspective connection: the gateway's tables over one WebSocket, watched so that its loss is noticed. */
import type { TablesConfig } from "../../lib/config";
import type { Connection } from "../../lib/link";
import { EngineStopped } from "../../lib/link";
import { socketUrlOf, urlOf } from "../../lib/paths";
import { fetchMeta, type Meta } from "./meta";
import { loadPerspective, type Client, type ClientClass } from "./perspective";

/** A socket that has been silent for this long is asked after. */
const QUIET_MS = 10_000;
const WATCH_MS = 5000;

export interface Session extends Connection {
  meta: Meta;
  client: Client;
  /** When the gateway last sent something, in milliseconds. */
  lastHeard: () => number;
}

export function isSession(connection: Connection): connection is Session {
  return "meta" in connection;
}

/**
 * Connects to the gateway's tables.
 *
 * @throws EngineStopped when the gateway says so; Error when it cannot be reached.
 */
export async function openSession(config: TablesConfig): Promise<Session> {
  const metaUrl = urlOf(config.meta);
  const [meta, clientClass] = await Promise.all([fetchMeta(metaUrl), loadPerspective(urlOf(config.assets))]);
  const socket = await openSocket(socketUrlOf(config.socket));
  return converse(socket, clientClass, meta, () => fetchMeta(metaUrl));
}

function openSocket(url: URL): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      resolve(socket);
    };
    socket.onclose = () => {
      reject(new Error(`${url.pathname} refused the connection`));
    };
  });
}

/**
 * A session over an open socket.
 *
 * @param probe asked when the socket is silent; when it fails the session is over.
 */
export function converse(
  socket: WebSocket,
  clientClass: ClientClass,
  meta: Meta,
  probe: () => Promise<unknown>,
): Session {
  const send = (request: Uint8Array): Promise<void> => {
    if (socket.readyState === WebSocket.OPEN) socket.send(request.slice());
    return Promise.resolve();
  };
  const close = (): void => {
    socket.close();
  };
  const client = new clientClass(send, () => {
    close();
    return Promise.resolve();
  });
  let heard = Date.now();
  socket.onmessage = (event: MessageEvent<ArrayBuffer>) => {
    heard = Date.now();
    void client.handle_response(event.data);
  };
  const closed = new Promise<Error>((resolve) => {
    const gone = (reason: Error): void => {
      clearInterval(watch);
      socket.onclose = null;
      close();
      resolve(reason);
    };
    // A dead network closes no socket, and an engine may stop behind a socket that stays open: so silence is asked after.
    const watch = setInterval(() => {
      if (Date.now() - heard < QUIET_MS) return;
      probe().catch((problem: unknown) => {
        gone(problem instanceof EngineStopped ? problem : new Error("the gateway does not answer"));
      });
    }, WATCH_MS);
    socket.onclose = () => {
      gone(new Error("the connection was closed"));
    };
  });
  return { meta, client, closed, close, lastHeard: () => heard };
}
