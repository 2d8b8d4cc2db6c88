// Where the workspace's programs are.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

const FOLDER =
  process.env.FARHAND_BINARIES ||
  path.join(path.resolve(ROOT, process.env.CARGO_TARGET_DIR || 'target'), 'debug');

/** The path of a program of the workspace; an error that says how to build it when it is absent. */
export function program(name) {
  const file = path.join(FOLDER, name);
  if (!existsSync(file)) throw new Error(`${file} is missing: build it with \`cargo build --workspace --bins\``);
  return file;
}
