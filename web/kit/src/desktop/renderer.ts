import type { DoorWanted, FromWorker, ToWorker } from "../screen/messages";
import type { Paint } from "../screen/painting";
import { startRenderer } from "../screen/port";
import type { RendererPort } from "../session/session.svelte";
import { desktop } from "./bindings";
import { Painter } from "./painter";

/**
 * The renderer of the desktop console: the same worker, with a way into the link that runs in Rust. `painted` says that
 * this web view repaints whole canvases for a worker, so that the page draws what changed.
 */
export function startNativeRenderer(painted: boolean): RendererPort {
  const painter = new Painter();
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
      inner.listen((message: FromWorker | DoorWanted | Paint) => {
        if (message.type === "paint") {
          painter.paint(message);
          return inner.post({ type: "painted" });
        }
        if (message.type !== "door_wanted") return handler(message);
        desktop.openDoor().then(
          (door) => inner.post({ type: "door", door }),
          (error: unknown) => handler({ type: "failed", why: failureText(error) }),
        );
      });
    },
    attach: (canvas) => {
      if (!painted) return inner.attach(canvas);
      painter.attach(canvas);
      inner.post({ type: "painter" });
    },
    attachPart: (id, canvas) => (painted ? painter : inner).attachPart(id, canvas),
    showPart: (id, part) => (painted ? painter : inner).showPart(id, part),
    detachPart: (id) => (painted ? painter : inner).detachPart(id),
    close: () => inner.close(),
  };
}

export function failureText(error: unknown): string {
  if (typeof error === "object" && error !== null && "message" in error) return String(error.message);
  return String(error);
}
