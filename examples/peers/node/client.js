// Follows a board: prints what is pushed, and switches its first light or switch when Enter is pressed.
//
//     node client.js ws://127.0.0.1:8080/rpc           until Ctrl+C
//     node client.js ws://127.0.0.1:8080/rpc toggle    once

import readline from 'node:readline';
import WebSocket from 'ws';
import { Talk, words } from './talk.js';

const [url, once] = process.argv.slice(2);
if (!url) {
  console.error('usage: node client.js ws://HOST:PORT/rpc [toggle]');
  process.exit(2);
}

let seen; // epoch and seq of what is known
let state = {};
let toggle = async () => console.log('not connected');
let failures = 0;

function connect() {
  const socket = new WebSocket(url, 'switchboard.v1', { perMessageDeflate: false });
  const talk = new Talk(socket, pushed);
  let connected;

  async function begin() {
    connected = Date.now();
    const info = await talk.call('Device.GetInfo');
    const components = await talk.components();
    take(await talk.call('Device.Subscribe'));
    console.log(`${info.name} (${info.id}): ${components.map(({ key }) => key).join(', ')}`);
    const target = components.find(({ kind }) => kind === 'light' || kind === 'switch');
    toggle = async () => {
      if (!target) return console.log('it has neither light nor switch');
      const { key, kind } = target;
      const id = Number(key.split(':')[1]);
      const result = kind === 'switch' ? await talk.call('Switch.Toggle', { id }) : await talk.call('Light.Set', { id, on: !state[key].on });
      console.log(`${key} was ${result.was_on ? 'on' : 'off'}`);
    };
    if (once === 'toggle') {
      await toggle();
      socket.close();
    }
  }

  // A snapshot: everything at one moment.
  function take({ epoch, seq, uptime_ms, client, ...components }) {
    seen = { epoch, seq };
    state = components;
  }

  async function pushed(method, params) {
    console.log(words(method, params));
    if (method !== 'NotifyStatus') return;
    const { epoch, prev, seq, uptime_ms, source, ...components } = params;
    // Another epoch: the board has restarted. A prev beyond our seq: something
    // was missed (docs/protocol.md, "Order and gaps").
    if (epoch !== seen?.epoch || prev > seen.seq) return take(await talk.call('Device.GetStatus'));
    if (seq <= seen.seq) return;
    seen.seq = seq;
    for (const [key, fields] of Object.entries(components)) state[key] = { ...state[key], ...fields };
  }

  socket.on('open', () => begin().catch((error) => console.error(error.message)));
  // Refused, or nothing listens there; a close follows.
  socket.on('error', (error) => console.error(error.message));
  socket.on('close', (code) => {
    toggle = async () => console.log('not connected');
    if (once) process.exit(code === 1005 || code === 1000 ? 0 : 1);
    // Retried after a random time that grows: many clients must not return at
    // the same moment.
    failures = connected && Date.now() - connected > 30_000 ? 0 : failures + 1;
    const wait = Math.random() * Math.min(1.8 ** failures, 60);
    console.log(`the connection ended (${code}); again in ${wait.toFixed(1)} s`);
    setTimeout(connect, wait * 1000);
  });
  // Silence looks like a broken cable: ping, and give the connection up if
  // nothing arrives.
  let heard = Date.now();
  socket.on('message', () => { heard = Date.now(); });
  socket.on('ping', () => { heard = Date.now(); });
  const watch = setInterval(() => {
    if (Date.now() - heard > 45_000) socket.terminate();
    else if (Date.now() - heard > 10_000 && socket.readyState === WebSocket.OPEN) talk.call('Sys.Ping').catch(() => {});
  }, 5_000);
  socket.on('close', () => clearInterval(watch));
}

connect();
if (!once) readline.createInterface({ input: process.stdin }).on('line', () => toggle().catch((error) => console.error(error.message)));
