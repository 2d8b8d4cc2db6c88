// A stand-in for the service, for looking at the pages in every state: serves the built pages and answers as a real
// service would. Whoever runs it decides what the customer does.

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { inflateSync } from 'node:zlib';
import { WebSocketServer } from 'ws';
import { AgentEnd, initSync } from '../kit/src/wasm/farhand_wasm.js';
import { Office } from './office.mjs';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };
const CSP =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
  "font-src 'self'; connect-src 'self' ws: https:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const PIECE = 16 * 1024;
const STREAM = { control: 0, input: 1, screen: 2, pointer: 3, chat: 4, clipboard: 5, files: 6, diagnostics: 7 };
const AGENT = 1;
const TECHNICIAN = 2;
const TECHNICIAN_PERSON = { id: TECHNICIAN, role: 'technician', name: 'Maria Sommer', organisation: 'Nordlicht IT', connected: true, media: true, gone: false };
/** A flag of a message's head: its body is sealed. */
const SEALED = 128;
/** A public key as minisign prints it. */
const RELEASE_KEY = 'RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3';
const random = (length) => crypto.getRandomValues(new Uint8Array(length));

/** A message between the ends' hand-shakes: sealed, of epoch 0. */
const isSignal = (stream, bytes) => stream === STREAM.control && bytes.length > 10 && (bytes[2] & SEALED) !== 0 && bytes[8] === 0 && bytes[9] === 0;

export class Mock {
  /** Who is signed in, and everything of their organisation. */
  office = new Office();
  demo = true;
  download = true;
  /** Signed releases, and who signs them. */
  downloads = [];
  /** Invitations from colleagues, and whom one may invite. */
  calls = [];
  colleagues = [];
  sessions = new Map();
  /** Messages that the console sent on the media path, opened: stream number and bytes. */
  heard = [];
  /** What the customer does with the technician's code: reads its secret out of where the page keeps it. */
  secretOf = null;
  /** What the agent's end was told, and messages that it refused. */
  told = [];
  #end = null;
  #meeting = false;
  #waiting = [];
  #current = null;
  #sequence = Object.values(STREAM).map(() => 0);
  #revision = 1;
  #consent = 0;
  #media = new Set();
  #sockets = new Set();

