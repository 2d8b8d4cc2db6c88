import { describe, expect, it } from "vitest";
import { fromHex, isPinned, keyNumber, pin, toHex, unwrapKey, wrapKey } from "./receipt-key";

const secret = Uint8Array.from({ length: 32 }, (_, at) => at);
const publicKey = Uint8Array.from({ length: 32 }, (_, at) => 255 - at);

describe("the organisation's key file", () => {
  it("opens with its passphrase and no other, and not when it was changed", async () => {
    const file = await wrapKey(secret, publicKey, "correct horse battery", 1000);
    expect(await unwrapKey(file, "correct horse battery")).toEqual(secret);
    expect(await unwrapKey(file, "correct horse batterz")).toBeNull();
    expect(await unwrapKey(file.replace('"fffe', '"0000'), "correct horse battery")).toBeNull();
    expect(await unwrapKey("{}", "x")).toBeNull();
    expect(await unwrapKey("no file", "x")).toBeNull();
    expect(file).not.toContain(toHex(secret));
  });

  it("has no more rounds than a browser can do", async () => {
    const file = await wrapKey(secret, publicKey, "p", 1000);
    expect(await unwrapKey(file.replace('"rounds": 1000', '"rounds": 99999999999'), "p")).toBeNull();
  });

  it("is remembered from the first time, and another is not taken unseen", () => {
    const kept = new Map<string, string>();
    const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
    expect([isPinned("aa", storage), isPinned("aa", storage), isPinned("bb", storage)]).toEqual([true, true, false]);
    pin("bb", storage);
    expect([isPinned("aa", storage), isPinned("bb", storage)]).toEqual([false, true]);
  });

  it("is hex either way", () => {
    expect(fromHex(toHex(secret))).toEqual(secret);
    expect([fromHex("0"), fromHex("zz")]).toEqual([null, null]);
    expect(keyNumber("00112233445566778899aabbccddeeff0011")).toBe("0011 2233 4455 6677 8899 aabb ccdd eeff");
  });
});
