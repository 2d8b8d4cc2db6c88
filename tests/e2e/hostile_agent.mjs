// What an agent in the wrong hands can say: every message that there is, with something wrong in every place of it. The
// messages come from the golden vectors, so that a new one is attacked without anybody thinking of it.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../kit/programs.mjs';

/** Bytes that stand as they are, whatever they mean. */
class Raw {
  constructor(...bytes) {
    this.bytes = Buffer.from(bytes);
  }
}

/** A floating-point number, where JavaScript would make a whole one of it. */
class Float {
  constructor(value) {
    this.value = value;
  }
}

const RAN = 'window.ran=(window.ran??0)+1';
/** Markup and words that mean something to somebody, to look at. */
export const TEXTS = [
  `<img src=x onerror="${RAN}"><script>${RAN}</script><svg onload="${RAN}"><b>bold</b>`,
  `"><iframe srcdoc="<script>parent.${RAN}</script>"></iframe><a href="javascript:${RAN}">x</a>{@html x}\${${RAN}}`,
  `</script><script>${RAN}</script></style><style>*{display:none}</style><base href=//evil.example>`,
  '\u202emoc.elpmaxe\u2066x\u2069 \u200b\ufeff',
  '\u0000\u0007\u001b[2J\u001b]0;hacked\u0007\u009b1m\r\n\u2028',
  `Z${'\u0300\u0301\u0489'.repeat(30)}`,
  'w'.repeat(200),
  '__proto__',
];
/** In the place of a text. */
const STRINGS = [...TEXTS, '', 'constructor', '👩‍🔧'.repeat(12), 'x'.repeat(15_000), new Raw(0xa3, 0xff, 0xfe, 0x00), new Raw(0xa3, 0xed, 0xa0, 0x80), new Raw(0xdb, 0xff, 0xff, 0xff, 0xff)];
/** In the place of a number. */
const NUMBERS = [0n, 1n, -1n, 255n, 65_536n, 2n ** 31n - 1n, -(2n ** 31n), 2n ** 32n - 1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n]
  .concat([0.5, -0, 1e308, Number.NaN, Number.POSITIVE_INFINITY].map((value) => new Float(value)));
const OTHERS = [null, true, 7n, 'x', Buffer.from([1, 2, 3]), [], new Map(), new Raw(0xc7, 0x01, 0x05, 0x00), new Raw(0xc1)];
const NEST = new Raw(...Array.from({ length: 5_000 }, () => 0x91), 0xc0);

