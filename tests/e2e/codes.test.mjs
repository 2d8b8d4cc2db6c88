// Codes let one agent in, once.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { told, World } from './world.mjs';

describe('codes', () => {
  let world;
  let technician;
  let customer;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
  });
  after(() => world?.close());
  const promise = (name, body) => test(name, told(() => world, body));

  /** The agent ends without having joined, with a sentence that says what to do, and no panic. */
  async function turnedAway(code, { window = true, ...options } = {}) {
    const agent = customer.join(code, options);
    const failed = await agent.err.event('failed');
    // The window stays so that the person can read it.
    if (window) await customer.person.told();
    assert.match(failed.message, /[.!]$/, failed.message);
    assert.ok(!/panick|unwrap|Err\(/.test(agent.err.all.join('\n')), agent.err.tail());
    await agent.stop();
    return failed.code;
  }

  promise('a second agent on the same code is turned away, and the first does not notice', async () => {
    await technician.start();
    const second = await world.customer({ name: 'second' });
    const agent = await customer.joinAndAllow(technician);
    const other = second.join(technician.code);
    assert.match((await other.err.event('failed')).code, /^code_/);
    await customer.sameAs(technician);
    assert.equal(agent.ended, false);
    await technician.end();
    await agent.exited;
    await other.stop();
  });

  promise('a used code is used up', async () => assert.match(await turnedAway(technician.code), /^code_/));

  promise('a wrong code', async () => assert.match(await turnedAway('1234567890'), /^code_/));

  promise('what is no code at all', async () => assert.equal(await turnedAway('hello', { window: false }), 'code_malformed'));

  promise('nobody answers at the address', async () => {
    assert.equal(await turnedAway('1234567890', { server: 'https://127.0.0.1:9' }), 'unreachable');
  });

  promise('a certificate that nobody vouches for is not trusted', async () => {
    assert.equal(await turnedAway('1234567890', { fingerprint: '' }), 'untrusted');
  });

  promise('a certificate with another fingerprint is not trusted', async () => {
    assert.equal(await turnedAway('1234567890', { fingerprint: 'ab'.repeat(32) }), 'fingerprint');
  });

  promise('a machine without a display says so before the code is used', async () => {
    await technician.home();
    await technician.start();
    const agent = customer.join(technician.code, { env: { DISPLAY: ':9999' } });
    const failed = await agent.err.event('failed');
    assert.match(failed.message, /[.!]$/);
    await agent.exited;
    assert.equal(await technician.now(), 'waiting');
    await customer.joinAndAllow(technician);
  });
});
