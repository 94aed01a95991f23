// The opposite direction: the board connects to this program, which controls
// it. For boards that nothing can connect to.
//
//     node inbound.js [PORT]
//
// For each board that connects: prints what it is, switches its first light on
// and off, and prints what it pushes.

import { WebSocketServer } from 'ws';
import { Talk, words } from './talk.js';

const port = Number(process.argv[2] ?? 0);
const server = new WebSocketServer({
  host: '127.0.0.1', port, perMessageDeflate: false, maxPayload: 64 * 1024,
  handleProtocols: (offered) => offered.has('switchboard.v1') && 'switchboard.v1',
});
server.on('listening', () => console.log(`boards may connect to ws://127.0.0.1:${server.address().port}/`));
server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('close', (code) => console.log(`the board has closed the connection (${code})`));
  // Who opened the connection does not matter for what is said on it: the
  // requests come from here all the same.
  control(new Talk(socket, (method, params) => console.log(words(method, params)))).catch((error) => console.error(error.message));
});

async function control(board) {
  const info = await board.call('Device.GetInfo');
  console.log(`${info.name} (${info.id}) is connected`);
  await board.call('Device.Subscribe');
  const light = (await board.components()).find(({ kind }) => kind === 'light');
  if (!light) return console.log('it has no light');
  const id = Number(light.key.split(':')[1]);
  for (const on of [true, false]) {
    const { was_on } = await board.call('Light.Set', { id, on });
    console.log(`${light.key} is ${on ? 'on' : 'off'}, was ${was_on ? 'on' : 'off'}`);
  }
}
