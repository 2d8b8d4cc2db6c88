// Every session is sealed end to end, whether the customer types the code or opens the link: what is between the ends
// relays and reads nothing. Whoever comes with a wrong secret is turned away, and both people are told.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../kit/wait.mjs';
import { told, World } from './world.mjs';

/** The session's number and the secret that the technician's page shows in its link, as the agent takes them. */
async function link(technician) {
  await technician.start();
  const text = await technician.page.locator('.link').innerText();
  const found = /#(\d{6}\.[\w-]{22})$/.exec(text.trim());
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

describe('a session joined by the typed code', () => {
  let world;
  let technician;
  let customer;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  step('the page sends the service the first six digits at most', async () => {
    const sent = [];
    technician.page.on('request', (request) => sent.push(`${request.method()} ${request.url().split('#')[0]} ${JSON.stringify(request.headers())} ${request.postData() ?? ''}`));
    technician.page.on('websocket', (socket) => {
      sent.push(socket.url());
      socket.on('framesent', ({ payload }) => sent.push(String(payload)));
    });
    const code = await technician.start();
    await technician.stage('waiting');
    await until('the page to have opened its socket', () => sent.some((text) => text.includes('hello')));
    const secret = code.slice(6);
    // As a word of its own: four digits stand by chance in times and identifiers.
    for (const text of sent) assert.ok(!new RegExp(`(?<![\\w])${secret}(?![\\w])`).test(text) && !text.includes(code), text);
    assert.match(await technician.by('session-code').innerText(), /^\d{3}\s+\d{3}\s+\d{4}$/);
  });

  step('the code in three groups, as people type it, seals the session', async () => {
    const { code } = technician;
    const agent = customer.join([code.slice(0, 3), code.slice(3, 6), code.slice(6)]);
    await agent.err.event('sealed');
    await customer.person.allow();
    await technician.live();
    assert.equal(await seal(technician), 'on');
    await customer.sameAs(technician);
  });

  step('the lock names the two ends', async () => {
    await technician.by('seal').getByText('Tess Technician – ').waitFor();
    await technician.by('seal').locator('[title*="Tess Technician"]').waitFor();
  });
});

describe('a wrong secret', () => {
  let world;
  let technician;
  let customer;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  /** Another secret of the same kind. */
  const other = (text) => `${text.slice(0, -1)}${text.endsWith('1') ? '2' : '1'}`;

  async function turnedAway(code) {
    const agent = customer.join(code);
    assert.equal((await agent.err.event('ended')).why, 'seal_secret');
    const { data } = await technician.pixels();
    assert.ok(data.every((byte) => byte === 0), 'the page shows something');
    await customer.person.told();
    await agent.stop();
  }

  let mistyped;
  step('typed with a slip of the finger: both people are told, and nothing is shown', async () => {
    mistyped = other(await technician.start());
    await turnedAway(mistyped);
    await technician.stage('wrong_code');
    await technician.page.locator('[data-testid=wrong-try][data-tries="1"]').waitFor();
  });

  step('the same code is not tried again on this computer', async () => {
    const agent = customer.join(technician.code);
    const failed = await agent.err.event('failed');
    assert.equal(failed.code, 'code_tried');
    assert.match(failed.message, /ask the technician for a new one\.$/);
    await agent.stop();
  });

  step('a new code is one click away, and works', async () => {
    const before = technician.code;
    await technician.by('new-code').click();
    technician.code = await until('the new code', async () => {
      const code = (await technician.by('session-code').innerText()).replace(/\D/g, '');
      return code.length === 10 && code !== before ? code : undefined;
    });
    await customer.joinAndAllow(technician);
    assert.equal(await seal(technician), 'on');
    await technician.end();
    await customer.agent.exited;
  });

  step('in a link', async () => {
    await technician.home();
    const [number, secret] = (await link(technician)).split('.');
    const first = secret.startsWith('A') ? 'B' : 'A';
    await turnedAway(`${number}.${first}${secret.slice(1)}`);
    await technician.stage('wrong_code');
  });
});
