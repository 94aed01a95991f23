// Sends each line of standard input, and prints each response.
//
//     node echo_client.js ws://127.0.0.1:8080/

import readline from 'node:readline';
import WebSocket from 'ws';

const socket = new WebSocket(process.argv[2]);
socket.on('open', () => {
  // One connection for all lines: it stays open until the last one has come
  // back.
  let waiting = 0;
  let ended = false;
  const lines = readline.createInterface({ input: process.stdin });
  lines.on('line', (line) => { waiting++; socket.send(line); });
  lines.on('close', () => { ended = true; if (waiting === 0) socket.close(); });
  socket.on('message', (data) => {
    console.log(data.toString());
    if (data.toString() !== 'hello') waiting--;
    if (ended && waiting === 0) socket.close();
  });
});
socket.on('error', (error) => { console.error(error.message); process.exitCode = 1; });
