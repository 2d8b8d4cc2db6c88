import { describe, expect, it } from "vitest";
import { CLIPBOARD, type Clipboard } from "../../types";
import { ClipboardState } from "./clipboard.svelte";
import { BrowserClipboard, ClipboardRefusal, fingerprint, isGenuine, withinLimits, type Content, type Format, type RefusalWhy } from "./local-clipboard";

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const content = (...parts: [Format, string | Uint8Array<ArrayBuffer>][]): Content => ({
  parts: parts.map(([format, bytes]) => ({ format, bytes: typeof bytes === "string" ? encode(bytes) : bytes })),
});
const texts = ({ parts }: Content): string[] => parts.map(({ format, bytes }) => `${format}:${new TextDecoder().decode(bytes)}`);
/** Everything that is promised has happened. */
const settled = (): Promise<void> => new Promise((done) => setTimeout(done));

function png(width: number, height: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(33);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return bytes;
}

function world({ permitted = true, focused = true } = {}) {
  const sent: Clipboard[] = [];
  const desk = { lies: null as Content | null, refuses: null as RefusalWhy | null, reads: 0 };
  const window = { focused };
  const clipboard = new ClipboardState({
    send: (message) => void sent.push(message),
    focused: () => window.focused,
    local: {
      read: async () => {
        desk.reads += 1;
        if (desk.refuses) throw new ClipboardRefusal(desk.refuses);
        if (!desk.lies) throw new ClipboardRefusal("empty");
        return desk.lies;
      },
      write: async (written) => {
        if (desk.refuses) throw new ClipboardRefusal(desk.refuses);
        desk.lies = written;
      },
    },
  });
  if (permitted) clipboard.permitted(true);
  /** An agent that grants and takes everything; says what it was given. */
  const takeAll = (): string => {
    const offer = sent.findLast((message) => message.type === "offer");
    if (offer?.type !== "offer") throw new Error("nothing was offered");
    const size = offer.parts.reduce((sum, part) => sum + part.size, 0);
    clipboard.take({ type: "credit", transfer: offer.transfer, bytes: size });
    const pieces = sent.flatMap((message) => (message.type === "piece" && message.transfer === offer.transfer ? [...message.bytes] : []));
    clipboard.take({ type: "taken", transfer: offer.transfer });
    return new TextDecoder().decode(Uint8Array.from(pieces));
  };
  /** An agent that sends content for a request. */
  const give = (transfer: number, request: number, given: Content): void => {
    const parts = given.parts.map(({ format, bytes }) => ({ format, size: bytes.length }));
    clipboard.take({ type: "offer", transfer, request, parts, files: [], more_files: 0 });
    for (const { bytes } of given.parts) {
      for (let at = 0; at < bytes.length; at += CLIPBOARD.piece) clipboard.take({ type: "piece", transfer, bytes: bytes.slice(at, at + CLIPBOARD.piece) });
    }
  };
  return { clipboard, sent, desk, window, takeAll, give };
}