  async start(dist) {
    initSync({ module: readFileSync(new URL('../kit/src/wasm/farhand_wasm_bg.wasm', import.meta.url)) });
    this.server = createServer((request, response) => void this.#serve(dist, request, response));
    const signals = new WebSocketServer({ noServer: true });
    const media = new WebSocketServer({ noServer: true });
    this.server.on('upgrade', (request, socket, head) => {
      if (request.url === '/api/v1/media') return media.handleUpgrade(request, socket, head, (ws) => this.#mediaSocket(ws));
      const id = /^\/api\/v1\/sessions\/([^/]+)\/socket$/.exec(request.url)?.[1];
      if (!id || !this.sessions.has(id)) return socket.destroy();
      signals.handleUpgrade(request, socket, head, (ws) => this.#signalSocket(ws, id));
    });
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
  }

  stop() {
    for (const socket of [...this.#media, ...this.#sockets]) socket.terminate();
    this.server.close();
  }

  add(id, code, state, { agent = null, expires = 14 * 60_000 + 32_000 } = {}) {
    const session = {
      id,
      revision: this.#revision++,
      state,
      participants: agent ? [{ id: AGENT, role: 'agent', name: agent, organisation: '', connected: true, media: true, gone: false }, TECHNICIAN_PERSON] : [TECHNICIAN_PERSON],
      code_expires_at: Date.now() + expires,
      created_at: Date.now(),
    };
    this.sessions.set(id, { code, link: `https://help.nordlicht.example/join#${code}`, session });
  }

  change(id, changes) {
    const entry = this.sessions.get(id);
    if (changes.participants) changes = { ...changes, participants: [...changes.participants, TECHNICIAN_PERSON] };
    entry.session = { ...entry.session, ...changes, revision: this.#revision++ };
    this.#tell({ type: 'session', snapshot: entry.session });
  }

  end(reason) {
    this.#tell({ type: 'ended', reason });
  }

  consent(state) {
    this.#send(STREAM.control, 0, pack({ type: 'consent', snapshot: { revision: ++this.#consent, ...state } }));
  }

  /** The next snapshot has this revision. */
  revise(revision) {
    this.#consent = revision;
  }

  control(message) {
    this.#send(STREAM.control, 0, pack(message));
  }

  /** What the agent says in the chat. */
  chat(message) {
    this.#send(STREAM.chat, 0, pack(message));
  }

  /** What the agent says about its machine, to this console. */
  diagnostics(message) {
    this.#send(STREAM.diagnostics, 0, Buffer.concat([Buffer.from([TECHNICIAN]), pack(message)]));
  }

  /** What the agent says about files, to this console. */
  files(message) {
    this.#send(STREAM.files, 0, Buffer.concat([Buffer.from([TECHNICIAN]), pack(message)]));
  }

  /** Any body as a message of the agent's on a stream, sealed like all of them. */
  body(stream, bytes) {
    const addressed = ['clipboard', 'files', 'diagnostics'].includes(stream);
    this.#send(STREAM[stream], 0, Buffer.concat([Buffer.from(addressed ? [TECHNICIAN] : []), bytes]));
  }

  /** A whole frame of RGBA pixels. */
  frame(number, { width, height, rgba }) {
    const head = Buffer.from([1 | 2 | 8, width >> 8, width & 255, height >> 8, height & 255]);
    this.payload(number, 4 | 8, Buffer.concat([head, ZSTD_HEAD, stored(rectangle(0, 0, width, height, rgba))]));
  }

  /** A rectangle of pixels on top of what was sent before. */
  patch(number, x, y, { width, height, rgba }) {
    this.payload(number, 8, Buffer.concat([Buffer.from([2 | 8]), stored(rectangle(x, y, width, height, rgba))]));
  }

  /** A picture of a video codec. */
  video(number, { x, y, width, height, codec, keyframe, data }) {
    const head = Buffer.alloc(16);
    head[0] = 4;
    head[1] = 1;
    [x, y, width, height].forEach((value, at) => head.writeUInt16BE(value, 2 + at * 2));
    head[10] = codec;
    head[11] = keyframe ? 1 : 0;
    head.writeUInt32BE(data.length, 12);
    this.payload(number, 0, Buffer.concat([head, data]));
  }

  /** A frame's payload, in its pieces. */
  payload(number, bits, payload) {
    for (let at = 0; at < payload.length; at += PIECE) {
      const flags = (at === 0 ? 1 : 0) | (at + PIECE >= payload.length ? 2 : 0) | bits;
      const more = Buffer.alloc(12);
      more.writeUInt32BE(number, 0);
      this.#send(STREAM.screen, flags, Buffer.concat([more, payload.subarray(at, at + PIECE)]));
    }
  }

  /** Any bytes as a message of the agent, head and all. */
  raw(stream, bytes) {
    for (const socket of this.#media) socket.send(Buffer.concat([Buffer.from([stream]), bytes]));
  }

  /** A message of the screen stream that never arrives. */
  skip() {
    this.#sequence[STREAM.screen]++;
  }

  /** What the console said on a stream, read. */
  said(stream) {
    return this.heard.filter((entry) => entry.stream === STREAM[stream]).map((entry) => unpack(entry.message.subarray(8)));
  }

  /** Cuts every media connection. */
  cut() {
    for (const socket of this.#media) socket.terminate();
  }

  #send(stream, flags, body) {
    const head = Buffer.from([stream, 1, stream, flags, AGENT, 0, 0, 0, 0]);
    head.writeUInt32BE(this.#sequence[stream]++, 5);
    const message = Buffer.concat([head, body]);
    // Before there are keys nobody could open it.
    if (this.told.includes('sealed')) this.#seal(stream, message);
    else this.#waiting.push([stream, message]);
  }

  #seal(stream, message) {
    const sealed = this.#end.outgoing(stream, message.subarray(1));
    for (const socket of this.#media) socket.send(Buffer.concat([message.subarray(0, 1), sealed]));
  }

  /** The customer types the code that the technician's page shows; the two ends shake hands. */
  async #meet(id) {
    const { session } = this.sessions.get(id);
    const agent = session.participants.find(({ role }) => role === 'agent');
    if (this.#meeting || !this.secretOf || !agent) return;
    this.#meeting = true;
    let kept;
    try {
      kept = JSON.parse(await this.secretOf(`farhand.seal.${id}`));
    } catch (error) {
      // The test had seen what it wanted before the ends had met, and has closed its page.
      if (this.over) return;
      throw error;
    }
    this.#end = new AgentEnd(random(32), id, AGENT, TECHNICIAN, TECHNICIAN_PERSON.name, TECHNICIAN_PERSON.organisation, agent.name, agent.organisation, 1);
    this.#end.secret(this.mistype?.(kept.digits) ?? kept.digits, random(80));
    this.#settle();
  }

  /** Sends what the agent's end has to say. */
  #settle() {
    for (let next = this.#end.next(); next !== undefined; next = this.#end.next()) {
      if (typeof next === 'string') this.told.push(next);
      else for (const socket of this.#media) socket.send(Buffer.concat([Buffer.from([STREAM.control]), next]));
    }
    if (this.told.includes('sealed')) for (const [stream, message] of this.#waiting.splice(0)) this.#seal(stream, message);
  }

  /** A message of the console, as it came. */
  #take(stream, bytes) {
    if (!this.#end) {
      if (isSignal(stream, bytes)) void this.#meet(this.#current);
      return;
    }
    let clear;
    try {
      clear = this.#end.incoming(stream, bytes, random(80));
    } catch (error) {
      this.told.push(`refused: ${error.message}`);
      return;
    }
    this.#settle();
    if (!clear) return;
    const message = Buffer.from(clear);
    this.heard.push({ stream, message });
    if (stream === STREAM.control && message.includes('ping')) {
      const nonce = message[message.length - 1];
      setTimeout(() => this.control({ type: 'pong', nonce }), 18);
    }
  }

  #tell(message) {
    for (const socket of this.#sockets) socket.send(JSON.stringify(message));
  }

  #offer() {
    return {
      ticket: 'ticket',
      expires_at: Date.now() + 60_000,
      port: 9,
      host: null,
      certificate_sha256: ['00'.repeat(32)],
      webtransport_path: '/media',
      websocket_path: '/api/v1/media',
    };
  }

  #signalSocket(socket, id) {
    this.#sockets.add(socket);
    this.#current = id;
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString());
      if (message.type === 'hello') {
        const { session } = this.sessions.get(id);
        socket.send(JSON.stringify({ type: 'welcome', version: 1, participant: TECHNICIAN, session, media: this.#offer() }));
      }
      if (message.type === 'renew_media') socket.send(JSON.stringify({ type: 'media', offer: this.#offer() }));
      if (message.type === 'end') this.end('technician');
    });
  }

  #mediaSocket(socket) {
    let inside = false;
    socket.on('close', () => this.#media.delete(socket));
    socket.on('message', (data) => {
      if (!inside) {
        inside = true;
        this.#media.add(socket);
        socket.send(Buffer.concat([Buffer.from([STREAM.control]), pack({ participant: TECHNICIAN, present: [AGENT] })]));
        return;
      }
      this.#take(data[0], data.subarray(1));
    });
  }

  async #serve(dist, request, response) {
    const { pathname } = new URL(request.url, 'http://x');
    const json = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body === undefined ? '' : JSON.stringify(body));
    };
    if (pathname.startsWith('/api/v1/')) {
      const route = `${request.method} ${pathname.slice(7)}`;
      if (route === 'GET /service')
        return json(200, { version: '0.1.0', demo: this.demo, download: this.download, downloads: this.downloads, ...(this.downloads.length > 0 ? { release_key: RELEASE_KEY } : {}), start_key: 'a2V5', certificate_sha256: '7d1f'.repeat(16) });
      if (this.office.signedIn && !this.office.mustAdd) {
        if (route === 'GET /sessions') return json(200, { sessions: [...this.sessions.values()] });
        if (route === 'GET /colleague-invitations') return json(200, { invitations: this.calls });
        if (/^GET \/sessions\/[^/]+\/colleagues$/.test(route)) return json(200, { colleagues: this.colleagues });
        if (/^POST \/sessions\/[^/]+\/colleagues$/.test(route)) {
          const { user } = await body(request);
          const name = this.colleagues.find(({ id }) => id === user)?.name;
          return json(name ? 200 : 404, { participant: 5, name, organisation: 'Nordlicht IT', rights: ['view', 'control'] });
        }
        if (route === 'POST /sessions') {
          const id = `s${this.sessions.size + 1}`;
          this.add(id, '482193', 'waiting');
          return json(200, this.sessions.get(id));
        }
      }
      const { searchParams } = new URL(request.url, 'http://x');
      const answer = this.office.handle(request.method, pathname.slice(7), searchParams, await body(request));
      if (!answer.type) return json(answer.status, answer.body);
      response.writeHead(answer.status, { 'content-type': answer.type });
      return response.end(answer.body);
    }
    const name = { '/': 'index.html', '/join': 'join.html', '/setup': 'setup.html', '/invitation': 'index.html', '/reset': 'index.html' }[pathname] ?? normalize(pathname).replace(/^(\.\.[/\\])+/, '');
    try {
      const bytes = await readFile(join(dist, name));
      response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream', 'content-security-policy': CSP });
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  }
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const bytes = Buffer.concat(parts);
  if (request.headers['content-type'] !== 'application/json') return bytes;
  return JSON.parse(bytes.toString());
}

/** The head of a zstd stream with a window of 4 MB. */
const ZSTD_HEAD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x60]);

/** Blocks of a zstd stream that are stored as they are. */
function stored(bytes) {
  const MAX_BLOCK = 128 * 1024;
  const parts = [];
  for (let at = 0; at < bytes.length; at += MAX_BLOCK) {
    const block = bytes.subarray(at, at + MAX_BLOCK);
    const head = block.length << 3;
    parts.push(Buffer.from([head & 255, (head >> 8) & 255, (head >> 16) & 255]), block);
  }
  return Buffer.concat(parts);
}

/** What goes into the stream for one rectangle and no copy. */
function rectangle(x, y, width, height, rgba) {
  const number = (value) => {
    const out = [];
    for (; value >= 0x80; value >>>= 7) out.push((value & 0x7f) | 0x80);
    return [...out, value];
  };
  return Buffer.concat([Buffer.from([0, 1, ...[x, y, width, height].flatMap(number), 0]), rgba]);
}

/** MessagePack, as far as it is needed here. */
export function pack(value) {
  if (value === null) return Buffer.from([0xc0]);
  if (typeof value === 'boolean') return Buffer.from([value ? 0xc3 : 0xc2]);
  if (Number.isInteger(value)) {
    if (value >= 0 && value < 128) return Buffer.from([value]);
    if (value > 0xffff_ffff) {
      const long = Buffer.alloc(9);
      long[0] = 0xcf;
      long.writeBigUInt64BE(BigInt(value), 1);
      return long;
    }
    const out = Buffer.alloc(5);
    out[0] = value < 0 ? 0xd2 : 0xce;
    if (value < 0) out.writeInt32BE(value, 1);
    else out.writeUInt32BE(value, 1);
    return out;
  }
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    const head = text.length < 32 ? [0xa0 | text.length] : text.length < 256 ? [0xd9, text.length] : [0xda, text.length >> 8, text.length & 255];
    return Buffer.concat([Buffer.from(head), text]);
  }
  if (value instanceof Uint8Array) {
    const head = Buffer.from([0xc6, 0, 0, 0, 0]);
    head.writeUInt32BE(value.length, 1);
    return Buffer.concat([head, value]);
  }
  if (Array.isArray(value)) return Buffer.concat([Buffer.from(value.length < 16 ? [0x90 | value.length] : [0xdc, value.length >> 8, value.length & 255]), ...value.map(pack)]);
  const entries = Object.entries(value);
  const count = entries.length < 16 ? [0x80 | entries.length] : [0xde, 0, entries.length];
  return Buffer.concat([Buffer.from(count), ...entries.flatMap(([name, item]) => [pack(name), pack(item)])]);
}

/** The other way; numbers of 64 bits are not needed. */
export function unpack(bytes) {
  let at = 0;
  const take = (length) => bytes.subarray(at, (at += length));
  const items = (length, read) => Array.from({ length }, read);
  const next = () => {
    const kind = bytes[at++];
    if (kind < 0x80) return kind;
    if (kind < 0x90) return Object.fromEntries(items(kind & 15, () => [next(), next()]));
    if (kind < 0xa0) return items(kind & 15, next);
    if (kind < 0xc0) return take(kind & 31).toString();
    if (kind >= 0xe0) return kind - 256;
    switch (kind) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: return take(bytes[at++]);
      case 0xc5: return take(take(2).readUInt16BE());
      case 0xcc: return take(1).readUInt8();
      case 0xcd: return take(2).readUInt16BE();
      case 0xce: return take(4).readUInt32BE();
      case 0xcf: return Number(take(8).readBigUInt64BE());
      case 0xd0: return take(1).readInt8();
      case 0xd1: return take(2).readInt16BE();
      case 0xd2: return take(4).readInt32BE();
      case 0xd9: return take(bytes[at++]).toString();
      case 0xda: return take(take(2).readUInt16BE()).toString();
      default: throw new Error(`MessagePack of kind ${kind}`);
    }
  };
  return next();
}

/** Pixels of a PNG with 8 bits a channel, RGB or RGBA, as Chromium writes them. */
export function readPng(png) {
  const width = png.readUInt32BE(16);
  const height = png.readUInt32BE(20);
  const channels = png[25] === 6 ? 4 : 3;
  const parts = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const raw = inflateSync(Buffer.concat(parts));
  const stride = width * channels;
  const rgba = Buffer.alloc(width * height * 4, 255);
  let above = Buffer.alloc(stride);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    const row = Buffer.from(raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)));
    for (let i = 0; i < stride; i++) {
      const left = i >= channels ? row[i - channels] : 0;
      const up = above[i];
      const corner = i >= channels ? above[i - channels] : 0;
      const p = left + up - corner;
      const [a, b, c] = [Math.abs(p - left), Math.abs(p - up), Math.abs(p - corner)];
      const paeth = a <= b && a <= c ? left : b <= c ? up : corner;
      row[i] += [0, left, up, (left + up) >> 1, paeth][filter];
    }
    for (let x = 0; x < width; x++) row.copy(rgba, (y * width + x) * 4, x * channels, x * channels + 3);
    above = row;
  }
  return { width, height, rgba };
}
