// The desktop console: the whole session in its window, and what a page or a customer cannot do with it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../kit/wait.mjs';
import { Desktop } from './desktop.mjs';
import { told, World } from './world.mjs';

const id = (name) => `[data-testid="${name}"]`;

describe('a whole session in the desktop console', () => {
  let world;
  let desktop;
  let customer;
  before(async () => {
    world = await World.open();
    [desktop, customer] = await Promise.all([Desktop.open(world, { trusted: false }), world.customer()]);
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  step('a service with its own certificate is shown with its fingerprint, and trusted by the person', async () => {
    await desktop.driver.type(`${id('server-address')} [name=address]`, world.service.url);
    await desktop.picture('desktop-address');
    await desktop.driver.click(`${id('server-address')} [type=submit]`);
    await desktop.driver.shown(id('server-trust'));
    assert.equal(await desktop.driver.attribute(id('fingerprint'), 'data-fingerprint'), world.service.fingerprint);
    await desktop.picture('desktop-trust');
    assert.equal(await desktop.driver.run((selector) => document.querySelector(selector).disabled, id('trust')), true);
    await desktop.driver.click(id('compared'));
    await desktop.driver.click(id('trust'));
    await desktop.driver.shown(id('sign-in'));
    await desktop.picture('desktop-sign-in');
  });

  step('signs in, and no page holds the sign-in', async () => {
    await desktop.signIn();
    const kept = await desktop.driver.run(() => JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]));
    assert.ok(!/token|bearer|secret/i.test(kept), kept);
    await desktop.picture('desktop-home');
  });

  step('starts a session, and its customer joins and allows', async () => {
    await desktop.start();
    const agent = customer.join(desktop.code);
    await agent.err.event('joined');
    await desktop.stage('asking');
    await customer.person.allow();
    await desktop.live();
    await desktop.rights('view');
  });

  step('shows the very same pixels, by the link in Rust', async () => {
    await customer.sameAs(desktop);
    assert.equal(await desktop.driver.attribute(id('carrier'), 'data-carrier'), 'native');
    assert.equal(await desktop.driver.attribute(id('carrier'), 'data-udp-blocked'), 'false');
    await desktop.picture('desktop-live');
  });

  step('control is allowed, and the page says where the keys go', async () => {
    await desktop.askControl();
    await customer.person.allow();
    await desktop.rights('view', 'control');
    await until('the keys to be the customer’s', async () => (await desktop.driver.attribute(id('keys'), 'data-capturing')) === 'true');
  });

  step('clicks and keys arrive, those too that the desktop otherwise keeps', async () => {
    const clicks = customer.target.mark;
    await desktop.click(420, 333);
    const click = await customer.target.button(1, false, { from: clicks });
    assert.ok(Math.abs(click.x - 420) <= 2 && Math.abs(click.y - 333) <= 2, `${click.x},${click.y}`);
    for (const [key, code] of [['q', 'KeyQ'], ['F5', 'F5'], ['F10', 'F10'], ['ctrl+w', 'KeyW'], ['ctrl+q', 'KeyQ'], ['alt+Tab', 'Tab']]) {
      const mark = customer.target.mark;
      await desktop.press(key);
      await customer.target.key(code, true, { from: mark });
      await customer.target.key(code, false, { from: mark });
    }
    await desktop.picture('desktop-control');
  });

  step('the chord takes the keyboard back', async () => {
    await desktop.press('ctrl+alt+shift');
    await until('the keys to be the technician’s', async () => (await desktop.driver.attribute(id('keys'), 'data-capturing')) === 'false');
  });

  step('another session has a tab of its own, and this one goes on meanwhile', async () => {
    await desktop.driver.click(id('tab-home'));
    await desktop.driver.shown(id('start-session'));
    const tabs = await desktop.driver.run((selector) => document.querySelectorAll(selector).length, id('tab'));
    assert.equal(tabs, 1);
    await desktop.picture('desktop-tabs');
    await desktop.driver.press(`${id('tab')} a`);
    await desktop.stage('live');
    await customer.sameAs(desktop);
  });

  step('the technician ends it, and the agent ends too', async () => {
    await desktop.end();
    const { code } = await customer.agent.exited;
    assert.equal(code, 0);
    assert.equal(customer.agent.err.events('ended')[0].why, 'technician');
  });

  step('a session moves into a window of its own and goes on there', async () => {
    await desktop.driver.click(id('tab-home'));
    await desktop.start();
    const agent = customer.join(desktop.code);
    await agent.err.event('joined');
    await customer.person.allow();
    await desktop.live();
    const tabs = () => desktop.driver.run((selector) => document.querySelectorAll(selector).length, id('tab'));
    assert.equal(await tabs(), 2);
    await desktop.driver.press(`${id('tab')}.current ${id('tear-off')}`);
    await until('a second window', async () => (await desktop.windows()).length === 2);
    await until('its tab to be gone', async () => (await tabs()) === 1);
    await technicianBack();
    await desktop.look('desktop-torn-off');
  });

  // Last: the driver loses its page with the process.
  step('when a page’s process is killed, the page comes back and so does the session', async () => {
    const before = await desktop.pageProcesses();
    for (const process_ of before) process.kill(process_, 'SIGKILL');
    await until('other processes for the pages', async () => {
      const now = await desktop.pageProcesses();
      return now.length >= before.length && now.every((process_) => !before.includes(process_));
    });
    await technicianBack();
    await desktop.look('desktop-after-crash');
  });

  /** Waits until the service says that the technician's link stands, and none of before. */
  async function technicianBack() {
    const cookie = await world.cookie();
    return until('the technician’s link to stand', async () => {
      const { json } = await world.service.ask('GET', '/api/v1/sessions', { cookie });
      const there = json.sessions[0]?.session.participants.find(({ role }) => role === 'technician');
      return there?.connected && there.media && json.sessions[0].session.state === 'live';
    });
  }
});

