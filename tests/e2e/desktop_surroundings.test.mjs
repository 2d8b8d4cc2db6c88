// The desktop console among what a desktop has: a tray, notifications, a keyring, addresses that it opens.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Bus } from '../kit/bus.mjs';
import { program, ROOT } from '../kit/programs.mjs';
import { until } from '../kit/wait.mjs';
import { ADMINISTRATOR } from './administrator.mjs';
import { Desktop } from './desktop.mjs';
import { told, World } from './world.mjs';

const id = (name) => `[data-testid="${name}"]`;
const KEEPER = 'farhand-console';

describe('the desktop console on a desktop', () => {
  let world;
  let bus;
  let home;
  let desktop;
  let customer;
  let session;
  before(async () => {
    world = await World.open();
    home = path.join(world.household.folder, 'home');
    bus = await Bus.open(world.household);
    await bus.keyring({ home });
    [desktop, customer] = await Promise.all([Desktop.open(world, { signIn: false, furnish }), world.customer()]);
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  async function furnish(display) {
    await bus.tray(display);
    await bus.notifier(display);
    const env = { HOME: home, XDG_CONFIG_HOME: path.join(home, 'config'), XDG_DATA_HOME: path.join(home, 'data') };
    return { bus, env };
  }

  /** What the menu in the tray says, as the desktop is told it. */
  async function trayMenu() {
    const { name, menu } = await trayOwner();
    const words = ['--user', 'call', '--', name, menu, 'com.canonical.dbusmenu', 'GetLayout', 'iias', 0, -1, 1, 'label'];
    const layout = await desktop.display.run('busctl', words, { env: bus.env });
    return [...layout.matchAll(/"label" s "([^"]*)"/g)].map(([, label]) => label);
  }

  /** Who has the tray's menu on the bus, and where. */
  async function trayOwner() {
    const text = await desktop.display.run('busctl', ['--user', '--no-legend', '--no-pager', 'list'], { env: bus.env });
    const pid = await desktop.programPid();
    const names = text.split('\n').map((line) => line.trim().split(/\s+/)).filter(([name, process]) => name?.startsWith(':') && Number(process) === pid);
    for (const [name] of names) {
      // Some of the program's connections to the bus answer nothing.
      const tree = await desktop.display.run('busctl', ['--user', '--timeout=1', 'tree', '--list', name], { env: bus.env }).catch(() => '');
      const menu = tree.split('\n').find((line) => line.endsWith('/Menu'));
      if (menu) return { name, menu };
    }
    throw new Error('the program has no menu on the bus');
  }

  /** The icon's place on the display. */
  async function icon() {
    const [tray] = (await desktop.display.run('xdotool', ['search', '--onlyvisible', '--class', 'trayer'])).split('\n');
    const tree = await desktop.display.run('xwininfo', ['-tree', '-id', tray]);
    const found = /farhand-console.*?\s(\d+)x(\d+)\+-?\d+\+-?\d+\s+\+(-?\d+)\+(-?\d+)/i.exec(tree);
    if (!found) throw new Error(`the tray has:\n${tree}`);
    const [width, height, x, y] = found.slice(1).map(Number);
    return { x: x + Math.floor(width / 2), y: y + Math.floor(height / 2) };
  }

  step('the sign-in is kept in the keyring, and the settings say so', async () => {
    await desktop.signIn();
    await until('the keyring to have it', async () => (await bus.secretsOf(KEEPER)).length === 1);
    await desktop.driver.click(id('open-settings'));
    await desktop.driver.shown(id('settings'));
    assert.equal((await desktop.driver.run(() => window.__TAURI_INTERNALS__.invoke('status'))).keeping, 'keyring');
    await desktop.picture('desktop-kept-in-keyring');
    await desktop.driver.click(id('close-settings'));
  });

  step('started again it is signed in', async () => {
    await desktop.restart();
    await desktop.driver.shown(id('start-session'));
  });

  step('a waiting session stands beside the clock with its code, and leads to it', async () => {
    await until('the icon', icon);
    await desktop.start();
    session = await desktop.driver.run(() => new URLSearchParams(location.hash.slice(1)).get('session'));
    // The last four digits are not the service’s to know, and so not the tray’s.
    const code = `${desktop.code.slice(0, 3)} ${desktop.code.slice(3, 6)}`;
    await until('the tray to show the code', async () => (await trayMenu()).some((label) => label.startsWith(code)));
    await desktop.driver.click(id('close-tab'));
    await desktop.driver.shown(id('start-session'));
    const { x, y } = await icon();
    await desktop.display.run('xdotool', ['mousemove', x, y, 'click', 1]);
    await until('the menu to open', () => desktop.display.run('xdotool', ['search', '--onlyvisible', '--class', 'farhand-console']).then((text) => text.trim().split('\n').length > 1));
    await desktop.look('desktop-tray');
    await desktop.display.run('xdotool', ['key', 'Down', 'Return']);
    await desktop.stage('waiting');
  });

  step('a customer who comes is told by a notification', async () => {
    await desktop.driver.click(id('tab-home'));
    const agent = customer.join(desktop.code);
    await agent.err.event('joined');
    const told = await until('the notification', () => bus.notifications().find(({ program }) => program === 'Farhand Console'));
    assert.match(told.title, /\S/);
    assert.match(told.text, /\S/);
    assert.equal(bus.notifications().length, 1);
    await desktop.look('desktop-notification');
    await desktop.display.run('dunstctl', ['action'], { env: bus.env });
    await desktop.stage('asking');
    await customer.person.allow();
    await desktop.live();
  });

  step('an address that the desktop opens leads to its session, in the program that runs', async () => {
    const applications = path.join(home, 'data/applications');
    mkdirSync(applications, { recursive: true });
    const template = readFileSync(path.join(ROOT, 'console/app/farhand-console.desktop'), 'utf8');
    const words = { exec: [program('farhand-console'), ...desktop.args].join(' '), name: 'Farhand Console', comment: 'A test', icon: 'farhand-console' };
    writeFileSync(path.join(applications, 'farhand-console.desktop'), template.replace(/\{\{(\w+)\}\}/g, (_, word) => words[word]));
    const env = { ...desktop.env, ...bus.env };
    mkdirSync(path.join(home, 'config'), { recursive: true });
    await desktop.display.run('update-desktop-database', [applications], { env });
    await desktop.display.run('xdg-mime', ['default', 'farhand-console.desktop', 'x-scheme-handler/farhand'], { env });
    await desktop.driver.click(id('tab-home'));
    await desktop.driver.shown(id('start-session'));
    await desktop.display.run('xdg-open', [`farhand://session/${session}`], { env });
    await desktop.live();
    assert.equal((await desktop.windows()).length, 1);
    await customer.sameAs(desktop);
  });

  step('a second start ends at once, and brings the first to the front', async () => {
    const { code } = await desktop.second();
    assert.equal(code, 0);
    for (const evil of ['farhand://session/<script>', 'farhand://server/https://evil.example', 'https://evil.example/']) {
      assert.equal((await desktop.second(evil)).code, 0, evil);
    }
    assert.equal((await desktop.windows()).length, 1);
    await desktop.stage('live');
  });

  step('full screen fills the display, and back again', async () => {
    const { width, height } = desktop.display;
    const fills = async () => {
      const frame = await desktop.frame();
      return frame.width === width && frame.height === height;
    };
    assert.equal(await fills(), false);
    await desktop.press('F11');
    await until('the window to fill the display', fills);
    await customer.sameAs(desktop);
    await desktop.picture('desktop-full-screen');
    await desktop.press('F11');
    await until('the window to be as it was', async () => !(await fills()));
  });

  step('signing out takes it out of the keyring, and it is not there after a restart', async () => {
    await desktop.end();
    await desktop.driver.click(id('tab-home'));
    await desktop.driver.shown(id('start-session'));
    const { status } = await desktop.driver.run(() => window.__TAURI_INTERNALS__.invoke('api', { request: { method: 'POST', path: '/sign-out', kind: null, body: null } }));
    assert.equal(status, 204);
    await until('the keyring to be empty', async () => (await bus.secretsOf(KEEPER)).length === 0);
    await desktop.restart();
    await desktop.driver.shown(id('sign-in'));
    await desktop.driver.type(`${id('sign-in')} [name=email]`, ADMINISTRATOR.email);
  });

  step('when the keyring is gone, the sign-in ends with the program, and the settings say so', async () => {
    await bus.secrets.stop();
    await desktop.restart();
    await desktop.signIn();
    const status = await desktop.driver.run(() => window.__TAURI_INTERNALS__.invoke('status'));
    assert.deepEqual([status.keyring, status.keeping], [false, 'nowhere']);
    await desktop.driver.click(id('open-settings'));
    await desktop.driver.shown(id('settings'));
    await desktop.picture('desktop-without-keyring');
  });
});
