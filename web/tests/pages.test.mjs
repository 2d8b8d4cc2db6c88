// The pages in a real Chromium, against a stand-in for the service: what a technician's hands do, what the wire gets,
// and what is on the canvas then. `node --test tests/pages.test.mjs`, with the pages built.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { becomes, until, useChromium, withPage } from './harness.mjs';

const CODEC = { av1: 2 };

useChromium();

function plain(width, height, color) {
  const rgba = Buffer.alloc(width * height * 4, 255);
  for (let at = 0; at < rgba.length; at += 4) rgba.set(color, at);
  return { width, height, rgba };
}

async function live(page, mock, rights, picture = plain(640, 400, [30, 60, 90])) {
  mock.add('s1', '482193', 'live', { agent: 'office-14' });
  await page.goto(`${mock.url}/#session=s1`);
  await until('a request for a whole frame', () => mock.said('screen').some(({ type }) => type === 'reset'));
  mock.consent({ state: 'granted', rights, more: null });
  mock.frame(0, picture);
  await until('the frame to be drawn', () => mock.said('screen').some(({ type, frame }) => type === 'drawn' && frame === 0));
  await page.getByTestId('exact').waitFor();
  if (rights.includes('control')) await page.locator('[data-testid=keys][data-capturing=true]').waitFor();
}

