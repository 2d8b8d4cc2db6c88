import { describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/clock";
import { MAX_CHAT_TEXT, type Chat, type ChatLine } from "../../types";
import { chatKeeper, ChatState, MAX_WAITING } from "./chat.svelte";

const ME = 2;

function line(number: number, text: string, more: Partial<ChatLine> = {}): ChatLine {
  return { number, id: `i${number}`, name: "", text, age_ms: 0, ...more };
}

/** An agent that hears nothing while `deaf`, and answers as the real one does. */
function world(storage = new Map<string, string>()) {
  const clock = new FakeClock();
  const sent: Chat[] = [];
  const link = { up: true };
  const news: string[] = [];
  let ids = 0;
  const keeper = chatKeeper("s", {
    getItem: (key) => storage.get(key) ?? null,
    setItem: (key, value) => void storage.set(key, value),
    removeItem: (key) => void storage.delete(key),
  });
  const send = (message: Chat): boolean => {
    if (link.up) sent.push(message);
    return link.up;
  };
  const chat = new ChatState({ send, me: () => ME, clock, keeper, newId: () => `new${++ids}`, news: ({ text }) => news.push(text) });
  return { chat, clock, sent, link, news, storage, says: () => sent.filter((message) => message.type === "say") };
}

const history = (lines: ChatLine[], last = true): Chat => ({ type: "history", lines, last });
const shown = (chat: ChatState) => chat.lines.map(({ who, text, mark }) => `${who} ${mark}: ${text}`);

describe("the chat", () => {
  it("marks what was said: waiting, sent, delivered", () => {
    const { chat, link, sent } = world();
    link.up = false;
    expect(chat.say(" Hello ")).toBe(true);
    expect(shown(chat)).toEqual(["me waiting: Hello"]);
    link.up = true;
    chat.take(history([]));
    expect(shown(chat)).toEqual(["me sent: Hello"]);
    expect(sent).toContainEqual({ type: "say", id: "new1", text: "Hello" });
    chat.take({ type: "said", line: line(1, "Hello", { from: ME, id: "new1" }) });
    expect(shown(chat)).toEqual(["me delivered: Hello"]);
    expect(sent.at(-1)).toEqual({ type: "got", number: 1 });
  });

  it("shows a number once, also where one message says it twice", () => {
    const { chat } = world();
    chat.take(history([line(1, "first"), line(1, "second"), line(2, "third"), line(2, "third")]));
    chat.take({ type: "said", line: line(1, "again") });
    expect(shown(chat)).toEqual(["customer delivered: first", "customer delivered: third"]);
    expect(new Set(chat.lines.map(({ key }) => key)).size).toBe(2);
  });

  it("says again what was not answered, and shows it once", async () => {
    const { chat, clock, says } = world();
    chat.take(history([]));
    chat.say("one");
    chat.say("two");
    expect(says().length).toBe(2);
    await clock.move(5_000);
    expect(says().map((message) => (message.type === "say" ? message.id : ""))).toEqual(["new1", "new2", "new1", "new2"]);
    // The way was lost and is there again: the agent tells all, with what it had taken.
    chat.take(history([line(1, "one", { from: ME, id: "new1" })]));
    expect(shown(chat)).toEqual(["me delivered: one", "me sent: two"]);
    chat.take({ type: "said", line: line(1, "one", { from: ME, id: "new1" }) });
    chat.take({ type: "said", line: line(2, "two", { from: ME, id: "new2" }) });
    expect(shown(chat)).toEqual(["me delivered: one", "me delivered: two"]);
    const before = says().length;
    await clock.move(60_000);
    expect(says().length).toBe(before);
  });

  it("loses nothing over a reload", () => {
    const first = world();
    first.link.up = false;
    first.chat.say("not yet sent");
    const again = world(first.storage);
    expect(shown(again.chat)).toEqual(["me waiting: not yet sent"]);
    again.chat.take(history([line(1, "before", { age_ms: 60_000 })]));
    expect(again.says()).toEqual([{ type: "say", id: "new1", text: "not yet sent" }]);
    again.chat.take({ type: "said", line: line(2, "not yet sent", { from: ME, id: "new1" }) });
    expect(shown(again.chat)).toEqual(["customer delivered: before", "me delivered: not yet sent"]);
    expect(again.storage.size).toBe(0);
  });

  it("asks for all when something is missing, and tells how far it has come", () => {
    const { chat, sent } = world();
    chat.take(history([line(1, "one")]));
    chat.take({ type: "said", line: line(3, "three") });
    chat.take({ type: "said", line: line(4, "four") });
    expect(sent).toEqual([{ type: "got", number: 1 }, { type: "recall" }]);
    chat.take(history([line(1, "one"), line(2, "two")], false));
    chat.take(history([line(3, "three"), line(4, "four")]));
    expect(sent.at(-1)).toEqual({ type: "got", number: 4 });
    expect(chat.lines.map(({ text }) => text)).toEqual(["one", "two", "three", "four"]);
  });

  it("counts what nobody has looked at, and not what was there before", () => {
    const { chat, news } = world();
    chat.take(history([line(1, "old")]));
    expect(chat.unread).toBe(0);
    chat.take({ type: "said", line: line(2, "new") });
    chat.take({ type: "said", line: line(3, "mine", { from: ME, id: "x" }) });
    chat.take({ type: "said", line: line(4, "a colleague's", { from: 5, name: "Bo" }) });
    expect([chat.unread, news]).toEqual([2, ["new", "a colleague's"]]);
    expect(chat.lines.at(-1)).toMatchObject({ who: "other", name: "Bo" });
    chat.watch(true);
    chat.take({ type: "said", line: line(5, "seen") });
    expect(chat.unread).toBe(0);
  });

  it("believes that somebody types for a while, and tells it not too often", async () => {
    const { chat, clock, sent } = world();
    chat.take(history([]));
    chat.take({ type: "typing" });
    expect(chat.typing).toBe(true);
    await clock.move(5_999);
    expect(chat.typing).toBe(true);
    await clock.move(1);
    expect(chat.typing).toBe(false);
    chat.take({ type: "typing" });
    chat.take({ type: "said", line: line(1, "done") });
    expect(chat.typing).toBe(false);
    for (let key = 0; key < 10; key++) chat.type();
    await clock.move(3_000);
    chat.type();
    expect(sent.filter(({ type }) => type === "typing").length).toBe(2);
  });

  it("takes no more than it can keep, and no empty or endless message", () => {
    const { chat, link } = world();
    expect([chat.say("  \n"), chat.say("\u202e\u0000"), chat.say("ä".repeat(MAX_CHAT_TEXT / 2 + 1))]).toEqual([false, false, false]);
    link.up = false;
    for (let count = 0; count < MAX_WAITING; count++) expect(chat.say("x")).toBe(true);
    expect(chat.say("one too many")).toBe(false);
    for (let number = 1; number <= 2_100; number++) chat.take({ type: "said", line: line(number, "x") });
    expect(chat.lines.length).toBe(2_000 + MAX_WAITING);
    expect(chat.dropped).toBe(100);
  });

  it("shows the times of this computer, whatever the other one's clock says", () => {
    const { chat, clock } = world();
    chat.take(history([line(1, "a minute ago", { age_ms: 60_000 })]));
    expect(chat.lines[0]?.at).toBe(clock.now() - 60_000);
  });

  it("cannot be upset by an agent's own kinds of messages, or by a changed storage", () => {
    const storage = new Map([["farhand.chat.s", '[1, {"id": 3}, null, {"id": "a", "text": "kept", "at": 5}]']]);
    const { chat } = world(storage);
    expect(shown(chat)).toEqual(["me waiting: kept"]);
    for (const message of [{ type: "say", id: "a", text: "b" }, { type: "got", number: 9 }, { type: "recall" }, { type: "unknown" }] as Chat[]) chat.take(message);
    expect(shown(chat)).toEqual(["me waiting: kept"]);
    expect(shown(world(new Map([["farhand.chat.s", "{"]])).chat)).toEqual([]);
  });
});
