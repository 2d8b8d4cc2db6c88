// A customer gets the program from the join page, and starts it for the session that the page is open for.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { program } from '../kit/programs.mjs';
import { PATIENCE, until } from '../kit/wait.mjs';
import { told, World } from './world.mjs';

const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';
const START = '^Farhand start$';
const EXE = 'farhand-agent-9.9.9.exe';
/** In the place of a Windows program: what is tested is that every byte arrives. */
const BYTES = Buffer.alloc(300_000, 'a stand-in for a program ');

describe('downloads', () => {
  let world;
  let customer;
  let technician;
  let place;
  let key;
  before(async () => {
    place = mkdtempSync(path.join(tmpdir(), 'farhand-downloads-'));
    mkdirSync(path.join(place, 'folder'));
    key = xtask('key', path.join(place, 'key'));
    put(EXE, BYTES);
    world = await World.open({ service: { args: ['--downloads', path.join(place, 'folder'), '--release-key', key] } });
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
  });
  after(async () => {
    await world?.close();
    if (place) rmSync(place, { recursive: true, force: true });
  });
  const promise = (name, body) => test(name, told(() => world, body));

  function must(command, words) {
    const { status, stderr } = spawnSync(command, words, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  }

  function xtask(...words) {
    const { status, stdout, stderr } = spawnSync(program('xtask'), ['dist', ...words], { encoding: 'utf8', env: { ...process.env, FARHAND_RELEASE_KEY_FILE: path.join(place, 'key') } });
    assert.equal(status, 0, stderr);
    return stdout.trim();
  }

  /** Puts a release into the service's folder, signature first, so that nobody sees it half there. */
  function put(name, bytes) {
    writeFileSync(path.join(place, name), bytes);
    xtask('sign', '--program', 'farhand-agent', '--target', 'windows-x86_64-exe', path.join(place, name));
    for (const file of [`${name}.minisig`, name]) renameSync(path.join(place, file), path.join(place, 'folder', file));
  }

  /** The join page as somebody opens it who got the technician's code. */
  async function joinPage(code) {
    const context = await (await world.browser()).newContext({ ignoreHTTPSErrors: true, userAgent: WINDOWS, locale: 'en-GB' });
    context.setDefaultTimeout(PATIENCE);
    await context.addInitScript(() => Object.defineProperty(navigator, 'platform', { get: () => 'Win32' }));
    const page = await context.newPage();
    await page.goto(`${world.service.url}/join#${code}`);
    await page.getByTestId('join').getByRole('button').click();
    await page.getByTestId('open').waitFor();
    return page;
  }

  const digits = () => [technician.code].flat().join('').replace(/\D/g, '');

  /** A link as the page makes it. */
  async function link() {
    const page = await joinPage(digits());
    await page.getByTestId('open').click();
    const found = await until('a link', async () => page.getByTestId('start-link').getAttribute('href'));
    await page.context().close();
    return found;
  }

  /** Starts the program by a link, and presses Connect in its window. */
  async function begin(link) {
    const agent = customer.display.start(`customer-start-${Date.now()}`, program('farhand-agent'), ['start', '--log', 'json', link], { env: { LANG: 'C.UTF-8', ...customer.home() } });
    await connect();
    return agent;
  }

  async function connect() {
    const window = await until('the window that asks', async () => (await customer.person.windows(START))[0]);
    await until('Connect to be pressed', async () => {
      await customer.display.run('xdotool', ['windowfocus', '--sync', window, 'key', '--clearmodifiers', 'Return']).catch(() => {});
      return customer.person.gone(window);
    });
  }

  /** Installs the package for Debian into a folder of its own, and returns what a desktop's programs then know of it. */
  function install() {
    // What it starts is the real program. Packing that takes long, and that it is packed whole the tests of packages show.
    const inside = path.join(place, 'starts-the-program');
    writeFileSync(inside, `#!/bin/sh\nexec '${program('farhand-agent')}' "$@"\n`);
    xtask('--agent', inside, '--out', path.join(place, 'packages'));
    const deb = readdirSync(path.join(place, 'packages')).find((name) => name.endsWith('.deb'));
    const root = path.join(place, 'computer');
    for (const folder of ['updates', 'info']) mkdirSync(path.join(root, 'var/lib/dpkg', folder), { recursive: true });
    writeFileSync(path.join(root, 'var/lib/dpkg/status'), '');
    // The libraries that it needs are this computer's.
    must('dpkg', [`--root=${root}`, '--force-not-root', '--force-depends', '--install', path.join(place, 'packages', deb)]);
    // On a whole computer the package of this tool runs it after each installation.
    must('update-desktop-database', [path.join(root, 'usr/share/applications')]);
    return {
      HOME: path.join(root, 'home'),
      XDG_CONFIG_HOME: path.join(root, 'home/config'),
      XDG_DATA_DIRS: path.join(root, 'usr/share'),
      PATH: `${path.join(root, 'usr/bin')}:${process.env.PATH}`,
      // None of these desktops: the tool then looks for itself.
      XDG_CURRENT_DESKTOP: undefined,
      DESKTOP_SESSION: undefined,
    };
  }

  promise('everybody gets the very same file, under a name that says which session it is for', async () => {
    await technician.start();
    const page = await joinPage(digits());
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('download').click()]);
    const { port } = new URL(world.service.url);
    assert.equal(download.suggestedFilename(), `farhand-agent_${digits()}_127.0.0.1_${port}.exe`);
    assert.deepEqual(readFileSync(await download.path()), BYTES);
    const other = await world.service.ask('GET', `/download/farhand-agent/${EXE}`);
    assert.equal(other.headers['content-length'], String(BYTES.length));
    assert.equal(await page.getByTestId('check-command').textContent(), `minisign -Vm farhand-agent_${digits()}_127.0.0.1_${port}.exe -x ${EXE}.minisig -P ${key}`);
    await page.context().close();
  });

  promise('the page’s own line for checking a download takes the genuine one, and refuses one with another byte', async () => {
    const page = await joinPage(digits());
    await page.getByTestId('check').locator('summary').click();
    const downloads = path.join(place, 'downloaded');
    mkdirSync(downloads);
    for (const what of ['download', 'signature']) {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId(what).click()]);
      await download.saveAs(path.join(downloads, download.suggestedFilename()));
    }
    // As somebody copies it into a terminal in that folder.
    const line = await page.getByTestId('check-command').textContent();
    await page.context().close();
    const check = () => spawnSync('sh', ['-c', line], { cwd: downloads, encoding: 'utf8' });
    const genuine = check();
    assert.equal(genuine.status, 0, `${line}\n${genuine.stderr}`);
    assert.match(genuine.stdout, /Signature and comment signature verified/);
    assert.match(genuine.stdout, /^Trusted comment: farhand-release-1 program=farhand-agent version=\S+ target=windows-x86_64-exe /m);
    const file = path.join(downloads, /-Vm (\S+)/.exec(line)[1]);
    const changed = readFileSync(file);
    changed[changed.length >> 1] ^= 1;
    writeFileSync(file, changed);
    const refused = check();
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /Signature verification failed/);
  });

  promise('a link from the page starts the session once its window is answered, and asks before anything is seen', async () => {
    const agent = await begin(await link());
    await agent.err.event('joined');
    await customer.person.allow();
    await technician.live();
    await customer.sameAs(technician);
    await technician.end();
    await agent.exited;
  });

  promise('a link that the desktop opens starts the program that the package for Debian installed', async () => {
    await technician.home();
    await technician.start();
    const env = { LANG: 'C.UTF-8', ...customer.home(), ...install() };
    const opened = customer.display.start('customer-opens', 'xdg-open', [await link()], { env });
    await connect();
    await customer.person.allow();
    await technician.live();
    await customer.sameAs(technician);
    await technician.end();
    await opened.exited;
  });

  promise('a link that was changed, or made by nobody, begins nothing', async () => {
    await technician.home();
    await technician.start();
    const genuine = await link();
    const [, token, rest] = /^farhand:start\/([^#]+)#(.*)$/.exec(genuine);
    const [body, signature] = token.split('.');
    const text = Buffer.from(body, 'base64url').toString();
    const later = Buffer.from(text.replace(/\d+$/, (until) => String(Number(until) + 60))).toString('base64url');
    const other = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
    for (const changed of [`${later}.${signature}`, `${body}.${other}`]) {
      const agent = await begin(`farhand:start/${changed}#${rest}`);
      assert.equal((await agent.err.event('failed')).code, 'link_foreign');
      await customer.person.told();
      await agent.stop();
    }
    // The code was not used up by them.
    const agent = await begin(genuine);
    await agent.err.event('joined');
    await agent.stop();
  });

  promise('a file that is not what was signed is no longer offered', async () => {
    const file = path.join(place, 'folder', EXE);
    const changed = Buffer.from(BYTES);
    changed[1000] ^= 1;
    writeFileSync(`${file}.new`, changed);
    renameSync(`${file}.new`, file);
    const answer = await world.service.ask('GET', '/api/v1/service');
    assert.deepEqual(JSON.parse(answer.text).downloads, []);
    assert.equal((await world.service.ask('GET', `/download/farhand-agent/${EXE}`)).status, 404);
    put(EXE, BYTES);
    assert.equal(JSON.parse((await world.service.ask('GET', '/api/v1/service')).text).downloads.length, 1);
  });
});
