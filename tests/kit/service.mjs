// The real service, with a data folder and ports of its own.

import dgram from 'node:dgram';
import { mkdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { request } from './https.mjs';
import { program } from './programs.mjs';

/** A TCP port of the loopback interface that nobody uses. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A UDP port likewise. */
export function freeUdpPort() {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket('udp4').once('error', reject);
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

export class Service {
  /** Starts it and waits until it says that it is ready. */
  static async open(household, { args = [], env = {}, port, media, metrics, data, name = 'service' } = {}) {
    const service = new Service();
    Object.assign(service, {
      household,
      name,
      args,
      env,
      port: port ?? (await freePort()),
      media: media ?? (await freeUdpPort()),
      metrics: metrics ?? (await freePort()),
      data: data ?? path.join(household.folder, `${name}-data`),
    });
    mkdirSync(service.data, { recursive: true, mode: 0o700 });
    await service.start();
    return service;
  }

  async start() {
    const args = ['serve', '--data', this.data, '--listen', `127.0.0.1:${this.port}`, '--media', `127.0.0.1:${this.media}`, '--metrics', `127.0.0.1:${this.metrics}`, ...this.args];
    this.process = this.household.start(this.name, program('farhand'), args, { env: this.env });
    this.ready = await this.process.out.event('ready').catch((error) => {
      throw new Error(`the service did not start: ${error.message}\n${this.process.err.tail()}`);
    });
    this.url = this.ready.url.replace(/\/$/, '');
    this.fingerprint = this.ready.fingerprint;
  }

  /** Asks it something. `cookie` and `token` are credentials. */
  ask(method, route, { cookie, token, headers = {}, ...rest } = {}) {
    const credentials = { ...(cookie ? { cookie, origin: this.url } : {}), ...(token ? { authorization: `Bearer ${token}` } : {}) };
    return request(this.url, this.fingerprint, method, route, { headers: { ...credentials, ...headers }, ...rest });
  }

  /** A figure of /metrics; the sum where it has labels. */
  async metric(name) {
    const answer = await fetch(`http://127.0.0.1:${this.metrics}/metrics`);
    const lines = (await answer.text()).split('\n').filter((line) => line.startsWith(name) && /[ {]/.test(line[name.length]));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  file(name) {
    return readFileSync(path.join(this.data, name), 'utf8').trim();
  }

  /** Ends it; with SIGKILL without a chance to say goodbye. */
  async stop(signal = 'SIGTERM') {
    if (signal === 'SIGKILL') this.process.signalGroup('SIGKILL');
    return this.process.stop();
  }

  async restart(signal = 'SIGTERM') {
    await this.stop(signal);
    await this.start();
  }
}
