import { fromBase64Url, toBase64Url } from "./seal";

/** This side's copy of a session's receipt, signed as far as both sides agree. */
export interface ReceiptCopy {
  file: Uint8Array;
  /** For comparing with the customer's copy. */
  number: string;
  /** The session's end is in it. */
  ended: boolean;
  /** Sealed to the organisation's key, where it has one. */
  letter: Uint8Array | null;
}

/** Keeps what this console signed, so that a page that is loaded again goes on where it was. */
export interface ReceiptKeeper {
  readonly kept: Uint8Array | null;
  keep(kept: Uint8Array): void;
  forget(): void;
}

const PREFIX = "farhand.receipt.";

export function receiptKeeper(session: string, storage: Pick<Storage, "getItem" | "setItem" | "removeItem"> = localStorage): ReceiptKeeper {
  const key = PREFIX + session;
  return {
    get kept() {
      const text = storage.getItem(key);
      try {
        return text === null ? null : fromBase64Url(text);
      } catch {
        return null;
      }
    },
    keep: (kept) => storage.setItem(key, toBase64Url(kept)),
    forget: () => storage.removeItem(key),
  };
}
