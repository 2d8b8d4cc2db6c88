// A customer's agent that lies: markup, huge values, wrong types, bytes that mean nothing. It makes no command run.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PASSWORD } from '../../web/tests/office.mjs';
import { until } from '../kit/wait.mjs';
import { Desktop } from './desktop.mjs';
import { HostileService } from './hostile_customer.mjs';
import { told, World } from './world.mjs';

const id = (name) => `[data-testid="${name}"]`;
const MARKUP = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>{@html x}<svg onload=window.ran=1>';
const INVOKE = `<img src=x onerror="__TAURI_INTERNALS__.invoke('forget_server')">`;

describe('a hostile customer', () => {
  let world;
  let hostile;
  let desktop;
  before(async () => {
    world = await World.open();
    hostile = await HostileService.open(world.household, world.service);
    world.service.url = hostile.url;
    world.service.fingerprint = hostile.fingerprint;
    desktop = await Desktop.open(world, { signIn: false });
    await desktop.signIn({ password: PASSWORD });
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  /** Nothing ran, nothing was asked for, and the page is still there. */
  async function untouched() {
    const found = await desktop.driver.run(() => ({
      ran: window.ran ?? null,
      foreign: [...document.querySelectorAll('img, script, iframe, object, embed, svg[onload]')].filter((element) => element.getAttribute('src') === 'x' || element.hasAttribute('onload') || element.matches('iframe, object, embed, script:not([src])')).length,
      place: location.origin,
      alive: document.querySelector('#app')?.childElementCount > 0,
    }));
    assert.deepEqual(found, { ran: null, foreign: 0, place: 'tauri://localhost', alive: true });
    assert.equal((await desktop.windows()).length, 1);
    const status = await desktop.driver.run(() => window.__TAURI_INTERNALS__.invoke('status'));
    assert.equal(status.server.address, hostile.url);
    const calls = hostile.mock.office.calls.map(({ route }) => route);
    const changing = calls.filter((route) => !route.startsWith('GET ') && route !== 'POST /sign-in');
    assert.deepEqual(changing, []);
  }

  step('is called by markup', async () => {
    await desktop.driver.click(id('start-session'));
    await desktop.stage('waiting');
    const agent = { id: 1, role: 'agent', name: MARKUP + INVOKE, organisation: MARKUP, connected: true, media: true };
    hostile.mock.secretOf = (key) => desktop.driver.run((key) => localStorage.getItem(key), key);
    hostile.mock.change('s1', { state: 'live', participants: [agent] });
    await until('the technician’s link to speak', () => hostile.mock.heard.length > 0);
    hostile.mock.consent({ state: 'granted', rights: ['view', 'control'], more: null });
    hostile.mock.frame(1, { width: 64, height: 48, rgba: Buffer.alloc(64 * 48 * 4, 200) });
    await desktop.live();
    await desktop.picture('desktop-hostile');
    await untouched();
  });

  step('says markup wherever it can say anything', async () => {
    for (const text of [MARKUP, INVOKE, '\u0000\u001b[2J', '‮evil']) {
      for (const kind of ['capture_failed', 'input_failed', MARKUP, '__proto__', 'constructor']) hostile.mock.control({ type: 'notice', notice: { kind, text } });
    }
    await untouched();
  });

  step('sends values that are too large, of the wrong type, or nothing at all', async () => {
    const { mock } = hostile;
    mock.control({ type: 'cursor', cursor: { width: 65_535, height: 65_535, hot_x: 65_535, hot_y: 65_535, rgba: Buffer.alloc(16) } });
    mock.control({ type: 'cursor', cursor: { width: 'x', height: null, hot_x: -1, hot_y: {}, rgba: MARKUP } });
    mock.control({ type: 'cursor_at', x: 0xffffffff, y: 'y' });
    mock.control({ type: 'consent', snapshot: { revision: 0xffffffff, state: MARKUP } });
    mock.control({ type: 'consent', snapshot: null });
    mock.control({ type: '__proto__', toString: MARKUP });
    mock.control({ type: 'pong', nonce: 0xffffffff });
    for (const stream of [0, 1, 2, 3]) {
      for (const bytes of [Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(12, 255), Buffer.alloc(16_000, 0xdd), Buffer.from(MARKUP)]) mock.raw(stream, bytes);
    }
    for (const stream of [4, 200, 255]) mock.raw(stream, Buffer.alloc(64, stream));
    mock.patch(2, 65_000, 65_000, { width: 4, height: 4, rgba: Buffer.alloc(64) });
    mock.video(3, { x: 0, y: 0, width: 65_535, height: 65_535, codec: 99, keyframe: true, data: Buffer.alloc(64, 7) });
    await untouched();
  });

  step('and the technician can still leave', async () => {
    await desktop.driver.click(id('tab-home'));
    await desktop.driver.shown(id('start-session'));
    await until('the log to be read', async () => (await desktop.driver.run(() => window.__TAURI_INTERNALS__.invoke('read_log'))).lines !== undefined);
    await untouched();
  });
});
