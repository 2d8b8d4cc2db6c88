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

const LINK = '482193.AbCdEfGhIjKlMnOpQrStUv';

/** Code and service are shown, and what is copied is what the program's window takes. */
async function both(page, mock, shown, code) {
  await becomes(() => page.getByTestId('two').count(), 1);
  await becomes(() => page.getByTestId('two-code').innerText(), shown);
  await becomes(() => page.getByTestId('two-server').innerText(), mock.url);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: mock.url });
  for (const [button, text] of [['copy-code', code], ['copy-server', mock.url]]) {
    await page.getByTestId(button).click();
    await becomes(() => page.evaluate(() => navigator.clipboard.readText()), text);
  }
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
      await page.getByText('does not know the publisher').waitFor();
      assert.equal(await page.getByTestId('two').count(), 0, 'the name has both');
      assert.equal(await page.getByTestId('command').count(), 0, 'nobody needs a terminal there');
    }));

  it('says how its signature is checked', () =>
    visitor(windows, async (page, mock) => {
      const { hostname, port } = new URL(mock.url);
      await page.getByTestId('check').locator('summary').click();
      // Whether it was signed for Windows, the service does not know: nothing promises a publisher.
      await page.getByText('Where the file’s properties have a tab “Digital Signatures”').waitFor();
      await page.getByText('Without that tab nobody signed it for Windows').waitFor();
      await becomes(() => page.getByTestId('sum-command').innerText(), `certutil -hashfile farhand-agent_4821935710_${hostname}_${port}.exe SHA256`);
      await becomes(() => page.getByTestId('check-command').innerText(), `minisign -Vm farhand-agent_4821935710_${hostname}_${port}.exe -x farhand-agent-0.2.0.exe.minisig -P RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3`);
      await becomes(() => page.getByTestId('sum').innerText(), '3b9f'.repeat(16));
      await becomes(() => page.getByTestId('signature').getAttribute('href'), '/download/farhand-agent/windows-x86_64-exe.minisig');
    }));

  it('is an installer on a Mac, and a program with its line on Linux', async () => {
    await visitor({ userAgent: MAC, platform: 'MacIntel' }, async (page, mock) => {
      await page.getByRole('link', { name: 'Download for macOS' }).waitFor();
      await page.getByText('Then open Farhand from your applications. A window asks for a code and a service').waitFor();
      await page.getByText('macOS does not pass your code on').waitFor();
      assert.equal(await page.getByText('with your code filled in').count(), 0, 'it does not arrive there');
      await both(page, mock, '482 193 5710', '4821935710');
      await becomes(() => page.getByTestId('download').getAttribute('download'), 'farhand-agent-0.2.0-aarch64.pkg');
    });
    await visitor({}, async (page, mock) => {
      const { hostname, port } = new URL(mock.url);
      const name = `farhand-agent_4821935710_${hostname}_${port}`;
      await becomes(() => page.getByTestId('download').getAttribute('download'), name);
      await page.getByTestId('command').getByText(`./${name} join 4821935710 --server ${mock.url}`).waitFor();
    });
  });

  it('shows code and service where the name of the file cannot have them', async () => {
    await visitor({ ...windows, code: LINK }, async (page, mock) => {
      await page.getByText('A window asks for a code and a service: copy these two').waitFor();
      assert.equal(await page.getByText('A window shows your code').count(), 0, 'it shows none');
      await both(page, mock, LINK, LINK);
    });
    // An installed program has no name of its own.
    await visitor({ ...windows, downloads: DOWNLOADS.filter(({ target }) => target.endsWith('msi')) }, async (page, mock) => {
      await page.getByText('It does not open from here?').waitFor();
      await both(page, mock, '482 193 5710', '4821935710');
    });
    // Nothing to download for this Mac: what is installed needs them all the same.
    await visitor({ userAgent: MAC, platform: 'MacIntel', downloads: DOWNLOADS.slice(0, 1), code: LINK }, (page, mock) => both(page, mock, LINK, LINK));
    // The line for a terminal has both in it.
    await visitor({ code: LINK }, async (page, mock) => {
      await page.getByTestId('command').getByText(`join ${LINK} --server ${mock.url}`).waitFor();
      assert.equal(await page.getByTestId('two').count(), 0);
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

  it('leads whoever opened a link on a phone to no code, which they have not got', () =>
    visitor({ userAgent: PHONE, platform: 'Linux armv8l', viewport: { width: 390, height: 800 }, code: LINK }, async (page) => {
      await page.getByText('open your technician’s link there').waitFor();
      assert.equal(await page.getByText('type the code').count(), 0);
    }));

  it('fits 390 pixels in German, open to the last line', () =>
    visitor({ ...windows, code: LINK, locale: 'de-DE', viewport: { width: 390, height: 800 } }, async (page) => {
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
