// The toolbox with the agent for Windows, under Wine: what is copied, files both ways, what the computer says of itself,
// the command line, and the customer's own hands.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { becomes, until } from '../../kit/wait.mjs';
import { told, World } from '../world.mjs';
import { endedWith, onWindows, WindowsCustomer } from './wine.mjs';

/** Wine's first steps on a busy machine take their time. */
const SLOWLY = 90_000;
const BORDER = 'e06a00';

/** Bytes that are not all alike. */
const content = (salt, length) => Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31 + salt * 7 + (at >> 8)) % 256));

/** The browser's own folder in place of the one that a person would choose: no test can press a system's dialog. */
const PICKERS = () => {
  const folder = () => navigator.storage.getDirectory();
  window.showSaveFilePicker = async ({ suggestedName }) => (await folder()).getFileHandle(suggestedName, { create: true });
  window.showDirectoryPicker = folder;
};

describe('the toolbox with the agent for Windows', () => {
  let world;
  let technician;
  let customer;
  let home;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), WindowsCustomer.open(world)]);
    home = path.join(world.household.folder, 'home');
    for (const folder of ['Downloads', 'docs/below', 'config/farhand']) mkdirSync(path.join(home, folder), { recursive: true });
    writeFileSync(path.join(home, 'docs/letter.txt'), content(1, 70_000));
    writeFileSync(path.join(home, 'docs/below/deep.bin'), content(2, 300_000));
    // Any touch takes control back.
    writeFileSync(path.join(home, 'config/farhand/settings.json'), '{"touch":true}');
    await technician.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: world.service.url });
    await technician.page.addInitScript(PICKERS);
    await technician.page.reload();
    await technician.start();
    const agent = customer.join(technician.code, { home, env: { XDG_CONFIG_HOME: onWindows(path.join(home, 'config')) } });
    await agent.err.event('joined', { within: SLOWLY });
    await customer.person.allow(SLOWLY);
    await technician.live();
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  const row = (name) => technician.page.locator(`[data-testid=transfer][data-name="${name}"]`);
  const state = (name, wanted, why) =>
    until(`${name} to be ${wanted}`, async () => {
      const found = row(name).first();
      if ((await found.count()) === 0) throw new Error('it is not in the list');
      const now = [await found.getAttribute('data-state'), await found.getAttribute('data-why')];
      if (now[0] === wanted && (why === undefined || now[1] === why)) return true;
      throw new Error(`it is ${now.join(' ')}`);
    });
  const give = (...files) =>
    technician.by('files-input').setInputFiles(files.map(([name, buffer]) => ({ name, mimeType: 'application/octet-stream', buffer })));
  /** Allow in the files' window; the next question may follow at once. */
  const allowFiles = async () => {
    const before = customer.agent.err.events('files_asked').length;
    await customer.person.files(true, async () => customer.agent.err.events('files_asked').length > before);
  };

  const tab = async (name) => {
    await technician.page.locator(`[id$="-${name}"][role=tab]`).click();
    await technician.page.locator(`[data-testid=diagnostics-${name}][data-ready=true]`).waitFor();
  };
  const shows = (pattern) =>
    until(`the terminal to show ${pattern}`, async () => {
      const text = (await technician.page.locator('.xterm-rows').innerText()).replaceAll('\u00a0', ' ');
      if (!pattern.test(text)) throw new Error(text);
      return text;
    });
  const colour = async (x, y) => {
    const { data, width } = await customer.display.pixels();
    return data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3).toString('hex');
  };

  step('what is copied goes both ways', async () => {
    // Wine and X's programs share one clipboard: whoever copies or pastes by xclip is another program.
    const clip = ['-selection', 'clipboard'];
    await technician.by('open-clipboard').click();
    await technician.by('clipboard-ask').click();
    await customer.person.allow();
    await technician.rights('view', 'clipboard');
    await technician.page.evaluate(() => navigator.clipboard.writeText('Grüße, 日本\nund 😀'));
    await technician.by('clipboard-give').click();
    await becomes(() => technician.by('clipboard-to-said').getAttribute('data-state'), 'there');
    await becomes(async () => (await customer.display.run('xclip', [...clip, '-o', '-t', 'UTF8_STRING']).catch(() => '')).replaceAll('\r\n', '\n'), 'Grüße, 日本\nund 😀');
    const copy = path.join(world.household.folder, 'copy');
    writeFileSync(copy, 'vom Kunden: äöü');
    customer.display.start('xclip', 'xclip', [...clip, '-quiet', '-t', 'UTF8_STRING', '-i', copy]);
    await until('it to come', async () => {
      await technician.by('clipboard-fetch').click();
      return (await technician.page.evaluate(() => navigator.clipboard.readText())) === 'vom Kunden: äöü';
    });
  });

  step('files go to the customer, by names that Windows takes', async () => {
    await technician.by('open-files').click();
    await give(['first.bin', content(3, 200_000)]);
    await customer.person.allow();
    await technician.rights('view', 'clipboard', 'files');
    await state('first.bin', 'waits');
    await allowFiles();
    await state('first.bin', 'finished');
    await give(['con.txt', content(6, 11)], ['first.bin', content(4, 10)], ['..\\canary.txt', content(6, 10)]);
    await state('_con.txt', 'finished');
    await state('first (2).bin', 'finished');
    await until('the name to be refused', async () => (await technician.page.locator('[data-testid=transfer][data-why=name]').count()) === 1);
    const saved = (name) => readFile(path.join(home, 'Downloads', name));
    assert.deepEqual(await saved('first.bin'), content(3, 200_000));
    assert.deepEqual(await saved('first (2).bin'), content(4, 10));
    assert.deepEqual((await readdir(path.join(home, 'Downloads'))).toSorted(), ['_con.txt', 'first (2).bin', 'first.bin']);
  });

  step('a folder of the customer’s comes with everything in it', async () => {
    await technician.by('browse').click();
    await until('the question', async () => (await technician.by('folder-state').getAttribute('data-state')) === 'asking');
    await allowFiles();
    const entry = technician.page.locator('[data-testid=entry][data-name=docs]');
    await entry.waitFor();
    assert.equal(await technician.by('folder-path').innerText(), onWindows(home));
    await entry.locator('input').check();
    await technician.by('take').click();
    for (const name of ['letter.txt', 'deep.bin']) await state(name, 'finished');
    const read = (...steps) =>
      technician.page.evaluate(async (names) => {
        let folder = await navigator.storage.getDirectory();
        for (const name of names.slice(0, -1)) folder = await folder.getDirectoryHandle(name);
        const file = await (await folder.getFileHandle(names.at(-1))).getFile();
        return [...new Uint8Array(await file.arrayBuffer())];
      }, steps);
    assert.deepEqual(Buffer.from(await read('docs', 'letter.txt')), content(1, 70_000));
    assert.deepEqual(Buffer.from(await read('docs', 'below', 'deep.bin')), content(2, 300_000));
  });

  step('the computer says what it is, and a process is found and ended', async () => {
    await technician.by('open-diagnostics').click();
    await technician.by('ask-diagnostics').click();
    await customer.person.allow();
    await technician.rights('view', 'clipboard', 'files', 'diagnostics');
    const overview = technician.page.locator('[data-testid=diagnostics-summary][data-ready=true]');
    await overview.getByText(/Windows/).first().waitFor();
    const victim = customer.machine.start('victim', 'C:\\windows\\system32\\notepad.exe');
    await tab('processes');
    await technician.by('diagnostics-search').fill('notepad');
    const end = technician.by('processes').locator('[data-testid^=end-]');
    await until('it to be listed', async () => {
      if ((await end.count()) === 1) return true;
      await technician.by('diagnostics-read').click();
      return false;
    }, { every: 1_000 });
    await end.click();
    await technician.by('diagnostics-confirm').getByRole('button', { name: 'End', exact: true }).click();
    await victim.exited;
    await technician.by('diagnostics-search').fill('');
    await tab('services');
    await technician.by('services').getByText('Spooler', { exact: true }).waitFor();
  });

  step('a command line runs what is typed, and ends when it is taken back', async () => {
    await technician.by('open-shell').click();
    await technician.by('ask-shell').click();
    await customer.person.allow();
    await technician.rights('view', 'clipboard', 'files', 'diagnostics', 'shell');
    await technician.by('shell-open').click();
    await technician.page.locator('[data-testid=shell-stage][data-stage=open]').waitFor();
    await technician.page.keyboard.type('echo sum^mer-%OS%');
    await technician.page.keyboard.press('Enter');
    await shows(/summer-Windows_NT/);
    await customer.shot('command-line');
  });

  step('while somebody controls, a border says so, and a touch of the mouse takes control back', async () => {
    assert.notEqual(await colour(1, 400), BORDER);
    await technician.askControl();
    await customer.person.allow();
    await becomes(() => colour(1, 400), BORDER);
    await becomes(() => colour(1278, 400), BORDER);
    await customer.shot('border');
    // Where Wine has no window, it hears nothing of the mouse.
    await customer.display.run('xdotool', ['mousemove', '700', '300', 'click', '1']);
    await customer.agent.err.event('taken_back', { pick: (event) => event.by === 'touch' });
    await until('the border to go', async () => (await colour(1, 400)) !== BORDER);
  });

  step('it ends, and both sides have signed what was done', async () => {
    await technician.end();
    await endedWith(customer.agent, 0);
    const [receipt] = customer.agent.err.events('receipt');
    assert.ok(receipt.entries - receipt.signed <= 1, `${receipt.signed} of ${receipt.entries}`);
    const ends = customer.agent.err.events('file').map((event) => event.end);
    for (const end of ['whole', 'name']) assert.ok(ends.includes(end), end);
    assert.deepEqual(technician.problems, []);
  });
});
