// A customer who cannot see the screen hears all of it, and answers, stops and ends by their screen reader alone.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { program, ROOT } from '../kit/programs.mjs';
import { ScreenReader } from '../kit/reader.mjs';
import { until } from '../kit/wait.mjs';
import { ADMINISTRATOR, told, World } from './world.mjs';

const [PROMPT, BANNER, CONTROLS, STATUS, CHAT] = ['Farhand asks', 'Farhand session', 'Farhand controls', 'Farhand', 'Farhand chat'];

describe('a customer who hears the screen', () => {
  let world;
  let technician;
  let customer;
  let reader;
  let strings;
  before(async () => {
    world = await World.open();
    [technician, customer, reader] = await Promise.all([world.technician(), world.customer(), ScreenReader.open(world.household)]);
    strings = JSON.parse(await readFile(path.join(ROOT, 'assets/strings/en.json'), 'utf8'));
  });
  after(() => world?.close());
  const step = (name, body) => test(name, told(() => world, body));

  /** A sentence of the agent's. */
  const say = (key, places = {}) => {
    const known = { technician: ADMINISTRATOR.name, organisation: ADMINISTRATOR.organisation, ...places };
    const text = strings[`agent.${key}`];
    assert.ok(text, key);
    return text.replaceAll(/\{(\w+)\}/g, (_, place) => known[place] ?? assert.fail(`${key}: ${place}`));
  };
  const hears = (text, ...sentences) => {
    for (const sentence of sentences) assert.ok(text.includes(sentence), `"${sentence}" is not among:\n${text}`);
  };
  const literal = (text) => new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  const press = (title, key, done) => reader.press(title, 'button', say(key), done);
  /** Answers the prompt, until it has been answered. */
  const answer = (key) => press(PROMPT, key, () => customer.person.noPrompt());

  async function join() {
    await technician.home();
    await technician.start();
    const agent = customer.join(technician.code, { env: reader.env });
    await agent.err.event('joined');
    return agent;
  }

  step('hears who asks, for what, what it makes possible and what not, and what to beware of; and says no', async () => {
    const agent = await join();
    const text = await reader.words(PROMPT, literal(say('prompt.asks_view')));
    hears(text, say('prompt.from'), say('verified.no'), say('prompt.danger'), say('prompt.warning'));
    hears(text, say('right.view'), say('right.view_detail'), say('right.view_not'), say('share.now_everything'));
    const countdown = say('prompt.countdown', { seconds: 'N' });
    assert.match(text, new RegExp(literal(countdown).source.replace(' N ', String.raw` \d+ `)));
    // What warns of somebody unknown comes before what they ask for.
    assert.ok(text.indexOf(say('prompt.danger')) < text.indexOf(say('right.view_detail')));
    const no = await reader.find(PROMPT, 'button', say('prompt.no'));
    assert.ok(no.focused, 'No has the keyboard');
    await answer('prompt.no');
    await technician.stage('ended');
    await agent.exited;
    assert.equal(agent.err.events('consent').some((event) => event.consent.state === 'granted'), false);
    await reader.words(STATUS, literal(say('over.refused')));
    await press(STATUS, 'status.close');
    // Its program goes, and with it what a screen reader knew of it.
    await until('it to be gone', async () => (await reader.window(STATUS)).length === 0);
  });

  step('allows the view, and hears who sees what, since when', async () => {
    await join();
    await answer('prompt.allow');
    await technician.live();
    const text = await reader.words(BANNER, literal(say('banner.sees_of')));
    hears(text, say('verified.no'), say('banner.allowed', { rights: say('receipt.right_view') }));
    assert.match(text, /since \d\d:\d\d/);
  });

  step('pauses and goes on', async () => {
    await press(BANNER, 'banner.pause');
    await technician.stage('held');
    await press(BANNER, 'banner.resume');
    await technician.live();
  });

  step('lets somebody control, and takes it back', async () => {
    await technician.askControl();
    await reader.words(PROMPT, literal(say('prompt.asks_control')));
    await answer('prompt.allow');
    await technician.rights('view', 'control');
    await reader.words(BANNER, literal(say('banner.controls_of')));
    await reader.words(BANNER, /Ctrl\+Shift\+F12/);
    await press(BANNER, 'banner.take_back');
    await technician.rights('view');
  });

  step('reads the chat', async () => {
    await technician.by('open-chat').click();
    const field = technician.by('chat-text');
    await field.fill('Please look at https://help.example/printer');
    await field.press('Enter');
    await reader.press(BANNER, 'button', /^Chat/);
    hears(await reader.words(CHAT, /Please look at/), say('chat.lead'), say('chat.link', { host: 'help.example' }));
    await reader.find(CHAT, 'entry', say('chat.field'));
  });

  step('finds every brake in the window of controls, one right and all of them', async () => {
    await press(BANNER, 'banner.more');
    const text = await reader.words(CONTROLS, literal(say('banner.sees_of')));
    hears(text, say('controls.granted'), say('share.now_everything'), say('controls.lock_at_end'));
    await reader.press(CONTROLS, 'button', `${say('controls.withdraw')}: ${say('right.view')}`);
    await technician.rights();
    await technician.by('ask-view').click();
    await answer('prompt.allow');
    await technician.live();
    await press(CONTROLS, 'banner.revoke');
    await technician.rights();
  });

  step('ends it, and hears that nobody sees anything any more', async () => {
    await press(BANNER, 'banner.end');
    await technician.stage('ended');
    await reader.words(STATUS, literal(say('over.stopped')));
    await reader.find(STATUS, 'button', say('status.close'));
  });

  step('hears that the program updated itself, that it can be updated, and that an update was refused', async () => {
    // The window alone, told what a session's process tells it at its end: no build here has a key that updates are signed with.
    const window = customer.display.start('reader-window', program('farhand-agent'), ['window'], { stdin: 'pipe', env: { LANG: 'C.UTF-8', ...reader.env, ...customer.home() } });
    const tell = (message) => window.child.stdin.write(`${JSON.stringify(message)}\n`);
    tell({ type: 'over', begun: true, sentence: 'agent.over.technician', technician: ADMINISTRATOR.name, reason: '', whom: null, by: null });
    await reader.words(STATUS, literal(say('over.technician')));
    for (const [outcome, version] of [['installed', '9.9.9'], ['waiting', '9.9.9'], ['refused', '']]) {
      tell({ type: 'update', sentence: `agent.update.${outcome}`, version });
      await reader.words(STATUS, literal(say(`update.${outcome}`, { version })));
    }
    await window.stop();
  });
});
