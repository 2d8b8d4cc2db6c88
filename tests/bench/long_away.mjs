// What happens when an end is away for longer than two minutes, with real programs: told, and nothing goes on by itself.
// It takes as long as it says, so it is run by its name:
//
// FARHAND_BINARIES=target/debug node tests/bench/long_away.mjs

import assert from 'node:assert/strict';
import { Line } from '../kit/line.mjs';
import { until } from '../kit/wait.mjs';
import { World } from '../e2e/world.mjs';

/** For so long nobody is asked anew. */
const GRACE = 120;
/** What an end may be late by. */
const LATE = 20;

const seconds = (from) => (performance.now() - from) / 1000;

async function away(who) {
  const world = await World.open();
  try {
    const [near, far] = await Promise.all([Line.open(world.household, world.service), Line.open(world.household, world.service, '127.0.0.3')]);
    const own = await world.ownBrowser();
    const [technician, customer] = await Promise.all([world.technician({ browser: own.browser, signIn: false }), world.customer()]);
    Object.defineProperty(technician, 'url', { value: near.url });
    await technician.signIn();
    await technician.start();
    const agent = await customer.joinAndAllow(technician, { server: far.url });
    await technician.askControl();
    await customer.person.allow();
    await technician.rights('view', 'control');
    await customer.clicked(technician);
    const line = who === 'customer' ? far : near;
    const mark = agent.err.mark;
    const begun = performance.now();
    line.cut();
    await agent.err.event('consent', { from: mark, pick: ({ consent }) => consent.state === 'held', within: 30_000 });
    console.log(`${who} away: consent is held after ${seconds(begun).toFixed(1)} s`);
    const event = await agent.err.event('consent', { from: mark, pick: ({ consent }) => consent.state === 'ended', within: (GRACE + LATE + 10) * 1000 });
    const over = seconds(begun);
    console.log(`${who} away: consent is ended after ${over.toFixed(1)} s: ${JSON.stringify(event.consent)}`);
    assert.ok(over >= GRACE - 5 && over <= GRACE + LATE, `${over} s`);
    // Back after all: nothing goes on.
    line.mend();
    let last;
    await until(
      'the page to say that it is over',
      async () => {
        const now = await technician.now();
        if (now !== last) console.log(`${who} away: the page is at "${now}" after ${seconds(begun).toFixed(1)} s`);
        last = now;
        return now === 'ended';
      },
      { within: 60_000 },
    );
    console.log(`${who} away: the page says after ${seconds(begun).toFixed(1)} s: ${(await technician.page.locator('[data-testid=stage-card]').innerText()).split('\n')[0]}`);
    await agent.exited;
    // With the same code nobody comes in again; with a new one the customer is asked anew.
    const again = await customer.join(technician.code, { server: far.url }).exited;
    console.log(`${who} away: the old code lets nobody in (${again.code})`);
    assert.notEqual(again.code, 0, 'the code is good no more');
    await technician.by('start-again').click();
    technician.code = await until('a new code', async () => {
      const code = (await technician.by('session-code').innerText()).replace(/\D/g, '');
      return code.length === 10 && code !== technician.code ? code : undefined;
    });
    const anew = customer.join(technician.code, { server: far.url });
    await anew.err.event('prompt');
    console.log(`${who} away: in a new session the customer is asked anew`);
    await customer.person.allow();
    await technician.live();
  } finally {
    await world.close();
  }
}

const wanted = process.argv.slice(2);
for (const who of wanted.length > 0 ? wanted : ['customer', 'technician']) await away(who);
