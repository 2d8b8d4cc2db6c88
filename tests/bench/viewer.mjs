// The technician's screen: Chromium in a window, on an X display of its own, so that what is measured is what is seen.

import { chromium } from 'playwright-core';
import { Display } from '../kit/display.mjs';
import { until } from '../kit/wait.mjs';

const WIDTH = 2100;
const HEIGHT = 1300;

export class Viewer {
  static async open(household, { name = 'viewer' } = {}) {
    const viewer = new Viewer();
    viewer.display = await Display.open(household, { name, width: WIDTH, height: HEIGHT, manager: false });
    const env = { ...process.env, ...viewer.display.env };
    delete env.WAYLAND_DISPLAY;
    viewer.server = await chromium.launchServer({
      executablePath: '/usr/bin/chromium',
      headless: false,
      env,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets',
        '--window-position=0,0',
        `--window-size=${WIDTH - 20},${HEIGHT - 10}`,
      ],
    });
    household.later(() => viewer.server.kill().catch(() => {}));
    viewer.browser = await chromium.connect(viewer.server.wsEndpoint());
    viewer.context = await viewer.browser.newContext({ viewport: null, ignoreHTTPSErrors: true });
    viewer.page = await viewer.context.newPage();
    viewer.page.setDefaultTimeout(30_000);
    return viewer;
  }

  get pids() {
    return [this.server.process().pid];
  }

  run(command, args) {
    return this.display.run(command, args);
  }

  /** Gives the window the keyboard, and says where the picture's top left pixel lies on the display. */
  async place(selector, { width, height }) {
    const ids = (await this.run('xdotool', ['search', '--onlyvisible', '--class', 'chromium'])).split('\n').filter(Boolean);
    await this.run('xdotool', ['windowfocus', '--sync', ids.at(-1)]);
    const place = await until('the picture to be shown pixel for pixel', async () => {
      const found = await this.page.evaluate((wanted) => {
        const element = document.querySelector(wanted);
        const box = element.getBoundingClientRect();
        return { x: screenX + (outerWidth - innerWidth) / 2 + box.x, y: screenY + outerHeight - innerHeight + box.y, width: box.width, height: box.height };
      }, selector);
      if (Math.abs(found.width - width) > 0.5 || Math.abs(found.height - height) > 0.5) throw new Error(`it is ${found.width}×${found.height}`);
      return found;
    });
    return { x: Math.round(place.x), y: Math.round(place.y) };
  }

  async close() {
    await this.browser.close().catch(() => {});
    await this.server.kill().catch(() => {});
  }
}
