// What there is to read for whoever has taken over the service and the media node: everything that both got and kept in
// a whole session is searched for what was typed and shown in it, and for the code's secret digits. That the search
// finds such things is shown by a second session, whose digits the middle is told.

import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { hex } from '../kit/impostor.mjs';
import { until } from '../kit/wait.mjs';
import { Between, MaliciousWorld, STREAM } from './malicious.mjs';
import { told } from './world.mjs';

const TYPED = 'unhappywombat';
const PART = 16 * 1024 * 1024;

/** Every file below a folder, as bytes. */
function files(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({ name: file, bytes: readFileSync(file) }));
}

/** What a process can write to in its memory, in parts; nothing where the system does not let us read it. */
function* memory(pid) {
  const file = openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      if (!from || line.includes('[v')) continue;
      const end = Number.parseInt(to, 16);
      for (let at = Number.parseInt(from, 16); at < end; at += PART) {
        // Some more than a part, so that nothing hides at a border.
        const bytes = Buffer.alloc(Math.min(PART + 4096, end - at));
        let read = 0;
        try {
          read = readSync(file, bytes, 0, bytes.length, at);
        } catch {
          // It was given back to the system meanwhile.
        }
        yield { name: `memory at ${at.toString(16)}`, bytes: bytes.subarray(0, read) };
      }
    }
  } finally {
    closeSync(file);
  }
}

/** A row of the screen in which much happens, as three ways of writing pixels. */
function striking({ width, height, data }) {
  const LENGTH = 96;
  let best = { changes: 0 };
  for (let y = 160; y < height - 40; y += 3) {
    for (let x = 40; x + LENGTH < width - 40; x += LENGTH) {
      const row = data.subarray((y * width + x) * 3, (y * width + x + LENGTH) * 3);
      let changes = 0;
      for (let at = 3; at < row.length; at += 3) if (row.compare(row, at, at + 3, at - 3, at) !== 0) changes += 1;
      if (changes > best.changes) best = { changes, row };
    }
  }
  assert.ok(best.changes > 20, 'there is nothing on the screen');
  const four = (order) => Buffer.from(Array.from({ length: LENGTH }, (_, at) => [...order.map((c) => best.row[at * 3 + c]), 255]).flat());
  const none = four([2, 1, 0]).map((byte, at) => (at % 4 === 3 ? 0 : byte));
  return { rgba: four([0, 1, 2]), ways: { RGB: best.row, RGBA: four([0, 1, 2]), BGRA: four([2, 1, 0]), BGRX: Buffer.from(none) } };
}

