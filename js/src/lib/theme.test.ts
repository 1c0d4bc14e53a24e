import { beforeEach, describe, expect, it, vi } from "vitest";
import { theme } from "./theme";

beforeEach(() => {
  localStorage.clear();
});

describe("theme", () => {
  it("follows the system while nothing was chosen", () => {
    const system = window.matchMedia("(prefers-color-scheme: dark)").matches;
    expect(theme(window).get()).toBe(system);
  });

  it("remembers what was chosen, under the key that the older pages used", () => {
    const first = theme(window);
    const before = first.get();
    first.toggle();
    expect(first.get()).toBe(!before);
    expect(localStorage.getItem("csp-gateway:dark")).toBe(String(!before));
    expect(theme(window).get()).toBe(!before);
  });

  it("follows the choice made in another tab", () => {
    const here = theme(window);
    const heard = vi.fn();
    here.listen(heard);
    localStorage.setItem("csp-gateway:dark", String(!here.get()));
    window.dispatchEvent(new Event("storage"));
    expect(heard).toHaveBeenCalledOnce();
  });
});
