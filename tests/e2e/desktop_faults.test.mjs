// What breaks under the desktop console: the network, the program itself. No key stays down, both ends are told, and the
// session goes on when it can.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Line } from '../kit/line.mjs';
import { until } from '../kit/wait.mjs';
import { Desktop } from './desktop.mjs';
import { told, World } from './world.mjs';

const id = (name) => `[data-testid="${name}"]`;

describe('faults under the desktop console', () => {
  let world;
  let line;
  let desktop;
  let customer;
  let session;
  before(async () => {
    world = await World.open();
    line = await Line.open(world.household, world.service);
    [desktop, customer] = await Promise.all([Desktop.open(world, { server: line.url }), world.customer()]);
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  /** What the service knows of the session's technician. */
  async function technician() {
    const cookie = await world.cookie();
    const { json } = await world.service.ask('GET', '/api/v1/sessions', { cookie });
    const found = json.sessions.find((created) => created.session.id === session);
    return found?.session.participants.find(({ role }) => role === 'technician');
  }

  /** Holds a key of the technician's own keyboard down (Shift repeats not, so that its going up is the end of it); returns where the target's log stood before. */
  async function hold(key, code) {
    const mark = customer.target.mark;
    await desktop.display.run('xdotool', ['keydown', key]);
    await customer.target.key(code, true, { from: mark });
    return mark;
  }

  step('a session stands, with control', async () => {
    await desktop.start();
    session = await desktop.driver.run(() => new URLSearchParams(location.hash.slice(1)).get('session'));
    const agent = customer.join(desktop.code);
    await agent.err.event('joined');
    await customer.person.allow();
    await desktop.live();
    await desktop.askControl();
    await customer.person.allow();
    await desktop.rights('view', 'control');
    await customer.clicked(desktop);
  });

  step('the network is cut with a key held: the key goes up, and the technician is told', async () => {
    const mark = await hold('Shift_L', 'ShiftLeft');
    line.cut();
    await customer.target.key('ShiftLeft', false, { from: mark });
    await desktop.display.run('xdotool', ['keyup', 'Shift_L']);
    await desktop.stage('lost', 'reconnecting');
    await desktop.picture('desktop-network-cut');
    await customer.consent('held');
  });

  step('the network is back: the session goes on by itself, with the very same pixels', async () => {
    line.mend();
    await desktop.live();
    await customer.target.pattern(2);
    await customer.sameAs(desktop);
    await desktop.picture('desktop-network-back');
  });

  step('control works again, once the technician has asked for it or has it still', async () => {
    const had = ((await desktop.driver.attribute(id('consent-state'), 'data-rights')) ?? '').split(' ').includes('control');
    if (!had) {
      await desktop.askControl();
      await customer.person.allow();
    }
    await desktop.rights('view', 'control');
    await customer.clicked(desktop);
    const mark = await hold('g', 'KeyG');
    await desktop.display.run('xdotool', ['keyup', 'g']);
    await customer.target.key('KeyG', false, { from: mark });
  });

  // From here on the driver has lost its page, and starts the program anew.
  step('the program is killed with a key held: the key goes up, and the customer is told', async () => {
    const mark = await hold('Shift_L', 'ShiftLeft');
    const held = customer.agent.err.mark;
    process.kill(await desktop.programPid(), 'SIGKILL');
    await customer.target.key('ShiftLeft', false, { from: mark });
    await desktop.display.run('xdotool', ['keyup', 'Shift_L']);
    await customer.agent.err.event('consent', { from: held, pick: ({ consent }) => consent.state === 'held' });
    await until('the service to know that the technician is gone', async () => (await technician())?.connected === false);
    if (process.env.FARHAND_PICTURES) await customer.display.screenshot(`${process.env.FARHAND_PICTURES}/desktop-killed-customer.png`);
  });

  step('no process of the program is left', async () => {
    await until('the pages’ processes to be gone', async () => (await desktop.pageProcesses()).length === 0);
  });

  step('started again it shows the same session, which goes on', async () => {
    await desktop.driver.quit();
    await desktop.again(`farhand://session/${session}`);
    await desktop.signIn({ then: 'tab' });
    await desktop.picture('desktop-started-again-first');
    await desktop.live();
    await customer.sameAs(desktop);
    await desktop.picture('desktop-started-again');
    await desktop.end();
    const { code } = await customer.agent.exited;
    assert.equal(code, 0);
  });
});
