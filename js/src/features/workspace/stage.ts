/** The viewers on the page: one a view, of which one is seen; all replaced when the connection is. */
import { within } from "../../lib/within";
import { dress } from "./inside";
import type { Viewer } from "./perspective";
import type { Session } from "./session";
import type { View, WorkspaceConfig } from "./views";

/** A viewer waits for answers before it tells its arrangement; of a lost connection there may be none. */
const SAVE_MS = 1000;

export interface Stage {
  /** Shows `view` of `session`, arranged as it was left. */
  show: (session: Session, view: View) => void;
  setDark: (dark: boolean) => void;
  /** Takes all viewers away. */
  clear: () => void;
}

interface Seat {
  viewer: Viewer;
  dark: boolean;
}

/**
 * A stage inside `host`. Perspective loses panels when two changes overlap, so each waits for the one before.
 *
 * A viewer that is not seen pauses itself: only what is on the screen is streamed.
 *
 * @param fail told of a change that could not be made; the stage stays usable.
 */
export function stage(host: HTMLElement, dark: boolean, fail: (problem: unknown) => void): Stage {
  const seats = new Map<string, Seat>();
  const arranged = new Map<string, WorkspaceConfig>();
  let playing: Session | undefined;
  let seen: string | undefined;
  let last: Promise<void> = Promise.resolve();

  const inTurn = (change: () => Promise<void>): void => {
    last = last.then(change).catch(fail);
  };

  const remember = async (): Promise<void> => {
    const key = seen;
    const seat = key === undefined ? undefined : seats.get(key);
    if (key === undefined || !seat) return;
    const config = await within(SAVE_MS, seat.viewer.saveWorkspace()).catch(() => undefined);
    if (config) arranged.set(key, config);
  };

  const seat = async (session: Session, view: View): Promise<Seat> => {
    const left = arranged.get(view.key);
    const at = dark; // it may be changed while the viewer is filled
    if (left) {
      try {
        return { viewer: await viewer(host, session, left, at), dark: at };
      } catch {
        arranged.delete(view.key); // the tables may have changed since: begin anew
      }
    }
    return { viewer: await viewer(host, session, view.workspace, at), dark: at };
  };

  const show = async (session: Session, view: View): Promise<void> => {
    const remembered = remember();
    const old = session === playing ? [] : [...seats.values()];
    if (session !== playing) {
      await remembered;
      seats.clear();
      playing = session;
    }
    try {
      const next = seats.get(view.key) ?? (await seat(session, view));
      seats.set(view.key, next);
      seen = view.key;
      next.viewer.classList.remove("backstage");
      for (const { viewer } of seats.values()) viewer.hidden = viewer !== next.viewer;
      await wear(next);
    } finally {
      for (const { viewer } of old) dismiss(viewer);
    }
  };

  const wear = async (its: Seat): Promise<void> => {
    if (its.dark === dark) return;
    its.dark = dark;
    const theme = themeName(dark);
    its.viewer.setAttribute("theme", theme);
    const changes = panelsOf(its.viewer).map((panel) => its.viewer.restore({ theme }, { panel }));
    await within(SAVE_MS, Promise.all(changes));
  };

  return {
    show: (session, view) => {
      inTurn(async () => {
        try {
          await show(session, view);
        } catch (problem) {
          const lost = await within(0, session.closed);
          if (!lost) throw problem; // when the connection is lost that is the news, and not what came of it
        }
      });
    },
    setDark: (next) => {
      dark = next;
      inTurn(async () => {
        const its = seen === undefined ? undefined : seats.get(seen);
        if (its) await wear(its);
      });
    },
    clear: () => {
      inTurn(() => {
        for (const { viewer } of seats.values()) dismiss(viewer);
        seats.clear();
        return Promise.resolve();
      });
    },
  };
}

/** A new viewer that shows `config`, behind the one that is seen; it is taken away again if it cannot. */
async function viewer(host: HTMLElement, session: Session, config: WorkspaceConfig, dark: boolean): Promise<Viewer> {
  const made = document.createElement("perspective-viewer") as Viewer;
  made.className = "backstage";
  made.setAttribute("theme", themeName(dark));
  host.append(made);
  dress(made);
  const lost = session.closed.then((reason) => {
    throw reason;
  });
  try {
    await Promise.race([fill(made, session, themed(config, dark)), lost]);
  } catch (problem) {
    dismiss(made);
    throw problem;
  }
  return made;
}

async function fill(viewer: Viewer, session: Session, config: WorkspaceConfig): Promise<void> {
  await viewer.load(session.client);
  // A whole workspace restored right after `load` races with it ("Panel disposed"); its panels one by one do not.
  for (const [panel, its] of Object.entries(config.panels)) await viewer.restore(its, { panel });
  await viewer.restoreWorkspace({ layout: config.layout });
  await viewer.resize();
}

/** Removes a viewer. What it still asks of a lost connection is never answered, so nobody waits for it. */
function dismiss(viewer: Viewer): void {
  viewer.remove();
  viewer.delete().catch(() => undefined);
}

function panelsOf(viewer: Viewer): string[] {
  const tabs = viewer.querySelectorAll<HTMLElement>(":scope > perspective-viewer-tab");
  return [...tabs].map((tab) => tab.slot.replace(/^tab-/, ""));
}

function themeName(dark: boolean): string {
  return dark ? "Pro Dark" : "Pro Light";
}

function themed(config: WorkspaceConfig, dark: boolean): WorkspaceConfig {
  const panels = Object.entries(config.panels).map(([name, panel]) => [name, { ...panel, theme: themeName(dark) }]);
  return { ...config, panels: Object.fromEntries(panels) as WorkspaceConfig["panels"] };
}
