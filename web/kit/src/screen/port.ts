import type { RendererPort } from "../session/session.svelte";
import type { FromWorker, ToWorker } from "./messages";

/** Starts the renderer worker. */
export function startRenderer(): RendererPort {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "farhand-renderer" });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer ?? []),
    listen: (handler) => {
      worker.onmessage = (event: MessageEvent<FromWorker>) => handler(event.data);
      worker.onerror = (event) => handler({ type: "failed", why: event.message || "the renderer stopped" });
    },
    attach: (element) => {
      const canvas = element.transferControlToOffscreen();
      worker.postMessage({ type: "canvas", canvas } satisfies ToWorker, [canvas]);
    },
    attachPart: (id, element) => {
      const canvas = element.transferControlToOffscreen();
      worker.postMessage({ type: "part_canvas", id, canvas } satisfies ToWorker, [canvas]);
    },
    showPart: (id, part) => worker.postMessage({ type: "part", id, part } satisfies ToWorker),
    detachPart: (id) => worker.postMessage({ type: "part_gone", id } satisfies ToWorker),
    close: () => worker.terminate(),
  };
}
