//! What the component picker has found: the components of each board below its
//! heading, the best matches first and diagnostics last. It is searched again
//! only when the typed text or a board's components have changed.

use std::cmp::Reverse;

use eframe::egui::{
    Align2, Button, CornerRadius, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role,
    pos2, vec2,
};
use protocol::ComponentKey;

use crate::{
    model::{
        boards::Model,
        page_context::PageContext,
        pin::{Pin, component_name, is_diagnostic},
        ranking::Ranking,
    },
    widgets::{
        icon,
        layout::{Within as _, between},
        status_icons, text_line,
        theme::{self, UNIT, palette},
    },
};
use fleet::{BoardKey, BoardView, ComponentView, LinkState};

/// What is offered, and for what.
pub(crate) struct Offer<'a> {
    /// The title: `Add to Bench`.
    pub(crate) title: &'a str,
    /// Whether a component is offered.
    pub(crate) fits: &'a dyn Fn(&ComponentView) -> bool,
    /// Whether a component was added already.
    pub(crate) has: &'a dyn Fn(&Pin) -> bool,
}

/// What was picked.
#[derive(Debug, PartialEq)]
pub(crate) enum Picked {
    /// Components that were not added before.
    Add(Vec<Pin>),
    /// One that was added already, and is to be removed.
    Remove(Pin),
}

/// A row of the picker.
#[derive(Debug)]
pub(super) enum Row {
    /// A board, and its components below.
    Board {
        board: BoardKey,
        title: String,
        /// The components below, which can be added together.
        components: Vec<ComponentKey>,
    },
    Component {
        board: BoardKey,
        key: ComponentKey,
        name: String,
    },
}

/// The components of a board that match.
struct Group {
    row: Row,
    components: Vec<(u32, Row)>,
    best: u32,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The text and the version of the boards that the rows are for.
    searched: Option<(String, u64)>,
    rows: Vec<Row>,
}

impl Found {
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Searches if anything has changed; whether the text did.
    pub(super) fn update(
        &mut self,
        text: &str,
        model: &Model,
        fits: &dyn Fn(&ComponentView) -> bool,
    ) -> bool {
        let wanted = (text.to_owned(), model.roster_version());
        if self.searched.as_ref() == Some(&wanted) {
            return false;
        }
        let old = self.searched.replace(wanted);
        self.rows = search(text, model, fits);
        old.is_none_or(|(old, _)| old != text)
    }

    /// The index of the first component.
    pub(super) fn first(&self) -> usize {
        self.step(0, 0)
    }

    /// The index of the component that is `by` rows further, or the nearest to
    /// it in this direction.
    pub(super) fn step(&self, from: usize, by: isize) -> usize {
        let last = self.rows.len().saturating_sub(1);
        let aim = from.saturating_add_signed(by).min(last);
        let is_component = |at: &usize| matches!(self.rows.get(*at), Some(Row::Component { .. }));
        let (mut after, mut before) = (aim..=last, (0..=aim).rev());
        let found = match by < 0 {
            true => before
                .find(is_component)
                .or_else(|| after.find(is_component)),
            false => after
                .find(is_component)
                .or_else(|| before.find(is_component)),
        };
        found.unwrap_or(0)
    }
}

fn search(text: &str, model: &Model, fits: &dyn Fn(&ComponentView) -> bool) -> Vec<Row> {
    let mut ranking = Ranking::new(text);
    let (mut main, mut diagnostics) = (Vec::new(), Vec::new());
    for board in model.in_order() {
        let title = model.title(board);
        main.extend(group(&mut ranking, board, &title, false, fits));
        diagnostics.extend(group(&mut ranking, board, &title, true, fits));
    }
    for groups in [&mut main, &mut diagnostics] {
        groups.sort_by_key(|group: &Group| Reverse(group.best));
    }
    main.into_iter()
        .chain(diagnostics)
        .flat_map(|group| {
            let components = group.components.into_iter().map(|(_, row)| row);
            std::iter::once(group.row).chain(components)
        })
        .collect()
}

/// The components of a board that match, either its diagnostics or all others.
fn group(
    ranking: &mut Ranking,
    board: &BoardView,
    title: &str,
    diagnostics: bool,
    fits: &dyn Fn(&ComponentView) -> bool,
) -> Option<Group> {
    let views = board.components.iter().map(AsRef::as_ref);
    let mut components = Vec::new();
    for view in views.filter(|view| fits(view) && is_diagnostic(view) == diagnostics) {
        let name = component_name(board, view);
        let key = view.descriptor.key.clone();
        let Some(score) = ranking.score(&format!("{title} {name} {}", key.kind.as_str())) else {
            continue;
        };
        let board = board.key;
        components.push((score, Row::Component { board, key, name }));
    }
    components.sort_by_key(|(score, _)| Reverse(*score));
    let best = components.first()?.0;
    let keys = components.iter().filter_map(|(_, row)| match row {
        Row::Component { key, .. } => Some(key.clone()),
        Row::Board { .. } => None,
    });
    let row = Row::Board {
        board: board.key,
        title: match diagnostics {
            true => format!("{title}: diagnostics"),
            false => title.to_owned(),
        },
        components: keys.collect(),
    };
    Some(Group {
        row,
        components,
        best,
    })
}

