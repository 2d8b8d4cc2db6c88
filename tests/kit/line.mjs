// A network between an end and the service that can be cut: what is sent then goes nowhere, and nobody is told. Or the
// end is moved elsewhere, and comes from another address from then on.

import dgram from 'node:dgram';
import net from 'node:net';

/** Where the service is reached by a line; its ports are the same. */
const FAR = '127.0.0.2';
/** Where who was moved comes from. */
const ELSEWHERE = '127.0.0.9';

export class Line {
  #cut = false;
  #tcp = new Set();
  #udp = new Map();
  #from = '127.0.0.1';

  static async open(household, service, far = FAR) {
    const line = new Line();
    line.url = `https://${far}:${service.port}`;
    const door = net.createServer((near) => line.#carry(near, service.port));
    await new Promise((resolve, reject) => door.once('error', reject).listen(service.port, far, resolve));
    const hatch = dgram.createSocket('udp4');
    await new Promise((resolve, reject) => hatch.once('error', reject).bind(service.media, far, resolve));
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

  /** The end has another address from now on: what TCP had breaks, and datagrams come from elsewhere. */
  move() {
    this.#from = ELSEWHERE;
    for (const socket of this.#tcp) socket.destroy();
    for (const socket of this.#udp.values()) socket.close();
    this.#udp.clear();
  }

  #carry(near, port) {
    const far = net.connect({ port, host: '127.0.0.1', localAddress: this.#from });
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
      socket.bind(0, this.#from);
      socket.on('error', () => {});
      socket.on('message', (answer) => {
        if (!this.#cut) hatch.send(answer, from.port, from.address);
      });
    }
    socket.send(message, port, '127.0.0.1');
  }
}
