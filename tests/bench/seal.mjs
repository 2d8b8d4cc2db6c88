// What opening a sealed message costs in the browser's worker: AES-256-GCM by the module (plain Rust) and by WebCrypto,
// one after the other and sixteen at once. `node tests/bench/seal.mjs [--runs 300]`

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { ROOT } from '../kit/programs.mjs';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '300' } } });
const SIZES = [64, 256, 1024, 2048, 4096, 8192, 16_602];
const WASM = path.join(ROOT, 'web/kit/src/wasm');
const TYPES = { js: 'text/javascript', wasm: 'application/wasm' };

/** Runs in the worker. The clock of an isolated page has steps of 5 µs, so short work is timed in batches. */
const WORKER = `
import init, { measureSeal } from '/farhand_wasm.js';
const batch = (size) => Math.max(8, Math.ceil(16_384 / size));
const half = (list) => list.sort((a, b) => a - b)[list.length >> 1];
onmessage = async ({ data: { sizes, runs } }) => {
  await init({ module_or_path: '/farhand_wasm_bg.wasm' });
  const key = await crypto.subtle.importKey('raw', new Uint8Array(32).fill(7), 'AES-GCM', false, ['encrypt', 'decrypt']);
  const rows = [];
  for (const size of sizes) {
    const algorithm = { name: 'AES-GCM', iv: new Uint8Array(12), additionalData: new Uint8Array(20), tagLength: 128 };
    const sealed = await crypto.subtle.encrypt(algorithm, key, new Uint8Array(size));
    const [module, single, together] = [[], [], []];
    measureSeal(size, 50);
    for (let run = 0; run < runs; run++) {
      const times = batch(size);
      let from = performance.now();
      measureSeal(size, times);
      module.push((performance.now() - from) / times);
      from = performance.now();
      await crypto.subtle.decrypt(algorithm, key, sealed);
      single.push(performance.now() - from);
      from = performance.now();
      await Promise.all(Array.from({ length: 16 }, () => crypto.subtle.decrypt(algorithm, key, sealed)));
      together.push((performance.now() - from) / 16);
    }
    rows.push([size, half(module), half(single), half(together)]);
  }
  postMessage(rows);
};`;

const server = createServer(async (request, response) => {
  const name = request.url.slice(1);
  const isolated = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
  if (/^farhand_wasm[\w.]*$/.test(name)) {
    response.writeHead(200, { 'content-type': TYPES[name.split('.').at(-1)], ...isolated });
    return response.end(await readFile(path.join(WASM, name)));
  }
  response.writeHead(200, { 'content-type': name === 'worker.js' ? 'text/javascript' : 'text/html', ...isolated });
  return response.end(name === 'worker.js' ? WORKER : '<!doctype html><title>sealing</title>');
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const rows = await page.evaluate(
    (order) =>
      new Promise((resolve, reject) => {
        const worker = new Worker('/worker.js', { type: 'module' });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => reject(new Error(event.message));
        worker.postMessage(order);
      }),
    { sizes: SIZES, runs: Number(values.runs) },
  );
  const us = (ms) => (ms * 1000).toFixed(0).padStart(6);
  console.log(`${browser.version()}, p50 of ${values.runs}, µs a message`);
  console.log(' bytes  module  WebCrypto  each of 16 at once');
  for (const [size, module, single, together] of rows) console.log(`${String(size).padStart(6)}  ${us(module)}     ${us(single)}             ${us(together)}`);
} finally {
  await browser.close();
  server.close();
}
