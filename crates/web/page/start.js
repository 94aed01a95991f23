// Loads the window, and says on the page if that fails.

import load from "./window.js";

// ewebsock 0.8 asks for blobs each time that it sends bytes. Blobs are read
// asynchronously, so the end of a connection would overtake the message with
// its reason.
const { get, set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, "binaryType");
Object.defineProperty(WebSocket.prototype, "binaryType", {
  get,
  set(kind) {
    if (kind === "arraybuffer") set.call(this, kind);
  },
});

load({ module_or_path: new URL("window_bg.wasm", import.meta.url) }).catch((error) => {
  // The window says itself why it stopped.
  if (!document.getElementById("failed").hidden) return;
  document.getElementById("loading").hidden = true;
  document.getElementById("why").textContent = `The window could not be loaded: ${error}`;
  document.getElementById("failed").hidden = false;
});
