// A network between a technician and the service that can be cut: what is sent then goes nowhere, and nobody is told.

import dgram from 'node:dgram';
import net from 'node:net';

/** Where the service is reached by this line; its ports are the same. */
const FAR = '127.0.0.2';

export class Line {
  #cut = false;
  #tcp = new Set();
  #udp = new Map();

  static async open(household, service) {
    const line = new Line();
    line.url = `https://${FAR}:${service.port}`;
    const door = net.createServer((near) => line.#carry(near, service.port));
    await new Promise((resolve, reject) => door.once('error', reject).listen(service.port, FAR, resolve));
    const hatch = dgram.createSocket('udp4');
    await new Promise((resolve, reject) => hatch.once('error', reject).bind(service.media, FAR, resolve));
    hatch.on('message', (message, from) => line.#pass(hatch, message, from, service.media));
    household.later(() => {
      door.close();
      for (const socket of line.#tcp) socket.destroy();
      hatch.close();
      for (const socket of line.#udp.values()) socket.close();
    });
    return line;
  }

  /** From now on nothing passes, either way. */
  cut() {
    this.#cut = true;
    for (const socket of this.#tcp) socket.pause();
  }

  /** It passes again. What TCP would have sent once more arrives late; datagrams are gone. */
  mend() {
    this.#cut = false;
    for (const socket of this.#tcp) socket.resume();
  }

  #carry(near, port) {
    const far = net.connect(port, '127.0.0.1');
    for (const [from, to] of [[near, far], [far, near]]) {
      this.#tcp.add(from);
      from.on('data', (data) => to.write(data));
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#tcp.delete(from);
        to.destroy();
      });
      if (this.#cut) from.pause();
    }
  }

  #pass(hatch, message, from, port) {
    if (this.#cut) return;
    const key = `${from.address}:${from.port}`;
    let socket = this.#udp.get(key);
    if (!socket) {
      socket = dgram.createSocket('udp4');
      this.#udp.set(key, socket);
      socket.on('error', () => {});
      socket.on('message', (answer) => {
        if (!this.#cut) hatch.send(answer, from.port, from.address);
      });
    }
    socket.send(message, port, '127.0.0.1');
  }
}
