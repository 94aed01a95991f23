// What a person does with the window, and what must be true after it.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { Server } from "./processes.js";
import { SIZES, View } from "./view.js";

const CONNECTED = "Connected";

/// In the field that finds boards, at the top of a wide window.
const FIND = { x: 220, y: 24 };

/// Opens the window, and waits until it shows the boards.
async function opened({ browser, boards, server }, size, scheme) {
  const view = await View.open(browser, server.address, size, scheme);
  await view.waitForState(CONNECTED);
  await view.waitForBoards(boards.names);
  return view;
}

/// Waits until a board's light is on, or off.
async function light(boards, board, on) {
  const deadline = Date.now() + 5_000;
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
  const { boards, that } = context;
  for (const board of boards.all.keys()) await set(boards, board, false);
  const view = await opened(context, size);
  that("it lists the boards", true);
  const off = await view.still();
  await set(boards, 0, true);
  const on = await view.changed(off);
  const places = await view.differences(off, on);
  that("what another client switches is seen", places.length > 0, places);
  const switched = await switches(view, boards, places.filter(isSwitch));
  that(`a ${view.touch ? "tap" : "click"} switches the board`, switched, places);
  that("no errors in the console", view.complaints.length === 0, view.complaints);
  await view.close();
}

/// Whether a place that changed can be that of a switch, by its size: what else
/// changes with it are lines of text, and marks of a few pixels.
function isSwitch({ width, height }) {
  return width >= 32 && width <= 120 && height >= 20 && height <= 60;
}

/// Presses these places, the likeliest first, until the board is off. A switch
/// is at the right end, after its text.
async function switches(view, boards, places) {
  const unlike = ({ width, height }) => Math.abs(width - 48) + Math.abs(height - 24);
  for (const { x, y, width, height } of places.sort((a, b) => unlike(a) - unlike(b))) {
    await view.press({ x: x + width - 20, y: y + height / 2 });
    if (await light(boards, 0, false)) return true;
  }
  return false;
}

/// Types a command into the palette.
async function command(view, text) {
  const before = await view.still();
  await view.page.keyboard.press("Control+k");
  await view.changed(before);
  await view.page.keyboard.type(text);
  await view.still();
  await view.page.keyboard.press("Enter");
}

/// Switches with the keyboard alone.
export async function keyboard(context) {
  const { boards, that } = context;
  await set(boards, 1, false);
  const view = await opened(context, "desktop");
  await command(view, `${boards.names[1]} on`);
  that("the command palette switches a board", await light(boards, 1, true), "it is off");
  that("no errors in the console", view.complaints.length === 0, view.complaints);
  await view.close();
}

/// Downloads a board's settings, and sets them again from that file.
export async function files(context) {
  const { boards, folder, pictures, that } = context;
  const [name] = boards.names;
  const view = await opened(context, "desktop");
  const [download] = await Promise.all([view.page.waitForEvent("download"), command(view, `${name}: back up`)]);
  const file = join(folder, download.suggestedFilename());
  await download.saveAs(file);
  that("a backup is downloaded", (await readFile(file, "utf8")).includes(`"${name}"`), download.suggestedFilename());
  await boards.call(0, "Device.SetName", { name: "Renamed" });
  await view.waitForItem("Renamed, connected");
  const [chooser] = await Promise.all([view.page.waitForEvent("filechooser"), command(view, "Renamed: restore")]);
  const before = await view.still();
  await chooser.setFiles(file);
  await view.changed(before);
  await view.save(pictures, "desktop-restore");
  // From Cancel to Restore.
  await view.page.keyboard.press("Tab");
  await view.page.keyboard.press("Enter");
  await view.waitForItem(`${name}, connected`);
  that("a chosen backup is restored", true);
  that("no errors in the console", view.complaints.length === 0, view.complaints);
  await view.close();
}

/// What only fingers do.
export async function fingers(context) {
  const { boards, pictures, that } = context;
  await set(boards, 0, false);
  const view = await opened(context, "landscape");
  const focused = () => document.activeElement?.tagName;
  that("the on-screen keyboard is hidden", (await view.page.evaluate(focused)) !== "INPUT", await view.page.evaluate(focused));
  const off = await view.still();
  await set(boards, 0, true);
  const on = await view.changed(off);
  // The row of the board: its switch is the leftmost, at the row's right end.
  const switches = (await view.differences(off, on)).filter(isSwitch).sort((a, b) => a.x - b.x);
  const [{ x, y, height }] = switches;
  await view.hold({ x: x - 60, y: y + height / 2 });
  const menu = (await view.differences(on, await view.changed(on))).find(({ width, height }) => width > 150 && height > 150);
  that("a long press on a board opens its menu", menu !== undefined, menu);
  await view.save(pictures, "landscape-menu");
  await view.page.keyboard.press("Escape");
  const closed = await view.still();
  await view.press(FIND);
  await view.page.waitForFunction(() => document.activeElement?.tagName === "INPUT");
  that("a tap on a field opens the on-screen keyboard", true);
  await view.page.keyboard.type(boards.addresses[1]);
  const typed = await view.differences(closed, await view.changed(closed));
  that("and what is typed finds a board", typed.some(isSwitch), typed);
  await view.save(pictures, "landscape-find");
  that("no errors in the console", view.complaints.length === 0, view.complaints);
  await view.close();
}

