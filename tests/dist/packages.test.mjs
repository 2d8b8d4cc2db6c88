// What is handed out: made by `cargo xtask dist` with throwaway keys, and held against the tools of each system.
// A stand-in is packed, not the product's programs: what is tested is how they are packed, signed and refused.

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { program } from '../kit/programs.mjs';
import { Authority, beside, changed, flip, folder, must, run, timeStamps, windowsProgram } from './tools.mjs';

const YEARS_LATER = '+10 years';
let own;
let authority;
let stranger;
let signer;
let stamps;
let environment;
let said;
let releaseKey;
let version;

const at = (...names) => own.at(...names);
const made = (name) => at('out', name);

before(async () => {
  own = folder();
  authority = new Authority(own.place, 'Throwaway Authority');
  stranger = new Authority(own.place, 'Another Authority');
  signer = authority.issue('publisher', 'codeSigning', 365);
  mkdirSync(at('stamps'));
  stamps = await timeStamps(authority, at('stamps'));
  writeFileSync(at('agent'), Buffer.alloc(200_000, 'a stand-in '));
  writeFileSync(at('agent.exe'), windowsProgram());
  releaseKey = must(program('xtask'), ['dist', 'key', at('release.key')]).trim();
  mkdirSync(at('gnupg'), { mode: 0o700 });
  environment = {
    ...process.env,
    GNUPGHOME: at('gnupg'),
    SOURCE_DATE_EPOCH: '1700000000',
    FARHAND_RELEASE_KEY_FILE: at('release.key'),
    FARHAND_AUTHENTICODE_CERT: signer.certificate,
    FARHAND_AUTHENTICODE_KEY: signer.key,
    FARHAND_TIMESTAMP_URL: stamps.url,
    FARHAND_DEB_KEY: 'throwaway@farhand.example',
  };
  must('gpg', ['--batch', '--quiet', '--passphrase', '', '--quick-generate-key', 'throwaway@farhand.example', 'ed25519', 'sign', '1y'], { env: environment });
  const answer = await beside(program('xtask'), ['dist', '--agent', at('agent'), '--windows', at('agent.exe'), '--out', at('out'), '--twice'], { env: environment });
  assert.ok(answer.ok, answer.text);
  said = answer.text;
  ({ version } = JSON.parse(readFileSync(made('provenance.json'))));
});
after(() => {
  stamps?.close();
  if (own) run('gpgconf', ['--homedir', at('gnupg'), '--kill', 'all']);
  own?.gone();
});

const packages = () => [`farhand-agent_${version}_linux-x86_64`, `farhand-agent_${version}_amd64.deb`, `farhand-agent-${version}.exe`, `farhand-agent-${version}.msi`];

