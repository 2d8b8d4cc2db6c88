// The Windows installer in a fresh Wine: it installs, is upgraded with what was set, refuses to go back, and goes.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { program, ROOT } from '../kit/programs.mjs';
import { folder, must, run, shortcut, windowsProgram } from './tools.mjs';

const WINE = '/usr/lib/wine/wine64';
const SERVER = '/usr/lib/wine/wineserver64';
const AGENT = 'HKLM\\Software\\Farhand\\Agent';
const UNINSTALL = 'HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall';
/** How long Wine may take for one thing, in milliseconds. */
const WITHIN = 240_000;

let own;
let env;
const wine = (...args) => run(WINE, args, { env, timeout: WITHIN });
const install = (name, ...words) => wine('msiexec', '/i', own.at(name), '/qn', ...words);
const installed = () => existsSync(own.at('prefix/drive_c/Program Files/Farhand/farhand-agent.exe'));
const value = (key, name) => /REG_SZ\s+(.*?)\r?$/m.exec(wine('reg', 'query', key, ...(name ? ['/v', name] : ['/ve'])).out)?.[1];
/** What stands under the installed programs: the key of each, and its values. */
const programs = () =>
  wine('reg', 'query', UNINSTALL, '/s').out.split(/^HKEY_/m).slice(1).map((text) => {
    const values = [...text.matchAll(/^ {4}(\S+) {4}REG_\w+ {4}(.*?)\r?$/gm)].map(([, name, value]) => [name, value]);
    return { key: text.split(/\r?\n/, 1)[0], ...Object.fromEntries(values) };
  });
/** Where start menus are: everybody's, and the own one of whoever installs. */
const MENUS = ['ProgramData', `users/${userInfo().username}/AppData/Roaming`].map((place) => `prefix/drive_c/${place}/Microsoft/Windows/Start Menu/Programs`);
const inMenu = () =>
  MENUS.filter((menu) => existsSync(own.at(menu))).flatMap((menu) => readdirSync(own.at(menu)).filter((file) => file.endsWith('.lnk')).map((file) => shortcut(readFileSync(own.at(menu, file)))));

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

  it('puts the program into the start menu, for everybody', () => {
    assert.deepEqual(inMenu(), [{ target: 'C:\\Program Files\\Farhand\\farhand-agent.exe', folder: 'C:\\Program Files\\Farhand\\', words: 'start' }]);
    // Windows takes everybody's menu then; Wine knows only the one's who installs.
    assert.match(must('msiinfo', ['export', own.at('0.1.0.msi'), 'Property']), /^ALLUSERS\t1\r?$/m);
  });

  it('is among the installed programs with name, version, publisher and where to get help', () => {
    const [entry, ...others] = programs();
    assert.deepEqual(others, []);
    assert.deepEqual([entry.DisplayName, entry.DisplayVersion, entry.Publisher], ['Farhand', '0.1.0', 'Farhand']);
    const website = /^website = "(.*)"$/m.exec(readFileSync(path.join(ROOT, 'installer/product.toml'), 'utf8'))[1];
    assert.equal(entry.HelpLink, website);
    const code = /\{[0-9A-F-]{36}\}$/.exec(entry.key)[0];
    assert.equal(entry.UninstallString, `MsiExec.exe /X${code}`);
    assert.equal(entry.NoModify, '0x1', 'there is nothing to choose');
  });

  it('takes an older version’s place and keeps what was set', () => {
    for (const version of ['0.2.0', '0.10.0']) {
      assert.ok(install(`${version}.msi`).ok, version);
      assert.ok(installed());
      assert.deepEqual(programs().map((entry) => [entry.DisplayName, entry.DisplayVersion]), [['Farhand', version]]);
      assert.equal(inMenu().length, 1, version);
      assert.equal(value(AGENT, 'Server'), 'https://help.example.org', version);
    }
  });

  it('refuses to go back', () => {
    assert.ok(!install('0.2.0.msi').ok);
    assert.ok(installed());
    assert.equal(value(AGENT, 'Server'), 'https://help.example.org');
    assert.deepEqual(programs().map(({ DisplayVersion }) => DisplayVersion), ['0.10.0']);
  });

  it('leaves nothing behind', () => {
    assert.ok(wine('msiexec', '/x', own.at('0.10.0.msi'), '/qn').ok);
    assert.ok(!existsSync(own.at('prefix/drive_c/Program Files/Farhand')));
    assert.deepEqual([inMenu(), programs()], [[], []]);
    for (const key of [AGENT, 'HKLM\\Software\\Classes\\farhand']) assert.ok(!wine('reg', 'query', key).ok, key);
  });
});
