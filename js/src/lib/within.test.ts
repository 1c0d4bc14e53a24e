import { describe, expect, it } from "vitest";
import { within } from "./within";

describe("within", () => {
  it("is what the promise comes to", async () => {
    expect(await within(1000, Promise.resolve(1))).toBe(1);
    await expect(within(1000, Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  it("does not wait for ever", async () => {
    expect(await within(5, new Promise(() => undefined))).toBeUndefined();
  });
});
