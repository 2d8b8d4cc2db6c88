let socket;
const took = (bytes) => socket.send(String(bytes.byteLength));
onmessage = ({ data }) => {
  if (typeof data !== "string") return took(data);
  socket = new WebSocket(`ws://127.0.0.1:${data}/`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => postMessage("open");
  socket.onmessage = ({ data }) => took(data);
};
