//! The page of several selected boards: what they have in common, and controls
//! for all of them at once.

use std::collections::{BTreeMap, BTreeSet};

use eframe::egui::{
    Align, Button, ComboBox, Frame, Layout, Margin, RichText, ScrollArea, Slider, Stroke, TextEdit,
    Ui, WidgetInfo, accesskit::Role, vec2,
};
use protocol::{ComponentKey, Kind, Object, State, method};

use disk::documents::settable;

use crate::{
    model::{
        action::BoardCommand,
        arrangement,
        batch::{Batch, BatchStep, Operation},
        boards::Model,
        page_context::PageContext,
    },
    pages::{board_menu, list_button},
    widgets::{
        icon,
        layout::left_of,
        text_line,
        theme::{self, HALF, UNIT, palette},
    },
};
use fleet::{BoardKey, ComponentView, LinkState};

/// Components of one kind and name, on several boards.
struct ComponentGroup<'a> {
    kind: Kind,
    name: String,
    on_boards: Vec<(BoardKey, &'a ComponentView)>,
}

/// The values of the controls for all, by name.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    numbers: BTreeMap<String, f64>,
    texts: BTreeMap<String, String>,
}

/// Shows the page.
pub(crate) fn show(ui: &mut Ui, context: &PageContext<'_>, drafts: &mut Drafts) {
    let palette = palette(ui);
    let selection: BTreeSet<BoardKey> = context.model.selection().collect();
    let boards: Vec<BoardKey> = context
        .model
        .in_order()
        .map(|board| board.key)
        .filter(|key| selection.contains(key))
        .collect();
    let title = format!("{} boards", boards.len());
    let live: Vec<BoardKey> = boards
        .iter()
        .copied()
        .filter(|key| is_live(context.model, *key))
        .collect();
    ui.horizontal(|ui| {
        list_button::show(ui, context);
        let heading = ui.heading(&title);
        heading.widget_info(|| WidgetInfo::labeled(Role::Heading, true, &title));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let more = ui.add(Button::new(icon::DOTS_THREE));
            more.widget_info(|| WidgetInfo::labeled(Role::Button, true, "More for these boards"));
            eframe::egui::Popup::menu(&more).show(|ui| board_menu::show(ui, context, &boards));
            let can = |key: &&BoardKey| {
                context
                    .model
                    .board(**key)
                    .is_some_and(|board| !board.lacks(method::DEVICE_IDENTIFY))
            };
            let able: Vec<BoardKey> = live.iter().filter(can).copied().collect();
            let identify = ui.add_enabled(!able.is_empty(), Button::new("Identify all"));
            let identify =
                identify.on_hover_text("Make each board identify itself, for example by blinking");
            let why_not = match live.is_empty() {
                true => "None of them is connected",
                false => "None of them can identify itself: they have no Device.Identify",
            };
            if identify.on_disabled_hover_text(why_not).clicked() {
                let call = || Operation::Call(method::DEVICE_IDENTIFY.to_owned(), Object::new());
                let steps = able
                    .iter()
                    .map(|board| BatchStep {
                        board: *board,
                        what: call(),
                    })
                    .collect();
                context.push(BoardCommand::Send(Batch::new(
                    format!("Identify {}", count(able.len())),
                    steps,
                )));
            }
            if live.len() < boards.len() {
                let rest = boards.iter().filter(|key| !live.contains(key));
                let retry = ui.add(Button::new("Connect the rest now"));
                if retry
                    .on_hover_text("Connect to the others now, before their next attempt")
                    .clicked()
                {
                    context.extend(rest.map(|board| BoardCommand::TryNow(*board)));
                }
            }
        });
    });
    let words = match live.len() == boards.len() {
        true => "All are connected. Commands go to every board; each result is shown.".to_owned(),
        false => format!("{} connected; the others receive no commands.", live.len()),
    };
    text_line::label(ui, &words, &words, theme::body(), palette.weak);
    ui.add_space(UNIT * 2.0);
    let alike = in_common(context.model, &live);
    ScrollArea::vertical()
        .id_salt("selection")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.set_max_width(
                left_of(ui.available_width(), UNIT * 2.0).min(theme::CARD_WIDTH_MOST * 2.0),
            );
            if alike.is_empty() {
                let words = "These boards have nothing to control.";
                text_line::label(ui, words, words, theme::body(), palette.weak);
            }
            for group in &alike {
                let card = Frame::new()
                    .fill(palette.card)
                    .stroke(Stroke::new(1.0, palette.border))
                    .corner_radius(theme::CARD_RADIUS)
                    .inner_margin(Margin::symmetric(16, 12));
                card.show(ui, |ui| {
                    ui.set_width(ui.available_width());
                    line(ui, group, drafts, context);
                });
                ui.add_space(UNIT);
            }
            ui.add_space(UNIT);
            for board in boards.iter().filter_map(|key| context.model.board(*key)) {
                let words = format!(
                    "{}  {}",
                    context.model.title(board),
                    text::link(&board.link)
                );
                ui.label(RichText::new(words).color(palette.weak));
            }
        });
}

