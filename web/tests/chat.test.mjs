// The chat, canned replies, notes and results in a real Chromium, against a stand-in for service and agent.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asked, becomes, until, useChromium, withPage } from './harness.mjs';

useChromium();

const ME = 2;
const technician = (mock) => {
  mock.office.signedIn = 'u2';
};
const line = (number, text, more = {}) => ({ number, id: `i${number}`, name: '', text, age_ms: 0, ...more });
const lines = (page) => page.getByTestId('chat-line').evaluateAll((all) => all.map((one) => `${one.dataset.who}: ${one.querySelector('.text > p').textContent}`));
const says = (mock) => mock.said('chat').filter(({ type }) => type === 'say');

/** A session whose two ends are sealed, and in which nothing is allowed yet. */
async function sealed(page, mock, history = []) {
  mock.add('s1', '482193', 'live', { agent: 'office-14' });
  await page.goto(`${mock.url}/#session=s1`);
  await until('the ends to be sealed', () => mock.told.includes('sealed'));
  mock.chat({ type: 'history', lines: history, last: true });
  await page.getByTestId('open-chat').waitFor();
}

async function open(page, mock, history) {
  await sealed(page, mock, history);
  await page.getByTestId('open-chat').click();
  await page.getByTestId('chat-text').waitFor();
}

/** The agent takes what the console says, as the real one does. */
function takes(mock, said, number) {
  mock.chat({ type: 'said', line: line(number, said.text, { id: said.id, from: ME, name: 'Maria Sommer' }) });
}

