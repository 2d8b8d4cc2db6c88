// What the measurements are computed from.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { memory, percentile, rates, reading, tree } from './counters.mjs';

test('percentiles are values that were seen', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(percentile(values, 0.5), 51);
  assert.equal(percentile(values, 0.95), 96);
  assert.equal(percentile(values, 1), 100);
  assert.equal(percentile([], 0.5), undefined);
});

test('rates are per second, in percent of a core and in Mbit', () => {
  const a = { at: 1_000, loopback: 0, cpu: { agent: 1 }, received: 1_000 };
  const b = { at: 3_000, loopback: 500_000, cpu: { agent: 1.5 }, received: 251_000 };
  assert.deepEqual(rates(a, b), { seconds: 2, cpu: { agent: 25 }, loopbackMbit: 2, receivedMbit: 1 });
});

test('a program is counted with its children, and with those it left to others', async () => {
  const child = spawn('sh', ['-c', '(sleep 60 & echo $!) & wait; sleep 60 & echo $!; wait'], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.setEncoding('utf8');
  let text = '';
  while (text.split('\n').length < 3) text += (await once(child.stdout, 'data'))[0];
  const [orphan, own] = text.trim().split('\n').map(Number);
  try {
    const all = tree([child.pid]);
    assert.ok(all.includes(child.pid) && all.includes(own) && all.includes(orphan), `${all}`);
    assert.ok(!all.includes(process.pid));
    const { pss, rss } = memory([child.pid]);
    assert.ok(pss >= 0 && rss >= pss);
    assert.ok((await reading({ it: [child.pid] })).cpu.it >= 0);
  } finally {
    process.kill(-child.pid, 'SIGKILL');
  }
});
