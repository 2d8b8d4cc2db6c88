import type { Diagnostics as Message, ShellEnd } from "../../types";

/** Bytes that the agent may send ahead of what the terminal has drawn. */
export const OUTPUT_AHEAD = 128 * 1024;
/** A new grant is worth a message from here on. */
const GRANT_FROM = OUTPUT_AHEAD / 4;
/** Bytes that may be typed ahead of what the customer's computer has taken. */
export const INPUT_AHEAD = 32 * 1024;
/** Bytes in one message. */
const PIECE = 4 * 1024;
/** Typed or pasted, and not on its way yet; what is more is left out, and the person is told. */
export const MAX_PASTE = 256 * 1024;

export type ShellStage =
  | { stage: "closed" }
  | { stage: "opening" }
  | { stage: "open"; program: string; user: string }
  | { stage: "ended"; why: ShellEnd | "lost"; text: string };

export interface ShellParts {
  send(message: Message): void;
  /** Draws what the command line wrote, and says when it has. */
  draw(bytes: Uint8Array, drawn: () => void): void;
  /** What was typed is too much at once: so many bytes were left out. */
  tooMuch(bytes: number): void;
}

/**
 * The technician's end of a command line. Both lanes of bytes are counted from their beginning, so that after a lost
 * connection nothing is typed twice and nothing is missing on the screen.
 */
export class ShellState {
  stage = $state.raw<ShellStage>({ stage: "closed" });

  readonly #parts: ShellParts;
  #shell = 0;
  #cols = 80;
  #rows = 24;
  /** Of what was written: all before is here, all before is drawn, all before may be sent. */
  #received = 0;
  #drawn = 0;
  #granted = 0;
  /** Of what was typed: all before was taken, all before is on its way. */
  #taken = 0;
  #sent = 0;
  /** Typed bytes from `taken` on. */
  #typed: Uint8Array[] = [];
  #typedBytes = 0;
  /** Counts command lines: what an older one still draws is not this one's. */
  #turn = 0;

  constructor(parts: ShellParts) {
    this.#parts = parts;
  }

  /** Starts the customer's command line, or goes on with the one that stands. */
  open(cols: number, rows: number): void {
    if (this.stage.stage === "opening" || this.stage.stage === "open") return;
    [this.#cols, this.#rows] = [cols, rows];
    this.stage = { stage: "opening" };
    this.#parts.send({ type: "shell_open", cols, rows });
  }

  close(): void {
    if (this.stage.stage === "open") this.#parts.send({ type: "shell_close", shell: this.#shell });
  }

  resize(cols: number, rows: number): void {
    if (cols === this.#cols && rows === this.#rows) return;
    [this.#cols, this.#rows] = [cols, rows];
    if (this.stage.stage === "open") this.#parts.send({ type: "shell_resize", shell: this.#shell, cols, rows });
  }

  /** Typed or pasted. */
  type(bytes: Uint8Array): void {
    if (this.stage.stage !== "open" || bytes.length === 0) return;
    const room = Math.max(0, MAX_PASTE - this.#typedBytes);
    if (bytes.length > room) {
      // Half of what was pasted could be a command of its own.
      this.#parts.tooMuch(bytes.length);
      return;
    }
    this.#typed.push(bytes);
    this.#typedBytes += bytes.length;
    this.#sendTyped();
  }

  /** A message of the agent. */
  take(message: Message): void {
    switch (message.type) {
      case "shell_opened": {
        if (this.stage.stage !== "opening") return;
        this.#turn += 1;
        this.#shell = message.shell;
        this.#received = this.#drawn = this.#granted = message.received;
        this.#taken = this.#sent = message.taken;
        this.#typed = [];
        this.#typedBytes = 0;
        this.stage = { stage: "open", program: message.program, user: message.user };
        this.#grant(false);
        // The size may have changed while it was on its way.
        this.#parts.send({ type: "shell_resize", shell: this.#shell, cols: this.#cols, rows: this.#rows });
        return;
      }
      case "shell_output":
        if (this.#is(message.shell)) this.#output(message.at, message.data);
        return;
      case "shell_taken":
        if (this.#is(message.shell)) this.#took(message.taken);
        return;
      case "shell_ended":
        if (this.stage.stage === "opening" || this.#is(message.shell)) this.#end(message.why, message.text);
        return;
      default:
        return;
    }
  }

  /** The way to the agent stands again: each end goes on where the other one is. */
  linkBack(): void {
    if (this.stage.stage === "opening") this.#parts.send({ type: "shell_open", cols: this.#cols, rows: this.#rows });
    if (this.stage.stage !== "open") return;
    this.#grant(true);
    this.#sent = this.#taken;
    this.#sendTyped();
  }

  /** The right is gone, or the session is over: nothing more will come. */
  gone(why: ShellEnd | "lost"): void {
    if (this.stage.stage === "open" || this.stage.stage === "opening") this.#end(why, "");
  }

  #is(shell: number): boolean {
    return this.stage.stage === "open" && shell === this.#shell;
  }

  #end(why: ShellEnd | "lost", text: string): void {
    this.stage = { stage: "ended", why, text };
    this.#typed = [];
    this.#typedBytes = 0;
  }

  #output(at: number, data: Uint8Array): void {
    // A gap cannot be drawn over; what came before is here already.
    if (at > this.#received || at + data.length <= this.#received) return;
    const news = data.subarray(this.#received - at);
    this.#received += news.length;
    const turn = this.#turn;
    this.#parts.draw(news, () => {
      if (turn !== this.#turn || this.stage.stage !== "open") return;
      this.#drawn += news.length;
      if (this.#drawn + OUTPUT_AHEAD - this.#granted >= GRANT_FROM) this.#grant(false);
    });
  }

  #grant(again: boolean): void {
    this.#granted = Math.max(this.#granted, this.#drawn + OUTPUT_AHEAD);
    this.#parts.send({ type: "shell_grant", shell: this.#shell, received: this.#received, until: this.#granted, again });
  }

  #took(taken: number): void {
    if (taken <= this.#taken || taken > this.#sent) return;
    let gone = taken - this.#taken;
    this.#taken = taken;
    this.#typedBytes -= gone;
    while (gone > 0) {
      const first = this.#typed[0];
      if (!first) break;
      if (first.length > gone) {
        this.#typed[0] = first.subarray(gone);
        break;
      }
      gone -= first.length;
      this.#typed.shift();
    }
    this.#sendTyped();
  }

  /** Sends what was typed, as far as the other end has room. */
  #sendTyped(): void {
    const end = this.#taken + Math.min(this.#typedBytes, INPUT_AHEAD);
    while (this.#sent < end) {
      const data = this.#slice(this.#sent - this.#taken, Math.min(PIECE, end - this.#sent));
      this.#parts.send({ type: "shell_input", shell: this.#shell, at: this.#sent, data });
      this.#sent += data.length;
    }
  }

  #slice(from: number, length: number): Uint8Array {
    const out = new Uint8Array(length);
    let at = 0;
    let skip = from;
    for (const piece of this.#typed) {
      if (skip >= piece.length) {
        skip -= piece.length;
        continue;
      }
      const part = piece.subarray(skip, skip + length - at);
      skip = 0;
      out.set(part, at);
      at += part.length;
      if (at === length) break;
    }
    return out;
  }
}
