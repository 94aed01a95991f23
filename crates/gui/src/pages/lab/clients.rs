//! The exercise "Clients": who is connected to a board, since when and from
//! where, the queue and memory of each connection, and a button to close it.

use std::time::Duration;

use eframe::egui::{
    Align2, Button, CornerRadius, Rect, RichText, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo,
    accesskit::Role, pos2, vec2,
};
use protocol::clients::{ClientEntry, ClientKind, ClientList, elapsed_ms};
use web_time::Instant;

use crate::{
    model::{action::BoardCommand, page_context::PageContext},
    widgets::{
        layout::{between, left_of},
        text_line,
        theme::{self, HALF, UNIT, palette},
    },
};
use fleet::{BoardKey, BoardView, Outcome};

/// The interval between requests of the list.
const REFRESH: Duration = Duration::from_secs(1);

/// The timeout of a request.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum number of entries that is accepted.
const MAX_ENTRIES: usize = 1_024;

/// A complete list and when it was received.
struct ReceivedList {
    entries: Vec<ClientEntry>,
    others: usize,
    uptime_ms: u64,
    at: Instant,
}

/// The page.
#[derive(Default)]
pub(super) struct Clients {
    /// The board that the following fields describe.
    board: Option<BoardKey>,
    list: Option<ReceivedList>,
    /// The pages received so far of the next list.
    partial: Vec<ClientEntry>,
    /// The number of entries received so far.
    next: usize,
    /// When the last request was sent, and whether its response is missing.
    requested: Option<(Instant, bool)>,
    problem: Option<String>,
    /// The outcome of closing a connection.
    closed: Option<Result<u32, String>>,
}

impl Clients {
    /// Takes a response of the board.
    pub(super) fn answered(
        &mut self,
        board: BoardKey,
        closed: Option<u32>,
        outcome: Outcome,
        now: Instant,
    ) {
        if self.board != Some(board) {
            return;
        }
        if let Some(number) = closed {
            self.closed = Some(match outcome {
                Outcome::Done { .. } => Ok(number),
                other => Err(text::answer(&other)),
            });
            // Show the effect now.
            self.requested = None;
            return;
        }
        let requested = self.requested.map(|(at, _)| at);
        self.requested = requested.map(|at| (at, false));
        let list = match outcome {
            Outcome::Done { result, .. } => {
                serde_json::from_value::<ClientList>(result).map_err(|error| error.to_string())
            }
            other => Err(text::answer(&other)),
        };
        match list {
            Ok(list) => self.add_page(list, now),
            Err(problem) => {
                self.partial.clear();
                self.next = 0;
                self.problem = Some(text::plain(&problem));
            }
        }
    }

    fn add_page(&mut self, mut list: ClientList, now: Instant) {
        self.problem = None;
        let none = list.clients.is_empty();
        self.partial.append(&mut list.clients);
        self.next = self.partial.len();
        if !none && self.next < list.total.min(MAX_ENTRIES) {
            // Request the next page at once.
            self.requested = None;
            return;
        }
        self.next = 0;
        let entries = std::mem::take(&mut self.partial);
        self.list = Some(ReceivedList {
            entries,
            others: list.others,
            uptime_ms: list.uptime_ms,
            at: now,
        });
    }

