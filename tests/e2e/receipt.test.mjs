// The consent receipt: what was asked, allowed and done, signed by both sides, saved by the customer's own clicks, and
// checked without a network by the program and by a page that is one file.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { program } from '../kit/programs.mjs';
import { becomes, until } from '../kit/wait.mjs';
import { told, World } from './world.mjs';

const STATUS = '^Farhand$';

/** The buttons in the lowest row of a window, from left to right. */
function lowest(buttons) {
  const last = Math.max(...buttons.map((box) => box.y));
  return buttons.filter((box) => last - box.y <= 4).toSorted((a, b) => a.x - b.x);
}

function verify(file, { lang = 'en_GB.UTF-8', args = [] } = {}) {
  const { status, stdout, stderr } = spawnSync(program('farhand-agent'), ['receipt', 'verify', file, ...args], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: lang },
  });
  return { status, text: stdout + stderr };
}

/** The receipts in a customer's data folder. */
function kept(world, customer) {
  const folder = path.join(world.household.folder, `${customer.name}-data/farhand/receipts`);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith('.farhand-receipt')).map((name) => path.join(folder, name));
}

async function live(world) {
  const [technician, customer] = await Promise.all([world.technician(), world.customer()]);
  await technician.start();
  await customer.joinAndAllow(technician, { env: { HOME: home(world) } });
  return { technician, customer };
}

function home(world) {
  const folder = path.join(world.household.folder, 'home');
  mkdirSync(path.join(folder, 'Documents'), { recursive: true });
  return folder;
}

/** Waits until the agent's kept receipt says that. */
async function keptSays(world, customer, pattern) {
  return until(`the kept receipt to say ${pattern}`, async () => {
    const [file] = kept(world, customer);
    if (!file) throw new Error('there is none');
    const { text } = verify(file);
    if (pattern.test(text)) return file;
    throw new Error(text);
  });
}

