// A world whose service and media node are in the wrong hands: everything between the two ends passes a middle that
// reads and keeps it, and does to it what a test wants. UDP leads nowhere, so that all media passes there too.

import dgram from 'node:dgram';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { hex, Impostor, unhex } from '../kit/impostor.mjs';
import { Middle } from '../kit/middle.mjs';
import { ROOT } from '../kit/programs.mjs';
import { freePort } from '../kit/service.mjs';
import { World } from './world.mjs';

export const STREAM = { control: 0, input: 1, screen: 2, pointer: 3 };
const SEALED = 128;
const HEAD = 8;
const SCREEN_HEAD = 20;
const EPOCH = 2;
const TAG = 16;

const SENTENCES = JSON.parse(readFileSync(path.join(ROOT, 'assets/strings/en.json'), 'utf8'));

/** What people read under a key, as both programs have it. */
export function sentence(key) {
  const text = SENTENCES[key];
  if (!text) throw new Error(`there is no sentence "${key}"`);
  return text;
}

export class MaliciousWorld extends World {
  static async open() {
    // Held until the middle takes it, so that nobody else is given it.
    const held = net.createServer();
    const port = await new Promise((resolve, reject) => held.once('error', reject).listen(0, '127.0.0.1', () => resolve(held.address().port)));
    const far = await freePort();
    const hole = dgram.createSocket('udp4');
    const udp = await new Promise((resolve) => hole.bind(0, '127.0.0.1', () => resolve(hole.address().port)));
    const args = ['--public-url', `https://127.0.0.1:${port}`, '--media-public-port', udp];
    let world;
    try {
      world = await super.open({ setUp: false, service: { port: far, args } });
      world.household.later(() => hole.close());
    } catch (error) {
      hole.close();
      throw error;
    } finally {
      await new Promise((resolve) => held.close(resolve));
    }
    try {
      world.middle = await Middle.open(world.household, { port, far, data: world.service.data });
      world.impostor = Impostor.open(world.household);
      // Trying UDP again would bring another hand-shake into the middle of an attack.
      world.switches = ['--disable-blink-features=WebTransport'];
      await world.setUp();
    } catch (error) {
      const report = world.household.report();
      await world.close();
      throw new Error(`${error.message}\n${report}`, { cause: error });
    }
    return world;
  }

  /** What the service told an end last: its number, the version and the session. */
  told(role) {
    const signals = this.middle.tap.filter((entry) => entry.what === 'signal' && entry.role === role && !entry.up);
    const parsed = signals.map(({ bytes }) => JSON.parse(bytes));
    const welcome = parsed.findLast(({ type }) => type === 'welcome');
    const session = parsed.findLast(({ type, session: s, snapshot }) => (type === 'welcome' && s) || (type === 'session' && snapshot));
    return { welcome, session: session?.snapshot ?? session?.session };
  }

  /** What both ends must be told alike, as the service knows it. */
  view() {
    const { welcome, session } = this.told('agent');
    const person = (role) => session.participants.find((participant) => participant.role === role);
    const shown = ({ name, organisation }) => ({ name, organisation });
    const [agent, technician] = [person('agent'), person('technician')];
    return { session: session.id, agent: agent.id, console: technician.id, technician: shown(technician), customer: shown(agent), version: welcome.version };
  }

  /** What passed on the media path: `{ role, up, stream, message }`, from a mark of the tap on. */
  media(from = 0) {
    return this.middle.tap.slice(from).filter(({ what }) => what === 'media').map(({ role, up, bytes }) => ({ role, up, stream: bytes[0], message: bytes.subarray(1) }));
  }

  get mark() {
    return this.middle.tap.length;
  }

  /** Says a media message to an end, as if the service had relayed it. */
  toEnd(role, stream, message) {
    const wire = this.middle.wire('media', role);
    if (!wire) throw new Error(`the ${role} has no media path`);
    wire.say(false, Buffer.concat([Buffer.of(stream), message]));
  }
}

/** A WebSocket's media message apart. */
export function apart(bytes) {
  return { stream: bytes[0], message: Buffer.from(bytes.subarray(1)) };
}

export function together(stream, message) {
  return Buffer.concat([Buffer.of(stream), message]);
}

