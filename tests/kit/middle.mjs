// A service and a media node that somebody has taken over: it stands in front of the real service, with the service's
// own certificate and key, reads and keeps all that passes, and changes, holds back and adds what a test wants.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import tls from 'node:tls';

const TEXT = 1;
const BINARY = 2;

/** Takes WebSocket frames apart, with their masks off, and puts messages together. */
class Frames {
  #rest = Buffer.alloc(0);
  #parts = [];
  #kind = 0;

  /** The whole messages that these bytes complete: `{ kind, bytes }`, kinds above 7 being control frames. */
  push(chunk) {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const found = [];
    for (;;) {
      const frame = this.#take();
      if (!frame) return found;
      const { fin, kind, bytes } = frame;
      if (kind > 7) {
        found.push({ kind, bytes });
        continue;
      }
      if (kind !== 0) this.#kind = kind;
      this.#parts.push(bytes);
      if (fin) found.push({ kind: this.#kind, bytes: Buffer.concat(this.#parts.splice(0)) });
    }
  }

  #take() {
    const data = this.#rest;
    if (data.length < 2) return undefined;
    const masked = (data[1] & 0x80) !== 0;
    let length = data[1] & 0x7f;
    let at = 2;
    if (length >= 126) {
      const wide = length === 126 ? 2 : 8;
      if (data.length < at + wide) return undefined;
      length = wide === 2 ? data.readUInt16BE(at) : Number(data.readBigUInt64BE(at));
      at += wide;
    }
    const end = at + (masked ? 4 : 0) + length;
    if (data.length < end) return undefined;
    const bytes = Buffer.from(data.subarray(end - length, end));
    if (masked) for (let i = 0; i < length; i++) bytes[i] ^= data[at + (i & 3)];
    this.#rest = data.subarray(end);
    return { fin: (data[0] & 0x80) !== 0, kind: data[0] & 0x0f, bytes };
  }
}

function frame(kind, bytes, masked) {
  const long = bytes.length > 65_535 ? 8 : bytes.length > 125 ? 2 : 0;
  const head = Buffer.alloc(2 + long);
  head[0] = 0x80 | kind;
  head[1] = (masked ? 0x80 : 0) | (long === 8 ? 127 : long === 2 ? 126 : bytes.length);
  if (long === 2) head.writeUInt16BE(bytes.length, 2);
  if (long === 8) head.writeBigUInt64BE(BigInt(bytes.length), 2);
  if (!masked) return Buffer.concat([head, bytes]);
  const mask = randomBytes(4);
  const hidden = Buffer.from(bytes);
  for (let i = 0; i < hidden.length; i++) hidden[i] ^= mask[i & 3];
  return Buffer.concat([head, mask, hidden]);
}

/** One WebSocket of an end. `kind` is "signal" or "media", `role` is "agent" or "console". */
export class Wire {
  #queues = new Map([[true, Promise.resolve()], [false, Promise.resolve()]]);

  constructor(middle, kind, role, near, far) {
    Object.assign(this, { middle, kind, role, near, far, closed: false });
    this.#read(near, true);
    this.#read(far, false);
    for (const [one, other] of [[near, far], [far, near]]) {
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.closed = true;
        other.destroy();
      });
    }
  }

  #read(socket, up) {
    const frames = new Frames();
    socket.on('data', (chunk) => {
      for (const { kind, bytes } of frames.push(chunk)) {
        // In their order, whatever a test's hands take.
        const passed = this.#queues.get(up).then(() => this.#pass(up, kind, bytes));
        this.#queues.set(up, passed.catch((error) => this.middle.failures.push(error)));
      }
    });
  }

  async #pass(up, kind, bytes) {
    if (kind > 7) return this.#write(up, kind, bytes);
    this.middle.keep({ what: this.kind, role: this.role, up, bytes });
    const changed = await this.middle.hands(this, up, kind === TEXT ? bytes.toString('utf8') : bytes);
    if (changed === undefined) return this.#write(up, kind, bytes);
    for (const message of Array.isArray(changed) ? changed : [changed]) this.say(up, message);
  }

  /** Says something to the service (`up`) or to the end, as if the other had said it. */
  say(up, message) {
    if (typeof message === 'string') this.#write(up, TEXT, Buffer.from(message));
    else this.#write(up, BINARY, Buffer.from(message));
  }

  #write(up, kind, bytes) {
    const socket = up ? this.far : this.near;
    if (!socket.destroyed) socket.write(frame(kind, bytes, up));
  }
}

export class Middle {
  /** Everything that passed: `{ what: "http" | "signal" | "media", role, up, bytes }`. */
  tap = [];
  wires = [];
  failures = [];
  /** What is done with a message: nothing to pass it on, another one or several instead of it, [] to hold it back. */
  hands = () => undefined;
  /** What is done with an answer of the API, as text. */
  answers = () => undefined;
  /** Which path is asked for at the service. */
  route = (path) => path;

