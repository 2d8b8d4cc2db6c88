// A page in a real Chromium with a stand-in for its service, and the certainty that nothing went wrong in the page.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { Mock } from './mock.mjs';

const WAIT_MS = 15_000;
let browser;

/** Called once by each file of tests. */
export function useChromium() {
  before(async () => {
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
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
