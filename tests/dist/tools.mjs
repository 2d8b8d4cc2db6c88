// What the tests of packages share: a throwaway certificate authority with a time-stamp server, a small Windows program,
// and the real tools.

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
