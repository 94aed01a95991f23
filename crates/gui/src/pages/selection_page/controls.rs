//! One card per kind and name of component, with controls for all boards at
//! once. A control shows the common value, or that values are mixed.

use std::collections::{BTreeMap, BTreeSet};

use eframe::egui::{
    Align, Align2, Button, Color32, Frame, Layout, Margin, Stroke, TextEdit, Ui, WidgetInfo,
    accesskit::Role, lerp, vec2,
};
use protocol::{Kind, State};

use super::groups::{Common, ComponentGroup, count};
use crate::{
    model::{batch::Operation, page_context::PageContext},
    widgets::{
        cards,
        color::of_kelvin,
        color_field::{self, PRESETS},
        layout::{Within as _, left_of},
        slider::{Rail, Slider},
        text_line,
        theme::{self, LINE, UNIT, palette},
        value_field::{self, ValueField},
    },
};
use fleet::{BoardKey, ComponentView, Trigger};

/// The width of a row's label.
const LABEL: f32 = 96.0;

/// What the controls of several boards are held at, by name.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    /// The boards.
    boards: BTreeSet<BoardKey>,
    numbers: BTreeMap<String, f64>,
    texts: BTreeMap<String, String>,
}

impl Drafts {
    /// Forgets what was held for other boards.
    pub(super) fn are_for(&mut self, boards: &BTreeSet<BoardKey>) {
        if self.boards != *boards {
            *self = Self {
                boards: boards.clone(),
                ..Self::default()
            };
        }
    }
}

/// The card of a group.
pub(super) fn show(
    ui: &mut Ui,
    group: &ComponentGroup<'_>,
    drafts: &mut Drafts,
    context: &PageContext<'_>,
) {
    let palette = palette(ui);
    let card = Frame::new()
        .fill(palette.card)
        .stroke(Stroke::new(1.0, palette.border))
        .corner_radius(theme::CARD_RADIUS)
        .inner_margin(Margin::symmetric(16, 10));
    card.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.push_id((group.kind.to_string(), &group.name), |ui| {
            head(ui, group, drafts, context);
            match group.kind {
                Kind::Light => light(ui, group, drafts, context),
                Kind::Number => number(ui, group, drafts, context),
                Kind::Cover => position(ui, group, drafts, context),
                _ => {}
            }
        });
    });
    ui.add_space(UNIT);
}

fn head(ui: &mut Ui, group: &ComponentGroup<'_>, drafts: &mut Drafts, context: &PageContext<'_>) {
    let palette = palette(ui);
    let boards = group.boards();
    let told = match group.kind {
        Kind::Switch | Kind::Light => {
            let on = |view: &&ComponentView| view.shown().on() == Some(true);
            format!("{}, {} on", count(boards), group.views().filter(on).count())
        }
        _ => count(boards),
    };
    ui.horizontal(|ui| {
        ui.set_min_height(LINE);
        text_line::label(ui, &group.name, &group.name, theme::strong(), palette.text);
        let name = format!("{}: {told}", group.name);
        text_line::label(ui, &told, &name, theme::body(), palette.weak);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            match group.kind {
                Kind::Button => press(ui, group, context),
                Kind::Cover => movements(ui, group, context),
                Kind::Select => select(ui, group, context),
                Kind::Text => write(ui, group, drafts, context),
                Kind::Switch | Kind::Light => {
                    for (on, word) in [(false, "off"), (true, "on")] {
                        let words = format!("All {word}");
                        if named(ui, &words, &format!("{}: all {word}", group.name)) {
                            let title = format!("Turn {word} {} on {}", group.name, count(boards));
                            context.push(group.set(title, &State::new().with("on", on)));
                        }
                    }
                }
                _ => {}
            }
        });
    });
}

fn press(ui: &mut Ui, group: &ComponentGroup<'_>, context: &PageContext<'_>) {
    if named(ui, "Press all", &format!("{}: press all", group.name)) {
        let title = format!("Press {} on {}", group.name, count(group.boards()));
        context.push(group.batch(title, Operation::Press));
    }
}

/// Opens, stops or closes all of them; from the right.
fn movements(ui: &mut Ui, group: &ComponentGroup<'_>, context: &PageContext<'_>) {
    for trigger in [Trigger::Close, Trigger::Stop, Trigger::Open] {
        let name = format!("{}: {} all", group.name, trigger.word());
        let verb = text::capitalized(trigger.word());
        if named(ui, &format!("{verb} all"), &name) {
            let boards = count(group.boards());
            let title = format!("{verb} {} on {boards}", group.name);
            context.push(group.batch(title, |key| Operation::Trigger(key, trigger)));
        }
    }
}

