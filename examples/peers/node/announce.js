// Announces the board by mDNS with four records (RFC 6762, RFC 6763;
// docs/protocol.md, "Finding a board").

import os from 'node:os';
import multicastDns from 'multicast-dns';

const TYPE = '_switchboard._tcp.local';

// Returns a function that says goodbye. `address` is where the server listens;
// 0.0.0.0 is every interface.
export function announce({ about, address, port }) {
  const mine = Object.values(os.networkInterfaces()).flat().filter(({ family }) => family === 'IPv4');
  const addresses = address === '0.0.0.0' ? mine.filter(({ internal }) => !internal).map((one) => one.address) : [address];
  const responders = addresses.map((one) => multicastDns({ interface: one, bind: '0.0.0.0' }));
  const service = `${about.name}.${TYPE}`;
  const host = `${about.id}.local`;
  const txt = {
    txtvers: 1, id: about.id, mac: about.mac, friendly_name: about.name, version: about.version, platform: about.platform,
    board: about.board, proto: 1, path: '/rpc',
  };
  const records = (ttl) => [
    { name: TYPE, type: 'PTR', ttl, data: service }, // there is one of these
    { name: service, type: 'SRV', ttl, data: { port, target: host } }, // on this port of this host
    { name: service, type: 'TXT', ttl, data: Object.entries(txt).map(([key, value]) => `${key}=${value}`) }, // about it
    ...addresses.map((data) => ({ name: host, type: 'A', ttl, data })), // where the host is
  ];
  const names = [TYPE, service, host].map((name) => name.toLowerCase());
  for (const responder of responders) {
    responder.on('query', ({ questions }) => {
      if (questions.some(({ name }) => names.includes(name.toLowerCase()))) responder.respond({ answers: records(120) });
    });
    responder.on('error', (error) => console.error(`mDNS: ${error.message}`));
    responder.on('ready', () => responder.respond({ answers: records(120) }));
  }
  // TTL 0 is a goodbye (RFC 6762, section 10.1).
  return () => Promise.all(responders.map((responder) =>
    new Promise((done) => responder.respond({ answers: records(0) }, () => responder.destroy(done)))));
}
