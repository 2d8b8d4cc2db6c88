// Sign-ins: how many a second, how long while 300 a second are tried, and whether the time tells who exists.
// `node tests/bench/sign-in.mjs` after `cargo build --release -p farhand-service`; the client shares the machine.

import https from 'node:https';
import os from 'node:os';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Household } from '../kit/household.mjs';
import { Service } from '../kit/service.mjs';
import { ADMINISTRATOR } from '../e2e/administrator.mjs';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '20' }, pairs: { type: 'string', default: '200' } } });
const seconds = Number(values.seconds);
const pairs = Number(values.pairs);

const household = new Household();
try {
  const service = await Service.open(household, { args: ['--max-connections-per-address', '2000'] });
  const token = new URL(service.ready.setup_url).hash.slice(1);
  await service.ask('POST', '/api/v1/setup', { body: { token, ...ADMINISTRATOR } });
  const { hostname, port } = new URL(service.url);
  const agent = new https.Agent({ keepAlive: true, maxSockets: 600, rejectUnauthorized: false });

  /** Status and milliseconds of one sign-in. */
  const signIn = (email, password) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify({ email, password });
      const began = performance.now();
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'farhand-token': 'bearer' };
      const sent = https.request({ hostname, port, path: '/api/v1/sign-in', method: 'POST', agent, headers }, (answer) => {
        answer.resume().on('end', () => resolve({ status: answer.statusCode, ms: performance.now() - began }));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  const right = () => signIn(ADMINISTRATOR.email, ADMINISTRATOR.password);
  const percentile = (sorted, p) => sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))];

  await Promise.all(Array.from({ length: 8 }, right));

  // As many as there is room for: a few at a time, all the time.
  let done = 0;
  const until = performance.now() + seconds * 1000;
  const cpu = process.cpuUsage();
  const worker = async () => {
    while (performance.now() < until) {
      if ((await right()).status === 200) done += 1;
    }
  };
  await Promise.all(Array.from({ length: os.cpus().length * 2 }, worker));
  const own = process.cpuUsage(cpu);
  console.log(JSON.stringify({ what: 'as many as possible', per_second: +(done / seconds).toFixed(1), cores: os.cpus().length, client_cpu_s: +((own.user + own.system) / 1e6).toFixed(1) }));

  // 300 a second are tried, whether or not they are answered.
  const tried = [];
  const began = performance.now();
  for (let at = 0; at < seconds * 300; at += 1) {
    const due = began + (at * 1000) / 300;
    if (due > performance.now()) await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
    tried.push(right().catch(() => ({ status: 0, ms: NaN })));
  }
  const answers = await Promise.all(tried);
  const by = (status) => answers.filter((answer) => answer.status === status);
  const times = by(200).map((answer) => answer.ms).sort((a, b) => a - b);
  const counts = Object.fromEntries([...new Set(answers.map((answer) => answer.status))].map((status) => [status, by(status).length]));
  const all = answers.map((answer) => answer.ms).filter(Number.isFinite).sort((a, b) => a - b);
  console.log(JSON.stringify({ what: '300 a second tried', answers: counts, p50_ms: +percentile(times, 50)?.toFixed(0), p99_ms: +percentile(times, 99)?.toFixed(0), p99_of_all_ms: +percentile(all, 99)?.toFixed(0) }));

  // Known or unknown, in turn, each address few times: a rank test (Mann-Whitney) says whether the times differ.
  await service.restart();
  const samples = { known: [], unknown: [] };
  for (let at = 0; at < pairs; at += 1) {
    // The wrong password for the known one would lock it; a right one begins the count anew.
    if (at % 4 === 0) await right();
    samples.known.push((await signIn(ADMINISTRATOR.email, 'wrong horse 1')).ms);
    samples.unknown.push((await signIn(`nobody-${at}@acme.example`, 'wrong horse 1')).ms);
    // The throttle of the network is not what is measured.
    if (at % 20 === 19) await service.restart();
  }
  const ranked = Object.entries(samples).flatMap(([kind, list]) => list.map((ms) => ({ kind, ms }))).sort((a, b) => a.ms - b.ms);
  const rankSum = ranked.reduce((sum, { kind }, at) => sum + (kind === 'known' ? at + 1 : 0), 0);
  const n = pairs;
  const u = rankSum - (n * (n + 1)) / 2;
  const z = (u - (n * n) / 2) / Math.sqrt((n * n * (2 * n + 1)) / 12);
  const median = (list) => +percentile([...list].sort((a, b) => a - b), 50).toFixed(2);
  console.log(JSON.stringify({ what: 'known against unknown', pairs, median_known_ms: median(samples.known), median_unknown_ms: median(samples.unknown), z: +z.toFixed(2), differ: Math.abs(z) > 3.29 }));
  agent.destroy();
} finally {
  await household.close();
}
