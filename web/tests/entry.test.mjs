// Getting in: password, second method, invitation, forgotten password, and the demanded second method.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asked, becomes, useChromium, withPage } from './harness.mjs';
import { PASSWORD, RECOVERY, TOTP } from './office.mjs';

useChromium();

const out = (mock) => {
  mock.office.signedIn = null;
};

async function signIn(page, mock) {
  await page.goto(mock.url);
  await page.locator('[name=email]').fill('maria@nordlicht.example');
  await page.locator('[name=password]').fill(PASSWORD);
  await page.keyboard.press('Enter');
}

const withSecond = (methods) => (mock) => {
  out(mock);
  mock.office.secondFactor = methods;
};

describe('a second method', () => {
  it('is asked for, and six digits are sent without another key', () =>
    withPage(async (page, mock) => {
      await signIn(page, mock);
      await page.getByTestId('totp').fill('111111');
      await page.getByRole('alert').getByText('That did not fit.').waitFor();
      await becomes(() => page.getByTestId('totp').inputValue(), '');
      await page.getByTestId('totp').pressSequentially('246 810');
      await page.getByTestId('start-session').waitFor();
      assert.deepEqual(asked(mock, 'POST /sign-in/second').map(({ body }) => body.totp), ['111111', TOTP]);
    }, withSecond(['totp', 'recovery'])));

  it('can be a recovery code', () =>
    withPage(async (page, mock) => {
      await signIn(page, mock);
      await page.getByTestId('second-recovery-instead').click();
      await page.locator('[name=recovery]').fill(` ${RECOVERY} `);
      await page.keyboard.press('Enter');
      await page.getByTestId('start-session').waitFor();
      assert.deepEqual(asked(mock, 'POST /sign-in/second')[0].body, { ticket: 't1', recovery: RECOVERY });
    }, withSecond(['totp', 'recovery'])));

  it('begins again when it took too long', () =>
    withPage(async (page, mock) => {
      await signIn(page, mock);
      mock.office.ticketGone = true;
      await page.getByTestId('totp').fill(TOTP);
      await page.getByRole('button', { name: 'Begin again' }).click();
      await page.getByTestId('sign-in').waitFor();
    }, withSecond(['totp'])));
});

describe('a demanded second method', () => {
  const demanded = (mock) => {
    mock.office.mustAdd = true;
    mock.office.state.methods = { passkeys: [], recovery_codes: 0, demanded: true };
  };

  it('comes before everything else, and the recovery codes before going on', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/people`);
      await page.getByTestId('must-add').waitFor();
      await becomes(() => page.getByTestId('people').count(), 0);
      await page.getByTestId('add-totp').click();
      await page.locator('[name=password]').fill('not mine 1');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('This is not your password.').waitFor();
      await page.locator('[name=password]').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByTestId('qr').waitFor();
      await becomes(() => page.getByTestId('qr').evaluate((picture) => picture.naturalWidth > 0), true);
      await page.getByText('Cannot scan it?').click();
      assert.equal((await page.getByTestId('totp-secret').innerText()).replaceAll(' ', ''), 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP');
      await page.getByTestId('totp-code').fill(TOTP);
      await becomes(() => page.getByTestId('recovery-codes').locator('li').count(), 10);
      await becomes(() => page.getByTestId('recovery-done').isDisabled(), true);
      await page.getByTestId('recovery-kept').check();
      await page.getByTestId('recovery-done').click();
      await page.getByTestId('people').waitFor();
    }, demanded));

  it('appears as soon as the service demands it', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/people`);
      await page.getByTestId('people').waitFor();
      demanded(mock);
      await page.getByTestId('nav-groups').click();
      await page.getByTestId('must-add').waitFor();
    }));
});

describe('an invitation', () => {
  it('is accepted with a name and a password that keeps to the rule', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/invitation#s3cret-token`);
      const form = page.getByTestId('accept');
      await page.getByRole('heading', { name: 'Join Nordlicht IT' }).waitFor();
      await becomes(() => form.locator('[name=name]').inputValue(), 'Lena Vogt');
      await form.locator('[name=new-password]').fill('onlyletters');
      await page.keyboard.press('Enter');
      await page.getByText('At least 8 characters, with letters and digits.').waitFor();
      await becomes(() => form.locator('[name=new-password]').getAttribute('aria-invalid'), 'true');
      assert.equal(asked(mock, 'POST /invitation/accept').length, 0);
      await form.locator('[name=new-password]').fill('letters 4 digits');
      await page.keyboard.press('Enter');
      await page.getByTestId('start-session').waitFor();
      assert.deepEqual(asked(mock, 'POST /invitation/accept')[0].body, { token: 's3cret-token', name: 'Lena Vogt', password: 'letters 4 digits' });
      assert.ok(!page.url().includes('s3cret'), 'the secret left the address bar');
    }, out));

  it('that is used up says so', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/invitation#gone`);
      await page.getByText('This link no longer works').waitFor();
    }, out));
});

