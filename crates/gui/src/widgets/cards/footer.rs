//! The last lines of a card: the state of its last command, or else its last
//! change and how long ago that was.

use std::time::Duration;

use eframe::egui::{Align2, Color32, Rect, Sense, Ui, accesskit::Role, pos2, vec2};

use super::{
    card::{Availability, Card},
    event::readable,
};
use crate::widgets::{
    layout::{Within as _, left_of},
    status_icons, text_line,
    theme::{self, UNIT, palette},
};
use fleet::{CommandState, ComponentView, Confirmation, Family, Origin};

pub(super) const LINE: f32 = 16.0;

/// How long a confirmation is shown, and how long it takes to fade.
const CONFIRMED: Duration = Duration::from_secs(3);
const FADE: Duration = Duration::from_millis(400);

/// The width of the menu button, right of the key.
const MENU: f32 = 12.0;

/// The text of a footer.
struct FooterText {
    text: String,
    color: Color32,
    /// A command is pending: show a pulsing dot before the text.
    pulses: bool,
}

fn words(ui: &Ui, card: &Card<'_>) -> FooterText {
    let palette = palette(ui);
    let context = card.page.context;
    let plain = |text: String, color| FooterText {
        text,
        color,
        pulses: false,
    };
    if let Availability::Off { heard, .. } = card.page.availability {
        return plain(
            match heard {
                Some(heard) => format!("as of {}", text::ago(context.age(*heard))),
                None => "no value yet".to_owned(),
            },
            palette.weak,
        );
    }
    let command = &latest(card).command;
    if let Some((text, color)) = failure(ui, command) {
        return plain(text, color);
    }
    match command {
        CommandState::Pending { .. } => {
            return FooterText {
                text: "pending".to_owned(),
                color: palette.underway,
                pulses: true,
            };
        }
        CommandState::Confirmed { took, at } if !changed_since(card, *at) => {
            let age = context.now.saturating_duration_since(*at);
            if age < CONFIRMED + FADE {
                let color = fading(card, age, palette.good, palette.card);
                let how = confirmed(card.page.board.family);
                return plain(format!("{how} {}", text::short(*took)), color);
            }
        }
        _ => {}
    }
    let last = match (&card.component.last_event, &card.component.changed) {
        (Some(event), _) => Some((readable(&event.name), event.at, &event.origin)),
        (None, Some((at, origin))) => Some(("changed".to_owned(), *at, origin)),
        (None, None) => None,
    };
    let text = match last {
        Some((what, at, Origin::Board)) => format!("{what} {}", text::ago(context.wall_age(at))),
        Some((what, at, origin)) => {
            let own = &context.model.own_clients;
            let cause = match own.name(card.page.board.key, origin) {
                Some(own) => own.to_owned(),
                None => text::cause(&card.component.descriptor.kind, origin),
            };
            format!("{what} {} ({cause})", text::ago(context.wall_age(at)))
        }
        None => String::new(),
    };
    plain(text, palette.weak)
}

/// Why a command failed, and the color of that.
pub(super) fn failure(ui: &Ui, command: &CommandState) -> Option<(String, Color32)> {
    let palette = palette(ui);
    match command {
        CommandState::Refused { error, .. } => Some((
            format!("refused: {}", text::plain(&error.message)),
            palette.bad,
        )),
        CommandState::Unconfirmed { .. } => Some((
            "unconfirmed: no response within 5 s".to_owned(),
            palette.doubtful,
        )),
        CommandState::Pending { .. } | CommandState::Confirmed { .. } | CommandState::Idle => None,
    }
}

/// The component with the last command: the light itself, or a part of it.
fn latest<'a>(card: &Card<'a>) -> &'a ComponentView {
    let own = [card.component];
    let all = own.into_iter().chain(card.parts.iter().copied());
    let last = all.max_by_key(|component| match &component.command {
        CommandState::Idle => (0, None),
        CommandState::Confirmed { at, .. }
        | CommandState::Unconfirmed { at }
        | CommandState::Refused { at, .. } => (1, Some(*at)),
        CommandState::Pending { since } => (2, Some(*since)),
    });
    last.unwrap_or(card.component)
}

