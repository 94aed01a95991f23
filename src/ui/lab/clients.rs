//! The exercise with a board's clients: who is connected, since when, from
//! where, what waits for each, what it costs the board; and the end of one.

use std::time::{Duration, Instant};

use eframe::egui::{
    Align2, Button, CornerRadius, Rect, RichText, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo,
    accesskit::Role, pos2, vec2,
};
use protocol::clients::{ClientEntry, ClientKind, ClientList, elapsed_ms};

use super::super::{
    action::BoardCommand,
    board_choice,
    model::Model,
    page_context::PageContext,
    text,
    theme::{self, HALF, UNIT, palette},
    words,
};
use crate::fleet::{BoardKey, BoardView, LinkState, Outcome};
use crate::ui::room::between;

/// The list is asked for anew after this.
const EVERY: Duration = Duration::from_secs(1);

/// An answer that does not come is not waited for longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most that a list is believed to have.
const MOST: usize = 1_024;

/// A list as it came.
struct Listed {
    entries: Vec<ClientEntry>,
    others: usize,
    uptime_ms: u64,
    at: Instant,
}

/// The page.
#[derive(Default)]
pub(super) struct Clients {
    chosen: Option<BoardKey>,
    /// The board that the rest is about.
    about: Option<BoardKey>,
    listed: Option<Listed>,
    /// Pages of the list that is on its way.
    coming: Vec<ClientEntry>,
    /// How many of its entries came.
    next: usize,
    /// When it was asked last, and whether the answer is missing.
    asked: Option<(Instant, bool)>,
    problem: Option<String>,
    /// What came of closing one.
    closed: Option<Result<u32, String>>,
}

impl Clients {
    /// An answer came.
    pub(super) fn answered(
        &mut self,
        board: BoardKey,
        closed: Option<u32>,
        outcome: Outcome,
        now: Instant,
    ) {
        if self.about != Some(board) {
            return;
        }
        if let Some(number) = closed {
            self.closed = Some(match outcome {
                Outcome::Done { .. } => Ok(number),
                other => Err(words::answer(&other)),
            });
            // What it changed is looked at now.
            self.asked = None;
            return;
        }
        let asked = self.asked.map(|(at, _)| at);
        self.asked = asked.map(|at| (at, false));
        let list = match outcome {
            Outcome::Done { result, .. } => {
                serde_json::from_value::<ClientList>(result).map_err(|error| error.to_string())
            }
            other => Err(words::answer(&other)),
        };
        match list {
            Ok(list) => self.take_in(list, now),
            Err(problem) => {
                self.coming.clear();
                self.next = 0;
                self.problem = Some(words::plain(&problem));
            }
        }
    }

    fn take_in(&mut self, mut list: ClientList, now: Instant) {
        self.problem = None;
        let none = list.clients.is_empty();
        self.coming.append(&mut list.clients);
        self.next = self.coming.len();
        if !none && self.next < list.total.min(MOST) {
            // The next page, at once.
            self.asked = None;
            return;
        }
        self.next = 0;
        let entries = std::mem::take(&mut self.coming);
        self.listed = Some(Listed {
            entries,
            others: list.others,
            uptime_ms: list.uptime_ms,
            at: now,
        });
    }

    /// Shows it.
    pub(super) fn show(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        let Some(board) = board_choice::shown(context.model, self.chosen).cloned() else {
            let words = "There is no board yet.";
            text::label(ui, words, words, theme::body(), palette(ui).weak);
            return;
        };
        if self.about != Some(board.key) {
            *self = Self {
                chosen: self.chosen,
                about: Some(board.key),
                ..Self::default()
            };
        }
        let live = matches!(board.link, LinkState::Connected | LinkState::Stale);
        if live {
            self.ask(board.key, context);
        }
        self.toolbar(ui, context.model, &board);
        ui.add_space(UNIT);
        let palette = palette(ui);
        let problem = match (&board.link, &self.problem) {
            (link, _) if !live => Some(format!(
                "{}: {}",
                context.model.title(&board),
                words::link(link)
            )),
            (_, Some(problem)) => Some(problem.clone()),
            _ => None,
        };
        if let Some(problem) = problem {
            ui.label(RichText::new(problem).color(palette.doubtful));
            ui.add_space(HALF);
        }
        let Some(listed) = &self.listed else { return };
        table(ui, listed, &board, context, live);
    }

