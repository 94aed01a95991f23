// The smallest server: an echo.
//
//     node echo_server.js [PORT]

import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2] ?? 0) });
server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}/`));
server.on('connection', (socket) => {
  // The server may speak first. With HTTP it could not.
  socket.send('hello');
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on('error', (error) => console.error(error.message));
});
