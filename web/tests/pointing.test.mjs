// The light and the pencil over the picture, in a real Chromium, by the pointer and by the keyboard.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { becomes, until, useChromium, withPage } from './harness.mjs';

useChromium();

const blank = { width: 1280, height: 720, rgba: Buffer.alloc(1280 * 720 * 4, 200) };

async function live(page, mock, rights = ['view']) {
  mock.add('s1', '482193', 'live', { agent: 'office-14' });
  await page.goto(`${mock.url}/#session=s1`);
  await page.getByTestId('carrier').waitFor();
  await until('the ends to be sealed', () => mock.told.includes('sealed'));
  mock.consent({ state: 'granted', rights, more: null });
  mock.frame(0, blank);
  await page.waitForFunction(() => document.querySelector('[data-testid=screen]')?.width === 1280);
}

const pointed = (mock) => mock.said('chat').filter(({ type }) => type === 'pointing').map(({ pointing }) => pointing);
const draws = (mock) => pointed(mock).filter(({ type }) => type === 'draw');

describe('pointing', () => {
  it('draws by the pointer, and what is drawn goes to no program of the customer', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view', 'control']);
      await page.getByTestId('pointing-open').click();
      await page.getByTestId('pointing-colour-green').click();
      await page.getByTestId('pointing-box').click();
      const box = await page.getByTestId('pointing-layer').boundingBox();
      const inputs = mock.said('input').length;
      await page.mouse.move(box.x + box.width * 0.25, box.y + box.height * 0.25);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.5, { steps: 5 });
      await page.getByTestId('pointing-draft').waitFor();
      await page.mouse.up();
      await until('the box', () => draws(mock).at(-1)?.mark.places[1]?.x >= 638);
      const { stays, mark } = draws(mock).at(-1);
      assert.deepEqual([stays, mark.shape, mark.colour], [false, 'box', 'green']);
      assert.ok(Math.abs(mark.places[0].x - 320) <= 2 && Math.abs(mark.places[0].y - 180) <= 2, JSON.stringify(mark.places));
      assert.deepEqual(mock.said('input').slice(inputs).filter(({ type }) => type === 'button'), []);
      await becomes(() => page.getByTestId('pointing-draft').count(), 0);
    }));

  it('draws and shines by the keyboard', () =>
    withPage(async (page, mock) => {
      await live(page, mock);
      await page.getByTestId('pointing-open').focus();
      await page.keyboard.press('Enter');
      await page.getByTestId('pointing-light').focus();
      await page.keyboard.press('Enter');
      await becomes(() => page.getByTestId('pointing-layer').evaluate((layer) => layer === document.activeElement), true);
      await page.keyboard.press('ArrowRight');
      await until('the light', () => pointed(mock).some(({ type, at }) => type === 'light' && at.x === 656 && at.y === 360));
      await page.getByTestId('pointing-arrow').focus();
      await page.keyboard.press('Enter');
      await until('the light to go out', () => pointed(mock).some(({ type }) => type === 'dark'));
      await becomes(() => page.getByTestId('pointing-layer').evaluate((layer) => layer === document.activeElement), true);
      for (const key of ['Space', 'ArrowDown', 'ArrowDown', 'Space']) await page.keyboard.press(key);
      await until('the arrow', () => draws(mock).at(-1)?.mark.places[1]?.y === 392);
      await page.keyboard.press('Escape');
      await becomes(() => page.getByTestId('pointing-layer').count(), 0);
    }));

  it('is told of what the customer cleared, and is gone with the view', () =>
    withPage(async (page, mock) => {
      await live(page, mock);
      await page.getByTestId('pointing-open').click();
      await page.getByTestId('pointing-line').click();
      await page.getByTestId('pointing-layer').focus();
      for (const key of ['Space', 'ArrowDown', 'Space']) await page.keyboard.press(key);
      await until('the line', () => draws(mock).length > 0);
      mock.chat({ type: 'pointing', pointing: { type: 'cleared' } });
      await page.getByText('The customer cleared the drawings').waitFor();
      mock.consent({ state: 'held', rights: ['view'], holds: ['customer'] });
      await becomes(() => page.getByTestId('pointing').count(), 0);
    }));
});