  /** Listens on `port`, with the certificate of the service that is to start on `far`. */
  static async open(household, { port, far, data }) {
    const middle = new Middle();
    const [cert, key] = ['https-certificate.pem', 'https-key.pem'].map((name) => readFileSync(path.join(data, name)));
    Object.assign(middle, { port, far });
    middle.agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false });
    middle.server = https.createServer({ cert, key }, (asked, answer) => middle.#request(asked, answer));
    middle.server.on('upgrade', (asked, near, head) => middle.#upgrade(asked, near, head));
    await new Promise((resolve, reject) => middle.server.once('error', reject).listen(port, '127.0.0.1', resolve));
    household.later(() => middle.close());
    return middle;
  }

  keep(entry) {
    this.tap.push(entry);
  }

  /** The open socket of an end. */
  wire(kind, role) {
    return this.wires.findLast((wire) => wire.kind === kind && wire.role === role && !wire.closed);
  }

  /** Passes everything on again. */
  behave() {
    this.hands = () => undefined;
    this.answers = () => undefined;
    this.route = (path) => path;
  }

  async #request(asked, answer) {
    const body = [];
    for await (const part of asked) body.push(part);
    const sent = Buffer.concat(body);
    const role = asked.headers['user-agent']?.startsWith('Mozilla') ? 'console' : 'agent';
    this.keep({ what: 'http', role, up: true, bytes: Buffer.from(`${asked.method} ${asked.url}\n${asked.rawHeaders.join('\n')}\n\n${sent}`) });
    // What is compressed could not be read in passing.
    const headers = asked.url.startsWith('/api/') ? { ...asked.headers, 'accept-encoding': 'identity' } : asked.headers;
    const options = { host: '127.0.0.1', port: this.far, method: asked.method, path: this.route(asked.url), headers, agent: this.agent };
    const far = https.request(options, (came) => {
      const parts = [];
      came.on('data', (part) => parts.push(part));
      came.on('end', () => {
        let bytes = Buffer.concat(parts);
        const answered = { ...came.headers };
        if (asked.url.startsWith('/api/')) {
          this.keep({ what: 'http', role, up: false, bytes: Buffer.from(`${came.statusCode}\n${came.rawHeaders.join('\n')}\n\n${bytes}`) });
          const changed = this.answers(role, asked.url, bytes.toString('utf8'));
          if (changed !== undefined) bytes = Buffer.from(changed);
        }
        delete answered['transfer-encoding'];
        if (asked.method !== 'HEAD' && ![204, 304].includes(came.statusCode)) answered['content-length'] = bytes.length;
        answer.writeHead(came.statusCode, answered);
        answer.end(bytes);
      });
      came.on('error', () => answer.destroy());
    });
    far.on('error', () => answer.destroy());
    far.end(sent);
  }

  #upgrade(asked, near, head) {
    const kind = asked.url.endsWith('/socket') ? 'signal' : 'media';
    // Browsers say where they come from.
    const role = asked.headers.origin ? 'console' : 'agent';
    this.keep({ what: 'http', role, up: true, bytes: Buffer.from(`${asked.method} ${asked.url}\n${asked.rawHeaders.join('\n')}\n`) });
    near.on('error', () => {});
    const far = tls.connect({ host: '127.0.0.1', port: this.far, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
    far.setNoDelay(true);
    near.setNoDelay(true);
    far.on('error', () => near.destroy());
    const words = [];
    for (let at = 0; at < asked.rawHeaders.length; at += 2) {
      // Compressed messages could not be read in passing.
      if (asked.rawHeaders[at].toLowerCase() !== 'sec-websocket-extensions') words.push(`${asked.rawHeaders[at]}: ${asked.rawHeaders[at + 1]}`);
    }
    far.write(`GET ${this.route(asked.url)} HTTP/1.1\r\n${words.join('\r\n')}\r\n\r\n`);
    let opening = Buffer.alloc(0);
    const opened = (chunk) => {
      opening = Buffer.concat([opening, chunk]);
      const end = opening.indexOf('\r\n\r\n');
      if (end < 0) return;
      far.removeListener('data', opened);
      near.write(opening.subarray(0, end + 4));
      const rest = opening.subarray(end + 4);
      if (!opening.subarray(0, 12).toString().endsWith(' 101')) {
        near.write(rest);
        far.pipe(near);
        return;
      }
      const wire = new Wire(this, kind, role, near, far);
      this.wires.push(wire);
      if (head.length > 0) near.emit('data', head);
      if (rest.length > 0) far.emit('data', rest);
    };
    far.on('data', opened);
  }

  close() {
    for (const wire of this.wires) wire.near.destroy();
    this.agent.destroy();
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

