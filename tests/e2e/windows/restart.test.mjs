// A restart with the agent for Windows, under Wine: the agent asks for it as on Windows, Wine ends what runs, and the
// technician is back without a question. Wine does not start what is to be started once at a person's next sign-in: this
// test takes the entry out of the registry and starts it, as Windows does.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { told, World } from '../world.mjs';
import { onWindows, Target, WindowsCustomer } from './wine.mjs';

/** Wine's first steps on a busy machine take their time. */
const SLOWLY = 90_000;
const KEY = 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\RunOnce';
const ENTRY = 'FarhandResume';
const MANAGER = 'HKCU\\Software\\Wine\\Credential Manager';

describe('a restart of the customer’s computer with Windows', () => {
  let world;
  let technician;
  let customer;
  let env;
  let record;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), WindowsCustomer.open(world)]);
    const state = path.join(world.household.folder, 'state');
    env = { XDG_STATE_HOME: onWindows(state), LANG: 'C.UTF-8' };
    record = path.join(state, 'farhand/resume');
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  /** What Windows would start, if anything. */
  async function entry() {
    const text = await customer.machine.run('reg', ['query', KEY, '/v', ENTRY]).catch(() => '');
    return new RegExp(`${ENTRY}\\s+REG_SZ\\s+(.*?)\\s*$`, 'm').exec(text)?.[1];
  }

  /** What of this program's lies in the Credential Manager, which Wine keeps in the registry. */
  async function keys() {
    const text = await customer.machine.run('reg', ['query', MANAGER]).catch(() => '');
    return [...text.matchAll(/Generic: ([^\\\s]+)\.farhand-agent\s*$/gm)].map(([, name]) => name);
  }

  async function wish() {
    await technician.by('restart').click();
    await technician.page.getByTestId('restart-dialog').getByTestId('confirm-act').click();
  }

  step('a No restarts nothing and leaves nothing behind', async () => {
    await technician.start();
    const agent = customer.join(technician.code, { env });
    await agent.err.event('joined', { within: SLOWLY });
    await customer.person.allow(SLOWLY);
    await technician.live();
    await technician.askControl();
    await customer.person.allow(SLOWLY);
    await technician.rights('view', 'control');
    await wish();
    await technician.page.locator('[data-testid=restart][data-stage=asking]').waitFor();
    await customer.person.restart(false, { within: SLOWLY });
    await technician.page.locator('[data-testid=restart][data-stage=refused]').waitFor();
    await technician.rights('view', 'control');
    assert.equal(await entry(), undefined);
    assert.equal(existsSync(record), false);
    assert.deepEqual(await keys(), []);
  });

  step('a Yes for ten minutes has this program started once, and the system asked for a restart', async () => {
    await wish();
    await customer.person.restart(true, { choice: 1, within: SLOWLY });
    await customer.agent.err.event('restarts', { within: SLOWLY });
    await customer.agent.exited;
    await technician.stage('restarting');
    const [key, ...more] = await keys();
    assert.match(key, /^[0-9a-f]{32}$/);
    assert.deepEqual(more, []);
    const bytes = readFileSync(record);
    assert.equal(bytes.subarray(5, 21).toString('hex'), key, 'the file names its key');
    for (const word of ['127.0.0.1', 'session', 'token', technician.code.slice(0, 6)]) assert.equal(bytes.includes(word), false, `${word} lies there in clear`);
    await customer.machine.goDown();
  });

  step('after the next sign-in the technician is back without a question, and nothing is left', async () => {
    const line = await entry();
    const words = /^"([^"]+farhand-agent[^"]*\.exe)" "(resume)"$/.exec(line ?? '');
    assert.ok(words, `${line}`);
    await customer.machine.run('reg', ['delete', KEY, '/v', ENTRY, '/f']);
    customer.target = await Target.open(customer.machine);
    customer.agent = customer.machine.start('agent-back', words[1], [words[2], '--log', 'json'], { env });
    await customer.agent.err.event('back', { within: SLOWLY, pick: ({ rights }) => rights.includes('control') });
    await technician.live();
    await technician.rights('view', 'control');
    assert.equal(await customer.person.noPrompt(), true);
    assert.equal(await entry(), undefined);
    assert.equal(existsSync(record), false);
    assert.deepEqual(await keys(), []);
    await customer.shot('back');
    await customer.person.restart(true, { within: SLOWLY });
    await customer.sameAs(technician);
  });
});
