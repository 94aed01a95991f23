//! The form that calls any method of the board. It suggests methods for the
//! board's components and validates the JSON while it is typed.

use disk::documents::{settable, state_of};

use crate::{
    model::{action::BoardCommand, page_context::PageContext, pin::component_name},
    widgets::{
        icon, text_line,
        theme::{self, HALF, palette},
    },
};
use eframe::egui::{
    Align, Align2, Button, FontSelection, Key, Layout, Modifiers, Popup, PopupCloseBehavior,
    RichText, ScrollArea, TextEdit, Ui, WidgetInfo, accesskit::Role, vec2,
};
use fleet::{BoardView, ComponentView, LinkState, Outcome};
use protocol::{Descriptor, Kind, Object, State, method};
use serde_json::{Value, json};

/// Sent requests that are remembered.
const MAX_HISTORY: usize = 50;

/// A suggested request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Suggestion {
    pub(super) method: String,
    /// Initial parameters.
    pub(super) params: Option<Value>,
    /// What it does or applies to.
    pub(super) about: String,
}

/// The form.
#[derive(Default)]
pub(super) struct Sender {
    method: String,
    params: String,
    /// Sent requests, oldest first, and how far back the shown one is.
    history: Vec<(String, String)>,
    back: usize,
    /// The outcome of the last request.
    outcome: Option<Outcome>,
    waiting: bool,
}

/// Suggestions for a board: for each component, and for the board itself.
pub(super) fn suggestions(board: &BoardView) -> Vec<Suggestion> {
    let suggestion = |method: &str, params: Option<Value>, about: &str| Suggestion {
        method: method.to_owned(),
        params,
        about: about.to_owned(),
    };
    let mut suggestions = Vec::new();
    for view in &board.components {
        let name = component_name(board, view);
        for (method, params) in of_component(view) {
            suggestions.push(suggestion(method, Some(params), &name));
        }
    }
    suggestions.extend([
        suggestion(method::DEVICE_GET_INFO, None, "information about the board"),
        suggestion(
            method::DEVICE_GET_COMPONENTS,
            Some(json!({"offset": 0})),
            "its components",
        ),
        suggestion(
            method::DEVICE_GET_STATUS,
            None,
            "the state of all components",
        ),
        suggestion(method::DEVICE_IDENTIFY, None, "identify the board"),
        suggestion(
            method::DEVICE_SET_NAME,
            Some(json!({"name": board.name})),
            "rename the board",
        ),
        suggestion(method::DEVICE_REBOOT, None, "restart the board"),
        suggestion(
            method::LOG_SUBSCRIBE,
            Some(json!({"level": "info"})),
            "receive its log",
        ),
        suggestion(method::SYS_PING, None, "check that it responds"),
    ]);
    suggestions
}

fn of_component(view: &ComponentView) -> Vec<(&'static str, Value)> {
    let Descriptor { key, .. } = view.descriptor.as_ref();
    let id = key.id;
    let set = || {
        let mut params = Object::from_iter([("id".to_owned(), json!(id))]);
        // The current state, as a starting point.
        let state = state_of(&key.kind, &view.shown()).unwrap_or_else(|| {
            settable(&key.kind)
                .iter()
                .take(1)
                .fold(State::new(), |state, field| state.with(field, Value::Null))
        });
        params.extend(state.0);
        Value::Object(params)
    };
    match key.kind {
        Kind::Light => vec![(method::LIGHT_SET, set())],
        Kind::Switch => vec![
            (method::SWITCH_SET, set()),
            (method::SWITCH_TOGGLE, json!({"id": id})),
        ],
        Kind::Number => vec![(method::NUMBER_SET, set())],
        Kind::Select => vec![(method::SELECT_SET, set())],
        Kind::Text => vec![(method::TEXT_SET, set())],
        Kind::Button => vec![(method::BUTTON_PRESS, json!({"id": id}))],
        Kind::Update => vec![(method::OTA_ABORT, json!({"id": id}))],
        _ => Vec::new(),
    }
}

