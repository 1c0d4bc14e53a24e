/** Reads the page's configuration, connects, and renders it. */
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { heartbeat } from "./features/status/heartbeat";
import { openSession } from "./features/workspace/session";
import { readConfig } from "./lib/config";
import { link, type Connection } from "./lib/link";
import { urlOf } from "./lib/paths";
import { theme } from "./lib/theme";
import "./styles/page.css";

const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");

const config = readConfig(document);
const { tables } = config;
const connection = link<Connection>(() => (tables ? openSession(tables) : heartbeat(urlOf("ui-config"))));
window.addEventListener("online", connection.retry);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") connection.retry();
});

const pageTheme = theme(window);
const wear = (): void => {
  document.documentElement.dataset["theme"] = pageTheme.get() ? "dark" : "light";
};
wear();
pageTheme.listen(wear); // before anything else listens: the viewer reads its colours off the page
createRoot(root).render(<App config={config} theme={pageTheme} link={connection} />);
