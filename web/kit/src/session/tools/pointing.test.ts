import { describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/clock";
import type { Chat, Pointing } from "../../types";
import { MAX_PLACES, pathOf, PointingState } from "./pointing.svelte";

function world() {
  const clock = new FakeClock();
  const sent: Pointing[] = [];
  const send = (message: Chat): void => {
    if (message.type === "pointing") sent.push(message.pointing);
  };
  return { clock, sent, pointing: new PointingState({ send, clock }) };
}

const cleared: Chat = { type: "pointing", pointing: { type: "cleared" } };

describe("pointing", () => {
  it("says where the light is no more than thirty times a second, and the last place always", async () => {
    const { clock, sent, pointing } = world();
    pointing.choose("light");
    for (let x = 0; x < 100; x++) {
      pointing.light({ x, y: 5 });
      await clock.move(2);
    }
    await clock.move(50);
    expect(sent.length).toBeLessThan(10);
    expect(sent.at(-1)).toEqual({ type: "light", at: { x: 99, y: 5 } });
  });

  it("keeps a light that stands still alight, and puts it out at the end", async () => {
    const { clock, sent, pointing } = world();
    pointing.choose("light");
    pointing.light({ x: 1, y: 1 });
    await clock.move(3_000);
    expect(sent.filter(({ type }) => type === "light").length).toBeGreaterThan(3);
    pointing.choose(null);
    expect(sent.at(-1)).toEqual({ type: "dark" });
    const said = sent.length;
    await clock.move(5_000);
    expect(sent.length).toBe(said);
  });

  it("draws an arrow from its first place to its last, with one number", async () => {
    const { clock, sent, pointing } = world();
    pointing.choose("arrow");
    pointing.begin({ x: 10, y: 10 });
    for (let x = 11; x <= 200; x++) {
      pointing.move({ x, y: 10 });
      await clock.move(3);
    }
    pointing.end();
    const draws = sent.filter((message) => message.type === "draw");
    expect(new Set(draws.map(({ number }) => number)).size).toBe(1);
    expect(draws.at(-1)).toMatchObject({ stays: false, mark: { shape: "arrow", colour: "red", places: [{ x: 10, y: 10 }, { x: 200, y: 10 }] } });
    expect(pointing.count).toBe(1);
    expect(pointing.drafts.length).toBe(1);
    await clock.move(2_000);
    expect(pointing.drafts.length).toBe(0);
  });

  it("sends each place of a free line once, in messages of a bounded size", async () => {
    const { clock, sent, pointing } = world();
    pointing.choose("free");
    pointing.begin({ x: 0, y: 0 });
    for (let x = 5; x <= 5_000; x += 5) pointing.move({ x, y: 0 });
    await clock.move(100);
    pointing.end();
    const places = sent.flatMap((message) => (message.type === "draw" ? [message.mark.places] : []));
    expect(Math.max(...places.map(({ length }) => length))).toBeLessThanOrEqual(MAX_PLACES);
    expect(places.flat().map(({ x }) => x)).toEqual(Array.from({ length: 1001 }, (_, at) => at * 5));
  });

  it("draws nothing of a click that has no second place", () => {
    const { sent, pointing } = world();
    pointing.choose("box");
    pointing.begin({ x: 5, y: 5 });
    pointing.end();
    expect(sent).toEqual([]);
    expect(pointing.drafts).toEqual([]);
    expect(pointing.count).toBe(0);
  });

  it("forgets what the customer took away, and says nothing more of it", async () => {
    const { clock, sent, pointing } = world();
    pointing.choose("free");
    pointing.begin({ x: 0, y: 0 });
    pointing.move({ x: 50, y: 50 });
    pointing.take(cleared);
    expect(pointing.cleared).toBe(1);
    const said = sent.length;
    pointing.move({ x: 90, y: 90 });
    await clock.move(1_000);
    pointing.end();
    expect(sent.length).toBe(said);
    pointing.take(cleared);
    expect(pointing.cleared).toBe(1);
  });

  it("takes its own marks away", () => {
    const { sent, pointing } = world();
    pointing.choose("line");
    pointing.begin({ x: 0, y: 0 });
    pointing.move({ x: 50, y: 50 });
    pointing.end();
    pointing.eraseAll();
    expect(sent.at(-1)).toEqual({ type: "erase_all" });
    expect(pointing.count).toBe(0);
  });

  it("draws drafts as the customer's machine draws marks", () => {
    const places = [{ x: 0, y: 0 }, { x: 100, y: 0 }];
    expect(pathOf({ shape: "line", places })).toBe("M 0 0 L 100 0");
    expect(pathOf({ shape: "box", places: [{ x: 1, y: 2 }, { x: 30, y: 40 }] })).toBe("M 1 2 H 30 V 40 H 1 Z");
    expect(pathOf({ shape: "arrow", places })).toBe("M 0 0 L 100 0 M 77 -12 L 100 0 L 77 12");
    expect(pathOf({ shape: "free", places: [] })).toBe("");
  });
});
