// An organisation's days, through its pages and the real service.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { until } from '../kit/wait.mjs';
import { digits, INVITED, Office } from './office.mjs';
import { ADMINISTRATOR, told, World } from './world.mjs';

const NEW_PASSWORD = 'another staple 8';

describe('an organisation', () => {
  let world;
  let tess;
  let tom;
  before(async () => {
    world = await World.open();
    tess = await Office.open(world);
    await tess.signIn();
  });
  after(() => world?.close());
  const promise = (name, body) =>
    test(name, told(() => world, async () => {
      await body();
      for (const office of [tess, tom]) assert.deepEqual(office?.problems ?? [], []);
    }));

  promise('invites somebody, who chooses a password by the link of the mail', async () => {
    await tess.go('people');
    await tess.by('invite').click();
    const dialog = tess.by('invite-dialog');
    await dialog.locator('[name=email]').fill(INVITED.email);
    await dialog.locator('[name=name]').fill('Tom');
    await dialog.getByTestId('send-invitation').click();
    await tess.by('invitations').getByText(INVITED.email).waitFor();

    const link = /https:\/\/\S+\/invitation#\S+/.exec(await tess.mail(INVITED.email, ''))[0];
    tom = await Office.open(world);
    await tom.page.goto(link);
    const form = tom.by('accept');
    await until('the name of the invitation', async () => (await form.locator('[name=name]').inputValue()) === 'Tom');
    await form.locator('[name=name]').fill(INVITED.name);
    await form.locator('[name=new-password]').fill('password1');
    await tom.page.keyboard.press('Enter');
    await tom.page.getByRole('alert').waitFor();
    await form.locator('[name=new-password]').fill(INVITED.password);
    await tom.page.keyboard.press('Enter');
    await tom.by('start-session').waitFor();
    await until('that a technician manages nobody', async () => (await tom.by('nav-people').count()) === 0);

    const again = await Office.open(world);
    await again.page.goto(link);
    await again.page.getByText('This link no longer works').waitFor();
    await again.context.close();

    await tess.go('people');
    await tess.page.reload();
    await tess.by('people').getByText(INVITED.name).waitFor();
    await until('no invitation', async () => (await tess.by('invitations').count()) === 0);
  });

  promise('puts people into a group, whose policy reaches them', async () => {
    await tess.go('groups/new');
    const form = tess.by('group');
    await form.locator('[name=name]').fill('First level');
    for (const right of ['shell', 'unattended']) await form.locator(`[name=${right}]`).uncheck();
    await form.locator('[name=session]').fill('60');
    await form.getByRole('button', { name: 'Create group' }).click();
    await tess.by('groups').getByText('First level').waitFor();
    await tess.go('people');
    await tess.by('people').getByText(INVITED.name).click();
    await tess.by('person').locator('[name=group]').selectOption({ label: 'First level' });
    await tess.by('person').getByRole('button', { name: 'Save' }).click();
    const policy = await until('the policy', async () => {
      const me = await tom.page.evaluate(async () => (await fetch('/api/v1/me')).json());
      return me.policy.session_minutes === 60 && me.policy;
    });
    assert.ok(!policy.rights.includes('shell') && policy.rights.includes('control'));
  });

  promise('demands two methods only when who demands has two', async () => {
    await tess.go('organisation/signin');
    await tess.by('demand').click();
    await tess.by('confirm-act').click();
    await tess.page.getByRole('alert').getByText('Add a second method to your own account first').waitFor();
    await tess.page.keyboard.press('Escape');

    await tess.go('account/methods');
    await tess.addTotp(ADMINISTRATOR.password);
    assert.equal((await tess.keepCodes()).length, 10);
    await tess.by('totp-set').waitFor();
  });

  promise('signs in with password and code, each code once, or with a recovery code', async () => {
    const used = tess.used;
    await tess.signOut();
    await tess.type();
    await tess.by('totp').waitFor();
    await tess.by('totp').fill(digits(tess.secret, used * 30_000));
    await tess.page.getByRole('alert').getByText('That did not fit.').waitFor();
    await tess.by('totp').fill(await tess.freshDigits());
    await tess.by('start-session').waitFor();
  });

  promise('lets nobody go on who has one method, once it demands two', async () => {
    await tess.go('organisation/signin');
    await tess.by('demand').click();
    await tess.by('confirm-act').click();
    await tess.page.getByText('Everybody must have two methods to sign in.').waitFor();
    await tom.page.reload();
    await tom.by('must-add').waitFor();
    const refused = await tom.page.evaluate(async () => (await fetch('/api/v1/sessions')).status);
    assert.equal(refused, 403);
    await tom.addTotp(INVITED.password);
    tom.codes = await tom.keepCodes();
    await tom.by('start-session').waitFor();
  });

  promise('takes each recovery code once', async () => {
    for (const fits of [true, false]) {
      await tom.signOut();
      await tom.type(INVITED);
      await tom.by('second-recovery-instead').click();
      await tom.page.locator('[name=recovery]').fill(tom.codes[0]);
      await tom.page.keyboard.press('Enter');
      if (fits) await tom.by('start-session').waitFor();
      else await tom.page.getByRole('alert').getByText('That did not fit.').waitFor();
    }
  });

  promise('sends a link for a forgotten password, and the new one counts', async () => {
    await tom.go('forgot');
    await tom.page.reload();
    await tom.by('forgot').locator('[name=email]').fill(INVITED.email);
    await tom.page.keyboard.press('Enter');
    await tom.page.getByRole('heading', { name: 'Look into your inbox' }).waitFor();
    const link = await until('the mail', async () => {
      const { mails } = await tess.page.evaluate(async () => (await fetch('/api/v1/outbox')).json());
      return mails.map(({ to, text }) => (to === INVITED.email ? /https:\/\/\S+\/reset#\S+/.exec(text ?? '')?.[0] : undefined)).find(Boolean);
    });
    await tom.page.goto(link);
    await tom.by('reset').locator('[name=new-password]').fill(NEW_PASSWORD);
    await tom.page.keyboard.press('Enter');
    await tom.page.getByRole('button', { name: 'To the sign-in' }).click();
    await tom.type({ email: INVITED.email, password: NEW_PASSWORD });
    await tom.by('totp').fill(await tom.freshDigits());
    await tom.by('start-session').waitFor();
  });

  promise('pauses an account after five wrong passwords, and leaves standing sign-ins alone', async () => {
    const thief = await Office.open(world);
    for (let tries = 0; tries < 5; tries++) {
      await thief.type({ email: INVITED.email, password: `guess number ${tries}` });
      await thief.page.getByRole('alert').getByText('The e-mail address or the password is wrong.').waitFor();
    }
    await thief.type({ email: INVITED.email, password: NEW_PASSWORD });
    await thief.page.getByRole('alert').getByText('Too many sign-ins failed.').waitFor();
    await thief.context.close();
    await tom.page.reload();
    await tom.by('start-session').waitFor();
    await tess.go('people');
    await tess.page.reload();
    await tess.by('state-paused').waitFor();
    await until('the notice by mail', async () => {
      const { mails } = await tess.page.evaluate(async () => (await fetch('/api/v1/outbox')).json());
      return mails.some(({ to, subject }) => to === INVITED.email && /paused|locked/i.test(subject));
    });
  });

  promise('removes somebody after their name is typed, and they are out at once', async () => {
    await tess.go('people');
    await tess.by('people').getByText(INVITED.name).click();
    await tess.by('remove').click();
    await tess.page.locator('dialog[open] [name=confirm]').fill(INVITED.name);
    await tess.by('confirm-act').click();
    await tess.page.getByText(`${INVITED.name} was removed.`).waitFor();
    await tom.page.reload();
    await tom.by('sign-in').waitFor();
  });

  promise('finds all of it in its audit log, whole, and takes it along', async () => {
    await tess.go('audit');
    await tess.by('audit').getByText('Person removed').first().waitFor();
    await tess.by('verify').click();
    await tess.page.getByText('The chain is whole').waitFor();
    const coming = tess.page.waitForEvent('download');
    await tess.by('export-audit').click();
    const lines = (await readFile(await (await coming).path(), 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
    for (const action of ['set_up', 'sign_in', 'invite', 'invitation_accept', 'lock', 'method_add', 'organisation_change', 'person_remove']) {
      assert.ok(lines.some((line) => line.action === action), action);
    }
    await tess.page.getByLabel('Security events only').check();
    await until('the lock alone', async () => (await tess.by('audit').getByText('Sign-in paused').count()) > 0);
  });

  promise('takes its data along as one archive', async () => {
    await tess.go('data');
    const coming = tess.page.waitForEvent('download');
    await tess.by('export-data').click();
    const bytes = await readFile(await (await coming).path());
    assert.equal(bytes.toString('latin1', 257, 262), 'ustar');
    assert.ok(bytes.includes(ADMINISTRATOR.email), 'it can be read without this service');
  });
});
