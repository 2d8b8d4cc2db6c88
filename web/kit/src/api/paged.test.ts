import { beforeAll, describe, expect, it } from "vitest";
import { stubBrowser } from "../testing/browser";

beforeAll(stubBrowser);

const ROWS = Array.from({ length: 25 }, (_, at) => at);

async function paged(size = 10) {
  const { Paged } = await import("./paged.svelte");
  const asked: (string | undefined)[] = [];
  const list = new Paged<number>((before) => {
    asked.push(before);
    const from = before === undefined ? 0 : Number(before);
    const next = from + size < ROWS.length ? String(from + size) : undefined;
    return Promise.resolve({ rows: ROWS.slice(from, from + size), next });
  });
  return { list, asked };
}

describe("a list in pages", () => {
  it("goes forth and back over every row once", async () => {
    const { list } = await paged();
    const seen: number[] = [];
    await list.restart();
    seen.push(...(list.value ?? []));
    while (list.hasNext) {
      await list.show(list.page + 1);
      seen.push(...(list.value ?? []));
    }
    expect(seen).toEqual(ROWS);
    expect(list.page).toBe(3);
    await list.show(2);
    expect([list.value?.[0], list.hasNext]).toEqual([10, true]);
    await list.show(1);
    expect(list.value?.[0]).toBe(0);
  });

  it("never asks for a page whose key is not known", async () => {
    const { list, asked } = await paged();
    await list.restart();
    await list.show(3);
    await list.show(0);
    expect([list.page, asked.length]).toEqual([1, 1]);
  });

  it("starts over with other filters", async () => {
    const { list, asked } = await paged();
    await list.restart();
    await list.show(2);
    await list.restart();
    expect([list.page, asked.at(-1)]).toEqual([1, undefined]);
  });
});