    /// Shows the page.
    pub(super) fn show(&mut self, ui: &mut Ui, board: &BoardView, context: &PageContext<'_>) {
        if self.board != Some(board.key) {
            *self = Self {
                board: Some(board.key),
                ..Self::default()
            };
        }
        let live = board.link.is_up();
        if live {
            self.request(board.key, context);
        }
        self.toolbar(ui);
        ui.add_space(UNIT);
        let palette = palette(ui);
        let problem = match (&board.link, &self.problem) {
            (link, _) if !live => Some(format!(
                "{}: {}",
                context.model.title(board),
                text::link(link)
            )),
            (_, Some(problem)) => Some(problem.clone()),
            _ => None,
        };
        if let Some(problem) = problem {
            ui.label(RichText::new(problem).color(palette.doubtful));
            ui.add_space(HALF);
        }
        let Some(list) = &self.list else { return };
        let width = ui.available_width().max(least_width());
        ScrollArea::horizontal()
            .id_salt("clients, sideways")
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.set_width(width);
                table(ui, list, board, context, live);
            });
    }

    fn request(&mut self, board: BoardKey, context: &PageContext<'_>) {
        let due = match self.requested {
            None => Duration::ZERO,
            Some((at, waiting)) => {
                let wait = if waiting { TIMEOUT } else { REFRESH };
                wait.saturating_sub(context.now.saturating_duration_since(at))
            }
        };
        if due.is_zero() {
            self.requested = Some((context.now, true));
            if self.next == 0 {
                self.partial.clear();
            }
            context.push(BoardCommand::ListClients(board, self.next));
        } else {
            context.again_in(due);
        }
    }

    fn toolbar(&self, ui: &mut Ui) {
        let palette = palette(ui);
        ui.horizontal(|ui| match &self.closed {
            Some(Ok(number)) => {
                let words = format!(
                    "Closed connection {number}. If its program reconnects automatically, \
                         it gets a new number."
                );
                text_line::label(ui, &words, &words, theme::body(), palette.good);
            }
            Some(Err(problem)) => {
                text_line::label(ui, problem, problem, theme::body(), palette.bad);
            }
            None => {
                let words = "Updated every second while this page is open.";
                text_line::label(ui, words, words, theme::body(), palette.weak)
                    .on_hover_text(words);
            }
        });
    }
}

/// A column of the table.
struct Column {
    title: &'static str,
    /// Its width; that of [`FLEXIBLE`] is the least.
    width: f32,
    is_right_aligned: bool,
    tooltip: &'static str,
}

const fn column(
    title: &'static str,
    width: f32,
    is_right_aligned: bool,
    tooltip: &'static str,
) -> Column {
    Column {
        title,
        width,
        is_right_aligned,
        tooltip,
    }
}

/// The column that gets what the others leave, and whose text is cut: the
/// origin of a client.
const FLEXIBLE: usize = 2;

const COLUMNS: [Column; 9] = [
    column(
        "No.",
        36.0,
        false,
        "The board numbers its connections in order. Changes by a controller carry its number, \
             for example client:3.",
    ),
    column("Channel", 84.0, false, "The path that the client opened"),
    column(
        "From",
        140.0,
        false,
        "Address and port of the client; on a locked board also its key",
    ),
    column("Connected", 78.0, true, "Time since the client connected"),
    column(
        "Last frame",
        78.0,
        true,
        "Time since the last frame of any kind from the client",
    ),
    column(
        "Last pong",
        78.0,
        true,
        "Time since the last answer to a ping. The board pings clients that are silent for 20 s.",
    ),
    column(
        "Waiting",
        96.0,
        true,
        "Messages, log lines or frames queued for the client, and how many were dropped",
    ),
    column(
        "Memory",
        78.0,
        true,
        "Memory that the board uses for this connection: task, buffers and queue",
    ),
    column("", 72.0, true, ""),
];

/// The least width of the table.
fn least_width() -> f32 {
    COLUMNS.iter().map(|column| column.width).sum()
}

fn column_rects(rect: Rect) -> [Rect; COLUMNS.len()] {
    let spare = left_of(rect.width(), least_width());
    let mut left = rect.left();
    std::array::from_fn(|at| {
        let column = COLUMNS.get(at).map_or(0.0, |column| column.width);
        let right = left + column + if at == FLEXIBLE { spare } else { 0.0 };
        let place = between(
            pos2(left, rect.top()),
            pos2(right - UNIT * 1.5, rect.bottom()),
        );
        left = right;
        place
    })
}

