// The customer stays master of the machine: one press takes back control, everything, or keeps somebody out for good.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { program } from '../kit/programs.mjs';
import { becomes, until } from '../kit/wait.mjs';
import { told, World } from './world.mjs';

const BORDER = 'e06a00';

describe('the brakes', () => {
  let world;
  let technician;
  let customer;
  let config;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
    config = path.join(world.household.folder, 'customer-config');
  });
  after(() => world?.close());
  beforeEach(async () => {
    await customer.agent?.stop();
    await technician.home();
    await technician.start();
  });
  const promise = (name, body) => test(name, told(() => world, body));
  const env = () => ({ XDG_CONFIG_HOME: config });

  async function controlled() {
    await customer.joinAndAllow(technician, { env: env() });
    await technician.askControl();
    await customer.person.allow();
    await technician.rights('view', 'control');
  }

  /** The colour of a place on the customer's screen. */
  async function colour(x, y) {
    const { data, width } = await customer.display.pixels();
    return data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3).toString('hex');
  }

  promise('while somebody controls, a border says so, and both see it', async () => {
    await customer.joinAndAllow(technician, { env: env() });
    assert.notEqual(await colour(1, 400), BORDER);
    await technician.askControl();
    await customer.person.allow();
    await becomes(() => colour(1, 400), BORDER);
    await becomes(() => colour(1278, 400), BORDER);
    await becomes(() => colour(640, 718), BORDER);
    await customer.sameAs(technician);
    await customer.person.takeBackControl();
    await technician.rights('view');
    await until('the border to go', async () => (await colour(1, 400)) !== BORDER);
  });

  promise('the chord takes control back at once, also while the technician holds keys', async () => {
    await controlled();
    await customer.clicked(technician);
    const mark = customer.target.mark;
    await technician.page.keyboard.down('KeyW');
    await customer.target.key('KeyW', true, { from: mark });
    await customer.person.chord();
    await technician.rights('view');
    await customer.target.key('KeyW', false, { from: mark });
    await technician.page.keyboard.up('KeyW');
    await customer.agent.err.event('taken_back', { pick: (event) => event.by === 'chord' });
    // Where nobody controls, it opens all controls; Escape closes them.
    await customer.person.chord();
    await until('the window of controls', async () => (await customer.person.windows('^Farhand controls$')).length === 1);
    await customer.display.run('xdotool', ['key', 'Escape']);
    await until('it to go', async () => (await customer.person.windows('^Farhand controls$')).length === 0);
  });

  promise('everything is revoked at once, and the technician may ask anew', async () => {
    await controlled();
    await customer.person.revokeAll();
    await technician.rights();
    await technician.stage('ready');
    await technician.by('ask-view').click();
    await customer.person.allow();
    await technician.live();
    await customer.sameAs(technician);
  });

  promise('whoever is turned away is told so before anybody is asked, until that is undone', async () => {
    await customer.joinAndAllow(technician, { env: env() });
    await customer.person.end();
    await technician.stage('ended');
    const file = path.join(config, 'farhand/blocked.json');
    const kept = () => readFile(file, 'utf8').then(JSON.parse, () => []);
    await customer.person.neverAgain(async () => (await kept()).length === 1);
    const [entry] = await kept();
    assert.ok(entry.technician.length > 0 && entry.server.length > 0, JSON.stringify(entry));

    await technician.home();
    await technician.start();
    const turned = customer.join(technician.code, { env: env() });
    await turned.err.event('turned_away');
    await technician.stage('ended');
    await becomes(() => technician.by('stage-card').locator('h1').innerText(), 'The customer does not want to be asked by you');
    assert.deepEqual(turned.err.events('prompt'), []);
    assert.ok(await customer.person.noPrompt());
    await customer.person.told();
    await turned.stop();

    const list = await customer.display.run(program('farhand-agent'), ['blocked', 'list'], { env: env() });
    assert.match(list, new RegExp(`^1  ${entry.technician} of `));
    await customer.display.run(program('farhand-agent'), ['blocked', 'remove', '1'], { env: env() });
    await technician.home();
    await technician.start();
    await customer.joinAndAllow(technician, { env: env() });
  });
});
