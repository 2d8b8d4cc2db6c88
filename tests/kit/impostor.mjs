// Ends of a sealed session in the wrong hands: see tests/impostor.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { program } from './programs.mjs';

export class Impostor {
  #waiting = new Map();
  #next = 0;

  /** Its answers are long, and no log keeps them. */
  static open(household) {
    const impostor = new Impostor();
    impostor.child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program('farhand-impostor')], { stdio: ['pipe', 'pipe', 'inherit'] });
    household.later(() => impostor.child.kill('SIGKILL'));
    impostor.child.once('exit', (code, signal) => {
      for (const { reject } of impostor.#waiting.values()) reject(new Error(`the impostor ended: ${code ?? signal}`));
    });
    createInterface({ input: impostor.child.stdout }).on('line', (line) => {
      const { id, error, ...answer } = JSON.parse(line);
      const { resolve, reject } = impostor.#waiting.get(id);
      impostor.#waiting.delete(id);
      if (error) reject(new Error(`the impostor cannot: ${error}`));
      else resolve(answer);
    });
    return impostor;
  }

  /** Asks for something to be done; an error of it is thrown. */
  ask(request) {
    const id = ++this.#next;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.child.stdin.write(`${JSON.stringify({ ...request, id })}\n`);
    });
  }
}

export const hex = (bytes) => Buffer.from(bytes).toString('hex');
export const unhex = (text) => Buffer.from(text, 'hex');
