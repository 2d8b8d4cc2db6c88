import { api, ApiError } from "@kit/api/client";
import type { ReceiptCopy } from "@kit/session/receipt";
import { fromHex, isPinned } from "@kit/session/receipt-key";

/** Copies of a session's receipt go to the service at most this often; the last one goes at once. */
const EVERY_MS = 2_000;
/** Tries of one copy. */
const TRIES = 3;

/** What the organisation's key is good for now. */
export type KeyState = { state: "none" } | { state: "known"; key: Uint8Array } | { state: "changed"; key: string };

/** The organisation's public key for receipts. Another one than before is not used unseen. */
export async function organisationKey(): Promise<KeyState> {
  try {
    const { public_key: text } = await api.receiptKey();
    const key = text ? fromHex(text) : null;
    if (!text || key?.length !== 32) return { state: "none" };
    return isPinned(text) ? { state: "known", key } : { state: "changed", key: text };
  } catch {
    return { state: "none" };
  }
}

/** Brings the organisation its copies, sealed. */
export class Delivery {
  readonly #session: string;
  #waiting: ReceiptCopy | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: string) {
    this.#session = session;
  }

  take(copy: ReceiptCopy): void {
    if (!copy.letter) return;
    this.#waiting = copy;
    if (copy.ended) void this.send();
    else this.#timer ??= setTimeout(() => void this.send(), EVERY_MS);
  }

  /** Brings what waits, now: the session is over, or the page closes. */
  async send(tries = TRIES): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const copy = this.#waiting;
    this.#waiting = null;
    if (!copy?.letter) return;
    try {
      await api.putReceipt(this.#session, copy.number.replaceAll(" ", ""), copy.letter);
    } catch (error) {
      const worth = error instanceof ApiError && (error.status === 0 || error.status >= 500);
      if (!worth || tries <= 1 || this.#waiting) return;
      this.#waiting = copy;
      this.#timer = setTimeout(() => void this.send(tries - 1), EVERY_MS);
    }
  }
}
