// A board on this computer that any Switchboard finds and controls: HTTP and
// WebSocket around a lamp.
//
//     node board.js [--name NAME] [--port PORT] [--listen ADDRESS] [--no-mdns]
//
// It reads commands from standard input, as if you were at the board: `press`,
// `measure 23.5`, `quit`.

import { createHash } from 'node:crypto';
import { createServer, STATUS_CODES } from 'node:http';
import { isIP } from 'node:net';
import readline from 'node:readline';
import { parseArgs } from 'node:util';
import { WebSocketServer } from 'ws';
import { announce } from './announce.js';
import { Lamp } from './lamp.js';
import { Refused, answer, read, refusal } from './wire.js';

const CONTROLLERS = 4;
const { values: options } = parseArgs({
  options: {
    name: { type: 'string', default: 'Node lamp' },
    port: { type: 'string', default: '0' },
    listen: { type: 'string', default: '127.0.0.1' },
    'no-mdns': { type: 'boolean', default: false },
  },
});

// The id names a board forever. A chip derives it from its hardware address;
// this one from its name.
const hash = createHash('sha256').update(options.name).digest('hex');
const mac = ['02', ...hash.slice(0, 10).match(/../g)].join(':');
const lamp = new Lamp({ id: `node-${hash.slice(0, 6)}`, name: options.name, mac });
const ECHO = new Set(), RPC = new Set();

const server = createServer((request, response) => {
  const refuse = refused(request);
  if (refuse) return end(response, refuse);
  if (!['/', '/rpc', '/ws'].includes(path(request))) return end(response, { status: 404, body: 'nothing is here\n' });
  if (request.method !== 'GET') return end(response, { status: 405, headers: { Allow: 'GET' }, body: 'GET is expected\n' });
  if (path(request) !== '/') return end(response, { status: 426, headers: { Upgrade: 'websocket' }, body: 'a WebSocket is expected\n' });
  end(response, { status: 200, body: `${lamp.about.name}: a board. Its control channel is ws://${request.headers.host}/rpc\n` });
});

// The library does the handshake and the frames: masks, fragments, UTF-8,
// pings, close codes, and the size limit.
const sockets = { noServer: true, perMessageDeflate: false };
const rpc = new WebSocketServer({ ...sockets, maxPayload: 2048, handleProtocols: (offered) => offered.has('switchboard.v1') && 'switchboard.v1' });
const echo = new WebSocketServer({ ...sockets, maxPayload: 64 * 1024 });

server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => {});
  // RFC 9110, section 7.8: an upgrade in HTTP/1.0 is ignored.
  const old = request.httpVersion === '1.0' ? { status: 426, headers: { Upgrade: 'websocket' }, body: 'HTTP/1.1 is expected\n' } : undefined;
  const refuse = old ?? refused(request) ?? refusedSocket(request);
  if (refuse) return endSocket(socket, refuse);
  if (path(request) === '/rpc') rpc.handleUpgrade(request, socket, head, control);
  else echo.handleUpgrade(request, socket, head, repeat);
});

