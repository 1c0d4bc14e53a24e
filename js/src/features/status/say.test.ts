import { describe, expect, it } from "vitest";
import { EngineStopped, type Connection } from "../../lib/link";
import { ago, say } from "./say";

const connection: Connection = { closed: new Promise(() => undefined), close: () => undefined };
const NOW = 1_000_000;

describe("say", () => {
  it("is live while the gateway sends, and says since when it does not", () => {
    const live = { kind: "live", connection } as const;
    expect(say(live, NOW, NOW - 4000)).toEqual({ tone: "good", text: "Live" });
    expect(say(live, NOW, NOW - 12_000)).toEqual({ tone: "good", text: "Live, last update 12 s ago" });
    expect(say(live, NOW)).toEqual({ tone: "good", text: "Live" });
  });

  it("counts down to the next try", () => {
    const waiting = { kind: "waiting", reason: new Error("down"), until: NOW + 2500 } as const;
    expect(say(waiting, NOW).text).toBe("Reconnecting in 3 s");
    expect(say(waiting, NOW + 2500).text).toBe("Reconnecting");
  });

  it("tells an engine that stopped from a gateway that is gone", () => {
    expect(say({ kind: "waiting", reason: new EngineStopped("x"), until: NOW }, NOW).text).toBe("Engine stopped");
  });
});

describe("ago", () => {
  it("is short", () => {
    expect([5, 89, 90, 3600, 7200].map(ago)).toEqual(["5 s", "89 s", "2 min", "60 min", "2 h"]);
  });
});
