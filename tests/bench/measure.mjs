// The phases of a measurement, the same for every product: a still screen, five workloads, and video beside typing.

import { loadavg } from 'node:os';
import { program } from '../kit/programs.mjs';
import { pace } from '../kit/wait.mjs';
import { Reader } from './reader.mjs';
import { memory, percentile, rates, reading } from './counters.mjs';

export const WORKLOADS = ['idle', 'type', 'scroll', 'drag', 'video'];

/** The middle of the block that changes colour at a key, and the strip, on the customer's screen. */
const BLOCK = { x: 1760, y: 200 };

/** How long a workload runs before it is measured: codecs and congestion control have settled then. */
const SETTLE = 1_500;

async function probe(screen, what, x, y, amount) {
  const text = await screen.viewer.run(program('farhand-probe'), [what, x, y, amount]);
  return text.split('\n').filter(Boolean);
}

export async function latency(screen, place, presses) {
  const lines = await probe(screen, 'latency', BLOCK.x + place.x, BLOCK.y + place.y, presses);
  const values = lines.filter((line) => line !== 'lost').map((line) => Number(line.split(' ')[0]));
  return {
    presses: lines.length,
    lost: lines.length - values.length,
    p50: percentile(values, 0.5),
    p95: percentile(values, 0.95),
    p99: percentile(values, 0.99),
    max: percentile(values, 1),
    values,
  };
}

async function workload(screen, place, groups, received, mode, seconds) {
  if (mode !== 'read') await screen.target.mode(mode);
  await pace(SETTLE);
  const before = await reading(groups, received);
  const lines = await probe(screen, 'frames', place.x, place.y, seconds);
  const after = await reading(groups, received);
  const seen = lines.map((line) => line.split(' ').map(Number)).map(([at, number]) => ({ at: at / 1e6, number }));
  const drawn = new Map(screen.target.frames().map((frame) => [frame.number & 0xffff, frame.drawn]));
  const ages = seen.filter(({ number }) => drawn.has(number)).map(({ at, number }) => at - drawn.get(number)).filter((age) => age > -1);
  const gaps = seen.slice(1).map(({ at }, index) => at - seen[index].at);
  const made = seen.length > 1 ? [...drawn.values()].filter((at) => at >= seen[0].at && at <= seen.at(-1).at).length : 0;
  const span = seen.length > 1 ? (seen.at(-1).at - seen[0].at) / 1000 : 0;
  return {
    mode,
    fps: Math.max(0, seen.length - 1) / seconds,
    drawnFps: span ? made / span : 0,
    age: { p50: percentile(ages, 0.5), p95: percentile(ages, 0.95), p99: percentile(ages, 0.99), max: percentile(ages, 1) },
    gap: { p95: percentile(gaps, 0.95), max: percentile(gaps, 1) },
    ...rates(before, after),
  };
}

/**
 * Measures a product that is shown 1:1 at `place` on the viewer's display.
 * `groups` names lists of process ids; `received` returns the viewer's bytes so far.
 */
export async function measure({ name, screen, place, groups, received, presses, seconds, phases }) {
  const wanted = (phase) => !phases || phases.includes(phase);
  const result = { name, when: new Date().toISOString(), load: loadavg(), workloads: {} };
  await screen.target.mode('idle');
  await pace(SETTLE);
  if (wanted('latency')) {
    console.error(`${name}: ${presses} keys on a still screen`);
    result.latency = await latency(screen, place, presses);
  }
  for (const mode of WORKLOADS.filter(wanted)) {
    console.error(`${name}: ${mode} for ${seconds} s`);
    result.workloads[mode] = await workload(screen, place, groups, received, mode, seconds);
  }
  if (wanted('load')) {
    await screen.target.mode('video');
    await pace(SETTLE);
    console.error(`${name}: ${Math.ceil(presses / 2)} keys while a video plays`);
    result.latencyUnderVideo = await latency(screen, place, Math.ceil(presses / 2));
  }
  if (wanted('read')) {
    await screen.target.mode('idle');
    const reader = await Reader.open(screen.display);
    try {
      console.error(`${name}: a page of text scrolls in a real browser for ${seconds} s`);
      const strip = { x: place.x + reader.place.x, y: place.y + reader.place.y };
      result.workloads.read = await workload(screen, strip, { ...groups, reader: reader.pids }, received, 'read', seconds);
    } finally {
      await reader.close();
    }
  }
  await screen.target.mode('idle');
  result.memoryMB = Object.fromEntries(Object.entries(groups).map(([group, roots]) => [group, memory(roots)]));
  return result;
}

const n = (value, digits = 1) => (value === undefined || Number.isNaN(value) ? '–' : value.toFixed(digits));

/** The result as a table for people. */
export function table(result) {
  const lines = [`${result.name}   ${result.when}   load ${result.load.map((load) => load.toFixed(1)).join(' ')}`];
  const keys = (what, found) =>
    found && lines.push(`  key → pixel, ${what.padEnd(14)} p50 ${n(found.p50)}  p95 ${n(found.p95)}  p99 ${n(found.p99)}  max ${n(found.max)} ms  (${found.presses} keys, ${found.lost} lost)`);
  keys('still screen', result.latency);
  keys('video playing', result.latencyUnderVideo);
  for (const found of Object.values(result.workloads)) {
    const share = Object.entries(found.cpu).map(([name, percent]) => `${name} ${n(percent)}`).join(', ');
    lines.push(
      `  ${found.mode.padEnd(7)} ${n(found.fps).padStart(5)} of ${n(found.drawnFps)} frames/s, age p50 ${n(found.age.p50)} p95 ${n(found.age.p95)} p99 ${n(found.age.p99)} ms, longest gap ${n(found.gap.max, 0)} ms, ` +
        `${found.receivedMbit === undefined ? `loopback ${n(found.loopbackMbit, 3)}` : n(found.receivedMbit, 3)} Mbit/s; CPU % ${share}`,
    );
  }
  const first = result.firstPictureMs;
  if (first) lines.push(`  code → first picture p50 ${n(percentile(first, 0.5), 0)} p95 ${n(percentile(first, 0.95), 0)} ms of ${first.length} (without the answer), carrier ${result.carrier}, exact at the end: ${result.exact}`);
  const starts = result.startToSignInMs;
  if (starts) lines.push(`  start → sign-in page p50 ${n(percentile(starts, 0.5), 0)} max ${n(percentile(starts, 1), 0)} ms of ${starts.length}`);
  lines.push(`  memory MB, proportional (each process in full): ${Object.entries(result.memoryMB).map(([name, { pss, rss }]) => `${name} ${pss} (${rss})`).join(', ')}`);
  return lines.join('\n');
}
