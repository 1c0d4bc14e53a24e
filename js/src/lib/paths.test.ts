import { describe, expect, it } from "vitest";
import { socketUrlOf, urlOf } from "./paths";

describe("paths", () => {
  it("are relative to the page, with or without a prefix", () => {
    expect(urlOf("api/v1/last", "http://host:8000/").href).toBe("http://host:8000/api/v1/last");
    expect(urlOf("psp/5.6.1/", "https://host/desk/").href).toBe("https://host/desk/psp/5.6.1/");
    expect(urlOf("docs", "https://host/desk/index.html?x=1#y").href).toBe("https://host/desk/docs");
  });

  it("are secure sockets on a secure page", () => {
    expect(socketUrlOf("api/v1/perspective", "http://host:8000/").href).toBe("ws://host:8000/api/v1/perspective");
    expect(socketUrlOf("api/v1/perspective", "https://host/desk/").href).toBe("wss://host/desk/api/v1/perspective");
  });
});
