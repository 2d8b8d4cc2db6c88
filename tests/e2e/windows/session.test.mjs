// A whole session with the agent for Windows, under Wine: the real service, a technician's browser, a customer who clicks.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { becomes, until } from '../../kit/wait.mjs';
import { told, World } from '../world.mjs';
import { endedWith, WindowsCustomer } from './wine.mjs';

/** Wine's first steps on a busy machine take their time. */
const SLOWLY = 90_000;

describe('a session with the agent for Windows', () => {
  let world;
  let technician;
  let customer;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), WindowsCustomer.open(world)]);
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  /** The middle of the target's block, as the technician sees it. */
  const block = async () => {
    const { width, data } = await technician.pixels();
    const place = customer.target.place;
    const at = ((place.y + 100) * width + place.x + 100) * 3;
    return data.subarray(at, at + 3).toString('hex');
  };

  step('the agent joins by the code, and asks before anything is seen', async () => {
    await technician.start();
    const agent = customer.join(technician.code);
    await agent.err.event('joined', { within: SLOWLY });
    await technician.stage('asking');
    await customer.person.prompt(SLOWLY);
    await customer.shot('asks');
    const { data } = await technician.pixels();
    assert.ok(data.every((byte) => byte === 0), 'the page shows something already');
  });

  step('a click on Allow starts the picture, exact to the pixel', async () => {
    await customer.person.allow(SLOWLY);
    await technician.live();
    await technician.rights('view');
    await customer.sameAs(technician);
    await customer.shot('seen');
    // Where it was slow to come up, it takes the place of the WebSocket later.
    await customer.agent.err.event('carrier', { pick: ({ carrier }) => carrier === 'quic', within: SLOWLY });
  });

  step('control is asked for separately, and allowed', async () => {
    await technician.askControl();
    await customer.person.allow(SLOWLY);
    await technician.rights('view', 'control');
  });

  step('a key in the console turns the block over, and the technician sees it', async () => {
    const from = customer.target.mark;
    await technician.click(400, 500);
    const press = await customer.target.button(1, true, { from });
    await customer.target.button(1, false, { from });
    customer.target.place = { x: 400 - press.x, y: 500 - press.y };
    await until('the block to be red', async () => (await block()) === 'c80000');
    await technician.page.keyboard.press('KeyB');
    await customer.target.key('KeyB', true, { from });
    await customer.target.key('KeyB', false, { from });
    await until('the block to be green', async () => (await block()) === '00c800');
    await customer.shot('controlled');
  });

  step('keys with a prefix and held modifiers arrive as such', async () => {
    const from = customer.target.mark;
    await technician.page.keyboard.press('ArrowLeft');
    const arrow = await customer.target.key('ArrowLeft', true, { from });
    assert.equal(arrow.extended, true);
    await technician.page.keyboard.press('Shift+KeyA');
    await customer.target.key('ShiftLeft', false, { from });
    const order = customer.target.since(from).filter(({ event, scan }) => event === 'key' && [42, 30].includes(scan)).map(({ scan, down }) => `${scan}${down ? '+' : '-'}`);
    assert.deepEqual(order, ['42+', '30+', '30-', '42-']);
    await becomes(async () => customer.target.since(from).filter(({ event }) => event === 'char').map(({ unit }) => String.fromCodePoint(unit)).join(), 'A');
  });

  step('the wheel arrives', async () => {
    await technician.move(500, 400);
    const from = customer.target.mark;
    await technician.page.mouse.wheel(0, 240);
    const { by } = await customer.target.lines.event('wheel', { from });
    assert.ok(by < 0, `${by}`);
  });

  step('the picture is exact after all of it', () => customer.sameAs(technician));

  step('the customer takes control back, and no key arrives any more', async () => {
    await customer.person.takeBackControl();
    await technician.rights('view');
    await customer.shot('taken-back');
    const from = customer.target.mark;
    await technician.page.keyboard.press('KeyQ');
    await technician.move(300, 300);
    await customer.sameAs(technician);
    assert.deepEqual(customer.target.since(from).filter(({ event }) => event === 'key'), []);
  });

  step('the chord takes it back as well, also while the technician holds keys', async () => {
    await technician.askControl();
    await customer.person.allow();
    await technician.rights('view', 'control');
    const from = customer.target.mark;
    await technician.click(400, 500);
    await customer.target.button(1, false, { from });
    await technician.page.keyboard.down('KeyQ');
    await customer.target.key('KeyQ', true, { from });
    await customer.person.chord();
    await customer.agent.err.event('taken_back', { pick: (event) => event.by === 'chord' });
    await technician.rights('view');
    await customer.target.key('KeyQ', false, { from });
    await technician.page.keyboard.up('KeyQ');
  });

  step('the technician ends it, the agent ends too, and the window says so', async () => {
    await technician.end();
    await endedWith(customer.agent, 0);
    await customer.person.told();
    await customer.shot('over');
    assert.deepEqual(technician.problems, []);
  });
});