// RFC 9112, section 3.2.2: a target may be a whole URL, whose host then takes
// precedence.
const absolute = (request) => (/^http:\/\//i.test(request.url) ? new URL(request.url) : undefined);
const path = (request) => absolute(request)?.pathname ?? request.url.split('?')[0];
const host = (request) => absolute(request)?.host ?? request.headers.host ?? '';

// Pages of strangers: a Host that could lead here by DNS rebinding, or an
// Origin other than the board's own address (docs/protocol.md, "Web pages").
function refused(request) {
  const name = host(request).replace(/:\d+$/, '').replace(/^\[|\]$/g, '').toLowerCase();
  if (!isIP(name) && name !== 'localhost' && !name.endsWith('.local') && name !== lamp.about.id) return { status: 421, body: 'Host names another\n' };
  if (request.headers.origin !== undefined && !isOwn(request.headers.origin, host(request)) && (request.headers.upgrade || request.method === 'POST')) {
    return { status: 403, error: new Refused(-32006, 'origin_not_allowed', 'web pages may not drive this board') };
  }
}

// Some programs send their target address as their Origin.
function isOwn(origin, host) {
  try {
    const [theirs, own] = [new URL(origin), new URL(`http://${host}`)];
    return theirs.protocol === 'http:' && theirs.host === own.host && theirs.href === `${theirs.origin}/`;
  } catch {
    return false;
  }
}

function refusedSocket(request) {
  if (!['/rpc', '/ws'].includes(path(request))) return { status: 404, body: 'nothing is here\n' };
  if (request.headers['sec-websocket-version'] !== '13') return { status: 426, headers: { 'Sec-WebSocket-Version': '13' }, body: 'version 13 is expected\n' };
  if (path(request) === '/ws') return ECHO.size < 2 ? undefined : { status: 503, body: 'both places are taken\n' };
  const offered = request.headers['sec-websocket-protocol'];
  if (offered !== undefined && !offered.split(',').some((one) => one.trim() === 'switchboard.v1')) {
    return { status: 400, error: new Refused(-32008, 'unsupported_version', 'switchboard.v1 is spoken here') };
  }
  if (RPC.size >= CONTROLLERS) {
    return { status: 503, error: new Refused(-32005, 'all_places_taken', `the board is full: ${CONTROLLERS} of ${CONTROLLERS} clients; one must disconnect first`) };
  }
}

const body = ({ error, body }) => (error ? refusal(null, error) : body);
const kind = ({ error }) => (error ? 'application/json' : 'text/plain; charset=utf-8');

function end(response, how) {
  response.writeHead(how.status, { 'Content-Type': kind(how), ...how.headers }).end(body(how));
}

function endSocket(socket, how) {
  const headers = { 'Content-Type': kind(how), 'Content-Length': Buffer.byteLength(body(how)), Connection: 'close', ...how.headers };
  const lines = Object.entries(headers).map(([key, value]) => `${key}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${how.status} ${STATUS_CODES[how.status]}\r\n${lines}\r\n${body(how)}`);
}

// A controller has connected.
function control(socket) {
  RPC.add(socket);
  const number = lamp.connect((text) => {
    // It does not read: eight messages of the largest size may wait for it.
    if (socket.bufferedAmount > 8 * 4096) socket.close(1013, 'it reads too slowly');
    else socket.send(text);
  });
  socket.on('message', (data, isBinary) => {
    if (isBinary) return socket.close(1003, 'JSON as text is expected');
    const text = answered(number, data.toString());
    if (text !== undefined) socket.send(text);
  });
  socket.on('close', () => {
    RPC.delete(socket);
    lamp.disconnect(number);
  });
  keepAlive(socket);
}

function answered(number, text) {
  let id;
  try {
    const request = read(text);
    id = request.id;
    const result = lamp.call(number, request.method, request.params);
    return id === undefined ? undefined : answer(id, result);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // A request without an id is not answered. Input that is not a request at
    // all is, with id null.
    const isRequest = error.code !== -32700 && error.code !== -32600;
    return isRequest && (id ?? error.id) === undefined ? undefined : refusal(id ?? error.id, error);
  }
}

function repeat(socket) {
  ECHO.add(socket);
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on('close', () => ECHO.delete(socket));
  keepAlive(socket);
}

// A client that is silent for 20 s is pinged, and disconnected after 60 s.
function keepAlive(socket) {
  let heard = Date.now();
  for (const sign of ['message', 'ping', 'pong']) socket.on(sign, () => { heard = Date.now(); });
  const timer = setInterval(() => {
    if (Date.now() - heard > 60_000) socket.close(1001, 'nothing was heard for 60 s');
    else if (Date.now() - heard > 20_000) socket.ping();
  }, 5_000);
  socket.on('close', () => clearInterval(timer));
  // The library closes connections that violate the WebSocket protocol, with
  // the right code.
  socket.on('error', () => {});
}

server.listen(Number(options.port), options.listen, () => {
  const { port } = server.address();
  const goodbye = options['no-mdns'] ? async () => {} : announce({ about: lamp.about, address: options.listen, port });
  console.log(`${lamp.about.name} (${lamp.about.id}) is at ws://${options.listen}:${port}/rpc`);
  const stop = async () => {
    await goodbye();
    process.exit();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  readline.createInterface({ input: process.stdin }).on('line', (line) => {
    const [word, value] = line.trim().split(' ');
    if (word === 'press') lamp.press();
    else if (word === 'measure' && Number.isFinite(Number(value))) lamp.measure(Number(value));
    else if (word === 'quit') stop();
    else console.log('press, measure NUMBER or quit is expected');
  });
});
