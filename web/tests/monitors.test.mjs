// Monitors, their windows, the size of the picture, and the list of windows that nobody sees: in a real Chromium, against a
// stand-in for service and agent.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { becomes, until, useChromium, withPage } from './harness.mjs';

useChromium();

const RED = [200, 30, 30];
const BLUE = [30, 30, 200];
const MONITORS = [
  { id: 7, name: 'eDP-1', area: { x: 0, y: 0, width: 640, height: 400 }, scale: 100, primary: true },
  { id: 9, name: 'HDMI-1', area: { x: 640, y: 0, width: 320, height: 400 }, scale: 150, primary: false },
];
const ALL = { share: { what: 'everything' }, list: MONITORS, choice: { show: 'all' }, area: { x: 0, y: 0, width: 960, height: 400 }, hidden: 0, paused: false };

/** The left monitor is red, the right one blue. */
function picture(width, height, from = 640) {
  const rgba = Buffer.alloc(width * height * 4, 255);
  for (let at = 0; at < width * height; at++) rgba.set(at % width < from ? RED : BLUE, at * 4);
  return { width, height, rgba };
}

async function live(page, mock, rights = ['view', 'control']) {
  mock.add('s1', '482193', 'live', { agent: 'office-14' });
  await page.goto(`${mock.url}/#session=s1`);
  await until('the ends to be sealed', () => mock.told.includes('sealed'));
  mock.consent({ state: 'granted', rights, more: null });
  mock.control({ type: 'monitors', monitors: ALL });
  mock.frame(0, picture(960, 400));
  await page.getByTestId('monitors').waitFor();
  await becomes(() => page.getByTestId('screen').evaluate(({ width, height }) => `${width} ${height}`), '960 400');
}

const colour = (canvas, x, y) =>
  canvas.evaluate(
    async (shown, [x, y]) => {
      const copy = new OffscreenCanvas(1, 1).getContext('2d');
      copy.drawImage(shown, -x, -y);
      return [...copy.getImageData(0, 0, 1, 1).data.slice(0, 3)].join();
    },
    [x, y],
  );
const said = (mock, type) => mock.said('control').filter((message) => message.type === type);

