//! The form that calls any method of the board, and the answer below it.

use eframe::egui::{
    Align, Align2, Button, FontSelection, Frame, Layout, Margin, Popup, PopupCloseBehavior,
    RichText, ScrollArea, TextBuffer, TextEdit, Ui, WidgetInfo, accesskit::Role, vec2,
};
use fleet::{BoardKey, BoardView, Outcome};
use serde_json::Value;

use super::{
    request::{Answer, Request, Requests},
    suggestions::{Suggestion, suggestions},
};
use crate::{
    model::{action::BoardCommand, page_context::PageContext, ranking::Ranking},
    widgets::{
        icon, json_text, shortcut, text_line,
        theme::{self, HALF, UNIT, palette},
    },
};

/// The least height of the parameters and of the answer.
const LEAST: f32 = 56.0;

/// The form.
#[derive(Default)]
pub(super) struct Sender {
    requests: Requests,
}

impl Sender {
    /// The number of the request to a board that is not answered.
    pub(super) fn awaited(&self, board: BoardKey) -> Option<u64> {
        self.requests.awaited(board)
    }

    /// Takes the outcome of a request to a board.
    pub(super) fn answered(&mut self, board: BoardKey, number: u64, outcome: Outcome) {
        self.requests.answered(board, number, outcome);
    }

    /// Fills in the form for a board.
    pub(super) fn fill(&mut self, board: &BoardView, method: &str, params: Option<&Value>) {
        self.requests.of(board).fill(method, params);
    }

    pub(super) fn show(&mut self, ui: &mut Ui, board: &BoardView, context: &PageContext<'_>) {
        let number = self.requests.next_number();
        let request = self.requests.of(board);
        let (older, newer) = ui.input_mut(|input| {
            let mut pressed = |keys| input.consume_shortcut(keys);
            (pressed(&shortcut::EARLIER), pressed(&shortcut::LATER))
        });
        request.walk(older, newer);
        if head(ui, request, board, context) {
            request.sent(number);
        }
        ui.add_space(HALF);
        ScrollArea::vertical()
            .id_salt("request")
            .auto_shrink(false)
            .show(ui, |ui| {
                method_field(ui, request, board);
                ui.add_space(HALF);
                let height = (ui.available_height() - UNIT * 2.0).max(LEAST * 2.0);
                let share = if request.answer.is_some() { 0.45 } else { 1.0 };
                params_field(ui, request, (height * share).max(LEAST));
                ui.add_space(HALF);
                answer(ui, request, board);
            });
    }
}

/// The title, and the button that sends; whether it was sent.
fn head(ui: &mut Ui, request: &Request, board: &BoardView, context: &PageContext<'_>) -> bool {
    let palette = palette(ui);
    let live = board.link.is_up();
    let enter = ui.input_mut(|input| input.consume_shortcut(&shortcut::SEND));
    let parsed = request.parsed();
    let why_not = match &parsed {
        _ if !live => Some("The board is not connected".to_owned()),
        Err(problem) => Some(problem.clone()),
        Ok(_) => None,
    };
    ui.horizontal(|ui| {
        text_line::label(ui, "Request", "Request", theme::strong(), palette.text);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let words = format!("Send to {}", context.model.title(board));
            let text = RichText::new(&words).color(palette.on_accent);
            let button = Button::new(text)
                .fill(palette.accent)
                .min_size(vec2(72.0, theme::LINE))
                .truncate();
            let ready = why_not.is_none();
            let send = ui.add_enabled(ready, button);
            send.widget_info(|| WidgetInfo::labeled(Role::Button, ready, &words));
            let [keys, up, down] = [shortcut::SEND, shortcut::EARLIER, shortcut::LATER]
                .map(|shortcut| shortcut::name(ui.ctx(), &shortcut));
            let hint =
                format!("Send the request ({keys}). {up} and {down} browse earlier requests.");
            let send = send.on_hover_text(hint);
            let send = send.on_disabled_hover_text(why_not.unwrap_or_default());
            if (send.clicked() || (enter && ready))
                && let Ok((method, params)) = parsed
            {
                context.push(BoardCommand::Call(board.key, method, params));
                return true;
            }
            false
        })
        .inner
    })
    .inner
}

/// The method, with suggestions below it.
fn method_field(ui: &mut Ui, request: &mut Request, board: &BoardView) {
    let edit = TextEdit::singleline(&mut request.method)
        .font(FontSelection::FontId(theme::monospace()))
        .hint_text(RichText::new("Method").color(palette(ui).weak))
        .desired_width(f32::INFINITY)
        .align(Align2::LEFT_CENTER)
        .min_size(vec2(0.0, theme::LINE));
    let field = ui.add(edit).accessible_name("Method");
    let id = field.id.with("offers");
    if field.gained_focus() || field.changed() {
        Popup::open_id(ui.ctx(), id);
    }
    let chosen = Popup::from_response(&field)
        .id(id)
        .open_memory(None)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.set_width(field.rect.width().max(280.0));
            ScrollArea::vertical()
                .id_salt("offers")
                .max_height(theme::COMMANDS[1] * 0.6)
                .show(ui, |ui| offers(ui, &request.method, board))
                .inner
        })
        .and_then(|shown| shown.inner);
    if let Some(Suggestion { method, params, .. }) = chosen {
        request.fill(&method, params.as_ref());
    }
}

