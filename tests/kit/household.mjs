// Programs that are started together and end together, each in a process group of its own.

import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Lines } from './lines.mjs';
import { inTime } from './wait.mjs';

/** Dies with us even when we are killed without a word. */
const ORPHAN_GUARD = ['setpriv', '--pdeathsig', 'KILL', '--'];

export class Running {
  constructor(name, child, log) {
    this.name = name;
    this.child = child;
    this.out = new Lines(child.stdout, (line) => log.write(`${line}\n`));
    this.err = new Lines(child.stderr, (line) => log.write(`${line}\n`));
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.once('error', (error) => resolve({ code: null, signal: null, error }));
    });
    this.ended = false;
    this.exited.then(() => {
      this.ended = true;
    });
  }

  get pid() {
    return this.child.pid;
  }

  /** A signal to the program alone, its children not included. */
  signal(signal) {
    this.child.kill(signal);
  }

  /** A signal to everything that it started and that did not make a group of its own. */
  signalGroup(signal) {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // It has ended.
    }
  }

  /** Asks it to end, and ends it after `grace` milliseconds. */
  async stop(grace = 5_000) {
    if (!this.ended) {
      this.signalGroup('SIGTERM');
      await inTime(`${this.name} to end`, this.exited, grace).catch(() => {});
    }
    // What it left behind, too.
    this.signalGroup('SIGKILL');
    return this.exited;
  }
}

export class Household {
  #running = [];
  #undo = [];

  /** `folder` keeps logs and data; without one a temporary folder is made and removed at the end. */
  constructor({ folder } = {}) {
    if (folder) {
      mkdirSync(folder, { recursive: true });
      this.folder = folder;
    } else {
      this.folder = mkdtempSync(path.join(tmpdir(), 'farhand-'));
      if (!process.env.FARHAND_KEEP_LOGS) this.later(() => rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 }));
    }
    this.last = () => {
      for (const running of this.#running) if (!running.ended) running.signalGroup('SIGKILL');
    };
    process.once('exit', this.last);
  }

  /** Something to be done when the household closes, after its programs have ended. */
  later(undo) {
    this.#undo.push(undo);
  }

  /** Starts a program. `pipes` adds streams from file descriptor 3 on; `stdin` is 'ignore' or 'pipe'. */
  start(name, command, args = [], { env = {}, cwd, stdin = 'ignore', pipes = 0 } = {}) {
    const clean = Object.fromEntries(Object.entries({ ...process.env, ...env }).filter(([, value]) => value !== undefined));
    const stdio = [stdin, 'pipe', 'pipe', ...Array(pipes).fill('pipe')];
    const [guard, ...rest] = ORPHAN_GUARD;
    const child = spawn(guard, [...rest, command, ...args.map(String)], { cwd, env: clean, stdio, detached: true });
    const log = createWriteStream(path.join(this.folder, `${name}.log`), { flags: 'a' });
    const running = new Running(name, child, log);
    running.exited.then(() => log.end());
    this.#running.push(running);
    return running;
  }

  get running() {
    return this.#running.filter((running) => !running.ended);
  }

  /** The ends of all logs, for a failed test's report. */
  report(lines = 25) {
    return this.#running
      .map((running) => `--- ${running.name}${running.ended ? ' (ended)' : ''}\n${running.out.tail(lines)}\n${running.err.tail(lines)}`)
      .join('\n');
  }

  /** Ends everything, the newest first. */
  async close() {
    for (const running of [...this.#running].reverse()) await running.stop();
    for (const undo of this.#undo.splice(0).reverse()) await undo();
    process.removeListener('exit', this.last);
  }
}