describe('monitors', () => {
  it('are listed with their sizes, and the one that is chosen is asked for', () =>
    withPage(async (page, mock) => {
      await live(page, mock);
      await page.getByTestId('monitors-menu').click();
      const items = page.getByRole('menuitemradio');
      assert.deepEqual(await items.allInnerTexts(), ['All monitors', '1: eDP-1 (640 × 400), main', '2: HDMI-1 (320 × 400, 150 %)', 'Follow the pointer']);
      assert.equal(await items.nth(0).getAttribute('aria-checked'), 'true');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await until('the wish', () => said(mock, 'show_monitor').length === 1);
      assert.deepEqual(said(mock, 'show_monitor')[0].choice, { show: 'one', id: 9 });
      mock.control({ type: 'monitors', monitors: { ...ALL, choice: { show: 'one', id: 9 }, area: MONITORS[1].area } });
      await becomes(() => page.getByTestId('monitors-menu').innerText(), '2');
    }));

  it('are not offered where there is one, or where the customer shares less', () =>
    withPage(async (page, mock) => {
      await live(page, mock);
      mock.control({ type: 'monitors', monitors: { ...ALL, list: MONITORS.slice(0, 1) } });
      await page.getByTestId('monitors').waitFor({ state: 'detached' });
      mock.control({ type: 'monitors', monitors: { ...ALL, list: [], share: { what: 'window', here: true } } });
      await page.getByText('The customer shares one window.').waitFor();
      mock.control({ type: 'monitors', monitors: { ...ALL, list: [], share: { what: 'window', here: false }, hidden: 2 } });
      await page.getByText('The shared window is closed or put away.').waitFor();
      await page.getByText('2 windows are hidden from you.').waitFor();
    }));

  it('say why control pauses', () =>
    withPage(async (page, mock) => {
      await live(page, mock);
      mock.control({ type: 'monitors', monitors: { ...ALL, paused: true } });
      await page.getByText('Control pauses: the customer has a window in front in which only they act.').waitFor();
      mock.control({ type: 'monitors', monitors: ALL });
      await becomes(() => page.getByTestId('desk-note').innerText(), '');
    }));

  it('can have windows of their own: each shows its part, and clicks and keys count from there', () =>
    withPage(async (page, mock) => {
      await live(page, mock);
      const opening = page.context().waitForEvent('page');
      await page.getByTestId('monitors-menu').click();
      await page.getByTestId('monitor-window-2').click();
      const second = await opening;
      const canvas = second.getByTestId('monitor-screen');
      await becomes(() => canvas.evaluate(({ width, height }) => `${width} ${height}`), '320 400');
      await becomes(() => colour(canvas, 5, 5), BLUE.join());
      // The first shows what is left.
      const shape = (surface) => surface.evaluate(({ clientWidth, clientHeight }) => (clientWidth / clientHeight).toFixed(1));
      await becomes(() => shape(page.getByTestId('screen-surface')), (640 / 400).toFixed(1));
      mock.patch(1, 700, 100, { width: 10, height: 10, rgba: Buffer.alloc(400, 255) });
      await becomes(() => colour(canvas, 65, 105), '255,255,255');
      await becomes(() => second.getByTestId('monitor-surface').getAttribute('data-active'), 'true');
      const clicks = () => mock.said('input').filter(({ type, down }) => type === 'button' && down);
      // A window that has just been opened still takes its size.
      await until('a click at its place', async () => {
        const box = await second.getByTestId('monitor-surface').boundingBox();
        const before = clicks().length;
        await second.mouse.click(box.x + (20.5 / 320) * box.width, box.y + (30.5 / 400) * box.height);
        await until('the click', () => clicks().length > before);
        const { x, y } = clicks().at(-1);
        return Math.abs(x - 660) <= 1 && Math.abs(y - 30) <= 1;
      });
      await second.keyboard.press('KeyB');
      await until('the key', () => mock.said('input').some(({ type, usage }) => type === 'key' && usage === 5));
      const first = await page.getByTestId('screen-surface').boundingBox();
      await page.mouse.click(first.x + first.width - 1, first.y + 5);
      await until('the right edge of the first window, which is that of the first monitor', () => clicks().at(-1).x === 639);
      await second.close();
      await becomes(() => shape(page.getByTestId('screen-surface')), (960 / 400).toFixed(1));
    }));
});

describe('the size of the picture', () => {
  it('fits, is 1:1, or a percentage', () =>
    withPage(async (page, mock) => {
      await live(page, mock);
      const width = () => page.getByTestId('screen-surface').evaluate(({ clientWidth }) => clientWidth);
      for (const [item, wanted] of [
        ['zoom-actual', 960],
        ['zoom-50', 480],
        ['zoom-200', 1920],
        ['zoom-125', 1200],
      ]) {
        await page.getByTestId('zoom-menu').click();
        await page.getByTestId(item).click();
        await becomes(width, wanted);
      }
      assert.equal(await page.getByTestId('zoom').getAttribute('data-zoom'), '125');
      await page.getByTestId('zoom-menu').click();
      await page.getByTestId('zoom-fit').click();
      await becomes(() => page.getByTestId('zoom').getAttribute('data-zoom'), 'fit');
    }));
});

describe('windows that nobody sees', () => {
  it('are listed by the administrator', () =>
    withPage(async (page, mock) => {
      mock.office.state.windows = { rules: [{ effect: 'hide', by: 'program', pattern: 'lohnbuch' }] };
      await page.goto(`${mock.url}/#/organisation/windows`);
      const rules = page.getByTestId('window-rule');
      await becomes(() => rules.count(), 1);
      assert.equal(await rules.nth(0).locator('[name=pattern]').inputValue(), 'lohnbuch');
      await page.getByTestId('add-window').click();
      await rules.nth(1).getByLabel('What happens').selectOption('pause');
      await rules.nth(1).getByLabel('Known by').selectOption('title');
      await rules.nth(1).locator('[name=pattern]').fill(' *bank* ');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved').first().waitFor();
      assert.deepEqual(mock.office.state.windows.rules[1], { effect: 'pause', by: 'title', pattern: '*bank*' });
      await rules.nth(0).getByRole('button', { name: 'Remove' }).click();
      await page.getByRole('button', { name: 'Save' }).click();
      await until('one to be left', () => mock.office.state.windows.rules.length === 1);
    }));
});
