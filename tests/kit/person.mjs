// The person at the customer's computer: looks at the screen, moves the pointer, clicks. Nothing here reaches the agent
// in any other way; it has no switch that answers its prompts.

import { boxes, crop } from './picture.mjs';
import { pace, until } from './wait.mjs';

const PROMPT = '^Farhand asks$';
const BANNER = '^Farhand session$';
const STATUS = '^Farhand$';
const CONTROLS = '^Farhand controls$';
const RESTART = '^Farhand restart$';
const FILES = '^Farhand files$';

/** How long a person looks at what has just appeared. The agent ignores clicks in the first half second. */
const READING = 800;

export class Person {
  constructor(display) {
    this.display = display;
  }

  /** The visible windows with this title. */
  async windows(title) {
    const text = await this.display.run('xdotool', ['search', '--onlyvisible', '--name', title]).catch(() => '');
    return text.split('\n').filter(Boolean);
  }

  async place(window) {
    const text = await this.display.run('xwininfo', ['-id', window]);
    const number = (name) => Number(new RegExp(`${name}:\\s+(-?\\d+)`).exec(text)?.[1]);
    return {
      x: number('Absolute upper-left X'),
      y: number('Absolute upper-left Y'),
      width: number('Width'),
      height: number('Height'),
    };
  }

  /** A window and its buttons, once they are painted. */
  async look(title, enough, within) {
    return until(
      `the window "${title}" with its buttons`,
      async () => {
        const [window] = await this.windows(title);
        if (!window) return undefined;
        const place = await this.place(window);
        const picture = crop(await this.display.pixels(), place.x, place.y, place.width, place.height);
        const buttons = boxes(picture).map((box) => ({ ...box, x: box.x + place.x, y: box.y + place.y }));
        return enough(buttons, place) ? { window, place, buttons } : undefined;
      },
      { within, every: 120 },
    );
  }

  /** Moves the pointer where one can follow it. */
  async move(x, y) {
    const text = await this.display.run('xdotool', ['getmouselocation', '--shell']);
    const from = { x: Number(/X=(\d+)/.exec(text)?.[1]), y: Number(/Y=(\d+)/.exec(text)?.[1]) };
    const steps = 14;
    const words = [];
    for (let step = 1; step <= steps; step++) {
      // Slows down toward its end.
      const part = 1 - (1 - step / steps) ** 2;
      words.push('mousemove', Math.round(from.x + (x - from.x) * part), Math.round(from.y + (y - from.y) * part), 'sleep', '0.015');
    }
    await this.display.run('xdotool', words);
  }

  async press(box) {
    await this.move(box.x + Math.round(box.width / 2), box.y + Math.round(box.height / 2));
    await this.display.run('xdotool', ['click', 1]);
  }

  /** Presses one of a window's buttons, and again if the click was too early, until `done`. */
  async choose(title, enough, pick, done, within) {
    let seen = await this.look(title, enough, within);
    await pace(READING);
    const first = seen.window;
    await this.press(pick(seen.buttons));
    await until(
      `"${title}" to take the click`,
      async () => {
        if (await done(first)) return true;
        seen = await this.look(title, enough, 1_000).catch(() => undefined);
        if (seen?.window === first && !(await done(first))) await this.press(pick(seen.buttons));
        return false;
      },
      { every: 700 },
    );
  }

  async gone(window) {
    const text = await this.display.run('xwininfo', ['-id', window]).catch(() => '');
    return !text.includes('IsViewable');
  }

  /** The prompt with No at its left and Allow at its right, at its lower end. */
  async prompt(within) {
    const seen = await this.look(PROMPT, (buttons) => answers(buttons).length === 2, within);
    return { ...seen, buttons: answers(seen.buttons) };
  }

  async allow(within) {
    await this.answer(1, within);
  }

  async refuse(within) {
    await this.answer(0, within);
  }

  async answer(index, within) {
    await this.choose(
      PROMPT,
      (buttons) => answers(buttons).length === 2,
      (buttons) => answers(buttons)[index],
      (window) => this.gone(window),
      within,
    );
  }

  /**
   * Answers the question in the files' window: No at the left, Yes at the right. Files may be listed above, and Stop all
   * may stand below. Another question may follow at once: `answered` says that this one shows as answered elsewhere.
   */
  async files(yes, answered = async () => false, within) {
    const asked = (wait) => this.look(FILES, (buttons) => pairs(buttons).length > 0, wait).then((seen) => pairs(seen.buttons)[0]);
    let pair = await asked(within);
    await pace(READING);
    await until(
      'the question about files to be answered',
      async () => {
        if (pair) await this.press(pair[yes ? 1 : 0]);
        await pace(400);
        if (await answered()) return true;
        // The window may have been put away and shown anew, somewhere else.
        pair = await asked(600).catch(() => undefined);
        return !pair;
      },
      { every: 300 },
    );
  }

