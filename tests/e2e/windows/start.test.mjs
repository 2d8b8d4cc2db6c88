// How customers with Windows come in: by a double click, by a file's name, by a link. And that the program takes a newer
// version of itself when a session is over, and starts as that one the next time. Nobody types a command line there.

import assert from 'node:assert/strict';
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run } from '../../kit/run.mjs';
import { until } from '../../kit/wait.mjs';
import { told, World } from '../world.mjs';
import { endedWith, onWindows, WindowsCustomer } from './wine.mjs';

/** Wine's first steps on a busy machine take their time. */
const SLOWLY = 90_000;
const [START, STATUS] = ['^Farhand start$', '^Farhand$'];
const SETTINGS = 'HKLM\\Software\\Farhand\\Agent';
const LINKS = 'HKLM\\Software\\Classes\\farhand';
const NEW = 'farhand-agent-9.9.9.exe';

const given = (variable) => process.env[variable] ?? assert.fail(`run these tests by \`cargo xtask test windows\`, which sets ${variable}`);

/** A release's signature in minisign's form, for a version that is not this tree's own: `cargo xtask dist sign` knows no other. */
function signature(bytes) {
  const secret = Buffer.from(readFileSync(given('FARHAND_WINDOWS_RELEASE_KEY'), 'utf8').trim().split('\n').at(-1), 'base64');
  const [id, seed] = [secret.subarray(54, 62), secret.subarray(62, 94)];
  // The frame of an Ed25519 key in PKCS #8.
  const key = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' });
  const signed = sign(null, createHash('blake2b512').update(bytes).digest(), key);
  const about = `farhand-release-1 program=farhand-agent version=9.9.9 target=windows-x86_64-exe file=${NEW} size=${bytes.length} sha256=${createHash('sha256').update(bytes).digest('hex')}`;
  const whole = sign(null, Buffer.concat([signed, Buffer.from(about)]), key);
  const line = Buffer.concat([Buffer.from('ED'), id, signed]).toString('base64');
  return `untrusted comment: a test's\n${line}\ntrusted comment: ${about}\n${whole.toString('base64')}\n`;
}

