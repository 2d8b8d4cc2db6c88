// How an organisation keeps house: name, logo, domain, API keys, alerts, reports, audit log, export and deletion, through the
// pages of the real service, with real neighbours.

import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { Household } from '../kit/household.mjs';
import { program } from '../kit/programs.mjs';
import { run } from '../kit/run.mjs';
import { until } from '../kit/wait.mjs';
import { Office } from './office.mjs';
import { Authority, MailServer, NameServer, WebServer } from './office_neighbours.mjs';
import { ADMINISTRATOR, told, World } from './world.mjs';

const NAME = 'Nordlicht & Söhne';
/** What somebody might call something, to have it read as a page. */
const KEY = 'Dashboard <img src=x onerror=hacked=1>';
/** The address of the domain that is proven by a file: its port is 443, for which a machine may ask for root. */
const FILES_AT = '127.0.0.43';
const may443 = await new Promise((resolve) => {
  const server = net.createServer().once('error', () => resolve(false));
  server.listen(443, FILES_AT, () => server.close(() => resolve(true)));
});

describe('an organisation keeps house', () => {
  let street;
  let names;
  let authority;
  let site;
  let post;
  let world;
  let tess;
  before(async () => {
    street = new Household();
    [names, authority, post] = [await NameServer.open(street), await Authority.open(street), await MailServer.open(street)];
    site = await WebServer.open(street, await authority.certificate('hooks.acme.test'));
    const args = ['--dns', `127.0.0.1:${names.port}`, '--private-webhooks', '--smtp', `smtp://127.0.0.1:${post.port}`, '--mail-from', 'Farhand <farhand@acme.test>'];
    world = await World.open({ service: { args, env: authority.trust } });
    tess = await Office.open(world);
    await tess.signIn();
  });
  after(async () => {
    await world?.close();
    await street?.close();
  });
  /** What must stand in no log. */
  const secrets = [ADMINISTRATOR.password, 'guess number', 'room=ops'];
  const promise = (name, body, options = {}) =>
    test(name, options, told(() => world, async () => {
      await body();
      assert.deepEqual(tess.problems, []);
    }));
  /** What the service answers to whoever is signed in here. */
  const ask = (route, options = {}) =>
    tess.page.evaluate(async ([where, how]) => {
      const answer = await fetch(`/api/v1${where}`, { ...how, headers: how.body ? { 'content-type': 'application/json' } : {} });
      const text = await answer.text();
      return { status: answer.status, type: answer.headers.get('content-type'), sniff: answer.headers.get('x-content-type-options'), text, json: /json/.test(answer.headers.get('content-type') ?? '') ? JSON.parse(text) : null };
    }, [route, options]);

  promise('goes by the name that it gives itself', async () => {
    await tess.go('organisation');
    await tess.by('organisation').locator('[name=organisation]').fill(NAME);
    await tess.page.keyboard.press('Enter');
    await until('the new name', async () => (await ask('/me')).json.organisation === NAME);
    await tess.page.reload();
    await until('the name in the form', async () => (await tess.by('organisation').locator('[name=organisation]').inputValue()) === NAME);
    await tess.page.getByText(NAME, { exact: true }).first().waitFor();
  });

  promise('shows its logo, and takes nothing that could be more than a picture', async () => {
    const script = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="parent.hacked=1"><script>parent.hacked=1</script></svg>');
    const file = tess.by('logo-file');
    const refused = tess.page.getByRole('alert').getByText('must be PNG, JPEG or WebP');
    // As what it is, the page refuses it; as what it is not, the service does.
    await file.setInputFiles({ name: 'logo.svg', mimeType: 'image/svg+xml', buffer: script });
    await refused.waitFor();
    await tess.page.reload();
    await file.setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: script });
    await refused.waitFor();
    assert.equal((await ask('/organisation/logo')).status, 404);
    assert.equal((await ask('/organisation')).json.logo, false);

    // A picture that is a page as well: it is given as the picture that it is, to be taken for nothing else.
    const picture = Buffer.concat([png(3, 2), Buffer.from('<script>parent.hacked=1</script>')]);
    await file.setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: picture });
    await tess.by('logo').waitFor();
    await until('the picture', () => tess.by('logo').evaluate((image) => image.naturalWidth === 3 && image.naturalHeight === 2));
    const { status, type, sniff } = await ask('/organisation/logo');
    assert.deepEqual([status, type, sniff], [200, 'image/png', 'nosniff']);
    const beside = await tess.context.newPage();
    await beside.goto(`${tess.url}/api/v1/organisation/logo`);
    assert.equal(await beside.evaluate(() => [document.contentType, document.scripts.length].join()), 'image/png,0');
    await beside.close();
    assert.equal(await tess.page.evaluate(() => window.hacked), undefined);

    await tess.page.getByRole('button', { name: 'Remove', exact: true }).click();
    await tess.by('logo').waitFor({ state: 'detached' });
    await until('no logo', async () => !(await ask('/organisation')).json.logo);
  });

  /** Names a domain in the page and returns what proves it. */
  const nameDomain = async (name) => {
    await tess.go('organisation/domain');
    await tess.by('domain').locator('[name=domain]').fill(name);
    await tess.page.keyboard.press('Enter');
    await tess.by('check-domain').waitFor();
    return (await ask('/organisation')).json.domain.value;
  };
  const forgetDomain = async () => {
    await tess.page.getByRole('button', { name: 'Remove domain' }).click();
    await tess.by('confirm-act').click();
    await tess.by('domain').waitFor();
  };

  promise('proves its domain by a record, and hears when the record changes', async () => {
    const value = await nameDomain('Acme.Test');
    await tess.page.getByText('_farhand.acme.test', { exact: true }).waitFor();
    await tess.by('check-domain').click();
    await tess.page.getByText('There is no such DNS record yet.').waitFor();
    await names.text('_farhand.acme.test', 'farhand-verification=of-somebody-else');
    await tess.by('check-domain').click();
    await tess.page.getByText('There is a DNS record with another content.').waitFor();
    await names.text('_farhand.acme.test', value);
    await tess.by('check-domain').click();
    await tess.page.getByText(/^Proven on/).waitFor();
    await tess.page.getByText('The proof is looked for each day.').waitFor();

    await names.text('_farhand.acme.test', null);
    await tess.by('check-domain').click();
    await tess.page.getByText('The proof is missing').waitFor();
    await tess.page.getByText('Customers see the domain until').waitFor();
    // What has to be put back is shown with it.
    await tess.page.getByText('_farhand.acme.test', { exact: true }).waitFor();
    await until('the letter', () => post.mails.some((mail) => mail.to.includes(ADMINISTRATOR.email) && mail.subject.includes('The proof for acme.test is missing')));
    await names.text('_farhand.acme.test', value);
    await tess.by('check-domain').click();
    await tess.page.getByText('The proof is missing').waitFor({ state: 'detached' });
    await tess.page.getByText(/^Proven on/).waitFor();
    await forgetDomain();
  });

  promise('proves its domain by a file', async () => {
    await names.set('add-a', { host: 'files.acme.test.', addresses: [FILES_AT] });
    const files = await WebServer.open(street, await authority.certificate('files.acme.test'), { host: FILES_AT, port: 443 });
    const value = await nameDomain('files.acme.test');
    await tess.page.getByText('https://files.acme.test/.well-known/farhand.txt', { exact: true }).waitFor();
    await tess.by('check-domain').click();
    await tess.page.getByText('Neither the DNS record nor the file is there.').waitFor();
    files.pages.set('/.well-known/farhand.txt', 'farhand-verification=of-somebody-else');
    await tess.by('check-domain').click();
    await tess.page.getByText('The file holds something else.').waitFor();
    files.pages.set('/.well-known/farhand.txt', `${value}\n`);
    await tess.by('check-domain').click();
    await tess.page.getByText(/^Proven on/).waitFor();
    await forgetDomain();
  }, { skip: may443 ? false : `TCP 443 of ${FILES_AT} cannot be opened here; the file is tried on another port in service/tests` });

  promise('gives a program a key that is shown once, reads what it may, and ends at once', async () => {
    await tess.go('keys');
    await tess.by('new-key').click();
    const dialog = tess.by('key-dialog');
    await dialog.locator('[name=name]').fill(KEY);
    await dialog.locator('[name=people_read]').check();
    await dialog.locator('[name=days]').selectOption('30');
    await tess.by('make-key').click();
    const secret = await until('the key', async () => /^fhk_[\w-]{43}$/.exec((await tess.by('key-secret').innerText()).trim())?.[0]);
    await tess.page.getByRole('button', { name: 'I have kept it' }).click();
    await tess.by('keys').getByText(KEY).waitFor();
    // Neither the page nor the service shows it again.
    assert.ok(!(await tess.page.content()).includes(secret));
    assert.ok(!(await ask('/api-keys')).text.includes(secret.slice(4)));

    const program_ = (method, route, body) => world.service.ask(method, `/api/v1${route}`, { token: secret, body });
    const people = await program_('GET', '/people');
    assert.equal(people.status, 200);
    assert.ok(people.json.people.some(({ email }) => email === ADMINISTRATOR.email));
    for (const [method, route, body, code] of [
      ['GET', '/history', undefined, 'scope_missing'],
      ['GET', '/organisation', undefined, 'scope_missing'],
      ['POST', '/sessions', {}, 'key_not_allowed'],
      ['POST', '/me/password', {}, 'key_not_allowed'],
      ['POST', '/api-keys', {}, 'key_not_allowed'],
      ['GET', '/outbox', undefined, 'key_not_allowed'],
    ]) {
      const answer = await program_(method, route, body);
      assert.deepEqual([answer.status, answer.json.code], [403, code], `${method} ${route}`);
    }
    await until('the page to say that it was used', async () => {
      await tess.page.reload();
      await tess.by('keys').waitFor();
      return (await tess.by('keys').getByText('Never').count()) === 0;
    });
    await tess.page.getByRole('button', { name: `Revoke the key “${KEY}”` }).click();
    await tess.by('confirm-act').click();
    await tess.page.getByText(`The key “${KEY}” was revoked.`).waitFor();
    assert.equal((await program_('GET', '/people')).status, 401);
    await tess.by('keys').waitFor({ state: 'detached' });
    assert.equal(await tess.page.evaluate(() => window.hacked), undefined);
    secrets.push(secret.slice(4));
  });

  promise('is told of security events by webhook and mail', async () => {
    await tess.go('organisation/alerts');
    const form = tess.by('alerts');
    await form.locator('[name=emails]').fill('security@acme.test\nduty@acme.test');
    await form.locator('[name=webhook]').fill(`https://hooks.acme.test:${site.port}/farhand?room=ops`);
    await form.getByRole('button', { name: 'Save' }).click();
    await tess.page.getByText('Saved.').waitFor();
    const thief = await Office.open(world);
    for (let tries = 0; tries < 5; tries++) {
      await thief.type({ email: ADMINISTRATOR.email, password: `guess number ${tries}` });
      await thief.page.getByRole('alert').getByText('The e-mail address or the password is wrong.').waitFor();
    }
    await thief.context.close();
    const events = await until('the webhook', () => {
      const bodies = site.got.filter(({ path }) => path === '/farhand?room=ops').map(({ text }) => JSON.parse(text));
      const entries = bodies.flatMap(({ event, entries: told_ }) => (event === 'security' ? told_ : []));
      return entries.some(({ action }) => action === 'lock') && entries;
    });
    assert.ok(events.every(({ security }) => security), 'security events only');
    assert.ok(!JSON.stringify(events).includes('guess number'));
    for (const address of ['security@acme.test', 'duty@acme.test']) {
      const mail = await until(`the mail to ${address}`, () => post.mails.find((one) => one.to.includes(address) && one.subject.includes('security events')));
      assert.equal(mail.from, 'farhand@acme.test');
      assert.match(mail.text, /lock {2}/);
    }
    // Whoever it is about is told as well.
    await until('the mail to Tess', () => post.mails.some((one) => one.to.includes(ADMINISTRATOR.email) && one.subject.includes('Sign-in paused')));
    // An address that this machine would have to follow elsewhere, or a wrong one, is refused in words.
    await form.locator('[name=webhook]').fill('https://user:secret@hooks.acme.test/');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByRole('alert').waitFor();
  });

  promise('reports the same in table, chart and CSV', async () => {
    const sessions = [];
    for (let count = 0; count < 3; count++) sessions.push((await ask('/sessions', { method: 'POST', body: '{}' })).json.session.id);
    for (const id of sessions.slice(0, 2)) assert.equal((await ask(`/sessions/${id}`, { method: 'DELETE' })).status, 204);
    await tess.go('reports');
    const row = tess.by('by-technician').getByRole('row').filter({ hasText: ADMINISTRATOR.name });
    await row.getByRole('cell', { name: '3', exact: true }).waitFor();
    await until('the sum', async () => /Sessions\s+3/.test(await tess.by('figures').innerText()));
    // The chart's numbers stand in a table of their own, and one bar is as high as there is something to show.
    const chart = tess.page.locator('figure').filter({ hasText: 'Sessions by day' });
    await chart.locator('summary').click();
    await chart.getByRole('row').filter({ hasText: '3 sessions' }).waitFor();
    await until('one bar', async () => {
      const heights = await chart.locator('rect.bar').evaluateAll((bars) => bars.map((bar) => bar.height.baseVal.value));
      return heights.filter((height) => height > 0).length === 1;
    });
    await until('two of three', async () => /2 \(67/.test(await tess.by('by-outcome').innerText()));
    const coming = tess.page.waitForEvent('download');
    await tess.by('report-csv').click();
    const [head, ...lines] = (await readFile(await (await coming).path(), 'utf8')).trim().split('\r\n');
    assert.equal(head, 'day,technician,outcome,sessions,joined,seconds,solved,not_solved,follow_up,passed_on');
    const rows = lines.map((line) => line.split(','));
    // Nobody joined, and nobody wrote down a result.
    const none = Array.from({ length: 6 }, () => '0');
    assert.deepEqual(rows.map((cells) => cells.slice(1)).sort(), [[`"${ADMINISTRATOR.name}"`, 'open', '1', ...none], [`"${ADMINISTRATOR.name}"`, 'technician', '2', ...none]]);
    const today = new Date().toISOString().slice(0, 10);
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    assert.ok(rows.every(([day]) => day === today || day === yesterday));
    assert.equal((await ask(`/sessions/${sessions[2]}`, { method: 'DELETE' })).status, 204);
  });

  promise('finds in its audit log what it looks for', async () => {
    const rows = tess.by('audit').locator('tbody tr');
    /** Waits until the log shows these rows only, and some. */
    const shows = (what, fits) =>
      until(what, async () => {
        const texts = await rows.allInnerTexts();
        return texts.length > 0 && texts.every(fits) && texts;
      });
    await tess.go('audit');
    await shows('everything', () => true);
    const filters = tess.page.getByRole('search', { name: 'Filter the audit log' });
    await filters.getByLabel('What', { exact: true }).selectOption('api_key_revoke');
    assert.equal((await shows('the revoked key', (text) => text.includes('API key revoked'))).length, 1);
    await filters.getByLabel('What', { exact: true }).selectOption('session_create');
    assert.equal((await shows('sessions', (text) => text.includes('Session started'))).length, 3);
    // One session, from its entry: what happened to it, and nothing else.
    await rows.first().getByRole('button').click();
    const link = tess.by('audit-entry').getByRole('link');
    const session = await link.innerText();
    await link.click();
    await filters.getByLabel('What', { exact: true }).selectOption('');
    const steps = await shows('one session', (text) => /Session (started|ended)/.test(text));
    assert.equal(steps.length, 2);
    assert.match(tess.page.url(), new RegExp(`session=${session}`));
    await tess.go('audit?security=true');
    await shows('security events', (text) => text.includes('Security'));
    // Nothing on a day on which nothing was.
    await tess.go('audit?from=2020-01-01&to=2020-01-02');
    await tess.by('audit').waitFor({ state: 'detached' });
    await tess.go('audit');
    await tess.by('verify').click();
    await tess.page.getByText('The chain is whole').waitFor();
  });

  promise('takes all its data along, readable without this service and without secrets', async () => {
    await tess.go('data');
    const coming = tess.page.waitForEvent('download');
    await tess.by('export-data').click();
    const bytes = await readFile(await (await coming).path());
    const files = untar(bytes);
    const contents = JSON.parse(files.get('contents.json'));
    assert.deepEqual([...files.keys()].sort(), [...contents.files.map(({ name }) => name), 'contents.json'].sort());
    const tables = {};
    for (const { name, rows, sha256 } of contents.files) {
      assert.equal(createHash('sha256').update(files.get(name)).digest('hex'), sha256, name);
      const lines = files.get(name).toString().split('\n').filter(Boolean).map((line) => JSON.parse(line));
      assert.equal(lines.length, rows, name);
      const table = name.replace(/[-.0-9]*\.jsonl$/, '').replace(/^.*\//, '');
      tables[table] = [...(tables[table] ?? []), ...lines];
    }
    assert.equal(tables.tenants[0].name, NAME);
    assert.ok(tables.users.some(({ email, name }) => email === ADMINISTRATOR.email && name === ADMINISTRATOR.name), 'names are open in it');
    assert.equal(tables.sessions.length, 3);
    assert.ok(tables.audit_entries.some(({ action }) => action === 'api_key_revoke'));
    const text = bytes.toString('latin1');
    for (const secret of ['password_hash', 'token_hash', 'totp_secret', '$argon2']) assert.ok(!text.includes(secret), secret);
  });

  promise('has everything deleted, with a confirmation that stands on its own', async () => {
    await tess.go('data');
    await tess.by('delete-data').click();
    const typed = tess.page.locator('dialog[open] [name=confirm]');
    await typed.fill('Nordlicht');
    await until('that part of the name is not enough', () => tess.by('confirm-act').isDisabled());
    await typed.fill(NAME);
    await tess.by('confirm-act').click();
    await tess.page.getByText('The signed confirmation is in the list.').waitFor();
    assert.deepEqual((await ask('/history')).json.sessions, []);
    const coming = tess.page.waitForEvent('download');
    await tess.by('deletions').getByRole('button', { name: /^Confirmation of/ }).click();
    const [statement, signature] = (await readFile(await (await coming).path(), 'utf8')).split('\n');
    const key = (await run(program('farhand'), ['keys', 'public', '--data', world.service.data])).trim();
    const raw = Buffer.from(key, 'base64');
    assert.equal(raw.length, 32);
    const ed25519 = createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]), format: 'der', type: 'spki' });
    const signed = (text) => verify(null, Buffer.from(text), ed25519, Buffer.from(signature, 'base64'));
    assert.ok(signed(statement), 'anybody can check it');
    assert.ok(!signed(statement.replace('"sessions",3', '"sessions",2')) && !signed(`${statement} `));
    const said = JSON.parse(statement);
    const organisation = (await ask('/organisation')).json.id;
    assert.deepEqual([said.confirms, said.what, said.organisation, said.signed_by, said.key_destroyed], ['deletion', 'all_sessions', organisation, key, false]);
    assert.deepEqual(said.rows.find(([table]) => table === 'sessions'), ['sessions', 3]);
    assert.ok(Math.abs(said.done_at - Date.now()) < 600_000);
  });

  promise('leaves no secret in the log of the service', async () => {
    const cookies = await tess.context.cookies(tess.url);
    secrets.push(...cookies.filter(({ httpOnly }) => httpOnly).map(({ value }) => value));
    assert.ok(secrets.length > 4, 'the key and the sign-in are among them');
    const log = await readFile(path.join(world.household.folder, 'service.log'), 'utf8');
    assert.match(log, /"event":"ready"/);
    for (const secret of secrets) assert.ok(!log.includes(secret), 'a secret stands in the log');
  });
});

