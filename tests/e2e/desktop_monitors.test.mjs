// A monitor's own window in the desktop console: real windows, and the customer's real pixels in them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { crop } from '../kit/picture.mjs';
import { until } from '../kit/wait.mjs';
import { Desktop } from './desktop.mjs';
import { difference, told, World } from './world.mjs';

const id = (name) => `[data-testid="${name}"]`;
/** The customer's screen, and where their right monitor begins. */
const [WIDTH, HEIGHT, LEFT] = [1280, 720, 720];

describe('a customer with two monitors, in the desktop console', () => {
  let world;
  let desktop;
  let customer;
  /** What the driver calls the main window. */
  let main;
  before(async () => {
    world = await World.open();
    [desktop, customer] = await Promise.all([Desktop.open(world, { width: 1800, height: 1100 }), world.customer({ width: WIDTH, height: HEIGHT })]);
    for (const [name, width, x, output] of [['LEFT', LEFT, 0, 'screen'], ['RIGHT', WIDTH - LEFT, LEFT, 'none']]) {
      await customer.display.run('xrandr', ['--setmonitor', name, `${width}/200x${HEIGHT}/150+${x}+0`, output]);
    }
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  /** The monitor's window on the display, once there is one. */
  const window_ = () => until('the window of a monitor', async () => (await monitors())[0]);
  const monitors = async () => (await desktop.display.run('xdotool', ['search', '--onlyvisible', '--name', '^Monitor 2']).catch(() => '')).split('\n').filter(Boolean);
  const gone = () => until('the window of the monitor to be gone', async () => (await monitors()).length === 0);

  async function frame() {
    const text = await desktop.display.run('xwininfo', ['-id', await window_()]);
    const [x, y, width, height] = ['Absolute upper-left X', 'Absolute upper-left Y', 'Width', 'Height'].map((name) => Number(new RegExp(`${name}:\\s+(-?\\d+)`).exec(text)[1]));
    return { x, y, width, height };
  }

  async function toggle() {
    await desktop.driver.click(id('monitors-menu'));
    await desktop.driver.click(id('monitor-window-2'));
  }

  /** Does something in the page of the monitor's window. */
  async function inside(work) {
    const { driver } = desktop;
    await until('the driver to know the window', async () => {
      const other = (await driver.handles()).find((handle) => handle !== main);
      await driver.ask('POST', `${driver.session}/window`, { handle: other });
      return driver.has(id('monitor-window'));
    });
    try {
      return await work();
    } finally {
      await driver.ask('POST', `${driver.session}/window`, { handle: main });
    }
  }

  /** Where the surface lies on the display. */
  async function surface() {
    const { x, y, width, height } = await inside(() => desktop.driver.run((selector) => {
      const box = document.querySelector(selector).getBoundingClientRect();
      return { x: box.x, y: box.y, width: box.width, height: box.height };
    }, id('monitor-surface')));
    const place = await frame();
    return { x: place.x + x, y: place.y + y, width, height };
  }

  /** Waits until the display shows this part of the customer's screen there, to the pixel. */
  const shows = () =>
    until('the customer’s right monitor', async () => {
      const [place, there, all] = [await surface(), await customer.display.pixels(), await desktop.display.pixels()];
      assert.deepEqual([Math.round(place.width), Math.round(place.height)], [WIDTH - LEFT, HEIGHT]);
      // Its upper edge has the customer's banner, and ours the line that says where keys go.
      const top = 80;
      const here = crop(all, Math.round(place.x), Math.round(place.y) + top, WIDTH - LEFT, HEIGHT - top);
      const { count } = difference(crop(there, LEFT, top, WIDTH - LEFT, HEIGHT - top), here);
      if (count > 0) throw new Error(`${count} pixels differ`);
      return true;
    });

  /** Clicks at a place of the monitor until it arrives, and says where: a click is dropped while the picture changes. */
  const struck = (x, y) =>
    until('a click to arrive', async () => {
      const { x: left, y: top, width, height } = await surface();
      const from = customer.target.mark;
      const place = [left + ((x + 0.5) * width) / (WIDTH - LEFT), top + ((y + 0.5) * height) / HEIGHT].map(Math.round);
      await desktop.display.run('xdotool', ['mousemove', ...place, 'click', 1]);
      return customer.target.button(1, false, { from, within: 1_500 }).catch(() => undefined);
    });

  async function types(...keys) {
    for (const [key, code] of keys) {
      const from = customer.target.mark;
      await desktop.press(key);
      await customer.target.key(code, true, { from });
      await customer.target.key(code, false, { from });
    }
  }

  const fills = (get) => until('the window to fill the display', async () => {
    const { width, height } = await get();
    return width === desktop.display.width && height === desktop.display.height;
  });

  step('a session stands, with control', async () => {
    await desktop.start();
    [main] = await desktop.driver.handles();
    const agent = customer.join(desktop.code);
    await agent.err.event('joined');
    await customer.person.allow();
    await desktop.live();
    await desktop.askControl();
    await customer.person.allow();
    await desktop.rights('view', 'control');
    await until('two monitors', async () => (await desktop.driver.attribute(id('monitors'), 'data-count')) === '2');
  });

  step('the main window fills the screen with nothing but the session, takes every letter there, and comes back', async () => {
    await desktop.driver.click(id('full-screen'));
    await fills(() => desktop.frame());
    await until('the tabs to be away', async () => !(await desktop.driver.has(id('tab-home'))));
    await customer.clicked(desktop, 300, 400);
    await types(['f', 'KeyF'], ['Escape', 'Escape'], ['g', 'KeyG']);
    await desktop.look('desktop-full');
    await desktop.press('ctrl+alt+shift');
    await until('the keys to be the technician’s', async () => (await desktop.driver.attribute(id('keys'), 'data-capturing')) === 'false');
    await desktop.press('F11');
    await until('the tabs to be back', () => desktop.driver.has(id('tab-home')));
    await until('the window to be as it was', async () => (await desktop.frame()).height < desktop.display.height);
  });

  step('one of them gets a window of its size, with its very own pixels', async () => {
    await toggle();
    const { width, height } = await frame();
    assert.deepEqual([width, height], [WIDTH - LEFT, HEIGHT]);
    await shows();
    await customer.target.pattern(3);
    await shows();
    await desktop.look('desktop-monitor');
  });

  step('clicks and keys from there strike it, those too that the desktop keeps', async () => {
    const click = await struck(200, 400);
    assert.ok(Math.abs(click.x - (LEFT + 200)) <= 1 && Math.abs(click.y - 400) <= 1, `${click.x},${click.y}`);
    await until('its page to say where keys go', () => inside(() => desktop.driver.has(id('monitor-keys'))));
    await types(['k', 'KeyK'], ['alt+Tab', 'Tab'], ['F10', 'F10'], ['ctrl+w', 'KeyW']);
  });

  step('it fills the screen and takes every letter there', async () => {
    await desktop.press('shift+F11');
    await fills(frame);
    await types(['f', 'KeyF'], ['Escape', 'Escape']);
    await desktop.look('desktop-monitor-full');
    await desktop.press('shift+F11');
    await until('the window to be as it was', async () => (await frame()).width === WIDTH - LEFT);
    await shows();
  });

  step('its place is remembered, and the page closes it whole', async () => {
    await desktop.display.run('xdotool', ['windowsize', '--sync', await window_(), 620, 500]);
    await desktop.display.run('xdotool', ['windowmove', await window_(), 1100, 300]);
    const before = await until('it to lie there', async () => {
      const now = await frame();
      return now.x >= 1100 && now.width === 620 && now;
    });
    await toggle();
    await gone();
    await toggle();
    await until('it to be where it was', async () => {
      // The driver has its windows made as large as their pages wish.
      const { x, y } = await frame();
      assert.deepEqual([x, y], [before.x, before.y]);
      return true;
    });
    const layout = JSON.parse(readFileSync(path.join(desktop.data, 'layout.json'), 'utf8'));
    assert.equal(layout['monitor-0'].width, 620);
  });

  step('closed by its person, it is back in the main window', async () => {
    const { x, y, width } = await frame();
    await desktop.display.run('xdotool', ['mousemove', x + width - 11, y - 11, 'click', 1]);
    await gone();
    await until('the whole picture', async () => {
      const box = await desktop.driver.run((selector) => {
        const { width, height } = document.querySelector(selector).getBoundingClientRect();
        return width / height;
      }, id('screen-surface'));
      return Math.abs(box - WIDTH / HEIGHT) < 0.02;
    });
    await toggle();
    await window_();
  });

  step('it goes with its session', async () => {
    await desktop.end();
    await gone();
    assert.equal((await customer.agent.exited).code, 0);
    assert.equal((await desktop.windows()).length, 1);
  });
});
