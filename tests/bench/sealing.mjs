// What sealing costs: time at the agent's end to seal and at the browser's to open, for each message and each frame of
// traffic that is recorded in a real session, and the bytes that it adds. `node tests/bench/sealing.mjs` after
// `cargo build --release --workspace --bins`, with FARHAND_BINARIES=target/release.
//
// The recorder is the middle of tests/e2e/malicious.mjs, which is told the code: it has the clear messages' lengths.

import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Between, MaliciousWorld, STREAM } from '../e2e/malicious.mjs';
import { hex } from '../kit/impostor.mjs';
import { ROOT } from '../kit/programs.mjs';
import { pace } from '../kit/wait.mjs';
import { percentile } from './counters.mjs';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '4' }, rounds: { type: 'string', default: '20' }, batch: { type: 'string', default: '8' } } });
/** From this length on the worker leaves opening a message to WebCrypto (web/kit/src/screen/sealing.ts). */
const LONG = 2_048;
const WASM = path.join(ROOT, 'web/kit/src/wasm');
const us = (ns) => Number((ns / 1000).toFixed(2));

const world = await MaliciousWorld.open();
try {
  const recorded = await record();
  console.log(JSON.stringify({ load: loadavg().map((load) => Number(load.toFixed(2))) }));
  for (const [workload, messages] of Object.entries(recorded)) {
    const cost = await world.impostor.ask({ do: 'cost', rounds: Number(values.rounds), messages });
    const browser = await inBrowser(workload === 'a whole frame' ? again(messages) : messages);
    const frames = new Set(messages.map(({ frame }) => frame).filter((frame) => frame !== undefined)).size;
    console.log(
      JSON.stringify({
        workload,
        messages: messages.length,
        frames,
        clear_bytes: cost.clear_bytes,
        sealed_bytes: cost.sealed_bytes,
        agent_seals_a_frame_us: { p50: us(cost.frame_seal.p50_ns ?? 0), p95: us(cost.frame_seal.p95_ns ?? 0) },
        agent_seals_or_opens_a_message_us: { p50: us(cost.seal.p50_ns), p95: us(cost.seal.p95_ns), open_p50: us(cost.open.p50_ns), open_p95: us(cost.open.p95_ns) },
        browser_opens_a_frame_us: browser.frame,
        browser_opens_a_message_us: browser.open,
        browser_seals_a_key_us: browser.seal,
        added_to_a_frame_ms: { p50: add(cost.frame_seal.p50_ns, browser.frame.p50), p95: add(cost.frame_seal.p95_ns, browser.frame.p95) },
      }),
    );
  }
} finally {
  await world.close();
}

function add(ns, microseconds) {
  return Number(((ns ?? 0) / 1e6 + (microseconds ?? 0) / 1e3).toFixed(4));
}

/** The same frame as often as there are rounds: one alone says little. */
function again(messages) {
  return Array.from({ length: Number(values.rounds) }, (_, round) => messages.map((message) => ({ ...message, frame: round }))).flat();
}

/** Clear messages of a session with typing, scrolling and a whole frame: where they went, and how long they were. */
async function record() {
  const [technician, customer] = await Promise.all([world.technician(), world.customer({ width: 1920, height: 1080 })]);
  await technician.start();
  const between = new Between(world, { digits: technician.code.slice(6) });
  await customer.joinAndAllow(technician);
  await technician.askControl();
  await customer.person.allow();
  await technician.rights('view', 'control');
  await customer.clicked(technician);
  const found = {};
  const take = async (name, work) => {
    const from = between.read.length;
    await work();
    found[name] = between.read.slice(from).map(({ from: role, stream, message }) => {
      const down = role === 'agent';
      return { stream, down, length: message.length, ...(down && stream === STREAM.screen ? { frame: message.readUInt32BE(8) } : {}) };
    });
  };
  found['a whole frame'] = between.read
    .filter(({ from, stream }) => from === 'agent' && stream === STREAM.screen)
    .slice(0, 12)
    .map(({ stream, message }) => ({ stream, down: true, length: message.length, frame: message.readUInt32BE(8) }));
  await take('keys', async () => {
    for (const letter of 'thequickbrownfoxjumpsoverthelazydog') await technician.page.keyboard.press(letter);
  });
  for (const mode of ['type', 'scroll']) {
    await customer.target.mode(mode);
    await take(mode, () => pace(Number(values.seconds) * 1000));
    await customer.target.mode('idle');
  }
  between.end();
  await technician.end();
  return found;
}

/**
 * Opens in a browser's worker thread what an agent's end has sealed. The browser's clock has coarse steps: a batch of
 * messages is timed together and divided.
 */
