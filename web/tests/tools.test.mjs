// Every tool beside the picture, dark and narrow, light and low: nothing that axe finds, nothing that is cut, covered or out of
// reach; and the keyboard goes where a person expects it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { becomes, until, useChromium, withPage } from './harness.mjs';
import { flaws } from './layout.mjs';
import { live, toolScenes } from './scenes-tools.mjs';

useChromium();

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** One after the other on the same page, in the language with the longer words. */
const VIEWS = [
  { name: 'narrow, dark', viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
  { name: 'low, light', viewport: { width: 1280, height: 720 }, colorScheme: 'light' },
];
const NARROW = VIEWS[0].viewport;
/** One after the other in the same session, where the next begins as if the one before had not been. Each other has a page of its own. */
const ROWS = [
  ['tool-files-ask', 'tool-clipboard-ask', 'tool-diagnostics-ask', 'tool-shell-ask', 'tool-chat', 'tool-chat-replies', 'bar-asked', 'tool-chat-over'],
  ['tool-quality', 'tool-note', 'tool-clipboard', 'tool-shell-ready', 'tool-shell', 'tool-files', 'tool-files-browse'],
  ['tool-diagnostics-summary', 'tool-diagnostics-services', 'tool-diagnostics-log', 'tool-diagnostics-processes', 'tool-diagnostics-end'],
  ['bar-monitors', 'bar-zoom', 'bar-keys', 'bar-type'],
  ['card-held', 'card-lost'],
];
/** What differs from another scene by a sentence is for pictures only. */
const ALIKE = new Set(['tool-chat-empty', 'tool-files-asked', 'tool-files-refused', 'tool-diagnostics-software', 'tool-together-nobody', 'card-ended-technician', 'card-ended-refused', 'card-ended-lost']);
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const desktop = { width: 640, height: 400, rgba: Buffer.alloc(640 * 400 * 4, 120) };
const scenes = toolScenes(desktop);
const stand = live(desktop);

const barriers = async (page) => {
  const { violations } = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] }), RULES);
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => `${id} (${help}) at ${target.join(' ')}: ${failureSummary}`));
};

/** Closes the tool or the menu of the scene before. */
const tidy = async (page) => {
  await page.setViewportSize(NARROW);
  await page.emulateMedia({ colorScheme: 'dark' });
  const close = page.getByTestId('tool-close');
  if (await close.isVisible()) await close.click();
  else await page.keyboard.press('Escape');
  await becomes(() => page.locator('[data-testid=tool-close], [role=menu]').count(), 0);
};

describe('nothing is in the way of anybody', () => {
  const alone = Object.keys(scenes).filter((name) => !ALIKE.has(name) && !ROWS.flat().includes(name));
  for (const row of [...ROWS, ...alone.map((name) => [name])]) {
    it(row[0], (test) =>
      withPage(
        async (page, mock) => {
          for (const [at, name] of row.entries()) {
            await test.test(name, async () => {
              // The topics of the diagnostics are in one tool, which stays open.
              if (at > 0 && !name.startsWith('tool-diagnostics')) await tidy(page);
              await scenes[name](page, mock);
              await page.evaluate(() => document.fonts.ready);
              if (at === 0) await page.evaluate(axe);
              for (const { name, viewport, colorScheme } of VIEWS) {
                await page.setViewportSize(viewport);
                await page.emulateMedia({ colorScheme });
                // What comes and goes by itself may be under way: what stays is a flaw.
                const all = async () => [...(await page.evaluate(flaws)), ...(await barriers(page))].map((flaw) => `${name}: ${flaw}`).join('\n');
                await becomes(all, '');
              }
            });
          }
        },
        () => {},
        { viewport: NARROW, colorScheme: 'dark', reducedMotion: 'reduce', locale: 'de' },
      ));
  }
});

const focused = (page) => page.evaluate(() => document.activeElement?.dataset.testid ?? document.activeElement?.localName);