describe("the clipboard to the customer", () => {
  it("goes when it is asked for, whole and cut into pieces", async () => {
    const { clipboard, sent, desk, takeAll } = world();
    desk.lies = content(["text", "x".repeat(40_000)], ["html", "<b>x</b>"]);
    await clipboard.give();
    expect(sent.filter(({ type }) => type === "piece")).toEqual([]);
    expect(takeAll()).toBe(`${"x".repeat(40_000)}<b>x</b>`);
    for (const message of sent) if (message.type === "piece") expect(message.bytes.length).toBeLessThanOrEqual(CLIPBOARD.piece);
    expect(clipboard.to).toEqual({ state: "there", formats: ["text", "html"], size: 40_008 });
  });

  it("sends no more than was granted", async () => {
    const { clipboard, sent, desk } = world();
    desk.lies = content(["text", "x".repeat(1_000)]);
    await clipboard.give();
    clipboard.take({ type: "credit", transfer: 1, bytes: 300 });
    clipboard.take({ type: "credit", transfer: 7, bytes: 300 });
    expect(sent.flatMap((message) => (message.type === "piece" ? [message.bytes.length] : []))).toEqual([300]);
    expect(clipboard.to).toEqual({ state: "moving", done: 300, size: 1_000 });
  });

  it("says why this computer or the customer's does not", async () => {
    const { clipboard, desk } = world();
    desk.refuses = "denied";
    await clipboard.give();
    expect(clipboard.to).toEqual({ state: "local", why: "denied" });
    desk.refuses = null;
    desk.lies = content(["text", "x"]);
    await clipboard.give();
    clipboard.take({ type: "refused", transfer: 1, why: "busy" });
    expect(clipboard.to).toEqual({ state: "refused", why: "busy" });
  });

  it("does not go without the right, or with its switch off", async () => {
    const { clipboard, sent, desk } = world({ permitted: false });
    desk.lies = content(["text", "x"]);
    await clipboard.give();
    clipboard.permitted(true);
    clipboard.switchTo(false);
    await clipboard.give();
    expect([sent, desk.reads]).toEqual([[], 0]);
  });

  it("goes by itself only what is copied later, only with the focus, and each copy once", async () => {
    const { clipboard, sent, desk, takeAll } = world();
    desk.lies = content(["text", "from before"]);
    clipboard.automaticTo(true);
    await settled();
    expect(sent).toEqual([]);
    clipboard.focus(false);
    desk.lies = content(["text", "copied elsewhere"]);
    await settled();
    expect(sent).toEqual([]);
    clipboard.focus(true);
    await settled();
    expect(takeAll()).toBe("copied elsewhere");
    clipboard.focus(false);
    clipboard.focus(true);
    await settled();
    expect(sent.filter(({ type }) => type === "offer").length).toBe(1);
    clipboard.automaticTo(false);
    desk.lies = content(["text", "later"]);
    clipboard.focus(true);
    await settled();
    expect(sent.filter(({ type }) => type === "offer").length).toBe(1);
  });
});

describe("the clipboard from the customer", () => {
  it("comes when it is asked for, and lies here", async () => {
    const { clipboard, sent, desk, give } = world();
    clipboard.fetch();
    expect(sent).toEqual([{ type: "fetch", request: 1 }]);
    const large = content(["text", "y".repeat(CLIPBOARD.text)], ["png", png(4, 4)]);
    give(5, 1, large);
    await settled();
    expect(clipboard.from).toMatchObject({ state: "there", formats: ["text", "png"] });
    expect(desk.lies && fingerprint(desk.lies)).toBe(fingerprint(large));
    expect(sent.at(-1)).toEqual({ type: "taken", transfer: 5 });
    const granted = sent.reduce((sum, message) => (message.type === "credit" ? sum + message.bytes : sum), 0);
    expect(granted).toBe(CLIPBOARD.text + 33);
  });

  it("that nobody asked for is refused, and what is not what it claims to be touches nothing", async () => {
    const { clipboard, sent, desk, give } = world();
    give(1, 0, content(["text", "pushed"]));
    expect(sent).toEqual([{ type: "refused", transfer: 1, why: "not_allowed" }]);
    for (const [format, bytes] of [
      ["png", encode("<svg onload=alert(1)>, long enough to be a head")],
      ["png", png(60_000, 60_000)],
      ["text", Uint8Array.from([0xff, 0xfe, 0])],
      ["html", encode("a\0b")],
    ] as const) {
      clipboard.fetch();
      const request = sent.filter(({ type }) => type === "fetch").length;
      give(10 + request, request, content([format, bytes]));
      await settled();
      expect(clipboard.from, format).toEqual({ state: "refused", why: "broken" });
    }
    expect(desk.lies).toBeNull();
  });

  it("is refused when more comes than was granted, or in a format of later", () => {
    const { clipboard, sent } = world();
    clipboard.fetch();
    clipboard.take({ type: "offer", transfer: 1, request: 1, parts: [{ format: "text", size: 10 }], files: [], more_files: 0 });
    clipboard.take({ type: "piece", transfer: 1, bytes: new Uint8Array(11) });
    expect(clipboard.from).toEqual({ state: "refused", why: "broken" });
    clipboard.fetch();
    clipboard.take({ type: "offer", transfer: 2, request: 2, parts: [{ format: "unknown", size: 10 }], files: [], more_files: 0 });
    expect(sent.at(-1)).toEqual({ type: "refused", transfer: 2, why: "format" });
  });

  it("says why there is nothing, and names files", () => {
    const { clipboard } = world();
    clipboard.fetch();
    clipboard.take({ type: "nothing", request: 1, why: "secret" });
    expect(clipboard.from).toEqual({ state: "refused", why: "secret" });
    clipboard.fetch();
    clipboard.take({ type: "offer", transfer: 3, request: 2, parts: [], files: ["a.txt", "<b>.txt"], more_files: 4 });
    expect(clipboard.from).toEqual({ state: "files", names: ["a.txt", "<b>.txt"], more: 4 });
  });

  it("waits for the focus or a click where the browser wants one", async () => {
    const { clipboard, desk, give, window } = world();
    clipboard.automaticFrom(true);
    window.focused = false;
    desk.refuses = "unfocused";
    give(1, 0, content(["text", "held"]));
    await settled();
    expect(clipboard.from).toMatchObject({ state: "held", why: "unfocused" });
    desk.refuses = null;
    window.focused = true;
    clipboard.focus(true);
    await settled();
    expect(desk.lies && texts(desk.lies)).toEqual(["text:held"]);
    expect(clipboard.from).toMatchObject({ state: "there" });
  });

  it("is watched only while the window has the focus, and not without the switch or the right", () => {
    const { clipboard, sent } = world();
    clipboard.automaticFrom(true);
    clipboard.focus(false);
    clipboard.focus(true);
    clipboard.permitted(false);
    clipboard.permitted(true);
    clipboard.switchFrom(false);
    clipboard.switchFrom(true);
    expect(sent.flatMap((message) => (message.type === "watch" ? [message.watch] : []))).toEqual(["on", "away", "on", "on", "off"]);
    expect(clipboard.autoFrom).toBe(false);
  });

  it("is not sent back to where it came from", async () => {
    const { clipboard, sent, desk, give } = world();
    clipboard.automaticTo(true);
    clipboard.automaticFrom(true);
    await settled();
    give(1, 0, content(["text", "theirs"]));
    await settled();
    expect(desk.lies && texts(desk.lies)).toEqual(["text:theirs"]);
    clipboard.focus(false);
    clipboard.focus(true);
    await settled();
    expect(sent.filter(({ type }) => type === "offer")).toEqual([]);
  });

  it("that is under way when the right goes is over", () => {
    const { clipboard } = world();
    clipboard.fetch();
    clipboard.take({ type: "offer", transfer: 1, request: 1, parts: [{ format: "text", size: 10 }], files: [], more_files: 0 });
    clipboard.permitted(false);
    expect(clipboard.from).toEqual({ state: "refused", why: "dropped" });
    clipboard.take({ type: "piece", transfer: 1, bytes: encode("0123456789") });
    expect(clipboard.from).toEqual({ state: "refused", why: "dropped" });
  });
});

