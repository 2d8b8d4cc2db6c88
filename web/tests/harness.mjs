// A page in a real Chromium with a stand-in for its service, and the certainty that nothing went wrong in the page.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { Mock } from './mock.mjs';

/** What has not come by then will not come: generous, for machines are shared. */
const WAIT_MS = 45_000;
/** Pages of the browser's own, made for every window: a fifth of what a window costs. */
const OWN_PAGES = 'WebUIOmniboxAimPopup,WebUIOmniboxPopup,WebUIOmniboxFullPopup,PreloadTopChromeWebUI';
/** The list takes the place of the one that is usual for tests; what matters of that stands here too. */
const WITHOUT = `--disable-features=AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch,${OWN_PAGES}`;
/** A page of a test lives for seconds: what the optimising compilers make of its scripts comes too late for it. */
const PLAINLY = '--js-flags=--no-opt --no-maglev';
let browser;

/** Called once by each file of tests. */
export function useChromium() {
  before(async () => {
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', WITHOUT, PLAINLY] });
  });
  after(() => browser.close());
}

export async function withPage(run, setUp = () => {}, { viewport = { width: 1280, height: 900 }, ...options } = {}) {
  const mock = new Mock();
  setUp(mock);
  await mock.start(join(resolve(import.meta.dirname, '..'), 'dist'));
  const context = await browser.newContext({ viewport, locale: 'en', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  mock.secretOf = (key) => page.evaluate((key) => localStorage.getItem(key), key);
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (line) => {
    if (line.type() === 'error' && /Content Security Policy|Uncaught/.test(line.text())) problems.push(line.text());
  });
  try {
    await run(page, mock);
    assert.deepEqual(problems, []);
  } finally {
    mock.over = true;
    await context.close();
    mock.stop();
  }
}

export async function until(what, condition) {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

/** A page shows what it learnt a moment later: waits until `read` gives `expected`, and says what it gave last. */
export async function becomes(read, expected) {
  let last;
  const fits = async () => {
    last = await read();
    return last === expected;
  };
  await until('', fits).catch(() => assert.equal(last, expected));
}

/** What the service was asked, by `METHOD /path`. */
export const asked = (mock, route) => mock.office.calls.filter((call) => call.route === route);
