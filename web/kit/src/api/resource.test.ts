import { beforeAll, describe, expect, it } from "vitest";
import { stubBrowser } from "../testing/browser";

beforeAll(stubBrowser);

async function classes() {
  return import("./resource.svelte");
}

describe("something read from the service", () => {
  it("is the last reading's, whichever answer comes last", async () => {
    const { Resource } = await classes();
    const answers: ((value: string) => void)[] = [];
    const resource = new Resource(() => new Promise<string>((done) => answers.push(done)));
    const first = resource.load();
    const second = resource.load();
    answers[1]?.("new");
    await second;
    answers[0]?.("old");
    await first;
    expect(resource.value).toBe("new");
    expect(resource.busy).toBe(false);
  });

  it("stays while reading it again fails, beside the reason", async () => {
    const { Resource } = await classes();
    let fails = false;
    const resource = new Resource(() => (fails ? Promise.reject(new Error("no")) : Promise.resolve(7)));
    await resource.load();
    fails = true;
    await resource.load();
    expect([resource.value, resource.problem === null]).toEqual([7, false]);
    fails = false;
    await resource.load();
    expect(resource.problem).toBeNull();
  });
});

describe("an act", () => {
  it("runs once at a time, and says why it failed", async () => {
    const { Act } = await classes();
    const act = new Act();
    let go = (): void => {};
    const running = act.run(() => new Promise<void>((done) => (go = done)));
    expect(await act.run(() => Promise.reject(new Error("never run")))).toBe(false);
    expect(act.problem).toBeNull();
    go();
    expect(await running).toBe(true);
    expect(await act.run(() => Promise.reject(new Error("refused")))).toBe(false);
    expect(act.problem).not.toBeNull();
  });
});
