// The package for macOS, made of stand-ins and read by programs that are not ours: 7-Zip for both archives, Python for the
// property lists. That macOS itself takes it is nothing that any of them can say.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { program } from '../kit/programs.mjs';
import { bill, folder, machO, must, run } from './tools.mjs';

let own;
let version;
let pkg;
let releaseKey;
const at = (...names) => own.at(...names);
const dist = (args, environment = {}) => run(program('xtask'), ['dist', '--agent', at('agent'), ...args], { env: { ...process.env, SOURCE_DATE_EPOCH: '1700000000', FARHAND_MACOS_APPLICATION_CERT: '', FARHAND_MACOS_INSTALLER_CERT: '', ...environment } });
const plist = (file) => JSON.parse(must('python3', ['-c', 'import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], "rb"))))', file]));

before(() => {
  own = folder();
  writeFileSync(at('agent'), 'a stand-in');
  writeFileSync(at('arm'), machO('arm64'));
  writeFileSync(at('intel'), machO('x86_64'));
  releaseKey = must(program('xtask'), ['dist', 'key', at('release.key')]).trim();
  const answer = dist(['--macos', at('intel'), '--macos', at('arm'), '--out', at('out'), '--twice'], { FARHAND_RELEASE_KEY_FILE: at('release.key') });
  assert.ok(answer.ok, answer.text);
  assert.match(answer.text, /made twice: every package is the same to the bit/);
  assert.match(answer.text, /NOT signed for macOS/);
  ({ version } = JSON.parse(readFileSync(at('out', 'provenance.json'))));
  pkg = at('out', `farhand-agent-${version}-macos-universal.pkg`);
  must('7z', ['x', '-y', `-o${at('pkg')}`, pkg]);
  writeFileSync(at('payload.cpio'), gunzipSync(readFileSync(at('pkg', 'agent.pkg', 'Payload'))));
  must('7z', ['x', '-y', `-o${at('root')}`, at('payload.cpio')]);
});
after(() => own?.gone());

