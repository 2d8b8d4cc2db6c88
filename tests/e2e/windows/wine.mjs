// A customer's computer with Windows: Wine on a display of its own. The agent is the very program that a customer's
// Windows would run; the person at it looks at the screen and moves the pointer like everywhere.

import path from 'node:path';
import { existsSync } from 'node:fs';
import { Display } from '../../kit/display.mjs';
import { parse } from '../../kit/lines.mjs';
import { run } from '../../kit/run.mjs';
import { Customer } from '../world.mjs';

const WINE = '/usr/lib/wine/wine64';
const SERVER = '/usr/lib/wine/wineserver64';

/** What `cargo xtask test windows` made: the programs, and a prefix for Wine. */
function made(name, variable) {
  const place = process.env[variable];
  if (!place || !existsSync(place)) throw new Error(`${name} is missing: run these tests by \`cargo xtask test windows\`, which sets ${variable}`);
  return place;
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
  static async open(world, { name = 'windows', width = 1280, height = 800 } = {}) {
    const display = await Display.open(world.household, { name, width, height });
    const machine = new Machine();
    Object.assign(machine, { display, name, env: { ...display.env, WINEPREFIX: made('the prefix', 'FARHAND_WINE_PREFIX'), WINEARCH: 'win64', WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=' } });
    // Whatever the programs leave behind is Wine's own, and ends with its server.
    world.household.later(() => run(SERVER, ['-k'], { env: machine.env }).catch(() => {}));
    return machine;
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

  join(code, { args = [], env = {} } = {}) {
    const { url, fingerprint } = this.world.service;
    const words = ['join', code, '--server', url, ...(fingerprint ? ['--fingerprint', fingerprint] : []), '--log', 'json', ...args];
    const language = { LANG: 'C.UTF-8', ...env };
    this.agent = this.machine.start('agent', made('the agent', 'FARHAND_WINDOWS_AGENT'), words, { env: language });
    return this.agent;
  }

  /** A picture of the screen for whoever looks at the tests' artefacts. */
  async shot(name) {
    const folder = process.env.FARHAND_SHOTS;
    if (folder) await this.display.screenshot(path.join(folder, `windows-${name}.png`));
  }
}
