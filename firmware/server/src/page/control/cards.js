// One card per component. What a board says is inserted as text only.

// An element with these properties and attributes.
function el(tag, set = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(set)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// How long a command may take until it counts as unconfirmed.
const ANSWER = 5e3;

class Card {
  // The command without an answer, and what is sent after it.
  #flight;
  #next;
  // What the user wants, over the known state.
  #wanted = {};
  #said = el("p", { className: "said", role: "status" });

  constructor(descriptor, link) {
    Object.assign(this, { descriptor, link, name: descriptor.name, shows: [] });
    const [kind, id] = descriptor.key.split(":");
    this.id = +id;
    this.title = el("h3", {}, descriptor.name);
    this.head = el("div", { className: "head" }, this.title);
    this.element = el("div", { role: "group", className: `card ${kind}`, ariaLabel: descriptor.name }, this.head);
    (KINDS[kind] ?? unknown)(this, descriptor);
    this.element.append(this.#said);
  }

  // Shows the known state, and over it what the user wants.
  show() {
    const state = { ...this.link.state[this.descriptor.key], ...this.#wanted };
    for (const show of this.shows) show(state);
  }

  // Says why a command failed, or nothing.
  say(text) {
    this.#said.textContent = text;
    this.element.classList.toggle("failed", !!text);
  }

  // Sends a command. While one is in flight, newer ones wait and are merged.
  command(method, params, wanted = params) {
    Object.assign(this.#wanted, wanted);
    if (this.#flight && this.descriptor.kind != "button" && method != "Cover.Stop") {
      const merged = this.#next?.method == method ? { ...this.#next.params } : {};
      // Of both, the board would take the color.
      if (params.ct_k) delete merged.rgb;
      this.#next = { method, params: { ...merged, ...params } };
      return this.show();
    }
    this.#next = null;
    this.#transmit(method, params);
    this.show();
  }

  #transmit(method, params) {
    if (!this.link.ready) return this.say("Not sent: not connected.");
    this.say("");
    const flight = (this.#flight = {});
    this.element.classList.add("busy");
    setTimeout(() => this.#unconfirmed(flight), ANSWER);
    this.link.send(method, { id: this.id, ...params }, (error) => {
      if (error?.lost) return this.#unconfirmed(flight);
      this.#settle(flight);
      this.say(error ? `Refused: ${error.message}.` : "");
      this.#proceed();
    });
  }

  #settle(flight) {
    if (this.#flight != flight) return;
    this.#flight = null;
    this.element.classList.remove("busy");
  }

  #proceed() {
    if (this.#flight) return;
    const next = this.#next;
    this.#next = null;
    if (next) this.#transmit(next.method, next.params);
    else this.#wanted = {};
    this.show();
  }

  // A command is never sent twice: a toggle would be carried out twice.
  #unconfirmed(flight) {
    if (this.#flight != flight) return;
    this.#settle(flight);
    this.#next = null;
    this.say("Not confirmed: the board did not answer. Check before you repeat it.");
    this.#proceed();
  }

  // A labeled control with its value: a row of the card. Without a label, the
  // value is in the card's head.
  row(label, control, value = "") {
    const row = el("label", { className: label && "row" }, el("span", {}, label), control);
    (label ? row : this.head).append(value);
    control.ariaLabel = label ? `${label}, ${this.name}` : this.name;
    this.element.append(row);
    return row;
  }

  // The switch at the right of the card's head.
  toggle(method) {
    const input = el("input", { type: "checkbox", role: "switch", ariaLabel: this.name });
    input.onchange = () => this.command(method, { on: input.checked });
    this.head.append(input);
    this.shows.push(({ on }) => {
      input.checked = on;
      input.indeterminate = on == null;
    });
  }

  // A slider that sends while it is moved.
  slider(label, field, min, max, step, unit, method) {
    const value = el("output");
    const input = el("input", { type: "range", min, max, step, className: field });
    const row = this.row(label, input, value);
    input.oninput = () => this.command(method, { [field]: +input.value });
    this.shows.push((state) => {
      const known = state[field];
      if (known != null) input.value = known;
      row.classList.toggle("unset", known == null);
      value.textContent = known == null ? "–" : reading(known, { unit_of_measurement: unit }).join(" ");
      input.ariaValueText = value.textContent;
      input.style.setProperty("--part", `${((input.value - min) / (max - min)) * 100}%`);
    });
  }

  // A list to choose from; `options` of a state.
  choice(label, field, options, method) {
    const input = el("select");
    this.row(label, input);
    if (!label) this.head.append(input);
    input.onchange = () => this.command(method, { [field]: input.value });
    this.shows.push((state) => {
      const words = options(state) ?? [], value = state[field];
      if (`${words}` != input.words) {
        input.replaceChildren(...words.map((word) => el("option", {}, word)));
        input.words = `${words}`;
      }
      input.value = value;
    });
  }

  // Buttons side by side: label, method, parameters, title.
  buttons(...all) {
    const buttons = all.map(([label, method, params = {}]) => el("button", {
      type: "button", onclick: () => this.command(method, params, {}),
      ariaLabel: `${label}, ${this.name}`,
    }, label));
    this.element.append(el("div", { className: "buttons" }, ...buttons));
  }

  // A value to read: large in a tile.
  value(text) {
    const number = el("b"), unit = el("span");
    this.element.append(el("p", { className: "value" }, number, " ", unit));
    this.shows.push((state) => {
      [number.textContent, unit.textContent] = text(state);
      this.element.classList.toggle("unknown", number.textContent == UNKNOWN);
    });
  }

  // The last event.
  event({ event }) {
    this.last.textContent = `${capital(spaced(event))}, ${clock()}`;
  }
}

// A kind that this page does not know: its fields, unchanged.
function unknown(card, { key }) {
  const list = el("dl");
  card.element.append(list);
  card.shows.push((state) => list.replaceChildren(...Object.entries(state).flatMap(([field, value]) =>
    [el("dt", {}, field), el("dd", {}, JSON.stringify(value))])));
  card.head.append(el("span", { className: "kind" }, key));
}

const KINDS = {
  switch: (card) => card.toggle("Switch.Set"),

  light(card, { caps = {} }) {
    const set = "Light.Set";
    card.toggle(set);
    if (caps.brightness) card.slider("Brightness", "brightness", 0, 100, 1, "%", set);
    if (caps.ct_k) card.slider("Color temperature", "ct_k", ...caps.ct_k, 50, "K", set);
    if (caps.white) card.slider("White", "white", 0, 255, 1, "", set);
    if (caps.rgb) {
      const input = el("input", { type: "color" });
      const none = el("output");
      const row = card.row("Color", input, none);
      input.oninput = () => card.command(set, { rgb: rgb(input.value) });
      card.shows.push((state) => {
        row.classList.toggle("unset", !state.rgb);
        none.textContent = state.rgb ? "" : "–";
        if (state.rgb) input.value = hex(state.rgb);
      });
    }
    if (caps.effects?.length) card.choice("Effect", "effect", () => caps.effects, set);
    if (caps.palettes?.length) card.choice("Palette", "palette", () => caps.palettes, set);
  },

  cover(card, { caps = {} }) {
    const state = el("span", { className: "kind" });
    card.head.append(state);
    card.shows.push((known) => (state.textContent = capital(known.state ?? UNKNOWN)));
    if (caps.position) card.slider("Position", "position", 0, 100, 1, "%", "Cover.Set");
    card.buttons(["Open", "Cover.Open"], ["Stop", "Cover.Stop"], ["Close", "Cover.Close"]);
  },

  sensor: (card, descriptor) => card.value(({ value }) => reading(value, descriptor)),
  binary_sensor: (card, descriptor) => card.value(({ on }) => [onOff(on, descriptor), ""]),
  text_sensor: (card) => card.value(({ value }) => [value ?? UNKNOWN, ""]),

  number(card, { unit_of_measurement: unit = "" }) {
    const { min, max, step = 1 } = card.link.state[card.descriptor.key] ?? {};
    // A slider has room for some hundred steps.
    if ((max - min) / step <= 500) return card.slider("", "value", min, max, step, unit, "Number.Set");
    const input = el("input", { type: "number", step: "any" });
    card.row("", input, unit);
    input.onchange = () => input.value && card.command("Number.Set", { value: +input.value });
    input.onblur = () => card.show();
    card.shows.push((state) => {
      for (const field of ["min", "max"]) input[field] = state[field] ?? "";
      if (document.activeElement != input) input.value = state.value ?? "";
    });
  },

  select: (card) => card.choice("", "value", ({ options }) => options, "Select.Set"),

  text(card) {
    const input = el("input", { maxLength: 255, autocomplete: "off", ariaLabel: card.name });
    const form = el("form", {}, input, el("button", {}, "Set"));
    card.element.append(form);
    // What was typed and not sent is not overwritten.
    let shown = "";
    form.onsubmit = (event) => {
      event.preventDefault();
      shown = input.value;
      card.command("Text.Set", { value: shown });
    };
    card.shows.push(({ value }) => {
      if (input.value == shown) input.value = value ?? "";
      shown = value ?? "";
    });
  },

  button(card) {
    card.last = el("span", { className: "kind" });
    card.head.append(card.last);
    const press = (label, event) => [label, "Button.Press", { event }];
    card.buttons(press("Press", "press"), press("Double", "double_press"), press("Long", "long_press"));
  },

  event(card, { event_types: types = [] }) {
    card.last = el("p", { className: "value" }, "No event yet");
    card.element.append(card.last);
    card.title.title = types.map(spaced).join(", ");
  },

  update: (card) => card.value((state) => [
    state.in_progress
      ? `Updating, ${state.update_percentage ?? 0} %`
      : state.installed_version ?? UNKNOWN,
    state.last_error ?? "",
  ]),
};
