// What the tests of packages share: a throwaway certificate authority with a time-stamp server, a small Windows program,
// and the real tools.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A folder that goes with the tests. */
export function folder() {
  const place = mkdtempSync(path.join(tmpdir(), 'farhand-dist-'));
  return { place, at: (...names) => path.join(place, ...names), gone: () => rmSync(place, { recursive: true, force: true }) };
}

/** Runs a program to its end. */
export function run(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 64 << 20, ...options });
  if (error) throw error;
  return { ok: status === 0, status, out: stdout, text: `${stdout}${stderr}` };
}

/** The same, which has to succeed. */
export function must(program, args, options = {}) {
  const answer = run(program, args, options);
  if (!answer.ok) throw new Error(`${program} ${args.join(' ')} ended with ${answer.status}:\n${answer.text}`);
  return answer.out;
}

/** The same, beside what else goes on in this process, such as the time-stamp server. */
export function beside(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (text += piece));
    child.on('error', reject);
    child.on('close', (status) => resolve({ ok: status === 0, status, text }));
  });
}

/** A certificate authority of the test's own. */
export class Authority {
  constructor(place, name) {
    this.place = path.join(place, name);
    mkdirSync(this.place);
    this.certificate = path.join(this.place, 'ca.pem');
    must('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', this.#at('ca.key'), '-out', this.certificate, '-days', '7300', '-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'], { stdio: 'pipe' });
  }

  #at(name) {
    return path.join(this.place, name);
  }

