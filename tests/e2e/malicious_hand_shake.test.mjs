// A service in the wrong hands tries to come between the two ends while they agree on their keys: whatever it changes,
// no session comes about, nothing is shown, and the people at both ends are told why.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { unhex } from '../kit/impostor.mjs';
import { until } from '../kit/wait.mjs';
import { ADMINISTRATOR } from './administrator.mjs';
import { apart, Between, changed, isSealed, isSignal, MaliciousWorld, sentence, signal, STREAM, together } from './malicious.mjs';
import { told } from './world.mjs';

const ORGANISATION = ADMINISTRATOR.organisation;
const OTHERS = [...ORGANISATION].toReversed().join('');
/** Hand-shake messages by their first byte. */
const [START, ANSWER] = [1, 2];
const HAND_SHAKE = 1;
/** Before a signal's content: head, epoch, receiver, kind. */
const CONTENT = 12;
const NOBODY = 9;

/** The digits after these. */
const after_ = (digits) => String((Number(digits) + 1) % 10_000).padStart(4, '0');

function replaced(bytes, from, to) {
  const at = bytes.indexOf(from);
  if (at < 0) return bytes;
  const copy = Buffer.from(bytes);
  copy.write(to, at);
  return copy;
}

/** Changes the signals that the service sends an end. */
const signals = (role, change) => (wire, up, text) => (wire.kind === 'signal' && wire.role === role && !up ? change(text) : undefined);

/** Changes hand-shake messages of a kind, whoever they are from. */
const handShakes = (kind, change) => (wire, up, bytes) => {
  if (wire.kind !== 'media' || !up) return undefined;
  const { stream, message } = apart(bytes);
  if (!isSignal(stream, message) || signal(message).kind !== HAND_SHAKE || message[CONTENT] !== kind) return undefined;
  return together(stream, change(message));
};

const first = (...all) => (wire, up, bytes) => {
  for (const one of all) {
    const found = one(wire, up, bytes);
    if (found !== undefined) return found;
  }
  return undefined;
};

