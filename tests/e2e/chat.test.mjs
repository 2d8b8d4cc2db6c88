// Customer and technician talk from the first moment, before anything is allowed; nothing is lost or said twice, whatever
// comes between; and only the organisation's key opens what was kept.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { becomes, until } from '../kit/wait.mjs';
import { told, World } from './world.mjs';

const CHAT = '^Farhand chat$';
const BANNER = '^Farhand session$';
const PASSPHRASE = 'correct horse battery';
const MARKUP = '<img src=x onerror=alert(1)> <b>bold</b> see https://bank.example@evil.example/a';

/** What the page shows was said, in its order. */
const lines = (technician) =>
  technician.by('chat-line').evaluateAll((all) => all.map((line) => `${line.dataset.who}: ${line.querySelector('.text > p').textContent}`));

async function say(technician, text) {
  await technician.by('chat-text').fill(text);
  await technician.page.keyboard.press('Enter');
}

async function openPanel(technician) {
  await technician.by('open-chat').click();
  await technician.by('chat-text').waitFor();
}

/** Waits until the page shows exactly this, each line of its own delivered. */
async function shows(technician, ...wanted) {
  await until(`the page to show ${wanted.length} lines`, async () => {
    const now = await lines(technician);
    if (now.length !== wanted.length || now.some((line, at) => line !== wanted[at])) throw new Error(`it shows ${JSON.stringify(now)}`);
    return (await technician.page.locator('[data-testid=chat-line]:is([data-mark=sent], [data-mark=waiting])').count()) === 0;
  });
}

/** The customer opens the chat by its button in the banner, which what is new fills. */
async function openWindow(customer) {
  const { person, display } = customer;
  await until('the chat’s window', async () => {
    if ((await person.windows(CHAT)).length > 0) return true;
    const { buttons } = await person.look(BANNER, (found) => found.some(({ filled }) => filled));
    await person.press(buttons.find(({ filled }) => filled));
    return false;
  }, { every: 700 });
  const [window] = await person.windows(CHAT);
  await until('the chat to have the keyboard', async () => (await display.run('xdotool', ['getactivewindow'])).trim() === window);
  return window;
}

const type = (customer, ...keys) => customer.display.run('xdotool', ['type', '--delay', '15', ...keys]);
const enter = (customer) => customer.display.run('xdotool', ['key', 'Return']);

