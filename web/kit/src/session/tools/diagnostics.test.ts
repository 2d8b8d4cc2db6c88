import { describe, expect, it } from "vitest";
import { FakeClock, settle } from "../../testing/clock";
import type { Diagnostics as Message, Process, Rows } from "../../types";
import { DiagnosticsState, MAX_ROWS } from "./diagnostics.svelte";

const process = (pid: number): Process => ({ pid, parent: 1, name: `p${pid}`, user: "ada", own: true, cpu: 0, memory: 0, started: 1, command: "" });
const page = (from: number, count: number): Rows => ({ topic: "processes", rows: Array.from({ length: count }, (_, at) => process(from + at)) });

function scene() {
  const sent: Message[] = [];
  const clock = new FakeClock();
  const state = new DiagnosticsState({ send: (message) => sent.push(message), clock });
  return { sent, clock, state };
}

describe("reading", () => {
  it("puts pages together and asks for more when those it took are here", async () => {
    const { sent, state } = scene();
    const done = state.read("processes");
    expect(sent).toEqual([{ type: "fetch", request: 1, topic: { topic: "processes" }, pages: 8 }]);
    expect(state.processes.busy).toBe(true);
    for (let at = 0; at < 8; at++) state.take({ type: "rows", request: 1, rows: page(at * 10, 10), more: true, cut: false });
    expect(sent.at(-1)).toEqual({ type: "more", request: 1, pages: 8 });
    expect(state.processes.value).toBeNull();
    state.take({ type: "rows", request: 1, rows: page(80, 1), more: false, cut: false });
    await done;
    expect(state.processes.value?.length).toBe(81);
    expect(state.processes).toMatchObject({ busy: false, cut: false, refused: null });
  });

  it("passes over what nobody asked for, and pages of another topic", () => {
    const { state } = scene();
    state.take({ type: "rows", request: 9, rows: page(0, 1), more: false, cut: false });
    void state.read("software");
    state.take({ type: "rows", request: 1, rows: page(0, 1), more: false, cut: false });
    expect(state.processes.value).toBeNull();
    expect(state.software).toMatchObject({ value: null, busy: true });
  });

  it("stops at an agent that never comes to its end, or sends pages without rows", async () => {
    const { state } = scene();
    const done = state.read("processes");
    for (let at = 0; at < 100; at++) state.take({ type: "rows", request: 1, rows: page(at, 200), more: true, cut: false });
    await done;
    expect(state.processes.value?.length).toBe(MAX_ROWS);
    expect(state.processes.cut).toBe(true);
    void state.read("processes");
    state.take({ type: "rows", request: 2, rows: page(0, 0), more: true, cut: false });
    expect(state.processes.busy).toBe(false);
  });

  it("says why nothing was read, and keeps what was read before", async () => {
    const { clock, state } = scene();
    void state.read("processes");
    state.take({ type: "rows", request: 1, rows: page(0, 2), more: false, cut: false });
    void state.read("processes");
    state.take({ type: "answered", request: 2, outcome: "not_allowed", text: "" });
    expect(state.processes).toMatchObject({ busy: false, refused: { why: "not_allowed" } });
    expect(state.processes.value?.length).toBe(2);
    void state.read("processes");
    await clock.move(30_000);
    expect(state.processes.refused?.why).toBe("silent");
    void state.read("summary");
    state.breakOff();
    expect(state.summary.refused?.why).toBe("lost");
  });
});

describe("acting", () => {
  it("comes to what the agent says, or to nothing in time", async () => {
    const { sent, clock, state } = scene();
    const done = state.act({ action: "stop_service", name: "cups.service" });
    expect(sent).toEqual([{ type: "act", request: 1, action: { action: "stop_service", name: "cups.service" } }]);
    state.take({ type: "answered", request: 1, outcome: "denied", text: "Access denied" });
    expect(await done).toEqual({ why: "denied", text: "Access denied" });
    const well = state.act({ action: "start_service", name: "cups.service" });
    state.take({ type: "answered", request: 2, outcome: "done", text: "" });
    expect(await well).toBeNull();
    const silent = state.act({ action: "start_service", name: "cups.service" });
    await clock.move(30_000);
    expect(await silent).toMatchObject({ why: "silent" });
  });
});

describe("the log", () => {
  it("is followed from where it was read to, and stops where it is refused", async () => {
    const { sent, clock, state } = scene();
    const line = (message: string) => ({ at: 1, priority: 6, unit: "a", message });
    const done = state.filterLog({ newest: 50, priority: 4, unit: "cups.service" });
    expect(sent.at(-1)).toMatchObject({ topic: { topic: "log", newest: 50, priority: 4, unit: "cups.service", after: "" } });
    state.take({ type: "rows", request: 1, rows: { topic: "log", rows: [line("one")], place: "s=1" }, more: false, cut: false });
    await done;
    state.follow(true);
    await clock.move(2_000);
    expect(sent.at(-1)).toMatchObject({ topic: { after: "s=1" } });
    state.take({ type: "rows", request: 2, rows: { topic: "log", rows: [line("two")], place: "s=2" }, more: false, cut: false });
    await settle();
    expect(state.log.value?.map(({ message }) => message)).toEqual(["one", "two"]);
    await clock.move(2_000);
    expect(sent.at(-1)).toMatchObject({ topic: { after: "s=2" } });
    state.take({ type: "answered", request: 3, outcome: "not_allowed", text: "" });
    expect(state.following).toBe(false);
    const before = sent.length;
    await clock.move(20_000);
    expect(sent.length).toBe(before);
  });
});
