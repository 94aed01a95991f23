// The programs that the tests run: virtual boards, and `switchboard serve`.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const PATIENCE = 30_000;

const running = new Set();

/// Ends what a failed scenario has left behind.
export function endAll() {
  for (const child of running) child.kill("SIGKILL");
}

/// A started program, whose standard output is read by lines.
class Process {
  constructor(program, options, environment = {}) {
    this.child = spawn(program, options, {
      env: { ...process.env, ...environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    running.add(this.child);
    this.ended = once(this.child, "exit").then(() => running.delete(this.child));
    this.said = "";
    this.child.stderr.on("data", (data) => (this.said += data));
    this.lines = createInterface(this.child.stdout)[Symbol.asyncIterator]();
  }

  async line() {
    const { value, done } = await within(this.lines.next(), () => `no line of output: ${this.said}`);
    if (done) throw new Error(`it ended early: ${this.said}`);
    return value;
  }

  async end(signal) {
    this.child.kill(signal);
    await within(this.ended, () => "it does not end");
  }
}

/// Fails if the promise takes too long.
export async function within(promise, why, patience = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(why())), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/// Virtual boards of one process.
export class Boards {
  static async start(program, count) {
    const boards = new Boards();
    const options = ["--profile", "lamp", "--boards", `${count}`, "--name", "Lamp", "--seed", "1", "--no-mdns"];
    boards.process = new Process(program, options);
    boards.all = [];
    for (let n = 0; n < count; n++) boards.all.push(JSON.parse(await boards.process.line()));
    return boards;
  }

  get addresses() {
    return this.all.map((board) => board.address);
  }

  get names() {
    return this.all.map((board) => board.name);
  }

  /// Another client's request to one of them.
  async call(board, method, params) {
    const request = { jsonrpc: "2.0", id: 1, method, params };
    const response = await fetch(`http://${this.all[board].address}/rpc`, {
      method: "POST",
      body: JSON.stringify(request),
    });
    return (await response.json()).result;
  }

  async isOn(board) {
    return (await this.call(board, "Device.GetStatus"))["light:0"].on;
  }

  /// Does something at a board, as a person there.
  tell(line) {
    this.process.child.stdin.write(`${line}\n`);
  }

  end() {
    return this.process.end("SIGTERM");
  }
}

/// `switchboard serve`, which keeps its settings in a folder of the test.
export class Server {
  constructor(program, boards, folder, options = []) {
    Object.assign(this, { program, boards, folder, options, port: 0 });
  }

  /// Starts it; again at the same port after it was stopped.
  async start() {
    const listen = ["serve", "--listen", `127.0.0.1:${this.port}`, ...this.options];
    const environment = { XDG_CONFIG_HOME: this.folder, XDG_DATA_HOME: this.folder };
    this.process = new Process(this.program, [...listen, ...this.boards.addresses], environment);
    this.line = await this.process.line();
    this.port = Number(/:(\d+)\//.exec(this.line)[1]);
    return this;
  }

  get address() {
    return `http://127.0.0.1:${this.port}/`;
  }

  stop() {
    return this.process.end("SIGTERM");
  }
}