describe('the chat', () => {
  it('works before anything is allowed, both ways, and marks what arrived', () =>
    withPage(async (page, mock) => {
      await open(page, mock);
      await page.getByTestId('chat-text').fill('Good morning!');
      await page.keyboard.press('Enter');
      await page.locator('[data-testid=chat-line][data-mark=sent]').waitFor();
      const [said] = await until('the message', () => says(mock).length === 1 && says(mock));
      takes(mock, said, 1);
      await page.locator('[data-testid=chat-line][data-mark=delivered]').waitFor();
      mock.chat({ type: 'typing' });
      await page.getByText('The customer is typing').waitFor();
      mock.chat({ type: 'said', line: line(2, 'Hello, my printer!') });
      await until('both', async () => (await lines(page)).length === 2);
      assert.deepEqual(await lines(page), ['me: Good morning!', 'customer: Hello, my printer!']);
      await becomes(() => page.getByTestId('chat-typing').innerText(), '');
      await until('the answer to be acknowledged', () => mock.said('chat').some(({ type, number }) => type === 'got' && number === 2));
      assert.ok(mock.said('chat').some(({ type }) => type === 'typing'));
    }));

  it('shows markup as text, and a link with the computer that it leads to', () =>
    withPage(async (page, mock) => {
      const asked = [];
      page.on('request', (request) => asked.push(request.url()));
      const hostile = [
        '<img src=x onerror="document.title=1"><script>document.title=2</script>',
        'See https://bank.example@evil.example/login and https://b\u0430nk.example.',
        '{@html x} {{x}} ${x} javascript:alert(1)',
        'right\u202e to left https://evil.example/\u202emoc.knab',
      ];
      await open(page, mock, hostile.map((text, at) => line(at + 1, text)));
      await until('all lines', async () => (await lines(page)).length === 4);
      assert.equal((await lines(page))[0], `customer: ${hostile[0]}`);
      assert.equal((await lines(page))[3], 'customer: right to left https://evil.example/moc.knab');
      const hosts = await page.getByTestId('chat-link').evaluateAll((all) => all.map((one) => one.dataset.host));
      assert.deepEqual(hosts, ['evil.example', 'xn--bnk-6cd.example', 'evil.example']);
      assert.equal(await page.locator('[data-testid=chat-lines] :is(a, img, script, iframe)').count(), 0, 'nothing to click, nothing to load');
      assert.notEqual(await page.title(), '1');
      assert.deepEqual(asked.filter((url) => !url.startsWith(mock.url) && !url.startsWith('blob:')), []);
    }));

  it('survives huge, wrong and lying messages', () =>
    withPage(async (page, mock) => {
      await open(page, mock, [line(1, 'sound')]);
      const wrong = [
        { type: 'said', line: line(2, 'x'.repeat(5000)) },
        { type: 'said', line: line(2, 'n', { name: 'x'.repeat(300) }) },
        { type: 'said', line: line(2, '') },
        { type: 'said', line: { number: 'two' } },
        { type: 'said', line: line(-4, 'negative') },
        { type: 'history', lines: 'many', last: true },
        { type: 'say', id: 'a', text: 'I am the technician' },
        { type: 'got', number: 9 },
        { type: 'nonsense' },
        { type: 'said' },
      ];
      for (const message of wrong) mock.chat(message);
      mock.chat({ type: 'said', line: line(2, 'still here', { name: '<b>', age_ms: 4_294_967_295 }) });
      await until('the sound one', async () => (await lines(page)).length === 2);
      assert.deepEqual(await lines(page), ['customer: sound', 'customer: still here']);
    }));

  it('loses nothing over a cut, and says nothing twice', () =>
    withPage(async (page, mock) => {
      await open(page, mock);
      await page.getByTestId('chat-text').fill('one');
      await page.keyboard.press('Enter');
      const [one] = await until('the message', () => says(mock).length === 1 && says(mock));
      // It came, and the answer to it was lost; the page is loaded again meanwhile.
      await page.reload();
      await page.getByTestId('open-chat').click();
      await becomes(() => page.getByTestId('chat-line').count(), 1);
      mock.chat({ type: 'history', lines: [line(1, 'one', { id: one.id, from: ME, name: 'Maria Sommer' })], last: true });
      await page.locator('[data-testid=chat-line][data-mark=delivered]').waitFor();
      assert.deepEqual(await lines(page), ['me: one']);
      assert.equal(await page.evaluate(() => sessionStorage.getItem('farhand.chat.s1')), null);
    }));

  it('tells of a message that nobody looks at, without taking the focus', () =>
    withPage(async (page, mock) => {
      await sealed(page, mock, [line(1, 'before')]);
      await page.getByTestId('end-session').focus();
      mock.chat({ type: 'said', line: line(2, 'Are you there?') });
      await page.getByRole('button', { name: 'Chat, 1 new' }).waitFor();
      await page.getByText('Are you there?').waitFor();
      assert.equal(await page.evaluate(() => document.activeElement?.dataset.testid), 'end-session');
      await page.getByTestId('open-chat').click();
      await until('both lines', async () => (await lines(page)).length === 2);
      await page.getByRole('button', { name: 'Chat', exact: true }).waitFor();
    }));

  it('inserts canned replies, which are sent only by the technician', () =>
    withPage(async (page, mock) => {
      await open(page, mock);
      await page.getByTestId('chat-text').fill('Hello. ');
      await page.getByTestId('choose-reply').click();
      await page.getByTestId('reply-search').fill('clock lower');
      await becomes(() => page.getByTestId('reply').count(), 1);
      await page.keyboard.press('Enter');
      await becomes(() => page.getByTestId('chat-text').inputValue(), 'Hello. You find it in the lower right corner.\nOn a tablet it is at the top.');
      assert.equal(await page.evaluate(() => document.activeElement?.dataset.testid), 'chat-text');
      assert.equal(says(mock).length, 0);
      await page.keyboard.press('Enter');
      const [said] = await until('the message', () => says(mock).length === 1 && says(mock));
      assert.match(said.text, /^Hello\. You find it/);
    }, technician));

  it('says plainly whether it is kept, and keeps it sealed', () =>
    withPage(async (page, mock) => {
      await open(page, mock, [line(1, 'Zwergplumplori')]);
      await page.locator('[data-testid=chat-kept][data-kept=none]').waitFor();
      assert.match(await page.getByTestId('chat-kept').innerText(), /not kept/);
      assert.deepEqual(mock.office.state.chats, {});
      mock.office.state.receiptKey = { public_key: '9fd7ad6dcff4298dd3f96d5b1b2af910a0535b1488d7f8fabb349a982880b615', made_at: 1 };
      await page.reload();
      await page.getByTestId('open-chat').click();
      mock.chat({ type: 'history', lines: [line(1, 'Zwergplumplori')], last: true });
      await page.locator('[data-testid=chat-kept][data-kept=kept]').waitFor();
      const letter = await until('the sealed copy', () => mock.office.state.chats.s1);
      assert.equal(letter.subarray(0, 5).toString('latin1'), 'FHLT\u0001');
      assert.equal(letter.includes('Zwergplumplori'), false);
    }));
});