  /** A certificate for one purpose, for so many days. */
  issue(name, purpose, days) {
    const [key, request, certificate, extensions] = ['key', 'csr', 'pem', 'ext'].map((end) => this.#at(`${name}.${end}`));
    writeFileSync(extensions, `basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=${purpose}\n`);
    must('openssl', ['req', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', request, '-subj', `/CN=${name}`]);
    must('openssl', ['x509', '-req', '-in', request, '-CA', this.certificate, '-CAkey', this.#at('ca.key'), '-CAcreateserial', '-days', String(days), '-extfile', extensions, '-out', certificate]);
    return { key, certificate };
  }
}

/** An RFC 3161 time-stamp server. */
export async function timeStamps(authority, place) {
  const { key, certificate } = authority.issue('stamps', 'critical,timeStamping', 7000);
  const at = (name) => path.join(place, name);
  writeFileSync(at('serial'), '01\n');
  writeFileSync(
    at('ts.cnf'),
    ['[tsa]', 'default_tsa = own', '[own]', `serial = ${at('serial')}`, `signer_cert = ${certificate}`, `certs = ${authority.certificate}`, `signer_key = ${key}`, 'signer_digest = sha256', 'default_policy = 1.2.3.4', 'digests = sha256', 'accuracy = secs:1', 'ess_cert_id_chain = no', 'ess_cert_id_alg = sha256', ''].join('\n'),
  );
  const server = createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      writeFileSync(at('query'), Buffer.concat(pieces));
      must('openssl', ['ts', '-reply', '-config', at('ts.cnf'), '-section', 'own', '-queryfile', at('query'), '-out', at('reply')]);
      response.writeHead(200, { 'content-type': 'application/timestamp-reply' });
      response.end(readFileSync(at('reply')));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

/** The smallest Windows program that has room for a signature: it ends at once. */
export function windowsProgram() {
  const bytes = Buffer.alloc(1024);
  bytes.write('MZ', 0);
  bytes.writeUInt32LE(0x80, 0x3c);
  let at = 0x80;
  bytes.write('PE\0\0', at);
  at += 4;
  bytes.writeUInt16LE(0x8664, at); // x86-64
  bytes.writeUInt16LE(1, at + 2); // sections
  bytes.writeUInt16LE(240, at + 16); // bytes of the optional header
  bytes.writeUInt16LE(0x22, at + 18); // a program, large addresses
  at += 20;
  bytes.writeUInt16LE(0x20b, at);
  bytes.writeUInt32LE(512, at + 4); // code
  bytes.writeUInt32LE(0x1000, at + 16); // where it begins
  bytes.writeUInt32LE(0x1000, at + 20);
  bytes.writeBigUInt64LE(0x140000000n, at + 24);
  bytes.writeUInt32LE(0x1000, at + 32);
  bytes.writeUInt32LE(0x200, at + 36);
  bytes.writeUInt16LE(6, at + 40);
  bytes.writeUInt16LE(6, at + 48);
  bytes.writeUInt32LE(0x2000, at + 56); // in memory
  bytes.writeUInt32LE(0x200, at + 60); // headers
  bytes.writeUInt16LE(2, at + 68); // windows
  bytes.writeBigUInt64LE(0x100000n, at + 72);
  bytes.writeBigUInt64LE(0x1000n, at + 80);
  bytes.writeBigUInt64LE(0x100000n, at + 88);
  bytes.writeBigUInt64LE(0x1000n, at + 96);
  bytes.writeUInt32LE(16, at + 108);
  at += 240;
  bytes.write('.text', at);
  bytes.writeUInt32LE(3, at + 8);
  bytes.writeUInt32LE(0x1000, at + 12);
  bytes.writeUInt32LE(512, at + 16);
  bytes.writeUInt32LE(512, at + 20);
  bytes.writeUInt32LE(0x60000020, at + 36);
  Buffer.from([0x31, 0xc0, 0xc3]).copy(bytes, 512); // return 0
  return bytes;
}

/** A file with one change. */
export function changed(file, to, change) {
  const bytes = readFileSync(file);
  writeFileSync(to, change(bytes));
  return to;
}

export const flip = (at) => (bytes) => {
  const other = Buffer.from(bytes);
  other[at < 0 ? other.length + at : at] ^= 1;
  return other;
};

/** What a shortcut of Windows starts: program, words and folder. */
export function shortcut(bytes) {
  const flags = bytes.readUInt32LE(20);
  const has = (bit) => (flags & bit) !== 0;
  assert.ok(has(0x02) && has(0x80), 'it names a file, in letters of two bytes');
  let at = 76;
  if (has(0x01)) at += 2 + bytes.readUInt16LE(at);
  const place = at + bytes.readUInt32LE(at + 16);
  const target = bytes.toString('latin1', place, bytes.indexOf(0, place));
  at += bytes.readUInt32LE(at);
  const texts = Object.entries({ name: 0x04, relative: 0x08, folder: 0x10, words: 0x20 }).filter(([, bit]) => has(bit)).map(([text]) => {
    const length = 2 * bytes.readUInt16LE(at);
    // Wine counts the end of the text as a letter.
    const found = [text, bytes.toString('utf16le', at + 2, at + 2 + length).replace(/\0$/, '')];
    at += 2 + length;
    return found;
  });
  return { target, ...Object.fromEntries(texts) };
}

/** A program for macOS that needs one library and one function of it: in form, not in substance. */
export function machO(processor, { library = '/usr/lib/libSystem.B.dylib', ordinal = 1 } = {}) {
  const [kind, part] = processor === 'arm64' ? [0x0100000c, 0] : [0x01000007, 3];
  const name = Buffer.alloc(Math.ceil((library.length + 1) / 8) * 8);
  name.write(library);
  const words = (...numbers) => {
    const bytes = Buffer.alloc(numbers.length * 4);
    numbers.forEach((number, nth) => bytes.writeUInt32LE(number, nth * 4));
    return bytes;
  };
  const symbols = 32 + 24 + name.length + 24;
  const symbol = Buffer.from([1, 0, 0, 0, 1, 0, 0, ordinal, 0, 0, 0, 0, 0, 0, 0, 0]);
  const head = words(0xfeedfacf, kind, part, 2, 2, 24 + name.length + 24, 0x85, 0);
  return Buffer.concat([head, words(0xc, 24 + name.length, 24, 0, 0, 0), name, words(2, 24, symbols, 1, symbols + 16, 8), symbol, Buffer.from('\0_read\0\0')]);
}

/** What a bill of materials lists. */
export function bill(bytes) {
  assert.equal(bytes.toString('latin1', 0, 8), 'BOMStore');
  const word = (at) => bytes.readUInt32BE(at);
  const [index, names] = [word(16), word(24)];
  const block = (number) => bytes.subarray(word(index + 4 + number * 8), word(index + 4 + number * 8) + word(index + 8 + number * 8));
  const named = {};
  let at = names + 4;
  for (let left = word(names); left > 0; left -= 1) {
    const length = bytes[at + 4];
    named[bytes.toString('latin1', at + 5, at + 5 + length)] = word(at);
    at += 5 + length;
  }
  for (const name of ['BomInfo', 'Paths', 'HLIndex', 'VIndex', 'Size64']) assert.ok(name in named, name);
  const tree = block(named.Paths);
  assert.equal(tree.toString('latin1', 0, 4), 'tree');
  const leaf = block(tree.readUInt32BE(8));
  const paths = new Map();
  return Array.from({ length: leaf.readUInt16BE(2) }, (_, nth) => {
    const pointer = block(leaf.readUInt32BE(12 + nth * 8));
    const name = block(leaf.readUInt32BE(16 + nth * 8));
    const about = block(pointer.readUInt32BE(4));
    const [parent, own] = [paths.get(name.readUInt32BE(0)), name.toString('utf8', 4, name.length - 1)];
    const path = parent === undefined ? own : `${parent}/${own}`;
    paths.set(pointer.readUInt32BE(0), path);
    return { path, mode: about.readUInt16BE(4), size: about.readUInt32BE(18), sum: about.readUInt32BE(23) };
  });
}