/// What a screen reader is given.
export async function accessibility(context) {
  const { boards, that } = context;
  const view = await opened(context, "desktop");
  const tree = await view.tree();
  const named = (role) => tree.filter((node) => node.role === role).map((node) => node.name);
  that("each board is a link", boards.names.every((name) => named("link").includes(name)), tree);
  that("the state of the connection is a text", named("StaticText").includes("Connected to the server."), tree);
  const drawing = tree.find((node) => node.role === "image" && node.name === "Switchboard");
  that("the drawing says that it cannot be read", drawing?.description.includes("screen readers cannot read"), tree);
  const fields = tree.filter((node) => node.role === "textbox");
  that("no field is without a name", fields.every((field) => field.name), fields);
  const links = () => [...document.querySelectorAll("#board-list a")].map((link) => link.href);
  const wanted = boards.addresses.map((address) => `http://${address}/`).sort();
  const seen = (await view.page.evaluate(links)).sort();
  that("the links lead to the boards' control pages", seen.join() === wanted.join(), seen);
  boards.tell(`stop "${boards.names[0]}"`);
  await view.waitForItem(`${boards.names[0]}, not connected`);
  boards.tell(`start "${boards.names[0]}"`);
  await view.waitForBoards(boards.names);
  that("the list follows a board that goes away and comes back", true);
  await view.close();
}

/// The server is stopped, and started at the same port.
export async function restart(context) {
  const { boards, server, that } = context;
  await set(boards, 0, false);
  const view = await opened(context, "desktop");
  await view.page.evaluate(() => (globalThis.marker = true));
  const before = await view.still();
  await server.stop();
  await view.waitForState("The connection to the server is lost");
  that("the picture shows that the server is gone", (await view.differences(before, await view.changed(before))).length > 0);
  await view.save(context.pictures, "desktop-lost");
  await set(boards, 0, true);
  await server.start();
  await view.waitForState(CONNECTED);
  await view.waitForBoards(boards.names);
  that("it reconnects without being loaded again", await view.page.evaluate(() => globalThis.marker === true), "loaded again");
  const now = await view.still();
  that("and shows what was switched in the meantime", (await view.differences(before, now)).some(isSwitch));
  await view.close();
}

/// A server that asks for a token.
export async function token(context) {
  const { browser, boards, folder, program, that } = context;
  const files = ["control", "view"].map((name) => join(folder, `${name}-token`));
  const options = ["--token-file", files[0], "--view-token-file", files[1]];
  const server = await new Server(program, boards, folder, options).start();
  const [control, viewing] = (await Promise.all(files.map((file) => readFile(file, "utf8")))).map((text) => text.trim());
  await set(boards, 0, false);
  const view = await View.open(browser, server.address, "phone");
  const dialog = view.page.locator("dialog#access");
  await dialog.waitFor({ state: "visible" });
  that("without a token it asks for one", /token/i.test(await dialog.innerText()), await dialog.innerText());
  that("and shows no board", (await view.list()).length === 0, await view.list());
  await view.save(context.pictures, "phone-token");
  const submit = async (text) => {
    await view.page.getByLabel(/^Token/).fill(text);
    const loaded = view.page.waitForEvent("load");
    await view.page.getByRole("button", { name: "Connect" }).tap();
    await loaded;
  };
  await submit("0123456789abcdef0123");
  await dialog.waitFor({ state: "visible" });
  that("a wrong one is refused, and it asks again", /wrong|not/i.test(await dialog.innerText()), await dialog.innerText());
  await submit(control);
  await view.waitForState(CONNECTED);
  await view.waitForBoards(boards.names);
  that("with the right one it shows the boards", true);
  await view.page.reload();
  await view.waitForState(CONNECTED);
  that("a reload does not ask again", !(await dialog.isVisible()), "it asks");
  await view.close();

  const viewer = await View.open(browser, `${server.address}#token=${viewing}`, "desktop");
  await viewer.waitForState(CONNECTED);
  await viewer.waitForBoards(boards.names);
  that("the token is not left in the address", !viewer.page.url().includes(viewing), viewer.page.url());
  await command(viewer, `${boards.names[0]} on`);
  await viewer.still();
  await viewer.save(context.pictures, "desktop-view-only");
  that("the token to view switches nothing", !(await boards.isOn(0)), "it is on");
  await viewer.close();
  await server.stop();
}

/// Saves a picture of each size, light and dark.
export async function gallery(context) {
  for (const size of Object.keys(SIZES)) {
    for (const scheme of ["light", "dark"]) {
      const view = await opened(context, size, scheme);
      await view.save(context.pictures, `${size}-${scheme}`);
      await view.close();
    }
  }
}
