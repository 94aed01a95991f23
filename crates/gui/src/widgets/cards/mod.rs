//! Cards: one per component, with the control for its kind and the state of its
//! last command. A card only returns actions; it does not carry them out.
//! Unknown values are shown as unknown, never as off or 0.

mod button;
mod card;
mod diagnostics;
mod footer;
mod light;
pub(crate) mod menu;
mod number;
mod raw;
mod select;
mod sensor;
mod size;
mod switch;
mod text_field;
mod update;

use eframe::egui::{
    Align, Align2, CornerRadius, Layout, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, UiBuilder,
    accesskit::Role, pos2, vec2,
};
use protocol::Kind;

pub(crate) use card::{Availability, CardContext, flash};
pub(crate) use diagnostics::show as diagnostics;
#[expect(unused_imports, reason = "the grid of dashboards asks for these")]
pub(crate) use size::{COLUMNS, ROW, natural_size};

use crate::widgets::{
    layout::{Within as _, between, left_of},
    text_line,
    theme::{self, HALF, LINE, UNIT, palette},
};
use card::{Card, card, labels};
use fleet::ComponentView;

/// Shows the components as cards in rows. Each row holds as many as fit, all of
/// the same height.
pub(crate) fn grid(ui: &mut Ui, page: &CardContext<'_>, components: &[&ComponentView]) {
    let labels = labels(page.board);
    let gap = UNIT * 1.5;
    let width = ui.available_width();
    let mut columns = 1;
    while (columns + 1) as f32 * (theme::CARD_WIDTH + gap) - gap <= width {
        columns += 1;
    }
    let card_width = left_of((width + gap) / columns as f32, gap)
        .floor()
        .min(theme::CARD_WIDTH_MOST);
    for row in components.chunks(columns) {
        let cards: Vec<Card<'_>> = row
            .iter()
            .map(|component| card(page, component, &labels))
            .collect();
        let inner = left_of(card_width, 2.0 * theme::CARD_PADDING);
        let height = cards
            .iter()
            .map(|card| height(ui, card, inner))
            .fold(0.0, f32::max);
        let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
        for (column, card) in cards.iter().enumerate() {
            let left = rect.left() + column as f32 * (card_width + gap);
            let place = Rect::from_min_size(pos2(left, rect.top()), vec2(card_width, height));
            if page.reveal == Some(&card.component.descriptor.key) {
                ui.scroll_to_rect(place, None);
            }
            show_card(ui, card, place);
        }
        ui.add_space(gap - ui.spacing().item_spacing.y);
    }
}

fn height(ui: &Ui, card: &Card<'_>, inner_width: f32) -> f32 {
    let body = body_height(card, ui, inner_width);
    let between = if body > 0.0 { HALF } else { 0.0 };
    let total = 12.0 + LINE + between + body + UNIT + footer::height(ui, card, inner_width) + 12.0;
    (total / HALF).ceil() * HALF
}

fn show_card(ui: &mut Ui, card: &Card<'_>, rect: Rect) {
    let palette = palette(ui);
    ui.painter().rect(
        rect,
        CornerRadius::same(theme::CARD_RADIUS),
        palette.card.lerp_to_gamma(palette.lit, card.flash()),
        Stroke::new(1.0, palette.border),
        StrokeKind::Inside,
    );
    let inner = rect.inset(vec2(theme::CARD_PADDING, 12.0));
    let builder = UiBuilder::new()
        .id_salt((
            card.page.board.key.0,
            card.component.descriptor.key.to_string(),
        ))
        .max_rect(inner)
        .layout(Layout::top_down(Align::Min))
        .accessibility_role(Role::Group)
        .accessibility_label(card.label.as_str());
    let mut ui = ui.new_child(builder);
    // The menu is next to the key, in the card's padding.
    contents(
        &mut ui,
        card,
        inner,
        pos2(rect.right() - 2.0, rect.bottom() - 10.0),
    );
}

/// The usual height of a component's card, without its frame. A message of the
/// board may need more.
pub(crate) fn usual_height(ui: &Ui, page: &CardContext<'_>, component: &ComponentView) -> f32 {
    let card = Card {
        page,
        component,
        label: String::new(),
        state: component.shown(),
    };
    let body = body_height(&card, ui, theme::CARD_WIDTH - 2.0 * theme::CARD_PADDING);
    let between = if body > 0.0 { HALF } else { 0.0 };
    LINE + between + body + UNIT * 2.0 + footer::LINE + 12.0
}

