// Signatures as macOS asks for them, by rcodesign with throwaway certificates: on the program, its app and its package. What
// Gatekeeper makes of real ones only a Mac can say. Run by `cargo xtask test macos-sign`.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { gunzipSync, inflateSync } from 'node:zlib';
import { program } from '../kit/programs.mjs';
import { Authority, bill, changed, flip, folder, must, run } from './tools.mjs';

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

  it('does not outlast a flipped byte, by rcodesign', () => {
    const bytes = readFileSync(file());
    for (const place of [bytes.readUInt32BE(16), bytes.readUInt32BE(36)]) assert.ok(!verify(changed(file(), at('flipped'), flip(place + 40))).ok, String(place));
  });

  it('is beside the app’s other files, each with its sum', () => {
    const resources = JSON.parse(must('python3', ['-c', 'import base64, json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], "rb"))["files2"], default=lambda it: base64.b64encode(it).decode()))', at('root', APP, '_CodeSignature/CodeResources')]));
    assert.ok(resources['Resources/farhand.icns'].hash2);
    assert.ok(bill(readFileSync(at('pkg/agent.pkg/Bom'))).some(({ path }) => path.endsWith('_CodeSignature/CodeResources')), 'the package lists it');
  });
});

describe('a certificate that has ended, without a time stamp', () => {
  const LATER = String(Math.floor(Date.now() / 1000) + 10 * 366 * 86_400);
  const TOOL = ['cms', '-verify', '-inform', 'DER', '-binary', '-purpose', 'any'];
  const openssl = (signature, content, more) => run('openssl', [...TOOL, '-in', signature, '-content', content, '-CAfile', authority.certificate, '-out', at('checked'), ...more]);

  it('is refused by openssl, on the program for each processor and on the package', () => {
    const bytes = readFileSync(pkg);
    const { table, heap } = contents(bytes);
    const piece = (form) => {
      const [, offset, size] = form.exec(table);
      return heap.subarray(Number(offset), Number(offset) + Number(size));
    };
    writeFileSync(at('package.cms'), piece(/<x-signature style="CMS">\s*<offset>(\d+)<\/offset>\s*<size>(\d+)</));
    writeFileSync(at('package.sum'), piece(/<checksum style="sha\d+">\s*<offset>(\d+)<\/offset>\s*<size>(\d+)</));
    const signed = [[at('package.cms'), at('package.sum')]];
    for (const nth of [0, 1]) {
      const names = ['cms-raw', 'code-directory-raw'].map((name) => [name, at(`${name}-${nth}`)]);
      for (const [name, file] of names) writeFileSync(file, must(RCODESIGN, ['extract', '--universal-index', String(nth), name, at('root', APP, 'MacOS/farhand-agent')], { encoding: 'buffer' }));
      signed.push(names.map(([, file]) => file));
    }
    for (const [signature, content] of signed) {
      const now = openssl(signature, content, []);
      assert.ok(now.ok, `${signature}: ${now.text}`);
      const later = openssl(signature, content, ['-attime', LATER]);
      assert.ok(!later.ok, signature);
      assert.match(later.text, /certificate has expired/, signature);
    }
  });

  it('is not noticed by rcodesign, which looks at no dates', () => {
    const file = at('root', APP, 'MacOS/farhand-agent');
    assert.ok(run('faketime', ['+10 years', RCODESIGN, 'verify', file]).ok);
    assert.match(run('faketime', ['+10 years', RCODESIGN, 'print-signature-info', pkg]).out, /rsa_signature_verifies: true/);
  });
});

/** The table of a package for macOS, and what lies behind it. */
function contents(bytes) {
  const [head, packed] = [bytes.readUInt16BE(4), Number(bytes.readBigUInt64BE(8))];
  return { table: inflateSync(bytes.subarray(head, head + packed)).toString(), heap: bytes.subarray(head + packed) };
}

describe('the signature of the package', () => {
  const about = (path) => run(RCODESIGN, ['print-signature-info', path]);

  it('is there, by the certificate for packages, and whole', () => {
    const { ok, out } = about(pkg);
    assert.ok(ok);
    assert.match(out, /CN=installer/);
    assert.match(out, /rsa_signature_verifies: true/);
  });

  it('does not outlast a flipped byte of its table, by rcodesign', () => {
    const flipped = changed(pkg, at('flipped.pkg'), flip(60));
    const { ok, out } = about(flipped);
    assert.ok(!ok || !/rsa_signature_verifies: true/.test(out));
  });
});

describe('the Farhand signature of the package', () => {
  const check = (file, key = releaseKey) => run('minisign', ['-V', '-q', '-m', file, '-x', `${pkg}.minisig`, '-P', key]).ok;

  it('is refused over a flipped byte anywhere, more bytes and another package, and by another key', () => {
    assert.ok(check(pkg));
    const other = must(program('xtask'), ['dist', 'key', at('other.key')]).trim();
    assert.ok(!check(pkg, other), 'another key');
    const { length } = readFileSync(pkg);
    const wrong = {
      ...Object.fromEntries([60, length >> 1, length - 1].map((place) => [`flipped at ${place}`, flip(place)])),
      longer: (bytes) => Buffer.concat([bytes, Buffer.from('x')]),
      shorter: (bytes) => bytes.subarray(0, -1),
      swapped: () => readFileSync(at('out', `farhand-agent_${version}_amd64.deb`)),
    };
    for (const [how, change] of Object.entries(wrong)) assert.ok(!check(changed(pkg, at('wrong.pkg'), change)), how);
  });
});
