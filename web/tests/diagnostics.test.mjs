// Diagnostics and the command line in a real Chromium, against a stand-in for the agent that is hostile where it can be.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { becomes, until, useChromium, withPage } from './harness.mjs';

useChromium();

const EVIL = '</script><img src=x onerror="document.title=1">\u202e\u001b]0;x\u0007\u001b[2J';
const SUMMARY = {
  at: 1_790_000_000_000, host: 'office-14', user: 'ada', system: 'Debian GNU/Linux 12', kernel: '6.1.0', architecture: 'x86_64', model: EVIL, desktop: '', uptime: 90_000,
  processor: 'Example CPU', cores: 4, load: 50, memory: 8_000_000_000, memory_used: 4_000_000_000, swap: 0, swap_used: 0,
  disks: [{ name: '/dev/sda1', mount: '/', kind: 'ext4', size: 1000, free: 400 }],
  networks: [{ name: 'eth0', mac: '02:00:00:00:00:01', addresses: ['192.0.2.7/24'], received: 10, sent: 10 }],
  security: [{ name: EVIL, kind: 'firewall', active: true }],
};
const process = (pid, name, more = {}) => ({ pid, parent: 1, name, user: 'ada', own: true, cpu: pid, memory: 2048, started: 5, command: EVIL, ...more });
const ROWS = {
  summary: { topic: 'summary', summary: SUMMARY },
  processes: { topic: 'processes', rows: [process(7, 'sleep'), process(8, EVIL), process(1, 'init', { own: false, user: 'root' })] },
  services: { topic: 'services', rows: [{ name: 'cups.service', description: EVIL, state: 'active', detail: 'running' }] },
  log: { topic: 'log', rows: [{ at: 1_790_000_000_000, priority: 3, unit: 'a.service', message: EVIL }], place: 's=1' },
  software: { topic: 'software', rows: [{ name: 'bash', version: EVIL, architecture: 'amd64', size: 0 }] },
};

async function live(page, mock, rights) {
  mock.add('s1', '482193', 'live', { agent: 'office-14' });
  await page.goto(`${mock.url}/#session=s1`);
  await until('the ends to be sealed', () => mock.told.includes('sealed'));
  mock.consent({ state: 'granted', rights, more: null });
}

/** Answers what is fetched, as an agent would. */
function answers(mock) {
  let done = 0;
  const timer = setInterval(() => {
    for (const said of mock.said('diagnostics').slice(done)) {
      done += 1;
      if (said.type === 'fetch') mock.diagnostics({ type: 'rows', request: said.request, rows: ROWS[said.topic.topic], more: false, cut: false });
    }
  }, 10);
  return () => clearInterval(timer);
}

const acts = (mock) => mock.said('diagnostics').filter(({ type }) => type === 'act');
const typed = (mock) => Buffer.concat(mock.said('diagnostics').filter(({ type }) => type === 'shell_input').map(({ data }) => data)).toString();