/** The canvas's pixel, as the person sees it. */
function pixel(page, x, y) {
  return page.evaluate(
    ([x, y]) => {
      const copy = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
      copy.drawImage(document.querySelector('[data-testid=screen]'), -x, -y);
      return [...copy.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    },
    [x, y],
  );
}

async function shows(page, x, y, color, within = 0) {
  let now;
  await until(`the pixel ${x},${y} to be ${color}; it is ${now}`, async () => {
    now = await pixel(page, x, y);
    return now.every((value, at) => Math.abs(value - color[at]) <= within);
  });
}

const inputs = (mock) => mock.said('input').map(({ type, usage, down, button }) => [type, usage ?? button, down].filter((item) => item !== undefined).join(' '));

describe('from the sign-in to the code', () => {
  it('is three steps, and a wrong password is told', () =>
    withPage(
      async (page, mock) => {
        await page.goto(mock.url);
        const form = page.getByTestId('sign-in');
        await form.locator('[name=email]').fill('maria@nordlicht.example');
        await form.locator('[name=password]').fill('wrong');
        await page.keyboard.press('Enter');
        await page.getByRole('alert').getByText('The e-mail address or the password is wrong.').waitFor();
        await form.locator('[name=password]').fill('right 1234');
        await page.keyboard.press('Enter');
        await page.getByTestId('start-session').click();
        await until('the whole code', async () => /^482 193 \d{4}$/.test((await page.getByTestId('session-code').innerText()).replace(/\s+/g, ' ').trim()));
        await page.getByText(/help\.nordlicht\.example\/join#482193\.[\w-]{22}$/).waitFor();
      },
      (mock) => {
        mock.office.signedIn = null;
      },
    ));

  it('asks for the screen by itself as soon as the customer is there, and not before', () =>
    withPage(async (page, mock) => {
      await page.goto(mock.url);
      await page.getByTestId('start-session').click();
      await page.getByTestId('carrier').waitFor();
      assert.deepEqual(mock.said('control'), []);
      mock.change('s1', { state: 'live', participants: [{ id: 1, role: 'agent', name: '', organisation: '', connected: true, media: true, gone: false }] });
      await until('the question', () => mock.said('control').some(({ type, rights }) => type === 'ask' && rights.join() === 'view'));
      mock.consent({ state: 'asking', rights: ['view'] });
      await page.getByTestId('stage-card').getByText('Asking to see the screen').waitFor();
      assert.equal(mock.said('control').filter(({ type }) => type === 'ask').length, 1);
    }));
});

describe('the picture', () => {
  it('is what was sent, to the pixel, and each frame is acknowledged', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view']);
      await shows(page, 10, 10, [30, 60, 90]);
      mock.patch(1, 100, 50, plain(20, 10, [250, 128, 3]));
      await shows(page, 119, 59, [250, 128, 3]);
      await shows(page, 120, 59, [30, 60, 90]);
      await until('its acknowledgement', () => mock.said('screen').some(({ frame }) => frame === 1));
    }));

  it('takes another size with a whole frame', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view']);
      mock.frame(1, plain(1024, 768, [1, 2, 3]));
      await until('the new size', () => page.evaluate(() => document.querySelector('[data-testid=screen]').width === 1024));
      await shows(page, 1023, 767, [1, 2, 3]);
    }));

  it('asks for a whole frame after a gap, once, and goes on with it', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view']);
      const before = mock.said('screen').filter(({ type }) => type === 'reset').length;
      mock.skip();
      for (let frame = 2; frame < 40; frame++) mock.patch(frame, 0, 0, plain(4, 4, [9, 9, 9]));
      await until('the request', () => mock.said('screen').filter(({ type }) => type === 'reset').length > before);
      mock.frame(40, plain(640, 400, [7, 8, 9]));
      await shows(page, 300, 300, [7, 8, 9]);
      assert.ok(mock.said('screen').filter(({ type }) => type === 'reset').length <= before + 2);
    }));

  it('is marked as old for as long as the customer’s screen cannot be captured', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view']);
      const said = page.getByTestId('picture-news').filter({ has: page.getByTestId('uncaptured') });
      const stale = () => page.locator('main.stale').count();
      assert.equal(await stale(), 0);
      const fails = () => mock.control({ type: 'notice', notice: { kind: 'capture_failed', text: 'The desktop is away.' } });
      fails();
      await said.getByText('The desktop is away.').waitFor();
      await said.getByText('What you see is the last picture').waitFor();
      await becomes(stale, 1);
      // Told with every try, and a late part of the old picture is no new one.
      fails();
      mock.patch(1, 0, 0, plain(4, 4, [9, 9, 9]));
      await until('its acknowledgement', () => mock.said('screen').some(({ frame }) => frame === 1));
      await said.waitFor();
      assert.equal(await page.locator('.toast').count(), 0, 'nothing that goes away by itself');
      mock.frame(2, plain(640, 400, [30, 60, 90]));
      await page.locator('.toast').getByText('captured again').waitFor();
      await becomes(() => page.getByTestId('uncaptured').count(), 0);
      await becomes(stale, 0);
      // What says it is there before it speaks, or nobody would hear it.
      await becomes(() => page.getByTestId('picture-news').count(), 1);
      fails();
      await said.waitFor();
    }));

  it('outlives every kind of broken message', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view']);
      const junk = Buffer.from('01020f01000000ff00000005000000000000000001ffffffff28b52ffd0060', 'hex');
      for (const bytes of [Buffer.alloc(0), Buffer.from([1]), Buffer.alloc(20, 255), junk]) for (const stream of [0, 2]) mock.raw(stream, bytes);
      mock.frame(1, plain(640, 400, [50, 40, 30]));
      await shows(page, 5, 5, [50, 40, 30]);
    }));

  it('plays video in its region, under whatever exact pixels came later', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view']);
      const chunk = await encoded(page, 128, 64, '#20c060');
      mock.video(1, { x: 64, y: 32, width: 128, height: 64, codec: CODEC.av1, keyframe: true, data: chunk });
      mock.patch(2, 64, 32, plain(16, 16, [255, 0, 255]));
      await shows(page, 150, 80, [0x20, 0xc0, 0x60], 6);
      await shows(page, 70, 40, [255, 0, 255]);
      await shows(page, 63, 40, [30, 60, 90]);
      await until('both acknowledgements', () => mock.said('screen').some(({ frame }) => frame === 2));
      await page.locator('[data-testid=exact][data-exact=true]').waitFor();
    }));

  it('tells when a codec cannot be had, and asks for a whole frame when video breaks', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view']);
      mock.video(1, { x: 0, y: 0, width: 64, height: 64, codec: CODEC.av1, keyframe: false, data: Buffer.from([1, 2, 3]) });
      const resets = () => mock.said('screen').filter(({ type }) => type === 'reset').length;
      const before = resets();
      await until('a request for a whole frame', () => resets() > before || mock.said('screen').some(({ frame }) => frame === 1));
      mock.frame(2, plain(640, 400, [11, 12, 13]));
      await shows(page, 20, 20, [11, 12, 13]);
    }));
});

