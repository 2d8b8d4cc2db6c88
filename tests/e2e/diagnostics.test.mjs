// Diagnostics and the command line, between a real page and a real agent: what is read and done, what the customer decides,
// and what is left when it is over.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { program } from '../kit/programs.mjs';
import { becomes, until } from '../kit/wait.mjs';
import { told, World } from './world.mjs';

/** A process that is no zombie. */
const runs = (pid) => {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', `${pid}`], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
};

describe('diagnostics and the command line', () => {
  let world;
  let technician;
  let customer;
  let home;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
    home = path.join(world.household.folder, 'home');
    mkdirSync(home, { recursive: true });
    await technician.start();
    await customer.joinAndAllow(technician, { env: { HOME: home, SHELL: '/bin/bash', PS1: '$ ' } });
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  const receipt = () => {
    const folder = path.join(world.household.folder, `${customer.name}-data/farhand/receipts`);
    const [name] = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.farhand-receipt')) : [];
    if (!name) return '';
    const { stdout } = spawnSync(program('farhand-agent'), ['receipt', 'verify', path.join(folder, name)], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'en_GB.UTF-8' } });
    return stdout;
  };
  const receiptSays = (pattern) =>
    until(`the receipt to say ${pattern}`, async () => {
      const text = receipt();
      if (!pattern.test(text)) throw new Error(text);
      return text;
    });
  const shown = async () => (await technician.page.locator('.xterm-rows').innerText()).replaceAll('\u00a0', ' ');
  const shows = (pattern) =>
    until(`the terminal to show ${pattern}`, async () => {
      const text = await shown();
      const found = pattern.exec(text);
      if (!found) throw new Error(text);
      return found;
    });
  const type = async (line) => {
    await technician.page.keyboard.type(line);
    await technician.page.keyboard.press('Enter');
  };

  step('refused, they have no effect', async () => {
    await technician.by('open-diagnostics').click();
    await technician.by('ask-diagnostics').click();
    await customer.person.refuse();
    await receiptSays(/Refused: read system information/);
    await technician.rights('view');
    await technician.by('ask-diagnostics').waitFor();
    assert.equal(await technician.by('diagnostics-summary').count(), 0);
  });

  step('allowed, the overview is of this very machine', async () => {
    await technician.by('ask-diagnostics').click();
    await customer.person.allow();
    await technician.rights('view', 'diagnostics');
    const host = (await readFile('/proc/sys/kernel/hostname', 'utf8')).trim();
    const overview = technician.page.locator('[data-testid=diagnostics-summary][data-ready=true]');
    await overview.getByText(host, { exact: true }).first().waitFor();
  });

  step('a process is found and ended after a confirmation, and the receipt says so', async () => {
    const sleeps = spawn('sleep', ['4711'], { stdio: 'ignore' });
    const ended = new Promise((done) => sleeps.on('exit', (code, signal) => done(signal)));
    await technician.page.locator('[id$="-processes"][role=tab]').click();
    await technician.page.locator('[data-testid=diagnostics-processes][data-ready=true]').waitFor();
    await technician.by('diagnostics-search').fill('sleep 4711');
    await technician.by('diagnostics-read').click();
    await technician.by(`end-${sleeps.pid}`).click();
    assert.ok(runs(sleeps.pid));
    await technician.by('diagnostics-confirm').getByRole('button', { name: 'End', exact: true }).click();
    assert.equal(await ended, 'SIGTERM');
    await receiptSays(new RegExp(`Technician 1 .*end process ${sleeps.pid} sleep`));
  });

  step('everything is saved as one report', async () => {
    const [file] = await Promise.all([technician.page.waitForEvent('download'), technician.by('diagnostics-report').click()]);
    const report = await readFile(await file.path(), 'utf8');
    const data = JSON.parse(/<script type="application\/json"[^>]*>([^<]*)<\/script>/.exec(report)[1]);
    assert.ok(data.processes.length > 3 && data.summary.kernel !== '');
    assert.ok(data.software === null || data.software.some(({ name }) => name === 'bash'));
    assert.match(report, /<img src="data:image\/png;base64,/);
  });

  step('a command line needs a right of its own, and runs what is typed', async () => {
    await technician.by('open-shell').click();
    await technician.by('ask-shell').click();
    await customer.person.allow();
    await technician.rights('view', 'diagnostics', 'shell');
    await technician.by('shell-open').click();
    await technician.page.locator('[data-testid=shell-stage][data-stage=open]').waitFor();
    await type("echo sum''mer $((40 + 2)) \"[$DISPLAY]\"");
    await shows(/summer 42 \[\]/);
    await receiptSays(/Technician 1 .*echo sum''mer \$\(\(40 \+ 2\)\)/);
  });

  step('a password that is not shown is in no receipt, and the next command is', async () => {
    await type("read -s -p 'Pass''word: ' secret; echo; echo go''on");
    await shows(/Password: *$/m);
    await type('open sesame');
    await shows(/goon/);
    await type('echo behind');
    const text = await receiptSays(/: echo behind/);
    assert.ok(!text.includes('open sesame') && text.includes('•••'), text);
  });

  step('taken back by the customer, it ends with everything that was started from it', async () => {
    await type('nohup setsid sleep 4712 > /dev/null 2>&1 &');
    const sleeps = () => spawnSync('pgrep', ['-f', '^sleep 4712$']).status === 0;
    await until('it to run', async () => sleeps());
    await customer.person.revokeAll();
    await technician.page.locator('[data-testid=shell-stage][data-why=not_allowed]').waitFor();
    await becomes(async () => sleeps(), false);
    await technician.by('ask-shell').waitFor();
  });

  step('at the end both sides have signed all commands', async () => {
    await customer.person.end();
    const said = await customer.agent.err.event('receipt');
    assert.equal(said.signed, said.entries, receipt());
    const text = receipt();
    assert.match(text, /Both sides signed all/);
    assert.match(text, /Command line: \$ \/bin\/bash/);
  });
});
