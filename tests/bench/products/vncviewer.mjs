// The native peer: TigerVNC's viewer beside its x0vncserver, without encryption, on the same screens.

import net from 'node:net';
import path from 'node:path';
import { mkdirSync } from 'node:fs';
import { Display } from '../../kit/display.mjs';
import { freePort } from '../../kit/service.mjs';
import { until } from '../../kit/wait.mjs';

const SIZE = { width: 2100, height: 1300 };
/** The program itself: Debian's `vncviewer` is a link that may lead to another one. */
const PROGRAM = 'xtigervncviewer';

export async function vncviewer({ household, screen, size }) {
  const port = await freePort();
  const server = screen.display.start('x0vncserver', 'X0tigervnc', ['-display', screen.display.number, '-rfbport', port, '-localhost', '-SecurityTypes', 'None']);
  await until('x0vncserver to listen', () => listens(port));
  const display = await Display.open(household, { name: 'viewer', ...SIZE, manager: false });
  // Settings of whoever measures stay out of it.
  const home = path.join(household.folder, 'vncviewer-home');
  mkdirSync(home, { recursive: true });
  const args = ['-SecurityTypes', 'None', '-RemoteResize=0', '-geometry', `${size.width}x${size.height}+0+0`, `127.0.0.1::${port}`];
  const viewer = display.start('vncviewer', PROGRAM, args, { env: { HOME: home } });
  const place = await until('the window to show the screen pixel for pixel', async () => {
    const found = (await display.run('xdotool', ['search', '--onlyvisible', '--name', 'TigerVNC'])).split('\n').filter(Boolean);
    for (const window of found) {
      const text = await display.run('xwininfo', ['-id', window]);
      const number = (name) => Number(new RegExp(`${name}:\\s+(-?\\d+)`).exec(text)?.[1]);
      if (number('Width') !== size.width || number('Height') !== size.height) continue;
      await display.run('xdotool', ['windowfocus', '--sync', window]);
      return { x: number('Absolute upper-left X'), y: number('Absolute upper-left Y') };
    }
    throw new Error(`there are ${found.length} windows${viewer.ended ? `, and it has ended: ${viewer.err.tail(3)}` : ''}`);
  });
  await display.run('xdotool', ['mousemove', place.x + size.width - 60, place.y + size.height - 60, 'click', 1]);
  screen.viewer = {
    display,
    pids: [viewer.pid],
    run: (command, words) => display.run(command, words),
    close: () => viewer.stop(),
  };
  return { place, groups: { agent: [server.pid] } };
}

function listens(port) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', reject);
  });
}
