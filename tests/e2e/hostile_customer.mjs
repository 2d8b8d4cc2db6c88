// A service whose customer's agent says whatever the test wants: the pages' own stand-in for the service, behind TLS and
// with a sign-in as programs get it.

import http from 'node:http';
import https from 'node:https';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Mock } from '../../web/tests/mock.mjs';
import { ROOT } from '../kit/programs.mjs';

export class HostileService {
  /** `certified` is a service of the world whose certificate is borrowed. */
  static async open(household, certified) {
    const service = new HostileService();
    service.mock = new Mock();
    service.mock.office.signedIn = null;
    await service.mock.start(path.join(ROOT, 'web/dist'));
    household.later(() => service.mock.stop());
    const [cert, key] = ['https-certificate.pem', 'https-key.pem'].map((name) => readFileSync(path.join(certified.data, name)));
    service.fingerprint = new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase();
    const { port } = new URL(service.mock.url);
    const server = https.createServer({ cert, key }, (request, response) => service.#pass(port, request, response));
    server.on('upgrade', (request, socket, head) => {
      const far = net.connect(port, '127.0.0.1', () => {
        const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
        far.write([`${request.method} ${request.url} HTTP/1.1`, ...headers, '', ''].join('\r\n'));
        far.write(head);
        socket.on('error', () => far.destroy()).pipe(far);
        far.on('error', () => socket.destroy()).pipe(socket);
      });
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    household.later(() => server.close());
    service.url = `https://127.0.0.1:${server.address().port}`;
    return service;
  }

  #pass(port, request, response) {
    const far = http.request({ port, host: '127.0.0.1', method: request.method, path: request.url, headers: request.headers }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        let body = Buffer.concat(parts);
        // A program that asks for its token gets one.
        if (request.url === '/api/v1/sign-in' && answer.statusCode === 200) body = Buffer.from(JSON.stringify({ ...JSON.parse(body), token: 'a-token' }));
        const { 'content-length': _, 'transfer-encoding': __, ...headers } = answer.headers;
        response.writeHead(answer.statusCode, headers);
        response.end(body);
      });
    });
    far.on('error', () => response.destroy());
    request.pipe(far);
  }
}
