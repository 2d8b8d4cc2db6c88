// X displays without a screen, each behind a cookie of its own, with or without a window manager.

import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { ROOT } from './programs.mjs';
import { run } from './run.mjs';
import { inTime } from './wait.mjs';

export class Display {
  /** Starts Xvfb on a free number. */
  static async open(household, { name = 'display', width = 1280, height = 800, manager = true } = {}) {
    const cookie = randomBytes(16).toString('hex');
    const authority = path.join(household.folder, `${name}.authority`);
    // The server takes every cookie of the file; which display it is for is only known once it runs.
    await run('xauth', ['-q', '-f', authority, 'add', ':0', '.', cookie]);
    const args = ['-displayfd', '3', '-screen', '0', `${width}x${height}x24`, '-auth', authority, '-nolisten', 'tcp', '-noreset'];
    const server = household.start(name, 'Xvfb', args, { pipes: 1 });
    const number = await inTime(
      'Xvfb to name its display',
      new Promise((resolve, reject) => {
        let text = '';
        server.child.stdio[3].setEncoding('utf8').on('data', (part) => {
          text += part;
          if (text.includes('\n')) resolve(text.trim());
        });
        server.exited.then(() => reject(new Error(`Xvfb ended: ${server.err.tail()}`)));
      }),
    );
    await run('xauth', ['-q', '-f', authority, 'add', `:${number}`, '.', cookie]);
    const display = new Display(household, name, server, `:${number}`, authority, width, height);
    if (manager) await display.manage();
    return display;
  }

  /**
   * Ends the display and everything on it, as a restart of the computer does, and starts another with its number. In
   * between there is none.
   */
  async restart(between = async () => {}) {
    await this.manager?.stop();
    await this.server.stop();
    await between();
    const args = [this.number, '-displayfd', '3', '-screen', '0', `${this.width}x${this.height}x24`, '-auth', this.authority, '-nolisten', 'tcp', '-noreset'];
    this.server = this.household.start(`${this.name}-again`, 'Xvfb', args, { pipes: 1 });
    await inTime(
      'Xvfb to run again',
      new Promise((resolve, reject) => {
        this.server.child.stdio[3].once('data', resolve);
        this.server.exited.then(() => reject(new Error(`Xvfb ended: ${this.server.err.tail()}`)));
      }),
    );
    if (this.manager) await this.manage();
  }

  constructor(household, name, server, number, authority, width, height) {
    Object.assign(this, { household, name, server, number, authority, width, height });
    // WAYLAND_DISPLAY is taken away so that no program prefers another session's screen.
    this.env = { DISPLAY: number, XAUTHORITY: authority, WAYLAND_DISPLAY: undefined, XDG_SESSION_TYPE: 'x11' };
  }

  start(name, command, args = [], options = {}) {
    return this.household.start(name, command, args, { ...options, env: { ...this.env, ...options.env } });
  }

  run(command, args = [], options = {}) {
    return run(command, args, { ...options, env: { ...this.env, ...options.env } });
  }

  async manage() {
    const config = path.join(ROOT, 'tests/kit/openbox.xml');
    // It says that it is the window manager before it looks at windows; one that is mapped in between would be lost.
    const args = ['--sm-disable', '--config-file', config, '--startup', 'echo manages'];
    this.manager = this.start(`${this.name}-openbox`, 'openbox', args);
    await this.manager.out.find('the window manager to run', (line) => line === 'manages');
  }

  /** The whole screen as it is now: RGB, 8 bits each. The pointer is not in it. */
  async pixels() {
    const data = await this.run('import', ['-silent', '-window', 'root', '-depth', '8', 'rgb:-'], { raw: true });
    return { width: this.width, height: this.height, data };
  }

  async screenshot(file) {
    await this.run('import', ['-silent', '-window', 'root', file]);
  }
}
