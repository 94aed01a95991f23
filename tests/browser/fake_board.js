"use strict";
// Runs before the control page, in place of the browser's WebSocket and clock: a board that says what the test tells it
// to say, and time that passes when the test says so.

window.board = {
  sockets: [],
  requests: [],
  mute: false,
  epoch: "00000001",
  seq: 10,
  info: { id: "fake-1", name: "<i>Fake</i>", mac: "02:00:00:00:00:01", version: "1", platform: "test", board: "none", proto: 1, features: [] },
  components: [],
  state: {},
  errors: {},

  get socket() {
    return this.sockets.at(-1);
  },
  get methods() {
    return this.requests.map(({ method }) => method);
  },
  /** One component, with its state. */
  add(descriptor, state) {
    this.components.push({ kind: descriptor.key.split(":")[0], name: descriptor.key, ...descriptor });
    if (state) this.state[descriptor.key] = state;
  },
  say(message) {
    this.socket.onmessage?.({ data: JSON.stringify({ jsonrpc: "2.0", ...message }) });
  },
  push(params) {
    this.say({ method: "NotifyStatus", params: { epoch: this.epoch, uptime_ms: 1, ...params } });
  },
  event(event) {
    this.say({ method: "NotifyEvent", params: { epoch: this.epoch, uptime_ms: 1, events: [event] } });
  },
  answer({ id, method, params }) {
    if (this.errors[method]) return this.say({ id, error: this.errors[method] });
    const { epoch, seq } = this;
    if (method == "Device.GetInfo") return this.say({ id, result: this.info });
    if (method == "Device.GetComponents") {
      // Two per page.
      const components = this.components.slice(params.offset, params.offset + 2);
      return this.say({ id, result: { offset: params.offset, total: this.components.length, components } });
    }
    if (/Subscribe|GetStatus/.test(method)) return this.say({ id, result: { epoch, seq, uptime_ms: 1, client: 1, ...this.state } });
    this.say({ id, result: { seq } });
  },
  accept() {
    this.socket.onopen?.({});
  },
  close(code) {
    this.socket.onclose?.({ code });
  },
};

window.WebSocket = class {
  constructor(url, protocol) {
    Object.assign(this, { url, protocol });
    board.sockets.push(this);
    setTimeout(() => board.refuses ? board.close(1006) : board.accept(), 0);
  }
  send(text) {
    const request = JSON.parse(text);
    board.requests.push(request);
    if (!board.mute) setTimeout(() => board.answer(request), 0);
  }
  close() {
    this.closed = true;
  }
};

const now = performance.now.bind(performance);
let skipped = 0;
performance.now = () => now() + skipped;
window.pass = (seconds) => (skipped += seconds * 1e3);

let hidden = false;
Object.defineProperty(document, "hidden", { get: () => hidden });
window.hide = (is) => {
  hidden = is;
  document.dispatchEvent(new Event("visibilitychange"));
};