describe('whoever reads all that service and media node have', () => {
  let world;
  let technician;
  let customer;
  let row;
  /** What must not be found: chat, clipboard and files will be added here when there are such. */
  let known;
  /** Digits of the first session, and where it began in what was kept. */
  let digits;
  let session;
  before(async () => {
    world = await MaliciousWorld.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
    const picture = striking(await customer.display.pixels());
    row = picture.rgba;
    const bodies = await Promise.all([...new Set(TYPED)].map((letter) => world.impostor.ask({ do: 'key', code: `Key${letter.toUpperCase()}` })));
    known = [
      { name: 'the typed text', needles: { ascii: Buffer.from(TYPED), utf16: Buffer.from(TYPED, 'utf16le') } },
      { name: 'the typed keys', needles: Object.fromEntries(bodies.map(({ body }, at) => [[...new Set(TYPED)][at], Buffer.from(body, 'hex')])) },
      { name: 'a row of the screen', needles: picture.ways },
    ];
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  /** Where something that is known stands in these bytes. */
  const found = (places, what = known) => {
    const all = [];
    for (const { name, bytes } of places) {
      for (const { name: thing, needles } of what) {
        for (const [way, needle] of Object.entries(needles)) if (bytes.includes(needle)) all.push(`${thing} (${way}) in ${name}`);
      }
    }
    return all;
  };
  const kept = () => world.middle.tap.map((entry, at) => ({ name: `${entry.what} ${at} of the ${entry.role}`, bytes: entry.bytes }));
  const screen = async (messages, wanted = row) => world.impostor.ask({ do: 'screen', row: hex(wanted), messages: messages.map(hex) });

  /** A session in which the known keys are typed; the screen shows what is known all the time. */
  async function whole(begun = async () => {}) {
    // A year would be found in many places.
    do {
      await technician.home();
      await technician.start();
    } while (/^(19|20)/.test(technician.code.slice(6)));
    await begun(technician.code);
    await customer.joinAndAllow(technician);
    await technician.askControl();
    await customer.person.allow();
    await technician.rights('view', 'control');
    await customer.clicked(technician);
    const { mark } = customer.target;
    await technician.page.keyboard.type(TYPED);
    await until('all that was typed', async () => customer.target.since(mark).filter(({ kind, down }) => kind === 'key' && down).length >= TYPED.length);
    await customer.sameAs(technician);
  }

  step('has the bytes of a whole session', async () => {
    await whole();
    digits = technician.code.slice(6);
    session = world.view().session;
    const media = world.media();
    for (const [role, stream] of [['agent', STREAM.screen], ['agent', STREAM.control], ['console', STREAM.input], ['console', STREAM.control]]) {
      assert.ok(media.some((message) => message.role === role && message.up && message.stream === stream), `nothing of the ${role} on stream ${stream}`);
    }
    assert.ok(media.filter(({ role, up, stream }) => role === 'console' && up && stream === STREAM.input).length >= 2 * TYPED.length);
  });

  step('finds nothing in what passed, and sees no picture', async () => {
    assert.deepEqual(found(kept()), []);
    const pieces = world.media().filter(({ role, up, stream }) => role === 'agent' && up && stream === STREAM.screen).map(({ message }) => message);
    assert.deepEqual(await screen(pieces).then(({ frames, found: seen }) => ({ frames, found: seen })), { frames: 0, found: false });
  });

  step('finds the secret digits in no signal, request, answer or hand-shake', async () => {
    // Sealed bytes are as good as random, and four digits stand among a million of them by chance; who reads them as
    // text looks for a number of four digits.
    const alone = new RegExp(`(?<![\\d.])${digits}(?!\\d)`);
    const texts = world.middle.tap.filter(({ what }) => what !== 'media').map(({ bytes }) => bytes.toString('latin1'));
    assert.ok(texts.length > 20);
    assert.deepEqual(texts.filter((text) => alone.test(text)), []);
    assert.deepEqual(found(kept(), [{ name: 'the code', needles: { plain: Buffer.from(technician.code), shown: Buffer.from(technician.code.replace(/^(...)(...)/, '$1 $2 ')) } }]), []);
  });

  step("finds nothing in the service's memory", async (context) => {
    let parts;
    try {
      parts = [...memory(world.service.process.pid)];
    } catch (error) {
      if (!['EACCES', 'EPERM'].includes(error.code)) throw error;
      return context.skip(`this system does not let a process read another's memory: ${error.message}`);
    }
    const id = [{ name: 'the session', needles: { id: Buffer.from(session) } }];
    assert.ok(found(parts, id).length > 0, 'the search does not even find the session');
    assert.deepEqual(found(parts), []);
    assert.deepEqual(found(parts, [{ name: 'the code', needles: { plain: Buffer.from(technician.code) } }]), []);
  });

  step('finds nothing in the data folder and in the log', async () => {
    await technician.end();
    const log = () => files(world.household.folder).filter(({ name }) => path.basename(name) === 'service.log');
    const places = [...files(world.service.data), ...log()];
    assert.ok(statSync(world.service.data).isDirectory() && places.length > 3);
    const id = [{ name: 'the session', needles: { id: Buffer.from(session) } }];
    assert.ok(found(places, id).length > 0, 'the search does not even find the session');
    assert.deepEqual(found(places), []);
    const code = technician.code;
    assert.deepEqual(found(places, [{ name: 'the code', needles: { plain: Buffer.from(code) } }]), []);
  });

  step('and reads everything once it is told the secret: the search does find it', async () => {
    let between;
    await whole(async (code) => {
      between = new Between(world, { digits: code.slice(6) });
    });
    assert.deepEqual([...new Set(between.told.agent), ...new Set(between.told.console)].toSorted(), ['keys', 'sealed', 'sealed']);
    const read = between.read.map(({ from, stream, message }, at) => ({ name: `message ${at} of the ${from} on ${stream}`, bytes: message }));
    const things = found(read).map((text) => text.split(' in ')[0]);
    for (const letter of new Set(TYPED)) assert.ok(things.includes(`the typed keys (${letter})`), `${letter} was not found`);
    const pieces = between.read.filter(({ from, stream }) => from === 'agent' && stream === STREAM.screen).map(({ message }) => message);
    // The first session's last words may still be on the screen, before what was there.
    const picture = await screen(pieces, striking(await customer.display.pixels()).rgba);
    assert.ok(picture.frames > 0 && picture.found, JSON.stringify(picture));
    assert.deepEqual(world.middle.failures, []);
    between.end();
  });
});
