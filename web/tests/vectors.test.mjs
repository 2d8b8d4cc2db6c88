// The golden vectors of the hand-shake, of sealed messages and of frames in a real Chromium: the module that the worker
// loads writes and reads the very bytes that the native programs do. `node --test tests/vectors.test.mjs`.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { chromium } from 'playwright-core';

const ROOT = resolve(import.meta.dirname, '../..');
const PLACES = { '/wasm/': join(ROOT, 'web/kit/src/wasm'), '/seal/': join(ROOT, 'protocol/seal/vectors'), '/protocol/': join(ROOT, 'protocol/vectors') };
const TYPES = { js: 'text/javascript', wasm: 'application/wasm', json: 'application/json' };

let server;
let browser;
let page;

before(async () => {
  server = createServer(async (request, response) => {
    const place = Object.keys(PLACES).find((prefix) => request.url.startsWith(prefix));
    const name = place && request.url.slice(place.length);
    if (!place || !/^[\w.]+$/.test(name)) {
      response.writeHead(200, { 'content-type': 'text/html' });
      return response.end('<!doctype html><title>vectors</title>');
    }
    response.writeHead(200, { 'content-type': TYPES[name.split('.').at(-1)] });
    return response.end(await readFile(join(PLACES[place], name)));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.evaluate(async () => {
    const wasm = await import('/wasm/farhand_wasm.js');
    await wasm.default({ module_or_path: '/wasm/farhand_wasm_bg.wasm' });
    const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    const hex = (message) => Array.from(message ?? [], (byte) => byte.toString(16).padStart(2, '0')).join('');
    const vectors = async (path) => (await fetch(path)).json();
    const AGENT = 2;
    const CONSOLE = 1;
    /** A signal of the agent, as the room relays it. */
    const signal = (kind, content) => Uint8Array.from([1, 0, 128, AGENT, 0, 0, 0, 0, 0, 0, CONSOLE, kind, ...bytes(content)]);
    const drain = (end) => {
      const told = [];
      for (let next = end.next(); next; next = end.next()) told.push(next);
      return told;
    };
    /** A console's end that has met the vectors' agent, and what it said and was told on the way. */
    const meet = async (shake, handOver) => {
      const code = /^\d{4}$/.test(shake.secret);
      const end = new wasm.ConsoleEnd(bytes(shake.console_seed), code ? shake.secret : '0000', code ? 'A'.repeat(22) : shake.secret, new Uint8Array(), wasm.ConsoleEnd.tries());
      end.view(shake.session, AGENT, CONSOLE, shake.technician, shake.organisation, '', '', 1);
      drain(end);
      end.incoming(0, signal(1, shake.start), bytes(shake.console_random));
      const [answer] = drain(end);
      end.incoming(0, signal(1, shake.confirm), new Uint8Array(80));
      const told = drain(end).map(({ type }) => type);
      if (handOver) {
        end.incoming(0, signal(2, handOver), new Uint8Array(80));
        told.push(...drain(end).map(({ type }) => type));
      }
      return { end, answer: hex(answer.message.subarray(12)), told };
    };
    Object.assign(window, { wasm, bytes, hex, vectors, meet });
  });
});

after(async () => {
  await browser?.close();
  server?.close();
});

describe('the golden vectors in Chromium', () => {
  it('of the hand-shake, by a code and by a link', async () => {
    const found = await page.evaluate(async () => {
      const shakes = await window.vectors('/seal/handshake.json');
      const met = await Promise.all(shakes.map((shake) => window.meet(shake)));
      return shakes.map((shake, at) => ({ code: /^\d{4}$/.test(shake.secret), same: met[at].answer === shake.answer, told: met[at].told }));
    });
    assert.deepEqual(found, [
      { code: true, same: true, told: ['sealed'] },
      { code: false, same: true, told: ['sealed'] },
    ]);
  });

  it('of messages and frames, each way', async () => {
    const found = await page.evaluate(async () => {
      const [shakes, keys, messages] = await Promise.all(['handshake', 'keys', 'messages'].map((name) => window.vectors(`/seal/${name}.json`)));
      const { end, told } = await window.meet(shakes[1], keys.hand_over);
      const wrong = [];
      const streams = new Set();
      for (const { direction, stream, clear, sealed } of messages) {
        streams.add(`${direction} ${stream}`);
        const made = direction === 'up' ? end.outgoing(stream, window.bytes(clear)) : end.incoming(stream, window.bytes(sealed), new Uint8Array(80));
        if (window.hex(made) !== (direction === 'up' ? sealed : clear)) wrong.push(`${direction} ${stream}`);
      }
      return { told, wrong, count: messages.length, streams: [...streams].sort() };
    });
    assert.deepEqual(found.wrong, []);
    assert.deepEqual(found.told, ['sealed', 'keys']);
    assert.ok(found.count > 7);
    // Frames of the screen come down on stream 2.
    assert.deepEqual(found.streams, ['down 0', 'down 2', 'up 0', 'up 1', 'up 2', 'up 3']);
  });

  it('and not one changed byte of a sealed frame opens', async () => {
    const opened = await page.evaluate(async () => {
      const [shakes, keys, messages] = await Promise.all(['handshake', 'keys', 'messages'].map((name) => window.vectors(`/seal/${name}.json`)));
      const { end } = await window.meet(shakes[1], keys.hand_over);
      const frame = messages.find(({ direction, stream }) => direction === 'down' && stream === 2);
      const sealed = window.bytes(frame.sealed);
      const opened = [];
      for (let at = 0; at < sealed.length; at++) {
        const changed = sealed.slice();
        changed[at] ^= 1;
        try {
          if (end.incoming(2, changed, new Uint8Array(80)) !== undefined) opened.push(at);
        } catch {
          // Refused, as it must be.
        }
      }
      return { opened, genuine: window.hex(end.incoming(2, sealed, new Uint8Array(80))) === frame.clear };
    });
    assert.deepEqual(opened, { opened: [], genuine: true });
  });
});
