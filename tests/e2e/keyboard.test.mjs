// Keys, text and pointer arrive at the customer's programs as the technician means them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { becomes, until } from '../kit/wait.mjs';
import { told, World } from './world.mjs';

describe('keyboard and pointer', () => {
  let world;
  let technician;
  let customer;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
    await customer.display.run('setxkbmap', ['-layout', 'de']);
    await technician.start();
    await customer.joinAndAllow(technician);
    await technician.askControl();
    await customer.person.allow();
    await technician.rights('view', 'control');
  });
  after(() => world?.close());
  const promise = (name, body) => test(name, told(() => world, body));

  async function menu(item) {
    await technician.by('keys-menu').click();
    await technician.by(item).click();
  }

  const pressed = (from) => customer.target.since(from).filter(({ kind, down }) => kind === 'key' && down).map(({ code }) => code);

  promise('special keys go from a menu, in their order, and none stays down', async () => {
    await customer.clicked(technician);
    const from = customer.target.mark;
    await menu('key-ctrl_esc');
    await customer.target.key('ControlLeft', false, { from });
    await menu('key-F5');
    await customer.target.key('F5', false, { from });
    assert.deepEqual(pressed(from), ['ControlLeft', 'Escape', 'F5']);
    assert.equal(customer.target.since(from).filter(({ down }) => !down).length, 3);
  });

  promise('what is held goes up when the window loses the focus', async () => {
    await customer.clicked(technician);
    const from = customer.target.mark;
    await technician.page.keyboard.down('Shift');
    await technician.page.keyboard.down('KeyW');
    await customer.target.key('KeyW', true, { from });
    await technician.page.evaluate(() => dispatchEvent(new Event('blur')));
    await customer.target.key('KeyW', false, { from });
    await customer.target.key('ShiftLeft', false, { from });
    await technician.page.keyboard.up('KeyW');
    await technician.page.keyboard.up('Shift');
  });

  promise('all five buttons arrive, and smooth wheels add up to notches', async () => {
    await customer.clicked(technician);
    const from = customer.target.mark;
    const devtools = await technician.context.newCDPSession(technician.page);
    const [x, y] = await technician.point(400, 300);
    for (const [button, buttons] of [['back', 8], ['forward', 16]]) {
      await devtools.send('Input.dispatchMouseEvent', { type: 'mousePressed', x, y, button, buttons, clickCount: 1 });
      await devtools.send('Input.dispatchMouseEvent', { type: 'mouseReleased', x, y, button, buttons: 0, clickCount: 1 });
    }
    await customer.target.button(8, false, { from });
    await customer.target.button(9, false, { from });
    assert.equal(new URL(technician.page.url()).hash.includes('session'), true, 'the page stays where it is');
    const wheel = customer.target.mark;
    // As a touch pad turns it; the driver's own wheel knows notches only.
    await technician.by('screen-surface').evaluate((surface, [clientX, clientY]) => {
      for (let turn = 0; turn < 4; turn++) surface.dispatchEvent(new WheelEvent('wheel', { deltaY: 30, clientX, clientY, bubbles: true, cancelable: true }));
    }, [x, y]);
    await customer.target.button(5, false, { from: wheel });
    await technician.click(400, 300, { button: 'middle' });
    await customer.target.button(2, false, { from: wheel });
    assert.equal(customer.target.since(wheel).filter(({ button, down }) => button === 5 && down).length, 1);
  });

  promise('a pointer that the page holds moves by steps, and its buttons press where it is', async () => {
    await menu('pointer-relative');
    await technician.click(400, 300);
    await until('the page to hold the pointer', () => technician.page.evaluate(() => document.pointerLockElement !== null));
    const place = async () => /x:(-?\d+) y:(-?\d+)/.exec(await customer.display.run('xdotool', ['getmouselocation'])).slice(1, 3).map(Number);
    const before = await place();
    const from = customer.target.mark;
    const [x, y] = await technician.point(400, 300);
    await technician.page.mouse.move(x + 25, y - 10);
    await until('the pointer to have moved', async () => (await place()).join() !== before.join());
    await technician.page.mouse.down();
    await technician.page.mouse.up();
    const click = await customer.target.button(1, false, { from });
    const now = await place();
    assert.deepEqual([click.x, click.y], now, 'the click is where the pointer went');
    // The chord that takes the keyboard back takes the pointer back as well.
    for (const key of ['Control', 'Alt', 'Shift']) await technician.page.keyboard.down(key);
    await until('the pointer to be free', () => technician.page.evaluate(() => document.pointerLockElement === null));
    for (const key of ['Shift', 'Alt', 'Control']) await technician.page.keyboard.up(key);
    await menu('pointer-relative');
    await becomes(() => technician.by('keys-menu-root').getAttribute('data-relative'), 'false');
  });

  promise('keys go by place or by letter, and text is typed out, into a real program', async () => {
    const file = path.join(world.household.folder, 'typed');
    customer.display.start('xterm', 'xterm', ['-T', 'typing', '-geometry', '60x10+100+100', '-e', 'sh', '-c', `stty -echo; echo > '${file}'; cat > '${file}'`], { env: { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' } });
    const window = await until('the terminal', async () => (await customer.display.run('xdotool', ['search', '--onlyvisible', '--name', '^typing$']).catch(() => '')).split('\n').find(Boolean));
    await until('the terminal to read', () => readFileSync(file, 'utf8') === '\n' || readFileSync(file, 'utf8') === '');
    await customer.display.run('xdotool', ['windowfocus', '--sync', window]);
    const reads = (text) => becomes(() => readFileSync(file, 'utf8'), text);
    const enter = () => technician.page.keyboard.press('Enter');

    // The technician's keyboard is an American one: the key with Z on it has Y on the customer's.
    await technician.page.evaluate(() => document.querySelector('[data-testid=screen-surface]').focus());
    await technician.page.keyboard.press('KeyZ');
    await enter();
    await reads('y\n');

    await menu('keys-by');
    await becomes(() => technician.by('keys-menu-root').getAttribute('data-by'), 'letter');
    await technician.page.keyboard.type('zy@ÄÖ€{');
    await technician.page.keyboard.insertText('日本');
    await enter();
    await reads('y\nzy@ÄÖ€{日本\n');

    await menu('keys-type');
    await technician.by('type-text').fill('typed out: [ä] ~ ñ');
    await technician.by('type-start').click();
    await becomes(() => technician.by('type-said').getAttribute('data-state'), 'done');
    await technician.by('type-close').click();
    await enter();
    await reads('y\nzy@ÄÖ€{日本\ntyped out: [ä] ~ ñ\n');

    // A shortcut by its letter: Ctrl+Z suspends, Ctrl+D ends what is read.
    await menu('keys-by');
    await becomes(() => technician.by('keys-menu-root').getAttribute('data-by'), 'place');
  });
});