/** A picture of one colour. */
function png(width, height) {
  const chunk = (kind, body) => {
    const content = Buffer.concat([Buffer.from(kind, 'latin1'), body]);
    const frame = Buffer.alloc(8 + content.length);
    frame.writeUInt32BE(body.length, 0);
    content.copy(frame, 4);
    frame.writeUInt32BE(crc32(content), 4 + content.length);
    return frame;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const lines = Buffer.alloc(height * (1 + width * 3), 0x80);
  for (let y = 0; y < height; y++) lines[y * (1 + width * 3)] = 0;
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', head), chunk('IDAT', deflateSync(lines)), chunk('IEND', Buffer.alloc(0))]);
}

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** The files of a tar archive (POSIX ustar), whose sums are right. */
function untar(bytes) {
  const files = new Map();
  let at = 0;
  for (; bytes[at] !== 0; ) {
    const head = bytes.subarray(at, at + 512);
    const text = (from, to) => head.toString('latin1', from, to).replace(/\0.*$/s, '');
    assert.equal(text(257, 262), 'ustar');
    const sum = head.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
    assert.equal(Number.parseInt(text(148, 156), 8), sum);
    const size = Number.parseInt(text(124, 136), 8);
    files.set(text(0, 100), bytes.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  assert.ok(bytes.subarray(at).length >= 1024 && bytes.subarray(at).every((byte) => byte === 0), 'it has its end');
  return files;
}