/// Shows the card of one component in `rect`, without a frame and with this
/// name.
pub(crate) fn in_tile(
    ui: &mut Ui,
    page: &CardContext<'_>,
    component: &ComponentView,
    name: &str,
    rect: Rect,
) {
    let card = Card {
        page,
        component,
        label: name.to_owned(),
        state: component.shown(),
    };
    contents(
        ui,
        &card,
        rect,
        pos2(rect.right() + 13.0, rect.bottom() + 1.0),
    );
}

/// The head, the control and the footer of a card, within `inner`, and its menu
/// left of and above `corner`.
fn contents(ui: &mut Ui, card: &Card<'_>, inner: Rect, corner: Pos2) {
    ui.spacing_mut().item_spacing.y = HALF;
    let footer = footer::height(ui, card, inner.width());
    let body = between(
        pos2(inner.left(), inner.top() + LINE + HALF),
        pos2(inner.right(), inner.bottom() - footer - UNIT),
    );
    head(ui, card, inner);
    let mut body_ui = ui.new_child(
        UiBuilder::new()
            .id_salt("body")
            .max_rect(body)
            .layout(Layout::top_down(Align::Min)),
    );
    match &card.component.descriptor.kind {
        Kind::Light => light::body(&mut body_ui, card),
        Kind::Number => number::body(&mut body_ui, card),
        Kind::Select => select::body(&mut body_ui, card),
        Kind::Text => text_field::body(&mut body_ui, card),
        Kind::Button => button::body(&mut body_ui, card),
        Kind::Sensor => sensor::body(&mut body_ui, card, body),
        Kind::Switch | Kind::BinarySensor => {}
        Kind::Update => update::body(&mut body_ui, card),
        Kind::Unknown(_) => raw::body(&mut body_ui, card),
    }
    footer::show(
        ui,
        card,
        between(pos2(inner.left(), inner.bottom() - footer), inner.max),
    );
    menu::show(ui, card, between(corner - vec2(24.0, 20.0), corner));
}

/// Shows the name, and the switch or value on the right.
fn head(ui: &mut Ui, card: &Card<'_>, inner: Rect) {
    let line = Rect::from_min_size(inner.min, vec2(inner.width(), LINE));
    let builder = UiBuilder::new()
        .id_salt("head")
        .max_rect(line)
        .layout(Layout::right_to_left(Align::Center));
    ui.scope_builder(builder, |ui| {
        match &card.component.descriptor.kind {
            Kind::Switch | Kind::Light => switch::head(ui, card),
            Kind::Sensor => sensor::head(ui, card),
            Kind::BinarySensor => switch::read_only(ui, card),
            Kind::Number => number::head(ui, card),
            Kind::Unknown(kind) => {
                text_line::label(ui, kind, &card.name(kind), theme::small(), palette(ui).weak);
            }
            Kind::Update => update::head(ui, card),
            Kind::Select | Kind::Text | Kind::Button => {}
        }
        let rect = ui.available_rect_before_wrap();
        let title = title(card);
        text_line::paint(
            ui,
            rect,
            Align2::LEFT_CENTER,
            title,
            theme::strong(),
            palette(ui).text,
        );
    });
}

fn title<'a>(card: &'a Card<'_>) -> &'a str {
    let name = card.component.descriptor.name.as_str();
    if name.is_empty() { &card.label } else { name }
}

/// The height between the head and the footer.
fn body_height(card: &Card<'_>, ui: &Ui, width: f32) -> f32 {
    match &card.component.descriptor.kind {
        Kind::Light => light::controls(&card.component.descriptor.caps) as f32 * (LINE + HALF),
        Kind::Switch | Kind::BinarySensor => 0.0,
        Kind::Sensor => sensor::height(card),
        Kind::Number | Kind::Select | Kind::Text | Kind::Button => LINE + HALF,
        Kind::Update => update::height(card, ui, width),
        Kind::Unknown(_) => raw::height(card, ui, width),
    }
}
