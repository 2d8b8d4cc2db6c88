// The tools beside the picture, in the desktop console's web view: what they are used for, once each.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { becomes, until } from '../kit/wait.mjs';
import { Desktop } from './desktop.mjs';
import { told, World } from './world.mjs';

const id = (name) => `[data-testid="${name}"]`;

describe('the tools in the desktop console', () => {
  let world;
  let desktop;
  let customer;
  before(async () => {
    world = await World.open();
    [desktop, customer] = await Promise.all([Desktop.open(world), world.customer()]);
    const home = path.join(world.household.folder, 'home');
    mkdirSync(home, { recursive: true });
    await desktop.start();
    const agent = customer.join(desktop.code, { env: { HOME: home, SHELL: '/bin/bash', PS1: '$ ' } });
    await agent.err.event('joined');
    await customer.person.allow();
    await desktop.live();
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  const open = (name) => desktop.driver.click(id(`open-${name}`));
  const type = (text) => desktop.display.run('xdotool', ['type', '--delay', 25, text]);
  /** Waits until the page shows this in there. */
  const shows = (selector, pattern) =>
    until(`${selector} to show ${pattern}`, async () => {
      const text = await desktop.driver.run((selector) => document.querySelector(selector)?.innerText.replaceAll('\u00a0', ' ') ?? '', selector);
      if (!pattern.test(text)) throw new Error(text);
      return true;
    });

  step('what is said in the chat arrives', async () => {
    await open('chat');
    await desktop.driver.click(id('chat-text'));
    await type('Good morning');
    await until('all of it to be typed', async () => (await desktop.driver.run((selector) => document.querySelector(selector).value, id('chat-text'))) === 'Good morning');
    await desktop.press('Return');
    await shows(`${id('chat-line')}[data-mark=delivered]`, /Good morning/);
    await desktop.look('desktop-chat');
  });

  step('who is there, and how the picture comes, is told', async () => {
    await open('together');
    await shows(id('tool-together'), /Tess Technician/);
    await open('quality');
    await shows(id('quality-figures'), /ms/);
    await desktop.driver.click(id('prefer-sharp'));
    await until('sharp to be chosen', () => desktop.driver.run((selector) => document.querySelector(selector).checked, id('prefer-sharp')));
  });

  step('diagnostics are of the customer’s machine', async () => {
    await open('diagnostics');
    await desktop.driver.click(id('ask-diagnostics'));
    await customer.person.allow();
    await desktop.rights('view', 'diagnostics');
    const host = (await readFile('/proc/sys/kernel/hostname', 'utf8')).trim();
    await until('the overview', async () => (await desktop.driver.attribute(id('diagnostics-summary'), 'data-ready')) === 'true');
    await shows(id('diagnostics-summary'), new RegExp(`\\b${host.replace(/\W/g, '\\$&')}\\b`));
    await desktop.look('desktop-diagnostics');
  });

  step('a command line opens, runs what is typed, and shows what comes', async () => {
    await open('shell');
    await desktop.driver.click(id('ask-shell'));
    await customer.person.allow();
    await desktop.rights('view', 'diagnostics', 'shell');
    await desktop.driver.click(id('shell-open'));
    await until('it to be open', async () => (await desktop.driver.attribute(id('shell-stage'), 'data-stage')) === 'open');
    await until('it to have the keyboard', () => desktop.driver.run(() => document.activeElement?.classList.contains('xterm-helper-textarea')));
    await type("echo sum''mer $((40 + 2))");
    await desktop.press('Return');
    await shows('.xterm-rows', /summer 42/);
    await desktop.look('desktop-shell');
    await desktop.driver.click(id('tool-close'));
  });

  step('a mark lies on the customer’s screen where it was drawn', async () => {
    const colour = async () => {
      const { data, width } = await customer.display.pixels();
      return data.subarray(3 * (300 * width + 400), 3 * (300 * width + 400) + 3).toString('hex');
    };
    await desktop.driver.click(id('pointing-open'));
    await desktop.driver.click(id('pointing-stays'));
    await desktop.driver.click(id('pointing-line'));
    const [from, by, to] = [await desktop.point(300, 300), await desktop.point(400, 300), await desktop.point(500, 300)];
    await desktop.display.run('xdotool', ['mousemove', ...from, 'mousedown', 1, 'mousemove', ...by, 'mousemove', ...to, 'mouseup', 1]);
    await becomes(colour, 'e51c23');
    await customer.sameAs(desktop);
    await desktop.look('desktop-pointing');
  });

  step('and the session ends', async () => {
    await desktop.end();
    assert.equal((await customer.agent.exited).code, 0);
  });
});
