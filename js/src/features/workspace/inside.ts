/** Our styles for what stands inside the viewer's shadow roots, where the page's own style sheets do not reach. */

const SHEET = `
  :host(perspective-viewer) regular-layout > .rl-panel::part(container) { background: none !important; }
  :host(perspective-viewer-tab) .psp-tab-title { height: 18px; line-height: 18px; font-size: 13px; }
  :host(perspective-viewer-tab) #rows > span:not(:first-child) { display: none; }
  :host(perspective-viewer-tab) #rows::after { content: "rows"; color: var(--psp-inactive--color); }
  :host(perspective-viewer-tab) #rows { font-weight: 500; font-size: 12px; gap: 4px; }
  :host(perspective-viewer-datagrid) regular-table { margin: 6px 0 0 6px; }
  :host(perspective-viewer-datagrid) regular-table table thead tr th,
  :host(perspective-viewer-datagrid) regular-table table tbody tr td { padding: 2px 12px; }
  :host(perspective-viewer-datagrid) regular-table table thead tr th { color: var(--psp-inactive--color); }
`;

/** Dresses every part of `viewer`, now and as parts are added. */
export function dress(viewer: HTMLElement): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(SHEET);
  const dressed = new WeakSet<ShadowRoot>();
  const dressAll = (): void => {
    for (const { shadowRoot } of [viewer, ...viewer.children]) {
      if (!shadowRoot || dressed.has(shadowRoot)) continue;
      dressed.add(shadowRoot);
      shadowRoot.adoptedStyleSheets.push(sheet);
    }
  };
  new MutationObserver(dressAll).observe(viewer, { childList: true });
  dressAll();
}
