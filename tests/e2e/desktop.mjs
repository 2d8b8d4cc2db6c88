// The desktop console: the real program in a window on a display of its own, as a person uses it.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Display } from '../kit/display.mjs';
import { program } from '../kit/programs.mjs';
import { run } from '../kit/run.mjs';
import { inTime, until } from '../kit/wait.mjs';
import { WebDriver } from '../kit/webdriver.mjs';
import { ADMINISTRATOR } from './administrator.mjs';

const id = (name) => `[data-testid="${name}"]`;

let opened = 0;

export class Desktop {
  /**
   * The program's window, on a display with a window manager. `trusted` starts it with the service on its command line,
   * at `server` where that is not its own address. `furnish` is told of the display before the program starts, and
   * returns the message bus and the environment of a desktop.
   */
  static async open(world, { trusted = true, signIn = trusted, server = world.service.url, width = 1500, height = 1000, place, env = {}, args = [], furnish } = {}) {
    const desktop = new Desktop();
    const name = `technician-${++opened}`;
    desktop.world = world;
    desktop.data = path.join(world.household.folder, `${name}-data`);
    desktop.display = await Display.open(world.household, { name, width, height });
    if (place) {
      mkdirSync(desktop.data, { recursive: true });
      writeFileSync(path.join(desktop.data, 'layout.json'), JSON.stringify({ main: place }));
    }
    const words = trusted ? ['--server', server, '--fingerprint', world.service.fingerprint] : [];
    desktop.args = ['--data', desktop.data, ...words, ...args];
    const furniture = (await furnish?.(desktop.display)) ?? {};
    desktop.env = { LANG: 'C.UTF-8', ...furniture.env, ...env };
    desktop.startedAt = performance.now();
    desktop.driver = await WebDriver.open(desktop.display, {
      name: `${name}-driver`,
      binary: program('farhand-console'),
      args: desktop.args,
      env: desktop.env,
      bus: furniture.bus,
    });
    if (signIn) await desktop.signIn();
    return desktop;
  }

  /** Ends the program as a person does, and starts it again. */
  async restart() {
    await this.driver.quit();
    await this.again();
  }

  /** Starts the program that has ended, perhaps with an address. */
  async again(...more) {
    await until('the window to be gone', async () => (await this.windows()).length === 0);
    await this.driver.start(program('farhand-console'), [...this.args, ...more]);
  }

  /** Starts the program a second time beside the first, as a desktop does. Returns how that one ended. */
  async second(...more) {
    const started = this.display.start(`second-${++opened}`, program('farhand-console'), [...this.args, ...more], { env: this.env });
    return inTime('the second start to end', started.exited);
  }