/// The suggestions that match what is typed, the best first; returns the
/// chosen one.
fn offers(ui: &mut Ui, typed: &str, board: &BoardView) -> Option<Suggestion> {
    let named = suggestions(board)
        .into_iter()
        .map(|suggestion| (suggestion.words(), suggestion));
    let mut chosen = None;
    for (words, suggestion) in Ranking::new(typed).rank(named, |(words, _)| words) {
        let entry = ui.add(Button::new(&words).frame_when_inactive(false).truncate());
        entry.widget_info(|| WidgetInfo::labeled(Role::MenuItem, true, &words));
        if entry.clicked() {
            chosen = Some(suggestion);
            ui.close();
        }
    }
    chosen
}

fn params_field(ui: &mut Ui, request: &mut Request, height: f32) {
    let hint = RichText::new("Parameters, for example {\"id\":0}").color(palette(ui).weak);
    let mut layouter = |ui: &Ui, text: &dyn TextBuffer, width: f32| {
        json_text::galley(ui, text.as_str(), &theme::monospace(), width)
    };
    let edit = TextEdit::multiline(&mut request.params)
        .font(FontSelection::FontId(theme::monospace()))
        .hint_text(hint)
        .desired_width(f32::INFINITY)
        .min_size(vec2(0.0, height - UNIT))
        .layouter(&mut layouter);
    ScrollArea::vertical()
        .id_salt("params")
        .max_height(height)
        .show(ui, |ui| ui.add(edit).accessible_name("Parameters"));
}

/// The answer in a box of its own, or what is wrong with the request.
fn answer(ui: &mut Ui, request: &mut Request, board: &BoardView) {
    let palette = palette(ui);
    if let Err(problem) = request.parsed()
        && !(request.method.trim().is_empty() && request.params.trim().is_empty())
    {
        text_line::label(ui, &problem, &problem, theme::small(), palette.bad)
            .on_hover_text(&problem);
    }
    let Some(given) = &request.answer else {
        return;
    };
    let (title, color, json) = match given {
        Answer::Awaited(_) => (
            "Waiting for the response…".to_owned(),
            palette.underway,
            None,
        ),
        Answer::Given(Outcome::Done { result, took }) => {
            let json = serde_json::to_string_pretty(result).unwrap_or_default();
            let title = format!("Response after {}", text::short(*took));
            (title, palette.good, Some(json))
        }
        Answer::Given(outcome) => (text::answer(outcome), palette.bad, None),
    };
    let frame = Frame::new()
        .fill(palette.card)
        .stroke((1.0, palette.border))
        .corner_radius(theme::CONTROL_RADIUS)
        .inner_margin(Margin::symmetric(8, 6));
    let mut cleared = false;
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            let name = format!("{title} from {}", text::plain(&board.name));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let close = ui.add(Button::new(icon::X).frame_when_inactive(false));
                close.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Clear the response"));
                cleared = close.on_hover_text("Clear the response").clicked();
                if let Some(json) = &json {
                    copy(ui, "", "Copy the response", json);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    text_line::label(ui, &title, &name, theme::strong(), color);
                });
            });
        });
        if let Some(json) = &json {
            shown_json(ui, json, "The response");
        }
    });
    if cleared {
        request.answer = None;
    }
}

/// JSON that can be selected but not changed.
pub(super) fn shown_json(ui: &mut Ui, json: &str, name: &str) {
    let mut layouter = |ui: &Ui, text: &dyn TextBuffer, width: f32| {
        json_text::galley(ui, text.as_str(), &theme::monospace(), width)
    };
    let mut text = json;
    let edit = TextEdit::multiline(&mut text)
        .font(FontSelection::FontId(theme::monospace()))
        .desired_width(f32::INFINITY)
        .desired_rows(1)
        .frame(Frame::NONE)
        .layouter(&mut layouter);
    ui.add(edit).accessible_name(name);
}

/// A button that copies a text.
pub(super) fn copy(ui: &mut Ui, words: &str, name: &str, text: &str) {
    let label = format!("{}  {words}", icon::COPY);
    let button = ui.add(Button::new(label.trim_end()));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    if button.on_hover_text(text).clicked() {
        ui.ctx().copy_text(text.to_owned());
    }
}