describe('diagnostics', () => {
  it('are asked for, and nothing is fetched before they are allowed', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view']);
      await page.getByTestId('open-diagnostics').click();
      await page.getByTestId('ask-diagnostics').click();
      await until('the question', () => mock.said('control').some(({ type, rights }) => type === 'ask' && rights.join() === 'diagnostics'));
      mock.consent({ state: 'granted', rights: ['view'], more: ['diagnostics'] });
      await page.locator('[data-testid=ask-diagnostics][aria-busy=true]').waitFor();
      assert.deepEqual(mock.said('diagnostics'), []);
      mock.consent({ state: 'granted', rights: ['view', 'diagnostics'], more: null });
      await until('the summary to be fetched', () => mock.said('diagnostics').some(({ type, topic }) => type === 'fetch' && topic.topic === 'summary'));
    }));

  it('show whatever an agent says as text, and save it as one file', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view', 'diagnostics']);
      const stop = answers(mock);
      await page.getByTestId('open-diagnostics').click();
      await page.locator('[data-testid=diagnostics-summary][data-ready=true]').getByText('Debian GNU/Linux 12').waitFor();
      for (const topic of ['processes', 'services', 'log', 'software']) {
        await page.locator(`[id$="-${topic}"][role=tab]`).click();
        await page.locator(`[data-testid=diagnostics-${topic}][data-ready=true]`).waitFor();
      }
      assert.equal(await page.locator('[data-testid=tool-diagnostics] img').count(), 0);
      const [file] = await Promise.all([page.waitForEvent('download'), page.getByTestId('diagnostics-report').click()]);
      assert.match(file.suggestedFilename(), /^farhand-[\d-]+\.html$/);
      const report = await readFile(await file.path(), 'utf8');
      assert.ok(report.includes('Debian GNU/Linux 12') && report.includes('cups.service') && report.includes('&lt;img'));
      assert.ok(!report.includes('<img') && !/[\u001b\u202e]/.test(report));
      const data = JSON.parse(/<script type="application\/json"[^>]*>([^<]*)<\/script>/.exec(report)[1]);
      assert.deepEqual(data.processes.map(({ pid }) => pid), [7, 8, 1]);
      // Opened by itself, it runs nothing.
      const other = await page.context().newPage();
      await other.setContent(report);
      assert.notEqual(await other.title(), '1');
      stop();
    }));

  it('sort and filter processes, and end only what the customer may, after a confirmation', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view', 'diagnostics']);
      const stop = answers(mock);
      await page.getByTestId('open-diagnostics').click();
      await page.locator('[id$="-processes"][role=tab]').click();
      await page.locator('[data-testid=diagnostics-processes][data-ready=true]').waitFor();
      const rows = page.getByTestId('processes').locator('tbody tr');
      await becomes(() => rows.count(), 3);
      assert.equal(await page.getByTestId('end-1').count(), 0);
      await page.getByTestId('diagnostics-search').fill('sleep');
      await becomes(() => rows.count(), 1);
      await page.getByTestId('end-7').click();
      await page.getByTestId('diagnostics-force').click();
      assert.deepEqual(acts(mock), []);
      await page.getByTestId('diagnostics-confirm').getByRole('button', { name: 'End', exact: true }).click();
      await until('the action', () => acts(mock).length === 1);
      const [{ request, action }] = acts(mock);
      assert.deepEqual(action, { action: 'end_process', pid: 7, started: 5, name: 'sleep', force: true });
      mock.diagnostics({ type: 'answered', request, outcome: 'denied', text: EVIL });
      await page.getByText('may not do this').waitFor();
      stop();
    }));

  it('stay up through messages that break the protocol, and end with the right', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view', 'diagnostics']);
      const stop = answers(mock);
      await page.getByTestId('open-diagnostics').click();
      await page.locator('[data-testid=diagnostics-summary][data-ready=true]').waitFor();
      mock.diagnostics({ type: 'rows', request: 1, rows: { topic: 'processes', rows: [{ pid: 'x' }] }, more: false, cut: false });
      mock.diagnostics({ type: 'rows', request: 'x' });
      mock.diagnostics({ type: 'answered', request: 1, outcome: 'eaten', text: 'x'.repeat(9000) });
      mock.diagnostics({ type: 'shell_output', shell: 1, at: 0, data: new Uint8Array(9000) });
      mock.diagnostics({ type: 'shell_opened', shell: 1, program: EVIL, user: EVIL, taken: 0, received: 0 });
      mock.diagnostics({ type: 'time_travel' });
      mock.consent({ state: 'granted', rights: ['view'], more: null });
      await page.getByText('not allowed any more').waitFor();
      assert.equal(await page.getByTestId('diagnostics-read').isDisabled(), true);
      stop();
    }));
});

