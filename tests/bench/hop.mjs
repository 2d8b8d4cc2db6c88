// The hop from Rust to the renderer's worker: `cargo build --package farhand-console --example hop --features hop`, then
// `node tests/bench/hop.mjs`. There and back in milliseconds; the way back is the same for both.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { alone } from '../kit/bus.mjs';
import { Display } from '../kit/display.mjs';
import { Household } from '../kit/household.mjs';
import { parse } from '../kit/lines.mjs';
import { program } from '../kit/programs.mjs';
import { inTime } from '../kit/wait.mjs';

const file = path.join(path.dirname(program('farhand-console')), 'examples/hop');
if (!existsSync(file)) throw new Error(`${file} is missing: build it with \`cargo build --package farhand-console --example hop --features hop\``);
const household = new Household();
try {
  const display = await Display.open(household, { name: 'hop' });
  const [command, ...words] = alone();
  const running = display.start('hop', command, [...words, file]);
  await inTime('the measurement to end', running.exited, 300_000);
  const found = running.out.all.map(parse).filter(Boolean);
  if (found.length === 0 || found.some(({ error }) => error)) throw new Error(`${running.out.tail()}\n${running.err.tail()}`);
  for (const { way, bytes, p50_ms, p95_ms, cpu_ms } of found) {
    console.log(`${way.padEnd(10)} ${String(bytes).padStart(7)} B   there and back p50 ${p50_ms.toFixed(2)} p95 ${p95_ms.toFixed(2)} ms, CPU ${cpu_ms.toFixed(2)} ms a message`);
  }
} finally {
  await household.close();
}
