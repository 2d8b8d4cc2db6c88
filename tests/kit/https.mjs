// Requests to a service whose certificate is known by its fingerprint.

import { createHash } from 'node:crypto';
import https from 'node:https';

/**
 * `{ status, headers, text, json }`. The certificate must have the SHA-256 `fingerprint` (hex), whoever signed it.
 */
export function request(base, fingerprint, method, route, { headers = {}, body, signal } = {}) {
  const content = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  // Joined by hand: URL would tidy the odd paths that some tests send.
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const sent = https.request(
      {
        hostname,
        port,
        method,
        path: route,
        signal,
        headers: { ...(content === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }), ...headers },
        // Nobody signed it; the fingerprint below is what is trusted.
        rejectUnauthorized: false,
        agent: false,
      },
      (answer) => {
        const parts = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          resolve({
            status: answer.statusCode,
            headers: answer.headers,
            text,
            get json() {
              return JSON.parse(text);
            },
          });
        });
      },
    );
    sent.on('socket', (socket) => {
      socket.once('secureConnect', () => {
        const shown = createHash('sha256').update(socket.getPeerCertificate().raw).digest('hex');
        if (shown !== fingerprint.toLowerCase().replaceAll(':', '')) sent.destroy(new Error(`the certificate is ${shown}, not ${fingerprint}`));
      });
    });
    sent.on('error', reject);
    sent.end(content);
  });
}
