// Uses the window in Chromium; see run.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

import { Boards, Server, endAll } from "./processes.js";
import * as scenarios from "./scenarios.js";
import { FLAGS, SIZES } from "./view.js";

const COUNT = 3;
const [executablePath, program, boardProgram, pictures, ...only] = process.argv.slice(2);
let failed = 0;

/// Counts a check, and prints it.
function that(what, holds, seen) {
  console.log(`${holds ? "ok  " : "FAIL"} ${what}${holds ? "" : `: ${JSON.stringify(seen)}`}`);
  if (!holds) failed += 1;
}

/// Runs a scenario, unless others were asked for; an exception is a failure of
/// it.
async function run(name, scenario) {
  if (only.length > 0 && !only.includes(name)) return;
  console.log(`--- ${name}`);
  try {
    await scenario();
  } catch (error) {
    that(name, false, `${error.stack ?? error}`);
  }
}

const folder = await mkdtemp(join(tmpdir(), "switchboard-web-"));
const browser = await chromium.launch({ executablePath, args: FLAGS });
const boards = await Boards.start(boardProgram, COUNT);
try {
  const server = await new Server(program, boards, folder).start();
  const page = await (await fetch(server.address)).text();
  if (!page.includes("<canvas")) {
    throw new Error("the program was built without the window: run scripts/web, and build it again");
  }
  const context = { browser, boards, server, folder, program, pictures, that };
  for (const size of Object.keys(SIZES)) {
    await run(size, () => scenarios.uses(context, size));
  }
  await run("keyboard", () => scenarios.keyboard(context));
  await run("files", () => scenarios.files(context));
  await run("fingers", () => scenarios.fingers(context));
  await run("accessibility tree", () => scenarios.accessibility(context));
  await run("restart", () => scenarios.restart(context));
  if (pictures) await run("pictures", () => scenarios.gallery(context));
  await server.stop();
  await run("token", () => scenarios.token(context));
} catch (error) {
  that("the test runs", false, `${error.stack ?? error}`);
} finally {
  await browser.close();
  endAll();
  await rm(folder, { recursive: true, force: true });
}
console.log(`${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
