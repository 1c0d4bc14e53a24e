import { describe, expect, it } from "vitest";
import { readConfig } from "./config";

function page(written: string): Document {
  return new DOMParser().parseFromString(
    `<html><head><script type="application/json" id="gateway-config">${written}</script></head></html>`,
    "text/html",
  );
}

describe("readConfig", () => {
  it("reads what the gateway wrote, escaped as the gateway escapes it", () => {
    const config = readConfig(page('{"title": "\\u003c/script>", "version": "1.2", "docs": "docs"}'));
    expect(config.title).toBe("</script>");
    expect(config.version).toBe("1.2");
  });

  it("has a title and no tables when nothing was written", () => {
    expect(readConfig(page("{}"))).toMatchObject({ title: "Gateway", redoc: "redoc" });
    expect(readConfig(page(" ")).tables).toBeUndefined();
  });
});