    fn ask(&mut self, board: BoardKey, context: &PageContext<'_>) {
        let due = match self.asked {
            None => Duration::ZERO,
            Some((at, waiting)) => {
                let wait = if waiting { PATIENCE } else { EVERY };
                wait.saturating_sub(context.now.saturating_duration_since(at))
            }
        };
        if due.is_zero() {
            self.asked = Some((context.now, true));
            if self.next == 0 {
                self.coming.clear();
            }
            context.push(BoardCommand::ListClients(board, self.next));
        } else {
            context.again_in(due);
        }
    }

    fn toolbar(&mut self, ui: &mut Ui, model: &Model, board: &BoardView) {
        let palette = palette(ui);
        ui.horizontal(|ui| {
            self.chosen =
                board_choice::show(ui, "clients board", model, Some(board)).or(self.chosen);
            ui.add_space(UNIT);
            match &self.closed {
                Some(Ok(number)) => {
                    let words = format!(
                        "Connection {number} is closed. A program that reconnects \
                         by itself is back with another number."
                    );
                    text::label(ui, &words, &words, theme::body(), palette.good);
                }
                Some(Err(problem)) => {
                    text::label(ui, problem, problem, theme::body(), palette.bad);
                }
                None => {
                    let words = "Asked once a second while this page is shown.";
                    text::label(ui, words, words, theme::body(), palette.weak);
                }
            }
        });
    }
}

/// A column: its head, its share of the width, whether it stands at the right,
/// and what it means.
struct Column {
    word: &'static str,
    share: f32,
    right: bool,
    about: &'static str,
}

const fn column(word: &'static str, share: f32, right: bool, about: &'static str) -> Column {
    Column {
        word,
        share,
        right,
        about,
    }
}

const COLUMNS: [Column; 9] = [
    column(
        "No.",
        0.06,
        false,
        "All channels are counted together, as they come; a controller's number is in what it \
             causes: client:3",
    ),
    column("Channel", 0.12, false, "What the connection is for"),
    column(
        "From",
        0.23,
        false,
        "Its address and port; on a locked board also its key",
    ),
    column("Connected", 0.10, true, "How long ago"),
    column(
        "Last frame",
        0.10,
        true,
        "When something of whatever kind came from it last",
    ),
    column(
        "Last pong",
        0.10,
        true,
        "When it last answered a ping. The board pings who is silent for 20 s",
    ),
    column(
        "Waiting",
        0.10,
        true,
        "Messages, lines or frames that wait for it, and those that it lost",
    ),
    column(
        "Memory",
        0.09,
        true,
        "What the board holds for this connection now: its task, its buffers, its queue",
    ),
    column("", 0.10, true, ""),
];

fn places(rect: Rect) -> [Rect; COLUMNS.len()] {
    let mut left = rect.left();
    std::array::from_fn(|at| {
        let column = COLUMNS.get(at).map_or(0.0, |column| column.share);
        let right = left + column * rect.width();
        let place = between(
            pos2(left, rect.top()),
            pos2(right - UNIT * 1.5, rect.bottom()),
        );
        left = right;
        place
    })
}

