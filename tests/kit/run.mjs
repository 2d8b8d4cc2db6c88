// Small programs that are run to their end.

import { execFile } from 'node:child_process';

/** Runs a program and returns what it printed, as text or (with `raw`) as bytes. A bad exit is an error. */
export function run(command, args = [], { env = {}, raw = false, input } = {}) {
  return new Promise((resolve, reject) => {
    const options = { env: { ...process.env, ...env }, encoding: raw ? 'buffer' : 'utf8', maxBuffer: 1 << 28 };
    const child = execFile(command, args.map(String), options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} ${args.join(' ')}: ${String(stderr).trim() || error.message}`, { cause: error }));
      else resolve(stdout);
    });
    // It may end without reading; its exit says how it went.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
