// What is copied on one side can be pasted on the other, when and as far as both people want it.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { becomes, until } from '../kit/wait.mjs';
import { told, World } from './world.mjs';

/** A picture of four by four pixels. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAEElEQVR4nGM4IWcDRwzEcQDgQxIh0JD36gAAAABJRU5ErkJggg==';

describe('the clipboard', () => {
  let world;
  let technician;
  let customer;
  let copies = 0;
  before(async () => {
    world = await World.open();
    [technician, customer] = await Promise.all([world.technician(), world.customer()]);
    await technician.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: world.service.url });
    await technician.start();
    await customer.joinAndAllow(technician);
  });
  after(() => world?.close());
  const promise = (name, body) => test(name, told(() => world, body));

  const state = (way) => technician.by(`clipboard-${way}-said`).getAttribute('data-state');
  const said = (way) => technician.by(`clipboard-${way}-said`).innerText();
  const pasted = (target) => customer.display.run('xclip', ['-selection', 'clipboard', '-o', '-t', target]).catch(() => null);
  const here = () => technician.page.evaluate(() => navigator.clipboard.readText());
  const copiesHere = (text) => technician.page.evaluate((words) => navigator.clipboard.writeText(words), text);

  /** A program on the customer's computer copies. */
  async function copiesThere(text, target = 'UTF8_STRING') {
    const file = path.join(world.household.folder, `copy-${++copies}`);
    writeFileSync(file, text);
    const xclip = customer.display.start(`xclip-${copies}`, 'xclip', ['-selection', 'clipboard', '-quiet', '-t', target, '-i', file]);
    await until('the program to hold the clipboard', async () => {
      const now = await customer.display.run('xclip', ['-selection', 'clipboard', '-o', '-t', target], { raw: true }).catch(() => null);
      return now !== null && Buffer.from(text).equals(Buffer.from(now));
    });
    return xclip;
  }

  promise('is asked for by itself, and nothing goes before', async () => {
    await technician.by('open-clipboard').click();
    assert.equal(await technician.by('clipboard-give').count(), 0);
    await technician.by('clipboard-ask').click();
    await customer.person.allow();
    await technician.rights('view', 'clipboard');
    await technician.by('clipboard-give').waitFor();
  });

  promise('goes to the customer as text, HTML and image, when the technician says so', async () => {
    await technician.page.evaluate(async (png) => {
      const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
      const item = {
        'text/plain': new Blob(['Grüße, 日本 😀'], { type: 'text/plain' }),
        'text/html': new Blob(['<b>Grüße</b>'], { type: 'text/html' }),
        'image/png': new Blob([bytes], { type: 'image/png' }),
      };
      await navigator.clipboard.write([new ClipboardItem(item)]);
    }, PNG);
    await technician.by('clipboard-give').click();
    await becomes(() => state('to'), 'there');
    assert.equal(await pasted('UTF8_STRING'), 'Grüße, 日本 😀');
    assert.match(await pasted('text/html'), /<b[^>]*>Grüße<\/b>/);
    const image = await customer.display.run('xclip', ['-selection', 'clipboard', '-o', '-t', 'image/png'], { raw: true });
    assert.equal(Buffer.from(image).subarray(12, 24).toString('hex'), Buffer.from(PNG, 'base64').subarray(12, 24).toString('hex'));
  });

  promise('comes from the customer when the technician says so, however long', async () => {
    const text = 'Zeile mit Umläuten äöü\n'.repeat(20_000);
    await copiesThere(text);
    await technician.by('clipboard-fetch').click();
    await becomes(() => state('from'), 'there');
    assert.equal(await here(), text);
  });

  promise('is not sent where a password manager marked it, nor are files, which are named', async () => {
    await copiesHere('what lay here');
    await copiesThere('secret', 'x-kde-passwordManagerHint');
    await technician.by('clipboard-fetch').click();
    await becomes(() => state('from'), 'refused');
    assert.match(await said('from'), /secret/);
    await copiesThere('file:///home/ada/my%20letter.odt\r\nfile:///tmp/b\r\n', 'text/uri-list');
    await technician.by('clipboard-fetch').click();
    await becomes(() => state('from'), 'files');
    assert.match(await said('from'), /my letter\.odt and b/);
    assert.equal(await here(), 'what lay here');
  });

  promise('goes by itself, each way on its own switch', async () => {
    await technician.by('clipboard-auto-from').click();
    await becomes(() => technician.by('clipboard-auto-from').getAttribute('aria-checked'), 'true');
    await until('a copy to come by itself', async () => {
      // The agent begins to watch in its own time: what is copied before is not its business.
      if ((await here()) === 'by itself 1') return true;
      await copiesThere('by itself 1');
      return false;
    });
    await technician.by('clipboard-auto-to').click();
    await becomes(() => technician.by('clipboard-auto-to').getAttribute('aria-checked'), 'true');
    await until('what is copied here to lie there', async () => {
      await copiesHere('copied elsewhere, then back in this window');
      await technician.page.evaluate(() => dispatchEvent(new Event('focus')));
      return (await pasted('UTF8_STRING')) === 'copied elsewhere, then back in this window';
    });
    await technician.by('clipboard-to').click();
    await becomes(() => technician.by('clipboard-give').count(), 0);
    await copiesHere('stays here');
    await technician.page.evaluate(() => dispatchEvent(new Event('focus')));
    await copiesThere('still comes');
    await becomes(here, 'still comes');
    assert.equal(await pasted('UTF8_STRING'), 'still comes');
  });

  promise('pasted into the panel goes over, where a browser hands it to no page', async () => {
    await technician.by('clipboard-to').click();
    await technician.by('clipboard-paste').waitFor();
    await copiesHere('by hand');
    await technician.by('clipboard-paste').click();
    await technician.page.keyboard.press('Control+V');
    await becomes(() => pasted('UTF8_STRING'), 'by hand');
  });
});