describe('a service in the wrong hands', () => {
  let world;
  let technician;
  let customer;
  before(async () => {
    assert.notEqual(ORGANISATION, OTHERS);
    world = await MaliciousWorld.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
  });
  after(() => world?.close());

  /** What the agent says at the end, what the page says, and what is done: with the world, and the code's digits. */
  const ATTACKS = [
    {
      name: 'keys of its own for both ends, and a guess at the secret',
      agent: 'seal_secret',
      page: 'web.seal.wrong_secret',
      act: (digits) => new Between(world, { digits: after_(digits) }),
    },
    {
      name: 'another session for the agent',
      agent: 'seal_tampered',
      page: 'web.seal.tampered',
      act: () => {
        let real;
        world.middle.answers = (_, url, text) => {
          if (url !== '/api/v1/join') return undefined;
          const joined = JSON.parse(text);
          real = joined.session;
          return JSON.stringify({ ...joined, session: `${real.slice(0, -1)}${real.endsWith('0') ? '1' : '0'}` });
        };
        world.middle.route = (url) => url.replace(/^(\/api\/v1\/sessions\/)[^/]+(\/socket)$/, (path, before_, behind) => (real && !path.includes(real) ? `${before_}${real}${behind}` : path));
      },
    },
    {
      name: "another organisation's name before the customer",
      agent: 'seal_tampered',
      page: 'web.seal.tampered',
      act: () => {
        world.middle.hands = signals('agent', (text) => text.replaceAll(`"${ORGANISATION}"`, `"${OTHERS}"`));
      },
    },
    {
      name: "another organisation's name, and hand-shakes in which each end reads its own",
      agent: 'seal_tampered',
      page: 'web.seal.tampered',
      act: () => {
        world.middle.hands = first(
          signals('agent', (text) => text.replaceAll(`"${ORGANISATION}"`, `"${OTHERS}"`)),
          handShakes(START, (message) => replaced(message, OTHERS, ORGANISATION)),
          handShakes(ANSWER, (message) => replaced(message, ORGANISATION, OTHERS)),
        );
      },
    },
    {
      name: 'an older version for the agent',
      agent: 'seal_tampered',
      page: 'web.seal.tampered',
      act: () => {
        world.middle.hands = signals('agent', (text) => text.replace('"version":1', '"version":0'));
      },
    },
    {
      name: 'an older version for both ends',
      agent: 'seal_tampered',
      page: 'web.seal.tampered',
      both: true,
      act: () => {
        world.middle.hands = (wire, up, text) => (wire.kind === 'signal' && !up ? text.replace('"version":1', '"version":0') : undefined);
      },
    },
    {
      name: "another's number for the console",
      agent: 'seal_tampered',
      page: 'web.seal.tampered',
      act: () => {
        const console_ = 1;
        const told_ = signals('agent', (text) => text.replaceAll(`{"id":${console_},`, `{"id":${NOBODY},`));
        world.middle.hands = (wire, up, bytes) => {
          if (wire.kind !== 'media') return told_(wire, up, bytes);
          const { stream, message } = apart(bytes);
          if (wire.role !== 'agent' || !isSealed(message)) return undefined;
          // To the console what is for it under the other number, and to the agent in that name.
          return together(stream, up ? changed(message, CONTENT - 2, console_) : changed(message, 3, NOBODY));
        };
      },
    },
    {
      name: "another key for the technician's share of the receipt",
      agent: 'seal_tampered',
      page: 'web.seal.tampered',
      act: () => {
        // The offer's last 32 bytes, before two tags of 64.
        world.middle.hands = handShakes(ANSWER, (message) => changed(message, message.length - 128 - 5, (byte) => byte ^ 1));
      },
    },
    {
      name: "another share of the keys in the console's place",
      agent: 'seal_secret',
      page: 'web.seal.wrong_secret',
      act: () => {
        // A point of nobody's, but one: the encoding of twice the generator.
        const point = Buffer.from('6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919', 'hex');
        world.middle.hands = handShakes(ANSWER, (message) => Buffer.concat([message.subarray(0, CONTENT + 17), point, message.subarray(CONTENT + 49)]));
      },
    },
  ];

  /** A session's code; the page must not have been told of it before the middle is set. */
  async function begin(act, { both = false } = {}) {
    world.middle.behave();
    await technician.home();
    // What both ends are told must be changed before the page opens its socket.
    let changes = both ? act() : undefined;
    await technician.start();
    const from = world.mark;
    changes ??= act(technician.code.slice(6));
    return { from, changes };
  }

  async function nothing(from) {
    const { data } = await technician.pixels();
    assert.ok(data.every((byte) => byte === 0), 'the page shows something');
    assert.equal(await customer.person.noPrompt(), true, 'the customer was asked');
    const clear = world.media(from).filter(({ up, stream, message }) => up && !isSealed(message) && !(stream === STREAM.control && message.length > 60));
    assert.deepEqual(clear, [], 'something clear left an end');
  }

  for (const { name, agent: why, page, both, act } of ATTACKS) {
    test(`brings no session about with ${name}`, told(() => world, async () => {
      const { from } = await begin(act, { both });
      const agent = customer.join(technician.code);
      const said = technician.page.getByText(sentence(page)).first().waitFor();
      assert.equal((await agent.err.event('ended')).why, why);
      assert.ok(sentence(`agent.over.${why}`));
      await said;
      await nothing(from);
      assert.deepEqual(world.middle.failures, []);
      await agent.stop();
    }));
  }

  test('brings no session about by keeping the hand-shake from the ends, and nothing clear is sent instead', told(() => world, async () => {
    const held = [];
    const { from } = await begin(() => {
      world.middle.hands = (wire, up, bytes) => {
        if (wire.kind !== 'media' || !up) return undefined;
        const { stream, message } = apart(bytes);
        if (!isSignal(stream, message)) return undefined;
        held.push(wire.role);
        return [];
      };
    });
    const agent = customer.join(technician.code);
    await until('both ends to have begun', async () => held.includes('agent') && held.includes('console'));
    await nothing(from);
    // Let through after all, they meet.
    world.middle.behave();
    await technician.page.reload();
    await agent.err.event('sealed');
    await agent.stop();
  }));

  // With the one at the agent, above, three in all.
  test('gets two guesses in the place of the customer, and each is seen', told(() => world, async () => {
    const answers = [];
    const { from } = await begin(() => {
      world.middle.hands = (wire, up, bytes) => {
        if (wire.kind !== 'media' || !up) return undefined;
        const { stream, message } = apart(bytes);
        if (!isSignal(stream, message)) return undefined;
        if (wire.role === 'console' && signal(message).kind === HAND_SHAKE) answers.push(message);
        // The customer's own agent is never heard.
        return [];
      };
    });
    const agent = customer.join(technician.code);
    await until('both ends on their media path', async () => ['agent', 'console'].every((role) => world.media(from).some((message) => message.role === role && !message.up)));
    await until('the page to know the agent', async () => world.told('console').session?.participants.some(({ role, media }) => role === 'agent' && media));
    const digits = technician.code.slice(6);
    const guesses = [after_(digits), after_(after_(digits))];
    const say = ({ send }) => send.forEach((message) => world.toEnd('console', STREAM.control, unhex(message)));
    for (const [at, guess] of guesses.entries()) {
      const end = `guess-${at}`;
      const before_ = answers.length;
      say(await world.impostor.ask({ do: 'agent', end, view: world.view(), digits: guess }));
      const answer = await until('the console to answer', async () => answers[before_]);
      assert.equal(answer[CONTENT], ANSWER, 'it is no answer');
      const heard = await world.impostor.ask({ do: 'take', end, stream: STREAM.control, message: answer.toString('hex') });
      assert.deepEqual(heard.told, ['wrong_secret']);
      say(heard);
      await technician.page.getByText(sentence(at === 0 ? 'web.seal.wrong_secret' : 'web.seal.void')).first().waitFor();
    }
    // The page ends the session by itself: with the right one it is too late.
    await technician.stage('wrong_code', 'ended');
    await agent.err.event('ended');
    assert.equal(answers.filter((message) => message[CONTENT] === ANSWER).length, guesses.length);
    await nothing(from);
    await agent.stop();
  }));
});
