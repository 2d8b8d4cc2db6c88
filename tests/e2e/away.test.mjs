// An end that cannot be reached for a while, comes from another address, or sleeps: both are told, no key stays down, and
// the session goes on by itself, without a new question.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { Line } from '../kit/line.mjs';
import { until } from '../kit/wait.mjs';
import { told, World } from './world.mjs';

/** A program and everything that it has started. */
function family(pid) {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n').map((row) => row.trim().split(/\s+/).map(Number));
  const found = [pid];
  for (const of of found) found.push(...rows.filter(([, parent]) => parent === of).map(([child]) => child));
  return found;
}

const signal = (pids, name) => {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended.
    }
  }
};

describe('an end that is away', () => {
  let world;
  let own;
  let lines;
  let technician;
  let customer;
  let agent;
  before(async () => {
    world = await World.open();
    const [near, far, browser] = await Promise.all([Line.open(world.household, world.service), Line.open(world.household, world.service, '127.0.0.3'), world.ownBrowser()]);
    lines = { technician: near, agent: far };
    own = browser;
    [technician, customer] = await Promise.all([world.technician({ browser: own.browser, signIn: false }), world.customer()]);
    Object.defineProperty(technician, 'url', { value: near.url });
    await technician.signIn();
    // What the page shows, in its order and by its own clock.
    await technician.page.evaluate(() => {
      window.seen = [];
      const look = () => {
        const stage = document.querySelector('[data-testid=consent-state], [data-testid=stage-card]')?.dataset.stage;
        for (const now of [document.querySelector('[data-testid=stale]') ? 'stale' : 'fresh', stage ?? 'none']) {
          const [kind, of] = now === 'stale' || now === 'fresh' ? ['picture', now] : ['stage', now];
          if (window.seen.findLast((entry) => entry.kind === kind)?.now !== of) window.seen.push({ kind, now: of, at: performance.now() });
        }
      };
      new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
    });
    await technician.start();
    agent = await customer.joinAndAllow(technician, { server: far.url });
    await technician.askControl();
    await customer.person.allow();
    await technician.rights('view', 'control');
    await customer.clicked(technician);
  });
  after(() => world?.close());

  const seen = () => technician.page.evaluate(() => window.seen);

  /** The whole of it: `away` and `back` are done, and in between `meanwhile` is true. Nobody is asked again. */
  const promise = (name, { key, stale = false, away, meanwhile = async () => {}, back }) =>
    test(
      name,
      told(
        () => world,
        async () => {
          const prompts = agent.err.events('prompt').length;
          const before = (await seen()).length;
          const mark = customer.target.mark;
          if (key) {
            // One that does not repeat while it is held: going up is the end of it.
            await technician.page.keyboard.down(key);
            await customer.target.key(key, true, { from: mark });
          }
          await away();
          if (key) await customer.target.key(key, false, { from: mark });
          await meanwhile(before);
          await back();
          if (key) await technician.page.keyboard.up(key);
          await technician.live();
          await technician.rights('view', 'control');
          if (stale) {
            const order = (await seen()).slice(before).map(({ now }) => now);
            const [old, lost] = [order.indexOf('stale'), order.indexOf('lost')];
            assert.ok(old >= 0 && (lost < 0 || old < lost), `the picture is marked as old before the connection is given up: ${order}`);
          }
          // Control is where it was: a key goes down and up once, and none of the time between came late.
          const then = customer.target.mark;
          await until('a key to arrive', async () => {
            await technician.page.keyboard.press('KeyP');
            return customer.target.key('KeyP', false, { from: then, within: 2_000 });
          });
          const keys = customer.target.since(mark).filter(({ kind }) => kind === 'key');
          const down = new Map();
          for (const { code, down: is } of keys) down.set(code, is);
          assert.deepEqual([...down.values()].filter(Boolean), [], `keys that stayed down: ${JSON.stringify([...down])}`);
          if (key) {
            const held = keys.filter(({ code }) => code === key).map(({ down: is }) => is);
            assert.deepEqual(held, [true, false], 'it goes down once, and up');
          }
          await customer.sameAs(technician);
          assert.equal(agent.err.events('prompt').length, prompts, 'nobody is asked again');
          assert.equal(agent.ended, false);
        },
      ),
    );

  const held = (from) => agent.err.event('consent', { from, pick: ({ consent }) => consent.state === 'held' });

  {
    let from;
    promise('the technician’s network is cut with a key held: both ends are told, and it comes back', {
      key: 'ShiftLeft',
      stale: true,
      away: async () => {
        from = agent.err.mark;
        lines.technician.cut();
      },
      meanwhile: async () => {
        await technician.stage('lost');
        await held(from);
      },
      back: async () => lines.technician.mend(),
    });
  }

  {
    let from;
    promise('the customer’s network is cut with a key held: both ends are told, and it comes back', {
      key: 'ShiftLeft',
      stale: true,
      away: async () => {
        from = agent.err.mark;
        lines.agent.cut();
      },
      meanwhile: async () => {
        await agent.err.event('link_lost', { from });
        await technician.stage('lost');
        await held(from);
      },
      back: async () => lines.agent.mend(),
    });
  }

  promise('the customer’s computer gets another address: the session goes on', {
    away: async () => lines.agent.move(),
    back: async () => {},
  });

  promise('the technician’s computer gets another address: the session goes on', {
    away: async () => lines.technician.move(),
    back: async () => {},
  });

  promise('the customer’s computer sleeps: the technician is told, and the session goes on when it wakes', {
    stale: true,
    away: async () => agent.signal('SIGSTOP'),
    meanwhile: async () => technician.by('stale').waitFor(),
    back: async () => agent.signal('SIGCONT'),
  });

  {
    let stopped;
    let from;
    promise('the technician’s computer sleeps with a key held: the key goes up, and the session goes on when it wakes', {
      key: 'ShiftLeft',
      away: async () => {
        from = agent.err.mark;
        stopped = family(own.pid);
        signal(stopped, 'SIGSTOP');
        world.household.later(() => signal(stopped, 'SIGCONT'));
      },
      meanwhile: async () => held(from),
      back: async () => signal(stopped, 'SIGCONT'),
    });
  }
});