async function inBrowser(messages) {
  const browser = await world.browser();
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const files = { 'farhand_wasm.js': 'text/javascript', 'farhand_wasm_bg.wasm': 'application/wasm' };
  for (const [name, contentType] of Object.entries(files)) {
    await page.route(`**/bench/${name}`, (route) => route.fulfill({ contentType, body: readFileSync(path.join(WASM, name)) }));
  }
  await page.goto(world.service.url);
  const link = 'A'.repeat(22);
  const view = { session: 's-1', agent: 2, console: 1, technician: { name: 'Ada', organisation: '' }, customer: { name: '', organisation: '' }, version: 1 };
  const start = await world.impostor.ask({ do: 'agent', end: 'bench', view, link });
  await page.evaluate(
    async ({ link }) => {
      const wasm = await import('/bench/farhand_wasm.js');
      await wasm.default({ module_or_path: '/bench/farhand_wasm_bg.wasm' });
      const random = () => crypto.getRandomValues(new Uint8Array(80));
      const end = new wasm.ConsoleEnd(crypto.getRandomValues(new Uint8Array(32)), '0000', link, new Uint8Array(), wasm.ConsoleEnd.tries());
      end.view('s-1', 2, 1, 'Ada', '', '', '', 1);
      const sent = () => {
        const all = [];
        for (let next = end.next(); next; next = end.next()) if (next.type === 'send') all.push(Array.from(next.message));
        return all;
      };
      // That it is ready is no news to who starts by itself.
      sent();
      globalThis.bench = { wasm, end, random, sent };
    },
    { link },
  );
  const take = (list) => page.evaluate((all) => {
    const { end, random, sent } = globalThis.bench;
    for (const message of all) end.incoming(0, Uint8Array.from(message), random());
    return sent();
  }, list.map((message) => [...Buffer.from(message, 'hex')]));
  let toConsole = start.send;
  while (toConsole.length > 0) {
    const answers = await take(toConsole);
    toConsole = [];
    for (const answer of answers) toConsole.push(...(await world.impostor.ask({ do: 'take', end: 'bench', stream: 0, message: hex(answer) })).send);
  }
  const sequences = Array.from({ length: 8 }, () => 0);
  const sealed = [];
  for (const { stream, down, length, frame } of messages) {
    if (!down) continue;
    const head = Buffer.alloc(8);
    head.set([1, stream, 0, 2]);
    head.writeUInt32BE(sequences[stream]++, 4);
    const message = Buffer.concat([head, Buffer.alloc(Math.max(length - 8, 12), 0xa5)]);
    sealed.push({ stream, frame, bytes: (await world.impostor.ask({ do: 'seal', end: 'bench', stream, message: hex(message) })).sealed });
  }
  const times = await page.evaluate(
    async ({ all, batch, long }) => {
      const { wasm, end, random } = globalThis.bench;
      const unhex = (text) => Uint8Array.from(text.match(/../g), (pair) => Number.parseInt(pair, 16));
      const ready = all.map(({ stream, frame, bytes }) => ({ stream, frame, bytes: unhex(bytes), random: random() }));
      const open = [];
      const frames = [];
      const keys = new Map();
      const key = ({ generation, epoch }, stream) => {
        const name = `${stream} ${generation} ${epoch}`;
        if (!keys.has(name)) keys.set(name, crypto.subtle.importKey('raw', end.key(stream, epoch), 'AES-GCM', false, ['decrypt']));
        return keys.get(name);
      };
      /** As the worker does: a long message by WebCrypto, what follows it in its turn. */
      const openAll = async (part) => {
        let came = 0;
        const begun = part.map(({ stream, bytes }) => {
          if (bytes.length < long) return null;
          const piece = end.prepare(stream, bytes);
          const { start, nonce } = piece;
          const decrypted = key(piece, stream).then((k) => crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce, additionalData: bytes.slice(0, start), tagLength: 128 }, k, bytes.slice(start)));
          return { piece, decrypted };
        });
        for (const [at, { stream, bytes, random: fresh }] of part.entries()) {
          if (begun[at] === null) came += end.incoming(stream, bytes, fresh)?.length ?? 0;
          else came += end.finish(stream, begun[at].piece, bytes, new Uint8Array(await begun[at].decrypted))?.length ?? 0;
        }
        return came;
      };
      const parts = [];
      if (ready.some(({ bytes }) => bytes.length >= long)) for (const each of Map.groupBy(ready, ({ frame }) => frame).values()) parts.push(each);
      else for (let at = 0; at < ready.length; at += batch) parts.push(ready.slice(at, at + batch));
      for (const part of parts) {
        const begun = performance.now();
        const came = await openAll(part);
        const took = ((performance.now() - begun) * 1000) / part.length;
        if (came === 0) throw new Error('nothing was opened');
        open.push(took);
        const whole = new Set(part.map(({ frame }) => frame).filter((frame) => frame !== undefined)).size;
        if (whole > 0) frames.push((took * part.length) / whole);
      }
      const composer = new wasm.Composer(1);
      const seal = [];
      for (let at = 0; at < 40; at += 1) {
        const keys = Array.from({ length: 50 }, () => composer.key('KeyA', at % 2 === 0));
        const begun = performance.now();
        for (const key of keys) end.outgoing(1, key);
        seal.push(((performance.now() - begun) * 1000) / keys.length);
      }
      return { open, frames, seal };
    },
    { all: sealed, batch: Number(values.batch), long: LONG },
  );
  await context.close();
  const told = (list) => ({ p50: round(percentile(list, 0.5)), p95: round(percentile(list, 0.95)) });
  return { open: told(times.open), frame: told(times.frames), seal: told(times.seal) };
}

function round(value) {
  return value === undefined ? undefined : Number(value.toFixed(2));
}