describe('the package for macOS', () => {
  it('is whole for whoever reads such archives', () => {
    must('7z', ['t', pkg]);
    must('7z', ['t', at('payload.cpio')]);
    const listed = must('7z', ['l', '-slt', pkg]);
    for (const name of ['Distribution', 'agent.pkg/Bom', 'agent.pkg/PackageInfo', 'agent.pkg/Payload']) assert.match(listed, new RegExp(`^Path = ${name}$`, 'm'));
    assert.match(listed, /^Created = 2023-11-14[T ]22:13:20/m, 'the time is the commit’s');
  });

  it('says what it is, where it goes and on what it runs', () => {
    const info = readFileSync(at('pkg/agent.pkg/PackageInfo'), 'utf8');
    const distribution = readFileSync(at('pkg/Distribution'), 'utf8');
    for (const text of [info, distribution]) {
      assert.ok(!text.includes('@'), 'every place is filled');
      must('python3', ['-c', 'import sys, xml.dom.minidom; xml.dom.minidom.parseString(sys.stdin.read())'], { input: text });
    }
    assert.match(info, new RegExp(`identifier="org.farhand.agent" version="${version}" install-location="/Applications"`));
    assert.match(distribution, /hostArchitectures="arm64,x86_64"/);
    assert.match(distribution, /<os-version min="12\.3"\/>/);
  });

  it('installs an app that opens links, says why it asks, and runs hardened with nothing loosened', () => {
    const info = plist(at('root/Farhand.app/Contents/Info.plist'));
    assert.equal(info.CFBundleIdentifier, 'org.farhand.agent');
    assert.equal(info.CFBundleExecutable, 'farhand-agent');
    assert.equal(info.CFBundleShortVersionString, version);
    assert.deepEqual(info.CFBundleURLTypes[0].CFBundleURLSchemes, ['farhand']);
    assert.equal(info.LSMinimumSystemVersion, '12.3');
    assert.ok(info.NSMicrophoneUsageDescription && info.NSScreenCaptureUsageDescription);
    assert.ok(existsSync(at('root/Farhand.app/Contents/Resources', `${info.CFBundleIconFile}.icns`)));
    assert.match(readFileSync(at('root/Farhand.app/Contents/Resources/de.lproj/InfoPlist.strings'), 'utf8'), /NSScreenCaptureUsageDescription = "/);
    assert.deepEqual(plist('../installer/pkg/entitlements.plist'), {});
  });

  it('has one program for both processors, which can be started', () => {
    const file = at('root/Farhand.app/Contents/MacOS/farhand-agent');
    assert.ok(statSync(file).mode & 0o111);
    const both = readFileSync(file);
    assert.equal(both.readUInt32BE(0), 0xcafebabe);
    const places = [0, 1].map((nth) => [both.readUInt32BE(8 + nth * 20), both.readUInt32BE(16 + nth * 20), both.readUInt32BE(20 + nth * 20)]);
    assert.deepEqual(places.map(([processor]) => processor), [0x0100000c, 0x01000007]);
    for (const [name, [, from, length]] of [['arm', places[0]], ['intel', places[1]]]) assert.deepEqual(both.subarray(from, from + length), readFileSync(at(name)));
  });

  it('lists all that it installs, and nothing else', () => {
    const listed = bill(readFileSync(at('pkg/agent.pkg/Bom')));
    const wanted = must('find', ['.'], { cwd: at('root') }).trim().split('\n').toSorted();
    assert.deepEqual(listed.map(({ path }) => path).toSorted(), wanted);
    for (const { path, mode, size, sum } of listed) {
      const about = statSync(at('root', path));
      assert.equal(mode & 0o170000, about.isDirectory() ? 0o40000 : 0o100000, path);
      if (about.isDirectory()) continue;
      assert.equal(size, about.size, path);
      assert.equal(sum, Number(must('cksum', [at('root', path)]).split(' ')[0]), path);
    }
    const numbers = readFileSync(at('pkg/agent.pkg/PackageInfo'), 'utf8').match(/numberOfFiles="(\d+)"/);
    assert.equal(Number(numbers[1]), listed.length);
  });

  it('says of both programs that they came from elsewhere, and lists what runs on a Mac', () => {
    const entry = JSON.parse(readFileSync(at('out', 'provenance.json'))).made.find(({ target }) => target === 'macos-universal-pkg');
    const sums = ['arm', 'intel'].map((name) => must('sha256sum', [at(name)]).split(' ')[0]);
    assert.deepEqual(entry.program, { built_here: false, commit: 'unknown', toolchain: 'unknown', built_for: ['aarch64-apple-darwin', 'x86_64-apple-darwin'], sha256: sums });
    const names = new Set(JSON.parse(readFileSync(at('out', entry.sbom))).components.map(({ name }) => name));
    assert.ok(names.has('objc2') && !names.has('x11rb') && !names.has('windows-sys'));
  });

  it('carries a Farhand signature, which is refused over another byte and over more', () => {
    const check = (file) => run('minisign', ['-V', '-q', '-m', file, '-x', `${pkg}.minisig`, '-P', releaseKey]);
    assert.ok(check(pkg).ok);
    assert.match(readFileSync(`${pkg}.minisig`, 'utf8'), /^trusted comment: farhand-release-1 program=farhand-agent version=\S+ target=macos-universal-pkg /m);
    const bytes = readFileSync(pkg);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(at('flipped.pkg'), bytes);
    assert.ok(!check(at('flipped.pkg')).ok);
    writeFileSync(at('longer.pkg'), Buffer.concat([readFileSync(pkg), Buffer.from('x')]));
    assert.ok(!check(at('longer.pkg')).ok, 'bytes behind its end');
  });
});

describe('a program that no Mac could run', () => {
  const refused = (file, why) => {
    const answer = dist(['--macos', file, '--out', at('refused')]);
    assert.ok(!answer.ok);
    assert.match(answer.text, why);
    assert.ok(!existsSync(at('refused')), 'nothing is made');
  };

  it('because it was linked without Apple’s libraries is never packed', () => {
    writeFileSync(at('stubs'), machO('arm64', { ordinal: 0xfe }));
    refused(at('stubs'), /linked without the libraries of macOS/);
  });

  it('because it needs what a clean Mac has not, or is none, is refused', () => {
    writeFileSync(at('swift'), machO('arm64', { library: '@rpath/libswiftCore.dylib' }));
    refused(at('swift'), /a clean macOS has not: @rpath\/libswiftCore\.dylib/);
    refused(at('agent'), /no 64-bit program for macOS|ends too soon/);
    const twice = dist(['--macos', at('arm'), '--macos', at('arm'), '--out', at('refused')]);
    assert.match(twice.text, /for the same processor/);
  });
});
