// A board: a light, a button and a thermometer. Decides what a command does and
// what each controller is told; knows no socket.

import { randomBytes } from 'node:crypto';
import { Refused, needed, optional, push, whole, wrong } from './wire.js';

const COMPONENTS = [
  { key: 'light:0', kind: 'light', name: 'Light', icon: 'mdi:lamp', caps: { brightness: true } },
  { key: 'button:0', kind: 'button', name: 'Button' },
  {
    key: 'sensor:0', kind: 'sensor', name: 'Temperature', device_class: 'temperature', unit_of_measurement: '°C',
    accuracy_decimals: 1, state_class: 'measurement',
  },
];

export class Lamp {
  #began = process.hrtime.bigint();
  #epoch = randomBytes(4).toString('hex'); // another one for each run: who sees it change knows that everything before is void
  #seq = 0; // counts changes
  #state = { 'light:0': { on: false, brightness: 60 }, 'sensor:0': { value: 21.5 } };
  #controllers = new Map(); // by number
  #numbers = 0;

  constructor({ id, name, mac }) {
    this.about = { id, name, mac, version: '1.0.0', platform: `node ${process.versions.node}`, board: 'Node.js lamp', proto: 1, features: [] };
  }

  // A controller connects; `send` takes a text for it. Returns its number.
  connect(send) {
    const number = ++this.#numbers;
    this.#controllers.set(number, { send, subscribed: false, seen: 0 });
    return number;
  }

  disconnect(number) {
    this.#controllers.delete(number);
  }

  // Carries out a request, and returns the result. Throws if it is refused.
  call(number, method, params) {
    // A Map, not an object: `{}` has a `constructor` and other inherited names.
    const does = this.#methods.get(method);
    if (!does) throw new Refused(-32601, 'no_such_method', `there is no ${method}; there are: ${[...this.#methods.keys()].join(', ')}`);
    return does(params, number);
  }

  #methods = new Map([
    ['Device.GetInfo', () => ({ ...this.about, epoch: this.#epoch, uptime_ms: this.#uptime() })],
    ['Device.GetComponents', (params) => {
      const offset = whole(params, 'offset', 0) ?? 0;
      const limit = whole(params, 'limit', 1) ?? COMPONENTS.length;
      return { offset, total: COMPONENTS.length, components: COMPONENTS.slice(offset, offset + limit) };
    }],
    ['Device.GetStatus', (_, number) => this.#snapshot(number)],
    ['Device.Subscribe', (_, number) => {
      // Snapshot and subscription are one step: nothing can happen in between.
      Object.assign(this.#controllers.get(number), { subscribed: true, seen: this.#seq });
      return this.#snapshot(number);
    }],
    ['Sys.Ping', () => ({ uptime_ms: this.#uptime() })],
    ['Light.Set', (params, number) => {
      this.#only(params, 'light');
      const on = optional(params, 'on', 'boolean');
      const brightness = whole(params, 'brightness', 0, 100);
      whole(params, 'transition_ms', 0, 10_000);
      // A parameter of the wrong JSON type is wrong_type, whatever else is
      // wrong with it.
      optional(params, 'ct_k', 'number');
      optional(params, 'effect', 'string');
      const { rgb = [] } = params;
      if (!Array.isArray(rgb) || rgb.some((part) => typeof part !== 'number')) throw wrong('wrong_type', 'rgb is a list of numbers');
      for (const field of ['rgb', 'ct_k', 'effect']) {
        if (field in params) throw wrong('not_supported', `this light has no ${field}, only on and brightness`);
      }
      if (on === undefined && brightness === undefined) throw wrong('missing', 'one of on and brightness is expected');
      // Only now that everything is valid: a command is done completely or not
      // at all.
      const was_on = this.#state['light:0'].on;
      this.#change('light:0', { on, brightness }, `client:${number}`);
      return { seq: this.#seq, was_on };
    }],
    ['Button.Press', (params, number) => {
      this.#only(params, 'button');
      const event = optional(params, 'event', 'string') ?? 'press';
      if (!['press', 'double_press', 'long_press'].includes(event)) {
        throw wrong('not_an_option', 'event is press, double_press or long_press');
      }
      this.press(`client:${number}`, event);
      return { seq: this.#seq };
    }],
  ]);

  // Presses the button: by default at the board.
  press(source = 'physical', event = 'press') {
    this.#tell(() => push('NotifyEvent', { epoch: this.#epoch, uptime_ms: this.#uptime(), source, events: [{ component: 'button:0', event }] }));
    this.#change('light:0', { on: !this.#state['light:0'].on }, source);
  }

  // The thermometer has a new reading.
  measure(value) {
    this.#change('sensor:0', { value: Math.round(value * 10) / 10 }, 'physical');
  }

  #uptime() {
    return Number((process.hrtime.bigint() - this.#began) / 1_000_000n);
  }

  #snapshot(client) {
    return { epoch: this.#epoch, seq: this.#seq, uptime_ms: this.#uptime(), client, ...this.#state };
  }

  // There is one of each kind.
  #only(params, kind) {
    if (needed(whole(params, 'id'), 'id') !== 0) throw new Refused(-32001, 'not_found', `there is only ${kind}:0`);
  }

  // Applies what is new, and notifies every subscriber. An unchanged value is
  // not a change.
  #change(key, fields, source) {
    const changed = Object.entries(fields).filter(([field, value]) => value !== undefined && value !== this.#state[key][field]);
    if (changed.length === 0) return;
    Object.assign(this.#state[key], Object.fromEntries(changed));
    const seq = ++this.#seq;
    this.#tell((controller) => {
      const prev = controller.seen; // so that it can tell whether it missed something
      controller.seen = seq;
      return push('NotifyStatus', { epoch: this.#epoch, prev, seq, uptime_ms: this.#uptime(), source, [key]: Object.fromEntries(changed) });
    });
  }

  #tell(text) {
    for (const controller of this.#controllers.values()) {
      if (controller.subscribed) controller.send(text(controller));
    }
  }
}