describe('what a page of the desktop console cannot do', () => {
  let world;
  let desktop;
  before(async () => {
    world = await World.open();
    desktop = await Desktop.open(world);
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));
  const invoke = (command, args = {}) =>
    desktop.driver.run((command, args) => window.__TAURI_INTERNALS__.invoke(command, args).then(() => 'done', (error) => `refused: ${JSON.stringify(error)}`), command, args);

  step('call a command of Tauri or of no name', async () => {
    for (const command of ['plugin:window|close', 'plugin:event|emit', 'plugin:shell|execute', 'plugin:path|resolve_directory', 'plugin:webview|create_webview_window', 'nothing', '__proto__']) {
      assert.match(await invoke(command), /^refused/, command);
    }
  });

  step('call a command of its own with what it does not take', async () => {
    for (const request of [null, 7, [], {}, { method: 'GET' }, { method: 'GET', path: 7, kind: null, body: null }, { method: 'GET', path: '/../../x', kind: null, body: null }, { method: 'GET', path: `/${'a'.repeat(100_000)}`, kind: null, body: null }]) {
      assert.match(await invoke('api', { request }), /^refused/, JSON.stringify(request)?.slice(0, 60));
    }
    assert.match(await invoke('tear_off', { request: { session: '../../x' } }), /^refused/);
    assert.match(await invoke('open_socket', { request: { session: '<img src=x>' } }), /^refused/);
  });

  step('go elsewhere, open a window, load a script, or speak with anybody but the program', async () => {
    const place = await desktop.driver.run(() => location.href);
    const found = await desktop.driver.run(async () => {
      const out = {};
      out.window = window.open('https://example.org/') === null;
      const script = document.createElement('script');
      script.src = 'https://example.org/x.js';
      out.script = await new Promise((resolve) => {
        script.onerror = () => resolve('refused');
        script.onload = () => resolve('loaded');
        document.head.append(script);
      });
      const inline = document.createElement('script');
      inline.textContent = 'window.ran = true';
      document.head.append(inline);
      out.inline = window.ran === undefined;
      try {
        out.eval = new Function('return 1')();
      } catch {
        out.eval = 'refused';
      }
      try {
        (() => {
          'use strict';
          Object.prototype.evil = 1;
        })();
      } catch {
        out.prototype = 'refused';
      }
      try {
        (() => {
          'use strict';
          Object.prototype.toString = () => 'evil';
        })();
      } catch {
        out.toString_ = `${{}}`;
      }
      out.fetch = await fetch('https://example.org/').then(() => 'answered', () => 'refused');
      location.href = 'https://example.org/';
      return out;
    });
    assert.deepEqual(found, { window: true, script: 'refused', inline: true, eval: 'refused', prototype: 'refused', toString_: '[object Object]', fetch: 'refused' });
    assert.equal(await desktop.driver.run(() => location.href), place);
    assert.equal((await desktop.windows()).length, 1);
  });

  step('settings are kept, and the log names nobody', async () => {
    await desktop.driver.click(id('open-settings'));
    await desktop.picture('desktop-settings');
    await desktop.driver.click(id('set-sounds'));
    await desktop.driver.click(id('close-settings'));
    await desktop.driver.click(id('open-log'));
    const log = await desktop.driver.text(id('log'));
    assert.match(log, /farhand-console\/\d/);
    assert.ok(!log.includes('tess@acme.example'), log);
    await desktop.picture('desktop-log');
    await desktop.restart();
    await desktop.picture('desktop-restarted');
    // Without a keyring the sign-in ends with the program, and the page says where it stands.
    await desktop.signIn();
    await desktop.driver.click(id('open-settings'));
    assert.equal(await desktop.driver.run((selector) => document.querySelector(selector).checked, id('set-sounds')), false);
  });
});
