// Sets a virtual board up with improv-wifi-serial-sdk, as the web installers of
// ESPHome and WLED do: networks, a wrong password, the right one, the address.
//
//   node --experimental-loader ./as_module.js set_up.js PORT

import assert from "node:assert/strict";

import { Port } from "./port.js";

// Node.js 18 lacks it.
globalThis.CustomEvent ??= class CustomEvent extends Event {
  constructor(type, options) {
    super(type, options);
    this.detail = options?.detail;
  }
};
const { ImprovSerial } = await import(
  "improv-wifi-serial-sdk/dist/serial.js"
);

// From the SDK's constants.
const AUTHORIZED = 2;
const PROVISIONED = 4;
const UNABLE_TO_CONNECT = 3;
const BAD_HOSTNAME = 5;

const NETWORK = "Switchboard Lab";
const PASSWORD = "blinking lights";

// What the SDK reports of packets that it cannot read.
const problems = [];
const logger = {
  log() {},
  debug() {},
  error: (...words) => problems.push(words.join(" ")),
};

function passed(what) {
  console.log(`ok  ${what}`);
}

// Waits until a later packet has made this true.
async function until(holds) {
  for (const end = Date.now() + 5000; !holds(); ) {
    assert.ok(Date.now() < end, `never: ${holds}`);
    await new Promise((again) => setTimeout(again, 10));
  }
}

const port = new Port(process.argv[2]);
let client = new ImprovSerial(port, logger);
const info = await client.initialize(5000);
assert.match(info.firmware, /Switchboard/i);
assert.ok(info.version && info.chipFamily && info.name, JSON.stringify(info));
assert.equal(client.state, AUTHORIZED);
assert.equal(client.nextUrl, undefined);
passed(`it says what it is: ${JSON.stringify(info)}`);

const networks = await client.scan(5000);
const found = networks.find(({ name }) => name === NETWORK);
assert.ok(found?.secured && found.rssi < 0, JSON.stringify(networks));
assert.ok(networks.some(({ secured }) => !secured), JSON.stringify(networks));
passed(`it finds networks: ${networks.map(({ name }) => name).join(", ")}`);

await assert.rejects(client.provision(NETWORK, "wrong password", 10000));
assert.equal(client.error, UNABLE_TO_CONNECT);
// The packet after the one with the error.
await until(() => client.state === AUTHORIZED);
passed("a wrong password is refused, and can be corrected");

await client.provision(NETWORK, PASSWORD, 10000);
assert.equal(client.state, PROVISIONED);
const url = client.nextUrl;
passed(`with the right one it joins: ${url}`);

const page = await fetch(url);
assert.equal(page.status, 200);
assert.match(await page.text(), /^<!doctype html>/i);
const answer = await fetch(new URL("/rpc", url), {
  method: "POST",
  body: '{"jsonrpc":"2.0","id":1,"method":"Device.GetInfo"}',
});
const { result } = await answer.json();
assert.equal(result.name, info.name);
passed(`it answers there: ${result.id}`);

// Another page, or the same one reloaded.
await client.close();
client = new ImprovSerial(port, logger);
await client.initialize(5000);
assert.equal(client.state, PROVISIONED);
assert.equal(client.nextUrl, url);
passed("a second client finds it set up, with its address");

assert.equal(await client.getHostname(5000), result.id);
await assert.rejects(client.setHostname("another", 5000));
assert.equal(client.error, BAD_HOSTNAME);
await client.setDeviceName("Bench lamp", 5000);
assert.equal(await client.getDeviceName(5000), "Bench lamp");
const network = await client.requestNetworkState(5000);
assert.ok(network.online && network.supportsWifi, JSON.stringify(network));
assert.ok(network.urls.includes(url), JSON.stringify(network));
passed("the optional commands are answered too");

await client.close();
port.close();
assert.deepEqual(problems, []);
