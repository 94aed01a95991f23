// A port of the Web Serial API over a pseudo-terminal: what a browser hands to
// the SDK. Only what the SDK uses.

import { execFileSync } from "node:child_process";
import { constants, openSync } from "node:fs";
import { ReadStream, WriteStream } from "node:tty";

export class Port {
  #input;
  #output;
  #readable = null;
  #writable;

  constructor(path) {
    // Packets are binary: nothing may be echoed or translated.
    const device = process.platform === "darwin" ? "-f" : "-F";
    execFileSync("stty", [device, path, "raw", "-echo"]);
    const open = () => openSync(path, constants.O_RDWR | constants.O_NOCTTY);
    this.#input = new ReadStream(open());
    this.#output = new WriteStream(open());
    this.#input.pause();
    this.#writable = new WritableStream({
      write: (bytes) =>
        new Promise((resolve, reject) => {
          this.#output.write(bytes, (error) =>
            error ? reject(error) : resolve(),
          );
        }),
    });
  }

  // A stream that was canceled is replaced by a new one, as the standard says.
  get readable() {
    this.#readable ??= new ReadableStream({
      start: (controller) => {
        this.#input.on("data", (bytes) =>
          controller.enqueue(new Uint8Array(bytes)),
        );
        this.#input.on("error", (error) => controller.error(error));
        this.#input.resume();
      },
      cancel: () => {
        this.#input.removeAllListeners();
        this.#input.pause();
        this.#readable = null;
      },
    });
    return this.#readable;
  }

  get writable() {
    return this.#writable;
  }

  close() {
    this.#input.destroy();
    this.#output.destroy();
  }
}
