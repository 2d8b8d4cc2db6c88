// Monitors with the agent for Windows, under Wine: of two the technician sees both, chooses one, and points at it; one
// that gets another resolution in the middle of a session is followed.

import { after, before, describe, test } from 'node:test';
import { crop } from '../../kit/picture.mjs';
import { until } from '../../kit/wait.mjs';
import { difference, told, World } from '../world.mjs';
import { WindowsCustomer } from './wine.mjs';

/** Wine's first steps on a busy machine take their time. */
const SLOWLY = 90_000;
const [WIDTH, HEIGHT, LEFT] = [1800, 720, 1100];

/** Waits until the technician's picture is this part of the customer's screen, to the pixel. */
const shownAs = (technician, customer, x, width, height) =>
  until(`a picture of ${width} by ${height} pixels from ${x}`, async () => {
    const there = await technician.pixels();
    if (there.width !== width || there.height !== height) throw new Error(`it has ${there.width}×${there.height}`);
    const { count } = difference(crop(await customer.display.pixels(), x, 0, width, height), there);
    if (count > 0) throw new Error(`${count} pixels differ`);
    return true;
  });

describe('two monitors with the agent for Windows', () => {
  let world;
  let technician;
  let customer;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), WindowsCustomer.open(world, { width: WIDTH, height: HEIGHT, monitors: [LEFT, WIDTH - LEFT] })]);
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  async function choose(item) {
    await technician.by('monitors-menu').click();
    await technician.by(item).click();
  }

  const shown = (x, width) => shownAs(technician, customer, x, width, HEIGHT);

  /** Moves the technician's pointer until the customer's is there; the picture may be scaled by less than a pixel. */
  const points = (x, y, wanted) =>
    until(`the pointer to be at ${wanted}`, async () => {
      await technician.move(x + 40, y);
      await technician.move(x, y);
      const text = await customer.display.run('xdotool', ['getmouselocation', '--shell']);
      const at = ['X', 'Y'].map((name) => Number(new RegExp(`${name}=(\\d+)`).exec(text)?.[1]));
      if (at.every((value, side) => Math.abs(value - wanted[side]) <= 1)) return true;
      throw new Error(`it is at ${at}`);
    });

  step('the technician sees both as one picture, and how many there are', async () => {
    await technician.start();
    const agent = customer.join(technician.code);
    await agent.err.event('joined', { within: SLOWLY });
    await customer.person.allow(SLOWLY);
    await technician.live();
    await until('two monitors', async () => (await technician.by('monitors').getAttribute('data-count')) === '2');
    await shown(0, WIDTH);
    await customer.shot('two-monitors');
  });

  step('chooses the second: it is seen to the pixel, and the pointer lands on it', async () => {
    await technician.askControl();
    await customer.person.allow(SLOWLY);
    await technician.rights('view', 'control');
    await points(300, 500, [300, 500]);
    await choose('monitor-2');
    await shown(LEFT, WIDTH - LEFT);
    await points(200, 500, [LEFT + 200, 500]);
    await choose('monitor-1');
    await shown(0, LEFT);
    await points(500, 300, [500, 300]);
  });
});

describe('another resolution with the agent for Windows', () => {
  let world;
  let technician;
  let customer;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), WindowsCustomer.open(world, { modes: [[1024, 640]] })]);
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  step('the picture has the size of the screen, before and after', async () => {
    await technician.start();
    const agent = customer.join(technician.code);
    await agent.err.event('joined', { within: SLOWLY });
    await customer.person.allow(SLOWLY);
    await technician.live();
    await shownAs(technician, customer, 0, 1280, 800);
    await customer.machine.mode([1024, 640]);
    await shownAs(technician, customer, 0, 1024, 640);
    await customer.machine.mode([1280, 800]);
    await shownAs(technician, customer, 0, 1280, 800);
    await technician.rights('view');
    await customer.shot('another-resolution');
  });
});
