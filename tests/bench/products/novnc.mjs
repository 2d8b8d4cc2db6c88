// The peer: TigerVNC's x0vncserver, websockify and noVNC, without encryption, on the same screens.

import { existsSync } from 'node:fs';
import { freePort } from '../../kit/service.mjs';
import { until } from '../../kit/wait.mjs';

const PAGES = '/usr/share/novnc';

export async function novnc({ household, screen, size }) {
  if (!existsSync(PAGES)) throw new Error('noVNC is not installed: cargo xtask bench --product novnc installs it');
  const [vnc, web] = [await freePort(), await freePort()];
  // The program itself: Debian's wrapper leaves it in a group of its own, where it is neither counted nor ended.
  const server = screen.display.start('x0vncserver', 'X0tigervnc', ['-display', screen.display.number, '-rfbport', vnc, '-localhost', '-SecurityTypes', 'None']);
  const bridge = household.start('websockify', 'websockify', ['--web', PAGES, `127.0.0.1:${web}`, `127.0.0.1:${vnc}`]);
  const { page } = screen.viewer;
  await until('noVNC to answer', async () => (await fetch(`http://127.0.0.1:${web}/vnc_lite.html`)).ok);
  await page.goto(`http://127.0.0.1:${web}/vnc_lite.html?path=websockify`);
  await until('noVNC to show the screen', () =>
    page.evaluate((width) => [...document.querySelectorAll('canvas')].some((canvas) => canvas.width === width), size.width),
  );
  await page.locator('canvas').first().click({ position: { x: size.width - 60, y: size.height - 60 } });
  const place = await screen.viewer.place('canvas', size);
  return { place, groups: { agent: [server.pid], service: [bridge.pid] } };
}