describe('the receipt of a whole session', () => {
  let world;
  let technician;
  let customer;
  let file;
  before(async () => {
    world = await World.open();
    ({ technician, customer } = await live(world));
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  step('grows while the session goes on, and is saved by the customer’s clicks in the window', async () => {
    await technician.askControl();
    await customer.person.refuse();
    await technician.rights('view');
    await technician.askControl();
    await customer.person.allow();
    await technician.rights('view', 'control');
    await customer.person.takeBackControl();
    await technician.rights('view');
    await keptSays(world, customer, /Taken back; still allowed: see the screen/);
    await customer.person.end();
    const said = await customer.agent.err.event('receipt');
    assert.equal(said.signed, said.entries, 'both sides signed to the end');

    const folder = path.join(home(world), 'Documents');
    const saved = () => readdirSync(folder).filter((name) => name.endsWith('.farhand-receipt'));
    await customer.person.choose(
      STATUS,
      (buttons) => lowest(buttons).length === 2,
      (buttons) => lowest(buttons)[0],
      async () => saved().length > 0,
    );
    assert.equal(saved().length, 1);
    file = path.join(folder, saved()[0]);
    const shots = process.env.FARHAND_SHOTS;
    if (shots) await customer.display.screenshot(path.join(shots, 'receipt-window.png'));
  });

  step('is verified by the command, in both languages, and tampering is refused with what is wrong', async () => {
    const english = verify(file);
    assert.equal(english.status, 0, english.text);
    assert.match(english.text, /Genuine\. Both sides signed all \d+ entries\./);
    const lines = [
      /Technician 1 +Asked for: see the screen\n/,
      /Customer +Allowed: see the screen\n/,
      /Technician 1 +Asked for: see the screen, use keyboard and pointer\n/,
      /Customer +Refused: see the screen, use keyboard and pointer\n/,
      /Customer +Allowed: see the screen, use keyboard and pointer\n/,
      /Customer +Taken back; still allowed: see the screen\n/,
      /Customer +End: the customer ended it\n/,
    ];
    let from = 0;
    for (const line of lines) {
      const at = english.text.slice(from).search(line);
      assert.ok(at >= 0, `${line} is not there, or not in its place:\n${english.text}`);
      from += at + 1;
    }
    const german = verify(file, { lang: 'de_DE.UTF-8' });
    assert.match(german.text, /Echt\. Beide Seiten haben alle \d+ Einträge unterschrieben\./);
    const number = /Number +([0-9a-f ]+)/.exec(english.text)[1].trim();
    assert.equal(verify(file, { args: ['--number', number] }).status, 0);
    assert.equal(verify(file, { args: ['--number', number.replaceAll(/./g, (c) => (c === ' ' ? c : '0'))] }).status, 9);

    const bytes = readFileSync(file);
    const changed = Buffer.from(bytes);
    // The last entry's words.
    changed.write('stepped', bytes.lastIndexOf('stopped'), 'latin1');
    for (const [name, wrong, what] of [
      ['changed', changed, /signature of the customer’s side does not fit/],
      ['cut', bytes.subarray(0, bytes.length - 10), /cut off/],
      ['longer', Buffer.concat([bytes, Buffer.from('x')]), /behind its end/],
    ]) {
      const copy = path.join(world.household.folder, name);
      writeFileSync(copy, wrong);
      const { status, text } = verify(copy);
      assert.equal(status, 9, text);
      assert.match(text, what);
    }
  });

  step('is verified by a saved page without a network, and tampering is seen there too', async () => {
    const online = await world.service.ask('GET', '/receipt');
    assert.equal(online.status, 200);
    const policy = online.headers['content-security-policy'];
    assert.match(policy, /^default-src 'none'; script-src 'sha256-[^']+' 'wasm-unsafe-eval';/);
    const saved = path.join(world.household.folder, 'receipt.html');
    writeFileSync(saved, online.text);

    const browser = await world.browser();
    const context = await browser.newContext({ locale: 'en-GB', offline: true });
    const page = await context.newPage();
    const [asked, problems] = [[], []];
    page.on('request', (request) => {
      if (!/^(file|data|blob):/.test(request.url())) asked.push(request.url());
    });
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(pathToFileURL(saved).href);
    const verdict = page.getByTestId('verdict');
    await page.getByTestId('file').setInputFiles(file);
    await verdict.and(page.locator('[data-verdict=genuine]')).waitFor();
    assert.match(await verdict.innerText(), /Both sides signed all/);
    await page.locator('[data-what=refusal]').waitFor();
    await page.locator('[data-what=end]').waitFor();

    for (const [name, wrong] of [['changed', 'agent'], ['cut', 'short'], ['longer', 'trailing']]) {
      await page.getByTestId('file').setInputFiles(path.join(world.household.folder, name));
      await verdict.and(page.locator(`[data-verdict=${wrong}]`)).waitFor();
    }

    // Dropped onto the page.
    const bytes = readFileSync(file).toString('base64');
    await page.evaluate((base64) => {
      const letters = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([letters], 'dropped'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }, bytes);
    await verdict.and(page.locator('[data-verdict=genuine]')).waitFor();

    const number = await page.getByTestId('number').innerText();
    await page.getByTestId('compare').fill(number.toUpperCase());
    await page.getByText('The number fits.').waitFor();
    await page.getByTestId('compare').fill('0000');
    await verdict.and(page.locator('[data-verdict=number]')).waitFor();
    assert.deepEqual(asked, [], 'the page asked the network for something');
    assert.deepEqual(problems, []);
    await context.close();
  });
});

describe('a receipt that the technician’s side did not sign to the end', () => {
  let world;
  before(async () => {
    world = await World.open();
  });
  after(() => world?.close());

  test('says so, when the console is gone before the end', told(() => world, async () => {
    const { technician, customer } = await live(world);
    await keptSays(world, customer, /Both sides signed all/);
    await technician.page.close();
    await customer.consent('held');
    await customer.person.end();
    const said = await customer.agent.err.event('receipt');
    assert.ok(said.signed > 0 && said.signed < said.entries, JSON.stringify(said));
    const [file] = kept(world, customer);
    const { status, text } = verify(file);
    assert.equal(status, 0);
    assert.match(text, new RegExp(`the technician’s side the first ${said.signed}: it was gone`));
  }));
});

describe('a receipt of an agent that is killed', () => {
  let world;
  before(async () => {
    world = await World.open();
  });
  after(() => world?.close());

  test('holds every consent until then, and says that its end is missing', told(() => world, async () => {
    const { customer } = await live(world);
    await keptSays(world, customer, /Allowed: see the screen/);
    customer.agent.signal('SIGKILL');
    await customer.agent.exited;
    const [file] = kept(world, customer);
    const { status, text } = verify(file);
    assert.equal(status, 0, text);
    assert.match(text, /Allowed: see the screen/);
    assert.match(text, /The end is missing/);
  }));
});

describe('the organisation’s copy', () => {
  let world;
  before(async () => {
    world = await World.open();
  });
  after(() => world?.close());

  test('is sealed to its key, and opens with the key’s file and its passphrase only', told(() => world, async () => {
    const administrator = await world.technician();
    const { page } = administrator;
    await page.goto(`${world.service.url}/#/sessions`);
    const card = page.getByTestId('receipt-key');
    await card.getByRole('button').click();
    const dialog = page.getByTestId('receipt-key-dialog');
    await dialog.locator('input[type=password]').first().fill('correct horse battery');
    await dialog.locator('input[type=password]').last().fill('correct horse battery');
    const [download] = await Promise.all([page.waitForEvent('download'), dialog.locator('button[type=submit]').click()]);
    const keyFile = path.join(world.household.folder, 'key.json');
    await download.saveAs(keyFile);
    await page.getByText('The key is in use.').first().waitFor();

    const { technician, customer } = await live(world);
    await technician.end();
    await customer.agent.err.event('receipt');
    const [file] = kept(world, customer);
    const number = /Number +([0-9a-f ]+)/.exec(verify(file).text)[1].trim();
    assert.match(verify(file).text, /Both sides signed all \d+ entries\./);

    await page.reload();
    const table = page.getByTestId('sessions');
    await table.waitFor();
    await until('the session to have a receipt', async () => {
      await page.reload();
      await table.getByRole('button').first().click();
      const item = page.getByText('Consent receipt', { exact: true }).first();
      if (await item.isVisible().catch(() => false)) {
        await item.click();
        return true;
      }
      return false;
    });
    const open = page.getByTestId('receipt-dialog');
    await open.getByTestId('key-file').setInputFiles(keyFile);
    await open.locator('input[type=password]').fill('wrong passphrase');
    await open.locator('button[type=submit]').click();
    await open.getByRole('alert').waitFor();
    await open.locator('input[type=password]').fill('correct horse battery');
    await open.locator('button[type=submit]').click();
    await open.locator('[data-verdict=genuine]').waitFor();
    await becomes(() => open.getByTestId('number').innerText(), number);
  }));
});
