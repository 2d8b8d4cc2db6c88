// The customer's computer restarts in the middle of a session, and the session goes on: with what the customer let stay,
// for as long as they let it, and not after its end. What restarts here is the agent and the display; the session manager
// is a test's own, on a bus of the test's own.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Bus } from '../kit/bus.mjs';
import { program } from '../kit/programs.mjs';
import { Target } from '../kit/target.mjs';
import { becomes, until } from '../kit/wait.mjs';
import { told, World } from './world.mjs';

/** With this, ten minutes that the customer chooses last ten seconds. */
const SHORT = { FARHAND_RESTART_MINUTE: '1' };

describe('a restart of the customer’s computer', () => {
  let world;
  let technician;
  let customer;
  let login;
  let env;
  let record;
  let entry;
  let blocked;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
    const bus = await Bus.open(world.household, { name: 'system-bus' });
    login = world.household.start('logind', program('farhand-target-logind'), [bus.address], { stdin: 'pipe' });
    await login.out.find('the session manager to run', (line) => line === 'ready');
    const config = path.join(world.household.folder, 'customer-config');
    env = {
      ...customer.home(),
      LANG: 'C.UTF-8',
      XDG_CONFIG_HOME: config,
      DBUS_SYSTEM_BUS_ADDRESS: bus.address,
      DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/session',
    };
    record = path.join(env.XDG_STATE_HOME, 'farhand/resume');
    entry = path.join(config, 'autostart/farhand-agent-resume.desktop');
    blocked = path.join(config, 'farhand/blocked.json');
  });
  after(() => world?.close());
  const promise = (name, body) => test(name, told(() => world, body));

  const reboots = () => login.out.all.filter((line) => line.startsWith('reboot')).length;

  /** What the session manager does when it is told to restart: `hold`, and then `go` or `refuse`. */
  async function manager(word) {
    const before = login.out.all.filter((line) => line === 'told').length;
    login.child.stdin.write(`${word}\n`);
    await until('the session manager to know', async () => login.out.all.filter((line) => line === 'told').length > before);
  }

  async function wish() {
    await technician.by('restart').click();
    await technician.page.getByTestId('restart-dialog').getByTestId('confirm-act').click();
  }

  /** The customer says yes, and the computer goes down: the agent by itself, the display with all that is on it. */
  async function goesDown(choice, { meanwhile, asleep } = {}) {
    if (meanwhile) await manager('hold');
    const before = reboots();
    await wish();
    await customer.person.restart(true, { choice });
    await until('the session manager to be told', async () => reboots() === before + 1);
    if (meanwhile) {
      await meanwhile();
      await manager('go');
    }
    await customer.agent.err.event('restarts');
    const { code } = await customer.agent.exited;
    assert.equal(code, 0);
    const at = Date.now();
    await customer.target.process.stop();
    await customer.display.restart(asleep);
    return at;
  }

  /** The customer has signed in: what the desktop starts by itself runs. */
  function signsIn(more = {}) {
    const exec = /^Exec=(.*)$/m.exec(readFileSync(entry, 'utf8'))[1];
    // As a desktop reads it: a string of the file first, then its words.
    const line = exec.replaceAll('\\\\', '\\').replaceAll('%%', '%');
    customer.agent = customer.display.start(`customer-agent-back-${Date.now()}`, 'sh', ['-c', `exec ${line} --log json`], { env: { ...env, ...more } });
  }

  async function desk() {
    customer.target = await Target.open(customer.display, { name: `customer-target-${Date.now()}` });
  }

  promise('a No restarts nothing, and the session goes on as it was', async () => {
    await technician.start();
    await customer.joinAndAllow(technician, { env });
    await technician.askControl();
    await customer.person.allow();
    await technician.rights('view', 'control');
    await wish();
    await technician.page.locator('[data-testid=restart][data-stage=asking]').waitFor();
    await customer.person.restart(false);
    await technician.page.locator('[data-testid=restart][data-stage=refused]').waitFor();
    await technician.rights('view', 'control');
    assert.equal(reboots(), 0);
    assert.equal(existsSync(record) || existsSync(entry), false);
  });

  promise('a Yes for ten minutes brings the technician back without a question, and leaves nothing on the disk', async () => {
    // Until the computer goes down the session goes on: a page that is loaded again shakes hands anew, and it is that
    // hand-shake that counts afterwards.
    const meanwhile = async () => {
      const meetings = () => customer.agent.err.events('sealed').length;
      const met = meetings();
      await technician.page.reload();
      await until('the page to be met anew', async () => meetings() > met);
      await technician.live();
      await technician.rights('view', 'control');
    };
    // The desktop may start the program before there is a display; the record waits with it.
    const asleep = async () => {
      assert.equal(statSync(record).mode & 0o777, 0o600);
      const bytes = readFileSync(record);
      for (const word of ['127.0.0.1', 'session', 'token', technician.code.slice(0, 6)]) assert.equal(bytes.includes(word), false, `${word} lies there in clear`);
      assert.equal(readFileSync(entry, 'utf8').includes(technician.code), false);
      signsIn(SHORT);
      await customer.agent.err.event('not_ready');
      assert.equal(existsSync(record) && existsSync(entry), true);
    };
    await goesDown(1, { meanwhile, asleep });
    await desk();
    await customer.agent.err.event('back', { pick: ({ rights }) => rights.includes('control') });
    await technician.live();
    await technician.rights('view', 'control');
    assert.equal(await customer.person.noPrompt(), true);
    assert.equal(existsSync(record) || existsSync(entry), false);
    // The customer sees that somebody is back, and says that it is all right.
    await customer.person.restart(true);
    await customer.clicked(technician);
    await customer.sameAs(technician);
  });

  promise('after the customer’s time the session is there and everything is asked for anew', async () => {
    const at = await goesDown(1);
    await technician.stage('restarting');
    assert.match(await technician.by('back-until').textContent(), /\d\d:\d\d/);
    await desk();
    // What cannot run yet uses nothing up: it is told what is wrong, and the next start goes on.
    mkdirSync(path.dirname(blocked), { recursive: true });
    writeFileSync(blocked, 'no list');
    signsIn();
    await customer.agent.err.event('failed', { pick: ({ code }) => code === 'blocked_list' });
    await customer.agent.exited;
    assert.equal(existsSync(record) && existsSync(entry), true);
    rmSync(blocked);
    await until('the time that the customer chose to be over', () => Date.now() - at > 10_000, { within: 20_000 });
    signsIn();
    await customer.agent.err.event('back', { pick: ({ rights }) => rights.length === 0 });
    // The console asks again for the view by itself, as at the beginning; nothing is seen before the answer.
    await customer.agent.err.event('prompt', { pick: ({ rights }) => rights.includes('view') });
    const before = customer.agent.err.events('consent').filter(({ consent }) => (consent.rights ?? []).length > 0 && consent.state !== 'asking');
    assert.deepEqual(before, []);
    await customer.person.allow();
    await technician.live();
    await technician.rights('view');
  });

  promise('a record that was changed opens nothing and is gone, and a session that was ended meanwhile is not gone on with', async () => {
    await goesDown(0);
    await technician.stage('restarting');
    const good = readFileSync(record);
    const bad = Buffer.from(good);
    bad[bad.length - 1] ^= 1;
    writeFileSync(record, bad);
    const text = readFileSync(entry, 'utf8');
    await desk();
    signsIn();
    await customer.agent.err.event('nothing_to_resume');
    await customer.agent.exited;
    assert.equal(existsSync(record) || existsSync(entry), false);
    await technician.stage('restarting');
    await technician.end();
    writeFileSync(record, good, { mode: 0o600 });
    writeFileSync(entry, text);
    signsIn();
    await customer.agent.err.event('not_back');
    await customer.person.told();
    assert.equal(existsSync(record) || existsSync(entry), false);
    const { code } = await customer.agent.exited;
    assert.equal(code, 7);
    assert.equal(reboots(), 3);
    assert.deepEqual(technician.problems, []);
  });

  promise('a computer that does not restart after its display is gone leaves no session without a window', async () => {
    await customer.display.restart();
    await desk();
    await technician.home();
    await technician.start();
    await customer.joinAndAllow(technician, { env });
    await manager('hold');
    const before = reboots();
    await wish();
    await customer.person.restart(true);
    await until('the session manager to be told', async () => reboots() === before + 1);
    await customer.target.process.stop();
    await customer.display.restart(async () => {
      // Whatever is shown of it is gone, and the banner with it.
      await manager('refuse');
      const { code } = await customer.agent.exited;
      assert.equal(code, 7);
      assert.equal(customer.agent.err.events('ended').at(-1).why, 'window');
    });
    await technician.stage('ended');
    assert.equal(existsSync(record) || existsSync(entry), false);
    await manager('go');
  });
});
