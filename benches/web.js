// Measures pages in Chromium; see benches/web.

import { createServer } from "node:http";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";

import { Boards, Server, endAll } from "./processes.js";
import { FLAGS } from "./view.js";

const BOARDS = 3;
const PATIENCE = 60_000;
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".png": "image/png" };
const [executablePath, programs, ourFiles, demoFiles, rounds] = process.argv.slice(2);

/// Serves the demo's files as `switchboard serve` does the window's: compressed
/// with Brotli, and kept for ever if the name has a hash.
async function serveDemo() {
  const server = createServer(async (request, response) => {
    const name = request.url === "/" ? "index.html" : request.url.slice(1);
    const headers = { "content-type": TYPES[extname(name)] ?? "application/json" };
    if (/-[0-9a-f]{16}\./.test(name)) headers["cache-control"] = "public, max-age=31536000, immutable";
    try {
      const file = join(demoFiles, name);
      const body = await readFile(`${file}.br`).then(
        (body) => Object.assign(headers, { "content-encoding": "br" }) && body,
        () => readFile(file),
      );
      response.writeHead(200, headers).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}

/// Runs in the page before its scripts: notes when the page has drawn the first
/// frame and listed the first connected board.
function note() {
  globalThis.noted = {};
  new MutationObserver(() => {
    const loading = document.getElementById("loading");
    if (loading?.hidden) noted.frame ??= performance.now();
    const board = document.querySelector("#board-list li");
    if (board?.textContent.endsWith(", connected")) noted.board ??= performance.now();
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
}

/// Milliseconds from the start of the navigation, without a cache and with it.
async function visit(browser, address, wanted) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const seen = {};
  for (const which of ["first", "again"]) {
    const page = await context.newPage();
    await page.addInitScript(note);
    await page.goto(address);
    const has = (wanted) => wanted.every((name) => noted[name]) && noted;
    const found = await page.waitForFunction(has, wanted, { timeout: PATIENCE });
    seen[which] = await found.jsonValue();
    await page.close();
  }
  await context.close();
  return seen;
}

async function sizes(folder) {
  const size = (name) => stat(join(folder, name)).then((found) => found.size, () => 0);
  const names = await readdir(folder);
  const wasm = names.find((name) => name.endsWith(".wasm"));
  let all = 0;
  for (const name of names.filter((name) => !/\.(br|gz)$/.test(name))) {
    all += (await size(`${name}.br`)) || (await size(name));
  }
  return { wasm: await size(wasm), gzip: await size(`${wasm}.gz`), brotli: await size(`${wasm}.br`), all };
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function ms(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(0)} ms (${low.toFixed(0)}–${high.toFixed(0)})`;
}

function row(what, ours, theirs, shown) {
  const middle = (value) => (Array.isArray(value) ? median(value) : value);
  const ratio = theirs === undefined ? "-" : (middle(ours) / middle(theirs)).toFixed(2);
  console.log(`| ${what} | ${shown(ours)} | ${theirs === undefined ? "-" : shown(theirs)} | ${ratio} |`);
}

const folder = await mkdtemp(join(tmpdir(), "switchboard-web-"));
const demo = await serveDemo();
const boards = await Boards.start(join(programs, "virtual-board"), BOARDS);
const server = await new Server(join(programs, "switchboard"), boards, folder).start();
const browser = await chromium.launch({ executablePath, args: FLAGS });
const seen = { ours: [], demo: [] };
try {
  const demoAddress = `http://127.0.0.1:${demo.address().port}/`;
  // The first round fills the caches of files.
  for (let round = 0; round <= Number(rounds); round++) {
    const ours = await visit(browser, server.address, ["frame", "board"]);
    const theirs = await visit(browser, demoAddress, ["frame"]);
    if (round === 0) continue;
    seen.ours.push(ours);
    seen.demo.push(theirs);
  }
} finally {
  await browser.close();
  endAll();
  demo.close();
  await rm(folder, { recursive: true, force: true });
}
const [ours, theirs] = [await sizes(ourFiles), await sizes(demoFiles)];
const kb = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;
console.log("| what | Switchboard | egui's demo | ratio |\n| -- | -- | -- | -- |");
row("WebAssembly", ours.wasm, theirs.wasm, kb);
row("the same with gzip", ours.gzip, theirs.gzip, kb);
row("the same with Brotli", ours.brotli, theirs.brotli, kb);
row("everything that a browser loads, compressed", ours.all, theirs.all, kb);
for (const [which, words] of [["first", "with an empty cache"], ["again", "from the browser's cache"]]) {
  const times = (whose, name) => seen[whose].map((one) => one[which][name]);
  row(`to the first frame, ${words}`, times("ours", "frame"), times("demo", "frame"), ms);
  row(`to the first of ${BOARDS} boards, ${words}`, times("ours", "board"), undefined, ms);
}
