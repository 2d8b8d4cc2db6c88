import type { DoorWanted, FromWorker, ToWorker } from "../screen/messages";
import { startRenderer } from "../screen/port";
import type { RendererPort } from "../session/session.svelte";
import { desktop } from "./bindings";

/** The renderer of the desktop console: the same worker, with a way into the link that runs in Rust. */
export function startNativeRenderer(): RendererPort {
  const inner = startRenderer();
  let tell: (message: FromWorker) => void = () => {};
  /** What follows waits until the way is there. */
  let coming: Promise<void> = Promise.resolve();
  let waiting = 0;

  const post = (message: ToWorker, transfer?: Transferable[]): void => {
    if (message.type === "open") {
      waiting += 1;
      coming = coming.then(async () => {
        try {
          inner.post({ ...message, door: await desktop.openDoor() });
        } catch (error) {
          tell({ type: "failed", why: failureText(error) });
        } finally {
          waiting -= 1;
        }
      });
    } else if (waiting > 0) {
      waiting += 1;
      coming = coming.then(() => {
        waiting -= 1;
        inner.post(message, transfer);
      });
    } else {
      inner.post(message, transfer);
    }
  };

  return {
    post,
    listen: (handler) => {
      tell = handler;
      inner.listen((message: FromWorker | DoorWanted) => {
        if (message.type !== "door_wanted") return handler(message);
        desktop.openDoor().then(
          (door) => inner.post({ type: "door", door }),
          (error: unknown) => handler({ type: "failed", why: failureText(error) }),
        );
      });
    },
    close: () => inner.close(),
  };
}

export function failureText(error: unknown): string {
  if (typeof error === "object" && error !== null && "message" in error) return String(error.message);
  return String(error);
}
