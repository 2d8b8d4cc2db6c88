// How fast a file goes each way between a browser and an agent on one machine, how long a key takes to its pixel while
// one goes and while none does, and what scp needs for the same file where an SSH server is installed.
//
// FARHAND_BINARIES=target/release node tests/bench/files.mjs [--megabytes 1024] [--presses 40] [--path blocked]
//
// Without presses only the rates are measured, with what each of the browser's threads cost.

import { execFile, spawn } from 'node:child_process';
import { access, mkdir, open, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { Display } from '../kit/display.mjs';
import { Household } from '../kit/household.mjs';
import { Target } from '../kit/target.mjs';
import { pace, until } from '../kit/wait.mjs';
import { rates, reading, threads } from './counters.mjs';
import { latency } from './measure.mjs';
import { farhand } from './products/farhand.mjs';
import { Viewer } from './viewer.mjs';

const run = promisify(execFile);
const { values } = parseArgs({ options: { megabytes: { type: 'string', default: '1024' }, presses: { type: 'string', default: '40' }, path: { type: 'string', default: 'direct' } } });
const MB = 1_000_000;
const size = Number(values.megabytes) * MB;
const presses = Number(values.presses);
const SCREEN = { width: 1920, height: 1080 };

/** A file whose bytes do not repeat, so that nothing on the way can make it smaller. */
async function fill(place, length) {
  const file = await open(place, 'w');
  const piece = crypto.getRandomValues(new Uint8Array(65_536));
  const large = Buffer.concat(Array.from({ length: 64 }, () => piece));
  for (let at = 0; at < length; at += large.length) await file.write(large.subarray(0, Math.min(large.length, length - at)));
  await file.close();
}

/** The threads that cost most between two counts, in milliseconds a megabyte. */
function costliest(before, after, megabytes) {
  const spent = [...after].map(([name, seconds]) => [name, ((seconds - (before.get(name) ?? 0)) * 1000) / megabytes]);
  return spent.toSorted((a, b) => b[1] - a[1]).slice(0, 8).map(([name, each]) => `${each.toFixed(2)} ms/MB ${name}`);
}

async function scp(household, from) {
  const sshd = await access('/usr/sbin/sshd').then(() => '/usr/sbin/sshd', () => null);
  if (!sshd) return null;
  const folder = path.join(household.folder, 'ssh');
  await mkdir(folder, { mode: 0o700 });
  await mkdir('/run/sshd', { recursive: true }).catch(() => undefined);
  const key = path.join(folder, 'key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  await run('cp', [`${key}.pub`, path.join(folder, 'authorized')]);
  const config = ['Port 2222', 'ListenAddress 127.0.0.1', `HostKey ${key}`, `AuthorizedKeysFile ${folder}/authorized`, 'StrictModes no', 'UsePAM no', 'Subsystem sftp internal-sftp', `PidFile ${folder}/pid`];
  await writeFile(path.join(folder, 'config'), config.join('\n'));
  const server = spawn(sshd, ['-D', '-f', path.join(folder, 'config')], { stdio: 'ignore' });
  household.later(() => server.kill());
  const copy = () => run('scp', ['-P', '2222', '-i', key, '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', from, `127.0.0.1:${folder}/copy`]);
  await until('the SSH server to answer', () => run('ssh', ['-p', '2222', '-i', key, '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '127.0.0.1', 'true']).then(() => true));
  const started = performance.now();
  await copy();
  return size / MB / ((performance.now() - started) / 1000);
}

const household = new Household();
const home = path.join(household.folder, 'home');
await mkdir(path.join(home, 'Downloads'), { recursive: true });
Object.assign(process.env, { HOME: home, XDG_CONFIG_HOME: path.join(home, '.config') });
try {
  await fill(path.join(home, 'there.bin'), size);
  await fill(path.join(home, 'long.bin'), 4 * size);
  const display = await Display.open(household, { name: 'customer', ...SCREEN, manager: true });
  const target = await Target.open(display, { name: 'target' });
  const viewer = await Viewer.open(household);
  await viewer.page.addInitScript(() => {
    window.showSaveFilePicker = async ({ suggestedName }) => (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true });
  });
  const screen = { target, display, viewer };
  const session = await farhand({ household, screen, size: SCREEN, route: values.path });
  const { console_, person, agent } = session;
  const groups = { ...session.groups, viewer: viewer.pids };
  const panel = () => console_.by('open-files').click();
  /** The picture has the keyboard, and lies where it says. */
  const atKeys = async () => {
    await target.focus();
    await console_.by('screen-surface').focus();
    const place = await viewer.place('[data-testid=screen-surface]', SCREEN);
    await until('the page to take the keys', async () => (await console_.by('keys').getAttribute('data-capturing')) === 'true');
    return place;
  };
  const keys = async () => latency(screen, await atKeys(), presses);
  await target.mode('idle');
  await pace(1_500);
  const still = presses ? await keys() : null;

  await panel();
  await console_.by('ask-files').click();
  await person.allow();
  await console_.rights('view', 'control', 'files');
  const row = (direction) => viewer.page.locator(`[data-testid=transfer][data-direction=${direction}]:not([data-state=over])`).first();
  const going = (direction) => until('it to begin', async () => Number(await row(direction).getAttribute('data-moved')) > 0, { every: 20 });
  const whole = async (direction) => {
    await going(direction);
    const before = Number(await row(direction).getAttribute('data-moved'));
    const [at, counted, spent] = [performance.now(), await reading(groups, session.received), threads(groups.viewer)];
    await until('it to be whole', async () => (await row(direction).getAttribute('data-state')) === 'finished', { within: 600_000, every: 100 });
    const seconds = (performance.now() - at) / 1000;
    const { cpu } = rates(counted, await reading(groups, session.received));
    if (!presses) for (const line of costliest(spent, threads(groups.viewer), (size - before) / MB)) console.log(`  ${direction}: ${line}`);
    console.log(`${direction}: ${((size - before) / MB / seconds).toFixed(1)} MB/s`);
    await console_.by('files-clear').click();
    return { rate: (size - before) / MB / seconds, cpu };
  };
  /** Keys while a long file goes, which is stopped then. */
  const under = async (direction) => {
    await going(direction);
    await panel();
    const found = await keys();
    await panel();
    const state = await row(direction).getAttribute('data-state');
    if (state !== 'flows') throw new Error(`the file was ${state} before the keys were counted`);
    await row(direction).getByTestId('transfer-stop').click();
    await until('it to be over', async () => (await row(direction).count()) === 0);
    await console_.by('files-clear').click();
    return found;
  };
  /** Names the file to the browser, which reads it itself. Playwright would carry every byte of it there first. */
  const give = async (name) => {
    const devtools = await viewer.context.newCDPSession(viewer.page);
    const { root } = await devtools.send('DOM.getDocument');
    const { nodeId } = await devtools.send('DOM.querySelector', { nodeId: root.nodeId, selector: '[data-testid=files-input]' });
    await devtools.send('DOM.setFileInputFiles', { nodeId, files: [path.join(home, name)] });
    await devtools.detach();
  };
  const browse = async (name) => {
    await console_.by('folder-home').click();
    await viewer.page.locator(`[data-testid=entry][data-name="${name}"] input`).check();
    await console_.by('take').click();
  };

  await give('there.bin');
  await person.files(true);
  const up = await whole('in');
  await rm(path.join(home, 'Downloads', 'there.bin'));
  if (presses) await give('long.bin');
  const underUp = presses ? await under('in') : null;

  await console_.by('browse').click();
  await person.files(true);
  await viewer.page.locator('[data-testid=entry]').first().waitFor();
  await browse('there.bin');
  const down = await whole('out');
  if (presses) await browse('long.bin');
  const underDown = presses ? await under('out') : null;
  const other = await scp(household, path.join(home, 'there.bin'));

  const rate = (value) => (value === null ? 'not measured' : `${value.toFixed(1)} MB/s`);
  const key = ({ p50, p95, lost, presses }) => `p50 ${p50.toFixed(1)}  p95 ${p95.toFixed(1)} ms (${presses} keys, ${lost} lost)`;
  const share = ({ cpu }) => Object.entries(cpu).map(([name, percent]) => `${name} ${percent.toFixed(0)}`).join(', ');
  console.log(`${cpus().length} × ${cpus()[0].model.trim()}, load ${loadavg().map((load) => load.toFixed(1)).join(' ')}; ${size / MB} MB, ${(await console_.carrier()).name}`);
  console.log(`to the customer:   ${rate(up.rate)}   CPU % ${share(up)}`);
  console.log(`from the customer: ${rate(down.rate)}   CPU % ${share(down)}`);
  console.log(`scp:               ${rate(other)}`);
  if (presses) {
    console.log(`key → pixel without a file:           ${key(still)}`);
    console.log(`key → pixel, a file to the customer:  ${key(underUp)}   ${(underUp.p50 / still.p50).toFixed(2)} times`);
    console.log(`key → pixel, a file from the customer: ${key(underDown)}   ${(underDown.p50 / still.p50).toFixed(2)} times`);
  }
  if (agent.code !== undefined && agent.code !== null) console.log(`the agent has ended: ${agent.code}`);
} catch (error) {
  console.error(household.report?.(12) ?? '');
  throw error;
} finally {
  await household.close();
}
process.exit(0);