describe('the agent for Windows, started as customers start it', () => {
  let world;
  let technician;
  let customer;
  /** Where the customer keeps what they download. */
  let downloads;
  let place;
  before(async () => {
    place = mkdtempSync(path.join(tmpdir(), 'farhand-start-'));
    downloads = path.join(place, 'downloads');
    for (const name of ['offered', 'downloads']) mkdirSync(path.join(place, name));
    // Another program of the same kind, which is no larger than what may be offered: the same without what debuggers want.
    await run('x86_64-w64-mingw32-strip', ['-o', path.join(place, NEW), given('FARHAND_WINDOWS_AGENT')]);
    writeFileSync(path.join(place, `${NEW}.minisig`), signature(readFileSync(path.join(place, NEW))));
    for (const name of [`${NEW}.minisig`, NEW]) renameSync(path.join(place, name), path.join(place, 'offered', name));
    world = await World.open({ service: { args: ['--downloads', path.join(place, 'offered'), '--release-key', given('FARHAND_WINDOWS_RELEASES')] } });
    [technician, customer] = await Promise.all([world.technician(), WindowsCustomer.open(world)]);
    await technician.start();
  });
  after(async () => {
    if (customer) for (const key of [SETTINGS, LINKS]) await wine('reg', 'delete', key, '/f').exited;
    await world?.close();
    if (place) rmSync(place, { recursive: true, force: true });
  });
  const step = (name, body) => test(name, told(() => world, body));

  let started = 0;
  const wine = (what, ...words) => customer.machine.start(`${path.basename(what, '.exe')}-${++started}`, what.includes('/') ? onWindows(what) : what, words, { env: { LANG: 'C.UTF-8' } });
  const done = async (...words) => assert.equal((await wine(...words).exited).code, 0, words.join(' '));
  const set = (key, name, text) => done('reg', 'add', key, ...(name ? ['/v', name] : ['/ve']), '/t', 'REG_SZ', '/d', text, '/f');

  /** The program under the name that the join page gives it for this session. */
  const named = () => path.join(downloads, `farhand-agent_${technician.code}_127.0.0.1_${new URL(world.service.url).port}.exe`);
  let installed;

  /** The link that the join page makes for this session. */
  async function link() {
    const answer = await world.service.ask('POST', '/api/v1/start-token', { body: { number: technician.code.slice(0, 6) } });
    assert.equal(answer.status, 200, answer.text);
    return `farhand:start/${JSON.parse(answer.text).token}#${technician.code.slice(6)}`;
  }

  /** Presses keys in the window that asks, until `happened`. */
  async function answer(keys, happened) {
    const window = await until('the window that asks', async () => (await customer.person.windows(START))[0], { within: SLOWLY });
    await customer.shot(`start-${started}`);
    const press = async () => {
      for (const words of keys) await customer.display.run('xdotool', ['windowfocus', '--sync', window, ...words]).catch(() => {});
    };
    await until(
      'the window to take its answer',
      async () => {
        if (await happened(window)) return true;
        await press();
        return false;
      },
      { every: 1_500, within: SLOWLY },
    );
  }
  const connect = [['key', '--clearmodifiers', 'Return']];

  /** Closes what says how it ended. */
  async function closed() {
    const window = await until('the window that says how it ended', async () => (await customer.person.windows(STATUS))[0], { within: SLOWLY });
    await until(
      'it to close',
      async () => {
        if (await customer.person.gone(window)) return true;
        await customer.display.run('xdotool', ['windowfocus', '--sync', window, 'key', '--clearmodifiers', 'alt+F4']).catch(() => {});
        return false;
      },
      { every: 1_000 },
    );
  }

  /** The service was asked: by its own certificate it is not trusted without a link that names that. */
  async function isAsked(agent, keys) {
    await answer(keys, () => agent.err.events('failed').length > 0);
    const { code, message } = await agent.err.event('failed', { within: SLOWLY });
    assert.equal(code, 'untrusted', message);
    assert.ok(message.includes(new URL(world.service.url).host), message);
    await endedWith(agent, 5);
    await closed();
  }

  step('what the installer was told is the service that the window names, and only a code is missing', async () => {
    await set(SETTINGS, 'Server', world.service.url);
    const plain = path.join(downloads, 'farhand-agent.exe');
    copyFileSync(given('FARHAND_WINDOWS_AGENT'), plain);
    const agent = wine(plain, 'start', '--log', 'json');
    // The field for the code has the keyboard, and has nothing in it.
    await isAsked(agent, [['key', '--clearmodifiers', 'ctrl+a'], ['type', '--clearmodifiers', technician.code], ...connect]);
    rmSync(plain);
  });

  step('a file’s name fills in code and service, also where the installer was told another', async () => {
    await set(SETTINGS, 'Server', 'https://another.invalid');
    installed = named();
    copyFileSync(given('FARHAND_WINDOWS_AGENT'), installed);
    await isAsked(wine(installed, 'start', '--log', 'json'), connect);
  });

  let agent;
  step('a link starts a session: its window is answered, the agent asks, and a click on Allow starts the picture', async () => {
    agent = wine(installed, 'start', '--log', 'json', await link());
    await answer(connect, (window) => customer.person.gone(window));
    await agent.err.event('joined', { within: SLOWLY });
    await technician.stage('asking');
    await customer.person.allow(SLOWLY);
    await technician.live();
    await customer.sameAs(technician);
  });

  step('when it is over the newer version that the service offers takes the program’s place, and the window says so', async () => {
    const old = readFileSync(installed);
    await technician.end();
    const { outcome, version } = await agent.err.event('update', { within: SLOWLY });
    assert.deepEqual([outcome, version], ['agent.update.installed', '9.9.9']);
    await endedWith(agent, 0);
    assert.ok(readFileSync(installed).equals(readFileSync(path.join(place, 'offered', NEW))), 'the new program is not there');
    // What ran could only be moved away, or not even that was needed.
    const left = readdirSync(downloads).filter((name) => path.join(downloads, name) !== installed);
    assert.ok(left.length <= 1, left.join());
    for (const name of left) assert.ok(name.endsWith('.old') && readFileSync(path.join(downloads, name)).equals(old), name);
    await customer.shot('updated');
    await closed();
  });

  step('a link that Windows opens starts the new version, which clears up behind the old one', async () => {
    await technician.home();
    await technician.start();
    // As the MSI writes it down.
    await set(LINKS, '', 'URL:Farhand');
    await set(LINKS, 'URL Protocol', '');
    await set(`${LINKS}\\shell\\open\\command`, '', `"${onWindows(installed)}" start "%1"`);
    const opened = wine('start', await link());
    await answer(connect, (window) => customer.person.gone(window));
    await technician.stage('asking');
    assert.ok(!existsSync(installed.replace(/exe$/, 'old')), 'the old program lies there still');
    await customer.person.allow(SLOWLY);
    await technician.live();
    await customer.sameAs(technician);
    await technician.end();
    await closed();
    assert.equal((await opened.exited).code, 0);
    assert.deepEqual(technician.problems, []);
  });
});
