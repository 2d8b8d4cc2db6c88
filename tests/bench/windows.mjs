// The agent for Windows under Wine: from its start to the question on the screen, when no other program of Wine's runs
// yet, and what memory all its processes take while the screen is shared.
//
// FARHAND_BINARIES=target/debug FARHAND_WINDOWS_AGENT=… FARHAND_WINDOWS_TARGET=… FARHAND_WINDOWS_CONSOLE=… \
//   FARHAND_WINE_PREFIX=… node tests/bench/windows.mjs [--runs 5]

import { readFileSync, readdirSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { World } from '../e2e/world.mjs';
import { Machine, WindowsCustomer } from '../e2e/windows/wine.mjs';
import { run } from '../kit/run.mjs';
import { pace } from '../kit/wait.mjs';
import { memory, percentile } from './counters.mjs';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } });
const SLOWLY = 120_000;
/** How long the screen is shared before memory is read. */
const SHARED = 10_000;

/** The agent's processes: Wine's are nobody's children. */
function processes() {
  const ours = (pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0', 1)[0].endsWith('farhand-agent.exe');
    } catch {
      return false;
    }
  };
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && ours(name)).map(Number);
}

const times = [];
const sizes = [];
for (let at = 0; at < Number(values.runs); at++) {
  const world = await World.open();
  try {
    const technician = await world.technician();
    await technician.start();
    const machine = await Machine.open(world);
    const customer = new WindowsCustomer(world, 'windows', machine.display, null);
    customer.machine = machine;
    const began = performance.now();
    const agent = customer.join(technician.code);
    await agent.err.event('prompt', { within: SLOWLY });
    await customer.person.prompt(SLOWLY);
    times.push((performance.now() - began) / 1000);
    await customer.person.allow(SLOWLY);
    await technician.live();
    await pace(SHARED);
    sizes.push(memory(processes()));
    await technician.end();
    await agent.exited;
    await run('/usr/lib/wine/wineserver64', ['-k'], { env: machine.env }).catch(() => undefined);
  } finally {
    await world.close();
  }
}
const median = (list) => percentile(list, 0.5);
console.log(`${cpus().length} × ${cpus()[0].model.trim()}, load ${loadavg()[0].toFixed(1)}, ${times.length} runs`);
console.log(`start → question on the screen: median ${median(times).toFixed(2)} s, slowest ${Math.max(...times).toFixed(2)} s`);
console.log(`memory while sharing 1280 × 800: ${median(sizes.map(({ pss }) => pss))} MB of its own (PSS), ${median(sizes.map(({ rss }) => rss))} MB resident in all processes`);
