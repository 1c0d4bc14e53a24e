import { describe, expect, it, vi } from "vitest";
import { store } from "./store";

describe("store", () => {
  it("tells its listeners of every change", () => {
    const count = store(1);
    const heard = vi.fn();
    count.listen(heard);
    count.set(2);
    expect(count.get()).toBe(2);
    expect(heard).toHaveBeenCalledOnce();
  });

  it("tells nobody of what it already holds", () => {
    const count = store(1);
    const heard = vi.fn();
    count.listen(heard);
    count.set(1);
    expect(heard).not.toHaveBeenCalled();
  });

  it("forgets a listener that has left, even one that leaves while it is told", () => {
    const count = store(0);
    const last = vi.fn();
    const leave = count.listen(() => {
      leave();
    });
    count.listen(last);
    count.set(1);
    count.set(2);
    expect(last).toHaveBeenCalledTimes(2);
  });
});
