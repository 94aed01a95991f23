//! The page of a board's raw traffic: every message in both directions with its
//! time and size, the selected one in full, and a form that calls any method.

mod parsed_frame;
mod request;
mod row;
mod sender;
mod shell_command;
mod subscription;
mod suggestions;

use eframe::egui::{
    Align, Align2, Button, CentralPanel, Frame, Key, Label, Layout, Margin, Panel, RichText,
    ScrollArea, TextEdit, Ui, WidgetInfo, accesskit::Role, vec2,
};

use web_time::Instant;

use crate::{
    model::{boards::Model, frame_context::FrameContext, pace::Pace, page_context::PageContext},
    widgets::{
        board_choice, icon,
        page_view::PageView,
        text_line,
        theme::{self, HALF, UNIT, palette},
    },
};
use fleet::{BoardKey, BoardView, Direction, Outcome};
use parsed_frame::FrameKind;
use subscription::{FrameSubscription, Row};

/// The page.
#[derive(Default)]
pub(crate) struct Frames {
    /// The board selected on this page; `None` follows the other pages.
    chosen: Option<BoardKey>,
    subscription: Option<FrameSubscription>,
    find: String,
    hidden_kinds: Vec<FrameKind>,
    paused: bool,
    /// The number of the selected frame.
    selected: Option<u64>,
    sender: sender::Sender,
}

impl Frames {
    /// Selects a board.
    pub(crate) fn choose(&mut self, board: BoardKey) {
        self.chosen = Some(board);
    }

    /// The number of the request that the form sent to a board last, until it
    /// is answered.
    pub(crate) fn awaited(&self, board: BoardKey) -> Option<u64> {
        self.sender.awaited(board)
    }

    /// Takes the outcome of the request that the form sent with this number.
    pub(crate) fn answered(&mut self, board: BoardKey, number: u64, outcome: Outcome) {
        self.sender.answered(board, number, outcome);
    }
}

impl PageView for Frames {
    fn margin(&self, _context: &PageContext<'_>) -> Margin {
        Margin {
            left: 20,
            right: 12,
            top: 12,
            bottom: 4,
        }
    }

    fn least_size(&self) -> eframe::egui::Vec2 {
        theme::LEAST_FRAMES.into()
    }

    fn paused(&self) -> Option<bool> {
        Some(self.paused)
    }

    fn set_paused(&mut self, paused: bool) {
        self.paused = paused;
    }

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        let Some(board) = board_choice::shown(context.model, self.chosen).cloned() else {
            return;
        };
        if self
            .subscription
            .as_ref()
            .is_none_or(|subscription| subscription.board != board.key)
        {
            self.subscription = Some(FrameSubscription::new(&board));
            self.selected = None;
        }
        if !self.paused
            && let Some(subscription) = &mut self.subscription
        {
            subscription.update(&board);
            let (ctx, pace) = (ui.ctx().clone(), Pace::default());
            pace.drawn(context.now);
            board
                .frames
                .wake_with_next(0, move || pace.request_frame(&ctx, Instant::now()));
        }
        self.toolbar(ui, context.model, &board);
        ui.add_space(UNIT);
        let [least, first, most] = theme::FRAME_DETAILS;
        let below = Frame::new().fill(palette(ui).ground).inner_margin(Margin {
            top: 8,
            ..Margin::ZERO
        });
        Panel::bottom("frame")
            .frame(below)
            .resizable(true)
            .default_size(first)
            .size_range(least..=most)
            .show(ui, |ui| {
                let width = ui.available_width();
                ui.set_min_height(ui.available_height());
                ui.horizontal_top(|ui| {
                    let height = ui.available_height();
                    ui.allocate_ui_with_layout(
                        vec2(width * 0.58, height),
                        Layout::top_down(Align::Min),
                        |ui| {
                            ui.set_width(width * 0.58);
                            self.details(ui, &board, context);
                        },
                    );
                    ui.add_space(UNIT);
                    ui.vertical(|ui| self.sender.show(ui, &board, context));
                });
            });
        CentralPanel::default()
            .frame(Frame::new())
            .show(ui, |ui| self.list(ui, context));
    }
}

