// The Windows installer in a fresh Wine: it installs, is upgraded with what was set, refuses to go back, and goes.

import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { program } from '../kit/programs.mjs';
import { folder, must, run, windowsProgram } from './tools.mjs';

const WINE = '/usr/lib/wine/wine64';
const SERVER = '/usr/lib/wine/wineserver64';
const AGENT = 'HKLM\\Software\\Farhand\\Agent';
/** How long Wine may take for one thing, in milliseconds. */
const WITHIN = 240_000;

let own;
let env;
const wine = (...args) => run(WINE, args, { env, timeout: WITHIN });
const install = (name, ...words) => wine('msiexec', '/i', own.at(name), '/qn', ...words);
const installed = () => existsSync(own.at('prefix/drive_c/Program Files/Farhand/farhand-agent.exe'));
const value = (key, name) => /REG_SZ\s+(.*?)\r?$/m.exec(wine('reg', 'query', key, ...(name ? ['/v', name] : ['/ve'])).out)?.[1];

before(() => {
  own = folder();
  env = { ...process.env, WINEPREFIX: own.at('prefix'), WINEARCH: 'win64', WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=', DISPLAY: '' };
  writeFileSync(own.at('agent.exe'), windowsProgram());
  for (const version of ['0.1.0', '0.2.0', '0.10.0']) must(program('xtask'), ['dist', 'msi', version, own.at('agent.exe'), own.at(`${version}.msi`)]);
  must(WINE, ['wineboot', '-i'], { env, timeout: WITHIN });
});
after(() => {
  if (env) run(SERVER, ['-k'], { env });
  own?.gone();
});

describe('the installer', () => {
  it('installs program, links and the service that it is told', () => {
    assert.ok(install('0.1.0.msi', 'SERVERURL=https://help.example.org').ok);
    assert.ok(installed());
    assert.equal(value(AGENT, 'Server'), 'https://help.example.org');
    assert.equal(value('HKLM\\Software\\Classes\\farhand\\shell\\open\\command'), '"C:\\Program Files\\Farhand\\farhand-agent.exe" start "%1"');
  });

  it('takes an older version’s place and keeps what was set', () => {
    for (const version of ['0.2.0', '0.10.0']) {
      assert.ok(install(`${version}.msi`).ok, version);
      assert.ok(installed());
      assert.equal(value(AGENT, 'Server'), 'https://help.example.org', version);
    }
  });

  it('refuses to go back', () => {
    assert.ok(!install('0.2.0.msi').ok);
    assert.ok(installed());
    assert.equal(value(AGENT, 'Server'), 'https://help.example.org');
  });

  it('leaves nothing behind', () => {
    assert.ok(wine('msiexec', '/x', own.at('0.10.0.msi'), '/qn').ok);
    assert.ok(!existsSync(own.at('prefix/drive_c/Program Files/Farhand')));
    for (const key of [AGENT, 'HKLM\\Software\\Classes\\farhand']) assert.ok(!wine('reg', 'query', key).ok, key);
  });
});
