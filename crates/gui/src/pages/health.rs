//! The page of link health: every board with how its link has been, the worst
//! first, and below how the chosen one's was over time.

use std::{
    cmp::Ordering,
    time::{Duration, Instant},
};

use eframe::egui::{
    Align, Align2, Button, CornerRadius, Layout, Panel, ScrollArea, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, accesskit::Role, pos2, vec2,
};

use crate::{
    model::{action::WindowAction, frame_context::FrameContext, page_context::PageContext},
    pages::health_plots::{self, MEMORY, SIGNAL, sensor},
    widgets::{
        icon,
        layout::{Within as _, between, left_of},
        page_view::PageView,
        status_icons, text_line,
        theme::{self, UNIT, palette},
    },
};
use fleet::{BoardKey, BoardView, LinkState, seconds};

/// The columns of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Trouble,
    Board,
    Median,
    Most,
    Worst,
    Missed,
    Reconnects,
    Signal,
    Memory,
    Cause,
}

impl Column {
    const ALL: [Self; 10] = [
        Self::Trouble,
        Self::Board,
        Self::Median,
        Self::Most,
        Self::Worst,
        Self::Missed,
        Self::Reconnects,
        Self::Signal,
        Self::Memory,
        Self::Cause,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Trouble => "Link",
            Self::Board => "Board",
            Self::Median => "Median",
            Self::Most => "p95",
            Self::Worst => "Worst",
            Self::Missed => "Missed",
            Self::Reconnects => "Lost",
            Self::Signal => "RSSI",
            Self::Memory => "Free memory",
            Self::Cause => "Last cause",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Trouble => {
                "Worst first: no link, stale, then missed pings, lost links and round trips"
            }
            Self::Board => "By name",
            Self::Median => "Half of the round trips were shorter",
            Self::Most => "95 of 100 round trips were shorter",
            Self::Worst => "The longest round trip",
            Self::Missed => "Pings without a response within 5 s",
            Self::Reconnects => "How often the link was lost and restored",
            Self::Signal => "Wi-Fi signal strength at the board",
            Self::Memory => "Free memory on the board",
            Self::Cause => "Why the link was lost most recently",
        }
    }

    /// The column's share of the width.
    fn share(self) -> f32 {
        match self {
            Self::Trouble => 0.13,
            Self::Board => 0.18,
            Self::Median | Self::Most | Self::Worst => 0.08,
            Self::Missed | Self::Reconnects => 0.06,
            Self::Signal => 0.09,
            Self::Memory => 0.12,
            Self::Cause => 0.12,
        }
    }

    fn is_number(self) -> bool {
        !matches!(self, Self::Trouble | Self::Board | Self::Cause)
    }

    fn content(self, board: &BoardView, title: &str, context: &FrameContext) -> String {
        let health = &board.health;
        let time = |time: Option<Duration>| time.map(text::short).unwrap_or_default();
        match self {
            Self::Trouble => text::link(&board.link).to_owned(),
            Self::Board => title.to_owned(),
            Self::Median => time(health.quantile(0.5)),
            Self::Most => time(health.quantile(0.95)),
            Self::Worst => time(health.worst()),
            Self::Missed => health.missed().to_string(),
            Self::Reconnects => health.reconnects().to_string(),
            Self::Signal => diagnostic(board, SIGNAL),
            Self::Memory => diagnostic(board, MEMORY),
            Self::Cause => health.ends().next_back().map_or_else(String::new, |end| {
                let ago = text::ago(context.wall_age(end.at));
                format!("{}, {ago}", text::problem(&end.problem))
            }),
        }
    }

    /// The sort key: largest first, then by the next figure.
    fn rank(self, board: &BoardView) -> [f64; 3] {
        let health = &board.health;
        let time =
            |time: Option<Duration>| time.map_or(f64::NEG_INFINITY, |time| time.as_secs_f64());
        // Low values are bad; unknown ones come last.
        let low = |class| latest(board, class).map_or(f64::NEG_INFINITY, |value| -value);
        let first = match self {
            Self::Trouble => {
                let (state, count) = trouble(board);
                return [
                    f64::from(state),
                    f64::from(count),
                    time(health.quantile(0.95)),
                ];
            }
            Self::Board => 0.0,
            Self::Median => time(health.quantile(0.5)),
            Self::Most => time(health.quantile(0.95)),
            Self::Worst => time(health.worst()),
            Self::Missed => health.missed().into(),
            Self::Reconnects => health.reconnects().into(),
            Self::Signal => low(SIGNAL),
            Self::Memory => low(MEMORY),
            Self::Cause => health
                .ends()
                .next_back()
                .map_or(f64::NEG_INFINITY, |end| seconds(end.at)),
        };
        [first, 0.0, 0.0]
    }
}

