// `cargo xtask run`: the service with a demo organisation, and beside it a customer's computer with a person at it.
// The person answers the agent's prompts by moving the pointer and clicking, as anybody would: the agent cannot tell.

import dgram from 'node:dgram';
import { mkdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Household } from '../kit/household.mjs';
import { program } from '../kit/programs.mjs';
import { freePort, freeUdpPort, Service } from '../kit/service.mjs';
import { pace } from '../kit/wait.mjs';
import { Computer } from './computer.mjs';

const { values } = parseArgs({
  options: { port: { type: 'string' }, media: { type: 'string' }, data: { type: 'string', default: 'data/demo' }, console: { type: 'boolean' } },
});

const folder = path.resolve(values.data);
mkdirSync(folder, { recursive: true, mode: 0o700 });
const logs = path.join(folder, 'logs');
rmSync(logs, { recursive: true, force: true });
const household = new Household({ folder: logs });

let ending;
/** Ends everything, once, and then this process. */
function end(code) {
  ending ??= household.close().then(() => process.exit(code));
  return ending;
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (!ending) process.stdout.write('\nEnding the demo…\n');
    end(0);
  });
}

try {
  await demo();
} catch (error) {
  if (!ending) {
    console.error(`\nThe demo cannot go on: ${error.message}\nLogs: ${logs}`);
    await end(1);
  }
}

async function demo() {
  const port = await choose(values.port, 8443, tcpFree, freePort);
  const media = await choose(values.media, 15000, udpFree, freeUdpPort);
  const metrics = await choose(undefined, 9464, tcpFree, freePort);
  const service = await Service.open(household, {
    data: path.join(folder, 'service'),
    port,
    media,
    metrics,
    args: ['--demo', '--web', path.resolve(import.meta.dirname, '../../web/dist')],
  });
  service.process.exited.then(() => {
    if (!ending) {
      console.error(`\nThe service ended by itself. Its last words:\n${service.process.err.tail(12)}\nLogs: ${logs}`);
      end(1);
    }
  });
  const computer = await Computer.open(household, path.join(folder, 'home'));
  const password = service.file('demo.password');
  process.stdout.write(`
Farhand is running.

  Open      ${service.url}
            (its certificate is its own: your browser asks you once; SHA-256 ${service.fingerprint.slice(0, 16)}…)
  Sign in   demo@farhand.example
  Password  ${password}

Press "Start session with the demo computer": its person allows what you ask for, and you can type in its editor.
Ctrl-C ends everything.
`);
  if (values.console) openConsole(service);
  const token = service.file('demo.token');
  for (;;) {
    const code = await next(service, token);
    if (code) await computer.join(code, service, program('farhand-agent'));
  }
}

/** The desktop console on the display of whoever started this. Closing its window does not end the demo. */
function openConsole(service) {
  const args = ['--data', path.join(folder, 'console'), '--server', service.url, '--fingerprint', service.fingerprint];
  const console_ = household.start('console', program('farhand-console'), args);
  process.stdout.write('The desktop console opens on your display.\n');
  console_.exited.then(({ code }) => {
    if (!ending && code) process.stdout.write(`The desktop console ended (${code}): ${console_.err.tail(3)}\n`);
  });
}

/** The code of the next session for the demo computer, or nothing when none came for a while. */
async function next(service, token) {
  try {
    const answer = await service.ask('GET', '/api/v1/demo/next', { token });
    if (answer.status === 200) return answer.json.code;
    if (answer.status !== 204) await pace(2_000);
  } catch {
    // The service is going or coming back; its end is watched elsewhere.
    await pace(500);
  }
  return undefined;
}

/** The port that was asked for, the usual one where it is free, or any. */
async function choose(asked, usual, free, any) {
  if (asked) return Number(asked);
  return (await free(usual)) ? usual : any();
}

function tcpFree(port) {
  return new Promise((resolve) => {
    const server = net.createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function udpFree(port) {
  return new Promise((resolve) => {
    const socket = dgram.createSocket('udp4').once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
}
