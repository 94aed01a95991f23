// A page with the window, and what is seen of it.

import { writeFile } from "node:fs/promises";

const PATIENCE = 30_000;

/// Sizes of screens, in CSS pixels. One pixel of the screen each: Chromium does
/// not apply an emulated ratio to `devicePixelContentBoxSize`, from which eframe
/// takes the size of its canvas, and the window would be drawn twice as large.
export const SIZES = {
  desktop: { viewport: { width: 1280, height: 800 } },
  tablet: { viewport: { width: 820, height: 1180 }, hasTouch: true, isMobile: true },
  landscape: { viewport: { width: 1180, height: 820 }, hasTouch: true, isMobile: true },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};

/// Chromium draws WebGL on the processor where there is no display.
export const FLAGS = [
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/// The window in a tab of its own, with storage of its own.
export class View {
  static async open(browser, address, size, colorScheme = "light") {
    const context = await browser.newContext({ ...SIZES[size], colorScheme });
    const view = new View();
    Object.assign(view, { context, size, touch: SIZES[size].hasTouch ?? false, complaints: [] });
    view.page = await context.newPage();
    view.page.setDefaultTimeout(PATIENCE);
    view.page.on("pageerror", (error) => view.complaints.push(`${error}`));
    view.page.on("console", (message) => {
      if (message.type() === "error") view.complaints.push(message.text());
    });
    await view.page.goto(address);
    return view;
  }

  /// What the page says of the connection to the server.
  async waitForState(start) {
    const holds = (start) => document.getElementById("server-state").textContent.startsWith(start);
    await this.page.waitForFunction(holds, start);
  }

  /// The boards as the page lists them.
  list() {
    const items = () => [...document.querySelectorAll("#board-list li")].map((item) => item.textContent);
    return this.page.evaluate(items);
  }

  async waitForBoards(names, state = "connected") {
    const wanted = names.map((name) => `${name}, ${state}`).sort().join("\n");
    const holds = (wanted) =>
      [...document.querySelectorAll("#board-list li")].map((item) => item.textContent).sort().join("\n") === wanted;
    await this.page.waitForFunction(holds, wanted);
  }

  /// Waits until the page lists this.
  async waitForItem(text) {
    const holds = (text) => [...document.querySelectorAll("#board-list li")].some((item) => item.textContent === text);
    await this.page.waitForFunction(holds, text);
  }

  picture() {
    return this.page.screenshot({ animations: "disabled" });
  }

  /// The picture once it stands still; readings and times may go on changing it.
  async still() {
    let before = await this.picture();
    for (let tries = 0; tries < 8; tries++) {
      const now = await this.picture();
      if (now.equals(before)) return now;
      before = now;
    }
    return before;
  }

  /// Waits until the picture is another, and returns it when it stands still.
  async changed(before) {
    for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; ) {
      const boxes = await this.differences(before, await this.picture());
      if (boxes.length > 0) return this.still();
    }
    throw new Error("the picture never changed");
  }

  /// Where two pictures differ: boxes in CSS pixels, the largest first.
  async differences(before, after) {
    const compared = [before, after].map((picture) => picture.toString("base64"));
    // Not in the window's page, which allows no such images.
    this.bench ??= await this.context.newPage();
    await this.page.bringToFront();
    return this.bench.evaluate(compare, compared);
  }

  /// Presses a point of the window as a person does.
  async press({ x, y }) {
    if (this.touch) await this.page.touchscreen.tap(x, y);
    else await this.page.mouse.click(x, y);
  }

  /// Presses it with a finger for longer than a second.
  async hold({ x, y }) {
    const session = await this.context.newCDPSession(this.page);
    const touch = (type, touchPoints) => session.send("Input.dispatchTouchEvent", { type, touchPoints });
    await touch("touchStart", [{ x, y }]);
    await this.page.waitForTimeout(1_200);
    await touch("touchEnd", []);
  }

  async save(folder, name) {
    if (folder) await writeFile(`${folder}/${name}.png`, await this.still());
  }

  /// The accessibility tree, as screen readers are given it.
  async tree() {
    const session = await this.context.newCDPSession(this.page);
    const { nodes } = await session.send("Accessibility.getFullAXTree");
    return nodes
      .filter((node) => !node.ignored)
      .map((node) => ({
        role: node.role?.value,
        name: node.name?.value ?? "",
        description: node.description?.value ?? "",
      }));
  }

  close() {
    return this.context.close();
  }
}

/// Runs in a page: boxes around the cells of eight pixels that differ, of cells
/// that touch each other.
async function compare(pictures) {
  const CELL = 8;
  const [before, after] = await Promise.all(
    pictures.map(async (picture) => {
      const bytes = Uint8Array.from(atob(picture), (char) => char.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
      context.drawImage(image, 0, 0);
      return context.getImageData(0, 0, image.width, image.height);
    }),
  );
  const columns = Math.ceil(before.width / CELL);
  const cells = new Set();
  for (let i = 0; i < before.data.length; i += 4) {
    const far = [0, 1, 2].some((channel) => Math.abs(before.data[i + channel] - after.data[i + channel]) > 8);
    if (!far) continue;
    const x = (i / 4) % before.width;
    const y = Math.floor(i / 4 / before.width);
    cells.add(Math.floor(y / CELL) * columns + Math.floor(x / CELL));
  }
  const boxes = [];
  for (const start of cells) {
    const box = { left: Infinity, top: Infinity, right: 0, bottom: 0 };
    const open = [start];
    cells.delete(start);
    while (open.length > 0) {
      const cell = open.pop();
      const [x, y] = [cell % columns, Math.floor(cell / columns)];
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x + 1);
      box.top = Math.min(box.top, y);
      box.bottom = Math.max(box.bottom, y + 1);
      for (const dy of [-1, 0, 1]) {
        for (const dx of [-1, 0, 1]) {
          const next = (y + dy) * columns + x + dx;
          if (x + dx >= 0 && x + dx < columns && cells.delete(next)) open.push(next);
        }
      }
    }
    boxes.push({
      x: box.left * CELL,
      y: box.top * CELL,
      width: (box.right - box.left) * CELL,
      height: (box.bottom - box.top) * CELL,
    });
  }
  return boxes.sort((a, b) => b.width * b.height - a.width * a.height);
}