/// How many problems a board has: the state of its link, then missed pings and
/// lost links.
fn trouble(board: &BoardView) -> (u8, u32) {
    let state = match board.link {
        LinkState::Unreachable { .. } => 4,
        LinkState::Stale => 3,
        LinkState::Connecting => 2,
        LinkState::Announced => 1,
        LinkState::Connected => 0,
    };
    (
        state,
        board
            .health
            .missed()
            .saturating_add(board.health.reconnects()),
    )
}

fn latest(board: &BoardView, class: &str) -> Option<f64> {
    sensor(board, class)?.reported.number()
}

fn diagnostic(board: &BoardView, class: &str) -> String {
    let Some(view) = sensor(board, class) else {
        return String::new();
    };
    view.reported.number().map_or_else(String::new, |value| {
        text::reading(value, Some(&view.descriptor))
    })
}

/// A table whose rows move more often than this cannot be read.
const SORTED_FOR: Duration = Duration::from_secs(1);

/// The page.
#[derive(Debug)]
pub(crate) struct Health {
    by: Column,
    backwards: bool,
    /// The boards in display order, and when they were sorted.
    order: Vec<BoardKey>,
    sorted: Option<Instant>,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            by: Column::Trouble,
            backwards: false,
            order: Vec::new(),
            sorted: None,
        }
    }
}

impl PageView for Health {
    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        // The table keeps its header and some rows, however low the window is.
        let room = left_of(ui.available_height(), theme::HEALTH_TABLE);
        let [least, first, most] =
            theme::HEALTH_PLOTS.map(|height| height.min(room).max(theme::SPARKLINE));
        let panel = Panel::bottom("health of one")
            .resizable(true)
            .default_size(first)
            .size_range(least..=most);
        let frame = eframe::egui::Frame::new().inner_margin(vec2(0.0, UNIT));
        panel
            .frame(frame)
            .show(ui, |ui| match context.model.selected() {
                Some(board) => {
                    context.shows(board.key);
                    health_plots::show(ui, board, &context.model.title(board), context);
                }
                None => ui.take_available_space(),
            });
        let palette = palette(ui);
        ui.heading("Link health");
        let about = "Since this window was opened. Select a board to see its history below.";
        text_line::label(ui, about, about, theme::body(), palette.weak);
        ui.add_space(UNIT);
        self.heads(ui);
        self.sort(context);
        ui.spacing_mut().item_spacing.y = 0.0;
        let area = ScrollArea::vertical().id_salt("health").auto_shrink(false);
        area.show_rows(ui, theme::COMMAND_ROW, self.order.len(), |ui, rows| {
            for board in self
                .order
                .get(rows)
                .unwrap_or_default()
                .iter()
                .filter_map(|key| context.model.board(*key))
            {
                context.shows(board.key);
                let chosen = context
                    .model
                    .selected()
                    .is_some_and(|selected| selected.key == board.key);
                if row(ui, board, &context.model.title(board), chosen, context) {
                    context.push(WindowAction::Select(board.key));
                }
            }
        });
    }
}

impl Health {
    /// Sorts the boards if the order is old enough or boards were added or
    /// removed.
    fn sort(&mut self, context: &PageContext<'_>) {
        let age = self
            .sorted
            .map(|sorted| context.now.saturating_duration_since(sorted));
        let there = self.order.len() == context.model.len()
            && self
                .order
                .iter()
                .all(|key| context.model.board(*key).is_some());
        if let Some(left) = age
            .and_then(|age| SORTED_FOR.checked_sub(age))
            .filter(|left| there && !left.is_zero())
        {
            // Changes until then are sorted at that time.
            context.again_in(left);
            return;
        }
        let mut ranked: Vec<_> = context
            .model
            .in_order()
            .map(|board| (self.by.rank(board), board.key))
            .collect();
        let compare = |one: &[f64; 3], other: &[f64; 3]| {
            let mut figures = one
                .iter()
                .zip(other)
                .map(|(one, other)| other.total_cmp(one));
            figures
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        };
        ranked.sort_by(|(one, _), (other, _)| compare(one, other));
        if self.backwards {
            ranked.reverse();
        }
        self.order = ranked.into_iter().map(|(_, key)| key).collect();
        self.sorted = Some(context.now);
    }

