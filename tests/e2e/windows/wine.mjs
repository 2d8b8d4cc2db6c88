// A customer's computer with Windows: Wine on a display of its own. The agent is the very program that a customer's
// Windows would run; the person at it looks at the screen and moves the pointer like everywhere.

import assert from 'node:assert/strict';
import path from 'node:path';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Display } from '../../kit/display.mjs';
import { parse } from '../../kit/lines.mjs';
import { run } from '../../kit/run.mjs';
import { Customer } from '../world.mjs';

const WINE = '/usr/lib/wine/wine64';
const SERVER = '/usr/lib/wine/wineserver64';
const SHELL = 'C:\\windows\\system32\\cmd.exe';

/** What `cargo xtask test windows` made: the programs, and a prefix for Wine. */
function made(name, variable) {
  const place = process.env[variable];
  if (!place || !existsSync(place)) throw new Error(`${name} is missing: run these tests by \`cargo xtask test windows\`, which sets ${variable}`);
  return place;
}

/** A place of this machine as programs under Wine name it. */
export const onWindows = (place) => `Z:${place.replaceAll('/', '\\')}`;

/**
 * The agent ended by itself, with this code. Wine's server kills a program that has ended and whose threads are slow to go
 * (seen once on a busy machine): then there is a signal instead of the code, and the agent has said before that it ended.
 */
export async function endedWith(agent, code) {
  const end = await agent.exited;
  // Waited for: what it said last may be read after its end is known.
  await agent.err.event(code === 0 ? 'ended' : 'failed');
  if (end.signal !== 'SIGKILL') assert.deepEqual(end, { code, signal: null });
}

/** Scan codes by the names that browsers give keys. */
const SCANS = { KeyQ: 16, KeyA: 30, KeyB: 48, Enter: 28, ArrowLeft: 0x4b, ShiftLeft: 42, F5: 63, Digit7: 8 };

export class Target {
  static async open(machine, { width = 1000, height = 640 } = {}) {
    const target = new Target();
    target.process = machine.start('target', made('the target program', 'FARHAND_WINDOWS_TARGET'), [width, height]);
    target.lines = target.process.out;
    await target.lines.event('ready', { within: 60_000 });
    return target;
  }

  get mark() {
    return this.lines.mark;
  }

  since(mark) {
    return this.lines.all.slice(mark).map(parse).filter((found) => found && found.event !== 'ready');
  }

  key(code, down, { from = 0, within } = {}) {
    return this.lines.event('key', { from, within, pick: (event) => event.scan === SCANS[code] && event.down === down });
  }

  button(button, down, { from = 0, within } = {}) {
    return this.lines.event('button', { from, within, pick: (event) => event.button === button && event.down === down });
  }

  /** The colour of its block was turned over. */
  block({ from = 0, within } = {}) {
    return this.lines.event('block', { from, within });
  }
}

