// Loads the window, and says on the page if that fails.

import load from "./window.js";

load({ module_or_path: new URL("window_bg.wasm", import.meta.url) }).catch((error) => {
  // The window says itself why it stopped.
  if (!document.getElementById("failed").hidden) return;
  document.getElementById("loading").hidden = true;
  document.getElementById("why").textContent = `The window could not be loaded: ${error}`;
  document.getElementById("failed").hidden = false;
});