    /// The column headers; a click sorts by the column, a second click reverses
    /// the order.
    fn heads(&mut self, ui: &mut Ui) {
        let rect = ui
            .available_rect_before_wrap()
            .until_y(ui.cursor().top() + theme::LINE);
        ui.allocate_rect(rect, Sense::hover());
        let mut left = rect.left();
        for column in Column::ALL {
            let width = column.share() * rect.width();
            let place = between(
                pos2(left, rect.top()),
                pos2(left + width - theme::HALF, rect.bottom()),
            );
            left += width;
            let chosen = self.by == column;
            let sign = match (chosen, self.backwards) {
                (false, _) => "",
                (true, false) => icon::CARET_DOWN,
                (true, true) => icon::CARET_UP,
            };
            // Aligned like the values below.
            let (place, layout) = match column.is_number() {
                true => (
                    place.until_x(place.right() - UNIT),
                    Layout::right_to_left(Align::Center),
                ),
                false => (place, Layout::left_to_right(Align::Center)),
            };
            let button = Button::new(format!("{}{sign}", column.word()))
                .frame_when_inactive(false)
                .truncate();
            let builder = eframe::egui::UiBuilder::new()
                .max_rect(place)
                .layout(layout)
                .id_salt(column.word());
            let response = ui.scope_builder(builder, |ui| {
                ui.spacing_mut().button_padding.x = 0.0;
                ui.add(button)
            });
            let response = response.inner.on_hover_text(column.about());
            let name = format!("Sort by {}", column.word().to_lowercase());
            response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, &name));
            if response.clicked() {
                self.backwards = chosen && !self.backwards;
                self.by = column;
                self.sorted = None;
                ui.ctx().request_repaint();
            }
        }
    }
}

fn row(ui: &mut Ui, board: &BoardView, title: &str, chosen: bool, context: &FrameContext) -> bool {
    let palette = palette(ui);
    let size = vec2(ui.available_width(), theme::COMMAND_ROW);
    let (rect, response) = ui
        .push_id(("health", board.key.0), |ui| {
            ui.allocate_exact_size(size, Sense::click())
        })
        .inner;
    let contents = Column::ALL.map(|column| column.content(board, title, context));
    let told = Column::ALL
        .iter()
        .zip(&contents)
        .skip(2)
        .filter(|(_, content)| !content.is_empty());
    let told: Vec<String> = told
        .map(|(column, content)| format!("{} {content}", column.word().to_lowercase()))
        .collect();
    let name = format!("{title}: {}, {}", text::link(&board.link), told.join(", "));
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, chosen, &name));
    if ui.is_rect_visible(rect) {
        let radius = CornerRadius::same(theme::CONTROL_RADIUS);
        if chosen {
            ui.painter().rect_filled(rect, radius, palette.chosen);
        } else if response.hovered() {
            ui.painter().rect_filled(rect, radius, palette.control);
        }
        if response.has_focus() {
            ui.painter().rect_stroke(
                rect,
                radius,
                Stroke::new(1.5, palette.accent),
                StrokeKind::Inside,
            );
        }
        let mut left = rect.left();
        for (column, content) in Column::ALL.into_iter().zip(&contents) {
            let width = column.share() * rect.width();
            let place = between(
                pos2(left, rect.top()),
                pos2(left + width - theme::HALF, rect.bottom()),
            );
            left += width;
            let (font, color) = match column {
                Column::Trouble => (
                    theme::body(),
                    status_icons::link_color(palette, &board.link),
                ),
                Column::Board => (theme::strong(), palette.text),
                Column::Missed | Column::Reconnects if content != "0" => {
                    (theme::body(), palette.doubtful)
                }
                Column::Missed | Column::Reconnects | Column::Cause => {
                    (theme::body(), palette.weak)
                }
                _ => (theme::body(), palette.text),
            };
            match column {
                Column::Trouble => {
                    status_icons::link(
                        ui,
                        pos2(place.left() + 10.0, place.center().y),
                        &board.link,
                    );
                    let place = place.after_x(place.left() + 22.0);
                    text_line::paint(ui, place, Align2::LEFT_CENTER, content, font, color);
                }
                column if column.is_number() => {
                    text_line::paint(
                        ui,
                        place.until_x(place.right() - UNIT),
                        Align2::RIGHT_CENTER,
                        content,
                        font,
                        color,
                    );
                }
                _ => {
                    text_line::paint(
                        ui,
                        place.after_x(place.left() + theme::HALF),
                        Align2::LEFT_CENTER,
                        content,
                        font,
                        color,
                    );
                }
            }
        }
    }
    response.clicked()
}
