/** Builds the page into dist/: index.html, and static/ beside it with everything it loads. */
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Nothing is painted before the theme is known, so that a dark page never flashes white. */
const paintAfterTheme: Plugin = {
  name: "paint-after-theme",
  transformIndexHtml: {
    order: "post",
    handler: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"'),
  },
};

export default defineConfig({
  base: "./",
  plugins: [react(), paintAfterTheme],
  build: { target: "esnext", assetsDir: "static", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
});
