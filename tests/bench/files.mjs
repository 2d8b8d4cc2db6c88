// How fast a file goes each way between a browser and an agent on one machine, what that does to the way of a sign of
// life, and what scp needs for the same file where an SSH server is installed.
//
// node tests/bench/files.mjs [megabytes]

import { execFile, spawn } from 'node:child_process';
import { access, mkdir, open, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { World } from '../e2e/world.mjs';
import { pace, until } from '../kit/wait.mjs';

const run = promisify(execFile);
const MB = 1_000_000;
const size = Number(process.argv[2] ?? 1024) * MB;
const ASKS = '^Farhand files$';

/** A file whose bytes do not repeat, so that nothing on the way can make it smaller. */
async function fill(place) {
  const file = await open(place, 'w');
  const piece = crypto.getRandomValues(new Uint8Array(65_536));
  const large = Buffer.concat(Array.from({ length: 64 }, () => piece));
  for (let at = 0; at < size; at += large.length) await file.write(large.subarray(0, Math.min(large.length, size - at)));
  await file.close();
}

async function answer(person) {
  const pair = (buttons) => {
    const wide = buttons.filter((box) => box.width > 150);
    return wide.length >= 2 ? wide.toSorted((a, b) => a.y - b.y).slice(0, 2).toSorted((a, b) => a.x - b.x) : [];
  };
  const gone = async () => !pair((await person.look(ASKS, () => true, 500).catch(() => ({ buttons: [] }))).buttons).length;
  await person.choose(ASKS, (buttons) => pair(buttons).length === 2, (buttons) => pair(buttons)[1], gone);
}

/** Round trips that the page measured end to end, while `during` runs. */
async function trips(page, during) {
  const seen = [];
  let over = false;
  const watch = (async () => {
    while (!over) {
      const text = await page.getByTestId('carrier').innerText().catch(() => '');
      const ms = Number(/([\d.]+) ms/.exec(text)?.[1]);
      if (ms > 0) seen.push(ms);
      await pace(250);
    }
  })();
  const result = await during();
  over = true;
  await watch;
  seen.sort((a, b) => a - b);
  return { result, trip: seen[Math.floor(seen.length / 2)] ?? null };
}

async function scp(household, from) {
  const sshd = await access('/usr/sbin/sshd').then(() => '/usr/sbin/sshd', () => null);
  if (!sshd) return null;
  const folder = path.join(household.folder, 'ssh');
  await mkdir(folder, { mode: 0o700 });
  const key = path.join(folder, 'key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  await run('cp', [`${key}.pub`, path.join(folder, 'authorized')]);
  const config = ['Port 2222', 'ListenAddress 127.0.0.1', `HostKey ${key}`, `AuthorizedKeysFile ${folder}/authorized`, 'StrictModes no', 'UsePAM no', 'Subsystem sftp internal-sftp', `PidFile ${folder}/pid`];
  await writeFile(path.join(folder, 'config'), config.join('\n'));
  const server = spawn(sshd, ['-D', '-f', path.join(folder, 'config')], { stdio: 'ignore' });
  household.later(() => server.kill());
  await pace(1_000);
  const started = performance.now();
  await run('scp', ['-P', '2222', '-i', key, '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', from, `127.0.0.1:${folder}/copy`]);
  return size / MB / ((performance.now() - started) / 1000);
}

const world = await World.open();
try {
  const [technician, customer] = await Promise.all([world.technician(), world.customer()]);
  const home = path.join(world.household.folder, 'home');
  await mkdir(path.join(home, 'Downloads'), { recursive: true });
  const there = path.join(home, 'there.bin');
  await fill(there);
  await technician.page.addInitScript(() => {
    window.showSaveFilePicker = async ({ suggestedName }) => (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true });
  });
  await technician.page.reload();
  await technician.start();
  await customer.joinAndAllow(technician, { env: { HOME: home } });
  await technician.by('open-files').click();
  await technician.by('ask-files').click();
  await customer.person.allow();
  await technician.rights('view', 'files');

  const { trip: still } = await trips(technician.page, () => pace(6_000));
  const whole = async (direction) => {
    const row = technician.page.locator(`[data-testid=transfer][data-direction=${direction}]`).first();
    await until('it to begin', async () => Number(await row.getAttribute('data-moved')) > 0);
    const started = performance.now();
    const before = Number(await row.getAttribute('data-moved'));
    await until('it to be whole', async () => (await row.getAttribute('data-state')) === 'finished', { within: 600_000, every: 20 });
    return (size - before) / MB / ((performance.now() - started) / 1000);
  };
  await technician.by('files-input').setInputFiles(there);
  await answer(customer.person);
  const up = await trips(technician.page, () => whole('in'));
  await rm(path.join(home, 'Downloads', 'there.bin'));
  await technician.by('browse').click();
  await answer(customer.person);
  const entry = technician.page.locator('[data-testid=entry][data-name="there.bin"]');
  await entry.locator('input').check();
  await technician.by('take').click();
  const down = await trips(technician.page, () => whole('out'));
  const other = await scp(world.household, there);
  const rate = (value) => (value === null ? 'not measured' : `${value.toFixed(1)} MB/s`);
  const ms = (value) => (value === null ? 'not measured' : `${value.toFixed(1)} ms`);
  console.log(`${size / MB} MB`);
  console.log(`to the customer: ${rate(up.result)}, a sign of life takes ${ms(up.trip)}`);
  console.log(`from the customer: ${rate(down.result)}, a sign of life takes ${ms(down.trip)}`);
  console.log(`without a file a sign of life takes ${ms(still)}`);
  console.log(`scp: ${rate(other)}`);
} finally {
  await world.close();
}