fn table(
    ui: &mut Ui,
    list: &ReceivedList,
    board: &BoardView,
    context: &PageContext<'_>,
    live: bool,
) {
    let palette = palette(ui);
    let size = vec2(ui.available_width(), theme::LINE);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    for (column, place) in COLUMNS
        .iter()
        .zip(column_rects(rect))
        .filter(|(column, _)| !column.title.is_empty())
    {
        let align = if column.is_right_aligned {
            Align2::RIGHT_CENTER
        } else {
            Align2::LEFT_CENTER
        };
        let head = text_line::field(
            ui,
            place,
            align,
            column.title,
            column.title,
            (theme::small(), palette.weak),
        );
        head.on_hover_text(column.tooltip);
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    let foot = theme::LINE * 2.0;
    let height = (ui.available_height() - foot).max(theme::COMMAND_ROW);
    ScrollArea::vertical()
        .id_salt("clients")
        .max_height(height)
        .auto_shrink([false, true])
        .show_rows(ui, theme::COMMAND_ROW, list.entries.len(), |ui, rows| {
            for entry in list.entries.get(rows).unwrap_or_default() {
                row(ui, entry, list, board, context, live);
            }
        });
    ui.add_space(UNIT);
    let known: Vec<usize> = list
        .entries
        .iter()
        .filter_map(|entry| entry.memory)
        .collect();
    let channels = text::count(list.entries.len() as u64, "channel");
    let others = match list.others {
        0 => String::new(),
        others => format!(
            ", and {} (web pages, POST, or not yet known)",
            text::count(others as u64, "other connection")
        ),
    };
    let sum = match known.len() {
        0 => "memory use unknown".to_owned(),
        _ => format!("total memory {}", bytes(known.iter().sum())),
    };
    let line = format!("{channels}{others}; {sum}");
    text_line::label(ui, &line, &line, theme::body(), palette.weak);
}

fn row(
    ui: &mut Ui,
    entry: &ClientEntry,
    list: &ReceivedList,
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
    let since = context.age(list.at);
    let age = |then: u64| {
        Duration::from_millis(elapsed_ms(list.uptime_ms, then))
            + if live { since } else { Duration::ZERO }
    };
    let kind = text::plain(&channel_path(&entry.kind));
    let mut from = entry
        .from
        .as_deref()
        .map_or_else(|| "unknown".to_owned(), text::plain);
    if let (Some(kid), Some(role)) = (&entry.kid, &entry.role) {
        let key = entry.key_name.as_deref().unwrap_or(kid);
        from = text::plain(&format!("{key} ({role}), {from}"));
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
        waiting = format!("{waiting}; dropped {}", entry.lost);
    }
    let cells = [
        entry.id.to_string(),
        kind.clone(),
        from.clone(),
        text::length(age(entry.since_ms)),
        text::ago(age(entry.heard_ms)),
        entry
            .pong_ms
            .map_or_else(|| "–".to_owned(), |then| text::ago(age(then))),
        waiting,
        entry.memory.map_or_else(|| "unknown".to_owned(), bytes),
    ];
    let name = format!(
        "{}: {kind} from {from}, connected {}, waiting {}, memory {}",
        entry.id, cells[3], cells[6], cells[7]
    );
    text_line::name_label(ui, &response, &name);
    if response.hovered() {
        ui.painter().rect_filled(
            rect,
            CornerRadius::same(theme::CONTROL_RADIUS),
            palette.control.gamma_multiply(0.6),
        );
    }
    let places = column_rects(rect);
    for (at, (cell, column)) in cells.iter().zip(&COLUMNS).enumerate() {
        let (font, color) = match at {
            1 => (theme::strong(), palette.text),
            2 if ours => (theme::body(), palette.accent),
            6 if entry.lost > 0 => (theme::body(), palette.doubtful),
            3..=6 => (theme::body(), palette.weak),
            _ => (theme::body(), palette.text),
        };
        let align = if column.is_right_aligned {
            Align2::RIGHT_CENTER
        } else {
            Align2::LEFT_CENTER
        };
        text_line::paint(ui, places[at], align, cell, font, color);
    }
    if ours {
        return;
    }
    let last = places[COLUMNS.len() - 1];
    let place = Rect::from_center_size(
        pos2(last.right() - 28.0, rect.center().y),
        vec2(64.0, theme::LINE),
    );
    // In a child UI, so that the button does not change the height of the row.
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
    let hint = "Close this connection with code 1000. A program that reconnects automatically, \
        like this one, gets a new number.";
    if close.on_hover_text(hint).clicked() && live {
        context.push(BoardCommand::CloseClient(board.key, entry.id));
    }
}

fn channel_path(kind: &ClientKind) -> String {
    match kind {
        ClientKind::Rpc => "/rpc".to_owned(),
        ClientKind::Log => "/log".to_owned(),
        ClientKind::Telemetry => "/telemetry".to_owned(),
        ClientKind::Echo => "/ws".to_owned(),
        ClientKind::Unknown(word) => word.clone(),
    }
}

/// Formats a number of bytes.
fn bytes(number: usize) -> String {
    text::bytes(number as f64)
}
