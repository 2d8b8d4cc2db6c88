// The demo customer's computer: a display with a few real programs, and the person who sits at it.

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Display } from '../kit/display.mjs';
import { Person } from '../kit/person.mjs';
import { until } from '../kit/wait.mjs';

const WIDTH = 1440;
const HEIGHT = 900;

export class Computer {
  static async open(household, home) {
    const display = await Display.open(household, { name: 'customer', width: WIDTH, height: HEIGHT });
    const computer = new Computer(display, home);
    await computer.furnish();
    return computer;
  }

  constructor(display, home) {
    this.display = display;
    this.home = home;
    this.person = new Person(display);
    this.agents = 0;
  }

  /** Wallpaper, an editor and a terminal. */
  async furnish() {
    const runtime = path.join(this.home, 'run');
    mkdirSync(runtime, { recursive: true, mode: 0o700 });
    const text = path.join(this.home, 'Welcome.txt');
    copyFileSync(path.join(import.meta.dirname, 'welcome.txt'), text);
    const bus = this.display.start('bus', 'dbus-daemon', ['--session', '--nofork', '--print-address=1']);
    const address = await bus.out.find('the address of the message bus', (line) => line.trim() || undefined);
    this.env = {
      HOME: this.home,
      XDG_CONFIG_HOME: undefined,
      XDG_DATA_HOME: undefined,
      XDG_RUNTIME_DIR: runtime,
      DBUS_SESSION_BUS_ADDRESS: address,
      // Nothing is kept, so that every demo begins the same.
      GSETTINGS_BACKEND: 'memory',
      NO_AT_BRIDGE: '1',
    };
    await this.wallpaper();
    this.start('terminal', 'xterm', [
      ...['-title', 'Terminal', '-fa', 'DejaVu Sans Mono', '-fs', 11, '-bg', '#15191f', '-fg', '#e6ebf0', '-cr', '#4fb3a5'],
      ...['-b', 8, '-geometry', '62x18+855+470', '-e', 'sh', '-c', 'cd; PS1="$ " exec sh'],
    ]);
    await this.shown('^Terminal$');
    this.start('editor', 'mousepad', [text]);
    const editor = await this.shown('Welcome.txt');
    await this.display.run('xdotool', ['windowsize', '--sync', editor, 760, 520, 'windowmove', editor, 70, 60, 'windowactivate', editor]);
  }

  start(name, command, args) {
    return this.display.start(name, command, args, { env: this.env, cwd: this.home });
  }

  async wallpaper() {
    const file = path.join(this.home, 'wallpaper.ppm');
    const picture = Buffer.alloc(WIDTH * HEIGHT * 3);
    for (let y = 0; y < HEIGHT; y++) {
      const part = y / (HEIGHT - 1);
      const colour = [0x1f, 0x4e, 0x5f].map((top, i) => Math.round(top + ([0x79, 0xa8, 0xa9][i] - top) * part));
      picture.fill(Buffer.from(colour), 3 * y * WIDTH, 3 * (y + 1) * WIDTH);
    }
    writeFileSync(file, Buffer.concat([Buffer.from(`P6 ${WIDTH} ${HEIGHT} 255\n`), picture]));
    // It says 1 also when it has done its work.
    await this.display.run('display', ['-window', 'root', file]).catch(() => {});
  }

  async shown(title) {
    return until(`the window "${title}"`, async () => (await this.person.windows(title))[0]);
  }

  /** Joins a session; one that was open is left first. The person allows what is asked for as long as it lasts. */
  async join(code, service, agent) {
    await this.agent?.stop();
    this.agents += 1;
    const running = this.start(`agent-${this.agents}`, agent, ['join', code, '--server', service.url, '--fingerprint', service.fingerprint, '--log', 'json']);
    this.agent = running;
    this.answer(running);
  }

  async answer(running) {
    while (!running.ended && this.agent === running) {
      await this.person.allow(1_000).catch(() => {});
    }
  }
}
