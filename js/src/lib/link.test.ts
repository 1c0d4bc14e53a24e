import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { link, type Connection } from "./link";

/** A gateway that can be up or down; every connection to it is lost when it goes down. */
class Gateway {
  up = true;
  tries = 0;
  closed = 0;
  private lose: ((reason: Error) => void)[] = [];

  open = (): Promise<Connection> => {
    this.tries += 1;
    if (!this.up) return Promise.reject(new Error("down"));
    const closed = new Promise<Error>((resolve) => this.lose.push(resolve));
    const close = (): void => {
      this.closed += 1;
    };
    return Promise.resolve({ closed, close });
  };

  down(): void {
    this.up = false;
    for (const lose of this.lose.splice(0)) lose(new Error("lost"));
  }
}

const passing = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe("link", () => {
  let gateway: Gateway;
  beforeEach(() => {
    vi.useFakeTimers();
    gateway = new Gateway();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is connecting, then live", async () => {
    const made = link(gateway.open);
    expect(made.get().kind).toBe("connecting");
    await passing(0);
    expect(made.get().kind).toBe("live");
  });

  it("waits longer after every failure, and says until when and why", async () => {
    gateway.up = false;
    const made = link(gateway.open, (attempt) => attempt * 1000);
    await passing(0);
    expect(made.get()).toEqual({ kind: "waiting", until: Date.now() + 1000, reason: new Error("down") });
    await passing(1000);
    expect(made.get()).toMatchObject({ until: Date.now() + 2000 });
    await passing(1999);
    expect(gateway.tries).toBe(2);
    await passing(1);
    expect(gateway.tries).toBe(3);
  });

  it("comes back after a loss, with another connection, and starts from the shortest wait again", async () => {
    const made = link(gateway.open, (attempt) => attempt * 1000);
    await passing(0);
    const first = made.get();
    gateway.down();
    await passing(3000);
    expect(made.get()).toMatchObject({ kind: "waiting", reason: new Error("down") });
    gateway.up = true;
    await passing(3000);
    expect(made.get().kind).toBe("live");
    expect(made.get()).not.toEqual(first);
    gateway.down();
    await passing(0);
    expect(made.get()).toMatchObject({ until: Date.now() + 1000, reason: new Error("lost") });
  });

  it("tries at once when it is told to, and not twice", async () => {
    gateway.up = false;
    const made = link(gateway.open, () => 60_000);
    await passing(0);
    gateway.up = true;
    made.retry();
    made.retry();
    await passing(0);
    expect(made.get().kind).toBe("live");
    expect(gateway.tries).toBe(2);
    await passing(120_000);
    expect(gateway.tries).toBe(2);
  });

  it("closes what it has, and what it was about to have, when it is stopped", async () => {
    const made = link(gateway.open);
    await passing(0);
    made.stop();
    const other = link(gateway.open);
    other.stop();
    await passing(60_000);
    expect(gateway.closed).toBe(2);
    expect(gateway.tries).toBe(2);
  });
});
