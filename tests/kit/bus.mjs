// A desktop's message bus, and what is on it only where a test wants it: an icon's tray, notifications, a keyring.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './programs.mjs';
import { run } from './run.mjs';
import { until } from './wait.mjs';

const CONFIG = path.join(ROOT, 'tests/kit/bus.conf');

/** The words before a command that runs on a bus of its own, with nobody else on it. */
export const alone = () => ['dbus-run-session', `--config-file=${CONFIG}`, '--'];

export class Bus {
  static async open(household, { name = 'bus' } = {}) {
    const bus = new Bus();
    bus.household = household;
    bus.process = household.start(name, 'dbus-daemon', [`--config-file=${CONFIG}`, '--nofork', '--print-address=1']);
    bus.address = await bus.process.out.find('the bus to name its address', (line) => line.startsWith('unix:') && line);
    return bus;
  }

  get env() {
    return { DBUS_SESSION_BUS_ADDRESS: this.address };
  }

  /** Waits until somebody has this name on the bus. */
  async named(name) {
    const ask = ['--session', '--print-reply', '--dest=org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus.NameHasOwner', `string:${name}`];
    await until(`somebody to be ${name}`, async () => /boolean true/.test(await run('dbus-send', ask, { env: this.env })));
  }

  /** A tray at the bottom of the display, for icons of the older kind that every desktop falls back to. */
  async tray(display) {
    this.trayProcess = display.start('trayer', 'trayer', ['--edge', 'bottom', '--align', 'right', '--width', 200, '--widthtype', 'pixel', '--height', 28, '--tint', '0x303840', '--SetDockType', 'true'], { env: this.env });
    await until('the tray', () => display.run('xdotool', ['search', '--onlyvisible', '--class', 'trayer']));
  }

  /** Notifications on the display. `notifications()` says which there were. */
  async notifier(display) {
    const folder = path.join(this.household.folder, 'dunst');
    mkdirSync(folder, { recursive: true });
    this.heard = path.join(folder, 'heard');
    writeFileSync(this.heard, '');
    const script = path.join(folder, 'hear');
    writeFileSync(script, `#!/bin/sh\nprintf '%s\\t%s\\t%s\\n' "$1" "$2" "$3" >> '${this.heard}'\n`, { mode: 0o755 });
    const config = path.join(folder, 'dunstrc');
    writeFileSync(config, `[global]\n  origin = top-right\n  width = 360\n  timeout = 60\n  markup = full\n[all]\n  summary = "*"\n  script = ${script}\n`);
    display.start('dunst', 'dunst', ['-config', config], { env: this.env });
    await this.named('org.freedesktop.Notifications');
  }

  /** The notifications so far: `{ program, title, text }`. */
  notifications() {
    const lines = readFileSync(this.heard, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => line.split('\t')).map(([program, title, text]) => ({ program, title, text }));
  }

  /** The desktop's keyring, unlocked as by a sign-in to the desktop. */
  async keyring({ home }) {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const env = { ...this.env, HOME: home, XDG_DATA_HOME: undefined, XDG_RUNTIME_DIR: home };
    this.secrets = this.household.start('keyring', 'gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets'], { env, stdin: 'pipe' });
    this.secrets.child.stdin.end('the password of the desktop');
    await this.named('org.freedesktop.secrets');
  }

  /** What the keyring has of a program, without the secrets. */
  async secretsOf(service) {
    const text = await run('secret-tool', ['search', '--all', 'service', service], { env: this.env }).catch(() => '');
    return [...text.matchAll(/^label = (.*)$/gm)].map(([, label]) => label);
  }
}