describe('the chat', () => {
  let world;
  let technician;
  let customer;
  let keyFile;
  let session;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));
  const shot = async (name) => {
    const shots = process.env.FARHAND_SHOTS;
    if (!shots) return;
    await customer.display.screenshot(path.join(shots, `chat-${name}.png`));
    await technician.page.screenshot({ path: path.join(shots, `chat-${name}-page.png`) });
  };

  step('has its canned replies and the organisation’s key', async () => {
    const { page } = technician;
    await page.goto(`${world.service.url}/#/replies`);
    await technician.by('new-reply').click();
    const reply = technician.by('reply-dialog');
    await reply.locator('[name=title]').fill('Greeting');
    await reply.locator('[name=text]').fill('Good morning, how can I help?');
    await reply.getByTestId('save-reply').click();
    await technician.by('replies').getByText('Good morning').waitFor();
    await page.goto(`${world.service.url}/#/sessions`);
    await technician.by('receipt-key').getByRole('button').click();
    const dialog = technician.by('receipt-key-dialog');
    await dialog.locator('input[type=password]').first().fill(PASSPHRASE);
    await dialog.locator('input[type=password]').last().fill(PASSPHRASE);
    const [download] = await Promise.all([page.waitForEvent('download'), dialog.locator('button[type=submit]').click()]);
    keyFile = path.join(world.household.folder, 'key.json');
    await download.saveAs(keyFile);
    await page.getByText('The key is in use.').first().waitFor();
  });

  step('goes both ways before anything is allowed, and takes the keyboard from nobody', async () => {
    await technician.home();
    await technician.start();
    session = new URLSearchParams(new URL(technician.page.url()).hash.slice(1)).get('session');
    const agent = customer.join(technician.code, { args: ['--answer-within', '120'] });
    await agent.err.event('sealed');
    await customer.person.prompt();
    const active = () => customer.display.run('xdotool', ['getactivewindow']).then((text) => text.trim());
    const before = await active();

    await openPanel(technician);
    await technician.by('choose-reply').click();
    await technician.by('reply-search').fill('greet');
    await technician.by('reply').click();
    await technician.by('chat-send').click();
    await shows(technician, 'me: Good morning, how can I help?');
    assert.equal((await customer.person.windows(CHAT)).length, 0, 'no window opens by itself');
    assert.equal(await active(), before, 'whoever had the keyboard has it');
    await shot('unread');

    await openWindow(customer);
    await type(customer, 'My printer <b>smokes</b>');
    await technician.by('chat-typing').getByText('typing').waitFor();
    await enter(customer);
    await shows(technician, 'me: Good morning, how can I help?', 'customer: My printer <b>smokes</b>');
    assert.equal(agent.err.events('consent').some((event) => event.consent.state === 'granted'), false, 'nothing is allowed yet');
  });

  step('shows markup as text, with the computer that a link leads to', async () => {
    await say(technician, MARKUP);
    await until('the link', async () => (await technician.by('chat-link').getAttribute('data-host')) === 'evil.example');
    assert.equal(await technician.page.locator('[data-testid=chat-lines] :is(a, img, [data-testid=chat-line] .text > p:first-child b)').count(), 0);
    await shot('markup');
  });

  step('loses nothing and doubles nothing over a reload and a restart of the service', async () => {
    const start = ['me: Good morning, how can I help?', 'customer: My printer <b>smokes</b>', `me: ${MARKUP}`];
    await technician.page.reload();
    await openPanel(technician);
    await shows(technician, ...start);

    await world.service.stop('SIGKILL');
    await say(technician, 'said while nobody could hear it');
    await customer.display.run('xdotool', ['windowfocus', '--sync', (await customer.person.windows(CHAT))[0]]);
    await type(customer, 'neither could I');
    await enter(customer);
    await world.service.start();
    const both = ['customer: neither could I', 'me: said while nobody could hear it'];
    await until('both to arrive once', async () => {
      const now = await lines(technician);
      const rest = now.slice(start.length).toSorted();
      if (rest.length !== 2 || rest.some((line, at) => line !== both.toSorted()[at])) throw new Error(`it shows ${JSON.stringify(now)}`);
      return (await technician.page.locator('[data-testid=chat-line]:is([data-mark=sent], [data-mark=waiting])').count()) === 0;
    });
    assert.deepEqual((await lines(technician)).slice(0, start.length), start);
    await shot('after');
  });

  step('is kept sealed beside the note, and opens with the organisation’s key only', async () => {
    const said = await lines(technician);
    await technician.by('chat-kept').and(technician.page.locator('[data-kept=kept]')).waitFor();
    await technician.end();
    const card = technician.by('stage-card');
    await card.getByText('Solved', { exact: true }).click();
    await card.getByTestId('note-text').fill('Printer cooled down');
    await card.getByTestId('note-save').click();
    await card.locator('[data-testid=note-state][data-saved=true]').waitFor();

    const cookie = await world.cookie();
    await until('the service to have the chat', async () => {
      const { json } = await world.service.ask('GET', '/api/v1/history', { cookie });
      return json.sessions.find(({ id }) => id === session)?.chat;
    });
    // Nothing that was said lies at the service, in its log or in its data, as people wrote it.
    const folder = world.service.data;
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const file of files) {
      const bytes = readFileSync(path.join(file.parentPath, file.name));
      for (const words of ['My printer', 'nobody could hear', 'Printer cooled']) assert.equal(bytes.includes(words), false, `${file.name} holds "${words}"`);
    }

    const { page } = technician;
    await page.goto(`${world.service.url}/#/sessions`);
    const table = technician.by('sessions');
    await table.getByText('Printer cooled down').waitFor();
    await table.getByRole('row').filter({ hasText: 'Printer cooled down' }).getByRole('button').click();
    await technician.by('session-chat').click();
    const dialog = technician.by('chat-dialog');
    await dialog.getByTestId('key-file').setInputFiles(keyFile);
    await dialog.locator('input[type=password]').fill('wrong passphrase');
    await dialog.locator('button[type=submit]').click();
    await dialog.getByRole('alert').waitFor();
    await dialog.locator('input[type=password]').fill(PASSPHRASE);
    await dialog.locator('button[type=submit]').click();
    const kept = () => dialog.getByTestId('chat-transcript').locator('li').evaluateAll((all) => all.map((line) => `${line.dataset.who}: ${line.querySelector('.text').firstChild.textContent}`));
    await becomes(async () => (await kept()).length, said.length);
    assert.equal((await kept())[1], 'customer: My printer <b>smokes</b>');
    await shot('kept');
    assert.deepEqual(technician.problems, []);
  });
});