/// What is said of a command that was confirmed, by how that is known.
fn confirmed(family: Family) -> &'static str {
    match family.confirmation() {
        Confirmation::ByNumber => "confirmed",
        Confirmation::ByAnswer => "confirmed by answer",
        Confirmation::ByValue => "confirmed by value",
    }
}

/// The color of a confirmation of this age.
fn fading(card: &Card<'_>, age: Duration, color: Color32, ground: Color32) -> Color32 {
    match age.checked_sub(CONFIRMED) {
        None => {
            card.page.context.again_in(CONFIRMED.saturating_sub(age));
            color
        }
        Some(fading) => {
            card.page.context.moving();
            color.lerp_to_gamma(ground, fading.as_secs_f32() / FADE.as_secs_f32())
        }
    }
}

/// The round trip of the last command, which stays here when its confirmation
/// has faded.
fn round_trip(card: &Card<'_>) -> Option<String> {
    match &latest(card).command {
        CommandState::Confirmed { took, .. } => {
            let what = match card.page.board.family.confirmation() {
                Confirmation::ByNumber => "The board confirmed the last command",
                Confirmation::ByAnswer => "The board answered the last command",
                Confirmation::ByValue => "The board reported the value of the last command",
            };
            Some(format!("{what} within {}", text::short(*took)))
        }
        _ => None,
    }
}

/// Whether another source changed the component after a command of this window
/// was confirmed.
fn changed_since(card: &Card<'_>, confirmed: web_time::Instant) -> bool {
    let context = card.page.context;
    let Some((at, origin)) = &latest(card).changed else {
        return false;
    };
    let confirmed_ago = context.now.saturating_duration_since(confirmed);
    let changed_ago = context.wall.duration_since(*at).unwrap_or_default();
    *origin != Origin::ThisProgram && changed_ago < confirmed_ago
}

/// The width left for the text next to the key, which tiles do not have.
fn room(ui: &Ui, card: &Card<'_>, width: f32) -> f32 {
    if card.page.in_tile {
        return width;
    }
    let key = card.component.descriptor.key.to_string();
    let key = text_line::line(
        ui,
        &key,
        theme::monospace_small(),
        palette(ui).weak,
        width * 0.5,
    );
    left_of(width, key.size().x + UNIT + MENU)
}

/// The height of the footer; a message of the board is never cut.
pub(super) fn height(ui: &Ui, card: &Card<'_>, width: f32) -> f32 {
    let words = words(ui, card);
    if words.text.len() < 24 {
        return LINE;
    }
    text_line::wrapped(
        ui,
        &words.text,
        theme::small(),
        words.color,
        room(ui, card, width),
    )
    .size()
    .y
    .max(LINE)
}

/// Shows the footer.
pub(super) fn show(ui: &mut Ui, card: &Card<'_>, rect: Rect) {
    let words = words(ui, card);
    let palette = palette(ui);
    let key = card.component.descriptor.key.to_string();
    let key_area = rect.until_x(rect.right() - MENU);
    if !card.page.in_tile {
        let font = theme::monospace_small();
        text_line::paint(ui, key_area, Align2::RIGHT_BOTTOM, &key, font, palette.weak);
    }
    if words.text.is_empty() {
        return;
    }
    let mut left = rect.left();
    if words.pulses {
        let context = card.page.context;
        context.moving();
        status_icons::pulse(ui, pos2(left + 4.0, rect.bottom() - 7.0), words.color);
        left += 12.0;
    }
    let galley = text_line::wrapped(
        ui,
        &words.text,
        theme::small(),
        words.color,
        room(ui, card, rect.right() - left),
    );
    let place = Rect::from_min_size(pos2(left, rect.bottom() - galley.size().y), galley.size());
    ui.painter().galley(place.min, galley, words.color);
    let response = ui.interact(
        place.expand2(vec2(0.0, 1.0)),
        ui.scope_id().with("footer"),
        Sense::hover(),
    );
    text_line::name_label(ui, &response, &card.name(&words.text));
    let response = match round_trip(card) {
        Some(words) => response.on_hover_text(words),
        None => response,
    };
    // With this role, screen readers announce the outcome of a command.
    response.ctx.accesskit_node_builder(response.id, |node| {
        node.set_role(Role::Status);
        node.clear_value();
        node.set_label(card.name(&words.text));
    });
}
