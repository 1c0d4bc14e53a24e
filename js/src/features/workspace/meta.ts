/** Which tables the gateway offers, and what their columns are. */
import { EngineStopped } from "../../lib/link";

export type ColumnType = "string" | "integer" | "float" | "boolean" | "datetime" | "date";

/** The columns of one table, in order. */
export type Columns = Record<string, ColumnType>;

export interface Meta {
  /** Names of the tables to show, in order. */
  tables: string[];
  columns: Record<string, Columns>;
  /** Tables the overview is made of; empty: the first ones. */
  default_layout_tables: string[];
  /** How many tables the overview may show. */
  default_layout_max_tables: number;
}

const PATIENCE_MS = 5000;

/**
 * Asks the gateway for its tables.
 *
 * @throws EngineStopped when the gateway answers that its engine is gone; Error when it does not answer in 5 s.
 */
export async function fetchMeta(url: URL): Promise<Meta> {
  const reply = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (reply.status === 503) throw new EngineStopped("the engine has stopped");
  if (!reply.ok) throw new Error(`${url.pathname} answered ${reply.status}`);
  const { tables, columns, ...rest } = (await reply.json()) as Partial<Meta>;
  return {
    tables: tables ?? [],
    columns: columns ?? {},
    default_layout_tables: rest.default_layout_tables ?? [],
    default_layout_max_tables: rest.default_layout_max_tables ?? 5,
  };
}
