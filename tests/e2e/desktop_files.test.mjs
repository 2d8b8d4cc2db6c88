// Files and the clipboard in the desktop console: written to the technician's disk as they come, gone on with after a
// reload; what is dropped on its window; and their own clipboard, with what password managers mark left alone.

import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { program } from '../kit/programs.mjs';
import { run } from '../kit/run.mjs';
import { until } from '../kit/wait.mjs';
import { Desktop } from './desktop.mjs';
import { told, World } from './world.mjs';

const id = (name) => `[data-testid="${name}"]`;
/** The disk of the technician's downloads, and a file of which one fits onto it and two do not. */
const [DISK, LARGE] = ['56m', 32_000_000];

/** Bytes that are not all alike. */
const content = (salt, length) => {
  const piece = Uint8Array.from({ length: 65_537 }, (_, at) => (at * 31 + salt * 7 + (at >> 8)) % 256);
  const out = Buffer.alloc(length);
  for (let at = 0; at < length; at += piece.length) out.set(piece.subarray(0, Math.min(piece.length, length - at)), at);
  return out;
};

describe('files and clipboard in the desktop console', () => {
  let world;
  let desktop;
  let customer;
  let there;
  let here;
  let downloads;
  /** The downloads have a small disk of their own. */
  let small = false;
  let copies = 0;
  before(async () => {
    world = await World.open();
    [there, here] = ['customer-home', 'technician-home'].map((name) => path.join(world.household.folder, name));
    downloads = path.join(here, 'Downloads');
    await Promise.all([path.join(there, 'box', 'below'), path.join(there, 'Downloads'), downloads].map((folder) => mkdir(folder, { recursive: true })));
    small = await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'small', downloads]).then(() => true, () => false);
    if (small) world.household.later(() => run('umount', ['--lazy', downloads]).catch(() => undefined));
    await writeFile(path.join(there, 'letter.txt'), content(1, 70_000));
    await writeFile(path.join(there, 'box', 'empty.txt'), '');
    await writeFile(path.join(there, 'box', 'below', 'deep.bin'), content(2, 3_000_000));
    await writeFile(path.join(there, 'large.bin'), content(3, LARGE));
    await writeFile(path.join(there, 'other.bin'), content(4, LARGE));
    // What somebody has put where files would come.
    await writeFile(path.join(downloads, 'letter.txt'), 'mine');
    [desktop, customer] = await Promise.all([Desktop.open(world, { env: { HOME: here, XDG_CONFIG_HOME: path.join(here, '.config') } }), world.customer()]);
    await desktop.start();
    const agent = customer.join(desktop.code, { env: { HOME: there, XDG_CONFIG_HOME: path.join(there, '.config') } });
    await agent.err.event('joined');
    await customer.person.allow();
    await desktop.live();
  });
  after(() => world?.close());
  const step = (name, body, options = {}) => test(name, options, told(() => world, body));

  const attribute = (selector, name) => desktop.driver.attribute(selector, name);
  const row = (name) => `[data-testid=transfer][data-name="${name}"]`;
  const state = (name, wanted, why) =>
    until(`${name} to be ${wanted}`, async () => {
      const now = [await attribute(row(name), 'data-state'), await attribute(row(name), 'data-why')];
      if (now[0] === wanted && (why === undefined || now[1] === why)) return true;
      throw new Error(`it is ${now.join(' ')}`);
    });

  const allow = async () => {
    const before = customer.agent.err.events('files_asked').length;
    await customer.person.files(true, async () => customer.agent.err.events('files_asked').length > before);
  };

  const look = async () => {
    await desktop.driver.press(id('folder-home'));
    await until('the folder', () => desktop.driver.has('[data-testid=entry]'));
  };

  async function take(...names) {
    await look();
    for (const name of names) {
      const box = `[data-testid=entry][data-name="${name}"] input`;
      await until(`${name} to be there`, () => desktop.driver.has(box));
      await desktop.driver.press(box);
    }
    await desktop.driver.click(id('take'));
  }

  step('what is taken lies in the downloads folder, beside what was there', async () => {
    await desktop.driver.click(id('open-files'));
    await desktop.driver.click(id('ask-files'));
    await customer.person.allow();
    await desktop.rights('view', 'files');
    await desktop.driver.click(id('browse'));
    await allow();
    await until('the folder', () => desktop.driver.has('[data-testid=entry]'));
    await take('letter.txt', 'box');
    for (const name of ['letter (2).txt', 'empty.txt', 'deep.bin']) await state(name, 'finished');
    assert.equal(String(await readFile(path.join(downloads, 'letter.txt'))), 'mine');
    assert.deepEqual(await readFile(path.join(downloads, 'letter (2).txt')), content(1, 70_000));
    assert.deepEqual(await readFile(path.join(downloads, 'box', 'below', 'deep.bin')), content(2, 3_000_000));
    assert.equal((await readFile(path.join(downloads, 'box', 'empty.txt'))).length, 0);
    await desktop.picture('desktop-files');
  });

  step('a page that is loaded again goes on with what it was taking', async () => {
    await take('large.bin');
    await until('it to be under way', async () => Number(await attribute(row('large.bin'), 'data-moved')) > 500_000);
    await desktop.driver.run(() => void requestAnimationFrame(() => location.reload()));
    await until('the page to be another', async () => !(await desktop.driver.has(row('large.bin'))));
    await desktop.live();
    await until('the panel', async () => {
      if (await desktop.driver.has(id('browse'))) return true;
      await desktop.driver.press(id('open-files'));
      return false;
    });
    await state('large.bin', 'finished');
    assert.ok((await readFile(path.join(downloads, 'large.bin'))).equals(content(3, LARGE)));
    assert.ok(!(await readdir(downloads)).some((name) => name.endsWith('.part') || name.startsWith('large (')));
    // It went on, and was not asked for or taken anew.
    assert.equal(customer.agent.err.events('files_asked').length, 1);
  });

  step('a disk that fills up ends that file with a sentence, and the next one comes', async () => {
    await desktop.driver.click(id('browse'));
    await take('other.bin');
    if (small) {
      await state('other.bin', 'over', 'disk_full');
      assert.match(await desktop.driver.text(row('other.bin')), /not enough room/i);
    } else {
      // Where nothing can be mounted, the disk is the machine's own and has room: core's tests fill one of a stand-in.
      await state('other.bin', 'finished');
    }
    assert.ok(!(await readdir(downloads)).some((name) => name.endsWith('.part')));
    await take('letter.txt');
    await state('letter (3).txt', 'finished');
  });

  step('what is dropped on the window goes to the customer, and not what links lead to', async () => {
    const [letter, box] = [path.join(here, 'für Sie.txt'), path.join(here, 'dropped')];
    await mkdir(path.join(box, 'below'), { recursive: true });
    await writeFile(letter, content(5, 70_000));
    await writeFile(path.join(box, 'below', 'sunk.bin'), content(6, 2_500_000));
    await symlink('/etc/passwd', path.join(box, 'a-link'));
    const [window] = await desktop.windows();
    await desktop.display.run(program('farhand-target-drag'), [window, (await desktop.point(100, 100)).join(), letter, box]);
    await state('für Sie.txt', 'waits');
    await allow();
    for (const name of ['für Sie.txt', 'sunk.bin']) await state(name, 'finished');
    const came = (...steps) => readFile(path.join(there, 'Downloads', ...steps));
    assert.deepEqual(await came('für Sie.txt'), content(5, 70_000));
    assert.ok((await came('dropped', 'below', 'sunk.bin')).equals(content(6, 2_500_000)));
    assert.deepEqual(await readdir(path.join(there, 'Downloads', 'dropped')), ['below']);
    await desktop.picture('desktop-dropped');
  });

  step('a page can write nowhere but into that folder, and reads no file that it was not given', async () => {
    const invoke = (command, args, options) =>
      desktop.driver.run((command, args, options) => window.__TAURI_INTERNALS__.invoke(command, args, options).then((value) => JSON.stringify(value ?? null), (error) => `refused: ${JSON.stringify(error)}`), command, args, options);
    await symlink(here, path.join(downloads, 'way-out'));
    const begin = (steps, more = {}) => invoke('begin_file', { request: { session: 's', transfer: 1, from: '/a', steps, size: 0, ...more } });
    for (const steps of [[], [''], ['..', 'x'], ['.'], 7, null]) assert.match(await begin(steps), /^refused/, JSON.stringify(steps));
    assert.match(await begin(['a'], { session: '../x' }), /^refused/);
    const empty = 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262';
    for (const [transfer, steps] of [['way-out', 'x'], ['/etc/x'], ['a/../../x']].entries()) {
      const begun = await begin(steps, { transfer: transfer + 10 });
      if (begun.startsWith('refused')) continue;
      await invoke('keep_file', { request: { ...JSON.parse(begun), hash: empty } });
    }
    assert.deepEqual((await readdir(here)).filter((name) => name === 'x'), []);
    assert.match(await invoke('write_file', { request: { file: 1, offset: 0 } }), /^refused/);
    for (let number = 0; number < 8; number += 1) {
      assert.match(await invoke('take_dropped', { request: { drop: number, session: 's' } }), /^refused/);
      assert.match(await invoke('read_dropped', { request: { file: number, session: 's', offset: 0, length: 1 } }), /^refused/);
    }
    assert.match(await invoke('read_dropped', { request: { file: '/etc/passwd', session: 's', offset: 0, length: 1 } }), /^refused/);
    assert.match(await invoke('write_file', [1, 2, 3], { headers: { request: '{"file":4000,"offset":0}' } }), /^refused/);
  });

  /** A program on the technician's computer copies. */
  async function copies_(text, target = 'UTF8_STRING') {
    const file = path.join(world.household.folder, `copy-${++copies}`);
    await writeFile(file, text);
    desktop.display.start(`xclip-${copies}`, 'xclip', ['-selection', 'clipboard', '-quiet', '-t', target, '-i', file]);
    await until('the program to hold the clipboard', async () => (await pasted(desktop.display, target)) === text);
  }
  const pasted = (display, target = 'UTF8_STRING') => display.run('xclip', ['-selection', 'clipboard', '-o', '-t', target]).catch(() => null);
  const way = (name, wanted) => until(`the clipboard to say ${wanted}`, async () => (await attribute(id(`clipboard-${name}-said`), 'data-state')) === wanted);

  step('the technician’s clipboard goes to the customer by the program, without a question of the web view', async () => {
    await copies_('Grüße, 日本 😀');
    await desktop.driver.click(id('open-clipboard'));
    await desktop.driver.click(id('clipboard-ask'));
    await customer.person.allow();
    await desktop.rights('view', 'files', 'clipboard');
    await desktop.driver.click(id('clipboard-give'));
    await way('to', 'there');
    assert.equal(await pasted(customer.display), 'Grüße, 日本 😀');
    await desktop.picture('desktop-clipboard');
  });

  step('what a password manager marked stays here', async () => {
    await copies_('secret', 'x-kde-passwordManagerHint');
    await desktop.driver.click(id('clipboard-give'));
    await way('to', 'local');
    assert.match(await desktop.driver.text(id('clipboard-to-said')), /secret|password/i);
    assert.equal(await pasted(customer.display), 'Grüße, 日本 😀');
  });

  step('and the customer’s lies on the technician’s, for other programs too', async () => {
    const file = path.join(world.household.folder, 'copy-there');
    const text = 'von dort: äöü\n'.repeat(5_000);
    await writeFile(file, text);
    customer.display.start('xclip-there', 'xclip', ['-selection', 'clipboard', '-quiet', '-t', 'UTF8_STRING', '-i', file]);
    await until('the program to hold the clipboard', async () => (await pasted(customer.display))?.trimEnd() === text.trimEnd());
    await desktop.driver.click(id('clipboard-fetch'));
    await way('from', 'there');
    assert.equal((await pasted(desktop.display))?.trimEnd(), text.trimEnd());
  });

  step('a session that is over leaves nothing unfinished here', async () => {
    await desktop.end();
    assert.equal((await customer.agent.exited).code, 0);
    assert.ok(!(await readdir(downloads)).some((name) => name.endsWith('.part')));
  });
});
