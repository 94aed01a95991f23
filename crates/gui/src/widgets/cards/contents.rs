//! The parts of a card: its head with the name and the switch or value, its
//! body, and its footer; on the page of its board, or in a tile.

use eframe::egui::{
    Align, Align2, CornerRadius, Layout, Pos2, Rect, Stroke, StrokeKind, Ui, UiBuilder,
    accesskit::Role, pos2, vec2,
};
use protocol::Kind;

use super::{
    button,
    card::{Card, CardContext},
    cover, event, footer, light, menu, number, preview, select, sensor, switch, text_field,
    text_sensor, unknown, update,
};
use crate::{
    model::metering::Metering,
    widgets::{
        layout::{Within as _, between},
        text_line,
        theme::{self, HALF, LINE, UNIT, palette},
    },
};
use fleet::ComponentView;

/// The height of the fields of an unknown kind in a tile.
const UNKNOWN: f32 = 64.0;

/// Within a card, above and below.
const INSET: f32 = 12.0;

/// The height that a card needs most of the time, and the height that it needs
/// now: a message of the board may need more.
pub(super) fn heights(ui: &Ui, card: &Card<'_>, inner_width: f32) -> [f32; 2] {
    let body = body_height(card, ui, inner_width);
    let between = if body > 0.0 { HALF } else { 0.0 };
    [footer::LINE, footer::height(ui, card, inner_width)].map(|footer| {
        let total = INSET + LINE + between + body + UNIT + footer + INSET;
        (total / HALF).ceil() * HALF
    })
}

/// Shows a card with its frame.
pub(super) fn frame(ui: &mut Ui, card: &Card<'_>, rect: Rect) {
    let palette = palette(ui);
    ui.painter().rect(
        rect,
        CornerRadius::same(theme::CARD_RADIUS),
        palette.card.lerp_to_gamma(palette.lit, card.flash()),
        Stroke::new(1.0, palette.border),
        StrokeKind::Inside,
    );
    let inner = rect.inset(vec2(theme::CARD_PADDING, INSET));
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

fn tile<'a>(page: &'a CardContext<'a>, component: &'a ComponentView, name: &str) -> Card<'a> {
    let card = Card::new(page, component, name);
    match component.descriptor.kind {
        Kind::Switch => card.with_meters(&Metering::of(&page.board.components)),
        _ => card,
    }
}

/// The height that a component's card needs in a tile, without its frame. A
/// message of the board may need more, and so do the meters of a switch, which
/// are left out where there is no room.
pub(crate) fn height_in_tile(ui: &Ui, page: &CardContext<'_>, component: &ComponentView) -> f32 {
    let card = Card::new(page, component, "");
    let body = body_height(&card, ui, theme::CARD_WIDTH - 2.0 * theme::CARD_PADDING);
    let between = if body > 0.0 { HALF } else { 0.0 };
    LINE + between + body + UNIT + footer::LINE
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
    let card = tile(page, component, name);
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
    head(ui, card, inner, body.height());
    let mut body_ui = ui.new_child(
        UiBuilder::new()
            .id_salt("body")
            .max_rect(body)
            .layout(Layout::top_down(Align::Min)),
    );
    let meters = body.after_y(body.bottom() - switch::height(card));
    match &card.component.descriptor.kind {
        Kind::Light => {
            light::body(&mut body_ui, card);
            switch::body(&mut body_ui, card, meters);
        }
        Kind::Number => number::body(&mut body_ui, card),
        Kind::Text => text_field::body(&mut body_ui, card),
        Kind::Sensor => sensor::body(&mut body_ui, card, body),
        Kind::Switch => switch::body(&mut body_ui, card, body),
        Kind::BinarySensor | Kind::Select | Kind::Button => {}
        Kind::Cover => {
            cover::body(&mut body_ui, card);
            switch::body(&mut body_ui, card, meters);
        }
        Kind::Event => event::body(&mut body_ui, card),
        Kind::TextSensor => text_sensor::body(&mut body_ui, card),
        Kind::Update => update::body(&mut body_ui, card),
        Kind::Unknown(_) => unknown::body(&mut body_ui, card),
    }
    footer::show(
        ui,
        card,
        between(pos2(inner.left(), inner.bottom() - footer), inner.max),
    );
    // A tile has a menu of its own.
    if !card.page.in_tile {
        menu::show(ui, card, between(corner - vec2(24.0, 20.0), corner));
    }
}

/// Shows the name, and the switch or value on the right, above a body of this
/// height.
fn head(ui: &mut Ui, card: &Card<'_>, inner: Rect, body: f32) {
    let line = Rect::from_min_size(inner.min, vec2(inner.width(), LINE));
    let builder = UiBuilder::new()
        .id_salt("head")
        .max_rect(line)
        .layout(Layout::right_to_left(Align::Center));
    ui.scope_builder(builder, |ui| {
        match &card.component.descriptor.kind {
            Kind::Switch | Kind::Light => {
                switch::head(ui, card);
                if body < theme::SPARKLINE {
                    switch::first_meter(ui, card);
                }
            }
            Kind::Sensor if sensor::is_large(card, body) => {}
            Kind::Sensor => sensor::head(ui, card),
            Kind::BinarySensor => switch::read_only(ui, card),
            Kind::Select => select::head(ui, card),
            Kind::Button => button::head(ui, card),
            Kind::Unknown(kind) => {
                text_line::label(ui, kind, &card.name(kind), theme::small(), palette(ui).weak);
            }
            Kind::Update => update::head(ui, card),
            Kind::Cover => cover::head(ui, card),
            Kind::Event => event::head(ui, card),
            Kind::TextSensor => text_sensor::head(ui, card),
            Kind::Number | Kind::Text => {}
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
        Kind::Light => {
            let rows = light::controls(&card.component.descriptor.caps) as f32;
            let rows = rows + card.parts.len() as f32;
            rows * (LINE + HALF) + preview::height(card, width) + switch::height(card)
        }
        Kind::Switch => switch::height(card),
        Kind::BinarySensor | Kind::Select | Kind::Button => 0.0,
        Kind::Sensor => sensor::height(card),
        Kind::Number | Kind::Text => LINE + HALF,
        Kind::Update => update::height(card, ui, width),
        Kind::Cover => {
            let rows = cover::controls(&card.component.descriptor.caps) as f32;
            rows * (LINE + HALF) + switch::height(card)
        }
        Kind::Event => event::height(card, ui, width),
        Kind::TextSensor => text_sensor::height(card, ui, width),
        Kind::Unknown(_) => UNKNOWN,
    }
}
