import { describe, expect, it } from "vitest";
import { pieces, shownText } from "./links";

const hosts = (text: string) => pieces(text).flatMap((piece) => (piece.kind === "link" ? [piece.host] : []));

describe("links in a text", () => {
  it("are found, with the words around them untouched", () => {
    const text = "See https://help.example/a?b=c#d, or (http://other.example:8080/x).";
    expect(pieces(text)).toEqual([
      { kind: "text", text: "See " },
      { kind: "link", text: "https://help.example/a?b=c#d", host: "help.example" },
      { kind: "text", text: ", or (" },
      { kind: "link", text: "http://other.example:8080/x", host: "other.example:8080" },
      { kind: "text", text: ")." },
    ]);
    expect(pieces("no link here")).toEqual([{ kind: "text", text: "no link here" }]);
    expect(pieces("")).toEqual([]);
  });

  it("name the computer that they really lead to", () => {
    expect(hosts("https://bank.example@evil.example/login")).toEqual(["evil.example"]);
    expect(hosts("https://bank.example:443@evil.example")).toEqual(["evil.example"]);
    expect(hosts("https://evil.example/https://bank.example")).toEqual(["evil.example"]);
    expect(hosts("https://b\u0430nk.example")).toEqual(["xn--bnk-6cd.example"]);
    expect(hosts("https://0x7f.1/")).toEqual(["127.0.0.1"]);
    expect(hosts("HTTPS://UPPER.Example")).toEqual(["upper.example"]);
  });

  it("are of the web only, and whole addresses", () => {
    expect(hosts("javascript:alert(1) data:text/html,x file:///etc/passwd mailto:a@b.example www.example.org")).toEqual([]);
    expect(hosts("https:// http://. x")).toEqual([]);
    expect(pieces('<a href="https://x.example/y">click</a>').map(({ text }) => text)).toEqual(['<a href="', "https://x.example/y", '">click</a>']);
  });

  it("lose what turns their direction", () => {
    expect(shownText("https://evil.example/\u202emoc.knab\u2066\u0007")).toBe("https://evil.example/moc.knab");
    expect(shownText("one\ttwo\nthree \u{1f469}\u200d\u{1f527}")).toBe("one two\nthree \u{1f469}\u200d\u{1f527}");
  });
});