export const sender = (message) => message[3];
export const sequence = (message) => message.readUInt32BE(4);
export const isSealed = (message) => message.length >= HEAD && (message[2] & SEALED) !== 0;
export const headLength = (stream, down) => (stream === STREAM.screen && down ? SCREEN_HEAD : HEAD);
/** Epoch 0 is what the ends agree on keys with. */
export const epoch = (message, stream, down) => message.readUInt16BE(headLength(stream, down));
export const isSignal = (stream, message) => stream === STREAM.control && isSealed(message) && message.length >= HEAD + 4 && epoch(message, stream, false) === 0;
/** Kind 0 ready, 1 hand-shake (then 1 start, 2 answer, 3 confirm, 4 stop), 2 hand-over. */
export const signal = (message) => ({ to: message[HEAD + EPOCH], kind: message[HEAD + EPOCH + 1], content: message.subarray(HEAD + EPOCH + 2) });

export function changed(message, at, to) {
  const copy = Buffer.from(message);
  copy[at] = typeof to === 'function' ? to(copy[at]) : to;
  return copy;
}

/** A clear message with this head and body. */
export function clear(stream, from, number, body) {
  const head = Buffer.alloc(HEAD);
  head.set([1, stream, 0, from]);
  head.writeUInt32BE(number, 4);
  return Buffer.concat([head, body]);
}

/** The same as it would look if it were sealed, under an epoch, with a tag of nothing. */
export function seemingly(message, number) {
  const out = Buffer.concat([message.subarray(0, HEAD), Buffer.of(number >> 8, number & 255), message.subarray(HEAD), Buffer.alloc(64 - (message.length - HEAD)), Buffer.alloc(TAG, 7)]);
  out[2] |= SEALED;
  return out;
}

/**
 * Sits between the ends and speaks with each as the other, with a guess at their secret: `{ digits }` or `{ link }`.
 * What it manages to open is in `read`, with the heads that the clear messages had.
 */
export class Between {
  read = [];
  told = { agent: [], console: [] };

  constructor(world, guess) {
    Object.assign(this, { world, guess, ready: undefined });
    world.middle.hands = (wire, up, message) => this.#hands(wire, up, message);
  }

  async #hands(wire, up, bytes) {
    if (wire.kind !== 'media' || !up) return undefined;
    const { stream, message } = apart(bytes);
    if (!isSealed(message)) return undefined;
    const { middle } = this.world;
    // Until both are there, nothing of theirs gets through; they say it again.
    if (!this.world.told('agent').welcome || !middle.wire('media', 'agent') || !middle.wire('media', 'console')) return [];
    await this.#begin();
    // The real agent speaks with our console, the real console with our agent.
    const end = wire.role === 'agent' ? 'console' : 'agent';
    const answer = await this.#take(end, stream, message);
    if (answer.clear) await this.#on(wire.role, stream, unhex(answer.clear));
    return [];
  }

  #begin() {
    this.ready ??= (async () => {
      const view = this.world.view();
      await this.#said('console', await this.world.impostor.ask({ do: 'console', end: 'console', view, ...this.guess }));
      this.starts = await this.world.impostor.ask({ do: 'agent', end: 'agent', view, ...this.guess });
      await this.#said('agent', this.starts);
    })();
    return this.ready;
  }

  async #take(end, stream, message) {
    const answer = await this.world.impostor.ask({ do: 'take', end, stream, message: hex(message) });
    await this.#said(end, answer);
    return answer;
  }

  /** What one of our ends says goes to the real end that it speaks with. */
  async #said(end, { send = [], told = [], waited = [] }) {
    const to = end === 'console' ? 'agent' : 'console';
    this.told[end].push(...told);
    for (const message of send) this.world.toEnd(to, STREAM.control, unhex(message));
    for (const [stream, message] of waited) await this.#on('agent', stream, unhex(message));
  }

  /** A message that was opened: it is read, and sealed again for the end that it was for. */
  async #on(from, stream, message) {
    this.read.push({ from, stream, message });
    const end = from === 'agent' ? 'agent' : 'console';
    const { sealed } = await this.world.impostor.ask({ do: 'seal', end, stream, message: hex(message) }).catch(() => ({}));
    if (sealed) this.world.toEnd(from === 'agent' ? 'console' : 'agent', stream, unhex(sealed));
  }

  end() {
    this.world.middle.behave();
  }
}
