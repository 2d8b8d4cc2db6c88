import { expect, test } from "vitest";
import { OpenTabs, type Store, type Told } from "./tabs.svelte";

const told = (over = false, unread = 0): Told => ({ name: "Ada", over, waiting: false, unread, end: () => undefined });

function store(kept?: string): Store & { kept: string | null } {
  return {
    kept: kept ?? null,
    getItem() {
      return this.kept;
    },
    setItem(_, value) {
      this.kept = value;
    },
  };
}

test("each session that is looked at has a tab, and goes on when another one is", () => {
  const tabs = new OpenTabs(() => null);
  tabs.turn("a");
  tabs.turn("b");
  tabs.turn(null);
  tabs.turn("a");
  expect(tabs.list).toEqual(["a", "b"]);
});

test("what is over keeps its tab until it was looked at and left", () => {
  const tabs = new OpenTabs(() => null);
  for (const id of ["a", "b"]) {
    tabs.turn(id);
    tabs.tell(id, told());
  }
  tabs.tell("a", told(true));
  expect(tabs.list, "it ended in the background").toEqual(["a", "b"]);
  tabs.turn("a");
  tabs.turn("b");
  expect(tabs.list).toEqual(["b"]);
});

test("news are counted where nobody looks, and gone when somebody does", () => {
  const tabs = new OpenTabs(() => null);
  tabs.turn("a");
  tabs.turn("b");
  tabs.mark("a");
  tabs.mark("b");
  expect([tabs.news("a"), tabs.news("b")]).toEqual([1, 0]);
  tabs.tell("a", told(false, 3));
  expect(tabs.news("a")).toBe(3);
  tabs.turn("a");
  tabs.turn("b");
  tabs.tell("a", told(false, 0));
  expect(tabs.news("a")).toBe(0);
});

test("closing asks where something goes on, and goes to the neighbour", () => {
  const tabs = new OpenTabs(() => null);
  for (const id of ["a", "b", "c"]) {
    tabs.turn(id);
    tabs.tell(id, told());
  }
  tabs.tell("b", told(true));
  expect(tabs.after("c")).toBe("b");
  expect(tabs.after("a")).toBe("b");
  expect(tabs.close("b")).toBe(true);
  expect(tabs.close("a")).toBe(false);
  expect(tabs.asked).toBe("a");
  tabs.remove("a");
  expect(tabs.asked).toBe(null);
  expect(tabs.list).toEqual(["c"]);
  expect(tabs.after("c")).toBe(null);
});

test("a reload brings the tabs back that there still are, and nothing that is none", () => {
  const kept = store();
  const before = new OpenTabs(() => kept);
  before.turn("a");
  before.turn("b");
  const after = new OpenTabs(() => kept);
  after.restore();
  after.turn("b");
  expect(after.list).toEqual(["a", "b"]);
  after.keep(new Set(["c"]));
  expect(after.list).toEqual(["b"]);
  for (const words of ["{", "7", '[1,"x","x",null]']) {
    const strange = new OpenTabs(() => store(words));
    strange.restore();
    expect(strange.list).toEqual(words.startsWith("[") ? ["x"] : []);
  }
});
