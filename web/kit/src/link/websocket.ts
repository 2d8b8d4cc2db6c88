import { CLOSE, Refusal, STREAM, isStream, type Dialled, type Dialler, type Line, type LineSink, type Stream } from "./link";

/** Pointer positions wait for the next one while more than this waits in the socket. */
const POINTER_BACKLOG = 4 * 1024;
const ANSWER_MS = 5_000;

/** Where the pages come from; the media service's WebSocket is on the same port. */
export type Origin = { host: string; hostname: string; secure: boolean };

function codeOf(close: CloseEvent): number | null {
  return close.code >= 4000 && close.code < 5000 ? close.code - 4000 : null;
}

/** One binary message is `stream u8 | message`; ticket and answer come first, on the control stream. */
export function webSocketDialler(origin: Origin): Dialler {
  return (offer, signal) =>
    new Promise<Dialled>((resolve, reject) => {
      const socket = new WebSocket(`${origin.secure ? "wss" : "ws"}://${origin.host}${offer.websocket_path}`);
      socket.binaryType = "arraybuffer";
      const abort = (): void => socket.close();
      signal.addEventListener("abort", abort, { once: true });
      socket.onclose = (close) => {
        const code = codeOf(close);
        reject(code === null ? new Error("the WebSocket could not be opened") : new Refusal(code, close.reason));
      };
      socket.onopen = () => {
        signal.removeEventListener("abort", abort);
        resolve({
          kind: "websocket",
          enter: (ticket, sink) => enter(socket, ticket, sink),
          abandon: () => socket.close(),
        });
      };
    });
}

function enter(socket: WebSocket, ticket: string, sink: LineSink): Promise<Line> {
  return new Promise((resolve, reject) => {
    let inside = false;
    const timer = setTimeout(() => {
      socket.close();
      reject(new Error("the media service did not answer the ticket"));
    }, ANSWER_MS);
    const line: Line = {
      kind: "websocket",
      send: (stream, message) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(prefixed(stream, message));
      },
      readyForPointer: () => socket.bufferedAmount < POINTER_BACKLOG,
      close: () => socket.close(4000 + CLOSE.ended),
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (!(event.data instanceof ArrayBuffer)) return;
      const bytes = new Uint8Array(event.data);
      const stream = bytes[0];
      if (inside) {
        if (isStream(stream)) sink.message(stream, bytes.subarray(1));
        return;
      }
      inside = true;
      clearTimeout(timer);
      resolve(line);
    };
    socket.onclose = (close) => {
      clearTimeout(timer);
      const code = codeOf(close);
      if (inside) sink.closed(code, close.reason || "the WebSocket closed");
      else reject(code === null ? new Error("the WebSocket closed") : new Refusal(code, close.reason));
    };
    socket.send(prefixed(STREAM.control, new TextEncoder().encode(ticket)));
  });
}

function prefixed(stream: Stream, message: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(message.length + 1);
  out[0] = stream;
  out.set(message, 1);
  return out;
}
