// A customer's agent that lies: it speaks the real protocol, sealed, and puts markup, huge values, wrong types and bytes
// that mean nothing into every field of every message. The page shows text, runs nothing, stays up and stays small.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { becomes, until, useChromium, withPage } from '../../web/tests/harness.mjs';
import { attacks, encode, golden, TEXTS } from './hostile_agent.mjs';

/** The page's own memory, in bytes, after what is not needed has gone; and its elements. */
const MOST_HEAP = 150e6;
const MOST_NODES = 60_000;
const RIGHTS = ['view', 'control', 'files', 'clipboard', 'diagnostics', 'shell'];
/** Higher than any number that is made up here. */
let marks = 4_000_000_000;

useChromium();

const me = (mock) => (mock.office.signedIn = 'u2');
/** What a text looks like where it is shown. */
const shown = (text) => text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, '');

function hostile(body) {
  return withPage(async (page, mock) => {
    const dialogs = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await page.addInitScript(() => {
      window.violations = [];
      document.addEventListener('securitypolicyviolation', (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
    });
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).host));
    mock.add('s1', '482193', 'live', { agent: TEXTS[0] });
    await page.goto(`${mock.url}/#session=s1`);
    await until('the ends to be sealed', () => mock.told.includes('sealed'));
    mock.chat({ type: 'history', lines: [], last: true });
    await back(page, mock);
    await body(page, mock);
    await stands(page, mock);
    assert.deepEqual(dialogs, []);
    assert.deepEqual([...new Set(asked)], [new URL(mock.url).host], 'nobody else is asked for anything');
  }, me);
}

/** The customer allows everything, and there is a picture. */
async function back(page, mock) {
  mock.consent({ state: 'granted', rights: RIGHTS, more: null });
  mock.frame((marks % 1000) + 1, { width: 64, height: 48, rgba: Buffer.alloc(64 * 48 * 4, 200) });
  await page.locator('[data-testid=consent-state][data-stage=live]').waitFor();
}

const dock = async (page, tool) => {
  if ((await page.getByTestId(`tool-${tool}`).count()) === 0) await page.getByTestId(`open-${tool}`).click();
  await page.getByTestId(`tool-${tool}`).waitFor();
};

/** Everything that was said is read: the page shows an honest word that came after it. */
async function heard(page, mock) {
  const text = `mark ${(marks += 1)}`;
  mock.chat({ type: 'said', line: { number: marks, id: `m${marks}`, name: '', text, age_ms: 0 } });
  await dock(page, 'chat');
  await page.getByTestId('chat-line').filter({ hasText: text }).waitFor();
}

/** The page is there and does its work, nothing of it was made by the agent, and it has not grown without bounds. */
async function stands(page, mock) {
  await heard(page, mock);
  const found = await page.evaluate(() => {
    const ours = new Set(['DIV', 'SPAN']);
    return {
      ran: window.ran ?? null,
      polluted: {}.ran ?? null,
      violations: window.violations,
      foreign: [...document.querySelectorAll('img, iframe, object, embed, base, script:not([src]), style:not([data-vite-dev-id]), body a[href^="javascript:"], [onload], [onerror]')]
        .filter((element) => !ours.has(element.tagName))
        .map((element) => element.outerHTML.slice(0, 100)),
      title: document.title.includes('hacked'),
    };
  });
  assert.deepEqual(found, { ran: null, polluted: null, violations: [], foreign: [], title: false });
  assert.equal(page.context().pages().length, 1);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable');
  let last;
  await until('the page to be small', async () => {
    await cdp.send('HeapProfiler.collectGarbage');
    const { metrics } = await cdp.send('Performance.getMetrics');
    const { JSHeapUsedSize, Nodes } = (last = Object.fromEntries(metrics.map(({ name, value }) => [name, value])));
    return JSHeapUsedSize < MOST_HEAP && Nodes < MOST_NODES;
  }).catch((error) => {
    throw new Error(`${error.message}: ${last.JSHeapUsedSize} bytes, ${last.Nodes} nodes`);
  });
  await cdp.detach();
}

