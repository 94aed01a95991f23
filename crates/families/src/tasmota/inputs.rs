//! Buttons and switch inputs: which of them have a state, and which events they
//! report.

use protocol::{ComponentKey, Descriptor, Event, Kind, Object, State};
use serde_json::{Map, Value};

use super::config::Config;

/// The events of switch inputs are numbered from here.
const SWITCH_EVENTS: u16 = 256;

/// Presses of a button, as Tasmota and we call them.
const PRESSES: [(&str, &str); 6] = [
    ("SINGLE", "press"),
    ("DOUBLE", "double_press"),
    ("TRIPLE", "triple_press"),
    ("QUAD", "quadruple_press"),
    ("PENTA", "quintuple_press"),
    ("HOLD", "long_press"),
];

/// What a switch input does, by its mode (`SwitchMode`).
struct Mode {
    /// It has a state.
    state: bool,
    /// It is only ever reported on; one second later it is off.
    pulse: bool,
    /// What the texts of toggle and hold mean.
    toggle: Option<&'static str>,
    hold: Option<&'static str>,
}

fn mode(number: i64) -> Mode {
    let (state, toggle, hold) = match number {
        1 | 2 | 13..=16 => (true, None, None),
        3 | 4 => (true, Some("press"), None),
        5 | 6 => (true, Some("press"), Some("long_press")),
        9 | 10 => (true, None, Some("double_press")),
        8 => (false, Some("press"), Some("double_press")),
        0 | 7 | 11 | 12 => (false, Some("press"), None),
        _ => (false, None, None),
    };
    Mode {
        state,
        pulse: matches!(number, 13 | 14),
        toggle,
        hold,
    }
}

/// The names that a board gives to its switch inputs in reports.
fn field(config: &Config, input: u16) -> String {
    let given = config.switch_names.get(usize::from(input));
    match given.filter(|name| !name.is_empty()) {
        Some(name) => name.clone(),
        None => format!("Switch{}", input + 1),
    }
}

fn inputs(config: &Config) -> impl Iterator<Item = (u16, Mode)> {
    let numbers = (0_u16..).zip(&config.switches);
    numbers.map(|(input, number)| (input, mode(*number)))
}

/// The events of a button; empty if it reports none.
fn presses(config: &Config) -> Vec<String> {
    let reported = match (
        config.options.reports_buttons,
        config.options.single_buttons,
    ) {
        (false, _) => 0,
        (true, true) => 1,
        (true, false) => PRESSES.len(),
    };
    let names = PRESSES.iter().take(reported);
    names.map(|(_, press)| (*press).to_owned()).collect()
}

/// Their descriptions, each with a state in which nothing is known.
pub(super) fn describe(config: &Config) -> Vec<(Descriptor, State)> {
    let mut all = Vec::new();
    for (input, mode) in inputs(config) {
        let name = match field(config, input) {
            given if given == format!("Switch{}", input + 1) => format!("Input {}", input + 1),
            given => given,
        };
        if mode.state {
            let descriptor = Descriptor::new(Kind::BinarySensor, input, &name);
            all.push((descriptor, State::new().with("on", Value::Null)));
        }
        let events = [mode.toggle, mode.hold].into_iter().flatten();
        let events: Vec<_> = events.map(str::to_owned).collect();
        if !events.is_empty() {
            let mut descriptor = Descriptor::new(Kind::Event, SWITCH_EVENTS + input, &name);
            descriptor.event_types = events;
            descriptor.device_class = Some("button".to_owned());
            all.push((descriptor, State::new()));
        }
    }
    let presses = presses(config);
    let buttons = (0_u16..).zip(&config.buttons);
    for (button, _) in buttons.filter(|(_, present)| **present && !presses.is_empty()) {
        let name = format!("Button {}", button + 1);
        let mut descriptor = Descriptor::new(Kind::Event, button, &name);
        descriptor.event_types.clone_from(&presses);
        descriptor.device_class = Some("button".to_owned());
        all.push((descriptor, State::new()));
    }
    all
}

/// What an action, or a reading, says of the inputs that have a state.
pub(super) fn states(
    config: &Config,
    report: &Map<String, Value>,
) -> impl Iterator<Item = (ComponentKey, State)> {
    let with_state = inputs(config).filter(|(_, mode)| mode.state);
    with_state.filter_map(|(input, mode)| {
        let reading = report.get(&field(config, input))?;
        let text = match reading {
            // A reading between two pulses says nothing.
            Value::String(text) if !mode.pulse => text,
            Value::Object(_) => reading.get("Action")?.as_str()?,
            _ => return None,
        };
        let key = ComponentKey::new(Kind::BinarySensor, input);
        Some((key, State::new().with("on", config.is_on(text)?)))
    })
}

/// The inputs that a report says are on for a second.
pub(super) fn pulses(
    config: &Config,
    report: &Map<String, Value>,
) -> impl Iterator<Item = ComponentKey> {
    let pulsing = inputs(config).filter(|(_, mode)| mode.pulse);
    pulsing.filter_map(|(input, _)| {
        let action = report.get(&field(config, input))?.get("Action")?.as_str()?;
        let is_on = config.is_on(action)?;
        is_on.then(|| ComponentKey::new(Kind::BinarySensor, input))
    })
}

/// The events in a report.
pub(super) fn events(config: &Config, report: &Map<String, Value>) -> Vec<Event> {
    let action = |field: &str| report.get(field)?.get("Action")?.as_str();
    let mut all = Vec::new();
    let mut add = |number: u16, event: &str| {
        all.push(Event {
            component: ComponentKey::new(Kind::Event, number),
            event: event.to_owned(),
            extra: Object::new(),
        });
    };
    let known = presses(config);
    let buttons = (0_u16..).zip(&config.buttons);
    for (button, _) in buttons.filter(|(_, present)| **present) {
        let said = action(&format!("Button{}", button + 1));
        if let Some(press) = said.and_then(|said| press(config, said))
            && known.iter().any(|known| known == press)
        {
            add(button, press);
        }
    }
    for (input, mode) in inputs(config) {
        let said = action(&field(config, input));
        let event = match said {
            Some(text) if text == config.states[2] => mode.toggle,
            Some(text) if text == config.states[3] => mode.hold,
            _ => None,
        };
        if let Some(event) = event {
            add(SWITCH_EVENTS + input, event);
        }
    }
    all
}

/// What a button's text means.
fn press(config: &Config, said: &str) -> Option<&'static str> {
    let said = match (said, config.options.swapped_buttons) {
        ("SINGLE", true) => "DOUBLE",
        ("DOUBLE", true) => "SINGLE",
        (said, _) => said,
    };
    let found = PRESSES.iter().find(|(theirs, _)| *theirs == said);
    found.map(|(_, ours)| *ours)
}
