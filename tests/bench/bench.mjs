// `cargo xtask bench`: what a technician feels, from the key they press to the pixel they see, with the real programs.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Display } from '../kit/display.mjs';
import { Household } from '../kit/household.mjs';
import { Target } from '../kit/target.mjs';
import { measure, table } from './measure.mjs';
import { Viewer } from './viewer.mjs';
import { desktop } from './products/desktop.mjs';
import { farhand, ROUTES } from './products/farhand.mjs';
import { novnc } from './products/novnc.mjs';
import { vncviewer } from './products/vncviewer.mjs';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'bench' },
    product: { type: 'string', multiple: true, default: ['farhand'] },
    path: { type: 'string', multiple: true, default: ['direct'] },
    phase: { type: 'string', multiple: true },
    presses: { type: 'string', default: '60' },
    seconds: { type: 'string', default: '8' },
    joins: { type: 'string', default: '1' },
    starts: { type: 'string', default: '3' },
  },
});

const SCREEN = { width: 1920, height: 1080 };
const PRODUCTS = { farhand, desktop, novnc, vncviewer };
/** Those that bring a display and a window of their own; the others are shown by a browser. */
const OWN_WINDOW = new Set(['desktop', 'vncviewer']);
const PATHS = ['direct', 'blocked', ...Object.keys(ROUTES)];

const folder = path.resolve(values.out);
mkdirSync(folder, { recursive: true });

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

const results = [];
for (const route of values.path) {
  for (const name of values.product) {
    // Only we can be sent over an emulated path: it is made for UDP. The console knows the blocked one, too.
    if (name !== 'farhand' && route !== 'direct' && !(name === 'desktop' && route === 'blocked')) continue;
    if (!PATHS.includes(route)) throw new Error(`there is no path "${route}"; there are ${PATHS.join(', ')}`);
    results.push(await one(name, route));
  }
}

const summary = { machine: machine(), command: `cargo xtask bench ${process.argv.slice(2).join(' ')}`.trim(), results };
const file = path.join(folder, `bench-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.json`);
writeFileSync(file, `${JSON.stringify(summary, null, 1)}\n`);
console.log(`\n${summary.machine}\n`);
for (const result of results) console.log(`${table(result)}\n`);
console.log(`written to ${file}`);
process.exit(0);

async function one(name, route) {
  const logs = path.join(folder, 'logs', `${name}-${route}`);
  rmSync(logs, { recursive: true, force: true });
  const household = new Household({ folder: logs });
  try {
    const display = await Display.open(household, { name: 'customer', ...SCREEN, manager: true });
    const target = await Target.open(display, { name: 'target' });
    const screen = { target, display, viewer: OWN_WINDOW.has(name) ? null : await Viewer.open(household) };
    const { place, groups, received, facts } = await PRODUCTS[name]({ household, screen, size: SCREEN, route, starts: Number(values.starts) });
    const { viewer } = screen;
    await target.focus();
    const title = route === 'direct' ? name : `${name} over ${route}`;
    const found = await measure({
      name: title,
      screen,
      place,
      received,
      groups: { ...groups, customerX: [display.server.pid], target: [target.pid], viewer: viewer.pids, technicianX: [viewer.display.server.pid] },
      presses: Number(values.presses),
      seconds: Number(values.seconds),
      phases: values.phase,
    });
    await viewer.display.screenshot(path.join(folder, `${name}-${route}.png`));
    const more = facts ? await facts({ joins: Number(values.joins) }) : {};
    await viewer.close();
    return { ...found, route, ...more };
  } catch (error) {
    throw new Error(`${error.message}\n${household.report(12)}`, { cause: error });
  } finally {
    await household.close();
  }
}

function machine() {
  const memory = Number(/MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))[1]) / 1024 / 1024;
  const system = /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform;
  return `${cpus().length} × ${cpus()[0].model.trim()}, ${memory.toFixed(0)} GB, ${system}`;
}
