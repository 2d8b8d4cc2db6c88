// Whom a service asks and tells: a name server, a web server that one authority vouches for, a mail server. Real ones, on
// this machine, on ports that nobody needs to be root for.

import { existsSync, readFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { run } from '../kit/run.mjs';
import { freePort } from '../kit/service.mjs';
import { until } from '../kit/wait.mjs';

// Comes with pebble, which `cargo xtask test set-up` installs.
const NAMES = '/usr/bin/pebble-challtestsrv';

/** Says that every name is this machine, and what the test writes into it. */
export class NameServer {
  static async open(household) {
    if (!existsSync(NAMES)) throw new Error(`${NAMES} is not there; \`cargo xtask test set-up\` installs it`);
    const server = new NameServer();
    [server.port, server.control] = [await freePort(), await freePort()];
    const none = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv6', ''];
    household.start('names', NAMES, [...none, '-dns01', `127.0.0.1:${server.port}`, '-management', `127.0.0.1:${server.control}`]);
    await until('the name server to answer', () => server.set('clear-txt', { host: 'nothing.test.' }));
    return server;
  }

  async set(what, body) {
    const answer = await fetch(`http://127.0.0.1:${this.control}/${what}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${what}: ${answer.status} ${await answer.text()}`);
    return true;
  }

  /** The one TXT record of a name, or none. */
  async text(name, value) {
    await this.set('clear-txt', { host: `${name}.` });
    if (value !== null) await this.set('set-txt', { host: `${name}.`, value });
  }
}

/** An authority, and what it vouches for. Programs trust it that run with `trust`. */
export class Authority {
  static async open(household) {
    const authority = new Authority();
    authority.folder = household.folder;
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    await run('openssl', ['req', '-x509', ...curve, '-days', '30', '-subj', '/CN=Test Authority', '-keyout', authority.file('ca-key'), '-out', authority.file('ca')]);
    authority.curve = curve;
    authority.trust = { SSL_CERT_FILE: authority.file('ca') };
    return authority;
  }

  file(name) {
    return path.join(this.folder, `${name}.pem`);
  }

  async certificate(...names) {
    const [of, key, wanted, signed] = [names[0], ...['key', 'wanted', 'signed'].map((kind) => this.file(`${names[0]}-${kind}`))];
    const alternatives = `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`;
    await run('openssl', ['req', ...this.curve, '-subj', `/CN=${of}`, '-addext', alternatives, '-keyout', key, '-out', wanted]);
    await run('openssl', ['x509', '-req', '-in', wanted, '-CA', this.file('ca'), '-CAkey', this.file('ca-key'), '-CAcreateserial', '-copy_extensions', 'copyall', '-days', '30', '-out', signed]);
    return { key: readFileSync(key), cert: readFileSync(signed) };
  }
}

/** A web server over TLS. `got` is what was posted to it; `pages` is what it gives. */
export class WebServer {
  static async open(household, identity, { host = '127.0.0.1', port = 0 } = {}) {
    const site = new WebServer();
    Object.assign(site, { got: [], pages: new Map(), status: 204 });
    const server = https.createServer(identity, (asked, answer) => {
      const parts = [];
      asked.on('data', (part) => parts.push(part));
      asked.on('end', () => {
        if (asked.method === 'POST') {
          site.got.push({ path: asked.url, headers: asked.headers, text: Buffer.concat(parts).toString() });
          answer.writeHead(site.status).end();
        } else {
          const page = site.pages.get(asked.url);
          answer.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(page ?? '');
        }
      });
    });
    await new Promise((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
    household.later(() => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }));
    site.port = server.address().port;
    return site;
  }
}

/** A mail server that takes everything. `mails` is what came: `{ from, to, subject, text }`. */
export class MailServer {
  static async open(household) {
    const server = new MailServer();
    server.mails = [];
    const listener = net.createServer((socket) => server.#talk(socket));
    await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
    household.later(() => new Promise((resolve) => listener.close(resolve)));
    server.port = listener.address().port;
    return server;
  }

  #talk(socket) {
    let waiting = '';
    let mail = { to: [] };
    let content = null;
    const say = (text) => socket.write(`${text}\r\n`);
    socket.on('error', () => {});
    socket.unref();
    socket.on('data', (data) => {
      waiting += data.toString('latin1');
      for (let end = waiting.indexOf('\r\n'); end >= 0; end = waiting.indexOf('\r\n')) {
        const line = waiting.slice(0, end);
        waiting = waiting.slice(end + 2);
        if (content !== null) {
          if (line === '.') {
            this.mails.push({ ...mail, ...readMail(content.join('\r\n')) });
            [mail, content] = [{ to: [] }, null];
            say('250 taken');
          } else content.push(line.startsWith('.') ? line.slice(1) : line);
          continue;
        }
        const [, from] = /^MAIL FROM:<([^>]*)>/i.exec(line) ?? [];
        const [, to] = /^RCPT TO:<([^>]*)>/i.exec(line) ?? [];
        if (from !== undefined) mail.from = from;
        if (to !== undefined) mail.to.push(to);
        if (/^DATA$/i.test(line)) {
          content = [];
          say('354 go on');
        } else if (/^QUIT/i.test(line)) {
          say('221 bye');
          socket.end();
        } else say('250 well');
      }
    });
    say('220 test');
  }
}

/** Subject and text of a plain mail (RFC 2045, 2047), as far as this product writes them. */
function readMail(content) {
  const cut = content.indexOf('\r\n\r\n');
  const head = content.slice(0, cut).replaceAll(/\r\n[ \t]+/g, ' ');
  const header = (name) => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1] ?? '';
  const bytes = (text, way) => {
    if (way === 'base64') return Buffer.from(text, 'base64');
    if (way !== 'quoted-printable') return Buffer.from(text, 'latin1');
    const plain = text.replaceAll(/=\r\n/g, '').replaceAll(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Buffer.from(plain, 'latin1');
  };
  const subject = header('Subject')
    .replaceAll(/\?= =\?/g, '?==?')
    .replaceAll(/=\?utf-8\?(b|q)\?(.*?)\?=/gi, (_, way, text) => (way.toLowerCase() === 'b' ? bytes(text, 'base64') : bytes(text.replaceAll('_', ' '), 'quoted-printable')).toString());
  return { subject, text: bytes(content.slice(cut + 4), header('Content-Transfer-Encoding').toLowerCase()).toString() };
}