describe('the packages', () => {
  it('are the same to the bit when they are made twice', () => {
    assert.match(said, /made twice: every package is the same to the bit/);
  });

  it('say what is left out, and make nothing up for it', () => {
    assert.match(said, /left out: the macOS program and its \.pkg/);
    assert.ok(!existsSync(made(`farhand-agent-${version}.pkg`)));
  });

  it('come with their sums, what they were made of, and every part that is in them', () => {
    must('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: at('out') });
    const provenance = JSON.parse(readFileSync(made('provenance.json')));
    assert.match(provenance.commit, /^[0-9a-f]{40}$/);
    assert.match(provenance.cargo_lock_sha256, /^[0-9a-f]{64}$/);
    assert.equal(provenance.time, '2023-11-14T22:13:20Z');
    assert.deepEqual(provenance.made.map(({ file }) => file), packages());
    const [linux, windows] = ['linux-x86_64', 'windows-x86_64'].map((system) => {
      const sbom = JSON.parse(readFileSync(made(`sbom-${system}.cdx.json`)));
      assert.deepEqual([sbom.bomFormat, sbom.specVersion], ['CycloneDX', '1.5']);
      const names = new Set(sbom.components.map(({ name }) => name));
      for (const part of ['ring', 'rustls', 'slint', 'farhand-protocol']) assert.ok(names.has(part), part);
      for (const other of ['sqlx', 'tauri', 'rcgen', 'farhand-service', 'objc2']) assert.ok(!names.has(other), other);
      assert.ok(sbom.components.every(({ licenses: [{ expression }] }) => expression.length > 2));
      return names;
    });
    // Each with what is in it: nobody looks for a flaw in what is not there.
    assert.ok(linux.has('x11rb') && !windows.has('x11rb'));
    assert.ok(windows.has('windows-sys') && !linux.has('windows-sys'));
  });

  it('claim nothing of a program that was handed in', () => {
    const { made: entries } = JSON.parse(readFileSync(made('provenance.json')));
    for (const { target, program: origin, sbom } of entries) {
      const windows = target.startsWith('windows');
      assert.deepEqual([origin.built_here, origin.commit, origin.toolchain], [false, 'unknown', 'unknown'], target);
      assert.deepEqual(origin.sha256, [must('sha256sum', [at(windows ? 'agent.exe' : 'agent')]).split(' ')[0]], target);
      assert.deepEqual(origin.built_for, [windows ? 'x86_64-pc-windows-gnu' : 'x86_64-unknown-linux-gnu'], target);
      const properties = JSON.parse(readFileSync(made(sbom))).metadata.properties;
      assert.ok(properties.some(({ name, value }) => name === 'farhand:built_here' && value === 'false'), sbom);
    }
  });

  it('for Debian install one program, its menu entry and its links, as root’s', () => {
    const deb = made(`farhand-agent_${version}_amd64.deb`);
    const fields = must('dpkg-deb', ['--field', deb]);
    for (const field of ['Package: farhand-agent', `Version: ${version}`, 'Architecture: amd64', 'libxcb1']) assert.ok(fields.includes(field), field);
    const listed = must('dpkg-deb', ['--contents', deb]);
    assert.match(listed, /^-rwxr-xr-x root\/root +200000 .* \.\/usr\/bin\/farhand-agent$/m);
    must('dpkg-deb', ['--extract', deb, at('unpacked')]);
    const entry = readFileSync(at('unpacked/usr/share/applications/org.farhand.agent.desktop'), 'utf8');
    assert.match(entry, /^Exec=farhand-agent start %u$/m);
    assert.match(entry, /^MimeType=x-scheme-handler\/farhand;$/m);
    assert.ok(!entry.includes('@'), 'every place is filled');
    assert.deepEqual(readFileSync(at('unpacked/usr/bin/farhand-agent')), readFileSync(at('agent')));
  });

  it('for Windows replace older ones, keep what was set, and open links', () => {
    const msi = made(`farhand-agent-${version}.msi`);
    const table = (name) => must('msiinfo', ['export', msi, name]);
    must('msiextract', ['--directory', at('from-msi'), msi]);
    const inside = must('find', [at('from-msi'), '-name', 'farhand-agent.exe']).trim();
    // The very file that is offered by itself, signature and all.
    assert.deepEqual(readFileSync(inside), readFileSync(made(`farhand-agent-${version}.exe`)));
    assert.match(table('Property'), /^SecureCustomProperties\t.*SERVERURL/m);
    assert.match(table('InstallExecuteSequence'), /^KeepServer\tKEPTSERVERURL AND NOT SERVERURL\t51/m);
    assert.match(table('LaunchCondition'), /NOT WIX_DOWNGRADE_DETECTED/);
    assert.match(table('Registry'), /"\[INSTALLDIR\]farhand-agent\.exe" start "%1"/);
    assert.match(must('msiinfo', ['suminfo', msi]), /Created: Tue Nov 14 22:13:20 2023/);
  });
});

describe('a Farhand signature', () => {
  const check = (file, key = releaseKey) => run('minisign', ['-V', '-q', '-m', file, '-P', key]);

  it('is on each package, and the tool minisign says so', () => {
    for (const name of packages()) assert.ok(check(made(name)).ok, name);
    assert.match(readFileSync(made(`${packages()[1]}.minisig`), 'utf8'), new RegExp(`^trusted comment: farhand-release-1 program=farhand-agent version=${version} target=linux-x86_64-deb `, 'm'));
  });

  it('is on what is said about them: sums, provenance and lists of parts', () => {
    for (const name of ['SHA256SUMS', 'provenance.json', 'sbom-linux-x86_64.cdx.json', 'sbom-windows-x86_64.cdx.json']) {
      assert.ok(check(made(name)).ok, name);
      // None of it is a program to be offered.
      assert.match(readFileSync(made(`${name}.minisig`), 'utf8'), /^trusted comment: farhand-release-1 program=farhand-agent-facts /m);
      changed(made(name), at(name), (bytes) => Buffer.concat([bytes, Buffer.from('\n')]));
      writeFileSync(at(`${name}.minisig`), readFileSync(made(`${name}.minisig`)));
      assert.ok(!check(at(name)).ok, `${name}, changed`);
    }
  });

  it('is refused over a flipped byte, more bytes, another package, and by another key', () => {
    const other = must(program('xtask'), ['dist', 'key', at('other.key')]).trim();
    // Also where the system's own signature lets bytes be added behind what it covers, as in an installer for Windows.
    for (const [nth, name] of packages().entries()) {
      const swapped = packages()[(nth + 1) % packages().length];
      const taken = (how, change) => {
        changed(made(name), at(how), change);
        writeFileSync(at(`${how}.minisig`), readFileSync(made(`${name}.minisig`)));
        return check(at(how)).ok;
      };
      assert.ok(taken('as-it-is', (bytes) => bytes), name);
      assert.ok(!taken('flipped', flip(-64)), name);
      assert.ok(!taken('appended', (bytes) => Buffer.concat([bytes, Buffer.from('x')])), name);
      assert.ok(!taken('swapped', () => readFileSync(made(swapped))), name);
      assert.ok(!check(made(name), other).ok, name);
    }
  });

  it('needs a key that is there once, and is nobody else’s', () => {
    assert.ok(!run(program('xtask'), ['dist', 'key', at('release.key')]).ok, 'a key is never written over');
    assert.equal(must('stat', ['-c', '%a', at('release.key')]).trim(), '600');
  });
});

describe('an Authenticode signature', () => {
  const verify = (file, { ca = authority.certificate, later = false } = {}) => {
    const words = ['verify', '-CAfile', ca, '-TSA-CAfile', ca, '-in', file];
    return later ? run('faketime', [YEARS_LATER, 'osslsigncode', ...words]) : run('osslsigncode', words);
  };
  const both = () => [`farhand-agent-${version}.exe`, `farhand-agent-${version}.msi`];

  it('is on program and installer, and outlives its certificate by its time stamp', () => {
    for (const name of both()) {
      const now = verify(made(name));
      assert.ok(now.ok, `${name}: ${now.text}`);
      const later = verify(made(name), { later: true });
      assert.ok(later.ok, `${name}, later: ${later.text}`);
    }
  });

  it('is refused over a flipped byte, and where another authority is trusted', () => {
    for (const name of both()) {
      // In what is signed: the program's code, the installer's tables and cabinet.
      const place = name.endsWith('.exe') ? 513 : 5_000;
      assert.ok(!verify(changed(made(name), at(`flipped-${name}`), flip(place))).ok, name);
      assert.ok(!verify(made(name), { ca: stranger.certificate }).ok, name);
    }
  });

  it('is refused where bytes were added behind the program', () => {
    const name = both()[0];
    assert.ok(!verify(changed(made(name), at(`longer-${name}`), (bytes) => Buffer.concat([bytes, Buffer.alloc(8, 'x')]))).ok);
  });

  /** Program and installer as they are before they are signed, signed by this certificate without a time stamp. */
  function unstamped(name, { certificate, key }) {
    must(program('xtask'), ['dist', 'msi', version, at('agent.exe'), at('agent.msi')]);
    return ['agent.exe', 'agent.msi'].map((file) => {
      const signed = at(`${name}-${file}`);
      must('osslsigncode', ['sign', '-certs', certificate, '-key', key, '-h', 'sha256', '-in', at(file), '-out', signed]);
      return signed;
    });
  }

  it('without a time stamp ends with its certificate, on program and installer', () => {
    for (const file of unstamped('unstamped', signer)) {
      const now = verify(file);
      assert.ok(now.ok, `${file}: ${now.text}`);
      const later = verify(file, { later: true });
      assert.ok(!later.ok, file);
      assert.match(later.text, /certificate has expired/, file);
    }
  });

  it('of somebody else’s certificate is refused, on program and installer', () => {
    for (const file of unstamped('pretended', stranger.issue('pretender', 'codeSigning', 365))) assert.ok(!verify(file).ok, file);
  });
});

describe('the list that apt installs from', () => {
  const verify = (file) => run('gpg', ['--batch', '--verify', file, made('Release')], { env: environment });

  it('is signed, names each package by its sum, and a changed one is refused', () => {
    assert.ok(run('gpg', ['--batch', '--verify', made('InRelease')], { env: environment }).ok);
    assert.ok(verify(made('Release.gpg')).ok);
    const list = readFileSync(made('Packages'), 'utf8');
    const sum = must('sha256sum', [made(packages()[1])]).split(' ')[0];
    assert.ok(list.includes(`SHA256: ${sum}`));
    assert.ok(readFileSync(made('Release'), 'utf8').includes(must('sha256sum', [made('Packages')]).split(' ')[0]));
    changed(made('InRelease'), at('InRelease'), (bytes) => Buffer.from(String(bytes).replace('Label: Farhand', 'Label: Farhanc')));
    assert.ok(!run('gpg', ['--batch', '--verify', at('InRelease')], { env: environment }).ok);
  });

  /** apt itself, with nothing of this machine's: what it would install from `folder`, trusting one key. */
  function apt(name, folder, key) {
    const place = (...names) => at(`apt-${name}`, ...names);
    for (const sub of ['etc/parts', 'lists/partial', 'cache/archives/partial', 'got']) mkdirSync(place(sub), { recursive: true });
    writeFileSync(place('status'), '');
    writeFileSync(place('key.asc'), key);
    writeFileSync(place('sources.list'), `deb [signed-by=${place('key.asc')}] file:${folder} ./\n`);
    const settings = {
      'Dir::Etc': place('etc'), 'Dir::Etc::sourcelist': place('sources.list'), 'Dir::Etc::sourceparts': place('etc/parts'), 'Dir::Etc::parts': place('etc/parts'),
      'Dir::State::status': place('status'), 'Dir::State::lists': place('lists'), 'Dir::Cache': place('cache'),
      'APT::Sandbox::User': '', 'Acquire::Languages': 'none', 'APT::Architecture': 'amd64',
    };
    writeFileSync(place('apt.conf'), Object.entries(settings).map(([setting, value]) => `${setting} "${value}";\n`).join(''));
    const env = { ...process.env, APT_CONFIG: place('apt.conf'), LC_ALL: 'C' };
    const does = (...words) => run('apt-get', words, { env, cwd: place('got') });
    return { update: () => does('update'), download: () => does('download', 'farhand-agent'), got: (file) => place('got', file) };
  }
  const exported = (name) => must('gpg', ['--batch', '--armor', '--export', name], { env: environment });

  it('is taken by apt from whom it trusts, down to the package', () => {
    const good = apt('good', at('out'), exported('throwaway@farhand.example'));
    const updated = good.update();
    assert.ok(updated.ok && !/^[WE]:/m.test(updated.text), updated.text);
    const loaded = good.download();
    assert.ok(loaded.ok, loaded.text);
    const [file] = must('ls', [good.got('')]).trim().split('\n');
    assert.deepEqual(readFileSync(good.got(file)), readFileSync(made(packages()[1])));
  });

  it('is refused by apt where it was changed, and where its key is another', () => {
    must('gpg', ['--batch', '--quiet', '--passphrase', '', '--quick-generate-key', 'foreign@farhand.example', 'ed25519', 'sign', '1y'], { env: environment });
    const foreign = apt('foreign', at('out'), exported('foreign@farhand.example')).update();
    assert.ok(!foreign.ok, foreign.text);
    assert.match(foreign.text, /NO_PUBKEY|not signed/);
    const copy = (name) => {
      mkdirSync(at(name));
      for (const file of ['InRelease', 'Release', 'Release.gpg', 'Packages', packages()[1]]) copyFileSync(made(file), at(name, file));
      return at(name);
    };
    const trusted = exported('throwaway@farhand.example');
    const list = copy('changed-list');
    changed(made('Packages'), at('changed-list', 'Packages'), (bytes) => Buffer.from(String(bytes).replace('libxcb1', 'libxcb2')));
    const wrong = apt('list', list, trusted).update();
    assert.ok(!wrong.ok, wrong.text);
    const other = apt('package', copy('changed-package'), trusted);
    changed(made(packages()[1]), at('changed-package', packages()[1]), flip(-64));
    assert.ok(other.update().ok);
    assert.ok(!other.download().ok);
  });
});

describe('without keys', () => {
  it('nothing is signed, and that is said', async () => {
    const bare = { ...process.env, SOURCE_DATE_EPOCH: '1700000000' };
    const answer = await beside(program('xtask'), ['dist', '--agent', at('agent'), '--out', at('bare')], { env: bare });
    assert.ok(answer.ok, answer.text);
    assert.match(answer.text, /NOT signed as a release/);
    assert.match(answer.text, /NOT signed for apt/);
    assert.match(answer.text, /left out: the \.exe and the MSI/);
    assert.ok(!existsSync(at('bare', `${packages()[1]}.minisig`)));
    // The same bytes, whoever makes them and wherever.
    assert.deepEqual(readFileSync(at('bare', packages()[1])), readFileSync(made(packages()[1])));
  });
});

