/** The viewer on the page: one at a time, replaced when the connection is, and told what to do in order. */
import { dress } from "./inside";
import type { Viewer } from "./perspective";
import type { Session } from "./session";
import type { View, WorkspaceConfig } from "./views";

const THEMES = { light: "Pro Light", dark: "Pro Dark" };

export interface Stage {
  /** Shows `view` of `session`; the arrangement a view was left in comes back with it. */
  show: (session: Session, view: View) => void;
  setDark: (dark: boolean) => void;
  /** Takes the viewer away. */
  clear: () => void;
}

/**
 * A stage inside `host`. Perspective loses panels when two changes overlap, so each waits for the one before.
 *
 * @param fail told of a change that could not be made; the stage stays usable.
 */
export function stage(host: HTMLElement, dark: boolean, fail: (problem: unknown) => void): Stage {
  const left = new Map<string, WorkspaceConfig>();
  let shown: { session: Session; viewer: Viewer; key: string } | undefined;
  let last: Promise<void> = Promise.resolve();
  const inTurn = (change: () => Promise<void>): void => {
    last = last.then(change).catch(fail);
  };

  const show = async (session: Session, view: View): Promise<void> => {
    if (shown) left.set(shown.key, await shown.viewer.saveWorkspace());
    const config = themed(left.get(view.key) ?? view.workspace, dark);
    if (shown?.session === session) {
      await shown.viewer.restoreWorkspace(config);
      shown.key = view.key;
      return;
    }
    const viewer = document.createElement("perspective-viewer") as Viewer;
    viewer.setAttribute("theme", themeName(dark));
    host.append(viewer);
    dress(viewer);
    await fill(viewer, session, config);
    const old = shown?.viewer;
    shown = { session, viewer, key: view.key };
    old?.remove();
    // What an old viewer still asks of a lost connection is never answered: nobody waits for it.
    void old?.delete().catch(() => undefined);
  };

  return {
    show: (session, view) => {
      inTurn(() => show(session, view));
    },
    setDark: (next) => {
      if (next === dark) return;
      dark = next;
      inTurn(async () => {
        if (!shown) return;
        shown.viewer.setAttribute("theme", themeName(next));
        for (const panel of Object.keys((await shown.viewer.saveWorkspace()).panels)) {
          await shown.viewer.restore({ theme: themeName(next) }, { panel });
        }
      });
    },
    clear: () => {
      inTurn(async () => {
        const viewer = shown?.viewer;
        shown = undefined;
        viewer?.remove();
        await viewer?.delete();
      });
    },
  };
}

async function fill(viewer: Viewer, session: Session, config: WorkspaceConfig): Promise<void> {
  await viewer.load(session.client);
  // A whole workspace restored right after `load` races with it ("Panel disposed"); its panels one by one do not.
  for (const [panel, its] of Object.entries(config.panels)) await viewer.restore(its, { panel });
  await viewer.restoreWorkspace({ layout: config.layout });
  await viewer.resize();
}

function themeName(dark: boolean): string {
  return dark ? THEMES.dark : THEMES.light;
}

function themed(config: WorkspaceConfig, dark: boolean): WorkspaceConfig {
  const panels = Object.entries(config.panels).map(([name, panel]) => [name, { ...panel, theme: themeName(dark) }]);
  return { ...config, panels: Object.fromEntries(panels) as WorkspaceConfig["panels"] };
}
