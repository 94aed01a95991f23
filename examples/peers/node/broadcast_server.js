// Many clients: each message reaches all other clients. Open two terminals and
// compare with the echo.
//
//     node broadcast_server.js [PORT]

import WebSocket, { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2] ?? 0) });
server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}/`));
server.on('connection', (socket) => {
  socket.on('error', (error) => console.error(error.message));
  socket.on('message', (data, isBinary) => {
    for (const other of server.clients) {
      if (other !== socket && other.readyState === WebSocket.OPEN) other.send(data, { binary: isBinary });
    }
  });
});
