// Monitors, shared windows and windows that nobody but the customer sees: real monitors of a display, real windows, and
// the pages that technicians use.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { crop } from '../kit/picture.mjs';
import { until } from '../kit/wait.mjs';
import { difference, told, World } from './world.mjs';

const [WIDTH, HEIGHT, LEFT] = [1280, 720, 800];
const SECRET = { hex: '#fe01fd', bytes: [0xfe, 0x01, 0xfd] };
const BANK = { hex: '#2a7b3c', bytes: [0x2a, 0x7b, 0x3c] };

function shows({ data }, [red, green, blue]) {
  for (let i = 0; i < data.length; i += 3) if (data[i] === red && data[i + 1] === green && data[i + 2] === blue) return true;
  return false;
}

describe('a customer with two monitors', () => {
  let world;
  let technician;
  let customer;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer({ width: WIDTH, height: HEIGHT })]);
    await monitor('LEFT', LEFT, 0, 'screen');
    await monitor('RIGHT', WIDTH - LEFT, LEFT, 'none');
    const answer = await world.service.ask('PUT', '/api/v1/organisation/windows', {
      body: { rules: [{ effect: 'pause', by: 'title', pattern: '*my bank*' }] },
      headers: { origin: world.service.url, cookie: await world.cookie() },
    });
    assert.equal(answer.status, 200, answer.text);
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  const monitor = (name, width, x, output) => customer.display.run('xrandr', ['--setmonitor', name, `${width}/200x${HEIGHT}/150+${x}+0`, output]);

  /** A window of another program, once it is on the screen. */
  async function open(name, title, colour, geometry) {
    const program = customer.display.start(`${name}-${title}`, 'xmessage', ['-name', name, '-title', title, '-geometry', geometry, '-xrm', `*background: ${colour.hex}`, '-xrm', '*borderColor: #000000', 'This is for the customer alone.']);
    const window = await until(`the window "${title}"`, async () => (await customer.person.windows(`^${title}$`))[0]);
    await until(`"${title}" to be painted`, async () => shows(await customer.display.pixels(), colour.bytes));
    return { window, close: () => program.child.kill() };
  }

  async function choose(item) {
    await technician.by('monitors-menu').click();
    await technician.by(item).click();
  }

  /** Waits until the technician's picture is this part of the customer's screen, to the pixel. */
  const shownAs = (pixels, x, width) =>
    until(`a picture of ${width} pixels from ${x}`, async () => {
      const there = await pixels();
      if (there.width !== width || there.height !== HEIGHT) throw new Error(`it has ${there.width}×${there.height}`);
      const here = crop(await customer.display.pixels(), x, 0, width, HEIGHT);
      const { count } = difference(here, there);
      if (count > 0) throw new Error(`${count} pixels differ`);
      return true;
    });
  const seen = () => technician.pixels();

  /** Clicks at a place of the picture until it arrives, and says where: a click is dropped while the picture changes. */
  const struck = async (x, y) =>
    until('a click to arrive', async () => {
      const from = customer.target.mark;
      await technician.click(x, y);
      return customer.target.button(1, true, { from, within: 1_000 }).catch(() => undefined);
    });
  /** The picture may be scaled, and a pixel of the page be more than one of the customer's. */
  const strikes = async (x, y, wanted) => {
    const event = await struck(x, y);
    assert.ok(Math.abs(event.x - wanted[0]) <= 1 && Math.abs(event.y - wanted[1]) <= 1, `${event.x},${event.y} for ${wanted}`);
  };

  const note = (name) => technician.by('desk-note').getAttribute(`data-${name}`);
  const notes = (name, value) => until(`the page to say ${name}: ${value}`, async () => (await note(name)) === value);

  step('the technician sees both as one picture, and how many there are', async () => {
    await technician.start();
    await customer.joinAndAllow(technician);
    await until('two monitors', async () => (await technician.by('monitors').getAttribute('data-count')) === '2');
    await shownAs(seen, 0, WIDTH);
    await technician.askControl();
    await customer.person.allow();
    await technician.rights('view', 'control');
  });

  step('chooses one, and clicks land on that one', async () => {
    await choose('monitor-2');
    await shownAs(seen, LEFT, WIDTH - LEFT);
    // The banner lies at the upper edge; this is well below it.
    await strikes(200, 500, [LEFT + 200, 500]);
  });

  step('a monitor that is changed and one that goes are followed', async () => {
    await monitor('RIGHT', 400, LEFT, 'none').catch(() => {});
    await customer.display.run('xrandr', ['--delmonitor', 'RIGHT']);
    await monitor('RIGHT', 400, LEFT, 'none');
    await until('the new size', async () => (await technician.pixels()).width === 400);
    await customer.display.run('xrandr', ['--delmonitor', 'RIGHT']);
    await until('everything', async () => (await technician.pixels()).width === WIDTH);
    await monitor('RIGHT', WIDTH - LEFT, LEFT, 'none');
    await until('it to be back', async () => (await technician.pixels()).width === WIDTH - LEFT);
    await strikes(100, 400, [LEFT + 100, 400]);
  });

  step('the picture follows the pointer', async () => {
    await choose('monitor-pointer');
    // As a mouse does: a pointer that a program puts somewhere makes no motion.
    const move = (by) => customer.display.run('xdotool', ['mousemove_relative', '--', by, 0]);
    await until('the left monitor', async () => (await move(-120), (await technician.pixels()).width === LEFT));
    await until('the right monitor', async () => (await move(120), (await technician.pixels()).width === WIDTH - LEFT));
  });

  step('a monitor is torn off into a window of its own, and works there', async () => {
    const opened = technician.context.waitForEvent('page');
    await choose('monitor-window-2');
    const page = await opened;
    const canvas = page.getByTestId('monitor-screen');
    const pixels = async () => {
      const image = await canvas.evaluate(async (shown) => {
        const copy = new OffscreenCanvas(shown.width, shown.height).getContext('2d', { willReadFrequently: true });
        copy.drawImage(shown, 0, 0);
        const { data } = copy.getImageData(0, 0, shown.width, shown.height);
        let text = '';
        for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i], data[i + 1], data[i + 2]);
        return { width: shown.width, height: shown.height, base64: btoa(text) };
      });
      return { width: image.width, height: image.height, data: Buffer.from(image.base64, 'base64') };
    };
    await shownAs(pixels, LEFT, WIDTH - LEFT);
    await until('a click of the second window to strike its place', async () => {
      const from = customer.target.mark;
      const box = await page.getByTestId('monitor-surface').boundingBox();
      await page.mouse.click(box.x + (150.5 / (WIDTH - LEFT)) * box.width, box.y + (450.5 / HEIGHT) * box.height);
      const click = await customer.target.button(1, true, { from, within: 1_000 });
      if (Math.abs(click.x - (LEFT + 150)) <= 1 && Math.abs(click.y - 450) <= 1) return true;
      throw new Error(`it struck ${click.x},${click.y}`);
    });
    const typed = customer.target.mark;
    await page.keyboard.press('KeyK');
    await customer.target.key('KeyK', true, { from: typed });
    await customer.target.key('KeyK', false, { from: typed });
    await choose('monitor-window-2');
    await until('the window to close', () => page.isClosed());
    await choose('monitor-all');
    await shownAs(seen, 0, WIDTH);
  });

  step('a password manager is never seen, also while it is moved', async () => {
    const vault = await open('keepassxc', 'vault', SECRET, '260x160+500+300');
    await notes('hidden', '1');
    for (let at = 0; at < 12; at++) {
      await customer.display.run('xdotool', ['windowmove', vault.window, 200 + at * 40, 260 + (at % 3) * 60]);
      assert.ok(!shows(await technician.pixels(), SECRET.bytes), 'the technician sees it');
    }
    assert.ok(shows(await customer.display.pixels(), SECRET.bytes), 'the customer does');
    vault.close();
    await notes('hidden', '0');
    await shownAs(seen, 0, WIDTH);
  });

  step('control pauses while a window of the list is in front, and both sides are told', async () => {
    const bank = await open('browser', 'My Bank', BANK, '300x160+300+300');
    await customer.display.run('xdotool', ['windowfocus', '--sync', bank.window]);
    await notes('paused', 'true');
    assert.ok(shows(await technician.pixels(), BANK.bytes), 'it is listed as one that pauses, not as one that is hidden');
    const mark = customer.target.mark;
    await technician.click(600, 600);
    await technician.page.keyboard.press('KeyP');
    bank.close();
    await notes('paused', 'false');
    await strikes(600, 500, [600, 500]);
    const keys = customer.target.since(mark).filter((event) => event.kind === 'key');
    assert.deepEqual(keys, [], 'a key came through meanwhile');
    await technician.end();
  });

  step('a customer who shares one window shares nothing else', async () => {
    const shared = await open('editor', 'notes', BANK, '320x200+100+200');
    await technician.home();
    await technician.start();
    await customer.join(technician.code).err.event('joined');
    const { window } = await customer.person.prompt();
    // By the keyboard: No has it; the way to choose what is shared is before it.
    await customer.display.run('xdotool', ['windowfocus', '--sync', window, 'key', 'shift+Tab']);
    await customer.display.run('xdotool', ['key', 'Return']);
    const chooser = await until('the list of what can be shared', async () => (await customer.person.windows('^Farhand shares$'))[0]);
    await customer.display.run('xdotool', ['windowfocus', '--sync', chooser]);
    // From Close on: everything, the two monitors, then windows, the foremost first.
    await until('the window to be chosen', async () => {
      await customer.display.run('xdotool', ['key', '--delay', '60', 'Tab', 'Tab', 'Tab', 'Tab', 'Return']);
      return customer.agent.err.event('share', { pick: (event) => event.what === 'window', within: 1_500 }).catch(() => undefined);
    });
    await customer.display.run('xdotool', ['windowfocus', '--sync', chooser, 'key', 'Escape']);
    await customer.person.allow();
    await technician.live();
    await notes('share', 'window');
    const first = await technician.pixels();
    assert.ok(first.width < 500 && first.height < 400, `${first.width}×${first.height} is more than the window`);
    assert.ok(shows(first, BANK.bytes), 'it shows the window');
    // What lies over it is not seen, and nobody can choose a monitor.
    const over = await open('chat', 'chat', SECRET, '200x100+250+260');
    for (let at = 0; at < 6; at++) {
      await customer.display.run('xdotool', ['windowmove', over.window, 150 + at * 30, 240]);
      assert.ok(!shows(await technician.pixels(), SECRET.bytes), 'what lies over it is seen');
    }
    assert.equal(await technician.by('monitors-menu').count(), 0);
    over.close();
    shared.close();
    await notes('away', 'true');
    await until('an empty picture', async () => !shows(await technician.pixels(), BANK.bytes));
    await technician.end();
  });
});
