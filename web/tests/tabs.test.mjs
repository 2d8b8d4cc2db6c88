// Several sessions in one page, and notifications, in a real Chromium against a stand-in for the service.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { becomes, until, useChromium, withPage } from './harness.mjs';

useChromium();

const waiting = (mock) => {
  mock.office.signedIn = 'u2';
  for (const [id, code] of [['s1', '482193'], ['s2', '771204'], ['s3', '120934']]) mock.add(id, code, 'waiting');
};
const current = (page) => page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get('session'));
const tabs = (page) => page.getByTestId('tab').evaluateAll((all) => all.map((tab) => tab.dataset.session).join());

async function open(page, mock, ...ids) {
  await page.goto(mock.url);
  await page.getByTestId('start-session').waitFor();
  for (const id of ids) {
    await page.evaluate((id) => void (location.hash = `session=${id}`), id);
    await page.locator('[data-testid=tab-pane]:not([hidden]) [data-testid=session-code]').waitFor();
  }
}

describe('tabs of sessions', () => {
  it('leave the page to one session, and stand beside two', () =>
    withPage(async (page, mock) => {
      await open(page, mock, 's1');
      assert.equal(await page.getByTestId('session-tabs').count(), 0);
      await open(page, mock, 's2');
      await becomes(() => tabs(page), 's1,s2');
    }, waiting));

  it('are walked by the arrow keys, Ctrl and a number, and back', () =>
    withPage(async (page, mock) => {
      await open(page, mock, 's1', 's2', 's3');
      await page.getByTestId('tab').nth(2).getByRole('link').focus();
      for (const [key, id] of [['ArrowLeft', 's2'], ['Home', null], ['ArrowLeft', 's3'], ['ArrowRight', null], ['Control+Digit2', 's1'], ['Control+Digit4', 's3']]) {
        await page.keyboard.press(key);
        await becomes(() => current(page), id);
      }
      await page.goBack();
      await becomes(() => current(page), 's1');
    }, waiting));

  it('ask before they are closed, and the neighbour is shown then', () =>
    withPage(async (page, mock) => {
      await open(page, mock, 's1', 's2', 's3');
      await page.getByTestId('close-tab').nth(2).click();
      await page.getByTestId('close-dialog').waitFor();
      await page.keyboard.press('Escape');
      await becomes(() => tabs(page), 's1,s2,s3');
      await page.getByTestId('close-tab').nth(2).click();
      await page.getByTestId('close-leave').click();
      await becomes(() => tabs(page), 's1,s2');
      await becomes(() => current(page), 's2');
      await page.reload();
      await becomes(() => tabs(page), 's1,s2');
    }, waiting));
});

/** A browser that shows notifications, as far as a page sees; nobody looks at the page. */
const notifying = (page) =>
  page.addInitScript(() => {
    window.shown = [];
    window.Notification = class {
      static permission = localStorage.getItem('permission') ?? 'default';
      static requestPermission() {
        localStorage.setItem('permission', 'granted');
        this.permission = 'granted';
        return Promise.resolve('granted');
      }
      constructor(title, options) {
        window.shown.push({ title, body: options.body, choose: () => this.onclick?.() });
      }
      close() {}
    };
    document.hasFocus = () => false;
  });
const shown = (page) => page.evaluate(() => window.shown.map(({ title }) => title).join());

describe('notifications of the browser', () => {
  it('are off at first, are switched on in the account, and tell of a colleague once', () =>
    withPage(async (page, mock) => {
      await notifying(page);
      mock.calls = [{ session: 's9', from: 'Bob <b>Berger</b>', purpose: 'watch', at: 1 }];
      await page.goto(mock.url);
      await page.getByTestId('call').waitFor();
      assert.equal(await shown(page), '');
      await page.goto(`${mock.url}/#/account`);
      const toggle = page.getByTestId('notices');
      await toggle.click();
      await becomes(() => toggle.getAttribute('aria-checked'), 'true');
      await page.reload();
      await until('the notification', async () => (await shown(page)) !== '');
      assert.equal(await shown(page), 'Bob <b>Berger</b> calls you into a session');
      await page.evaluate(() => window.shown[0].choose());
      await page.getByTestId('call').waitFor();
    }, (mock) => {
      mock.office.signedIn = 'u2';
    }));

  it('tell when the customer of a waiting session comes', () =>
    withPage(async (page, mock) => {
      await notifying(page);
      await page.addInitScript(() => {
        localStorage.setItem('permission', 'granted');
        localStorage.setItem('farhand.notify', 'on');
        window.Notification.permission = 'granted';
      });
      mock.add('s1', '482193', 'waiting');
      await page.goto(`${mock.url}/#session=s1`);
      await page.getByTestId('session-code').waitFor();
      mock.change('s1', { state: 'claimed', participants: [{ id: 1, role: 'agent', name: 'office-14', organisation: '', connected: true, media: false, gone: false }] });
      await becomes(() => shown(page), 'office-14 is here');
    }, (mock) => {
      mock.office.signedIn = 'u2';
    }));
});