fn line(ui: &mut Ui, group: &ComponentGroup<'_>, drafts: &mut Drafts, context: &PageContext<'_>) {
    let palette = palette(ui);
    let boards = group.on_boards.len();
    let on = group
        .on_boards
        .iter()
        .filter(|(_, view)| view.shown().on() == Some(true))
        .count();
    let told = match group.kind {
        Kind::Switch | Kind::Light => format!("{}, {on} on", count(boards)),
        _ => count(boards),
    };
    ui.horizontal(|ui| {
        ui.set_min_height(theme::LINE);
        text_line::label(ui, &group.name, &group.name, theme::strong(), palette.text);
        text_line::label(
            ui,
            &told,
            &format!("{}: {told}", group.name),
            theme::body(),
            palette.weak,
        );
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            match group.kind {
                Kind::Button => {
                    if named(ui, "Press all", &format!("{}: press all", group.name)) {
                        let title = format!("Press {} on {}", group.name, count(boards));
                        context.push(group.batch(title, Operation::Press));
                    }
                }
                Kind::Number => number(ui, group, drafts, context),
                Kind::Select => select(ui, group, context),
                Kind::Text => write(ui, group, drafts, context),
                _ => {
                    for (on, word) in [(false, "off"), (true, "on")] {
                        if named(
                            ui,
                            &format!("All {word}"),
                            &format!("{}: all {word}", group.name),
                        ) {
                            let title = format!("Turn {word} {} on {}", group.name, count(boards));
                            let change = State::new().with("on", on);
                            context.push(
                                group.batch(title, |key| Operation::Set(key, change.clone())),
                            );
                        }
                    }
                }
            }
        });
    });
    if group.kind == Kind::Light
        && group
            .on_boards
            .iter()
            .any(|(_, view)| view.descriptor.caps.brightness)
    {
        ui.add_space(HALF);
        ui.horizontal(|ui| {
            text_line::label(ui, "brightness", "brightness", theme::body(), palette.weak);
            let name = format!("{}: brightness of all", group.name);
            if let Some(value) = slide(ui, &name, [0.0, 100.0, 1.0], " %", 100.0, drafts) {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "0 to 100"
                )]
                let percent = value.round() as u8;
                let title = format!("Set {} to {percent} % on {}", group.name, count(boards));
                let change = State::new().with("brightness", percent);
                context.push(group.batch(title, |key| Operation::Set(key, change.clone())));
            }
        });
    }
}

/// A slider for all; returns its value once it is released: a drag is one
/// command, not a hundred.
fn slide(
    ui: &mut Ui,
    name: &str,
    [min, max, step]: [f64; 3],
    unit: &str,
    first: f64,
    drafts: &mut Drafts,
) -> Option<f64> {
    let value = drafts.numbers.entry(name.to_owned()).or_insert(first);
    *value = value.clamp(min, max);
    let slider = Slider::new(value, min..=max).step_by(step).suffix(unit);
    let response = ui.add(slider).accessible_name(name);
    (response.drag_stopped() || (response.changed() && !response.dragged())).then_some(*value)
}

/// A number within the ranges of all.
fn number(ui: &mut Ui, group: &ComponentGroup<'_>, drafts: &mut Drafts, context: &PageContext<'_>) {
    let ranges: Vec<[f64; 3]> = group
        .on_boards
        .iter()
        .filter_map(|(_, view)| view.reported.range())
        .collect();
    let range = ranges
        .iter()
        .copied()
        .reduce(|[a, b, c], [d, e, f]| [a.max(d), b.min(e), c.max(f)]);
    let Some(range) = range.filter(|[min, max, _]| min <= max) else {
        let words = "no common range";
        text_line::label(
            ui,
            words,
            &format!("{}: {words}", group.name),
            theme::body(),
            palette(ui).weak,
        );
        return;
    };
    let unit = group
        .on_boards
        .first()
        .and_then(|(_, view)| view.descriptor.unit_of_measurement.clone());
    let unit = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
    let first = group
        .on_boards
        .iter()
        .find_map(|(_, view)| view.shown().number())
        .unwrap_or(range[0]);
    let name = format!("{}: value of all", group.name);
    if let Some(value) = slide(ui, &name, range, &unit, first, drafts) {
        let title = format!(
            "Set {} to {value}{unit} on {}",
            group.name,
            count(group.on_boards.len())
        );
        let change = State::new().with("value", value);
        context.push(group.batch(title, |key| Operation::Set(key, change.clone())));
    }
}