describe('the keyboard at the tools', () => {
  it('goes into a tool that opens, and back where it came from by Escape', () =>
    withPage(async (page, mock) => {
      await stand(page, mock, ['view']);
      await page.getByTestId('open-chat').focus();
      await page.keyboard.press('ArrowDown');
      await becomes(() => focused(page), 'open-files');
      await page.keyboard.press('Enter');
      await becomes(() => focused(page), 'tool-files');
      await page.keyboard.press('Tab');
      await becomes(() => focused(page), 'tool-close');
      await page.keyboard.press('Escape');
      await becomes(() => focused(page), 'open-files');
      await becomes(() => page.getByTestId('tool-files').count(), 0);
      await page.keyboard.press('Home');
      await becomes(() => focused(page), 'open-chat');
      await page.keyboard.press('Enter');
      await becomes(() => focused(page), 'chat-text');
      // Escape in the search for canned replies is the search's own.
      await page.getByTestId('choose-reply').click();
      await becomes(() => focused(page), 'reply-search');
      await page.keyboard.press('Escape');
      await becomes(() => focused(page), 'chat-text');
      await page.getByTestId('tool-close').click();
      await becomes(() => focused(page), 'open-chat');
    }));

  it('is one stop in the order of the page', () =>
    withPage(async (page, mock) => {
      await stand(page, mock, ['view']);
      await page.getByTestId('open-note').focus();
      await becomes(() => page.locator('aside [tabindex="0"]').count(), 1);
      assert.equal(await page.locator('aside [tabindex="0"]').getAttribute('data-testid'), 'open-note');
    }));

  it('stays in the palette for pointing when it opens and closes', () =>
    withPage(async (page, mock) => {
      await stand(page, mock, ['view']);
      await page.getByTestId('pointing-open').focus();
      await page.keyboard.press('Enter');
      await becomes(() => focused(page), 'pointing-light');
      await page.keyboard.press('ArrowLeft');
      await becomes(() => focused(page), 'pointing-close');
      await page.keyboard.press('Escape');
      await becomes(() => focused(page), 'pointing-open');
    }));

  it('reaches nothing that lies under a tool on a narrow page', () =>
    withPage(
      async (page, mock) => {
        await stand(page, mock, ['view']);
        await becomes(() => page.locator('main .under').evaluate((under) => under.inert), false);
        await page.getByTestId('open-quality').click();
        await becomes(() => page.locator('main .under').evaluate((under) => under.inert), true);
        await page.getByTestId('tool-close').click();
        await becomes(() => page.locator('main .under').evaluate((under) => under.inert), false);
      },
      () => {},
      { viewport: NARROW },
    ));
});

describe('what cannot be undone', () => {
  it('is asked once more: removing a colleague who is in the session', () =>
    withPage(async (page, mock) => {
      await scenes['tool-together-invited'](page, mock);
      const dismissed = () => mock.said('control').filter(({ message }) => message?.type === 'dismiss').length;
      const ada = page.getByTestId('person').filter({ hasText: 'Ada Lang' });
      await ada.getByTestId('dismiss').click();
      await page.getByTestId('dismiss-sure').getByRole('button', { name: 'Cancel' }).click();
      await becomes(() => page.getByTestId('dismiss-sure').isVisible(), false);
      assert.equal(dismissed(), 0);
      await ada.getByTestId('dismiss').click();
      await page.getByTestId('dismiss-sure').getByRole('button', { name: 'Remove', exact: true }).click();
      await until('the removal', () => dismissed() === 1);
    }));

  it('takes what is dropped for the session that is shown, and for no other', () =>
    withPage(async (page, mock) => {
      await stand(page, mock);
      mock.add('s2', '771204', 'waiting');
      const drop = (name) =>
        page.evaluate((name) => {
          const event = new Event('drop', { bubbles: true, cancelable: true });
          const entry = { isFile: true, name, file: (done) => done(new File(['text'], name)) };
          Object.defineProperty(event, 'dataTransfer', { value: { types: ['Files'], items: [{ kind: 'file', webkitGetAsEntry: () => entry }], files: [] } });
          return window.dispatchEvent(event);
        }, name);
      const show = async (session, inside) => {
        await page.evaluate((session) => void (location.hash = `session=${session}`), session);
        await page.locator(`[data-testid=tab-pane]:not([hidden]) [data-testid=${inside}]`).waitFor();
      };
      await show('s2', 'session-code');
      assert.equal(await drop('elsewhere.txt'), false, 'the page does not go there');
      await show('s1', 'screen');
      await drop('here.txt');
      const offers = () => mock.said('files').filter(({ type }) => type === 'offer').map(({ path }) => path.join('/'));
      await until('the offer', () => offers().length > 0);
      assert.deepEqual([...new Set(offers())], ['here.txt']);
    }));

  it('says what is stopped when a session ends with files under way', () =>
    withPage(async (page, mock) => {
      await scenes['tool-files-going'](page, mock);
      await page.getByTestId('end-session').click();
      await page.getByTestId('end-files').waitFor();
      assert.match(await page.getByTestId('end-files').innerText(), /^\d files? (is|are) on (its|their) way/);
    }));

  it('covers neither how a session ended nor what to do next', () =>
    withPage(
      async (page, mock) => {
        await scenes['tool-chat-over'](page, mock);
        await becomes(() => page.getByTestId('tool-chat').count(), 0);
        await page.getByTestId('start-again').click({ trial: true });
      },
      () => {},
      { viewport: NARROW },
    ));
});
