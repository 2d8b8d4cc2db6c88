// Opens every page in every state in Chromium, wide and narrow, light and dark, and keeps pictures for people to look at:
// `node tests/shots.mjs FOLDER [name]`. Needs the built pages.

import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { Mock, readPng } from './mock.mjs';
import { scenes } from './scenes.mjs';
import { officeScenes } from './scenes-office.mjs';

const web = resolve(import.meta.dirname, '..');
const folder = resolve(process.argv[2] ?? 'shots');
/** Beginnings of the scenes wanted, with commas between. */
const only = process.argv[3];
await mkdir(folder, { recursive: true });

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const problems = [];

const painter = await browser.newPage({ viewport: { width: 1280, height: 800 } });
await painter.goto(`file://${join(web, 'tests/desktop.html')}`);
const desktop = readPng(await painter.screenshot());
await painter.close();

for (const [size, viewport] of Object.entries({ wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } })) {
  for (const colorScheme of ['light', 'dark']) {
    for (const [name, scene] of Object.entries({ ...scenes(desktop), ...officeScenes })) {
      if (only && !only.split(',').some((start) => name.startsWith(start))) continue;
      const mock = new Mock();
      await mock.start(join(web, 'dist'));
      const page = await browser.newPage({ viewport, colorScheme, locale: process.env.SHOTS_LOCALE ?? 'en' });
      const label = `${name} ${size} ${colorScheme}`;
      page.on('pageerror', (error) => problems.push(`${label}: ${error}`));
      page.on('console', (line) => {
        if (line.type() === 'error' && !/401|ERR_|WebTransport|Failed to establish/.test(line.text())) problems.push(`${label}: ${line.text()}`);
      });
      try {
        await scene(page, mock);
        await page.evaluate(() => document.fonts.ready);
        await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), fullPage: true });
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (overflow > 0) problems.push(`${label}: ${overflow} px wider than the window`);
      } catch (error) {
        problems.push(`${label}: ${error}`);
        await page.screenshot({ path: join(folder, `failed-${name}-${size}-${colorScheme}.png`) });
      }
      await page.close();
      mock.stop();
    }
  }
}
await browser.close();
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
