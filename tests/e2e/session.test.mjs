// A whole session, from the set-up link to its end, through the pages that people use.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../kit/wait.mjs';
import { ADMINISTRATOR, told, World } from './world.mjs';

describe('a whole session', () => {
  let world;
  let technician;
  let customer;
  before(async () => {
    world = await World.open({ setUp: false });
    [technician, customer] = await Promise.all([world.technician({ signIn: false }), world.customer()]);
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  step('the printed link sets up the organisation and its first administrator', async () => {
    await technician.page.goto(world.service.ready.setup_url);
    const form = technician.by('set-up');
    for (const name of ['organisation', 'name', 'email']) await form.locator(`[name=${name}]`).fill(ADMINISTRATOR[name]);
    await form.locator('[name=new-password]').fill(ADMINISTRATOR.password);
    await form.locator('[type=submit]').click();
    await technician.by('start-session').or(technician.by('sign-in')).first().waitFor();
    await technician.context.clearCookies();
  });

  step('the administrator signs in', () => technician.signIn());

  step('starts a session, and sees a code and a link with the code', async () => {
    await technician.start();
    assert.equal(await technician.now(), 'waiting');
  });

  step('the customer joins by the code and is asked before anything is seen', async () => {
    const agent = customer.join(technician.code);
    await agent.err.event('joined');
    await technician.stage('asking');
    await customer.person.prompt();
    const { data } = await technician.pixels();
    assert.ok(data.every((byte) => byte === 0), 'the page shows something already');
  });

  step('allows it, and the technician sees the very same pixels', async () => {
    await customer.person.allow();
    await technician.live();
    await technician.rights('view');
    await customer.sameAs(technician);
    assert.equal((await technician.carrier()).name, 'webtransport');
    await customer.agent.err.event('carrier', { pick: (event) => event.carrier === 'quic' });
  });

  step('without control no key and no click arrives', async () => {
    const mark = customer.target.mark;
    await technician.click(300, 300);
    await technician.page.keyboard.type('never');
    await technician.askControl();
    await customer.person.prompt();
    assert.deepEqual(customer.target.since(mark).filter((event) => event.kind === 'key'), []);
  });

  step('control is asked for separately, and allowed', async () => {
    await customer.person.allow();
    await technician.rights('view', 'control');
  });

  step('keys arrive by their place on the keyboard', async () => {
    await customer.clicked(technician);
    const mark = customer.target.mark;
    for (const code of ['KeyQ', 'Digit7', 'ArrowLeft', 'F5', 'Enter']) {
      await technician.page.keyboard.press(code);
      await customer.target.key(code, true, { from: mark });
      await customer.target.key(code, false, { from: mark });
    }
  });

  step('modifiers are held while another key is pressed', async () => {
    const mark = customer.target.mark;
    await technician.page.keyboard.press('Shift+KeyA');
    const names = ['ShiftLeft', 'KeyA'];
    await customer.target.key('ShiftLeft', false, { from: mark });
    const order = customer.target.since(mark).filter((event) => event.kind === 'key').map((event) => `${event.code}${event.down ? '+' : '-'}`);
    assert.deepEqual(order, [`${names[0]}+`, `${names[1]}+`, `${names[1]}-`, `${names[0]}-`]);
  });

  step('clicks arrive where they were made', async () => {
    for (const [x, y] of [[420, 333], [20, 700], [1200, 40]]) {
      const mark = customer.target.mark;
      await technician.click(x, y);
      const event = await customer.target.button(1, true, { from: mark });
      assert.ok(Math.abs(event.x - x) <= 1 && Math.abs(event.y - y) <= 1, `${event.x},${event.y} for ${x},${y}`);
    }
  });

  step('the wheel arrives', async () => {
    await technician.move(500, 400);
    const mark = customer.target.mark;
    await technician.page.mouse.wheel(0, 240);
    await customer.target.button(5, true, { from: mark });
  });

  step('the picture stays exact after all of it', () => customer.sameAs(technician));

  step('the technician ends it, and the agent ends too', async () => {
    await technician.end();
    const { code } = await customer.agent.exited;
    assert.equal(code, 0);
    const [ended] = customer.agent.err.events('ended');
    assert.equal(ended.why, 'technician');
  });

  step('nothing of it is left, and nothing went wrong in the page', async () => {
    const cookie = await world.cookie();
    const list = await world.service.ask('GET', '/api/v1/sessions', { cookie });
    assert.deepEqual(list.json.sessions, []);
    await until('the agent to leave no process', () => !world.household.running.some((running) => running.name.includes('agent')));
    assert.deepEqual(technician.problems, []);
  });
});