describe('a forgotten password', () => {
  it('is asked for by mail, whoever asks', () =>
    withPage(async (page, mock) => {
      await page.goto(mock.url);
      await page.getByRole('link', { name: 'Forgot your password?' }).click();
      await page.locator('[name=email]').fill('nobody@nordlicht.example');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Look into your inbox' }).waitFor();
      await page.getByRole('button', { name: 'To the sign-in' }).click();
      await page.getByTestId('sign-in').waitFor();
    }, out));

  it('is replaced by the link, and what the service thinks of the new one is said', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/reset#tok`);
      mock.office.failing.set('POST /password-reset/finish', { status: 422, body: { code: 'password_weak', message: 'Weak.' } });
      await page.locator('[name=new-password]').fill('password1');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('This password cannot be used').waitFor();
      await page.getByRole('button', { name: 'Show' }).click();
      await becomes(() => page.locator('[name=new-password]').getAttribute('type'), 'text');
      await page.locator('[name=new-password]').fill('three words 17 long');
      await page.getByRole('button', { name: 'Set password' }).click();
      await page.getByRole('heading', { name: 'Your password is changed' }).waitFor();
      await page.getByRole('button', { name: 'To the sign-in' }).click();
      await page.getByTestId('sign-in').waitFor();
    }, out));
});

describe('one’s own account', () => {
  it('shows where one is signed in, and signs out everywhere', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/account/signins`);
      const rows = page.getByTestId('sign-ins').locator('tbody tr');
      await becomes(() => rows.count(), 2);
      await rows.nth(1).getByRole('button').click();
      await page.getByText('Signed out there.').waitFor();
      await becomes(() => rows.count(), 1);
      await page.getByTestId('sign-out-everywhere').click();
      await page.getByTestId('confirm-act').click();
      await page.getByTestId('sign-in').waitFor();
    }));

  it('adds and removes methods, each time with the password', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/account/methods`);
      await page.getByRole('button', { name: 'Remove the passkey “Work laptop”' }).click();
      await page.locator('dialog[open] [name=password]').fill('wrong');
      await page.getByTestId('confirm-act').click();
      await page.getByRole('alert').getByText('This is not your password.').waitFor();
      await page.locator('dialog[open] [name=password]').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByText('The method was removed.').waitFor();
      await becomes(() => page.getByTestId('passkeys').count(), 0);
    }));

  it('shows new recovery codes until they are kept, whatever key is pressed', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/account/methods`);
      await page.getByTestId('new-codes').click();
      await page.locator('dialog[open] [name=password]').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByTestId('recovery-codes').waitFor();
      for (let presses = 0; presses < 3; presses++) await page.keyboard.press('Escape');
      await becomes(() => page.getByTestId('recovery-codes').isVisible(), true);
      const saved = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Save as file' }).click();
      assert.equal((await saved).suggestedFilename(), 'farhand-recovery-codes.txt');
      await page.getByTestId('recovery-kept').check();
      await page.getByTestId('recovery-done').click();
      await page.getByTestId('recovery-codes').waitFor({ state: 'detached' });
    }));

  it('changes the password, and not to a weak one', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/account`);
      const form = page.getByTestId('change-password');
      await form.locator('[name=current-password]').fill(PASSWORD);
      await form.locator('[name=new-password]').fill('short1');
      await page.keyboard.press('Enter');
      await becomes(() => form.locator('[name=new-password]').getAttribute('aria-invalid'), 'true');
      await form.locator('[name=new-password]').fill('a longer 1');
      await page.keyboard.press('Enter');
      await page.getByText('The password was changed.').waitFor();
      assert.deepEqual(asked(mock, 'POST /me/password').map(({ body }) => body), [{ current: PASSWORD, new: 'a longer 1' }]);
    }));
});
