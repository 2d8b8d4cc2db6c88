import { expect, test } from "vitest";
import { Notices, type Surroundings } from "./notices.svelte";

function world({ permission = "granted" as NotificationPermission, answer = "granted" as NotificationPermission, looking = false, kept = "on" as string | null } = {}) {
  const shown: { title: string; body: string; choose(): void }[] = [];
  const places: string[] = [];
  const state = { looking, kept };
  class Fake {
    static permission = permission;
    static requestPermission(): Promise<NotificationPermission> {
      Fake.permission = answer;
      return Promise.resolve(answer);
    }
    onclick: (() => void) | null = null;
    constructor(title: string, { body = "" }: NotificationOptions) {
      shown.push({ title, body, choose: () => this.onclick?.() });
    }
    close(): void {}
  }
  const around: Surroundings = {
    notification: Fake as unknown as typeof Notification,
    looking: () => state.looking,
    store: { getItem: () => state.kept, setItem: (_, value) => void (state.kept = value) },
    show: (hash) => void places.push(hash),
  };
  const notices = new Notices(() => around);
  notices.start();
  return { notices, shown, places, state };
}

test("who does not look is told once, and choosing it shows the place", () => {
  const { notices, shown, places } = world();
  notices.tell("call-1", "Bob calls", "Ask for the digits.", "#/");
  notices.tell("call-1", "Bob calls", "Ask for the digits.", "#/");
  expect(shown.map(({ title }) => title)).toEqual(["Bob calls"]);
  shown[0]?.choose();
  expect(places).toEqual(["#/"]);
  notices.forget("call-1");
  notices.tell("call-1", "Bob calls", "Ask for the digits.", "#/");
  expect(shown).toHaveLength(2);
});

test("who looks at the page, or did not switch it on, is shown nothing", () => {
  for (const { notices, shown } of [world({ looking: true }), world({ kept: null }), world({ kept: "off" }), world({ permission: "denied" })]) {
    notices.tell("a", "x", "y", "#/");
    expect(shown).toEqual([]);
  }
});

test("switching it on asks the browser, and its no is shown as one", async () => {
  const yes = world({ permission: "default", kept: null });
  expect(yes.notices.standing).toBe("off");
  await yes.notices.turn(true);
  expect([yes.notices.standing, yes.state.kept]).toEqual(["on", "on"]);
  await yes.notices.turn(false);
  expect([yes.notices.standing, yes.state.kept]).toEqual(["off", "off"]);
  const no = world({ permission: "default", answer: "denied", kept: null });
  await no.notices.turn(true);
  expect(no.notices.standing).toBe("denied");
});

test("a name from far away is one short line of text", () => {
  const { notices, shown } = world();
  notices.tell("a", `Bob\n\u202e${"x".repeat(500)}`, "<b>y</b>\u0007", "#/");
  expect(shown[0]?.title.length).toBeLessThanOrEqual(80);
  expect(shown[0]?.title).not.toMatch(/[\n\u202e]/);
  expect(shown[0]?.body).toBe("<b>y</b>");
});