describe('keys and pointer', () => {
  it('stay here without control', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view']);
      await page.getByTestId('screen-surface').click();
      await page.keyboard.press('a');
      await page.mouse.wheel(0, 100);
      assert.deepEqual(mock.said('input'), []);
      assert.deepEqual(mock.said('pointer'), []);
    }));

  it('go by their place, and the chord gives the keyboard back', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view', 'control']);
      await page.keyboard.press('KeyQ');
      await page.keyboard.press('Tab');
      await until('the keys', () => inputs(mock).length >= 4);
      assert.deepEqual(inputs(mock).slice(0, 4), ['key 20 true', 'key 20 false', 'key 43 true', 'key 43 false']);
      for (const key of ['ControlLeft', 'AltLeft', 'ShiftLeft']) await page.keyboard.down(key);
      await page.locator('[data-testid=keys][data-capturing=false]').waitFor();
      for (const key of ['ControlLeft', 'AltLeft', 'ShiftLeft']) await page.keyboard.up(key);
      await until('the release', () => inputs(mock).includes('release_all'));
      const count = inputs(mock).length;
      await page.keyboard.press('x');
      await page.getByTestId('screen-surface').focus();
      await page.keyboard.press('KeyY');
      await until('the next key', () => inputs(mock).length >= count + 2);
      assert.deepEqual(inputs(mock).slice(-2), ['key 28 true', 'key 28 false']);
    }));

  it('are released when control ends while a key is down', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view', 'control']);
      await page.keyboard.down('KeyA');
      await until('the key', () => inputs(mock).includes('key 4 true'));
      mock.consent({ state: 'granted', rights: ['view'], more: null });
      await until('the release', () => inputs(mock).includes('release_all'));
      await page.getByText('The customer took back control.').waitFor();
    }));

  it('carry the pixel of the shared screen, whatever its size in the page', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view', 'control']);
      const box = await page.getByTestId('screen-surface').boundingBox();
      const at = (x, y) => [box.x + ((x + 0.5) * box.width) / 640, box.y + ((y + 0.5) * box.height) / 400];
      await page.mouse.move(...at(100, 50));
      await page.mouse.move(...at(320, 200));
      await page.mouse.down({ button: 'right' });
      await page.mouse.up({ button: 'right' });
      await page.mouse.wheel(0, 120);
      await until('the wheel', () => mock.said('input').some(({ type }) => type === 'wheel'));
      assert.deepEqual(mock.said('pointer').at(-1), { x: 320, y: 200 });
      const [down, up, wheel] = mock.said('input').filter(({ type }) => type !== 'release_all');
      assert.deepEqual(down, { type: 'button', button: 'right', down: true, x: 320, y: 200 });
      assert.deepEqual(up, { type: 'button', button: 'right', down: false, x: 320, y: 200 });
      assert.deepEqual([wheel.dx, Math.sign(wheel.dy), wheel.x, wheel.y], [0, -1, 320, 200]);
    }));
});

describe('a wrong code', () => {
  it('is told, the session is over, and a new code is one click away', () =>
    withPage(
      async (page, mock) => {
        await page.goto(mock.url);
        await page.getByTestId('start-session').click();
        const code = await page.getByTestId('session-code').innerText();
        mock.change('s1', { state: 'live', participants: [{ id: 1, role: 'agent', name: '', organisation: '', connected: true, media: true, gone: false }] });
        await until('the agent to see that it is wrong', () => mock.told.includes('wrong_secret'));
        await page.locator('[data-testid=wrong-try][data-tries="1"]').waitFor();
        await page.getByTestId('stage-card').getByText('One more wrong try ends this code.').waitFor();
        mock.end('customer');
        await page.locator('[data-testid=stage-card][data-stage=wrong_code]').waitFor();
        assert.deepEqual(mock.said('control'), []);
        await page.getByTestId('new-code').click();
        await until('a new code', async () => (await page.getByTestId('session-code').innerText()) !== code);
      },
      (mock) => {
        mock.mistype = (digits) => (digits === '0000' ? '0001' : '0000');
      },
    ));
});

describe('what comes from the customer', () => {
  it('is text and never markup', () =>
    withPage(async (page, mock) => {
      const name = '<img src=x onerror=alert(1)>';
      mock.add('s1', '482193', 'live', { agent: name });
      await page.goto(mock.url);
      await page.getByText(name).waitFor();
      await page.goto(`${mock.url}/#session=s1`);
      await page.getByTestId('carrier').waitFor();
      mock.control({ type: 'notice', notice: { kind: 'capture_failed', text: '<b onclick=alert(1)>x</b>' } });
      await page.getByText('<b onclick=alert(1)>x</b>', { exact: false }).waitFor();
      assert.equal(await page.locator('img[src=x], b[onclick]').count(), 0);
    }));

  it('is seen as decisions: paused, resumed, ended', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view']);
      mock.consent({ state: 'held', rights: ['view'], holds: ['customer'] });
      await page.getByTestId('stage-card').getByText('Paused by the customer').waitFor();
      mock.consent({ state: 'granted', rights: ['view'], more: null });
      await page.locator('[data-testid=consent-state][data-stage=live]').waitFor();
      mock.end('customer');
      await page.getByTestId('stage-card').getByText('The customer ended the session').waitFor();
      await page.getByTestId('start-again').waitFor();
    }));
});

