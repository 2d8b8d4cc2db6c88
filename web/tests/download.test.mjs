// The join page's downloads: what is for whom, what is said about it, and what carries the code beside the program.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asked, becomes, useChromium, withPage } from './harness.mjs';
import { DOWNLOADS } from './scenes.mjs';

const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.4 Safari/605.1.15';
const PHONE = 'Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36';

useChromium();

/** The page of somebody with this system who went on with a code. */
function visitor({ userAgent, platform, code = '4821935710', downloads = DOWNLOADS, ...options }, run) {
  return withPage(
    async (page, mock) => {
      if (platform) await page.addInitScript((platform) => Object.defineProperty(navigator, 'platform', { get: () => platform }), platform);
      await page.goto(`${mock.url}/join#${code}`);
      await page.getByTestId('join').getByRole('button').click();
      await page.getByTestId('join-start').waitFor();
      await run(page, mock);
    },
    (mock) => (mock.downloads = downloads),
    { ...(userAgent ? { userAgent } : {}), ...options },
  );
}

const windows = { userAgent: WINDOWS, platform: 'Win32' };

describe('the download on the join page', () => {
  it('is the one for Windows there: name, size, version, and a name that says which session', () =>
    visitor(windows, async (page, mock) => {
      const link = page.getByRole('link', { name: 'Download for Windows' });
      await becomes(() => link.getAttribute('href'), '/download/farhand-agent/farhand-agent-0.2.0.exe');
      const { hostname, port } = new URL(mock.url);
      await becomes(() => link.getAttribute('download'), `farhand-agent_4821935710_${hostname}_${port}.exe`);
      await becomes(() => page.getByTestId('facts').innerText(), 'farhand-agent-0.2.0.exe · 19.3 MB · version 0.2.0');
      await page.getByText('press Connect').waitFor();
      await page.getByText('look at the publisher’s name').waitFor();
      assert.equal(await page.getByTestId('command').count(), 0, 'nobody needs a terminal there');
    }));

  it('says how its signature is checked', () =>
    visitor(windows, async (page, mock) => {
      const { hostname, port } = new URL(mock.url);
      await page.getByText('Check that the download is genuine').click();
      await page.getByText('“Digital signatures”').waitFor();
      await becomes(() => page.getByTestId('check-command').innerText(), `minisign -Vm farhand-agent_4821935710_${hostname}_${port}.exe -x farhand-agent-0.2.0.exe.minisig -P RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3`);
      await becomes(() => page.getByTestId('sum').innerText(), '3b9f'.repeat(16));
      await becomes(() => page.getByTestId('signature').getAttribute('href'), '/download/farhand-agent/windows-x86_64-exe.minisig');
    }));

  it('is an installer on a Mac, and a program with its line on Linux', async () => {
    await visitor({ userAgent: MAC, platform: 'MacIntel' }, async (page) => {
      await page.getByRole('link', { name: 'Download for macOS' }).waitFor();
      await page.getByText('Then come back to this page').waitFor();
      await becomes(() => page.getByTestId('download').getAttribute('download'), 'farhand-agent-0.2.0-aarch64.pkg');
    });
    await visitor({}, async (page, mock) => {
      const { hostname, port } = new URL(mock.url);
      const name = `farhand-agent_4821935710_${hostname}_${port}`;
      await becomes(() => page.getByTestId('download').getAttribute('download'), name);
      await page.getByTestId('command').getByText(`./${name} join 4821935710 --server ${mock.url}`).waitFor();
    });
  });

  it('for other computers is one press away, and offered at once where there is none for this one', async () => {
    await visitor(windows, async (page) => {
      const list = page.getByTestId('others');
      await list.locator('summary').click();
      await becomes(() => list.getByRole('link').count(), 4);
      await list.getByRole('link', { name: 'macOS · installer · aarch64' }).waitFor();
    });
    await visitor({ ...windows, downloads: DOWNLOADS.slice(0, 1) }, async (page) => {
      await page.getByTestId('none').getByText('There is no program for this computer yet').waitFor();
      await page.getByTestId('others').getByRole('link', { name: 'Linux · program' }).waitFor();
    });
  });

  it('is for a computer: a phone is told so', () =>
    visitor({ userAgent: PHONE, platform: 'Linux armv8l', viewport: { width: 390, height: 800 } }, async (page) => {
      await page.getByText('Open this page on the computer').waitFor();
      assert.equal(await page.getByTestId('download').count(), 0);
    }));

  it('fits 390 pixels in German, open to the last line', () =>
    visitor({ ...windows, locale: 'de-DE', viewport: { width: 390, height: 800 } }, async (page) => {
      await page.getByRole('link', { name: 'Für Windows herunterladen' }).waitFor();
      for (const list of ['check', 'others']) await page.getByTestId(list).locator('summary').click();
      await becomes(() => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    }));
});

describe('the program that is installed already', () => {
  it('opens by a link that the service signs for the six digits, and the rest stays here', () =>
    visitor(windows, async (page, mock) => {
      assert.equal(asked(mock, 'POST /start-token').length, 0, 'nothing is sent before somebody wants it');
      await page.getByTestId('open').click();
      const token = Buffer.from('start 482193').toString('base64url');
      await becomes(() => page.getByTestId('start-link').getAttribute('href'), `farhand:start/${token}.c2lnbmVk#5710`);
      assert.deepEqual(asked(mock, 'POST /start-token').map(({ body }) => body), [{ number: '482193' }]);
    }));

  it('opens with a link’s secret likewise', () =>
    visitor({ ...windows, code: '482193.AbCdEfGhIjKlMnOpQrStUv' }, async (page, mock) => {
      await becomes(() => page.getByTestId('download').getAttribute('download'), 'farhand-agent-0.2.0.exe');
      await page.getByTestId('open').click();
      await becomes(async () => (await page.getByTestId('start-link').getAttribute('href')).split('#')[1], 'AbCdEfGhIjKlMnOpQrStUv');
      assert.deepEqual(asked(mock, 'POST /start-token').map(({ body }) => body), [{ number: '482193' }]);
    }));

  it('says so when the service vouches for nothing', () =>
    visitor(windows, async (page, mock) => {
      mock.office.failing.set('POST /start-token', { status: 503, body: { code: 'database', message: 'The database does not answer.' } });
      await page.getByTestId('open').click();
      await page.getByTestId('join-start').getByRole('alert').waitFor();
      await becomes(() => page.getByTestId('open').isEnabled(), true);
    }));
});
