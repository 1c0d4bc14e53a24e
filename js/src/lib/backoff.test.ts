import { describe, expect, it } from "vitest";
import { backoff } from "./backoff";

describe("backoff", () => {
  it("doubles up to 15 s", () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 60].map((attempt) => backoff(attempt, () => 1));
    expect(longest).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
  });

  it("takes a random part off, up to half", () => {
    expect(backoff(3, () => 0)).toBe(1000);
    expect(backoff(3, () => 0.5)).toBe(1500);
  });
});
