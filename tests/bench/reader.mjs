// A real browser on the customer's screen, in which a long page of text scrolls smoothly.

import { chromium } from 'playwright-core';

/** Words from which the page is made, so that it is the same in every run. */
const WORDS =
  'support session screen window printer update network account folder driver password restart display keyboard service customer report invoice version backup message contract address meeting calendar attachment signature please because however without between another before after'.split(' ');

export class Reader {
  /** Fills the screen; the number of the frame stands in the strip that the probe reads. */
  static async open(display) {
    const reader = new Reader();
    const env = { ...process.env, ...display.env };
    delete env.WAYLAND_DISPLAY;
    reader.server = await chromium.launchServer({
      executablePath: '/usr/bin/chromium',
      headless: false,
      env,
      // Its bar over the page would move the strip.
      ignoreDefaultArgs: ['--enable-automation'],
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--test-type', '--window-position=0,0', `--window-size=${display.width},${display.height}`],
    });
    reader.browser = await chromium.connect(reader.server.wsEndpoint());
    const context = await reader.browser.newContext({ viewport: null });
    const page = await context.newPage();
    await page.setContent(text());
    await page.evaluate(scroll);
    // Where the page begins on the screen: the strip is in its corner.
    reader.place = await page.evaluate(() => ({
      x: screenX + (outerWidth - innerWidth) / 2,
      y: screenY + outerHeight - innerHeight - (outerWidth - innerWidth) / 2,
    }));
    return reader;
  }

  get pids() {
    return [this.server.process().pid];
  }

  async close() {
    await this.browser.close().catch(() => {});
    await this.server.kill().catch(() => {});
  }
}

function text() {
  let seed = 7;
  const next = (below) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * below);
  };
  const sentence = () => {
    const words = Array.from({ length: 6 + next(14) }, () => WORDS[next(WORDS.length)]);
    return `${words[0][0].toUpperCase()}${words.join(' ').slice(1)}.`;
  };
  const parts = Array.from({ length: 400 }, (_, index) => {
    if (index % 9 === 0) return `<h2>${sentence()}</h2>`;
    if (index % 7 === 0) return `<pre>${Array.from({ length: 5 }, () => sentence().replaceAll(' ', '_')).join('\n')}</pre>`;
    return `<p>${Array.from({ length: 4 + next(5) }, sentence).join(' ')} <a href="#${index}">${sentence()}</a></p>`;
  });
  return `<!doctype html><style>
    body { margin: 0 auto; max-width: 1200px; padding: 40px; font: 17px/1.5 "DejaVu Sans", sans-serif; color: #222; background: #fff }
    pre { background: #f3f3f3; padding: 12px } a { color: #0645ad }
    canvas { position: fixed; left: 0; top: 0 }
  </style><canvas width="256" height="16"></canvas>${parts.join('\n')}`;
}

/** Runs in the page: three pixels a frame, down and up again. */
function scroll() {
  const canvas = document.querySelector('canvas');
  const strip = canvas.getContext('2d', { alpha: false });
  let frame = 0;
  let step = 3;
  const draw = () => {
    const gray = frame ^ (frame >> 1);
    for (let bit = 0; bit < 16; bit++) {
      strip.fillStyle = (gray >> bit) & 1 ? '#fff' : '#000';
      strip.fillRect(bit * 16, 0, 16, 16);
    }
    frame = (frame + 1) & 0xffff;
    const before = scrollY;
    scrollBy(0, step);
    if (scrollY === before) step = -step;
    requestAnimationFrame(draw);
  };
  draw();
}
