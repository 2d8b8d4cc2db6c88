import { describe, expect, it } from "vitest";
import { parseDigits } from "./code";
import { fromBase64Url, linkSecret, sealKeeper, sealedLink, toBase64Url } from "./seal";

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
    first.keep(new Uint8Array(32).fill(7));
    const again = sealKeeper("s", store);
    expect(again.secret).toEqual({ ...first.secret, resumption: new Uint8Array(32).fill(7) });
    expect(sealKeeper("other", store).secret.link).not.toBe(first.secret.link);
    again.forget();
    expect(sealKeeper("s", store).secret.link).not.toBe(first.secret.link);
  });

  it("is made anew when what was kept is damaged", () => {
    const store = storage();
    store.setItem("farhand.seal.s", '{"seed":"AA","link":"x"}');
    expect(sealKeeper("s", store).secret.seed).toHaveLength(32);
  });

  it("travels in the link behind the code, which is read as before", () => {
    const { secret } = sealKeeper("s", storage());
    const link = sealedLink("https://a.example/join#4821935710", secret);
    expect(linkSecret(link)).toBe(secret.link);
    expect(parseDigits(link)).toBe("4821935710");
    expect(linkSecret("https://a.example/join#4821935710")).toBeNull();
    expect(linkSecret("482.193.5710")).toBeNull();
  });

  it("has letters that go there and back", () => {
    const bytes = Uint8Array.from({ length: 32 }, (_, at) => at * 8 + 3);
    expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
  });
});
