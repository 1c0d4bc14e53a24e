/** What is shown without anybody having arranged anything: for every table a grid, newest first, and beside it a chart. */
import type { ColumnType, Columns, Meta } from "./meta";

/** One panel of the viewer, as Perspective understands it. */
export interface PanelConfig {
  table: string;
  title: string;
  plugin: string;
  columns: string[];
  sort?: [string, "asc" | "desc"][];
  group_by?: string[];
  aggregates?: Record<string, string>;
  columns_config?: Record<string, Record<string, unknown>>;
  plugin_config?: Record<string, unknown>;
  theme?: string;
}

export type Layout =
  | { type: "split-layout"; orientation: "horizontal" | "vertical"; sizes: number[]; children: Layout[] }
  | { type: "tab-layout"; tabs: string[]; selected?: number };

/** Panels by name and their places, as `<perspective-viewer>` saves and restores them. */
export interface WorkspaceConfig {
  panels: Record<string, PanelConfig>;
  layout: Layout;
}

/** Something the tab strip offers. */
export interface View {
  key: string;
  label: string;
  workspace: WorkspaceConfig;
}

const TIME = "timestamp";
const ID = "id";
/** More lines than this are not told apart; the others can be added by hand. */
const MOST_LINES = 6;
/** Roughly what a column takes, in pixels. */
const WIDTHS: Record<ColumnType, number> = { string: 130, integer: 90, float: 100, boolean: 80, datetime: 205, date: 100 };

/**
 * The views of a gateway: all tables together when there are several, then each table by itself.
 *
 * @param width of the window, which grids and charts share by what the grids need.
 */
export function viewsOf(meta: Meta, width: number): View[] {
  const each = meta.tables.map((name) => ({ key: name, label: name, workspace: workspaceOf([name], meta, width) }));
  if (each.length < 2) return each;
  const wanted = meta.default_layout_tables.filter((name) => meta.tables.includes(name));
  const shown = (wanted.length > 0 ? wanted : meta.tables).slice(0, meta.default_layout_max_tables);
  return [{ key: "", label: "Overview", workspace: workspaceOf(shown, meta, width) }, ...each];
}

function workspaceOf(names: string[], meta: Meta, width: number): WorkspaceConfig {
  const panels: Record<string, PanelConfig> = {};
  const rows = names.map((name): Layout => {
    const columns = meta.columns[name] ?? {};
    const grid = `${name}.grid`;
    panels[grid] = gridOf(name, columns);
    const lines = chartOf(name, columns);
    if (!lines) return tab(grid);
    const chart = `${name}.chart`;
    panels[chart] = lines;
    const share = gridShare(panels[grid].columns, columns, width);
    return split("horizontal", [tab(grid), tab(chart)], [share, 1 - share]);
  });
  const [first] = rows;
  if (first && rows.length === 1) return { panels, layout: first };
  return { panels, layout: split("vertical", rows, rows.map(() => 1 / rows.length)) };
}

/** How much of the width a grid gets: what its columns need, within reason. */
function gridShare(shown: string[], columns: Columns, width: number): number {
  const needed = shown.reduce((sum, name) => sum + WIDTHS[columns[name] ?? "string"], 80);
  return Math.min(0.5, Math.max(0.2, needed / width));
}

function tab(panel: string): Layout {
  return { type: "tab-layout", tabs: [panel] };
}

function split(orientation: "horizontal" | "vertical", children: Layout[], sizes: number[]): Layout {
  return { type: "split-layout", orientation, children, sizes };
}

/** The rows of a table, newest first; the time leads, the generated id is left out. */
export function gridOf(table: string, columns: Columns): PanelConfig {
  const timed = hasTime(columns);
  const names = Object.keys(columns).filter((name) => name !== ID && name !== TIME);
  return {
    table,
    title: table,
    plugin: "Datagrid",
    columns: timed ? [TIME, ...names] : names,
    ...(timed && { sort: [[TIME, "desc"]] }),
    columns_config: formatsOf(columns),
    plugin_config: { edit_mode: "READ_ONLY" },
  };
}

/** The numeric columns of a table over time; nothing when it has no time or no numbers. */
export function chartOf(table: string, columns: Columns): PanelConfig | undefined {
  const numbers = Object.keys(columns).filter((name) => name !== ID && isNumber(columns[name]));
  if (!hasTime(columns) || numbers.length === 0) return undefined;
  const lines = numbers.slice(0, MOST_LINES);
  return {
    table,
    title: `${lines.join(", ")} over time`,
    plugin: "Y Line",
    columns: lines,
    group_by: [TIME],
    aggregates: Object.fromEntries(lines.map((name) => [name, "last"])),
    columns_config: formatsOf(columns),
    plugin_config: { legend_mode: lines.length > 1 ? "sidebar" : "none", auto_alt_y_axis: lines.length > 1 },
  };
}

function hasTime(columns: Columns): boolean {
  return columns[TIME] === "datetime";
}

function isNumber(type: ColumnType | undefined): boolean {
  return type === "integer" || type === "float";
}

/** Whole numbers without decimals, and times to the millisecond. */
function formatsOf(columns: Columns): Record<string, Record<string, unknown>> {
  const formats: Record<string, Record<string, unknown>> = {};
  for (const [name, type] of Object.entries(columns)) {
    if (type === "float") formats[name] = { number_format: { minimumFractionDigits: 0, maximumFractionDigits: 6 } };
    if (type === "datetime") formats[name] = { date_format: TIME_FORMAT };
  }
  return formats;
}

const TIME_FORMAT = {
  format: "custom",
  hour12: false,
  year: "numeric",
  month: "short",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
};
