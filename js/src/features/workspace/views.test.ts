import { describe, expect, it } from "vitest";
import type { Columns, Meta } from "./meta";
import { chartOf, gridOf, viewsOf as viewsAt, type View } from "./views";

const EXAMPLE: Columns = { id: "string", timestamp: "datetime", x: "integer" };
const QUOTE: Columns = { id: "string", symbol: "string", bid: "float", ask: "float", timestamp: "datetime" };
const NOTE: Columns = { id: "string", timestamp: "datetime", text: "string" };

const viewsOf = (its: Meta): View[] => viewsAt(its, 1400);

function meta(columns: Record<string, Columns>, rest: Partial<Meta> = {}): Meta {
  return { tables: Object.keys(columns), columns, default_layout_tables: [], default_layout_max_tables: 5, ...rest };
}

describe("gridOf", () => {
  it("shows the newest row first, the time leading and the id hidden", () => {
    const grid = gridOf("quote", QUOTE);
    expect(grid.columns).toEqual(["timestamp", "symbol", "bid", "ask"]);
    expect(grid.sort).toEqual([["timestamp", "desc"]]);
  });

  it("keeps the table's order when there is no time to sort by", () => {
    const grid = gridOf("plain", { id: "string", a: "integer", timestamp: "string" });
    expect(grid.columns).toEqual(["a"]);
    expect(grid.sort).toBeUndefined();
  });
});

describe("chartOf", () => {
  it("draws the numbers over time", () => {
    expect(chartOf("quote", QUOTE)).toMatchObject({ plugin: "Y Line", columns: ["bid", "ask"], group_by: ["timestamp"] });
  });

  it("draws nothing without numbers, or without time", () => {
    expect(chartOf("note", NOTE)).toBeUndefined();
    expect(chartOf("plain", { a: "integer" })).toBeUndefined();
  });

  it("leaves out a numeric id and what would be too many lines", () => {
    const many: Columns = { id: "integer", timestamp: "datetime" };
    for (let i = 0; i < 20; i++) many[`n${i}`] = "float";
    expect(chartOf("many", many)?.columns).toEqual(["n0", "n1", "n2", "n3", "n4", "n5"]);
  });
});

describe("viewsOf", () => {
  it("shows one table as its grid and its chart, side by side", () => {
    const [view, ...others] = viewsOf(meta({ example: EXAMPLE }));
    expect(others).toEqual([]);
    expect(Object.keys(view?.workspace.panels ?? {})).toEqual(["example.grid", "example.chart"]);
    expect(view?.workspace.layout).toMatchObject({ type: "split-layout", orientation: "horizontal" });
  });

  it("shows several together first, then each by itself", () => {
    const views = viewsOf(meta({ example: EXAMPLE, note: NOTE }));
    expect(views.map(({ label }) => label)).toEqual(["Overview", "example", "note"]);
    expect(views[0]?.workspace.layout).toMatchObject({ orientation: "vertical", sizes: [0.5, 0.5] });
    expect(views[2]?.workspace.layout).toEqual({ type: "tab-layout", tabs: ["note.grid"] });
  });

  it("streams no more tables at once than the gateway allows, and those that it names", () => {
    const columns = Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, NOTE]));
    const first = viewsOf(meta(columns, { default_layout_max_tables: 2 }))[0];
    expect(Object.keys(first?.workspace.panels ?? {})).toEqual(["a.grid", "b.grid"]);
    const named = viewsOf(meta(columns, { default_layout_tables: ["d", "gone", "a"] }))[0];
    expect(Object.keys(named?.workspace.panels ?? {})).toEqual(["d.grid", "a.grid"]);
  });

  it("gives the grid what its columns need, and the chart the rest, but at least half", () => {
    const share = (width: number): unknown => viewsAt(meta({ quote: QUOTE }), width)[0]?.workspace.layout;
    expect(share(700)).toMatchObject({ sizes: [0.5, 0.5] });
    expect(share(3840)).toMatchObject({ sizes: [0.2, 0.8] });
  });

  it("has nothing to show without tables", () => {
    expect(viewsOf(meta({}))).toEqual([]);
  });

  it("gives every layout sizes that fill it", () => {
    for (const { workspace } of viewsOf(meta({ example: EXAMPLE, quote: QUOTE, note: NOTE }))) {
      const { layout } = workspace;
      if (layout.type === "split-layout") expect(layout.sizes.reduce((a, b) => a + b)).toBeCloseTo(1);
    }
  });
});
