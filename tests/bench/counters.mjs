// What processes use and what travels, read from /proc.

import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second; the same on every Linux that runs here. */
const TICKS = 100;

function stat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number);
    return { parent: fields[1], group: fields[2], seconds: (fields[11] + fields[12] + fields[13] + fields[14]) / TICKS };
  } catch {
    return undefined;
  }
}

/** A process, all below it, and all of its group: some programs leave their children to others. */
export function tree(roots) {
  const children = new Map();
  const rest = roots.filter(Boolean);
  const groups = new Set(rest);
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const found = stat(name);
    if (!found) continue;
    children.set(found.parent, [...(children.get(found.parent) ?? []), Number(name)]);
    if (groups.has(found.group)) rest.push(Number(name));
  }
  const all = new Set();
  while (rest.length > 0) {
    const pid = rest.pop();
    if (all.has(pid)) continue;
    all.add(pid);
    rest.push(...(children.get(pid) ?? []));
  }
  return [...all];
}

/** Seconds of the threads that draw in workers, whichever browser's. */
function workers(roots) {
  let seconds = 0;
  for (const pid of tree(roots)) {
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        if (!/Worker/.test(readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8'))) continue;
        const text = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
        const fields = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number);
        seconds += (fields[11] + fields[12]) / TICKS;
      }
    } catch {
      // It has ended.
    }
  }
  return seconds;
}

/** Seconds by the names of processes and threads. */
export function threads(roots) {
  const found = new Map();
  for (const pid of tree(roots)) {
    try {
      const kind = /--utility-sub-type=(\S+)|--type=(\S+)/.exec(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const text = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
        const name = `${kind?.[1] ?? kind?.[2] ?? 'main'}: ${text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'))}`;
        const fields = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number);
        found.set(name, (found.get(name) ?? 0) + (fields[11] + fields[12]) / TICKS);
      }
    } catch {
      // It has ended.
    }
  }
  return found;
}

const cpu = (roots) => tree(roots).reduce((sum, pid) => sum + (stat(pid)?.seconds ?? 0), 0);

/** Bytes that crossed the loopback interface, headers included. */
function loopback() {
  return Number(/^\s*lo:\s*(\d+)/m.exec(readFileSync('/proc/net/dev', 'utf8'))[1]);
}

/** Memory in MB: `pss` shares out what several processes share, `rss` counts it for each of them. */
export function memory(roots) {
  const kilobytes = { pss: 0, rss: 0 };
  for (const pid of tree(roots)) {
    try {
      const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      kilobytes.pss += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
      kilobytes.rss += Number(/^Rss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
    } catch {
      // It has ended, or is not ours to read.
    }
  }
  return { pss: Math.round(kilobytes.pss / 1024), rss: Math.round(kilobytes.rss / 1024) };
}

/** Where the counters stand now. `groups` names lists of processes; `received` asks the product for the viewer's bytes. */
export async function reading(groups, received) {
  return {
    at: performance.now(),
    loopback: loopback(),
    cpu: Object.fromEntries([
      ...Object.entries(groups).map(([name, roots]) => [name, cpu(roots)]),
      // What the renderer's worker has of the viewer's share.
      ...(groups.viewer ? [['worker', workers(groups.viewer)]] : []),
    ]),
    received: received ? await received() : undefined,
  };
}

/** Rates between two readings: percent of one core, Mbit/s. */
export function rates(a, b) {
  const seconds = (b.at - a.at) / 1000;
  const mbit = (bytes) => (bytes * 8) / 1e6 / seconds;
  return {
    seconds,
    cpu: Object.fromEntries(Object.keys(a.cpu).map((name) => [name, ((b.cpu[name] - a.cpu[name]) / seconds) * 100])),
    loopbackMbit: mbit(b.loopback - a.loopback),
    receivedMbit: a.received === undefined ? undefined : mbit(b.received - a.received),
  };
}

export function percentile(values, part) {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}
