// What a person does with the window, and what must be true after it.

import { join } from "node:path";

import { Server } from "./processes.js";
import { SIZES, View } from "./view.js";

const CONNECTED = "Connected";

/// Opens the window, and waits until it shows the boards.
async function opened({ browser, boards, server }, size, scheme) {
  const view = await View.open(browser, server.address, size, scheme);
  await view.waitForState(CONNECTED);
  await view.waitForBoards(boards.names);
  return view;
}

/// Waits until a board's light is on, or off.
async function light(boards, board, on) {
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline) {
    if ((await boards.isOn(board)) === on) return true;
  }
  return false;
}

function set(boards, board, on) {
  return boards.call(board, "Light.Set", { id: 0, on });
}

/// Opens, shows what another client did, and switches.
export async function uses(context, size) {
  const { boards, that, pictures } = context;
  for (const board of boards.all.keys()) await set(boards, board, false);
  const view = await opened(context, size);
  that(`${size}: it lists the boards`, true);
  const off = await view.still();
  await set(boards, 0, true);
  const on = await view.changed(off);
  const places = await view.differences(off, on);
  that(`${size}: what another client switches is seen`, places.length > 0, places);
  if (pictures) await view.save(pictures, `${size}-one-on`);
  console.log(JSON.stringify(places));
  that(`${size}: no errors in the console`, view.complaints.length === 0, view.complaints);
  await view.close();
}
export async function keyboard() {}
export async function accessibility(context) {
  const view = await opened(context, "desktop");
  for (const node of await view.tree()) console.log(JSON.stringify(node));
  await view.close();
}
export async function restart() {}
export async function token() {}
export async function gallery(context) {
  for (const size of Object.keys(SIZES)) for (const scheme of ["light", "dark"]) {
    const view = await opened(context, size, scheme);
    await view.save(context.pictures, `${size}-${scheme}`);
    await view.close();
  }
}
