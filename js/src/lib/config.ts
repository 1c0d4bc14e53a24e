/** What the gateway writes into the page: its names, and where its parts are. */

export interface TablesConfig {
  /** Path of the table WebSocket. */
  socket: string;
  /** Folder of the viewer's own files. */
  assets: string;
  /** Path that tells which tables there are. */
  meta: string;
}

/** Every path is relative to the page, so that it works under any prefix. */
export interface PageConfig {
  title: string;
  version: string;
  email: string;
  docs: string;
  redoc: string;
  /** Absent when the gateway shows no tables. */
  tables?: TablesConfig;
}

const DEFAULTS: PageConfig = { title: "Gateway", version: "", email: "", docs: "docs", redoc: "redoc" };

/** The configuration in `<script id="gateway-config">`; the defaults fill what is not there. */
export function readConfig(page: Document): PageConfig {
  const written = page.getElementById("gateway-config")?.textContent;
  return { ...DEFAULTS, ...(JSON.parse(written?.trim() || "{}") as Partial<PageConfig>) };
}
