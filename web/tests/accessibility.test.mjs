// Every page in every state, light and dark, wide and narrow, in both languages' longest: no violation that axe can find.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { Mock } from './mock.mjs';
import { officeScenes } from './scenes-office.mjs';
import { scenes } from './scenes.mjs';

const web = resolve(import.meta.dirname, '..');
const VIEWS = [
  { name: 'wide, light', viewport: { width: 1440, height: 900 }, colorScheme: 'light', locale: 'en' },
  { name: 'narrow, dark, German', viewport: { width: 390, height: 844 }, colorScheme: 'dark', locale: 'de' },
];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

let browser;
let axe;
before(async () => {
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
});
after(() => browser.close());

const still = { width: 64, height: 40, rgba: Buffer.alloc(64 * 40 * 4, 255) };
/** Those of a session need its picture, which axe does not look at; their own tests do. */
const { join: joining, 'join-start': joinStart, 'join-download': joinDownload, home, 'home-empty': homeEmpty, waiting, setup, 'sign-in': signIn, 'sign-in-refused': refused } = scenes(still);
const all = { ...officeScenes, join: joining, 'join-start': joinStart, 'join-download': joinDownload, home, 'home-empty': homeEmpty, waiting, setup, 'sign-in': signIn, 'sign-in-refused': refused };

for (const { name: view, ...options } of VIEWS) {
  describe(`no barrier, ${view}`, () => {
    for (const [name, scene] of Object.entries(all)) {
      it(name, async () => {
        const mock = new Mock();
        await mock.start(join(web, 'dist'));
        const context = await browser.newContext({ ...options, reducedMotion: 'reduce' });
        const page = await context.newPage();
        page.setDefaultTimeout(15_000);
        const problems = [];
        page.on('pageerror', (error) => problems.push(String(error)));
        page.on('console', (line) => {
          if (/Content Security Policy/.test(line.text())) problems.push(line.text());
        });
        try {
          await scene(page, mock);
          await page.evaluate(axe);
          const { violations } = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] }), RULES);
          const found = violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => `${id} (${help}) at ${target.join(' ')}: ${failureSummary}`));
          assert.deepEqual(found, []);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(over <= 0, `${over} px wider than the window`);
          assert.deepEqual(problems, []);
        } finally {
          await context.close();
          mock.stop();
        }
      });
    }
  });
}
