// Every page in every state, light and dark, wide and narrow: no violation that axe can find. In the language with the longer
// words: that both have the same ones is the strings' own test.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { becomes, useChromium, withPage } from './harness.mjs';
import { officeScenes } from './scenes-office.mjs';
import { scenes } from './scenes.mjs';

useChromium();

/** One after the other on the same page. */
const VIEWS = [
  { name: 'narrow, dark', viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
  { name: 'wide, light', viewport: { width: 1440, height: 900 }, colorScheme: 'light' },
];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const still = { width: 64, height: 40, rgba: Buffer.alloc(64 * 40 * 4, 255) };
/** Those of a session need its picture, which axe does not look at; their own tests do. */
const { join: joining, 'join-start': joinStart, 'join-download': joinDownload, home, 'home-empty': homeEmpty, waiting, setup, 'sign-in': signIn, 'sign-in-refused': refused } = scenes(still);
const all = { ...officeScenes, join: joining, 'join-start': joinStart, 'join-download': joinDownload, home, 'home-empty': homeEmpty, waiting, setup, 'sign-in': signIn, 'sign-in-refused': refused };

/** What axe finds, and how much wider than the window the page is. */
const barriers = async (page) => {
  const { violations } = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] }), RULES);
  const found = violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => `${id} (${help}) at ${target.join(' ')}: ${failureSummary}`));
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  return over > 0 ? [...found, `${over} px wider than the window`] : found;
};

describe('no barrier', () => {
  for (const [name, scene] of Object.entries(all)) {
    it(name, () =>
      withPage(
        async (page, mock) => {
          await scene(page, mock);
          await page.evaluate(axe);
          for (const { name, viewport, colorScheme } of VIEWS) {
            await page.setViewportSize(viewport);
            await page.emulateMedia({ colorScheme });
            // What comes and goes by itself may be under way: what stays is a flaw.
            await becomes(async () => (await barriers(page)).map((flaw) => `${name}: ${flaw}`).join('\n'), '');
          }
        },
        () => {},
        { viewport: VIEWS[0].viewport, colorScheme: 'dark', reducedMotion: 'reduce', locale: 'de' },
      ));
  }
});