/// The options that all of them have.
fn select(ui: &mut Ui, group: &ComponentGroup<'_>, context: &PageContext<'_>) {
    let has =
        |view: &ComponentView, option: &str| view.reported.options().any(|other| other == option);
    let first = group.on_boards.first().map(|(_, view)| *view);
    let options: Vec<String> = first
        .into_iter()
        .flat_map(|view| {
            view.reported
                .options()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .filter(|option| group.on_boards.iter().all(|(_, view)| has(view, option)))
        .collect();
    let shown = |view: &ComponentView| view.shown().text().map(str::to_owned);
    let now = first.and_then(shown);
    let alike = group.on_boards.iter().all(|(_, view)| shown(view) == now);
    let words = if alike {
        now.unwrap_or_else(|| "unknown".to_owned())
    } else {
        "mixed".to_owned()
    };
    let combo = ComboBox::from_id_salt(("all", &group.name))
        .width(160.0)
        .selected_text(words)
        .truncate();
    let combo = combo.show_ui(ui, |ui| {
        for option in &options {
            if ui.selectable_label(false, option).clicked() {
                let title = format!(
                    "Set {} to {option} on {}",
                    group.name,
                    count(group.on_boards.len())
                );
                let change = State::new().with("value", option.as_str());
                context.push(group.batch(title, |key| Operation::Set(key, change.clone())));
            }
        }
    });
    combo
        .response
        .accessible_name(format!("{}: value of all", group.name));
}

/// A text field for all.
fn write(ui: &mut Ui, group: &ComponentGroup<'_>, drafts: &mut Drafts, context: &PageContext<'_>) {
    let set = named(ui, "Set all", &format!("{}: set all", group.name));
    let draft = drafts.texts.entry(group.name.clone()).or_default();
    let field = ui.add(
        TextEdit::singleline(draft)
            .desired_width(200.0)
            .min_size(vec2(0.0, theme::LINE)),
    );
    let field = field.accessible_name(format!("{}: value of all", group.name));
    let enter = field.lost_focus() && ui.input(|input| input.key_pressed(eframe::egui::Key::Enter));
    if set || enter {
        let title = format!(
            "Set {} to {draft:?} on {}",
            group.name,
            count(group.on_boards.len())
        );
        let change = State::new().with("value", draft.as_str());
        context.push(group.batch(title, |key| Operation::Set(key, change.clone())));
    }
}

impl ComponentGroup<'_> {
    fn batch(&self, title: String, what: impl Fn(ComponentKey) -> Operation) -> BoardCommand {
        let steps = self.on_boards.iter();
        let steps = steps.map(|(board, view)| BatchStep {
            board: *board,
            what: what(view.descriptor.key.clone()),
        });
        BoardCommand::Send(Batch::new(title, steps.collect()))
    }
}

fn named(ui: &mut Ui, words: &str, name: &str) -> bool {
    let response = ui.add(Button::new(words).min_size(vec2(72.0, theme::LINE)));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    response.clicked()
}

fn count(boards: usize) -> String {
    match boards {
        1 => "1 board".to_owned(),
        many => format!("{many} boards"),
    }
}

fn is_live(model: &Model, key: BoardKey) -> bool {
    model
        .board(key)
        .is_some_and(|board| matches!(board.link, LinkState::Connected | LinkState::Stale))
}

/// What can be controlled on at least one of the boards, by kind and name.
fn in_common<'a>(model: &'a Model, boards: &[BoardKey]) -> Vec<ComponentGroup<'a>> {
    let mut groups: BTreeMap<(String, String), ComponentGroup<'a>> = BTreeMap::new();
    for board in boards.iter().filter_map(|key| model.board(*key)) {
        for view in &board.components {
            let descriptor = &view.descriptor;
            if settable(&descriptor.kind).is_empty() && descriptor.kind != Kind::Button {
                continue;
            }
            let name = text::plain(&descriptor.name);
            let group = groups
                .entry((arrangement::kind(&descriptor.kind), name.clone()))
                .or_insert_with(|| ComponentGroup {
                    kind: descriptor.kind.clone(),
                    name,
                    on_boards: Vec::new(),
                });
            group.on_boards.push((board.key, view.as_ref()));
        }
    }
    groups.into_values().collect()
}
