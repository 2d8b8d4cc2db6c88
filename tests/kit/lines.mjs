// The lines that a program prints, past and future.

import { inTime } from './wait.mjs';

export class Lines {
  #kept = [];
  #rest = '';
  #watchers = new Set();
  #over = false;

  /** Reads a stream to its end; every line is also handed to `copy`. */
  constructor(stream, copy = () => {}) {
    if (!stream) return;
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      const parts = (this.#rest + text).split('\n');
      this.#rest = parts.pop();
      for (const line of parts) {
        copy(line);
        this.#add(line);
      }
    });
    stream.on('close', () => {
      if (this.#rest) this.#add(this.#rest);
      this.#over = true;
      for (const watcher of [...this.#watchers]) watcher.end();
    });
  }

  #add(line) {
    this.#kept.push(line);
    for (const watcher of [...this.#watchers]) watcher.line(line);
  }

  get all() {
    return [...this.#kept];
  }

  /** How many lines there are now; a later `find` may start there. */
  get mark() {
    return this.#kept.length;
  }

  /** The first line from `from` on for which `pick` returns something, as soon as there is one. */
  find(what, pick, { from = 0, within } = {}) {
    for (const line of this.#kept.slice(from)) {
      const found = pick(line);
      if (found) return Promise.resolve(found);
    }
    if (this.#over) return Promise.reject(new Error(`the program ended before: ${what}`));
    let watcher;
    const next = new Promise((resolve, reject) => {
      watcher = {
        line: (line) => {
          const found = pick(line);
          if (found) resolve(found);
        },
        end: () => reject(new Error(`the program ended before: ${what}; its last lines:\n${this.tail(8)}`)),
      };
      this.#watchers.add(watcher);
    });
    return inTime(what, next, within).finally(() => this.#watchers.delete(watcher));
  }

  /** The first JSON object from `from` on with `event` as its event, and for which `pick` holds. */
  event(event, { from = 0, within, pick = () => true } = {}) {
    const read = (line) => {
      const found = parse(line);
      return found?.event === event && pick(found) ? found : undefined;
    };
    return this.find(`event "${event}"`, read, { from, within });
  }

  /** All events of this name so far. */
  events(event) {
    return this.#kept.map(parse).filter((found) => found?.event === event);
  }

  tail(count = 30) {
    return this.#kept.slice(-count).join('\n');
  }
}

/** The JSON object on a line, if there is one. */
export function parse(line) {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
