// The desktop console in its window: the same session as in the browser, with the link in Rust.

import path from 'node:path';
import { ADMINISTRATOR } from '../../e2e/administrator.mjs';
import { Desktop } from '../../e2e/desktop.mjs';
import { alone } from '../../kit/bus.mjs';
import { Display } from '../../kit/display.mjs';
import { Person } from '../../kit/person.mjs';
import { program, ROOT } from '../../kit/programs.mjs';
import { Service } from '../../kit/service.mjs';
import { until } from '../../kit/wait.mjs';
import { blackHole } from './farhand.mjs';

const SIZE = { width: 2100, height: 1340 };
/** The colour of the button on the sign-in page, and how much of it there is at least. */
const BUTTON = ['0f766e', 4_000];
const id = (name) => `[data-testid="${name}"]`;

/** `starts` is how often the program is started, for the time from its start to the sign-in page. */
export async function desktop({ household, screen, size, route, starts }) {
  const hole = route === 'blocked' ? await blackHole(household) : [];
  const service = await Service.open(household, { args: ['--web', path.join(ROOT, 'web/dist'), ...hole] });
  const token = new URL(service.ready.setup_url).hash.slice(1);
  await service.ask('POST', '/api/v1/setup', { body: { token, ...ADMINISTRATOR } });
  const place = { x: 0, y: 0, width: SIZE.width - 20, height: SIZE.height - 80, maximized: false };
  const startToSignInMs = await start({ household, service, starts });
  const console_ = await Desktop.open({ household, service }, { ...SIZE, place, signIn: false });
  await console_.driver.shown(id('sign-in'));
  await console_.signIn();
  screen.viewer = new DesktopViewer(console_, await console_.programPid());
  const code = await console_.start();
  const words = ['join', code, '--server', service.url, '--fingerprint', service.fingerprint, '--log', 'json'];
  const started = performance.now();
  const agent = screen.display.start('agent', program('farhand-agent'), words);
  await agent.err.event('prompt');
  const asked = performance.now() - started;
  const person = new Person(screen.display);
  const granted = agent.err.event('consent', { pick: ({ consent }) => consent.state === 'granted' }).then(() => performance.now());
  await person.allow();
  await console_.live();
  const firstPictureMs = asked + performance.now() - (await granted);
  await console_.askControl();
  await person.allow();
  await console_.rights('view', 'control');
  await console_.driver.click(id('zoom-menu'));
  await console_.driver.click(id('zoom-actual'));
  await screen.display.run('xdotool', ['mousemove', size.width - 40, size.height - 40]);
  const left = await until('the picture to be shown pixel for pixel', async () => {
    const [[x, y], [right, bottom]] = [await console_.point(0, 0), await console_.point(size.width - 1, size.height - 1)];
    if (right - x !== size.width - 1 || bottom - y !== size.height - 1) throw new Error(`it is ${right - x + 1}×${bottom - y + 1}`);
    return { x, y };
  });
  await console_.click(size.width - 60, size.height - 60);
  await until('the window to take the keys', async () => (await console_.driver.attribute(id('keys'), 'data-capturing')) === 'true');
  return {
    place: left,
    groups: { agent: [agent.pid], service: [service.process.pid] },
    received: () => service.metric('farhand_media_bytes_total'),
    facts: async () => ({
      carrier: await console_.driver.attribute(id('carrier'), 'data-carrier'),
      exact: (await console_.driver.attribute(id('exact'), 'data-exact')) === 'true',
      firstPictureMs: [firstPictureMs],
      startToSignInMs,
    }),
  };
}

/** Starts the program as a desktop does, without a driver, and waits until the sign-in page can be seen. */
async function start({ household, service, starts }) {
  const display = await Display.open(household, { name: 'start', ...SIZE });
  const found = [];
  for (let round = 0; round < starts; round++) {
    const args = ['--data', path.join(household.folder, `start-data-${round}`), '--server', service.url, '--fingerprint', service.fingerprint];
    const looking = display.run(program('farhand-probe'), ['colour', ...BUTTON, 30]);
    const [command, ...words] = alone();
    const began = Date.now();
    const running = display.start(`start-${round}`, command, [...words, program('farhand-console'), ...args]);
    const seen = (await looking).trim();
    if (seen === 'never') throw new Error(`the sign-in page did not come\n${running.err.tail()}`);
    found.push(Number(seen) / 1e6 - began);
    await running.stop();
  }
  await display.server.stop();
  return found;
}

/** The window as the measurement sees it. The message bus and the driver beside it are not counted. */
class DesktopViewer {
  constructor(console_, pid) {
    this.console = console_;
    this.display = console_.display;
    this.pids = [pid];
  }

  run(command, args) {
    return this.display.run(command, args);
  }

  async close() {
    await this.console.driver.quit();
  }
}
