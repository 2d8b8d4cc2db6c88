// Where UDP does not pass, the session runs over the WebSocket and says so.

import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { after, before, describe, test } from 'node:test';
import { told, World } from './world.mjs';

describe('UDP is blocked', () => {
  let world;
  let technician;
  let customer;
  let hole;
  before(async () => {
    // The offer names a port where everything that arrives is dropped, as a firewall drops it.
    hole = dgram.createSocket('udp4');
    const port = await new Promise((resolve) => hole.bind(0, '127.0.0.1', () => resolve(hole.address().port)));
    world = await World.open({ service: { args: ['--media-public-port', String(port)] } });
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
  });
  after(async () => {
    await world?.close();
    hole?.close();
  });
  const promise = (name, body) => test(name, told(() => world, body));

  promise('a session runs all the same, exact, with control', async () => {
    await technician.start();
    await customer.joinAndAllow(technician);
    await customer.sameAs(technician);
    await technician.askControl();
    await customer.person.allow();
    await technician.rights('view', 'control');
    await customer.clicked(technician);
    const mark = customer.target.mark;
    await technician.page.keyboard.press('KeyU');
    await customer.target.key('KeyU', true, { from: mark });
  });

  promise('both sides say which way they go', async () => {
    assert.deepEqual(await technician.carrier(), { name: 'websocket', blocked: true });
    await customer.agent.err.event('carrier', { pick: (event) => event.carrier === 'websocket' });
  });

  promise('it ends like any other', async () => {
    await technician.end();
    await customer.agent.exited;
  });
});
