// Passkeys through the pages, with an authenticator in the browser.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Office } from './office.mjs';
import { ADMINISTRATOR, told, World } from './world.mjs';

describe('a passkey', () => {
  let world;
  let tess;
  before(async () => {
    world = await World.open();
    // Passkeys belong to a name, so the service is reached by one.
    tess = await Office.open(world, { url: world.service.url.replace('127.0.0.1', 'localhost') });
    await tess.page.goto(tess.url);
    const cdp = await tess.context.newCDPSession(tess.page);
    await cdp.send('WebAuthn.enable');
    const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
    await cdp.send('WebAuthn.addVirtualAuthenticator', { options });
    await tess.signIn();
  });
  after(() => world?.close());
  const promise = (name, body) => test(name, told(() => world, body));

  promise('is added with the password, and the recovery codes are shown', async () => {
    await tess.go('account/methods');
    await tess.by('add-passkey').click();
    await tess.by('passkey-form').locator('[name=passkey-name]').fill('Work laptop');
    await tess.by('passkey-form').locator('[name=password]').fill(ADMINISTRATOR.password);
    await tess.page.keyboard.press('Enter');
    assert.equal((await tess.keepCodes()).length, 10);
    await tess.by('passkeys').getByText('Work laptop').waitFor();
  });

  promise('is a second step after the password', async () => {
    await tess.signOut();
    await tess.type();
    await tess.by('second-passkey').click();
    await tess.by('start-session').waitFor();
  });

  promise('opens the account without a password', async () => {
    await tess.signOut();
    await tess.by('sign-in-passkey').click();
    await tess.by('start-session').waitFor();
    assert.deepEqual(tess.problems, []);
  });

  promise('is one of two when two are demanded, by who came in with two', async () => {
    const demand = async () => {
      await tess.go('organisation/signin');
      await tess.by('demand').click();
      await tess.by('confirm-act').click();
    };
    await demand();
    await tess.page.getByRole('alert').getByText('sign in with both').waitFor();
    await tess.page.keyboard.press('Escape');
    await tess.signOut();
    await tess.type();
    await tess.by('second-passkey').click();
    await tess.by('start-session').waitFor();
    await demand();
    await tess.page.getByText('Everybody must have two methods to sign in.').waitFor();
    await tess.signOut();
    await tess.by('sign-in-passkey').click();
    await tess.by('second').locator('[name=password]').fill(ADMINISTRATOR.password);
    await tess.page.keyboard.press('Enter');
    await tess.by('start-session').waitFor();
  });
});
