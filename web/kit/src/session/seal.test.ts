import { describe, expect, it } from "vitest";
import { CONSOLE_TRIES, drawSecret, fromBase64Url, keptDigits, readLink, sealKeeper, sealedLink, toBase64Url } from "./seal";

function storage() {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
}

describe("the secret of a session", () => {
  it("is made once, kept over a reload and forgotten at the end", () => {
    const store = storage();
    const first = sealKeeper("s", store);
    expect(first.secret.link).toMatch(/^[\w-]{22}$/);
    expect(first.secret.digits).toMatch(/^\d{4}$/);
    expect(first.secret.left).toBe(CONSOLE_TRIES);
    first.keep({ resumption: new Uint8Array(32).fill(7) });
    first.keep({ left: 1 });
    const again = sealKeeper("s", store);
    expect(again.secret).toEqual(first.secret);
    expect(again.secret).toMatchObject({ resumption: new Uint8Array(32).fill(7), left: 1 });
    expect(keptDigits("s", store)).toBe(first.secret.digits);
    expect(keptDigits("other", store)).toBeNull();
    expect(sealKeeper("other", store).secret.link).not.toBe(first.secret.link);
    again.forget();
    expect(sealKeeper("s", store).secret.link).not.toBe(first.secret.link);
  });

  it("is made anew when what was kept is damaged", () => {
    const store = storage();
    for (const damaged of ['{"seed":"AA","link":"x"}', "{", '{"digits":"12"}', "null"]) {
      store.setItem("farhand.seal.s", damaged);
      expect(sealKeeper("s", store).secret.seed).toHaveLength(32);
    }
  });

  it("may be drawn before the session has its name", () => {
    const store = storage();
    const drawn = drawSecret();
    expect(sealKeeper("s", store, drawn).secret).toEqual(drawn);
    expect(sealKeeper("s", store).secret).toEqual(drawn);
  });

  it("has digits from all of ten thousand", () => {
    const seen = new Set(Array.from({ length: 2_000 }, () => drawSecret().digits));
    expect(seen.size).toBeGreaterThan(1_500);
    expect([...seen].every((digits) => /^\d{4}$/.test(digits))).toBe(true);
    expect([...seen].some((digits) => digits.startsWith("0"))).toBe(true);
  });

  it("travels in the link behind the session's number, instead of the digits", () => {
    const { secret } = sealKeeper("s", storage());
    const link = sealedLink("https://a.example/join#482193", secret);
    expect(readLink(link)).toEqual({ number: "482193", secret: secret.link });
    for (const text of ["https://a.example/join#4821935710", "482.193.5710", "#482193.short", `482193.${secret.link}`]) expect(readLink(text)).toBeNull();
  });

  it("has letters that go there and back", () => {
    const bytes = Uint8Array.from({ length: 32 }, (_, at) => at * 8 + 3);
    expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
  });
});
