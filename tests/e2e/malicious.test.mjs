// A service and a media node in the wrong hands, in front of a session that the customer joined by its code: whatever
// they try in a running session has no effect, and both ends say that it was tried. The hand-shake's attacks are in
// malicious_hand_shake.test.mjs, and what there is to read in malicious_reader.test.mjs.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { unhex } from '../kit/impostor.mjs';
import { becomes, until } from '../kit/wait.mjs';
import * as wire from './malicious.mjs';
import { told } from './world.mjs';

const { STREAM, sentence } = wire;

describe('a media node in the wrong hands', () => {
  let world;
  let technician;
  let customer;
  let agent;
  /** What the page's worker said about messages that it refused. */
  const refused = [];
  before(async () => {
    world = await wire.MaliciousWorld.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
    technician.page.on('console', (said) => said.text().startsWith('a message was refused') && refused.push(said.text()));
    await technician.start();
    agent = await customer.joinAndAllow(technician);
    await technician.askControl();
    await customer.person.allow();
    await technician.rights('view', 'control');
    await customer.clicked(technician);
  });
  after(() => world?.close());

  /** The keys that the customer's program got since a mark. */
  const keys = (mark) => customer.target.since(mark).filter(({ kind }) => kind === 'key').map(({ code, down }) => `${code} ${down ? 'down' : 'up'}`);
  const press = async (letter) => {
    const { mark } = world;
    await technician.page.keyboard.press(letter);
    await until(`the two messages of "${letter}" to leave the page`, async () => ups(mark, STREAM.input).length >= 2);
    return ups(mark, STREAM.input);
  };
  /** What the page sent since a mark. */
  const ups = (mark, stream) => world.media(mark).filter(({ role, up, stream: of }) => role === 'console' && up && of === stream).map(({ message }) => message);
  const downs = (mark, stream) => world.media(mark).filter(({ role, up, stream: of, message }) => role === 'agent' && up && of === stream && !wire.isSignal(of, message)).map(({ message }) => message);
  /** The number after the newest of a stream that the page sent. */
  const next = (stream) => wire.sequence(ups(0, stream).at(-1)) + 1;
  const epoch = () => wire.epoch(ups(0, STREAM.input).at(-1), STREAM.input, false);
  const console_ = () => world.view().console;
  const forgedKey = async (code) => wire.clear(STREAM.input, console_(), next(STREAM.input), unhex((await world.impostor.ask({ do: 'key', code })).body));

  /** Holds what the page sends on a stream, hands it to `work`, and passes on what that gives. */
  const holding = (stream, count, work) => {
    const held = [];
    return new Promise((done) => {
      world.middle.hands = (from, up, bytes) => {
        if (from.kind !== 'media' || from.role !== 'console' || !up || held.length >= count || bytes[0] !== stream) return undefined;
        held.push(Buffer.from(bytes.subarray(1)));
        if (held.length < count) return [];
        const out = work(held).map((message) => wire.together(stream, message));
        world.middle.behave();
        done();
        return out;
      };
    });
  };

  // What is tried, what the agent says of it (`agent`), or the page (`page`), and the keys that may have an effect.
  const ATTACKS = [
    {
      name: 'a key press in the clear',
      agent: 'clear',
      act: async () => world.toEnd('agent', STREAM.input, await forgedKey('KeyX')),
    },
    {
      name: 'a key press that only looks sealed',
      agent: 'forged',
      act: async () => world.toEnd('agent', STREAM.input, wire.seemingly(await forgedKey('KeyX'), epoch())),
    },
    {
      name: 'a key press whose seal is stripped',
      agent: 'clear',
      act: async () => {
        const [down] = await press('a');
        world.toEnd('agent', STREAM.input, Buffer.concat([wire.changed(down, 2, 0).subarray(0, 8), down.subarray(10)]));
      },
      keys: ['KeyA down', 'KeyA up'],
    },
    {
      name: 'a changed byte in the body, in the tag, in the number and in the length of a message',
      agent: 'forged',
      act: async () => {
        const [down] = await press('a');
        const flip = (byte) => byte ^ 0x40;
        for (const at of [4, 7, 12, down.length - 1]) world.toEnd('agent', STREAM.input, wire.changed(down, at, flip));
        world.toEnd('agent', STREAM.input, down.subarray(0, -1));
        world.toEnd('agent', STREAM.input, Buffer.concat([down, Buffer.of(0)]));
      },
      keys: ['KeyA down', 'KeyA up'],
    },
    {
      name: 'a message under keys that there are none of',
      agent: 'no_key',
      act: async () => {
        const [down] = await press('a');
        world.toEnd('agent', STREAM.input, wire.changed(wire.changed(down, 8, 0x7f), 9, 1));
      },
      keys: ['KeyA down', 'KeyA up'],
    },
    {
      name: 'a key press said again',
      agent: 'replayed',
      act: async () => {
        for (const message of await press('a')) for (let again = 0; again < 3; again += 1) world.toEnd('agent', STREAM.input, message);
      },
      keys: ['KeyA down', 'KeyA up'],
    },
    {
      name: 'a place of the pointer said again',
      agent: 'replayed',
      act: async () => {
        const at = () => customer.display.run('xdotool', ['getmouselocation', '--shell']);
        const { mark } = world;
        await technician.move(310, 320);
        await until('the pointer there', async () => (await at()).includes('X=310\nY=320'));
        const [first] = ups(mark, STREAM.pointer).slice(-1);
        await technician.move(420, 430);
        await until('the pointer elsewhere', async () => (await at()).includes('X=420\nY=430'));
        for (let again = 0; again < 3; again += 1) world.toEnd('agent', STREAM.pointer, first);
      },
      then: async () => assert.match(await customer.display.run('xdotool', ['getmouselocation', '--shell']), /X=420\nY=430/),
    },
    {
      name: 'two keys in the other order',
      agent: 'reordered',
      act: async () => {
        const swapped = holding(STREAM.input, 4, ([aDown, aUp, sDown, sUp]) => [sDown, sUp, aDown, aUp]);
        await technician.page.keyboard.press('a');
        await technician.page.keyboard.press('s');
        await swapped;
      },
      keys: ['KeyS down', 'KeyS up'],
    },
    {
      name: 'a key that is held back',
      agent: 'missing',
      act: async () => {
        const held = holding(STREAM.input, 2, () => []);
        await technician.page.keyboard.press('a');
        await held;
        await press('s');
      },
      keys: ['KeyS down', 'KeyS up'],
    },
    {
      name: 'a key that is never let go, because that is held back',
      agent: 'missing',
      act: async () => {
        // One that does not repeat while it is held.
        const { mark } = customer.target;
        await technician.page.keyboard.down('Shift');
        await customer.target.key('ShiftLeft', true, { from: mark });
        const held = holding(STREAM.input, 1, () => []);
        await technician.page.keyboard.up('Shift');
        await held;
        await press('s');
      },
      keys: ['ShiftLeft down', 'ShiftLeft up', 'KeyS down', 'KeyS up'],
    },
    {
      name: 'a key on the stream of asks and answers',
      agent: 'forged',
      act: async () => {
        const [down] = await press('a');
        world.toEnd('agent', STREAM.control, wire.changed(down, 1, STREAM.control));
        const ask = ups(0, STREAM.control).findLast((message) => !wire.isSignal(STREAM.control, message));
        world.toEnd('agent', STREAM.input, wire.changed(ask, 1, STREAM.input));
      },
      keys: ['KeyA down', 'KeyA up'],
    },
    {
      name: "the agent's own words turned back at it, as its own and in the technician's name",
      agent: 'forged',
      act: async () => {
        const own = downs(0, STREAM.control).at(-1);
        world.toEnd('agent', STREAM.control, own);
        world.toEnd('agent', STREAM.control, wire.changed(own, 3, console_()));
      },
    },
    {
      name: "the technician's words in the name of somebody who is not there",
      agent: 'stranger',
      act: async () => {
        const [down] = await press('a');
        world.toEnd('agent', STREAM.input, wire.changed(down, 3, 30));
      },
      keys: ['KeyA down', 'KeyA up'],
    },
    {
      name: 'a consent that the customer never gave, in the clear',
      page: /not sealed/,
      act: async () => {
        const { agent: from } = world.view();
        const all = ['view', 'control', 'files', 'clipboard', 'shell'];
        const snapshot = { revision: 4_000, state: 'granted', rights: all, more: null };
        const { body } = await world.impostor.ask({ do: 'control', control: { type: 'consent', snapshot } });
        world.toEnd('console', STREAM.control, wire.clear(STREAM.control, from, 100_000, unhex(body)));
      },
    },
    {
      name: 'a consent with a changed byte, and one that only looks sealed',
      page: /changed on its way, or is forged/,
      act: async () => {
        const own = downs(0, STREAM.control).at(-1);
        world.toEnd('console', STREAM.control, wire.changed(own, 14, (byte) => byte ^ 1));
        const { agent: from } = world.view();
        world.toEnd('console', STREAM.control, wire.seemingly(wire.clear(STREAM.control, from, 100_000, Buffer.alloc(30, 1)), wire.epoch(own, STREAM.control, true)));
      },
    },
    {
      name: "the technician's own words turned back at the page",
      page: /changed on its way, or is forged|another stream or sender/,
      act: async () => {
        const own = ups(0, STREAM.control).findLast((message) => !wire.isSignal(STREAM.control, message));
        const { agent: from } = world.view();
        world.toEnd('console', STREAM.control, own);
        world.toEnd('console', STREAM.control, wire.changed(own, 3, from));
      },
    },
    {
      name: 'a piece of the picture with a changed byte',
      page: /changed on its way, or is forged/,
      act: async () => {
        const piece = downs(0, STREAM.screen).at(-1);
        world.toEnd('console', STREAM.screen, wire.changed(piece, piece.length - 20, (byte) => byte ^ 1));
      },
    },
    {
      name: 'keys that the agent never handed over',
      page: /keys were changed on their way, or are forged/,
      act: async () => {
        const { agent: from, console: to } = world.view();
        const head = Buffer.of(1, STREAM.control, 128, from, 0, 0, 0, 0, 0, 0, to, 2, 0x7f, 0xff);
        world.toEnd('console', STREAM.control, Buffer.concat([head, Buffer.alloc(48, 9)]));
      },
    },
  ];

  for (const { name, act, agent: says, page, keys: allowed = [], then } of ATTACKS) {
    test(`has no effect with ${name}`, told(() => world, async () => {
      const mark = customer.target.mark;
      const from = agent.err.mark;
      const before = refused.length;
      await act();
      if (says) await agent.err.event('refused', { from, pick: ({ why }) => why === says });
      if (page) await until(`the page to refuse it as ${page}`, async () => refused.slice(before).some((text) => page.test(text)));
      await then?.();
      // What is genuine still goes, and nothing else has come.
      await press('p');
      await customer.target.key('KeyP', false, { from: mark });
      assert.deepEqual(keys(mark), [...allowed, 'KeyP down', 'KeyP up']);
      await technician.rights('view', 'control');
      assert.deepEqual(world.middle.failures, []);
    }));
  }

  test('and is noticed by the people at both ends', told(() => world, async () => {
    // The bar on the customer's screen, by the event that goes with its words.
    await agent.err.event('warned', { pick: ({ sentence: key }) => key === 'agent.banner.detail_refused' && sentence(key) });
    await becomes(() => technician.by('seal').getAttribute('data-refused'), 'true');
    assert.match(await technician.by('seal').locator('[title]').first().getAttribute('title'), new RegExp(escaped(sentence('web.seal.refused'))));
    await customer.sameAs(technician);
  }));
});

const escaped = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