impl Frames {
    fn toolbar(&mut self, ui: &mut Ui, model: &Model, board: &BoardView) {
        ui.horizontal(|ui| {
            ui.heading("Frames");
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let clear = ui.add(Button::new("Clear")).on_hover_text("Clear the list");
                if clear.clicked()
                    && let Some(subscription) = &mut self.subscription
                {
                    subscription.rows.clear();
                    subscription.lost = 0;
                    self.selected = None;
                }
                let (sign, word, hint) = match self.paused {
                    false => (
                        icon::PAUSE,
                        "Pause",
                        "Pause the list. Up to 5,000 frames are kept in the meantime.",
                    ),
                    true => (
                        icon::PLAY,
                        "Resume",
                        "Show the frames received in the meantime",
                    ),
                };
                let pause = ui.add(Button::new(format!("{sign} {word}")));
                pause.widget_info(|| WidgetInfo::labeled(Role::Button, true, word));
                if pause.on_hover_text(hint).clicked() {
                    self.paused = !self.paused;
                }
                if let Some(subscription) = &self.subscription {
                    let total = |way: Direction| {
                        let rows = subscription.rows.iter().filter(|row| row.frame.way == way);
                        rows.fold((0_u64, 0_u64), |(count, bytes), row| {
                            (
                                count + 1,
                                bytes + u64::try_from(row.frame.size).unwrap_or(u64::MAX),
                            )
                        })
                    };
                    let ((sent, sent_bytes), (received, received_bytes)) =
                        (total(Direction::Out), total(Direction::In));
                    let mut words = format!(
                        "{} sent ({}), {} received ({})",
                        text::grouped(sent),
                        text::bytes(sent_bytes as f64),
                        text::grouped(received),
                        text::bytes(received_bytes as f64)
                    );
                    if subscription.lost > 0 {
                        words.push_str(&format!(
                            ", {} earlier ones dropped",
                            text::grouped(subscription.lost)
                        ));
                    }
                    text_line::label(ui, &words, &words, theme::body(), palette(ui).weak)
                        .on_hover_text("Messages in this list and the size of their payloads");
                }
            });
        });
        ui.add_space(HALF);
        ui.horizontal_wrapped(|ui| {
            let edit = TextEdit::singleline(&mut self.find)
                .hint_text("Search frames")
                .desired_width(208.0);
            let edit = edit
                .align(Align2::LEFT_CENTER)
                .min_size(vec2(0.0, theme::LINE));
            ui.add(edit).accessible_name("Search frames");
            self.chosen = board_choice::show(ui, model, Some(board), |_| None).or(self.chosen);
            for kind in FrameKind::ALL {
                let shown = !self.hidden_kinds.contains(&kind);
                if ui.add(Button::selectable(shown, kind.label())).clicked() {
                    if shown {
                        self.hidden_kinds.push(kind);
                    } else {
                        self.hidden_kinds.retain(|hidden| *hidden != kind);
                    }
                }
            }
        });
    }

    /// The frames, newest first.
    fn list(&mut self, ui: &mut Ui, context: &FrameContext) {
        let Some(subscription) = &self.subscription else {
            return;
        };
        let letters = self.find.trim().to_lowercase();
        let fits = |row: &&Row| {
            !self.hidden_kinds.contains(&row.parsed.kind)
                && (letters.is_empty()
                    || row.parsed.line.to_lowercase().contains(&letters)
                    || row.parsed.method.to_lowercase().contains(&letters))
        };
        let rows: Vec<&Row> = subscription.rows.iter().rev().filter(fits).collect();
        if rows.is_empty() {
            let words = match subscription.rows.is_empty() {
                true => {
                    "No frames yet. Boards send a message when something changes, and this \
                         program pings a silent board every 10 s."
                }
                false => "No frame matches.",
            };
            let words = RichText::new(words).color(palette(ui).weak);
            ui.add(Label::new(words).wrap());
            return;
        }
        let mut selected = self.selected;
        let at = selected.and_then(|number| rows.iter().position(|row| row.frame.number == number));
        let free = ui.ctx().memory(|memory| memory.focused()).is_none();
        if free {
            let step = ui.input(|input| {
                i64::from(input.key_pressed(Key::ArrowDown))
                    - i64::from(input.key_pressed(Key::ArrowUp))
            });
            let next = match (step, at) {
                (0, _) => None,
                (1, Some(at)) => rows.get(at + 1),
                (_, Some(at)) => at.checked_sub(1).and_then(|at| rows.get(at)),
                (_, None) => rows.first(),
            };
            selected = next.map(|row| row.frame.number).or(selected);
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        let area = ScrollArea::vertical().id_salt("frames").auto_shrink(false);
        area.show_rows(ui, theme::PUSH_ROW, rows.len(), |ui, range| {
            for row in rows.get(range).unwrap_or_default() {
                if row::show(ui, row, selected == Some(row.frame.number), context) {
                    selected = Some(row.frame.number);
                }
            }
        });
        if selected != self.selected {
            self.selected = selected;
            ui.ctx().request_repaint();
        }
    }

    /// The selected frame in full, and buttons to copy it.
    fn details(&mut self, ui: &mut Ui, board: &BoardView, context: &FrameContext) {
        let palette = palette(ui);
        let row = self
            .subscription
            .as_ref()
            .and_then(|subscription| subscription.row(self.selected?));
        let Some(row) = row else {
            let words = "Select a frame to see it in full.";
            text_line::label(ui, words, words, theme::body(), palette.weak);
            return;
        };
        let facts = row::facts(row, context);
        text_line::label(ui, &facts, &facts, theme::strong(), palette.text);
        ui.add_space(HALF);
        let shown = parsed_frame::pretty(&row.frame);
        // The request to copy as a command: this frame, or the one it answers.
        let request = match (row.parsed.kind, row.frame.way, row.request) {
            (_, Direction::Out, _) => Some(row),
            (_, _, Some((number, _))) => self
                .subscription
                .as_ref()
                .and_then(|subscription| subscription.row(number)),
            _ => None,
        };
        ui.horizontal_wrapped(|ui| {
            sender::copy(ui, "JSON", "Copy the frame", &shown);
            if let Some(request) = request {
                sender::copy(
                    ui,
                    "websocat",
                    "Copy as websocat",
                    &shell_command::websocat(board, &request.parsed.line),
                );
                if let Some(line) = shell_command::call(board, &request.parsed.line) {
                    sender::copy(ui, "switchboard call", "Copy as switchboard call", &line);
                }
                let again = ui.add(Button::new(format!("{}  Edit", icon::ARROW_RIGHT)));
                again.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Edit the request"));
                if again
                    .on_hover_text("Copy this request to the form, to change and send it")
                    .clicked()
                    && let Ok(value) =
                        serde_json::from_str::<serde_json::Value>(&request.parsed.line)
                {
                    let params = value.get("params");
                    self.sender.fill(board, &request.parsed.method, params);
                }
            }
        });
        ui.add_space(HALF);
        ScrollArea::both()
            .id_salt("whole frame")
            .auto_shrink(false)
            .show(ui, |ui| sender::shown_json(ui, &shown, "The whole frame"));
        if !row.frame.is_whole() {
            let words = "Only the first 16 KiB are kept.";
            text_line::label(ui, words, words, theme::small(), palette.doubtful);
        }
    }
}