describe('the command line', () => {
  async function opened(page, mock) {
    await live(page, mock, ['view', 'shell']);
    await page.getByTestId('open-shell').click();
    await page.getByTestId('shell-open').click();
    const { cols, rows } = await until('it to be opened', () => mock.said('diagnostics').find(({ type }) => type === 'shell_open'));
    assert.ok(cols > 20 && rows > 5, `${cols} x ${rows}`);
    mock.diagnostics({ type: 'shell_opened', shell: 1, program: '/bin/bash', user: 'ada', taken: 0, received: 0 });
    await until('a grant', () => mock.said('diagnostics').some(({ type, until }) => type === 'shell_grant' && until > 0));
    let at = 0;
    return (text) => {
      const data = Buffer.from(text);
      mock.diagnostics({ type: 'shell_output', shell: 1, at, data: new Uint8Array(data) });
      at += data.length;
    };
  }
  const shown = (page) => page.locator('.xterm-rows').innerText();

  it('types what is typed, shows what is written, colours too, and ends', () =>
    withPage(async (page, mock) => {
      const write = await opened(page, mock);
      write('$ \x1b[38;2;200;30;30mred\x1b[0m \x1b[1mbold\x1b[0m');
      await until('the text', async () => (await shown(page)).includes('red bold'));
      // The pages' policy allows no style as text, and the colour is there all the same.
      const colours = await page.locator('.xterm-rows span').evaluateAll((all) => all.map((one) => [one.textContent, getComputedStyle(one).color]));
      assert.ok(colours.some(([text, colour]) => text.includes('red') && /^rgb\(\d+, \d+, \d+\)$/.test(colour) && colour !== getDefault(colours)), JSON.stringify(colours));
      await page.keyboard.type('ls -l');
      await page.keyboard.press('Enter');
      await becomes(() => typed(mock), 'ls -l\r');
      mock.diagnostics({ type: 'shell_taken', shell: 1, taken: 6 });
      await page.getByTestId('shell-close').click();
      await until('its end', () => mock.said('diagnostics').some(({ type }) => type === 'shell_close'));
      mock.diagnostics({ type: 'shell_ended', shell: 1, why: 'closed', text: '' });
      await page.locator('[data-testid=shell-stage][data-stage=ended]').waitFor();
    }));

  const getDefault = (colours) => colours.find(([text]) => text.includes('bold'))?.[1];

  it('lets no escape sequence reach the clipboard, the title, a link, or the keys', () =>
    withPage(async (page, mock) => {
      const write = await opened(page, mock);
      const title = await page.title();
      write('\x1b]0;hacked\x07\x1b]2;hacked\x1b\\\x1b]52;c;aGFja2Vk\x07\x1b]8;;https://evil.example/\x07link\x1b]8;;\x07\x1b]4;1;?\x07\x1b]10;?\x07\x1b]11;?\x1b\\');
      write('\x1bP$qm\x1b\\\x1bP+q544e\x1b\\\x1b[?2026$p\x1b[>q\x1b[21t\x1b[14t\x1b[?u\x1b_Gq\x1b\\\x1b[5i<script>document.title=1</script> done');
      await until('the text', async () => (await shown(page)).includes('done'));
      assert.equal(await page.title(), title);
      assert.equal(await page.locator('.xterm a').count(), 0);
      await page.locator('.xterm-screen').click();
      assert.equal(typed(mock), '', 'nothing is typed that nobody typed');
      assert.equal(page.context().pages().length, 1);
    }));

  it('grants as it draws, goes on after a lost way without typing twice, and locks while nothing goes through', () =>
    withPage(async (page, mock) => {
      const write = await opened(page, mock);
      for (let at = 0; at < 16; at++) write('x'.repeat(8000));
      await until('more to be granted', () => mock.said('diagnostics').filter(({ type }) => type === 'shell_grant').length > 1);
      await page.keyboard.type('ab');
      await becomes(() => typed(mock), 'ab');
      mock.diagnostics({ type: 'shell_taken', shell: 1, taken: 1 });
      mock.consent({ state: 'held', rights: ['view', 'shell'], holds: ['customer'] });
      await page.getByText('Nothing goes through').waitFor();
      mock.consent({ state: 'granted', rights: ['view', 'shell'], more: null });
      await page.getByText('/bin/bash as ada').waitFor();
    }));

  it('is left by the keyboard, and says what it shows to screen readers', () =>
    withPage(async (page, mock) => {
      const write = await opened(page, mock);
      write('hello reader\r\n');
      await page.keyboard.press('Shift+Escape');
      await becomes(() => page.evaluate(() => document.activeElement?.dataset.testid), 'shell-close');
      await page.getByTestId('shell-readable').click();
      await page.locator('.xterm-accessibility').waitFor({ state: 'attached' });
      // Closed and opened again, the panel shows the same terminal.
      await page.getByTestId('tool-close').click();
      await page.getByTestId('open-shell').click();
      await until('the text', async () => (await shown(page)).includes('hello reader'));
    }));

  it('ends when the right is taken back, and nothing more is typed', () =>
    withPage(async (page, mock) => {
      await opened(page, mock);
      mock.diagnostics({ type: 'shell_ended', shell: 1, why: 'not_allowed', text: '' });
      mock.consent({ state: 'granted', rights: ['view'], more: null });
      await page.locator('[data-testid=shell-stage][data-why=not_allowed]').waitFor();
      await page.locator('.xterm-screen').click();
      await page.keyboard.type('rm');
      await page.getByTestId('ask-shell').waitFor();
      assert.equal(typed(mock), '');
    }));
});