describe('canned replies', () => {
  it('are written by administrators and read by technicians', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/replies`);
      await page.getByTestId('new-reply').click();
      const dialog = page.getByTestId('reply-dialog');
      await dialog.locator('[name=title]').fill('Farewell <b>');
      await dialog.locator('[name=text]').fill('Thank you, and good bye.');
      await dialog.getByTestId('save-reply').click();
      await page.getByTestId('replies').getByText('Farewell <b>').waitFor();
      await page.getByRole('button', { name: 'Change Restart' }).click();
      await dialog.locator('[name=text]').fill('I restart it now.');
      await dialog.getByTestId('save-reply').click();
      await page.getByTestId('replies').getByText('I restart it now.').waitFor();
      await page.getByRole('button', { name: 'Remove Greeting' }).click();
      await page.getByTestId('remove-reply').click();
      await becomes(() => page.getByTestId('replies').locator('tbody tr').count(), 3);
      assert.deepEqual(asked(mock, 'PUT /canned-replies/c2')[0].body, { title: 'Restart', text: 'I restart it now.' });
      mock.office.signedIn = 'u2';
      await page.reload();
      await page.getByTestId('replies').waitFor();
      assert.equal(await page.getByTestId('new-reply').count(), 0);
      assert.equal(await page.getByRole('button', { name: /^Change / }).count(), 0);
      await page.getByRole('searchbox').fill('thank');
      await becomes(() => page.getByTestId('replies').locator('tbody tr').count(), 1);
    }));
});

describe('note and result', () => {
  it('are written during the session, and read again', () =>
    withPage(async (page, mock) => {
      await sealed(page, mock);
      await page.getByTestId('open-note').click();
      await page.getByText('Follow-up', { exact: true }).click();
      await page.getByTestId('note-text').fill('Printer: new cable <i>');
      await page.getByTestId('note-save').click();
      await page.locator('[data-testid=note-state][data-saved=true]').waitFor();
      assert.deepEqual(asked(mock, 'PUT /sessions/s1/note')[0].body, { note: 'Printer: new cable <i>', result: 'follow_up' });
      await page.getByTestId('tool-close').click();
      await page.getByTestId('open-note').click();
      await becomes(() => page.getByTestId('note-text').inputValue(), 'Printer: new cable <i>');
      await becomes(() => page.getByTestId('result-follow_up').isChecked(), true);
    }));

  it('are asked for at the end', () =>
    withPage(async (page, mock) => {
      await sealed(page, mock);
      mock.end('technician');
      const card = page.getByTestId('stage-card');
      await card.getByTestId('note-form').waitFor();
      await card.getByText('Solved', { exact: true }).click();
      await card.getByTestId('note-save').click();
      await card.locator('[data-testid=note-state][data-saved=true]').waitFor();
      assert.equal(mock.office.state.notes.s1.result, 'solved');
    }));

  it('stand in the list of sessions and in the report', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/#/sessions?result=follow_up`);
      const table = page.getByTestId('sessions');
      await table.waitFor();
      await until('only those', async () => {
        const shown = await table.locator('tbody tr').allInnerTexts();
        return shown.length > 0 && shown.every((row) => row.includes('Follow-up'));
      });
      await page.getByRole('searchbox').fill('plugged');
      await until('those with the words in their note', async () => {
        const shown = await table.locator('tbody tr').allInnerTexts().catch(() => []);
        return shown.length > 0 && shown.every((row) => row.includes('plugged'));
      });
      await page.goto(`${mock.url}/#/reports`);
      const results = page.getByTestId('by-result');
      await results.getByText('Solved', { exact: true }).waitFor();
      await results.getByText('No result written').waitFor();
    }));
});
