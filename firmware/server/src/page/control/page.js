// The page: where cards are, and the state of the connection.

const $ = (id) => document.getElementById(id);
const PHASES = {
  connecting: "Connecting…",
  live: "Live",
  stale: "No sign of life: values may be out of date",
  waiting: "Not reachable. Trying again…",
  restarting: "The board is restarting…",
  paused: "Paused",
  closed: "Closed by another client.",
  locked: "This board is locked now.",
  full: "All controller slots are in use. One client must disconnect first.",
};

let cards = new Map();
let described, focused;

function phase(phase, detail) {
  document.body.dataset.phase = phase;
  const text = PHASES[phase] + detail;
  if ($("phase").textContent != text) $("phase").textContent = text;
  $("access").hidden = !link?.ready;
  $("retry").hidden = !["waiting", "full", "closed", "locked"].includes(phase);
  $("retry").textContent = phase == "locked" ? "How to reach it" : "Retry";
  // A disabled control loses the focus; it gets it back.
  const active = document.activeElement, off = $("board").disabled;
  $("board").disabled = !link?.ready;
  if (!link?.ready && !off) focused = active;
  if (link?.ready && off && active == document.body) focused?.focus();
  // A locked board shows nothing of itself.
  if (phase == "locked") {
    named("A locked board");
    $("board").hidden = $("about").hidden = true;
    $("board").querySelectorAll(".card").forEach((card) => card.remove());
    $("facts").replaceChildren();
    cards.clear();
    described = "";
  }
}

function named(name) {
  $("name").textContent = document.title = name;
}

// Where a component belongs: what is controlled, what is read, and the rest.
function place({ kind, entity_category: category }) {
  if (category == "diagnostic" || kind == "update") return "diagnostics";
  if (category == "config") return "settings";
  return ["sensor", "binary_sensor", "text_sensor", "event"].includes(kind) ? "readings" : "controls";
}

function board(info, components) {
  named(info.name);
  // The same cards keep what is typed and where the focus is.
  const same = JSON.stringify(components);
  if (same != described) build(components);
  described = same;
  const facts = { Id: info.id, Hardware: info.board, Platform: info.platform, Firmware: info.version, MAC: info.mac };
  $("facts").replaceChildren(...Object.entries(facts).flatMap(([name, value]) =>
    [el("dt", {}, name), el("dd", {}, value ?? UNKNOWN)]));
  $("board").hidden = $("about").hidden = false;
  changed();
}

function build(components) {
  cards = new Map(components.map((descriptor) => [descriptor.key, new Card(descriptor, link)]));
  for (const id of ["controls", "readings", "settings", "diagnostics"]) {
    const here = [...cards.values()].filter(({ descriptor }) => place(descriptor) == id);
    $(id).replaceChildren(...here.map(({ element }) => element));
    $(id).parentElement.hidden = !here.length;
  }
}

function changed(key) {
  if (key) cards.get(key)?.show();
  else cards.forEach((card) => card.show());
}

function event(event) {
  if (event.component == "sys:0" && event.event == "renamed") named(event.name);
  const card = cards.get(event.component);
  if (card?.last) card.event(event);
}

for (const element of document.querySelectorAll(".at"))
  element.textContent = element.textContent.replaceAll("HOST", location.host);

let link;
$("retry").onclick = () => (link.phase == "locked" ? location.reload() : link.connect());
link = new Link({ phase, board, changed, event });
