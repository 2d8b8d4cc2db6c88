// Whatever dies, no key stays down, nothing is captured on, and who is left can go on.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { until } from '../kit/wait.mjs';
import { told, World } from './world.mjs';

describe('faults', () => {
  let world;
  let technician;
  let customer;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
  });
  after(() => world?.close());
  beforeEach(async () => {
    await customer.agent?.stop();
    await technician.home();
    await technician.start();
  });
  const promise = (name, body) => test(name, told(() => world, body));

  async function controlled(console_) {
    await customer.joinAndAllow(console_);
    await console_.askControl();
    await customer.person.allow();
    await console_.rights('view', 'control');
    await customer.clicked(console_);
  }

  /** A key that does not repeat while it is held: its going up is the end of it. */
  const HELD = 'ShiftLeft';

  /** Holds a key down on the customer's machine; returns where the target's log stood before. */
  async function hold(console_, code) {
    const mark = customer.target.mark;
    await console_.page.keyboard.down(code);
    await customer.target.key(code, true, { from: mark });
    return mark;
  }

  promise('the agent is killed with a key held: the key goes up, and the technician is told', async () => {
    await controlled(technician);
    const mark = await hold(technician, HELD);
    // The agent alone: its window and its keeper are processes of their own.
    customer.agent.signal('SIGKILL');
    await customer.target.key(HELD, false, { from: mark });
    await technician.stage('lost', 'ended');
    await technician.page.keyboard.up(HELD);
    await until('its window to go', async () => (await customer.person.windows('^Farhand session$')).length === 0);
  });

  promise('the browser is killed with a key held: the key goes up, and nothing is captured on', async () => {
    const own = await world.ownBrowser();
    const other = await world.technician({ browser: own.browser });
    await other.start();
    await customer.agent?.stop();
    await controlled(other);
    const mark = await hold(other, HELD);
    own.kill();
    await customer.target.key(HELD, false, { from: mark });
    await customer.consent('held');
  });

  promise('the page is loaded again in the middle: the same session goes on', async () => {
    await customer.joinAndAllow(technician);
    await technician.page.reload();
    await technician.live();
    await customer.sameAs(technician);
  });

  promise('the service restarts under a live session: it comes back by itself', async () => {
    await customer.joinAndAllow(technician);
    await world.service.restart('SIGKILL');
    await technician.live();
    await customer.target.mode('type');
    await customer.target.mode('idle');
    await customer.sameAs(technician);
    await technician.end();
  });

  promise('the service restarts with a key held: the key goes up', async () => {
    await controlled(technician);
    const mark = await hold(technician, HELD);
    await world.service.stop('SIGKILL');
    await customer.target.key(HELD, false, { from: mark });
    await technician.page.keyboard.up(HELD);
    await world.service.start();
    await technician.stage('live', 'ended');
  });

  promise("the agent's window is killed: the session does not go on unseen", async () => {
    const agent = await customer.joinAndAllow(technician);
    // By its process: the X server gives a new window the number of the one that went.
    const owner = async () => {
      const [banner] = await customer.person.windows('^Farhand session$');
      return banner ? Number(await customer.display.run('xdotool', ['getwindowpid', banner]).catch(() => '0')) : 0;
    };
    const killed = await owner();
    assert.ok(killed > 0);
    process.kill(killed, 'SIGKILL');
    await until('a new window, or the end', async () => agent.ended || ![0, killed].includes(await owner()));
    assert.ok(agent.ended || agent.err.events('window_restarted').length > 0);
  });
});