/// The position, if all of them have one that can be set.
fn position(
    ui: &mut Ui,
    group: &ComponentGroup<'_>,
    drafts: &mut Drafts,
    context: &PageContext<'_>,
) {
    if !group.views().all(|view| view.descriptor.caps.position) {
        return;
    }
    let setting = Setting::new("Position", "position", [0.0, 100.0], Some("%"));
    setting.show(ui, group, drafts, context);
}

/// A number of several components.
struct Setting<'a> {
    /// Left of it; empty for none.
    label: &'a str,
    /// What it is, as part of titles and accessible names.
    what: &'a str,
    field: &'a str,
    limits: [f64; 3],
    /// The step of a typed value.
    exact: f64,
    decimals: Option<u8>,
    unit: Option<&'a str>,
    rail: Rail<'a>,
}

impl<'a> Setting<'a> {
    /// A whole number, named like its field.
    fn new(label: &'a str, field: &'a str, [min, max]: [f64; 2], unit: Option<&'a str>) -> Self {
        Self {
            label,
            what: field,
            field,
            limits: [min, max, 1.0],
            exact: 1.0,
            decimals: Some(0),
            unit,
            rail: Rail::Filled,
        }
    }

    fn show(
        self,
        ui: &mut Ui,
        group: &ComponentGroup<'_>,
        drafts: &mut Drafts,
        context: &PageContext<'_>,
    ) {
        let read = |state: &State| state.get(self.field)?.as_f64();
        let common = group.common(read);
        let spread = group.spread(read).map(|spread| [spread.low, spread.high]);
        let name = format!("{}: {} of all", group.name, self.what);
        let held = drafts.numbers.get(&name).copied();
        let [min, max, _] = self.limits;
        let size = vec2(ui.available_width(), LINE);
        let requested = ui
            .allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
                label(ui, self.label);
                let slider = Slider {
                    name: &name,
                    value: held.or(common.same()),
                    absent: common.absent(),
                    spread: spread.filter(|_| held.is_none()),
                    limits: self.limits,
                    width: left_of(ui.available_width(), value_field::WIDTH + UNIT),
                    rail: self.rail,
                };
                let (response, slid) = slider.show(ui);
                let field = ValueField {
                    name: &format!("{}: exact {} of all", group.name, self.what),
                    value: held.or(common.same()),
                    absent: common.absent(),
                    limits: [min, max, self.exact],
                    decimals: self.decimals,
                    unit: self.unit,
                };
                let (_, typed) = field.show(ui, context);
                once_released(&response, slid, &name, drafts).or(typed)
            })
            .inner;
        if let Some(value) = requested {
            let words = text::quantity(value, self.decimals, self.unit);
            let boards = count(group.boards());
            let title = format!("Set {} to {words} on {boards}", group.name);
            let change = match self.field {
                "value" => State::new().with(self.field, value),
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "percents, bytes or kelvins"
                )]
                _ => State::new().with(self.field, value.round() as i64),
            };
            context.push(group.set(title, &change));
        }
    }
}

/// A drag is one command for every board, not a hundred.
fn once_released(
    response: &eframe::egui::Response,
    slid: Option<f64>,
    name: &str,
    drafts: &mut Drafts,
) -> Option<f64> {
    if response.interact_pointer_pos().is_none() {
        drafts.numbers.remove(name);
        return slid;
    }
    if let Some(slid) = slid {
        drafts.numbers.insert(name.to_owned(), slid);
    }
    match response.drag_stopped() || response.clicked() {
        true => drafts.numbers.remove(name),
        false => None,
    }
}

fn label(ui: &mut Ui, words: &str) {
    if words.is_empty() {
        return;
    }
    let rect = ui.available_rect_before_wrap();
    let rect = rect.until_x(rect.left() + LABEL);
    let color = palette(ui).weak;
    text_line::paint(ui, rect, Align2::LEFT_CENTER, words, theme::body(), color);
    ui.add_space(LABEL);
}

fn light(ui: &mut Ui, group: &ComponentGroup<'_>, drafts: &mut Drafts, context: &PageContext<'_>) {
    let caps = || group.views().map(|view| &view.descriptor.caps);
    if caps().all(|caps| caps.brightness) {
        let setting = Setting::new("Brightness", "brightness", [0.0, 100.0], Some("%"));
        setting.show(ui, group, drafts, context);
    }
    // The temperatures that all of them have.
    let kelvins = caps()
        .map(|caps| caps.ct_k.map(|[a, b]| [a.min(b), a.max(b)]))
        .reduce(|one, other| {
            let ([a, b], [c, d]) = (one?, other?);
            Some([a.max(c), b.min(d)])
        })
        .flatten()
        .filter(|[warmest, coldest]| warmest < coldest);
    if let Some([warmest, coldest]) = kelvins {
        let ends = [f32::from(warmest), f32::from(coldest)];
        let color = |share| -> Color32 { of_kelvin(lerp(ends[0]..=ends[1], share)) };
        let [low, high] = [warmest, coldest].map(f64::from);
        let setting = Setting {
            what: "color temperature",
            limits: [low, high, 50.0],
            rail: Rail::Painted(&color),
            ..Setting::new("Temperature", "ct_k", [low, high], Some("K"))
        };
        setting.show(ui, group, drafts, context);
    }
    if caps().all(|caps| caps.rgb) {
        colors(ui, group, context);
    }
    if caps().all(|caps| caps.white) {
        let setting = Setting::new("White", "white", [0.0, 255.0], None);
        setting.show(ui, group, drafts, context);
    }
}

