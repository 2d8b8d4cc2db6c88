// The customer's program: shows known pixels, plays workloads, and writes down every key and button that it gets.

import { parse } from './lines.mjs';
import { program } from './programs.mjs';
import { until } from './wait.mjs';

/** Physical keys by the name that browsers give them, as X numbers them on a PC keyboard. */
const KEYCODES = {
  ShiftLeft: 50,
  ControlLeft: 37,
  AltLeft: 64,
  Enter: 36,
  Escape: 9,
  Space: 65,
  Tab: 23,
  Backspace: 22,
  ArrowLeft: 113,
  ArrowRight: 114,
  ArrowUp: 111,
  ArrowDown: 116,
};
for (const [row, first] of [['QWERTYUIOP', 24], ['ASDFGHJKL', 38], ['ZXCVBNM', 52]]) {
  [...row].forEach((letter, index) => (KEYCODES[`Key${letter}`] = first + index));
}
[...'1234567890'].forEach((digit, index) => (KEYCODES[`Digit${digit}`] = 10 + index));
for (let number = 1; number <= 10; number++) KEYCODES[`F${number}`] = 66 + number;
const NAMES = Object.fromEntries(Object.entries(KEYCODES).map(([name, number]) => [number, name]));

export class Target {
  /** Starts it over the whole display, below other windows. */
  static async open(display, { name = 'target', pattern = 1 } = {}) {
    const target = new Target();
    target.display = display;
    const args = ['--managed', '--size', `${display.width}x${display.height}`, '--pattern', pattern];
    target.process = display.start(name, program('farhand-target-app'), args, { stdin: 'pipe' });
    target.lines = target.process.out;
    await target.lines.event('ready');
    await target.focus();
    return target;
  }

  get pid() {
    return this.process.pid;
  }

  /** Gives it the keyboard. */
  async focus() {
    const window = await until('the target window', async () => {
      const text = await this.display.run('xdotool', ['search', '--onlyvisible', '--name', '^Farhand target$']);
      return text.split('\n').find(Boolean);
    });
    await this.display.run('xdotool', ['windowfocus', '--sync', window]);
  }

  /** A command, once it is carried out. */
  async command(text, event) {
    const from = this.lines.mark;
    this.process.child.stdin.write(`${text}\n`);
    return this.lines.event(event, { from });
  }

  async mode(name, framesPerSecond = '') {
    await this.command(`${name} ${framesPerSecond}`, 'mode');
  }

  async pattern(number) {
    await this.command(`pattern ${number}`, 'pattern');
  }

  get mark() {
    return this.lines.mark;
  }

  /** What happened since a mark: `{ kind, code?, button?, down, x?, y? }`. */
  since(mark) {
    return this.lines.all
      .slice(mark)
      .map(parse)
      .filter((found) => found && ['key', 'button'].includes(found.event))
      .map(({ event, keycode, ...rest }) => ({ kind: event, ...(keycode ? { code: NAMES[keycode] ?? `keycode ${keycode}` } : {}), ...rest }));
  }

  /** Waits until a key goes down or up. */
  key(code, down, { from = 0, within } = {}) {
    return this.lines.event('key', { from, within, pick: (event) => event.keycode === KEYCODES[code] && event.down === down });
  }

  /** Waits until a button goes down or up. */
  button(button, down, { from = 0, within } = {}) {
    return this.lines.event('button', { from, within, pick: (event) => event.button === button && event.down === down });
  }

  /** The frames that were drawn since the last change of mode: number, and when in milliseconds since 1970. */
  frames() {
    const lines = this.lines.all;
    const from = lines.findLastIndex((line) => line.includes('"event":"mode"'));
    return lines
      .slice(from)
      .map(parse)
      .filter((found) => found?.event === 'frame')
      .map((found) => ({ number: found.frame, drawn: found.at_us / 1000 }));
  }
}
