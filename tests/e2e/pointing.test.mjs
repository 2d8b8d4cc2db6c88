// The technician points at the customer's screen without controlling it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { becomes, until } from '../kit/wait.mjs';
import { told, World } from './world.mjs';

const RED = 'e51c23';
const BLUE = '1565d8';

describe('pointing', () => {
  let world;
  let technician;
  let customer;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
    await technician.start();
    await customer.joinAndAllow(technician);
    await technician.by('pointing-open').click();
  });
  after(() => world?.close());
  const promise = (name, body) => test(name, told(() => world, body));

  async function colour(x, y) {
    const { data, width } = await customer.display.pixels();
    return data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3).toString('hex');
  }

  async function drag(from, to) {
    const { mouse } = technician.page;
    await technician.move(...from);
    await mouse.down();
    await mouse.move(...(await technician.point((from[0] + to[0]) / 2, (from[1] + to[1]) / 2)));
    await mouse.move(...(await technician.point(...to)));
    await mouse.up();
  }

  promise('a mark lies on the customer’s screen, and in the technician’s picture, where it was drawn', async () => {
    await technician.by('pointing-stays').click();
    await technician.by('pointing-line').click();
    await drag([300, 300], [500, 300]);
    await becomes(() => colour(400, 300), RED);
    await becomes(() => colour(499, 300), RED);
    await technician.by('pointing-colour-blue').click();
    await technician.by('pointing-box').click();
    await drag([600, 200], [800, 400]);
    await becomes(() => colour(700, 200), BLUE);
    await becomes(() => colour(800, 300), BLUE);
    await customer.sameAs(technician);
    await becomes(() => technician.by('pointing-draft').count(), 0);
  });

  promise('nothing of it takes a click or a key, and the technician’s go nowhere', async () => {
    const mark = customer.target.mark;
    await customer.display.run('xdotool', ['mousemove', 400, 300, 'click', 1]);
    const pressed = await customer.target.button(1, true, { from: mark });
    assert.deepEqual([pressed.x, pressed.y], [400, 300]);
    await customer.target.button(1, false, { from: mark });
    const later = customer.target.mark;
    await technician.by('pointing-layer').press('KeyX');
    await drag([640, 500], [700, 520]);
    await becomes(() => colour(700, 500), BLUE);
    assert.deepEqual(customer.target.since(later), []);
  });

  promise('the customer clears it by a button, and the technician is told', async () => {
    const { person } = customer;
    const outlined = (found) => found.filter(({ filled }) => !filled);
    const { buttons } = await person.look('^Farhand session$', (found) => outlined(found).length === 4);
    await person.press(outlined(buttons)[0]);
    await until('the marks to go', async () => (await colour(400, 300)) !== RED && (await colour(700, 200)) !== BLUE);
    await technician.page.getByText('The customer cleared the drawings').waitFor();
  });

  promise('the keyboard points as well, and a light goes out', async () => {
    await technician.by('pointing-light').click();
    const layer = technician.by('pointing-layer');
    await layer.press('ArrowRight');
    await becomes(() => colour(656, 360), RED);
    await layer.press('Escape');
    await until('the light to go out', async () => (await colour(656, 360)) !== RED);
    assert.equal(await layer.count(), 0);
  });

  promise('when the view is over, so is what was drawn', async () => {
    await technician.by('pointing-line').click();
    await drag([300, 600], [500, 600]);
    await becomes(() => colour(400, 600), BLUE);
    await customer.person.pause();
    await technician.stage('held');
    await until('the mark to go', async () => (await colour(400, 600)) !== BLUE);
    assert.equal(await technician.by('pointing').count(), 0);
  });
});
