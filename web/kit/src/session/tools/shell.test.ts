import { describe, expect, it } from "vitest";
import type { Diagnostics as Message } from "../../types";
import { INPUT_AHEAD, MAX_PASTE, OUTPUT_AHEAD, ShellState } from "./shell.svelte";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function scene() {
  const sent: Message[] = [];
  const drawn: string[] = [];
  const later: (() => void)[] = [];
  let refused = 0;
  const shell = new ShellState({
    send: (message) => sent.push(message),
    draw: (data, done) => {
      drawn.push(new TextDecoder().decode(data));
      later.push(done);
    },
    tooMuch: (count) => (refused += count),
  });
  const opened = (taken = 0, received = 0): void => {
    shell.open(100, 30);
    shell.take({ type: "shell_opened", shell: 1, program: "/bin/bash", user: "ada", taken, received });
  };
  const output = (at: number, text: string): void => shell.take({ type: "shell_output", shell: 1, at, data: bytes(text) });
  const inputs = (): string[] => sent.flatMap((message) => (message.type === "shell_input" ? [`${message.at}:${new TextDecoder().decode(message.data)}`] : []));
  return { sent, drawn, later, shell, opened, output, inputs, refused: () => refused };
}

describe("a command line", () => {
  it("opens, draws in order, and passes over what came twice or out of order", () => {
    const { sent, drawn, shell, opened, output } = scene();
    opened();
    expect(sent[0]).toEqual({ type: "shell_open", cols: 100, rows: 30 });
    expect(sent[1]).toEqual({ type: "shell_grant", shell: 1, received: 0, until: OUTPUT_AHEAD, again: false });
    expect(shell.stage).toEqual({ stage: "open", program: "/bin/bash", user: "ada" });
    output(0, "abc");
    output(0, "abc");
    output(2, "cde");
    output(9, "zzz");
    shell.take({ type: "shell_output", shell: 7, at: 5, data: bytes("other") });
    expect(drawn).toEqual(["abc", "de"]);
  });

  it("grants more only as fast as it draws", () => {
    const { sent, later, opened, output } = scene();
    opened();
    const grants = (): number => sent.filter(({ type }) => type === "shell_grant").length;
    const piece = "x".repeat(8192);
    for (let at = 0; at < OUTPUT_AHEAD; at += 8192) output(at, piece);
    expect(grants()).toBe(1);
    for (const done of later) done();
    expect(grants()).toBe(1 + 4);
    expect(sent.at(-1)).toMatchObject({ type: "shell_grant", until: 2 * OUTPUT_AHEAD });
  });

  it("types once and in order, and no further ahead than there is room", () => {
    const { shell, opened, inputs } = scene();
    opened();
    shell.type(bytes("ls\r"));
    expect(inputs()).toEqual(["0:ls\r"]);
    shell.type(bytes("x".repeat(INPUT_AHEAD)));
    const ahead = (): number => inputs().reduce((sum, text) => sum + text.split(":")[1]!.length, 0);
    expect(ahead()).toBe(INPUT_AHEAD);
    shell.take({ type: "shell_taken", shell: 1, taken: 3 });
    expect(ahead()).toBe(INPUT_AHEAD + 3);
    shell.take({ type: "shell_taken", shell: 1, taken: 1e9 });
    expect(ahead()).toBe(INPUT_AHEAD + 3);
  });

  it("goes on after a lost way where the other end is", () => {
    const { sent, shell, opened, output, inputs } = scene();
    opened();
    output(0, "abc");
    shell.type(bytes("one\r"));
    shell.type(bytes("two\r"));
    shell.take({ type: "shell_taken", shell: 1, taken: 4 });
    sent.length = 0;
    shell.linkBack();
    expect(sent[0]).toEqual({ type: "shell_grant", shell: 1, received: 3, until: OUTPUT_AHEAD, again: true });
    expect(inputs()).toEqual(["4:two\r"]);
  });

  it("goes on with the one that stands after the page was loaded again", () => {
    const { shell, opened, output, drawn, inputs } = scene();
    opened(40, 1000);
    output(1000, "prompt");
    shell.type(bytes("a"));
    expect(drawn).toEqual(["prompt"]);
    expect(inputs()).toEqual(["40:a"]);
  });

  it("takes no paste that is too large, not even a part of it", () => {
    const { shell, opened, inputs, refused } = scene();
    opened();
    shell.type(new Uint8Array(MAX_PASTE + 1));
    expect(inputs()).toEqual([]);
    expect(refused()).toBe(MAX_PASTE + 1);
  });

  it("ends, types nothing then, and opens anew", () => {
    const { sent, shell, opened, inputs } = scene();
    opened();
    shell.take({ type: "shell_ended", shell: 1, why: "not_allowed", text: "" });
    expect(shell.stage).toEqual({ stage: "ended", why: "not_allowed", text: "" });
    shell.type(bytes("ls\r"));
    expect(inputs()).toEqual([]);
    shell.open(80, 24);
    expect(sent.at(-1)).toEqual({ type: "shell_open", cols: 80, rows: 24 });
    shell.take({ type: "shell_ended", shell: 0, why: "failed", text: "no terminal" });
    expect(shell.stage).toEqual({ stage: "ended", why: "failed", text: "no terminal" });
  });
});
