// What comes by the channel is handed on to the worker; what comes by the worker's own socket never passes here.
const worker = new Worker(new URL("/worker.js", location.href), { type: "module" });
const { invoke, transformCallback } = window.__TAURI_INTERNALS__;
const channel = transformCallback(({ message }) => {
  if (message) worker.postMessage(message, [message]);
});
worker.onmessage = () => invoke("listen", { channel: `__CHANNEL__:${channel}` });
worker.postMessage(location.hash.slice(1));
