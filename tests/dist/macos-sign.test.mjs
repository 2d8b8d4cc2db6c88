// Signatures as macOS asks for them, by rcodesign with throwaway certificates: on the program, its app and its package. What
// Gatekeeper makes of real ones only a Mac can say. Run by `cargo xtask test macos-sign`.

import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { program } from '../kit/programs.mjs';
import { Authority, bill, folder, must, run } from './tools.mjs';

const RCODESIGN = process.env.FARHAND_RCODESIGN ?? 'rcodesign';
const APP = 'Farhand.app/Contents';
let own;
let pkg;
let authority;
let stranger;
let releaseKey;
let version;
const at = (...names) => own.at(...names);

/** What macOS gets with a certificate: both halves in one file. */
function both({ key, certificate }, name) {
  writeFileSync(at(name), Buffer.concat([readFileSync(key), readFileSync(certificate)]));
  return at(name);
}

before(() => {
  own = folder();
  authority = new Authority(own.place, 'Throwaway Authority');
  stranger = new Authority(own.place, 'Another Authority');
  writeFileSync(at('agent'), 'a stand-in');
  // Small, and whole: with the parts that a signature goes into.
  writeFileSync(at('program.c'), 'int main(void) { return 0; }\n');
  for (const [processor, target] of [['arm64', 'aarch64-macos.12.3'], ['x86_64', 'x86_64-macos.12.3']]) must(process.env.FARHAND_ZIG ?? 'zig', ['cc', '-target', target, '-Wl,-headerpad,1000', at('program.c'), '-o', at(processor)]);
  releaseKey = must(program('xtask'), ['dist', 'key', at('release.key')]).trim();
  const answer = run(program('xtask'), ['dist', '--agent', at('agent'), '--macos', at('arm64'), '--macos', at('x86_64'), '--out', at('out')], {
    env: {
      ...process.env,
      SOURCE_DATE_EPOCH: '1700000000',
      FARHAND_RELEASE_KEY_FILE: at('release.key'),
      FARHAND_MACOS_APPLICATION_CERT: both(authority.issue('publisher', 'codeSigning', 365), 'application.pem'),
      FARHAND_MACOS_INSTALLER_CERT: both(authority.issue('installer', 'codeSigning', 365), 'installer.pem'),
      FARHAND_MACOS_TIMESTAMP_URL: 'none',
    },
  });
  assert.ok(answer.ok, answer.text);
  assert.match(answer.text, /NOT notarised/);
  ({ version } = JSON.parse(readFileSync(at('out/provenance.json'))));
  pkg = at('out', `farhand-agent-${version}-macos-universal.pkg`);
  must('7z', ['x', '-y', `-o${at('pkg')}`, pkg]);
  writeFileSync(at('payload.cpio'), gunzipSync(readFileSync(at('pkg/agent.pkg/Payload'))));
  must('7z', ['x', '-y', `-o${at('root')}`, at('payload.cpio')]);
});
after(() => own?.gone());

describe('the signature of the program', () => {
  const file = () => at('root', APP, 'MacOS/farhand-agent');
  const verify = (path) => run(RCODESIGN, ['verify', path]);
  const part = (name, nth) => must(RCODESIGN, ['extract', '--universal-index', String(nth), name, file()], { encoding: 'buffer' });

  it('covers it for each processor, hardened and with nothing loosened', () => {
    assert.ok(verify(file()).ok);
    const said = must(RCODESIGN, ['print-signature-info', file()]);
    assert.equal(said.match(/CodeSignatureFlags\(RUNTIME\)/g)?.length, 2);
    assert.equal(said.match(/identifier: org\.farhand\.agent/g)?.length, 2);
    assert.ok(!said.includes('com.apple.security'), 'no entitlement');
  });

  it('is by the certificate that was named, and by no other', () => {
    for (const nth of [0, 1]) {
      writeFileSync(at('signature'), part('cms-raw', nth));
      writeFileSync(at('directory'), part('code-directory-raw', nth));
      const by = ({ certificate }) => run('openssl', ['cms', '-verify', '-inform', 'DER', '-in', at('signature'), '-binary', '-content', at('directory'), '-CAfile', certificate, '-purpose', 'any', '-out', at('checked')]);
      assert.ok(by(authority).ok);
      assert.match(by(stranger).text, /certificate verify error/);
    }
  });

  it('does not outlast a flipped byte', () => {
    const bytes = readFileSync(file());
    for (const at of [bytes.readUInt32BE(16) + 40, bytes.readUInt32BE(36) + 40]) {
      const flipped = Buffer.from(bytes);
      flipped[at] ^= 1;
      writeFileSync(own.at('flipped'), flipped);
      assert.ok(!verify(own.at('flipped')).ok, String(at));
    }
  });

  it('is beside the app’s other files, each with its sum', () => {
    const resources = JSON.parse(must('python3', ['-c', 'import base64, json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], "rb"))["files2"], default=lambda it: base64.b64encode(it).decode()))', at('root', APP, '_CodeSignature/CodeResources')]));
    assert.ok(resources['Resources/farhand.icns'].hash2);
    assert.ok(bill(readFileSync(at('pkg/agent.pkg/Bom'))).some(({ path }) => path.endsWith('_CodeSignature/CodeResources')), 'the package lists it');
  });
});

describe('the signature of the package', () => {
  const about = (path) => run(RCODESIGN, ['print-signature-info', path]);

  it('is there, by the certificate for packages, and whole', () => {
    const { ok, out } = about(pkg);
    assert.ok(ok);
    assert.match(out, /CN=installer/);
    assert.match(out, /rsa_signature_verifies: true/);
  });

  it('does not outlast a flipped byte of its table, nor the package one anywhere', () => {
    const bytes = readFileSync(pkg);
    const flipped = Buffer.from(bytes);
    flipped[60] ^= 1;
    writeFileSync(at('flipped.pkg'), flipped);
    const { ok, out } = about(at('flipped.pkg'));
    assert.ok(!ok || !/rsa_signature_verifies: true/.test(out));
    const check = (file, key) => run('minisign', ['-V', '-q', '-m', file, '-x', `${pkg}.minisig`, '-P', key]).ok;
    assert.ok(check(pkg, releaseKey));
    const other = must(program('xtask'), ['dist', 'key', at('other.key')]).trim();
    assert.ok(!check(pkg, other), 'another key');
    for (const place of [60, bytes.length >> 1, bytes.length - 1]) {
      cpSync(pkg, at('flipped.pkg'));
      const again = Buffer.from(bytes);
      again[place] ^= 1;
      writeFileSync(at('flipped.pkg'), again);
      assert.ok(!check(at('flipped.pkg'), releaseKey), String(place));
    }
  });
});
