// What the service refuses to who has no business there.

import assert from 'node:assert/strict';
import https from 'node:https';
import { after, before, describe, test } from 'node:test';
import { ADMINISTRATOR, told, World } from './world.mjs';

describe('refusals', () => {
  let world;
  let cookie;
  let created;
  before(async () => {
    world = await World.open();
    cookie = await world.cookie();
    const answer = await world.service.ask('POST', '/api/v1/sessions', { cookie, body: { demo: false } });
    assert.ok(answer.status < 300, answer.text);
    created = answer.json;
  });
  after(() => world?.close());
  const promise = (name, body) => test(name, told(() => world, body));

  /** The status of an attempt to open a WebSocket. */
  function upgrade(path, headers) {
    const { hostname, port } = new URL(world.service.url);
    return new Promise((resolve, reject) => {
      const asked = https.request({
        hostname,
        port,
        path,
        rejectUnauthorized: false,
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': Buffer.from('sixteen bytes...').toString('base64'),
          ...headers,
        },
      });
      asked.on('response', (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.on('upgrade', (answer, socket) => {
        socket.destroy();
        resolve(answer.statusCode);
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  promise('a foreign Origin opens no socket', async () => {
    const paths = [`/api/v1/sessions/${created.session.id}/socket`, '/api/v1/media'];
    const origins = ['https://evil.example', 'null', `https://127.0.0.1:${world.service.port + 1}`, `http://127.0.0.1:${world.service.port}`];
    for (const path of paths) {
      for (const origin of origins) assert.equal(await upgrade(path, { origin, cookie }), 403, `${path} from ${origin}`);
    }
  });

  promise('our own Origin opens the socket', async () => {
    assert.equal(await upgrade(`/api/v1/sessions/${created.session.id}/socket`, { origin: world.service.url, cookie }), 101);
  });

  promise('a foreign Origin changes nothing by a request', async () => {
    const answer = await world.service.ask('POST', '/api/v1/sessions', { headers: { cookie, origin: 'https://evil.example' }, body: { demo: false } });
    assert.equal(answer.status, 403, answer.text);
  });

  promise('nobody without a sign-in, however the path is written', async () => {
    const routes = ['/api/v1/me', '/api/v1/sessions', `/api/v1/sessions/${created.session.id}/socket`, '/api/v1/setup', '/api/v1/demo/next'];
    const variants = [
      (route) => route,
      (route) => `${route}/`,
      (route) => `/${route}`,
      (route) => route.toUpperCase(),
      (route) => route.replace('/api/', '/api/./'),
      (route) => route.replace('/api/', '/x/../api/'),
      (route) => route.replace('/v1/', '/%76%31/'),
      (route) => route.replace('/api/', '/api%2f'),
      (route) => `${route}%00`,
      (route) => `${route};a=b`,
      (route) => `${route}?a=b`,
    ];
    for (const route of routes) {
      for (const variant of variants) {
        for (const method of ['GET', 'POST']) {
          const path = variant(route);
          const answer = await world.service.ask(method, path, { ...(method === 'POST' ? { body: {} } : {}) });
          assert.ok([400, 401, 403, 404, 405, 415, 422].includes(answer.status) || isPage(answer), `${method} ${path}: ${answer.status} ${answer.text.slice(0, 80)}`);
        }
      }
    }
  });

  /** The public start page, which says nothing about anybody. */
  function isPage(answer) {
    return answer.status === 200 && /text\/html/.test(answer.headers['content-type'] ?? '') && !answer.text.includes(ADMINISTRATOR.email);
  }

  promise('the set-up route is gone after set-up, with the old token too', async () => {
    const token = new URL(world.service.ready.setup_url).hash.slice(1);
    const body = { ...ADMINISTRATOR, token, email: 'other@acme.example' };
    for (const path of ['/api/v1/setup', '/api/v1/setup/', '/api/v1/SETUP', '/api/v1/./setup', '/api//v1/setup']) {
      const answer = await world.service.ask('POST', path, { body });
      assert.ok([404, 405].includes(answer.status), `${path}: ${answer.status}`);
    }
    await assert.rejects(world.cookie({ email: 'other@acme.example' }), /sign-in failed: 401/);
  });

  promise('after a restart no set-up link is printed', async () => {
    await world.service.restart();
    assert.equal(world.service.ready.setup_url ?? null, null);
  });

  promise('five wrong passwords lock the account for a while, with the right one too', async () => {
    for (let attempt = 0; attempt < 5; attempt++) await assert.rejects(world.cookie({ password: 'wrong horse 8' }), /401/);
    await assert.rejects(world.cookie(), /sign-in failed: (401|403|423|429)/);
  });

  promise('no secret stands in the logs', () => {
    const logs = world.household.report(10_000);
    const secrets = [ADMINISTRATOR.password, cookie.split('=')[1]];
    for (const secret of secrets) assert.ok(!logs.includes(secret), 'a password or a cookie was logged');
  });
});