/** MessagePack. Maps are Maps, whole numbers are BigInts. */
export function encode(value) {
  if (value instanceof Raw) return value.bytes;
  if (value instanceof Float) {
    const out = Buffer.alloc(9, 0xcb);
    out.writeDoubleBE(value.value, 1);
    return out;
  }
  if (value === null) return Buffer.of(0xc0);
  if (typeof value === 'boolean') return Buffer.of(value ? 0xc3 : 0xc2);
  if (typeof value === 'number') return encode(BigInt(value));
  if (typeof value === 'bigint') {
    if (value >= 0n && value < 128n) return Buffer.of(Number(value));
    const out = Buffer.alloc(9, value < 0n ? 0xd3 : 0xcf);
    if (value < 0n) out.writeBigInt64BE(value, 1);
    else out.writeBigUInt64BE(value, 1);
    return out;
  }
  if (typeof value === 'string') return Buffer.concat([head(0xdb, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(0xc6, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([head(0xdd, value.length), ...value.map(encode)]);
  const entries = [...(value instanceof Map ? value : Object.entries(value))];
  return Buffer.concat([head(0xdf, entries.length), ...entries.flatMap(([name, item]) => [encode(name), encode(item)])]);
}

function head(kind, length) {
  const out = Buffer.alloc(5, kind);
  out.writeUInt32BE(length, 1);
  return out;
}

/** The other way, of what the vectors hold. */
export function decode(bytes) {
  let at = 0;
  const take = (length) => bytes.subarray(at, (at += length));
  const whole = (length, signed) => BigInt(signed ? (length < 8 ? take(length).readIntBE(0, length) : take(8).readBigInt64BE()) : length < 8 ? take(length).readUIntBE(0, length) : take(8).readBigUInt64BE());
  const list = (length) => Array.from({ length }, () => next());
  const map = (length) => new Map(Array.from({ length }, () => [next(), next()]));
  const next = () => {
    const kind = bytes[at++];
    if (kind < 0x80) return BigInt(kind);
    if (kind < 0x90) return map(kind & 15);
    if (kind < 0xa0) return list(kind & 15);
    if (kind < 0xc0) return take(kind & 31).toString();
    if (kind >= 0xe0) return BigInt(kind - 256);
    if (kind >= 0xc4 && kind <= 0xc6) return Buffer.from(take(Number(whole(1 << (kind - 0xc4), false))));
    if (kind >= 0xcc && kind <= 0xcf) return whole(1 << (kind - 0xcc), false);
    if (kind >= 0xd0 && kind <= 0xd3) return whole(1 << (kind - 0xd0), true);
    if (kind >= 0xd9 && kind <= 0xdb) return take(Number(whole(1 << (kind - 0xd9), false))).toString();
    if (kind === 0xdc || kind === 0xdd) return list(Number(whole(kind === 0xdc ? 2 : 4, false)));
    if (kind === 0xde || kind === 0xdf) return map(Number(whole(kind === 0xde ? 2 : 4, false)));
    return { 0xc0: null, 0xc2: false, 0xc3: true }[kind];
  };
  return next();
}

/** Every message of a golden file, as a tree. */
export function golden(name) {
  const list = JSON.parse(readFileSync(path.join(ROOT, 'protocol/vectors', `${name}.json`), 'utf8'));
  return list.map(({ hex }) => decode(Buffer.from(hex, 'hex').subarray(8)));
}

const TAGS = ['type', 'topic', 'state', 'kind', 'what', 'show', 'action'];

/** Each place of a tree, and how the tree is with something else there. Of a list, the first item. */
function* places(node, name, put) {
  yield { node, name, put };
  if (Array.isArray(node)) {
    if (node.length > 0) yield* places(node[0], `${name}[]`, (value) => put([value, ...node.slice(1)]));
  } else if (node instanceof Map) {
    const tags = TAGS.filter((tag) => typeof node.get(tag) === 'string').map((tag) => node.get(tag));
    for (const [key, item] of node) yield* places(item, `${name}{${tags}}.${key}`, (value) => put(new Map(node).set(key, value)));
  }
}

function* wrong(node) {
  if (typeof node === 'string') yield* STRINGS;
  if (typeof node === 'bigint') yield* NUMBERS;
  if (node instanceof Uint8Array) yield* [Buffer.alloc(0), Buffer.alloc(15_000, 0x3c), new Raw(0xc6, 0xff, 0xff, 0xff, 0xff)];
  if (Array.isArray(node)) {
    yield* [Array.from({ length: 40 }, () => node[0] ?? null), Array.from({ length: 900 }, () => node[0] ?? null), new Raw(0xdd, 0xff, 0xff, 0xff, 0xff), NEST];
  }
  if (node instanceof Map) {
    for (const key of node.keys()) yield new Map([...node].filter(([other]) => other !== key));
    yield new Map([...node, ['__proto__', new Map([['ran', true]])], ['more', 'x']]);
    const [[key, value] = ['a', null]] = node;
    yield new Raw(...head(0xdf, node.size + 1), ...[...node, [key, value]].flatMap(([name, item]) => [...encode(name), ...encode(item)]));
    yield new Raw(0xdf, 0xff, 0xff, 0xff, 0xff);
  }
  yield* OTHERS;
}

/**
 * Every message of a golden file with something wrong in every place of it, each kind of place once: `{ place, body }`.
 * `whole` mends what must be right for the message to be looked at at all.
 */
export function* attacks(name, whole = (tree) => tree) {
  const seen = new Set();
  for (const tree of golden(name)) {
    for (const { node, name: place, put } of places(whole(tree), '', (value) => value)) {
      if (seen.has(place)) continue;
      seen.add(place);
      for (const value of wrong(node)) yield { place, tree: put(value) };
    }
    yield { place: 'more follows', tree: new Raw(...encode(tree), 0) };
  }
}
