// The connection to the board: reconnecting, liveness, requests, order and
// gaps, as docs/protocol.md has them. Knows no element of the page.

// In milliseconds ("Liveness", "Connecting").
const PING = 10e3, STALE = 15e3, DROP = 45e3, OPENING = 10e3, GOOD = 30e3;

// How long the page may be hidden until it gives its slot back.
const HIDDEN = 60e3;

const now = () => performance.now();

class Link {
  // Requests without an answer, by their id.
  #waiting = new Map();
  #requests = 0;
  // Attempts that failed since a connection was good, and the next one.
  #failures = 0;
  #retryAt;
  #socket;
  #began;
  #opened;
  #heard;
  #pinging;
  #restarting;
  #hiddenSince = now();
  // The last `seq` seen, and the last one pushed; whether the state was asked
  // for after a gap.
  #epoch;
  #seq;
  #sent;
  #asked;
  #on;
  state = {};

  // `on` has the functions phase(), board(info, components), changed(key),
  // event(event).
  constructor(on) {
    this.#on = on;
    setInterval(() => this.#tick(), 250);
    document.addEventListener("visibilitychange", () => {
      this.#hiddenSince = now();
      if (!document.hidden) this.#wake();
    });
    // Also when the page may come back from the browser's memory.
    addEventListener("pagehide", () => this.#leave("paused"));
    addEventListener("pageshow", () => this.#wake());
    addEventListener("online", () => this.#wake());
    this.connect();
  }

  #tell(phase, detail = "") {
    this.phase = phase;
    this.#on.phase(phase, detail);
  }

  get ready() {
    return this.phase == "live" || this.phase == "stale";
  }

  // Connects at once unless someone ended the connection.
  #wake() {
    if (!["closed", "locked"].includes(this.phase)) this.connect();
  }

  connect() {
    if (this.#socket) return;
    this.#tell("connecting");
    this.#opened = 0;
    this.#began = now();
    const socket = (this.#socket = new WebSocket(`ws://${location.host}/rpc`, "switchboard.v1"));
    socket.onopen = () => {
      this.#opened = this.#heard = now();
      this.#load();
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code }) => this.#lost(code);
  }

  // Ends the connection without waiting for the other side.
  #leave(phase) {
    const socket = this.#socket, waiting = this.#waiting;
    if (!socket) return;
    this.#socket = socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.#waiting = new Map();
    this.#tell(phase);
    for (const answered of waiting.values()) answered({ lost: true });
  }

  #lost(code) {
    const opened = this.#opened;
    this.#failures = opened && now() - opened > GOOD ? 0 : this.#failures + 1;
    // It does not come back.
    if (this.#failures > 4) this.#restarting = false;
    const longest = this.#restarting ? 5 : 60;
    this.#retryAt = now() + Math.random() * Math.min(1.8 ** this.#failures, longest) * 1e3;
    if (code == 1008) return this.#leave("locked");
    if (code == 1000) return this.#leave("closed");
    this.#leave(this.#restarting ? "restarting" : "waiting");
    if (!opened) this.#explain();
  }

  // A browser does not tell a page why its WebSocket was refused. If the board
  // answers a POST, it refused for lack of a slot.
  async #explain() {
    let phase = "waiting", detail = "";
    try {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "Clients.List" });
      const signal = AbortSignal.timeout(5e3);
      const response = await fetch("/rpc", { method: "POST", body, signal });
      const { result, error } = await response.json();
      if (error?.data?.reason == "locked") phase = "locked";
      else if (error?.data?.reason != "rebooting") phase = "full";
      const controllers = result?.clients?.filter(({ kind }) => kind == "rpc");
      if (controllers) detail = `\nConnected: ${controllers.map(({ from }) => from ?? "?").join(", ")}`;
    } catch {
      // It does not answer at all.
    }
    if (!this.#socket && this.phase == "waiting") this.#tell(phase, detail);
  }

  #tick() {
    const silence = now() - this.#heard;
    if (document.hidden && now() - this.#hiddenSince > HIDDEN) {
      this.#leave("paused");
    } else if (!this.#socket) {
      if (["waiting", "full", "restarting"].includes(this.phase) && now() > this.#retryAt)
        this.connect();
    } else if (!this.#opened) {
      if (now() - this.#began > OPENING) this.#lost();
    } else if (silence > DROP) {
      this.#lost();
    } else {
      if (silence > PING && !this.#pinging) {
        this.#pinging = true;
        this.send("Sys.Ping", {}, () => (this.#pinging = false));
      }
      if (silence > STALE && this.phase == "live") this.#tell("stale");
    }
  }

  // `answered` gets an error or a result; an error with `lost` if there was no
  // answer until the connection ended.
  send(method, params, answered) {
    const id = ++this.#requests;
    this.#waiting.set(id, answered);
    this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
  }

  // As above; an error ends the connection.
  #need(method, params, done) {
    this.send(method, params, (error, result) => {
      if (!error) done(result);
      else if (!error.lost) this.#lost();
    });
  }

  // Everything about the board. Its answers come in the order of the requests.
  #load() {
    const components = [];
    let info;
    const more = () =>
      this.#need("Device.GetComponents", { offset: components.length }, (page) => {
        components.push(...page.components);
        if (page.components.length && components.length < page.total) return more();
        this.#on.board(info, components);
        this.#restarting = false;
        this.#tell("live");
      });
    this.#need("Device.Subscribe", {}, (snapshot) => {
      this.#sent = snapshot.seq;
      this.#replace(snapshot);
    });
    this.#need("Device.GetInfo", {}, (result) => (info = result));
    more();
  }

  #replace({ epoch, seq, ...state }) {
    this.#epoch = epoch;
    this.#seq = seq;
    this.#asked = false;
    this.state = state;
    this.#on.changed();
  }

  #receive(data) {
    this.#heard = now();
    if (this.phase == "stale") this.#tell("live");
    // Only a locked board speaks first, in binary.
    if (typeof data != "string") return this.#lost(1008);
    const { id, method, params, error, result } = JSON.parse(data);
    if (method == "NotifyStatus") this.#push(params);
    else if (method == "NotifyEvent") params.events.forEach((event) => this.#event(event));
    else if (this.#waiting.has(id)) {
      const answered = this.#waiting.get(id);
      this.#waiting.delete(id);
      answered(error, result);
    } else if (error?.data?.reason == "locked") this.#lost(1008);
  }

  // "Order and gaps".
  #push({ epoch, prev, seq, uptime_ms, source, ...components }) {
    if (epoch != this.#epoch) {
      // It has restarted. Pushes are ignored until the state is known again.
      this.#epoch = epoch;
      this.#seq = Infinity;
      return this.#load();
    }
    const missed = prev > this.#seq || prev < this.#sent;
    this.#sent = seq;
    if (seq <= this.#seq) return;
    if (missed) {
      if (!this.#asked) this.#need("Device.GetStatus", {}, (snapshot) => this.#replace(snapshot));
      this.#asked = true;
      return;
    }
    this.#seq = seq;
    for (const [key, fields] of Object.entries(components)) {
      this.state[key] = { ...this.state[key], ...fields };
      this.#on.changed(key);
    }
  }

  #event(event) {
    if (event.component == "sys:0" && event.event == "rebooting") this.#restarting = true;
    this.#on.event(event);
  }
}
