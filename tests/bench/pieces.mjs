// What a megabyte of a file costs a browser's worker by the length of its pieces, and what its hash costs, in processor
// time of all threads, without a carrier. Needs the module: cargo xtask wasm.
//
// node tests/bench/pieces.mjs [--megabytes 150]

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Composer, ConsoleEnd, FrameReader, Hasher, initSync } from '../../web/kit/src/wasm/farhand_wasm.js';

const { values } = parseArgs({ options: { megabytes: { type: 'string', default: '150' } } });
const MB = 1_000_000;
const total = Number(values.megabytes) * MB;
const FILES = 6;
const [AGENT, CONSOLE] = [2, 1];

const file = (name) => readFileSync(new URL(`../../${name}`, import.meta.url));
const vectors = (name) => JSON.parse(String(file(`protocol/seal/vectors/${name}.json`)));
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const signal = (kind, content) => Uint8Array.from([1, 0, 128, AGENT, 0, 0, 0, 0, 0, 0, CONSOLE, kind, ...bytes(content)]);

/** A console's end that has met the golden vectors' agent. */
function met() {
  const [, shake] = vectors('handshake');
  const end = new ConsoleEnd(bytes(shake.console_seed), '5710', shake.secret, new Uint8Array(), 2);
  end.view('s-1', AGENT, CONSOLE, 'Ada Größe', 'Example Help', '', '', 1);
  const drain = () => {
    while (end.next());
  };
  const take = (message, random) => {
    end.incoming(0, message, random);
    drain();
  };
  drain();
  take(signal(1, shake.start), bytes(shake.console_random));
  take(signal(1, shake.confirm), new Uint8Array(80));
  take(signal(2, vectors('keys').hand_over), new Uint8Array(80));
  return end;
}

/** Milliseconds of processor time a megabyte. */
async function cost(work, length) {
  const { user, system } = process.cpuUsage();
  let moved = 0;
  for (; moved < length; ) moved += await work();
  const spent = process.cpuUsage();
  return (spent.user + spent.system - user - system) / 1000 / (moved / MB);
}

/** Seals and frames four pieces at a time, as the worker does. */
function sealing(piece, throughTheModule) {
  const end = met();
  const composer = new Composer(CONSOLE);
  const body = Uint8Array.from({ length: piece + 50 }, (_, at) => at * 7);
  const key = crypto.subtle.importKey('raw', end.keyUp(FILES), 'AES-GCM', false, ['encrypt']);
  const one = async () => {
    const prepared = throughTheModule ? end.sayElsewhere(FILES, composer.fileBody(body), 0) : end.sayBody(composer, body, 0);
    const [iv, head, text] = [prepared.nonce, prepared.head(), prepared.text()];
    prepared.free();
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: head, tagLength: 128 }, await key, text);
    const message = new Uint8Array(head.length + sealed.byteLength);
    message.set(head);
    message.set(new Uint8Array(sealed), head.length);
    if (throughTheModule) return FrameReader.frame(message);
    const frame = new Uint8Array(2 + message.length);
    new DataView(frame.buffer).setUint16(0, message.length);
    frame.set(message, 2);
    return frame;
  };
  return async () => {
    await Promise.all(Array.from({ length: 4 }, one));
    return 4 * piece;
  };
}

initSync({ module: file('web/kit/src/wasm/farhand_wasm_bg.wasm') });
for (const [piece, throughTheModule, name] of [
  [16_128, true, '16 KB, every step in the module'],
  [16_128, false, '16 KB'],
  [61_440, false, '60 KB'],
]) {
  const work = sealing(piece, throughTheModule);
  await cost(work, total / 8);
  console.log(`${name.padEnd(34)} ${(await cost(work, total)).toFixed(2)} ms/MB`);
}
const hasher = new Hasher();
const part = new Uint8Array(245_760);
const hashing = () => {
  hasher.update(part);
  return part.length;
};
await cost(hashing, total / 8);
console.log(`${'BLAKE3'.padEnd(34)} ${(await cost(hashing, total)).toFixed(2)} ms/MB`);