fn colors(ui: &mut Ui, group: &ComponentGroup<'_>, context: &PageContext<'_>) {
    let common = group.common(State::rgb);
    let size = vec2(ui.available_width(), LINE);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        label(ui, "Color");
        ui.spacing_mut().item_spacing.x = theme::HALF;
        for (word, rgb) in PRESETS {
            let name = format!("{}: all {word}", group.name);
            let swatch = color_field::swatch(ui, rgb, &name, common == Common::Same(rgb));
            if swatch.on_hover_text(word).clicked() {
                let boards = count(group.boards());
                let title = format!("Set {} to {word} on {boards}", group.name);
                context.push(group.set(title, &State::new().with("rgb", rgb.to_vec())));
            }
        }
        if common == Common::Mixed {
            let name = format!("{}: colors are mixed", group.name);
            text_line::label(ui, "mixed", &name, theme::body(), palette(ui).weak);
        }
    });
}

/// A number within the ranges of all.
fn number(ui: &mut Ui, group: &ComponentGroup<'_>, drafts: &mut Drafts, context: &PageContext<'_>) {
    let range = group
        .views()
        .map(|view| cards::number_range(&view.reported))
        .reduce(|one, other| {
            let ([a, b, c], [d, e, f]) = (one?, other?);
            Some([a.max(d), b.min(e), c.max(f)])
        })
        .flatten()
        .filter(|[min, max, _]| min < max);
    let Some(limits) = range else {
        let words = "They have no range in common.";
        let name = format!("{}: {words}", group.name);
        text_line::label(ui, words, &name, theme::body(), palette(ui).weak);
        return;
    };
    let descriptor = group.views().next().map(|view| &view.descriptor);
    let setting = Setting {
        label: "",
        what: "value",
        field: "value",
        limits,
        exact: limits[2],
        decimals: descriptor.and_then(|descriptor| descriptor.accuracy_decimals),
        unit: descriptor.and_then(|descriptor| descriptor.unit_of_measurement.as_deref()),
        rail: Rail::Filled,
    };
    setting.show(ui, group, drafts, context);
}

/// The options that all of them have.
fn select(ui: &mut Ui, group: &ComponentGroup<'_>, context: &PageContext<'_>) {
    let has =
        |view: &ComponentView, option: &str| view.reported.options().any(|other| other == option);
    let first = group.views().next();
    let options: Vec<String> = first
        .into_iter()
        .flat_map(|view| view.reported.options())
        .filter(|option| group.views().all(|view| has(view, option)))
        .map(str::to_owned)
        .collect();
    let common = group.common(|state| state.text().map(str::to_owned));
    let absent = common.absent();
    let words = common.same().unwrap_or_else(|| absent.to_owned());
    let combo = theme::combo_box(("all", &group.name))
        .width(160.0)
        .selected_text(&words)
        .truncate();
    let combo = combo.show_ui(ui, |ui| {
        for option in &options {
            if ui.selectable_label(*option == words, option).clicked() {
                let boards = count(group.boards());
                let title = format!("Set {} to {option} on {boards}", group.name);
                context.push(group.set(title, &State::new().with("value", option.as_str())));
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
    let common = group.common(|state| state.text().map(str::to_owned));
    let absent = common.absent();
    let common = common.same();
    let draft = drafts.texts.get(&group.name).cloned();
    let mut typed = draft.or_else(|| common.clone()).unwrap_or_default();
    let field = ui.add(
        TextEdit::singleline(&mut typed)
            .desired_width(200.0)
            .min_size(vec2(0.0, LINE))
            .hint_text(absent),
    );
    let field = field.accessible_name(format!("{}: value of all", group.name));
    if field.changed() {
        drafts.texts.insert(group.name.clone(), typed.clone());
    }
    let enter = field.lost_focus() && ui.input(|input| input.key_pressed(eframe::egui::Key::Enter));
    if set || enter {
        drafts.texts.remove(&group.name);
        let boards = count(group.boards());
        let title = format!("Set {} to {typed:?} on {boards}", group.name);
        context.push(group.set(title, &State::new().with("value", typed.as_str())));
    }
}

fn named(ui: &mut Ui, words: &str, name: &str) -> bool {
    let response = ui.add(Button::new(words).min_size(vec2(72.0, LINE)));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    response.clicked()
}
