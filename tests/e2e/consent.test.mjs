// The customer decides, at every moment, and silence means no.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { becomes, until } from '../kit/wait.mjs';
import { told, World } from './world.mjs';

describe('consent', () => {
  let world;
  let technician;
  let customer;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
  });
  after(() => world?.close());
  beforeEach(async () => {
    await customer.agent?.stop();
    await technician.home();
    await technician.start();
  });
  const promise = (name, body) => test(name, told(() => world, body));

  async function refusedBy(how) {
    const agent = customer.join(technician.code);
    await agent.err.event('joined');
    await how();
    await technician.stage('ended');
    await agent.exited;
    assert.equal(agent.err.events('consent').some((event) => event.consent.state === 'granted'), false);
  }

  promise('No ends the session, and nothing was seen', () => refusedBy(() => customer.person.refuse()));

  promise('closing the prompt means no', () => refusedBy(() => customer.person.closePrompt()));

  promise('no answer means no', async () => {
    const agent = customer.join(technician.code, { args: ['--answer-within', '5'] });
    await agent.err.event('joined');
    await customer.person.prompt();
    await technician.stage('ended');
    await agent.exited;
    assert.ok(await customer.person.noPrompt());
    assert.equal(agent.err.events('consent').some((event) => event.consent.state === 'granted'), false);
  });

  promise('refusing control keeps the view', async () => {
    await customer.joinAndAllow(technician);
    await technician.askControl();
    await customer.person.refuse();
    await technician.rights('view');
    await customer.sameAs(technician);
  });

  promise('control is taken back at once, with what is held released, and the view stays', async () => {
    await customer.joinAndAllow(technician);
    await technician.askControl();
    await customer.person.allow();
    await technician.rights('view', 'control');
    await customer.clicked(technician);
    const mark = customer.target.mark;
    await technician.page.keyboard.down('KeyW');
    await customer.target.key('KeyW', true, { from: mark });
    await customer.person.takeBackControl();
    await technician.rights('view');
    await customer.target.key('KeyW', false, { from: mark });
    await technician.page.keyboard.up('KeyW');
    const later = customer.target.mark;
    await technician.page.keyboard.press('KeyX');
    await technician.click(640, 400);
    await customer.sameAs(technician);
    assert.deepEqual(customer.target.since(later).filter((event) => event.code === 'KeyX'), []);
  });

  promise('a pause hides the screen until the customer resumes', async () => {
    await customer.joinAndAllow(technician);
    await customer.person.pause();
    await technician.stage('held');
    await customer.target.mode('type');
    await customer.target.mode('idle');
    assert.equal(await technician.now(), 'held');
    await customer.person.pause();
    await technician.live();
    await customer.sameAs(technician);
  });

  promise('the customer ends it', async () => {
    const agent = await customer.joinAndAllow(technician);
    await customer.person.end();
    await technician.stage('ended');
    const { code } = await agent.exited;
    assert.equal(code, 0);
  });

  promise('the technician gives control back, and must ask again', async () => {
    await customer.joinAndAllow(technician);
    await technician.askControl();
    await customer.person.allow();
    await technician.rights('view', 'control');
    await technician.by('give-up-control').click();
    await technician.rights('view');
    await technician.askControl();
    await customer.person.prompt();
    await becomes(() => technician.by('give-up-control').count(), 0);
    await until('the prompt to wait', async () => (await customer.person.windows('^Farhand asks$')).length === 1);
  });

  // The last: twice the window manager showed no window any more after a key that closed one.
  promise('Escape means no', () => refusedBy(() => customer.person.escape()));
});
