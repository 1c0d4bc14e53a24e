/** Perspective as the gateway serves it: loaded once, at run time, so that it always matches the server's version. */
import type { PanelConfig, WorkspaceConfig } from "./views";

/** The wire end of Perspective: requests leave through its constructor's `send`, answers enter by `handle_response`. */
export interface Client {
  handle_response(answer: ArrayBuffer): Promise<void>;
  terminate(): void;
}

/** `<perspective-viewer>`: any number of panels, in tabs and splits. */
export interface Viewer extends HTMLElement {
  load(client: Client): Promise<void>;
  /** Changes one panel, or makes it. */
  restore(config: Partial<PanelConfig>, options: { panel: string }): Promise<void>;
  /** Changes what is named: all panels, the layout, or both. */
  restoreWorkspace(config: Partial<WorkspaceConfig>): Promise<void>;
  saveWorkspace(): Promise<WorkspaceConfig>;
  /** Draws everything again at the size it now has. */
  resize(): Promise<void>;
  delete(): Promise<void>;
}

export type ClientClass = new (send: (request: Uint8Array) => Promise<void>, close: () => Promise<void>) => Client;

type ViewerClass = CustomElementConstructor & { __wasm_module__: { Client: ClientClass } };

let loading: Promise<ClientClass> | undefined;

/**
 * Loads the viewer's element, charts and styles from the folder `assets`, once.
 *
 * @throws Error when they cannot be loaded; the next call tries again.
 */
export function loadPerspective(assets: URL): Promise<ClientClass> {
  loading ??= load(assets).catch((problem: unknown) => {
    loading = undefined;
    throw problem;
  });
  return loading;
}

async function load(assets: URL): Promise<ClientClass> {
  const styled = addStyles(new URL("perspective-anywidget.css", assets));
  const script = new URL("perspective-anywidget.js", assets).href;
  const module = (await import(/* @vite-ignore */ script)) as { ready: Promise<unknown> };
  await Promise.all([module.ready, styled]);
  const element = (await customElements.whenDefined("perspective-viewer")) as ViewerClass;
  return element.__wasm_module__.Client;
}

/** Adds a style sheet before our own, which refines it, and waits for it. */
function addStyles(url: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = url.href;
    sheet.onload = () => {
      resolve();
    };
    sheet.onerror = () => {
      sheet.remove();
      reject(new Error(`${url.pathname} could not be loaded`));
    };
    document.head.prepend(sheet);
  });
}