describe('the end', () => {
  it('asks first, ends for everybody, and leads to the next session', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view']);
      await page.getByTestId('end-session').click();
      await page.keyboard.press('Escape');
      await page.getByTestId('end-dialog').waitFor({ state: 'hidden' });
      assert.equal(mock.said('control').some(({ type }) => type === 'end'), false);
      await page.getByTestId('end-session').click();
      await page.getByTestId('end-confirm').click();
      await page.getByTestId('stage-card').getByText('You ended the session').waitFor();
      assert.ok(mock.said('control').some(({ type }) => type === 'end'));
      await page.getByTestId('start-again').click();
      await page.getByTestId('session-code').waitFor();
    }));
});

describe('a lost media link', () => {
  it('comes back by itself and gets a whole frame', () =>
    withPage(async (page, mock) => {
      await live(page, mock, ['view']);
      const before = mock.said('screen').filter(({ type }) => type === 'reset').length;
      mock.cut();
      await until('a new request for a whole frame', () => mock.said('screen').filter(({ type }) => type === 'reset').length > before);
      mock.frame(7, plain(640, 400, [99, 98, 97]));
      await shows(page, 1, 1, [99, 98, 97]);
    }));
});

describe('the join page', () => {
  it('takes a code however it is written, and says what to run', () =>
    withPage(async (page, mock) => {
      await page.goto(`${mock.url}/join`);
      await page.getByLabel('Code').fill('482-193');
      await page.keyboard.press('Enter');
      await page.getByText('4 more to go').waitFor();
      for (const [typed, sentence] of [['482 193 571O', 'A code has digits only'], ['482 193 57100', 'these are 11']]) {
        await page.getByLabel('Code').fill(typed);
        await page.keyboard.press('Enter');
        await page.getByText(sentence).waitFor();
      }
      await page.getByLabel('Code').fill(' 482-193 5710');
      await page.keyboard.press('Enter');
      const command = await page.getByTestId('command').innerText();
      assert.match(command, /farhand-agent join 4821935710 --server http:\/\/127\.0\.0\.1:\d+ --fingerprint [0-9a-f]{64}$/);
      await becomes(() => page.getByTestId('download').getAttribute('href'), '/download/farhand-agent');
    }));

  it('sends nothing of a code and nothing of a link to the service', () =>
    withPage(async (page, mock) => {
      const sent = [];
      mock.server.on('request', (request) => sent.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`));
      mock.server.on('upgrade', (request) => sent.push(request.url));
      page.on('request', (request) => sent.push(request.postData() ?? ''));
      await page.goto(`${mock.url}/join`);
      await page.getByLabel('Code').pressSequentially('482 193 5710');
      await page.keyboard.press('Enter');
      await page.getByTestId('command').getByText('join 4821935710').waitFor();
      const secret = 'AbCdEfGhIjKlMnOpQrStUv';
      await page.goto(`${mock.url}/join#482193.${secret}`);
      await page.reload();
      await page.getByText('Your link has everything in it').waitFor();
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByTestId('command').getByText(`join 482193.${secret}`).waitFor();
      assert.ok(sent.length > 4);
      for (const request of sent) for (const part of ['5710', '482193', secret]) assert.ok(!request.includes(part), request);
    }));
});

/** One AV1 key frame of one colour. */
async function encoded(page, width, height, color) {
  const bytes = await page.evaluate(
    async ([width, height, color]) => {
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext('2d');
      context.fillStyle = color;
      context.fillRect(0, 0, width, height);
      const chunks = [];
      const encoder = new VideoEncoder({
        output: (chunk) => {
          const data = new Uint8Array(chunk.byteLength);
          chunk.copyTo(data);
          chunks.push([...data]);
        },
        error: (error) => {
          throw error;
        },
      });
      encoder.configure({ codec: 'av01.0.04M.08', width, height, bitrate: 2e6, latencyMode: 'realtime' });
      const frame = new VideoFrame(canvas, { timestamp: 0 });
      encoder.encode(frame, { keyFrame: true });
      frame.close();
      await encoder.flush();
      return chunks[0];
    },
    [width, height, color],
  );
  return Buffer.from(bytes);
}