/// Parses the parameters: a JSON object, or nothing.
///
/// # Errors
/// What is wrong and where, or what is expected.
pub(super) fn params(text: &str) -> Result<Object, String> {
    if text.trim().is_empty() {
        return Ok(Object::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(params)) => Ok(params),
        Ok(_) => Err("Parameters must be a JSON object, for example {\"id\":0}.".to_owned()),
        Err(error) => Err(format!("This is not valid JSON: {error}.")),
    }
}

impl Sender {
    /// Takes the outcome of the last request.
    pub(super) fn answered(&mut self, outcome: Outcome) {
        self.waiting = false;
        self.outcome = Some(outcome);
    }

    /// Fills in the form.
    pub(super) fn take(&mut self, method: &str, params: Option<&Value>) {
        method.clone_into(&mut self.method);
        self.params = params
            .and_then(|params| serde_json::to_string_pretty(params).ok())
            .unwrap_or_default();
        self.outcome = None;
    }

    pub(super) fn show(&mut self, ui: &mut Ui, board: &BoardView, context: &PageContext<'_>) {
        let palette = palette(ui);
        let live = matches!(board.link, LinkState::Connected | LinkState::Stale);
        let (older, newer) = ui.input_mut(|input| {
            let mut pressed = |key| input.consume_key(Modifiers::COMMAND, key);
            (pressed(Key::ArrowUp), pressed(Key::ArrowDown))
        });
        self.walk(older, newer);
        let enter = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
        let parsed = params(&self.params);
        let ready = live && parsed.is_ok() && !self.method.trim().is_empty();
        ui.horizontal(|ui| {
            text_line::label(ui, "Send", "Send", theme::strong(), palette.text);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let words = RichText::new("Send").color(palette.on_accent);
                let button = Button::new(words)
                    .fill(palette.accent)
                    .min_size(vec2(72.0, theme::LINE));
                let send = ui.add_enabled(ready, button);
                send.widget_info(|| WidgetInfo::labeled(Role::Button, ready, "Send the request"));
                let hint =
                    "Send the request (Ctrl+Enter). Ctrl+Up and Ctrl+Down browse earlier requests.";
                let send = send.on_hover_text(hint);
                let why = if live {
                    "Enter a method; parameters must be a JSON object"
                } else {
                    "The board is not connected"
                };
                if (send.on_disabled_hover_text(why).clicked() || enter)
                    && ready
                    && let Ok(params) = &parsed
                {
                    self.send(board, params.clone(), context);
                }
            });
        });
        ui.add_space(HALF);
        self.method_field(ui, board);
        ui.add_space(HALF);
        let edit = TextEdit::multiline(&mut self.params)
            .font(FontSelection::FontId(theme::monospace()))
            .hint_text(RichText::new("Parameters, for example {\"id\":0}").color(palette.weak))
            .desired_width(f32::INFINITY)
            .desired_rows(4);
        ScrollArea::vertical()
            .id_salt("params")
            .max_height((ui.available_height() - 48.0).max(64.0))
            .show(ui, |ui| {
                if ui.add(edit).accessible_name("Parameters").changed() {
                    self.outcome = None;
                }
            });
        ui.add_space(HALF);
        let (words, color) = match (&parsed, &self.outcome) {
            (Err(problem), _) => (problem.clone(), palette.bad),
            (_, _) if self.waiting => ("Waiting for the response…".to_owned(), palette.underway),
            (_, Some(Outcome::Done { result, took })) => (
                format!("Response after {}: {result}", text::short(*took)),
                palette.good,
            ),
            (_, Some(outcome)) => (text::answer(outcome), palette.bad),
            (_, None) if !live => ("The board is not connected.".to_owned(), palette.weak),
            (_, None) => (String::new(), palette.weak),
        };
        if !words.is_empty() {
            text_line::label(ui, &words, &words, theme::small(), color).on_hover_text(&words);
        }
    }

    /// The method, with suggestions below it.
    fn method_field(&mut self, ui: &mut Ui, board: &BoardView) {
        let edit = TextEdit::singleline(&mut self.method)
            .font(FontSelection::FontId(theme::monospace()))
            .hint_text(RichText::new("Method, for example Light.Set").color(palette(ui).weak))
            .desired_width(f32::INFINITY)
            .align(Align2::LEFT_CENTER)
            .min_size(vec2(0.0, theme::LINE));
        let field = ui.add(edit).accessible_name("Method");
        if field.gained_focus() || field.changed() {
            Popup::open_id(ui.ctx(), field.id.with("offers"));
            self.outcome = None;
        }
        let letters = self.method.to_lowercase();
        let mut chosen = None;
        let popup = Popup::from_response(&field)
            .id(field.id.with("offers"))
            .open_memory(None);
        popup
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .show(|ui| {
                ui.set_width(field.rect.width().max(280.0));
                let fits = |suggestion: &Suggestion| {
                    let words =
                        format!("{} {}", suggestion.method, suggestion.about).to_lowercase();
                    letters.split_whitespace().all(|part| words.contains(part))
                };
                ScrollArea::vertical()
                    .id_salt("offers")
                    .max_height(theme::COMMANDS[1] * 0.6)
                    .show(ui, |ui| {
                        for suggestion in suggestions(board).into_iter().filter(fits) {
                            let words = format!("{}  {}", suggestion.method, suggestion.about);
                            let entry =
                                ui.add(Button::new(&words).frame_when_inactive(false).truncate());
                            entry.widget_info(|| WidgetInfo::labeled(Role::MenuItem, true, &words));
                            if entry.clicked() {
                                chosen = Some(suggestion);
                                ui.close();
                            }
                        }
                    });
            });
        if let Some(Suggestion { method, params, .. }) = chosen {
            self.take(&method, params.as_ref());
        }
    }

    /// Browses earlier requests.
    fn walk(&mut self, older: bool, newer: bool) {
        if older && self.back < self.history.len() {
            self.back += 1;
        } else if newer && self.back > 0 {
            self.back -= 1;
        } else {
            return;
        }
        let (method, params) = match self
            .history
            .len()
            .checked_sub(self.back)
            .and_then(|at| self.history.get(at))
        {
            Some(sent) => sent.clone(),
            None => Default::default(),
        };
        (self.method, self.params, self.outcome) = (method, params, None);
    }

    fn send(&mut self, board: &BoardView, params: Object, context: &PageContext<'_>) {
        let sent = (self.method.trim().to_owned(), self.params.clone());
        context.push(BoardCommand::Call(board.key, sent.0.clone(), params));
        self.history.retain(|old| *old != sent);
        if self.history.len() == MAX_HISTORY {
            self.history.remove(0);
        }
        self.history.push(sent);
        (self.back, self.outcome, self.waiting) = (0, None, true);
    }
}

/// A button that copies a text.
pub(super) fn copy(ui: &mut Ui, words: &str, name: &str, text: &str) {
    let button = ui.add(Button::new(format!("{}  {words}", icon::COPY)));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    if button.on_hover_text(text).clicked() {
        ui.ctx().copy_text(text.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_an_object_or_nothing() {
        assert_eq!(params("  "), Ok(Object::new()));
        assert_eq!(params(r#"{"id":0}"#).map(|params| params.len()), Ok(1));
        assert!(params("[1]").is_err_and(|problem| problem.contains("{\"id\":0}")));
        assert!(params("{\"id\":").is_err_and(|problem| problem.contains("line 1")));
    }

    #[test]
    fn earlier_requests_can_be_browsed() {
        let mut sender = Sender {
            history: vec![("A".into(), "1".into()), ("B".into(), "2".into())],
            ..Sender::default()
        };
        let mut walk = |older, newer| {
            sender.walk(older, newer);
            sender.method.clone()
        };
        assert_eq!(
            [walk(true, false), walk(true, false), walk(true, false)],
            ["B", "A", "A"]
        );
        assert_eq!(
            [walk(false, true), walk(false, true), walk(false, true)],
            ["B", "", ""]
        );
    }
}