fn table(ui: &mut Ui, listed: &Listed, board: &BoardView, context: &PageContext<'_>, live: bool) {
    let palette = palette(ui);
    let size = vec2(ui.available_width(), theme::LINE);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    for (column, place) in COLUMNS
        .iter()
        .zip(places(rect))
        .filter(|(column, _)| !column.word.is_empty())
    {
        let align = if column.right {
            Align2::RIGHT_CENTER
        } else {
            Align2::LEFT_CENTER
        };
        let head = text::field(
            ui,
            place,
            align,
            column.word,
            column.word,
            (theme::small(), palette.weak),
        );
        head.on_hover_text(column.about);
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    let foot = theme::LINE * 2.0;
    let height = (ui.available_height() - foot).max(theme::COMMAND_ROW);
    ScrollArea::vertical()
        .id_salt("clients")
        .max_height(height)
        .auto_shrink([false, true])
        .show_rows(ui, theme::COMMAND_ROW, listed.entries.len(), |ui, rows| {
            for entry in listed.entries.get(rows).unwrap_or_default() {
                row(ui, entry, listed, board, context, live);
            }
        });
    ui.add_space(UNIT);
    let known: Vec<usize> = listed
        .entries
        .iter()
        .filter_map(|entry| entry.memory)
        .collect();
    let channels = words::count(listed.entries.len() as u64, "channel");
    let others = match listed.others {
        0 => String::new(),
        others => format!(
            ", and {} (pages, POST, or not said yet)",
            words::count(others as u64, "other connection")
        ),
    };
    let sum = match known.len() {
        0 => "the board does not know what they take of its memory".to_owned(),
        _ => format!("together {} of its memory", bytes(known.iter().sum())),
    };
    let line = format!("{channels}{others}; {sum}");
    text::label(ui, &line, &line, theme::body(), palette.weak);
}

fn row(
    ui: &mut Ui,
    entry: &ClientEntry,
    listed: &Listed,
    board: &BoardView,
    context: &PageContext<'_>,
    live: bool,
) {
    let palette = palette(ui);
    let size = vec2(ui.available_width(), theme::COMMAND_ROW);
    let (rect, response) = ui
        .push_id(("client", entry.id), |ui| {
            ui.allocate_exact_size(size, Sense::hover())
        })
        .inner;
    let ours = entry.kind == ClientKind::Rpc && (entry.you || board.client == Some(entry.id));
    let passed = context.age(listed.at);
    let age = |then: u64| {
        Duration::from_millis(elapsed_ms(listed.uptime_ms, then))
            + if live { passed } else { Duration::ZERO }
    };
    let kind = words::plain(&kind_word(&entry.kind));
    let mut from = entry
        .from
        .as_deref()
        .map_or_else(|| "unknown".to_owned(), words::plain);
    if let (Some(kid), Some(role)) = (&entry.kid, &entry.role) {
        let key = entry.key_name.as_deref().unwrap_or(kid);
        from = words::plain(&format!("{key} ({role}), {from}"));
    }
    let from = if ours {
        format!("this window, {from}")
    } else {
        from
    };
    let mut waiting = match entry.queued {
        0 => "–".to_owned(),
        queued => format!("{queued}, {}", bytes(entry.queued_bytes)),
    };
    if entry.lost > 0 {
        waiting = format!("{waiting}; lost {}", entry.lost);
    }
    let cells = [
        entry.id.to_string(),
        kind.clone(),
        from.clone(),
        words::length(age(entry.since_ms)),
        words::ago(age(entry.heard_ms)),
        entry
            .pong_ms
            .map_or_else(|| "–".to_owned(), |then| words::ago(age(then))),
        waiting,
        entry.memory.map_or_else(|| "unknown".to_owned(), bytes),
    ];
    let name = format!(
        "{}: {kind} from {from}, connected {}, waiting {}, memory {}",
        entry.id, cells[3], cells[6], cells[7]
    );
    text::name_label(ui, &response, &name);
    if response.hovered() {
        ui.painter().rect_filled(
            rect,
            CornerRadius::same(theme::CONTROL_RADIUS),
            palette.control.gamma_multiply(0.6),
        );
    }
    let places = places(rect);
    for (at, (cell, column)) in cells.iter().zip(&COLUMNS).enumerate() {
        let (font, color) = match at {
            1 => (theme::strong(), palette.text),
            2 if ours => (theme::body(), palette.accent),
            6 if entry.lost > 0 => (theme::body(), palette.doubtful),
            3..=6 => (theme::body(), palette.weak),
            _ => (theme::body(), palette.text),
        };
        let align = if column.right {
            Align2::RIGHT_CENTER
        } else {
            Align2::LEFT_CENTER
        };
        text::paint(ui, places[at], align, cell, font, color);
    }
    if ours {
        return;
    }
    let last = places[COLUMNS.len() - 1];
    let place = Rect::from_center_size(
        pos2(last.right() - 28.0, rect.center().y),
        vec2(64.0, theme::LINE),
    );
    // In a place of its own: the rows stay as high as they are.
    let mut own = ui.new_child(
        UiBuilder::new()
            .max_rect(place)
            .id_salt(("close", entry.id)),
    );
    let close = own.put(
        place,
        Button::new("Close").sense(if live { Sense::click() } else { Sense::hover() }),
    );
    let label = format!("Close {}", entry.id);
    close.widget_info(|| WidgetInfo::labeled(Role::Button, live, &label));
    let hint = "The board ends this connection with 1000. A program that reconnects by itself, as \
         this one does, is back at once with \
                another number";
    if close.on_hover_text(hint).clicked() && live {
        context.push(BoardCommand::CloseClient(board.key, entry.id));
    }
}

fn kind_word(kind: &ClientKind) -> String {
    match kind {
        ClientKind::Rpc => "/rpc".to_owned(),
        ClientKind::Log => "/log".to_owned(),
        ClientKind::Telemetry => "/telemetry".to_owned(),
        ClientKind::Echo => "/ws".to_owned(),
        ClientKind::Unknown(word) => word.clone(),
    }
}

/// A number of bytes, in groups of three digits.
fn bytes(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} B")
}
