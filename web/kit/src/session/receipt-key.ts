import { fromBase64Url, toBase64Url } from "./seal";

/** A tenant's private key for receipts, wrapped with a passphrase. It is a file in the administrator's hands, and nowhere else. */
interface KeyFile {
  farhand: "receipt key 1";
  public: string;
  salt: string;
  rounds: number;
  iv: string;
  wrapped: string;
}

const KIND = "receipt key 1";
/** Of PBKDF2-HMAC-SHA-256, as OWASP recommends. */
const ROUNDS = 600_000;
const MAX_ROUNDS = 10_000_000;
/** The largest key file, in bytes. */
export const MAX_KEY_FILE = 4096;
/** Characters of a passphrase at least. */
export const MIN_PASSPHRASE = 12;

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function fromHex(text: string): Uint8Array | null {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) return null;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

async function keyOf(passphrase: string, salt: Uint8Array, rounds: number): Promise<CryptoKey> {
  const words = await crypto.subtle.importKey("raw", new TextEncoder().encode(passphrase.normalize("NFKC")), "PBKDF2", false, ["deriveKey"]);
  const way = { name: "PBKDF2", hash: "SHA-256", salt: salt as BufferSource, iterations: rounds };
  return crypto.subtle.deriveKey(way, words, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** The key as a file; `rounds` is for tests. */
export async function wrapKey(secret: Uint8Array, publicKey: Uint8Array, passphrase: string, rounds = ROUNDS): Promise<string> {
  const [salt, iv] = [crypto.getRandomValues(new Uint8Array(16)), crypto.getRandomValues(new Uint8Array(12))];
  const key = await keyOf(passphrase, salt, rounds);
  const wrapped = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: publicKey as BufferSource }, key, secret as BufferSource);
  const file: KeyFile = {
    farhand: KIND,
    public: toHex(publicKey),
    salt: toBase64Url(salt),
    rounds,
    iv: toBase64Url(iv),
    wrapped: toBase64Url(new Uint8Array(wrapped)),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** The private key in a file; null when it is no such file, or the passphrase is another. */
export async function unwrapKey(text: string, passphrase: string): Promise<Uint8Array | null> {
  try {
    const file = JSON.parse(text) as KeyFile;
    const known = file.farhand === KIND && Number.isInteger(file.rounds) && file.rounds > 0 && file.rounds <= MAX_ROUNDS;
    const publicKey = known ? fromHex(file.public) : null;
    if (!publicKey) return null;
    const key = await keyOf(passphrase, fromBase64Url(file.salt), file.rounds);
    const way = { name: "AES-GCM", iv: fromBase64Url(file.iv) as BufferSource, additionalData: publicKey as BufferSource };
    const secret = new Uint8Array(await crypto.subtle.decrypt(way, key, fromBase64Url(file.wrapped) as BufferSource));
    return secret.length === 32 ? secret : null;
  } catch {
    return null;
  }
}

const PINNED = "farhand.receipt_key";

/** Whether this is the key that this console has sealed to since it first saw one; the first is remembered. */
export function isPinned(publicKey: string, storage: Pick<Storage, "getItem" | "setItem"> = localStorage): boolean {
  const pinned = storage.getItem(PINNED);
  if (pinned === null) storage.setItem(PINNED, publicKey);
  return pinned === null || pinned === publicKey;
}

/** A person said that the new key is the right one. */
export function pin(publicKey: string, storage: Pick<Storage, "setItem"> = localStorage): void {
  storage.setItem(PINNED, publicKey);
}

/** A key for people to compare. */
export function keyNumber(publicKey: string): string {
  return publicKey.slice(0, 32).match(/.{4}/g)?.join(" ") ?? "";
}
