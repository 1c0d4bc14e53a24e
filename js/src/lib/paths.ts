/** URLs, built from the address the page was given. */

/** The URL of a path of the gateway. */
export function urlOf(path: string, base = document.baseURI): URL {
  return new URL(path, new URL(".", base));
}

/** The WebSocket URL of a path of the gateway. */
export function socketUrlOf(path: string, base = document.baseURI): URL {
  const url = urlOf(path, base);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}
