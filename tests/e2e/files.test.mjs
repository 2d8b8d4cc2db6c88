// Files both ways, between a real page and a real agent: what goes, what the customer decides, and what survives.

import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../kit/wait.mjs';
import { told, World } from './world.mjs';

/** Bytes that are not all alike. */
const content = (salt, length) => Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31 + salt * 7 + (at >> 8)) % 256));

/** The browser's own folder in place of the one that a person would choose: no test can press a system's dialog. */
const PICKERS = () => {
  const folder = () => navigator.storage.getDirectory();
  window.showSaveFilePicker = async ({ suggestedName }) => (await folder()).getFileHandle(suggestedName, { create: true });
  window.showDirectoryPicker = folder;
};

describe('files both ways', () => {
  let world;
  let technician;
  let customer;
  let home;
  let downloads;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
    home = path.join(world.household.folder, 'home');
    downloads = path.join(home, 'Downloads');
    await mkdir(path.join(home, 'docs', 'below'), { recursive: true });
    await mkdir(downloads);
    await writeFile(path.join(home, 'docs', 'letter.txt'), content(1, 70_000));
    await writeFile(path.join(home, 'docs', 'empty.txt'), '');
    await writeFile(path.join(home, 'docs', 'below', 'deep.bin'), content(2, 300_000));
    await technician.page.addInitScript(PICKERS);
    await technician.page.reload();
    await technician.start();
    await customer.joinAndAllow(technician, { env: { HOME: home, XDG_CONFIG_HOME: path.join(home, '.config') } });
    await technician.by('open-files').click();
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  const row = (name) => technician.page.locator(`[data-testid=transfer][data-name="${name.replaceAll('\\', '\\\\')}"]`);
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

  /** A large one lies on the technician's disk: handing it over would take longer than sending it. */
  const giveLarge = async (name, bytes) => {
    const place = path.join(world.household.folder, name);
    await writeFile(place, bytes);
    await technician.by('files-input').setInputFiles(place);
  };

  /** Answers the question in the files' window; the next one may follow at once. */
  const answer = async (yes) => {
    const before = customer.agent.err.events('files_asked').length;
    await customer.person.files(yes, async () => customer.agent.err.events('files_asked').length > before);
  };
  const saved = (name) => readFile(path.join(downloads, name));

  step('nothing goes before the customer allows files at all', async () => {
    await give(['first.bin', content(3, 200_000)]);
    await state('first.bin', 'queued');
    await customer.person.allow();
    await technician.rights('view', 'files');
  });

  step('and then this direction, by the name of the first file', async () => {
    await state('first.bin', 'waits');
    assert.deepEqual(await readdir(downloads), []);
    const asked = await customer.agent.err.event('files_asked');
    assert.equal(asked.incoming, true);
    await answer(true);
    await state('first.bin', 'finished');
    assert.deepEqual(await saved('first.bin'), content(3, 200_000));
  });

  step('several go at once, empty ones too, and none replaces another', async () => {
    await give(['first.bin', content(4, 10)], ['empty', Buffer.alloc(0)], ['big.bin', content(5, 3_000_000)]);
    await state('first (2).bin', 'finished');
    await state('empty', 'finished');
    await state('big.bin', 'finished');
    assert.deepEqual(await saved('first.bin'), content(3, 200_000));
    assert.deepEqual(await saved('first (2).bin'), content(4, 10));
    assert.deepEqual(await saved('big.bin'), content(5, 3_000_000));
    assert.ok(!(await readdir(downloads)).some((name) => name.endsWith('.part')));
  });

  step('a folder that is dropped comes with what is in it', async () => {
    await technician.page.evaluate(async () => {
      // A drop as the page gets it, of a folder in the browser's own storage.
      const file = (name, text) => ({ isFile: true, name, file: (done) => done(new File([text], name)) });
      const folder = (name, inside) => ({
        isFile: false,
        name,
        createReader: () => {
          const parts = [inside, []];
          return { readEntries: (done) => done(parts.shift()) };
        },
      });
      const tree = folder('Projekt', [file('a.txt', 'alpha'), folder('tief', [file('b.txt', 'beta')])]);
      const event = new Event('drop', { bubbles: true, cancelable: true });
      const item = { kind: 'file', webkitGetAsEntry: () => tree };
      event.dataTransfer = { types: ['Files'], items: [item], files: [] };
      Object.defineProperty(event, 'dataTransfer', { value: event.dataTransfer });
      window.dispatchEvent(event);
    });
    await state('a.txt', 'finished');
    await state('b.txt', 'finished');
    assert.equal(String(await saved('Projekt/a.txt')), 'alpha');
    assert.equal(String(await saved('Projekt/tief/b.txt')), 'beta');
  });

  step('names that would lead elsewhere stay in the folder, or are refused', async () => {
    await give(['..\\..\\canary.txt', content(6, 10)], ['con.txt', content(6, 11)], ['rtl\u202etxt.exe', content(6, 12)]);
    await state('_con.txt', 'finished');
    await state('rtl_txt.exe', 'finished');
    await state('..\\..\\canary.txt', 'over', 'name');
    assert.deepEqual((await readdir(world.household.folder)).filter((name) => name.includes('canary')), []);
  });

  step('the customer’s disk is looked at only when the customer allows that direction', async () => {
    await technician.by('browse').click();
    await until('the page to say that the customer is asked', async () => (await technician.by('folder-state').getAttribute('data-state')) === 'asking');
    await answer(false);
    await until('the page to say that it was refused', async () => (await technician.by('folder-state').getAttribute('data-state')) === 'refused');
    await technician.by('folder-home').click();
    await answer(true);
    await technician.page.locator('[data-testid=entry][data-name=docs]').waitFor();
    assert.equal(await technician.by('folder-path').innerText(), home);
  });

  step('a folder of the customer’s comes with everything in it', async () => {
    await technician.page.locator('[data-testid=entry][data-name=docs] input').check();
    await technician.by('take').click();
    for (const name of ['letter.txt', 'empty.txt', 'deep.bin']) await state(name, 'finished');
    const read = (...steps) =>
      technician.page.evaluate(async (names) => {
        let folder = await navigator.storage.getDirectory();
        for (const name of names.slice(0, -1)) folder = await folder.getDirectoryHandle(name);
        const file = await (await folder.getFileHandle(names.at(-1))).getFile();
        return [...new Uint8Array(await file.arrayBuffer())];
      }, steps);
    assert.deepEqual(Buffer.from(await read('docs', 'letter.txt')), content(1, 70_000));
    assert.deepEqual(Buffer.from(await read('docs', 'below', 'deep.bin')), content(2, 300_000));
    assert.deepEqual(await read('docs', 'empty.txt'), []);
  });

  step('what the customer’s user may not read, and what is gone, is told, and the rest comes', async () => {
    await writeFile(path.join(home, 'gone.txt'), 'x');
    await symlink('/nonexistent', path.join(home, 'broken'));
    await technician.by('folder-home').click();
    const entry = (name) => technician.page.locator(`[data-testid=entry][data-name="${name}"]`);
    await entry('gone.txt').waitFor();
    assert.equal(await entry('broken').getAttribute('data-kind'), 'other');
    assert.equal(await entry('broken').locator('input').isDisabled(), true);
    await entry('gone.txt').locator('input').check();
    await rm(path.join(home, 'gone.txt'));
    await technician.by('take').click();
    await state('gone.txt', 'over', 'vanished');
  });

  step('a file that the link is cut under goes on by itself and is whole', async () => {
    const big = content(7, 24_000_000);
    await giveLarge('resume.in', big);
    await until('it to be under way', async () => Number(await row('resume.in').first().getAttribute('data-moved')) > 1_000_000);
    await world.service.restart('SIGKILL');
    await state('resume.in', 'finished');
    assert.ok((await saved('resume.in')).equals(big));
  });

  step('a page that is loaded again goes on where the browser still has the file', async () => {
    const length = 40_000_000;
    await technician.page.evaluate(async (length) => {
      const folder = await navigator.storage.getDirectory();
      const handle = await folder.getFileHandle('reload.bin', { create: true });
      const stream = await handle.createWritable();
      const piece = Uint8Array.from({ length: 1_000_000 }, (_, at) => (at * 7) % 251);
      for (let at = 0; at < length; at += piece.length) await stream.write(piece);
      await stream.close();
      const file = await handle.getFile();
      const entry = { isFile: true, name: 'reload.bin', file: (done) => done(file) };
      const event = new Event('drop', { bubbles: true, cancelable: true });
      const item = { kind: 'file', webkitGetAsEntry: () => entry, getAsFileSystemHandle: async () => handle };
      Object.defineProperty(event, 'dataTransfer', { value: { types: ['Files'], items: [item], files: [] } });
      window.dispatchEvent(event);
    }, length);
    await until('it to be under way', async () => Number(await row('reload.bin').first().getAttribute('data-moved')) > 1_000_000);
    await technician.page.reload();
    await technician.live();
    await technician.by('open-files').click();
    await state('reload.bin', 'finished');
    const whole = await saved('reload.bin');
    const piece = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, at) => (at * 7) % 251));
    assert.equal(whole.length, length);
    for (let at = 0; at < length; at += piece.length) assert.ok(whole.subarray(at, at + piece.length).equals(piece), `at ${at}`);
    assert.ok(!(await readdir(downloads)).includes('reload (2).bin'));
  });

  step('the customer stops one, and the technician is told', async () => {
    await giveLarge('stop.bin', Buffer.alloc(200_000_000, 8));
    await until('it to be under way', async () => Number(await row('stop.bin').first().getAttribute('data-moved')) > 100_000);
    const { buttons } = await customer.person.look('^Farhand files$', (found) => found.some((box) => box.width > 50 && box.width < 140), 5_000);
    const stop = buttons.filter((box) => box.width > 50 && box.width < 140).toSorted((a, b) => a.y - b.y)[0];
    await customer.person.press(stop);
    await state('stop.bin', 'over', 'stopped');
    await until('nothing of it to be left', async () => !(await readdir(downloads)).some((name) => name.includes('stop') || name.endsWith('.part')));
  });

  step('each of them is written down, and both sides sign it', async () => {
    await technician.end();
    await customer.agent.exited;
    const [receipt] = customer.agent.err.events('receipt');
    assert.ok(receipt.entries > 12);
    // The end itself may come too late for the other side's signature.
    assert.ok(receipt.entries - receipt.signed <= 1, `${receipt.signed} of ${receipt.entries}`);
    const ends = customer.agent.err.events('file').map((event) => event.end);
    for (const end of ['whole', 'name', 'vanished', 'stopped']) assert.ok(ends.includes(end), end);
    assert.deepEqual(technician.problems, []);
  });
});