/** Says every wrong message of a golden file that `pick` takes. */
function spray(mock, stream, file, { whole, pick = () => true } = {}) {
  let count = 0;
  for (const { place, tree } of attacks(file, whole)) {
    if (!pick(place, tree)) continue;
    const body = encode(tree);
    // The room passes on nothing longer.
    if (body.length > 16_000) continue;
    mock.body(stream, body);
    count += 1;
  }
  assert.ok(count > 100, `${count} messages`);
}

const isConsent = (place) => place.includes('{consent}') || place.includes('{rights}');

describe('an agent that lies', () => {
  test('in the messages of the session', () =>
    hostile(async (page, mock) => {
      await dock(page, 'together');
      spray(mock, 'control', 'control', { pick: (place) => !isConsent(place) });
      await heard(page, mock);
      await dock(page, 'quality');
      for (const text of TEXTS) {
        for (const kind of ['capture_failed', 'input_failed']) mock.control({ type: 'notice', notice: { kind, text } });
        mock.control({ type: 'together', message: { type: 'introduce', participant: 2, name: text, organisation: text, purpose: 'watch', rights: ['view'], digits: '0815' } });
      }
      await back(page, mock);
    }));

  test('about where consent stands', () =>
    hostile(async (page, mock) => {
      // Each newer than the one before, or the page would rightly pass over it.
      let revision = 1_000n;
      const newer = (tree) => {
        const snapshot = tree.get?.('snapshot') ?? tree.get?.('message')?.get?.('snapshot');
        if (snapshot?.get?.('revision') !== undefined) snapshot.set('revision', (revision += 1n));
        return tree;
      };
      const huge = (place) => place.endsWith('.revision');
      spray(mock, 'control', 'control', { whole: newer, pick: (place) => isConsent(place) && !huge(place) });
      mock.revise(Number(revision) + 1);
      await back(page, mock);
      await heard(page, mock);
      // What is said with the highest number is the last word of this agent, until the page begins anew.
      spray(mock, 'control', 'control', { pick: (place) => isConsent(place) });
      await heard(page, mock);
    }));

  test('in the chat', () =>
    hostile(async (page, mock) => {
      await dock(page, 'chat');
      spray(mock, 'chat', 'chat');
      spray(mock, 'chat', 'pointing');
      await heard(page, mock);
      const said = TEXTS.map((text, at) => ({ number: (marks += 1), id: `t${at}`, from: 3, name: text, text, age_ms: 0xffff_ffff }));
      // The same number twice in one message, and again in the next.
      mock.chat({ type: 'history', lines: [...said, ...said, { ...said[0], text: 'another' }], last: true });
      mock.chat({ type: 'history', lines: said, last: false });
      for (const text of TEXTS.map(shown)) {
        await until(`"${text}" as text`, () => page.getByTestId('chat-line').evaluateAll((all, text) => all.some((one) => one.querySelector('.text > p').textContent === text), text));
      }
    }));

  test('more than anybody could read', () =>
    hostile(async (page, mock) => {
      await dock(page, 'chat');
      // Above what the page keeps.
      const line = (text) => ({ number: (marks += 1), id: `f${marks}`, name: '', text, age_ms: 0 });
      for (let at = 0; at < 34; at += 1) mock.chat({ type: 'history', lines: Array.from({ length: 60 }, () => line('x')), last: true });
      for (let at = 0; at < 10; at += 1) mock.chat({ type: 'history', lines: Array.from({ length: 2 }, () => line('x'.repeat(4_000))), last: true });
      for (let at = 0; at < 100; at += 1) {
        mock.control({ type: 'notice', notice: { kind: 'capture_failed', text: 'y'.repeat(1_000) } });
        mock.control({ type: 'together', message: { type: 'rights', to: at % 256, snapshot: { revision: at, state: 'granted', rights: ['view'], more: null } } });
      }
      await heard(page, mock);
    }));

  test('about files', () =>
    hostile(async (page, mock) => {
      await dock(page, 'files');
      await page.getByTestId('files-input').setInputFiles([{ name: 'one.bin', mimeType: 'x/y', buffer: Buffer.alloc(50_000, 1) }]);
      const { transfer } = await until('the offer', () => mock.said('files').find(({ type }) => type === 'offer'));
      await page.getByTestId('browse').click();
      const { list } = await until('the folder to be wanted', () => mock.said('files').find(({ type }) => type === 'list'));
      // Once as the answer to what was asked, once as it comes.
      const answer = (tree) => (tree.has?.('transfer') ? new Map(tree).set('transfer', BigInt(transfer)) : tree);
      spray(mock, 'files', 'files', { whole: answer, pick: (place) => !place.includes('{listing}') });
      spray(mock, 'files', 'files');
      await heard(page, mock);
      const entries = TEXTS.map((name) => ({ name, kind: 'file', size: 2 ** 53 - 1, changed: 2 ** 53 - 1 }));
      await dock(page, 'files');
      const asked = mock.said('files').length;
      await page.getByTestId('folder-home').click();
      const { list: again } = await until('the folder to be wanted anew', () => mock.said('files').slice(asked).find(({ type }) => type === 'list'));
      const listing = (more) => mock.body('files', encode({ type: 'listing', list: again, path: TEXTS[0], parent: TEXTS[1], entries: [...entries, ...entries, { ...entries[0], kind: 'folder' }], more, cut: false }));
      for (let at = 0; at < 400; at += 1) listing(true);
      listing(false);
      await page.locator('[data-testid=folder-state][data-state=open]').waitFor({ state: 'attached' });
      await until('the names as text', () => page.getByTestId('entry').evaluateAll((all, name) => all.some((one) => one.querySelector('bdi').textContent === name), TEXTS[0]));
      // It takes everything that there is, and the names of it are this side's business.
      for (let at = 0; at < 3; at += 1) await page.getByTestId('entry').nth(at).locator('input').check();
      await heard(page, mock);
    }));

  test('about the clipboard', () =>
    hostile(async (page, mock) => {
      await dock(page, 'clipboard');
      await page.getByTestId('clipboard-fetch').click();
      const { request } = await until('the question', () => mock.said('clipboard').find(({ type }) => type === 'fetch'));
      const answer = (tree) => (tree.has?.('request') ? new Map(tree).set('request', BigInt(request)) : tree);
      spray(mock, 'clipboard', 'clipboard', { whole: answer });
      await heard(page, mock);
      await dock(page, 'clipboard');
      await page.getByTestId('clipboard-fetch').click();
      const again = await until('another question', () => mock.said('clipboard').findLast(({ type, request: other }) => type === 'fetch' && other !== request));
      mock.body('clipboard', encode({ type: 'offer', transfer: 0xffff_ffff, request: again.request, parts: [], files: [...TEXTS.slice(0, 6), ...TEXTS.slice(0, 6)].map((name) => name.slice(0, 200)), more_files: 0xffff_ffff }));
      await page.locator('[data-testid=clipboard-from-said][data-state=files]').waitFor();
    }));

  test('about its machine', () =>
    hostile(async (page, mock) => {
      const rows = new Map();
      for (const tree of golden('diagnostics')) {
        const inside = tree.get('rows');
        if (tree.get('type') === 'rows' && inside?.get('topic')) rows.set(inside.get('topic'), inside);
      }
      /** The same with every text of it hostile. */
      const evil = (node, at) => {
        if (Array.isArray(node)) return node.map((item) => evil(item, at));
        if (node instanceof Map) return new Map([...node].map(([key, item]) => [key, ['topic', 'state', 'kind'].includes(key) ? item : evil(item, at)]));
        return typeof node === 'string' ? TEXTS[at % TEXTS.length] : node;
      };
      await dock(page, 'diagnostics');
      let read = 0;
      const fetched = () => mock.said('diagnostics').slice(read).find(({ type }) => type === 'fetch');
      for (const topic of ['summary', 'processes', 'services', 'log', 'software']) {
        if (topic !== 'summary') await page.locator(`[id$="-${topic}"][role=tab]`).click();
        const { request } = await until(`${topic} to be asked for`, fetched);
        read = mock.said('diagnostics').length;
        const of = (tree) => (tree.get?.('type') === 'rows' && tree.get('rows')?.get?.('topic') === topic ? new Map(tree).set('request', BigInt(request)).set('more', true) : tree);
        const about = (place) => place.includes(`{${topic}}`) || (topic === 'summary' && !/\{(processes|services|log|software)\}/.test(place));
        spray(mock, 'diagnostics', 'diagnostics', { whole: of, pick: about });
        // One of them may have ended what was asked for.
        mock.diagnostics({ type: 'answered', request, outcome: 'failed', text: TEXTS[0] });
        await page.locator('[data-testid=diagnostics-read]:not([aria-busy=true])').click();
        const again = await until(`${topic} to be asked for anew`, fetched);
        read = mock.said('diagnostics').length;
        const answer = (at, more) => mock.body('diagnostics', encode({ type: 'rows', request: again.request, rows: evil(rows.get(topic), at), more, cut: false }));
        for (let at = 0; at < 40; at += 1) answer(at, topic !== 'summary');
        answer(0, false);
        await page.locator(`[data-testid=diagnostics-${topic}][data-ready=true]`).getByText(TEXTS[0]).first().waitFor();
      }
    }));

  test('in its command line', () =>
    hostile(async (page, mock) => {
      await dock(page, 'shell');
      await page.getByTestId('shell-open').click();
      await until('it to be opened', () => mock.said('diagnostics').find(({ type }) => type === 'shell_open'));
      const say = (message) => mock.body('diagnostics', encode(message));
      say({ type: 'shell_opened', shell: 9, program: TEXTS[0], user: TEXTS[1], taken: 0, received: 0 });
      await page.locator('[data-testid=shell-stage][data-stage=open]').waitFor();
      const mine = (tree) => (tree.has?.('shell') ? new Map(tree).set('shell', 9n) : tree);
      spray(mock, 'diagnostics', 'diagnostics', { whole: mine, pick: (place) => place.includes('{shell_') && !place.includes('{shell_ended}') });
      // Bytes from anywhere, more than were granted, and every beginning of a command to a terminal.
      let at = 0;
      for (let round = 0; round < 300; round += 1) {
        const data = Buffer.from([...TEXTS, '\u001bP', '\u001b]', '\u001b[', '\u001b_', '\u001b^', '\u001bX'].map((text) => text + '\u001b\\;?!$'[round % 7]).join(''));
        say({ type: 'shell_output', shell: 9, at, data });
        say({ type: 'shell_output', shell: 9, at: 2 ** 40, data });
        at += data.length;
      }
      await heard(page, mock);
      const typed = mock.said('diagnostics').filter(({ type }) => type === 'shell_input');
      assert.deepEqual(typed, [], 'nothing is typed that nobody typed');
    }));

  test('and it is still the same page when it is loaded again', () =>
    hostile(async (page, mock) => {
      spray(mock, 'control', 'control', { pick: (place) => !isConsent(place) });
      for (const [stream, file] of [['chat', 'chat'], ['files', 'files'], ['clipboard', 'clipboard'], ['diagnostics', 'diagnostics']]) spray(mock, stream, file);
      for (const bytes of [Buffer.alloc(0), Buffer.alloc(12, 255), Buffer.alloc(16_000, 0xdd)]) for (const stream of [0, 1, 2, 3, 4, 5, 6, 7, 200]) mock.raw(stream, bytes);
      await heard(page, mock);
      await becomes(() => page.locator('[data-testid=consent-state]').getAttribute('data-stage'), 'live');
    }));
});
