import type { Socket } from "../session/signal";
import { desktop, type SocketEvent } from "./bindings";

/** A session's socket that Rust holds, in the shape of a browser's. */
export class NativeSocket implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  #number: number | null = null;
  #closed = false;

  constructor(session: string) {
    desktop.openSocket({ session }, (event) => this.#heard(event)).then(
      ({ socket }) => {
        this.#number = socket;
        if (this.#closed) this.#end(socket);
      },
      () => this.#heard({ type: "closed", code: 1006 }),
    );
  }

  send(data: Parameters<WebSocket["send"]>[0]): void {
    if (this.#number === null || this.#closed || typeof data !== "string") return;
    // What cannot be sent is answered by a close.
    desktop.say({ socket: this.#number, text: data }).catch(() => this.close());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#number !== null) this.#end(this.#number);
    this.#tellClosed(1000);
  }

  #end(socket: number): void {
    desktop.closeSocket({ socket }).catch(() => undefined);
  }

  #heard(event: SocketEvent): void {
    if (this.#closed) return;
    const self = this as unknown as WebSocket;
    switch (event.type) {
      case "open":
        // The number comes by another way than the news, and may be later.
        if (this.#number === null) setTimeout(() => this.#heard(event));
        else this.onopen?.call(self, new Event("open"));
        return;
      case "text":
        this.onmessage?.call(self, new MessageEvent("message", { data: event.text }));
        return;
      case "closed":
        this.#closed = true;
        this.#tellClosed(event.code);
        return;
    }
  }

  #tellClosed(code: number): void {
    // As a browser does it: never while somebody calls us.
    queueMicrotask(() => this.onclose?.call(this as unknown as WebSocket, new CloseEvent("close", { code })));
  }
}
