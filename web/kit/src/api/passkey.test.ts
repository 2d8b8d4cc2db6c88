import { describe, expect, it } from "vitest";
import { fromBase64Url, toBase64Url } from "./passkey";

describe("bytes of a passkey", () => {
  it("come back as they were, without padding or signs that an address would change", () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, at) => (at * 37 + length * 11) & 255);
      const text = toBase64Url(bytes.buffer);
      expect(text).toMatch(/^[A-Za-z0-9_-]*$/);
      expect([...fromBase64Url(text)]).toEqual([...bytes]);
    }
    expect(toBase64Url(Uint8Array.of(255, 239, 190).buffer)).toBe("_---");
  });
});