describe("this computer's clipboard", () => {
  const browser = (part: Partial<globalThis.Clipboard>, focused = true): BrowserClipboard => new BrowserClipboard(part as globalThis.Clipboard, () => focused);
  const refusal = (promise: Promise<unknown>): Promise<RefusalWhy | null> =>
    promise.then(
      () => null,
      (error: unknown) => (error instanceof ClipboardRefusal ? error.why : "failed"),
    );

  it("is bounded: what is too large is left out", () => {
    expect(() => withinLimits(content(["text", ""]))).toThrow("empty");
    expect(() => withinLimits(content(["text", new Uint8Array(CLIPBOARD.text + 1)]))).toThrow("too_large");
    const parts = withinLimits(content(["text", "a"], ["html", new Uint8Array(CLIPBOARD.html + 1)])).parts;
    expect(parts.map(({ format }) => format)).toEqual(["text"]);
    expect(isGenuine("png", png(4, 4)) && isGenuine("text", encode("ü")) && !isGenuine("png", png(0, 4))).toBe(true);
  });

  it("of a browser is read format by format", async () => {
    const item = { types: ["text/plain", "text/html", "web x"], getType: async (type: string) => new Blob([type]) };
    const read = await browser({ read: async () => [item] as unknown as ClipboardItem[] }).read();
    expect(texts(read)).toEqual(["text:text/plain", "html:text/html"]);
  });

  it("of a browser refuses in words that can be told", async () => {
    const throwing = (name: string): Partial<globalThis.Clipboard> => ({ read: () => Promise.reject(new DOMException("", name)) });
    expect(await refusal(browser(throwing("NotAllowedError")).read())).toBe("denied");
    expect(await refusal(browser(throwing("NotAllowedError"), false).read())).toBe("unfocused");
    expect(await refusal(browser(throwing("OddError")).read())).toBe("failed");
    expect(await refusal(new BrowserClipboard(null).read())).toBe("unsupported");
    expect(await refusal(browser({ read: async () => [] }).read())).toBe("empty");
  });
});