  /** Shows a whole place of the program as a file, to look at. */
  async picture(file) {
    if (!process.env.FARHAND_PICTURES) return;
    await this.driver.run(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(resolve)))));
    await this.display.screenshot(path.join(process.env.FARHAND_PICTURES, `${file}.png`));
  }

  /** The same, when no page can be asked whether it has painted. */
  async look(file) {
    if (process.env.FARHAND_PICTURES) await this.display.screenshot(path.join(process.env.FARHAND_PICTURES, `${file}.png`));
  }

  async windows() {
    const text = await this.display.run('xdotool', ['search', '--onlyvisible', '--name', 'Farhand Console']).catch(() => '');
    return text.split('\n').filter(Boolean);
  }

  /** `then` is what the page shows next. */
  async signIn({ email = ADMINISTRATOR.email, password = ADMINISTRATOR.password, then = 'start-session' } = {}) {
    await this.driver.type(`${id('sign-in')} [name=email]`, email);
    await this.driver.type(`${id('sign-in')} [name=password]`, password);
    await this.driver.click(`${id('sign-in')} [type=submit]`);
    await this.driver.shown(id(then));
  }

  async start() {
    await this.driver.click(id('start-session'));
    const text = await this.driver.text(id('session-code'));
    this.code = text.replace(/\D/g, '');
    if (this.code.length !== 10) throw new Error(`the page shows "${text}", which is no code`);
    return this.code;
  }

  /** Waits until the page says that the session stands there. */
  async stage(...stages) {
    return until(`the window to say ${stages.join(' or ')}`, async () => {
      const now = await this.now();
      if (stages.includes(now)) return now;
      throw new Error(`it says ${now}`);
    });
  }

  now() {
    return this.driver.run(() => {
      const shown = [...document.querySelectorAll('[data-testid="consent-state"], [data-testid="stage-card"]')].filter((element) => element.checkVisibility?.() ?? true);
      return shown.map((element) => element.dataset.stage).find(Boolean) ?? null;
    });
  }

  async rights(...wanted) {
    const text = wanted.toSorted().join(' ');
    return until(`the window to say that the rights are "${text}"`, async () => {
      const now = (await this.driver.attribute(id('consent-state'), 'data-rights')) ?? '';
      if (now.split(' ').toSorted().join(' ') === text) return true;
      throw new Error(`it says ${now}`);
    });
  }

  async live() {
    await this.stage('live');
    await until('the first picture', async () => (await this.pixels()).width > 1);
  }

  askControl() {
    return this.driver.click(id('ask-control'));
  }

  /** What the canvas shows, in the customer's own pixels: RGB. */
  async pixels() {
    const { width, height, base64 } = await this.driver.run(async () => {
      const shown = [...document.querySelectorAll('[data-testid=screen]')].find((canvas) => canvas.checkVisibility?.() ?? true);
      if (!shown) return { width: 0, height: 0, base64: '' };
      const { width, height } = shown;
      const copy = document.createElement('canvas');
      copy.width = width;
      copy.height = height;
      const context = copy.getContext('2d', { willReadFrequently: true });
      context.drawImage(shown, 0, 0);
      const rgba = context.getImageData(0, 0, width, height).data;
      const rgb = new Uint8Array(width * height * 3);
      for (let from = 0, to = 0; from < rgba.length; from += 4) {
        rgb[to++] = rgba[from];
        rgb[to++] = rgba[from + 1];
        rgb[to++] = rgba[from + 2];
      }
      const url = await new Promise((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result);
        reader.readAsDataURL(new Blob([rgb]));
      });
      return { width, height, base64: url.slice(url.indexOf(',') + 1) };
    });
    return { width, height, data: Buffer.from(base64, 'base64') };
  }

  /** A point of the customer's screen as a point of the technician's display. */
  async point(x, y) {
    const place = await this.driver.run(() => {
      const surface = [...document.querySelectorAll('[data-testid=screen-surface]')].find((element) => element.checkVisibility?.() ?? true);
      const box = surface.getBoundingClientRect();
      const canvas = surface.querySelector('canvas');
      return { x: box.x, y: box.y, width: box.width, height: box.height, pixels: [canvas.width, canvas.height], inner: [innerWidth, innerHeight] };
    });
    const frame = await this.frame();
    // The page lies at the bottom of its window, below the menus.
    const [left, top] = [frame.x + (frame.width - place.inner[0]) / 2, frame.y + frame.height - place.inner[1]];
    return [left + place.x + ((x + 0.5) * place.width) / place.pixels[0], top + place.y + ((y + 0.5) * place.height) / place.pixels[1]].map(Math.round);
  }

  async frame() {
    const [window] = await this.windows();
    const text = await this.display.run('xwininfo', ['-id', window]);
    const number = (name) => Number(new RegExp(`${name}:\\s+(-?\\d+)`).exec(text)?.[1]);
    return { x: number('Absolute upper-left X'), y: number('Absolute upper-left Y'), width: number('Width'), height: number('Height') };
  }

  async move(x, y) {
    await this.display.run('xdotool', ['mousemove', ...(await this.point(x, y))]);
  }

  async click(x, y) {
    await this.move(x, y);
    await this.display.run('xdotool', ['click', 1]);
  }

  /** Presses a key of the technician's own keyboard, by its X name. */
  async press(key) {
    await this.display.run('xdotool', ['key', '--delay', 30, key]);
  }

  /** The processes that show this program's pages. */
  pageProcesses() {
    return this.#processes('WebKitWebProcess');
  }

  /** The program itself, with the link in it. */
  async programPid() {
    const [pid] = await this.#processes(`${program('farhand-console')} `);
    return pid;
  }

  async #processes(words) {
    const group = this.driver.process.pid;
    const text = await run('ps', ['-eo', 'pid=,pgid=,args=']);
    return text
      .split('\n')
      .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
      .filter((found) => found && Number(found[2]) === group && found[3].includes(words))
      .map((found) => Number(found[1]));
  }

  async end() {
    await this.driver.click(id('end-session'));
    await this.driver.click(id('end-confirm'));
    await this.stage('ended');
  }
}