  /**
   * Answers whether this computer may restart, in the window's own way: the choice of how long the technician may come
   * back (0 not at all, then each longer one) by the arrow keys, and then No at the left or Yes at the right.
   */
  async restart(yes, { choice = 0, within } = {}) {
    const { window } = await this.look(RESTART, (buttons) => answers(buttons).length === 2, within);
    if (choice > 0) {
      const keys = ['shift+Tab', ...Array(choice).fill('Down')];
      await this.display.run('xdotool', ['windowfocus', '--sync', window, 'key', '--clearmodifiers', ...keys]);
    }
    await this.choose(
      RESTART,
      (buttons) => answers(buttons).length === 2,
      (buttons) => answers(buttons)[yes ? 1 : 0],
      () => this.gone(window),
      within,
    );
  }

  /** Whether the window about restarting is shown, with a question or with that the computer is back. */
  async restartShown() {
    return (await this.windows(RESTART)).length > 0;
  }

  /** Escape, with the focus in the prompt: given by the window manager, not behind its back. */
  async escape() {
    const { window } = await this.prompt();
    await this.display.run('xdotool', ['windowactivate', '--sync', window, 'key', '--clearmodifiers', 'Escape']);
    await until('the prompt to go', () => this.gone(window));
  }

  /** Presses the X in the prompt's title bar, at its right end; again where that is by then, if the prompt moved away. */
  async closePrompt() {
    const { window } = await this.prompt();
    await until(
      'the prompt to go',
      async () => {
        if (await this.gone(window)) return true;
        const place = await this.place(window);
        await this.move(place.x + place.width - 10, place.y - 10);
        await this.display.run('xdotool', ['click', 1]);
        await pace(READING);
        return this.gone(window);
      },
    );
  }

  async noPrompt() {
    return (await this.windows(PROMPT)).length === 0;
  }

  /**
   * The banner's buttons from left to right: clear drawings (only while there are any), take back control (only while it
   * is given), pause or resume, revoke all, end. What has no outline is not among them.
   */
  async banner(count, within) {
    return this.look(BANNER, (buttons) => (count ? buttons.length === count : buttons.length >= 1), within);
  }

  async takeBackControl() {
    // The only broad one without an outline.
    const broad = (buttons) => buttons.find(({ filled, width }) => filled && width > 120);
    await this.choose(BANNER, (buttons) => broad(buttons) !== undefined, broad, async () => {
      const [window] = await this.windows(BANNER);
      return !window || (await this.look(BANNER, (buttons) => buttons.length >= 1 && broad(buttons) === undefined, 300).then(() => true, () => false));
    });
  }

  /** The last of the banner's outlined buttons, counted from 1 at its end, once the banner is at rest. */
  async outlined(number) {
    const plain = (buttons) => buttons.filter(({ filled }) => !filled);
    let last;
    const atRest = (found, place) => {
      const now = JSON.stringify([found, place]);
      const still = now === last;
      last = now;
      return still && plain(found).length >= number;
    };
    const { buttons } = await this.look(BANNER, atRest);
    return plain(buttons).at(-number);
  }

  /** Presses Pause, or Resume where that stands in its place, once. */
  async pause() {
    await this.press(await this.outlined(3));
  }

  async revokeAll() {
    await this.press(await this.outlined(2));
  }

  async end() {
    await this.press(await this.outlined(1));
  }

  /** The button for all controls, three points at the banner's right end. */
  async allControls() {
    const { place } = await this.banner();
    await this.press({ x: place.x + place.width - 42, y: place.y, width: 34, height: place.height - 3 });
    await until('the window of controls', async () => (await this.windows(CONTROLS)).length > 0);
  }

  /** In the window that says how it ended: whoever helped may never ask again. */
  async neverAgain(done) {
    const row = (buttons) => buttons.filter(({ filled }) => !filled);
    await this.choose(STATUS, (buttons) => row(buttons).length >= 2, (buttons) => row(buttons)[0], done);
  }

  /** A chord, by keys put in as the agent puts its own in. */
  async chord(keys = 'ctrl+shift+F12') {
    await this.display.run('xdotool', ['key', keys]);
  }

  /** Whether the last window, which says how it ended, is shown. */
  async told(within) {
    return until('the window that says how it ended', async () => (await this.windows(STATUS)).length > 0, { within });
  }
}

/** Wide buttons of equal size side by side, the lowest first. */
function pairs(buttons) {
  const wide = buttons.filter((box) => box.width > 150 && box.width < 300);
  const found = [];
  for (const [at, left] of wide.entries()) {
    for (const right of wide.slice(at + 1)) {
      if (Math.abs(left.y - right.y) <= 3 && Math.abs(left.width - right.width) <= 6) found.push([left, right].toSorted((a, b) => a.x - b.x));
    }
  }
  return found.toSorted((a, b) => b[0].y - a[0].y);
}

/** The two buttons of equal width in the lowest row, from left to right. A focus ring makes one of them a little higher. */
function answers(buttons) {
  const middle = (box) => box.y + box.height / 2;
  const lowest = buttons.toSorted((a, b) => middle(a) - middle(b)).at(-1);
  const row = buttons.filter((box) => Math.abs(middle(box) - middle(lowest)) <= 3 && Math.abs(box.width - lowest.width) <= 6);
  return row.toSorted((a, b) => a.x - b.x);
}
