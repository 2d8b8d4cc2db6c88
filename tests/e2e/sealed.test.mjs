// A session that the customer joins by the link is sealed end to end: what is between the ends relays and reads nothing.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../kit/wait.mjs';
import { told, World } from './world.mjs';

/** The code and the secret that the technician's page shows in its link, as the agent takes them. */
async function link(technician) {
  await technician.start();
  const text = await technician.page.locator('.link').innerText();
  const found = /#(\d{10}\.[\w-]{22})$/.exec(text.trim());
  assert.ok(found, `the page shows "${text}", which is no link with a secret`);
  return found[1];
}

async function seal(technician) {
  return technician.by('seal').first().getAttribute('data-seal');
}

describe('a session joined by the link', () => {
  let world;
  let technician;
  let customer;
  let joined;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  step('both ends prove themselves, and the page says that the session is sealed', async () => {
    joined = await link(technician);
    const agent = customer.join(joined);
    await agent.err.event('sealed');
    await customer.person.allow();
    await technician.live();
    assert.equal(await seal(technician), 'on');
  });

  step('the picture is exact, and keys arrive', async () => {
    await customer.sameAs(technician);
    await technician.askControl();
    await customer.person.allow();
    await technician.rights('view', 'control');
    await customer.clicked(technician);
    const mark = customer.target.mark;
    await technician.page.keyboard.type('sealed');
    await until('the typed letters', async () => {
      const keys = customer.target.since(mark).filter((event) => event.kind === 'key' && event.down);
      if (keys.length >= 6) return true;
      throw new Error(`${keys.length} keys arrived`);
    });
  });

  step('a page that is loaded again is let in again and shows the picture', async () => {
    await technician.page.reload();
    await technician.live();
    assert.equal(await seal(technician), 'on');
    await customer.sameAs(technician);
  });

  step('the service has kept nothing of the secret', async () => {
    const secret = joined.split('.')[1];
    assert.ok(!world.household.report().includes(secret), 'it is in a log');
  });
});

describe('a link with another secret', () => {
  let world;
  before(async () => {
    world = await World.open();
  });
  after(() => world?.close());

  test('shows nothing, and the agent says why', told(() => world, async () => {
    const [technician, customer] = await Promise.all([world.technician(), world.customer()]);
    const [code, secret] = (await link(technician)).split('.');
    const other = secret.startsWith('A') ? `B${secret.slice(1)}` : `A${secret.slice(1)}`;
    const agent = customer.join(`${code}.${other}`);
    assert.equal((await agent.err.event('ended')).why, 'seal_secret');
    const { data } = await technician.pixels();
    assert.ok(data.every((byte) => byte === 0), 'the page shows something');
  }));
});