impl Row {
    /// What a click on the row or Enter picks.
    pub(super) fn picked(&self, model: &Model, offer: &Offer<'_>) -> Option<Picked> {
        match self {
            Self::Component { board, key, .. } => {
                let pin = model.pin(*board, key)?;
                Some(match (offer.has)(&pin) {
                    true => Picked::Remove(pin),
                    false => Picked::Add(vec![pin]),
                })
            }
            Self::Board {
                board, components, ..
            } => {
                let pins = components.iter().filter_map(|key| model.pin(*board, key));
                let new: Vec<Pin> = pins.filter(|pin| !(offer.has)(pin)).collect();
                (!new.is_empty()).then_some(Picked::Add(new))
            }
        }
    }

    /// Shows the row; whether it was clicked.
    pub(super) fn show(
        &self,
        ui: &mut Ui,
        context: &PageContext<'_>,
        offer: &Offer<'_>,
        chosen: bool,
    ) -> bool {
        match self {
            Self::Board {
                board,
                title,
                components,
            } => {
                let pins = components.iter();
                let new = pins
                    .filter_map(|key| context.model.pin(*board, key))
                    .filter(|pin| !(offer.has)(pin))
                    .count();
                let link = context.model.board(*board).map(|board| &board.link);
                heading(ui, title, link, new)
            }
            Self::Component { board, key, name } => {
                let pin = context.model.pin(*board, key);
                let added = pin.as_ref().is_some_and(|pin| (offer.has)(pin));
                context.shows(*board);
                component(ui, context, (*board, key), name, [added, chosen])
            }
        }
    }
}

/// Shows the heading of a board with `new` components that can be added;
/// whether all are to be added.
fn heading(ui: &mut Ui, title: &str, link: Option<&LinkState>, new: usize) -> bool {
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(vec2(width, theme::COMMAND_ROW), Sense::hover());
    let line = rect.inset(vec2(UNIT, 0.0));
    let mut clicked = false;
    let mut right = line.right();
    if new > 1 {
        let words = format!("Add all {new}");
        let place = between(
            pos2(right - 80.0, rect.top() + 6.0),
            rect.max - vec2(0.0, 4.0),
        );
        let place = place.until_x(right);
        right = place.left() - UNIT;
        let all = ui.put(place, Button::new(words).small());
        let name = format!("Add all of {title}");
        all.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        clicked = all.clicked();
    }
    let place = line.until_x(right).after_y(rect.top() + 6.0);
    let look = (theme::strong(), palette(ui).text);
    let painted = text_line::paint(ui, place, Align2::LEFT_CENTER, title, look.0, look.1);
    // Its values may be old.
    if let Some(link) = link.filter(|link| !matches!(link, LinkState::Connected)) {
        let at = pos2(painted.right() + UNIT * 2.0, painted.center().y);
        status_icons::link(ui, at, link);
        let look = (theme::small(), palette(ui).weak);
        let words = text::link(link);
        let place = place.after_x(at.x + UNIT * 1.5);
        text_line::paint(ui, place, Align2::LEFT_CENTER, words, look.0, look.1);
    }
    text_line::name_label(ui, &response, title);
    clicked
}

/// Shows a component and its live value; whether it was clicked.
fn component(
    ui: &mut Ui,
    context: &PageContext<'_>,
    (board, key): (BoardKey, &ComponentKey),
    name: &str,
    [added, chosen]: [bool; 2],
) -> bool {
    let palette = palette(ui);
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(vec2(width, theme::COMMAND_ROW), Sense::click());
    let view = context.model.board(board);
    let title = view.map_or_else(String::new, |board| context.model.title(board));
    let spoken = format!("{title}: {name}");
    let fill = if chosen || response.has_focus() {
        Some(palette.chosen)
    } else {
        response.hovered().then_some(palette.control)
    };
    if let Some(fill) = fill {
        let radius = CornerRadius::same(theme::CONTROL_RADIUS);
        ui.painter().rect_filled(rect, radius, fill);
    }
    let inner = rect.inset(vec2(UNIT, 0.0));
    let mark = Rect::from_center_size(
        pos2(inner.left() + UNIT * 2.0, rect.center().y),
        vec2(16.0, 16.0),
    );
    check(ui, mark, added);
    let component = view.and_then(|board| board.component(key));
    let value = component
        .map(|view| text::fields(&view.shown(), Some(&view.descriptor)))
        .unwrap_or_default();
    response.widget_info(|| {
        let mut info = WidgetInfo::selected(Role::CheckBox, true, added, &spoken);
        info.current_text_value = Some(value.clone());
        info
    });
    let middle = inner.left() + inner.width() * 0.55;
    let words = inner.after_x(mark.right() + UNIT).until_x(middle);
    let look = (theme::body(), palette.text);
    text_line::paint(ui, words, Align2::LEFT_CENTER, name, look.0, look.1);
    let place = inner.after_x(middle + UNIT);
    let look = (theme::body(), palette.weak);
    text_line::paint(ui, place, Align2::RIGHT_CENTER, &value, look.0, look.1);
    response.clicked()
}

/// Draws a check box.
fn check(ui: &Ui, rect: Rect, checked: bool) {
    let palette = palette(ui);
    let radius = CornerRadius::same(theme::CONTROL_RADIUS);
    if !checked {
        let outline = Stroke::new(1.0, palette.outline);
        let painter = ui.painter();
        painter.rect_stroke(rect, radius, outline, StrokeKind::Inside);
        return;
    }
    ui.painter().rect_filled(rect, radius, palette.accent);
    let look = (theme::small(), palette.on_accent);
    let center = Align2::CENTER_CENTER;
    text_line::paint(ui, rect, center, icon::CHECK, look.0, look.1);
}