export class Machine {
  /** `monitors`: widths from the left; one over the whole display if there are none. `modes`: other sizes of the display. */
  static async open(world, { name = 'windows', width = 1280, height = 800, monitors = [], modes = [] } = {}) {
    const display = await Display.open(world.household, { name, width, height });
    // Wine asks the display for its monitors once, and believes in those that somebody set.
    let x = 0;
    for (const [number, wide] of monitors.entries()) {
      await display.run('xrandr', ['--setmonitor', `M${number}`, `${wide}/300x${height}/200+${x}+0`, number === 0 ? 'screen' : 'none']);
      x += wide;
    }
    // Something to be seen on each of them.
    if (monitors.length > 0) await display.run('xsetroot', ['-mod', 13, 7, '-fg', '#2468ac', '-bg', '#f0b030']);
    const machine = new Machine();
    Object.assign(machine, { display, name, env: { ...display.env, WINEPREFIX: made('the prefix', 'FARHAND_WINE_PREFIX'), WINEARCH: 'win64', WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=' } });
    // It is kept from asking where the display would say that it is never drawn.
    await machine.asks(modes.length > 0);
    if (modes.length > 0) {
      await machine.hasModes([[width, height], ...modes]);
      world.household.later(() => machine.asks(false));
    }
    // Whatever the programs leave behind is Wine's own, and ends with its server.
    world.household.later(() => run(SERVER, ['-k'], { env: machine.env }).catch(() => {}));
    return machine;
  }

  /** Gives the display these sizes, the first at once. */
  async hasModes(modes) {
    for (const [wide, high] of modes) {
      // Drawn sixty times a second: of a display that is never drawn no program may be told.
      const [across, down] = [wide + 100, high + 10];
      const timing = [(across * down * 60) / 1e6, wide, wide + 10, wide + 20, across, high, high + 1, high + 2, down];
      await this.display.run('xrandr', ['--newmode', `${wide}x${high}-60`, ...timing]);
      await this.display.run('xrandr', ['--addmode', 'screen', `${wide}x${high}-60`]);
    }
    await this.mode(modes[0]);
  }

  /** Whether Wine asks the display for its sizes, and hears of another one. */
  async asks(yes) {
    await this.ends();
    const file = path.join(this.env.WINEPREFIX, 'user.reg');
    const text = readFileSync(file, 'latin1');
    const wanted = text.replace(/^"UseXRandR"="."/m, `"UseXRandR"="${yes ? 'Y' : 'N'}"`);
    if (wanted !== text) writeFileSync(file, wanted, 'latin1');
  }

  /** Changes the display's size. */
  async mode([wide, high]) {
    await this.display.run('xrandr', ['--output', 'screen', '--mode', `${wide}x${high}-60`]);
    Object.assign(this.display, { width: wide, height: high });
  }

  /** Everything that runs there ends. */
  async ends() {
    await run(SERVER, ['-k'], { env: this.env }).catch(() => {});
    await run(SERVER, ['-w'], { env: this.env });
  }

  /** Runs a program to its end; what it said. */
  run(program, args = []) {
    return this.display.run(WINE, [program, ...args], { env: this.env });
  }

  /** The computer goes down, with all that runs on it. */
  async goDown() {
    await this.ends();
    await this.display.restart();
  }

  start(name, program, args = [], { env = {}, ...options } = {}) {
    return this.display.start(`${this.name}-${name}`, WINE, [program, ...args], { ...options, env: { ...this.env, ...env } });
  }
}

/** A customer at such a computer. */
export class WindowsCustomer extends Customer {
  static async open(world, { name = 'windows', ...size } = {}) {
    const machine = await Machine.open(world, { name, ...size });
    const target = await Target.open(machine);
    const customer = new WindowsCustomer(world, name, machine.display, target);
    customer.machine = machine;
    return customer;
  }

  /** `home`: another folder than Wine's user has. */
  join(code, { args = [], env = {}, home } = {}) {
    const { url, fingerprint } = this.world.service;
    const words = ['join', code, '--server', url, ...(fingerprint ? ['--fingerprint', fingerprint] : []), '--log', 'json', ...args];
    const language = { LANG: 'C.UTF-8', ...env };
    const agent = made('the agent', 'FARHAND_WINDOWS_AGENT');
    const console = made('the program for consoles', 'FARHAND_WINDOWS_CONSOLE');
    // Wine gives programs that are started from outside its own user's folder: another one is for a program of its own to say.
    const set = (name, place) => ['set', `${name}=${onWindows(place)}&&`];
    const line = home ? [SHELL, '/c', ...set('USERPROFILE', home), ...set('COMSPEC', console), onWindows(agent), ...words] : [agent, ...words];
    this.agent = this.machine.start('agent', line[0], line.slice(1), { env: language });
    return this.agent;
  }

  /** A picture of the screen for whoever looks at the tests' artefacts. */
  async shot(name) {
    const folder = process.env.FARHAND_SHOTS;
    if (folder) await this.display.screenshot(path.join(folder, `windows-${name}.png`));
  }
}
