// Several sessions in one browser page, and what becomes of the customer's screen when one is over.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { becomes, until } from '../kit/wait.mjs';
import { told, World } from './world.mjs';

/** No bus is where these point to: what locks is the display's screen saver, on every machine that runs this. */
const NO_BUS = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/session', DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent/system' };

describe('several sessions in a page', () => {
  let world;
  let technician;
  let customer;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
  });
  after(() => world?.close());
  const promise = (name, body) => test(name, told(() => world, body));

  const tabs = () => technician.page.getByTestId('tab').evaluateAll((all) => all.map((tab) => tab.dataset.session));
  const current = () => technician.page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get('session'));
  let live;
  let waiting;

  promise('one session alone has the whole page, and goes on while the overview is looked at', async () => {
    await technician.start();
    await customer.joinAndAllow(technician, { env: NO_BUS });
    live = await current();
    const met = customer.agent.err.events('sealed').length;
    assert.equal(await technician.page.getByTestId('session-tabs').count(), 0);
    await technician.home();
    await becomes(async () => (await tabs()).join(), live);
    // Its picture is drawn on behind the overview: nothing is asked for anew when it is looked at again.
    await customer.target.mode('type');
    await customer.target.mode('idle');
    await technician.page.getByTestId('tab').getByRole('link').click();
    await technician.live();
    await customer.sameAs(technician);
    assert.equal(customer.agent.err.events('sealed').length, met, 'the two ends have not met anew');
  });

  promise('a second one has a tab beside it, and the keyboard goes from one to the other', async () => {
    await technician.home();
    await technician.start();
    waiting = await current();
    await becomes(async () => (await tabs()).join(), [live, waiting].join());
    const { keyboard } = technician.page;
    await technician.page.getByTestId('tab-home').focus();
    await keyboard.press('ArrowRight');
    await becomes(current, live);
    await technician.stage('live');
    await keyboard.press('End');
    await becomes(current, waiting);
    await keyboard.press('Control+Digit2');
    await becomes(current, live);
    await keyboard.press('Control+Digit1');
    await becomes(current, null);
  });

  promise('what is new in a session that nobody looks at is marked at its tab until somebody looks', async () => {
    await technician.page.getByTestId('tab').nth(1).getByRole('link').click();
    await technician.by('session-code').waitFor();
    await customer.person.pause();
    const tab = technician.page.locator(`[data-testid=tab][data-session="${live}"]`);
    await becomes(() => tab.getAttribute('data-news'), '1');
    await tab.getByRole('link').click();
    await technician.stage('held');
    await becomes(() => tab.getAttribute('data-news'), '0');
    await customer.person.pause();
    await technician.live();
  });

  promise('a reload brings all tabs back', async () => {
    await technician.page.reload();
    await becomes(async () => (await tabs()).join(), [live, waiting].join());
    await technician.live();
  });

  promise('closing asks, and what is closed goes on at the service', async () => {
    const close = technician.page.locator(`[data-testid=tab][data-session="${waiting}"]`).getByTestId('close-tab');
    await close.click();
    await technician.page.getByTestId('close-dialog').getByRole('button', { name: 'Keep it open' }).click();
    await becomes(async () => (await tabs()).join(), [live, waiting].join());
    await close.click();
    await technician.page.getByTestId('close-leave').click();
    await until('the page to have one session', async () => (await technician.page.getByTestId('session-tabs').count()) === 0);
    assert.equal(await current(), live);
    const { sessions } = JSON.parse((await world.service.ask('GET', '/api/v1/sessions', { headers: { cookie: await world.cookie() } })).text);
    assert.deepEqual(sessions.map(({ session }) => session.id).toSorted(), [live, waiting].toSorted());
  });

  promise('the technician wishes the screen locked at the end, the customer is shown it, and both hear what came of it', async () => {
    await technician.by('end-session').click();
    await technician.page.getByTestId('lock-text').filter({ hasText: 'screen saver' }).waitFor();
    await technician.by('lock-at-end').check();
    await becomes(() => technician.by('lock-at-end').getAttribute('data-wanted'), 'true');
    await customer.agent.err.event('screen_lock', { pick: ({ lock }) => lock.wanted });
    await technician.by('end-confirm').click();
    await technician.stage('ended');
    await becomes(() => technician.by('lock-done').getAttribute('data-done'), 'covered');
    await customer.agent.err.event('screen_lock', { pick: ({ lock }) => lock.done === 'covered' });
    assert.deepEqual(technician.problems, []);
  });
});
