// Several technicians in one session: two consoles in real browsers, one agent, and a customer who is asked for each.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../kit/wait.mjs';
import { told, World } from './world.mjs';

const BOB = { email: 'bob@acme.example', name: 'Bob Berger', password: 'staple battery 9' };

/** A second technician of the organisation, by an invitation and its link. */
async function colleague(world, { email, name, password }) {
  const headers = { cookie: await world.cookie(), origin: world.service.url };
  const invited = await world.service.ask('POST', '/api/v1/invitations', { body: { email, name, role: 'technician', group: '' }, headers });
  assert.equal(invited.status, 201, invited.text);
  const { mails } = JSON.parse((await world.service.ask('GET', '/api/v1/outbox', { headers })).text);
  const token = /\/invitation#(\S+)/.exec(mails.find(({ to }) => to === email).text)[1];
  const accepted = await world.service.ask('POST', '/api/v1/invitation/accept', { body: { token, name, password }, headers: { origin: world.service.url } });
  assert.equal(accepted.status, 200, accepted.text);
}

describe('several technicians', () => {
  let world;
  let ada;
  let bob;
  let customer;
  before(async () => {
    world = await World.open();
    await colleague(world, BOB);
    [ada, bob, customer] = await Promise.all([world.technician(), world.technician({ signIn: false }), world.customer()]);
    await bob.signIn(BOB);
  });
  after(() => world?.close());
  const promise = (name, body) => test(name, told(() => world, body));

  async function open(console_, panel) {
    if ((await console_.by(`tool-${panel}`).count()) === 0) await console_.by(`open-${panel}`).click();
    await console_.by(`tool-${panel}`).waitFor();
  }

  /** Ada invites Bob; the digits that she is shown. */
  async function invite(purpose) {
    await open(ada, 'together');
    await ada.by(`purpose-${purpose}`).check();
    await until('Bob to be in the list', async () => (await ada.by('colleague').locator('option').allInnerTexts()).some((text) => text.startsWith(BOB.name)));
    await ada.by('invite').click();
    const shown = ada.by('colleague-digits').last();
    await shown.waitFor();
    return (await shown.innerText()).trim();
  }

  async function follow(digits) {
    await bob.by('call').waitFor();
    await bob.by('call-digits').fill(digits);
    await bob.by('call-accept').click();
  }

  const standing = (wanted) =>
    until(`Ada to see that Bob ${wanted}`, async () => {
      const found = await ada.by('person').filter({ hasText: BOB.name }).evaluateAll((rows) => rows.map((row) => row.dataset.standing));
      return wanted === 'gone' ? found.length === 0 : found.includes(wanted);
    });

  /** Bytes that the agent has sent and the room has handed on, as the service counts them. */
  const agents = () => customer.agent.err.events('sealed').map(({ participant }) => participant);

  promise('a colleague comes in when the customer agrees, sees the very same pixels, and presses nothing', async () => {
    await ada.start();
    await customer.joinAndAllow(ada);
    const digits = await invite('watch');
    assert.match(digits, /^\d{4}$/);
    await follow(digits);
    // The two ends know each other, and Bob sees nothing yet.
    await bob.stage('let_in');
    await standing('asked');
    assert.equal((await bob.pixels()).width <= 1, true, 'nothing is seen before the customer agrees');
    await customer.person.allow();
    await bob.live();
    await bob.rights('view');
    await standing('sees');
    await Promise.all([customer.sameAs(ada), customer.sameAs(bob)]);
    assert.equal(await bob.by('open-together').count(), 1);
    // His keys reach nobody, although Ada's do.
    await ada.askControl();
    await customer.person.allow();
    await ada.rights('view', 'control');
    await bob.rights('view');
    const mark = customer.target.mark;
    await bob.click(500, 300);
    await bob.page.keyboard.press('KeyQ');
    await customer.clicked(ada);
    await ada.page.keyboard.press('KeyW');
    await customer.target.key('KeyW', true, { from: mark });
    assert.deepEqual(customer.target.since(mark).filter(({ code }) => code === 'KeyQ'), []);
    assert.equal(new Set(agents()).size, 2);
  });

  promise('who is taken out sees nothing more, and the other goes on', async () => {
    await ada.by('person').filter({ hasText: BOB.name }).getByTestId('dismiss').click();
    await ada.by('dismiss-sure').getByRole('button', { name: 'Remove', exact: true }).click();
    await bob.stage('left');
    await standing('gone');
    await customer.agent.err.event('put_out');
    const before = await bob.pixels();
    await customer.target.mode('type');
    await customer.target.mode('idle');
    await customer.sameAs(ada);
    assert.deepEqual(await bob.pixels(), before, 'the picture of before, and nothing of after');
    await bob.by('left-home').click();
  });

  promise('wrong digits bring nobody in, and new ones are needed', async () => {
    const digits = await invite('help');
    await follow(String((Number(digits) + 1) % 10_000).padStart(4, '0'));
    await bob.by('left-home').waitFor();
    // The invitation is void at the service, and the first technician learns why without asking.
    await customer.agent.err.event('unproven');
    await ada.page.getByText(`${BOB.name} typed wrong digits`).waitFor();
    await standing('gone');
    await ada.rights('view', 'control');
    await bob.page.getByRole('heading', { name: 'These digits were wrong' }).waitFor();
    await bob.by('left-home').click();
    const left = await world.service.ask('GET', '/api/v1/colleague-invitations', { headers: { cookie: await world.cookie(BOB) } });
    assert.deepEqual(JSON.parse(left.text).invitations, []);
  });

  promise('a colleague who helps has keys of his own, and both let go when control is taken back', async () => {
    const digits = await invite('help');
    await follow(digits);
    await bob.stage('let_in');
    await customer.person.allow();
    await bob.live();
    await bob.rights('view', 'control');
    await standing('controls');
    await customer.clicked(bob, 420, 320);
    const mark = customer.target.mark;
    await bob.page.keyboard.down('KeyB');
    await customer.target.key('KeyB', true, { from: mark });
    await customer.person.takeBackControl();
    await customer.target.key('KeyB', false, { from: mark });
    await bob.page.keyboard.up('KeyB');
    await bob.rights('view');
    await ada.rights('view');
    await bob.by('end-session').click();
    await bob.by('leave-confirm').click();
    await bob.stage('left');
    await standing('gone');
    await bob.by('left-home').click();
  });

  promise('a session is handed over when the customer agrees anew, and its first technician is out', async () => {
    const digits = await invite('take_over');
    await follow(digits);
    await bob.stage('let_in');
    await customer.person.allow();
    await bob.live();
    await ada.stage('left');
    await customer.sameAs(bob);
    await bob.askControl();
    await customer.person.allow();
    await bob.rights('view', 'control');
    await customer.clicked(bob, 360, 280);
    // It is his: a page that is loaded again is in it, and he ends it.
    await bob.page.reload();
    await bob.live();
    await bob.rights('view', 'control');
    await bob.end();
    await customer.agent.exited;
    assert.deepEqual([...ada.problems, ...bob.problems], []);
  });
});
