import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EngineStopped } from "../../lib/link";
import type { Meta } from "./meta";
import type { Client } from "./perspective";
import { converse, type Session } from "./session";

/** A socket that says and hears what the test wants. */
class FakeSocket {
  readyState: number = WebSocket.OPEN;
  sent: Uint8Array[] = [];
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: (() => void) | null = null;

  send(request: Uint8Array): void {
    this.sent.push(request);
  }

  close(): void {
    this.readyState = WebSocket.CLOSED;
    this.onclose?.();
  }
}

/** Perspective's end of the wire, which notes what it is told. */
class FakeClient implements Client {
  heard: ArrayBuffer[] = [];

  constructor(readonly send: (request: Uint8Array) => Promise<void>) {}

  handle_response(answer: ArrayBuffer): Promise<void> {
    this.heard.push(answer);
    return Promise.resolve();
  }

  terminate(): void {
    // nothing to end
  }
}

const META: Meta = { tables: [], columns: {}, default_layout_tables: [], default_layout_max_tables: 5 };

describe("converse", () => {
  let socket: FakeSocket;
  let session: Session;
  let probe = vi.fn<() => Promise<unknown>>();
  let ended: Error | undefined;

  beforeEach(() => {
    vi.useFakeTimers();
    socket = new FakeSocket();
    probe = vi.fn(() => Promise.resolve());
    session = converse(socket as unknown as WebSocket, FakeClient, META, probe);
    ended = undefined;
    void session.closed.then((reason) => (ended = reason));
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("carries requests out and answers in, and notes when it heard something", async () => {
    const client = session.client as unknown as FakeClient;
    await client.send(new Uint8Array([1, 2]));
    expect(socket.sent).toEqual([new Uint8Array([1, 2])]);
    await vi.advanceTimersByTimeAsync(3000);
    socket.onmessage?.({ data: new ArrayBuffer(4) });
    expect(client.heard).toHaveLength(1);
    expect(session.lastHeard()).toBe(Date.now());
  });

  it("is over when the socket closes, and then sends nothing", async () => {
    socket.close();
    await vi.advanceTimersByTimeAsync(0);
    expect(ended?.message).toBe("the connection was closed");
    await (session.client as unknown as FakeClient).send(new Uint8Array([1]));
    expect(socket.sent).toEqual([]);
  });

  it("asks after a silent socket, and leaves it open when the gateway answers", async () => {
    await vi.advanceTimersByTimeAsync(9000);
    expect(probe).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(6000);
    expect(probe).toHaveBeenCalled();
    expect(ended).toBeUndefined();
  });

  it("is over when the gateway does not answer, or says that its engine has stopped", async () => {
    probe.mockRejectedValue(new EngineStopped("stopped"));
    await vi.advanceTimersByTimeAsync(15_000);
    expect(ended).toBeInstanceOf(EngineStopped);
    expect(socket.readyState).toBe(WebSocket.CLOSED);
  });

  it("asks nothing once it is over", async () => {
    session.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(probe).not.toHaveBeenCalled();
  });
});
