// Somebody who hears the screen and does not see it: reads what programs tell screen readers (AT-SPI), and acts by it.

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Bus } from './bus.mjs';
import { run } from './run.mjs';
import { until } from './wait.mjs';

const ACCESSIBLE = 'org.a11y.atspi.Accessible';
const ROOT = ['org.a11y.atspi.Registry', '/org/a11y/atspi/accessible/root'];
/** Numbers of AT-SPI's kinds of things. */
const ROLES = { 7: 'check box', 23: 'frame', 29: 'label', 39: 'group', 43: 'button', 79: 'entry' };
const [CHECKED, FOCUSED, SENSITIVE] = [4, 12, 24];

export class ScreenReader {
  static async open(household, { name = 'reader' } = {}) {
    const reader = new ScreenReader();
    reader.bus = await Bus.open(household, { name: `${name}-bus` });
    const home = path.join(household.folder, name);
    mkdirSync(home, { mode: 0o700 });
    reader.env = { ...reader.bus.env, XDG_RUNTIME_DIR: home, XDG_CACHE_HOME: home };
    household.start(name, '/usr/libexec/at-spi-bus-launcher', ['--launch-immediately', '--a11y=1', '--screen-reader=1'], { env: reader.env });
    await reader.bus.named('org.a11y.Bus');
    reader.address = (await reader.#ask(reader.bus.address, 'call', 'org.a11y.Bus', '/org/a11y/bus', 'org.a11y.Bus', 'GetAddress')).data[0];
    return reader;
  }

  async #ask(address, ...words) {
    const text = await run('busctl', [`--address=${address}`, '--json=short', ...words], { env: this.env });
    return text.trim() ? JSON.parse(text) : undefined;
  }

  async #call([program, object], method) {
    return (await this.#ask(this.address, 'call', program, object, ACCESSIBLE, method)).data[0];
  }

  async #named([program, object]) {
    const text = await run('busctl', [`--address=${this.address}`, '--json=short', 'get-property', program, object, ACCESSIBLE, 'Name', 'Description'], { env: this.env });
    const [name, description] = text.trim().split('\n').map((line) => JSON.parse(line).data);
    return { name, description };
  }

  /** A thing and what lies in it, in the order in which it is read. */
  async #all(place) {
    const [words, children] = await Promise.all([this.#named(place), this.#call(place, 'GetChildren')]);
    const within = await Promise.all(children.map((child) => this.#all(child)));
    return [{ place, ...words }, ...within.flat()];
  }

  /** Everything in the windows with this title. */
  async window(title) {
    const programs = await this.#call(ROOT, 'GetChildren');
    const frames = (await Promise.all(programs.map((program) => this.#call(program, 'GetChildren')))).flat();
    const titles = await Promise.all(frames.map((frame) => this.#named(frame)));
    const wanted = frames.filter((_, at) => titles[at].name === title);
    return (await Promise.all(wanted.map((frame) => this.#all(frame)))).flat();
  }

  /** All words of a window, once `enough` of them are said. */
  async words(title, enough) {
    return until(`"${title}" to say ${enough}`, async () => {
      const [, ...things] = await this.window(title);
      const text = things.flatMap(({ name, description }) => [name, description]).filter(Boolean).join('\n');
      if (!enough.test(text)) throw new Error(`it says:\n${text}`);
      return text;
    });
  }

  /** A button, a box to check, or a field with this name, once it is there and can be used. */
  async find(title, role, name) {
    return until(`the ${role} "${name}" in "${title}"`, async () => {
      const things = await this.window(title);
      for (const thing of things) {
        if (name instanceof RegExp ? !name.test(thing.name) : thing.name !== name) continue;
        const [kind, [states]] = await Promise.all([this.#call(thing.place, 'GetRole'), this.#call(thing.place, 'GetState')]);
        const is = (state) => ((states >>> state) & 1) === 1;
        if (ROLES[kind] === role && is(SENSITIVE)) return { ...thing, checked: is(CHECKED), focused: is(FOCUSED) };
      }
      throw new Error(`there is: ${things.map((thing) => thing.name).join(', ')}`);
    });
  }

  /** Does what a thing does; and again as long as `done` is not so: a prompt takes no answer in its first moment. */
  async press(title, role, name, done = async () => true) {
    await until(
      `the ${role} "${name}" in "${title}" to do what it does`,
      async () => {
        const { place } = await this.find(title, role, name);
        await this.#ask(this.address, 'call', ...place, 'org.a11y.atspi.Action', 'DoAction', 'i', '0');
        return until('it', done, { within: 1_500 }).catch(() => false);
      },
      { every: 300 },
    );
  }
}
