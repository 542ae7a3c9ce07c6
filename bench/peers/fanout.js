// The peer of `fanout` and `viewers`: bun's own server, which is uWebSockets, with its own defaults. Whatever a publisher
// sends goes to everybody else who is connected, behind eight bytes with this machine's time in milliseconds.
//
//   bun fanout.js PORT

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  fetch(request, server) {
    const publisher = new URL(request.url).pathname === "/publish";
    if (server.upgrade(request, { data: { publisher } })) return undefined;
    return new Response("ready");
  },
  websocket: {
    perMessageDeflate: false,
    open(socket) {
      if (!socket.data.publisher) socket.subscribe("all");
    },
    message(_socket, message) {
      const frame = new Uint8Array(8 + message.byteLength);
      new DataView(frame.buffer).setFloat64(0, Date.now());
      frame.set(message, 8);
      server.publish("all", frame);
    },
  },
});
console.log(`listening on ${server.port}`);
