// Passkeys, by a real browser with an authenticator of its own.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ADMINISTRATOR, told, World } from './world.mjs';

describe('passkeys', () => {
  let world;
  let page;
  let cdp;
  let authenticator;
  before(async () => {
    // Passkeys belong to a name, so the service is reached by one.
    world = await World.open();
    const url = world.service.url.replace('127.0.0.1', 'localhost');
    const context = await (await world.browser()).newContext({ ignoreHTTPSErrors: true });
    page = await context.newPage();
    await page.goto(url);
    cdp = await context.newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
    ({ authenticatorId: authenticator } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options }));
  });
  after(() => world?.close());
  const promise = (name, body) => test(name, told(() => world, body));

  /** Asks the API as a page of the service does. */
  const ask = (method, route, body) =>
    page.evaluate(
      async ([method, route, body]) => {
        const answer = await fetch(`/api/v1${route}`, { method, headers: body ? { 'content-type': 'application/json' } : {}, body: body && JSON.stringify(body) });
        const text = await answer.text();
        return { status: answer.status, json: text ? JSON.parse(text) : undefined };
      },
      [method, route, body],
    );

  /** What the browser makes of a creation's options. */
  const create = (options) =>
    page.evaluate(async (options) => {
      const made = (await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })).toJSON();
      return { id: made.rawId, client_data: made.response.clientDataJSON, attestation: made.response.attestationObject };
    }, options);

  /** What the browser answers to a request's options. */
  const get = (options) =>
    page.evaluate(async (options) => {
      const given = (await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })).toJSON();
      const { clientDataJSON, authenticatorData, signature, userHandle } = given.response;
      return { id: given.rawId, client_data: clientDataJSON, authenticator_data: authenticatorData, signature, ...(userHandle ? { user: userHandle } : {}) };
    }, options);

  const { email, password } = ADMINISTRATOR;

  promise('a passkey is added and opens the account without a password', async () => {
    assert.equal((await ask('POST', '/sign-in', { email, password })).status, 200);
    const begun = await ask('POST', '/me/methods/passkeys', { password });
    assert.equal(begun.status, 200, JSON.stringify(begun.json));
    const added = await ask('POST', '/me/methods/passkeys/confirm', { ticket: begun.json.ticket, name: 'Test laptop', passkey: await create(begun.json.options) });
    assert.equal(added.status, 200, JSON.stringify(added.json));
    assert.equal(added.json.recovery_codes.length, 10);
    const methods = await ask('GET', '/me/methods');
    assert.deepEqual(methods.json.passkeys.map((key) => key.name), ['Test laptop']);
    assert.equal((await ask('POST', '/sign-out')).status, 204);
    const challenge = await ask('POST', '/sign-in/passkey');
    const opened = await ask('POST', '/sign-in/passkey/finish', { ticket: challenge.json.ticket, passkey: await get(challenge.json.options) });
    assert.equal(opened.status, 200, JSON.stringify(opened.json));
    assert.equal(opened.json.user.email, email);
  });

  promise('an answer opens once, and no other challenge', async () => {
    const challenge = await ask('POST', '/sign-in/passkey');
    const answer = await get(challenge.json.options);
    const other = await ask('POST', '/sign-in/passkey');
    const swapped = await ask('POST', '/sign-in/passkey/finish', { ticket: other.json.ticket, passkey: answer });
    assert.deepEqual([swapped.status, swapped.json.code], [401, 'passkey_refused']);
    assert.equal((await ask('POST', '/sign-in/passkey/finish', { ticket: challenge.json.ticket, passkey: answer })).status, 200);
    const again = await ask('POST', '/sign-in/passkey/finish', { ticket: challenge.json.ticket, passkey: answer });
    assert.deepEqual([again.status, again.json.code], [410, 'ticket_gone']);
  });

  promise('after a password the passkey is the second method', async () => {
    await ask('POST', '/sign-out');
    const step = await ask('POST', '/sign-in', { email, password });
    assert.equal(step.status, 202);
    assert.deepEqual(step.json.methods, ['passkey', 'recovery']);
    assert.equal((await ask('GET', '/me')).status, 401, 'half a sign-in is none');
    const opened = await ask('POST', '/sign-in/second', { ticket: step.json.ticket, passkey: await get(step.json.passkey) });
    assert.equal(opened.status, 200, JSON.stringify(opened.json));
    const list = await ask('GET', '/me/sign-ins');
    assert.deepEqual(list.json.sign_ins.find((one) => one.this).methods, ['password', 'passkey']);
  });

  promise('where two methods are demanded a passkey alone is half a sign-in', async () => {
    assert.equal((await ask('PATCH', '/organisation', { second_method_demanded: true })).status, 200);
    await ask('POST', '/sign-out');
    const challenge = await ask('POST', '/sign-in/passkey');
    const step = await ask('POST', '/sign-in/passkey/finish', { ticket: challenge.json.ticket, passkey: await get(challenge.json.options) });
    assert.equal(step.status, 202, JSON.stringify(step.json));
    assert.deepEqual(step.json.methods, ['password', 'recovery']);
    const opened = await ask('POST', '/sign-in/second', { ticket: step.json.ticket, password });
    assert.equal(opened.status, 200, JSON.stringify(opened.json));
  });

  promise('a user whom the device did not check is refused', async () => {
    await ask('POST', '/sign-out');
    await cdp.send('WebAuthn.setUserVerified', { authenticatorId: authenticator, isUserVerified: false });
    const challenge = await ask('POST', '/sign-in/passkey');
    // The browser itself refuses, for the service asks it to; an answer made in spite of that is refused in the unit tests.
    await assert.rejects(get(challenge.json.options));
    await cdp.send('WebAuthn.setUserVerified', { authenticatorId: authenticator, isUserVerified: true });
  });
});
