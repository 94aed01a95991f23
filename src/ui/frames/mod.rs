//! The page of a board's raw traffic: every message both ways with its time and
//! size, the chosen one in full, and a box that sends any method.

mod lines;
mod reading;
mod sender;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, SystemTime},
};

use eframe::egui::{
    Align, Align2, Button, CentralPanel, CornerRadius, FontSelection, Frame, Key, Layout, Margin,
    Panel, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, accesskit::Role, pos2, vec2,
};

use super::{
    board_choice,
    entry_row::NAMES,
    icon,
    model::Model,
    page_context::{PageContext, PageView},
    text,
    theme::{self, HALF, UNIT, palette},
    words,
};
use crate::fleet::{BoardKey, BoardView, Direction, Following, Outcome, WireFrame};
use crate::ui::frame_context::FrameContext;
use crate::ui::room::between;
use reading::{Reading, Sort};

/// So many frames are shown; older ones are forgotten.
const MOST: usize = 5_000;

/// A frame that was read.
struct Row {
    frame: Arc<WireFrame>,
    reading: Reading,
    /// Of an answer: the number of the request, and how long it took.
    answers: Option<(u64, Duration)>,
}

/// What is known of the board that is shown.
struct Tap {
    board: BoardKey,
    /// Keeps many frames while it lives.
    _following: Following,
    next: u64,
    rows: VecDeque<Row>,
    /// Requests without an answer, by their ids.
    asked: HashMap<String, (u64, SystemTime)>,
    /// Frames that were forgotten before they were read.
    lost: u64,
}

/// The page.
#[derive(Default)]
pub(super) struct Frames {
    /// The board that was chosen here; otherwise it is the one that is shown
    /// elsewhere.
    chosen: Option<BoardKey>,
    tap: Option<Tap>,
    find: String,
    without: Vec<Sort>,
    held: bool,
    /// The number of the frame that is shown in full.
    selected: Option<u64>,
    sender: sender::Sender,
}

impl Tap {
    fn new(board: &BoardView) -> Self {
        Self {
            board: board.key,
            _following: board.frames.follow(),
            next: 0,
            rows: VecDeque::new(),
            asked: HashMap::new(),
            lost: 0,
        }
    }

    fn take_in(&mut self, board: &BoardView) {
        for frame in board.frames.since(self.next) {
            self.lost += frame.number.saturating_sub(self.next);
            self.next = frame.number + 1;
            self.add(frame);
        }
    }

    fn add(&mut self, frame: Arc<WireFrame>) {
        let reading = reading::read(&frame);
        let mut answers = None;
        match (&reading.id, frame.way) {
            (Some(id), Direction::Out) => {
                if self.asked.len() >= MOST {
                    self.asked.clear();
                }
                self.asked.insert(id.clone(), (frame.number, frame.at));
            }
            (Some(id), Direction::In) => {
                answers = self
                    .asked
                    .remove(id)
                    .map(|(number, at)| (number, frame.at.duration_since(at).unwrap_or_default()));
            }
            // On another connection the numbers begin again.
            (None, Direction::Link) => self.asked.clear(),
            _ => {}
        }
        if self.rows.len() == MOST {
            self.rows.pop_front();
        }
        let mut row = Row {
            frame,
            reading,
            answers,
        };
        // An answer is told with what it answers.
        if let Some(request) = row.answers.and_then(|(number, _)| self.row(number)) {
            if request.reading.sort == Sort::Link {
                row.reading.sort = Sort::Link;
            }
            let method = &request.reading.method;
            row.reading.method = if row.reading.method.is_empty() {
                method.clone()
            } else {
                format!("{method}: {}", row.reading.method)
            };
        }
        self.rows.push_back(row);
    }

    fn row(&self, number: u64) -> Option<&Row> {
        let first = self.rows.front()?.frame.number;
        // Numbers follow each other but where frames were lost.
        let guess = usize::try_from(number.checked_sub(first)?).ok()?;
        match self.rows.get(guess) {
            Some(row) if row.frame.number == number => Some(row),
            _ => self.rows.iter().find(|row| row.frame.number == number),
        }
    }
}

impl Frames {
    /// Shows this board from now on.
    pub(super) fn choose(&mut self, board: BoardKey) {
        self.chosen = Some(board);
    }

    /// The request that was sent from here was answered.
    pub(super) fn answered(&mut self, outcome: Outcome) {
        self.sender.answered(outcome);
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

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        let Some(board) = board_choice::shown(context.model, self.chosen).cloned() else {
            return;
        };
        if self.tap.as_ref().is_none_or(|tap| tap.board != board.key) {
            self.tap = Some(Tap::new(&board));
            self.selected = None;
        }
        if !self.held
            && let Some(tap) = &mut self.tap
        {
            tap.take_in(&board);
            let ctx = ui.ctx().clone();
            board.frames.wake_with_next(move || ctx.request_repaint());
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
                let clear = ui
                    .add(Button::new("Clear"))
                    .on_hover_text("Forget what is listed");
                if clear.clicked()
                    && let Some(tap) = &mut self.tap
                {
                    tap.rows.clear();
                    tap.lost = 0;
                    self.selected = None;
                }
                let (sign, word, hint) = match self.held {
                    false => (
                        icon::PAUSE,
                        "Pause",
                        "Hold the list still; up to 5,000 frames are kept meanwhile",
                    ),
                    true => (icon::PLAY, "Go on", "Show what came since"),
                };
                let hold = ui.add(Button::new(format!("{sign} {word}")));
                hold.widget_info(|| WidgetInfo::labeled(Role::Button, true, word));
                if hold.on_hover_text(hint).clicked() {
                    self.held = !self.held;
                }
                if let Some(tap) = &self.tap {
                    let total = |way: Direction| {
                        let rows = tap.rows.iter().filter(|row| row.frame.way == way);
                        rows.fold((0_u64, 0_u64), |(count, bytes), row| {
                            (
                                count + 1,
                                bytes + u64::try_from(row.frame.size).unwrap_or(u64::MAX),
                            )
                        })
                    };
                    let ((sent, out), (came, back)) = (total(Direction::Out), total(Direction::In));
                    let mut words = format!("{sent} out, {out} B; {came} in, {back} B");
                    if tap.lost > 0 {
                        words.push_str(&format!("; {} earlier ones were not kept", tap.lost));
                    }
                    text::label(ui, &words, &words, theme::body(), palette(ui).weak)
                        .on_hover_text("Messages of this list with their payloads");
                }
            });
        });
        ui.add_space(HALF);
        ui.horizontal_wrapped(|ui| {
            let edit = TextEdit::singleline(&mut self.find)
                .hint_text("Find in the frames")
                .desired_width(208.0);
            let edit = edit
                .align(Align2::LEFT_CENTER)
                .min_size(vec2(0.0, theme::LINE));
            ui.add(edit).accessible_name("Find in the frames");
            self.chosen =
                board_choice::show(ui, "frames board", model, Some(board)).or(self.chosen);
            for sort in Sort::ALL {
                let shown = !self.without.contains(&sort);
                if ui.add(Button::selectable(shown, sort.words())).clicked() {
                    if shown {
                        self.without.push(sort);
                    } else {
                        self.without.retain(|without| *without != sort);
                    }
                }
            }
        });
    }

    /// The frames, newest first.
    fn list(&mut self, ui: &mut Ui, context: &FrameContext) {
        let Some(tap) = &self.tap else { return };
        let letters = self.find.trim().to_lowercase();
        let fits = |row: &&Row| {
            !self.without.contains(&row.reading.sort)
                && (letters.is_empty()
                    || row.reading.line.to_lowercase().contains(&letters)
                    || row.reading.method.to_lowercase().contains(&letters))
        };
        let rows: Vec<&Row> = tap.rows.iter().rev().filter(fits).collect();
        if rows.is_empty() {
            let words = match tap.rows.is_empty() {
                true => {
                    "Nothing went over the link yet. A board speaks when something changes; a \
                         controller pings a quiet one every 10 s."
                }
                false => "Nothing passes this filter.",
            };
            text::label(ui, words, words, theme::body(), palette(ui).weak);
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
                if line(ui, row, selected == Some(row.frame.number), context) {
                    selected = Some(row.frame.number);
                }
            }
        });
        if selected != self.selected {
            self.selected = selected;
            ui.ctx().request_repaint();
        }
    }

    /// The chosen frame in full, and what can be copied of it.
    fn details(&mut self, ui: &mut Ui, board: &BoardView, context: &FrameContext) {
        let palette = palette(ui);
        let row = self.tap.as_ref().and_then(|tap| tap.row(self.selected?));
        let Some(row) = row else {
            let words = "Choose a frame to see it in full.";
            text::label(ui, words, words, theme::body(), palette.weak);
            return;
        };
        let facts = facts(row, context);
        text::label(ui, &facts, &facts, theme::strong(), palette.text);
        ui.add_space(HALF);
        let shown = reading::pretty(&row.frame);
        // What a person would type: the request itself, or that which was
        // answered.
        let request = match (row.reading.sort, row.frame.way, row.answers) {
            (_, Direction::Out, _) => Some(row),
            (_, _, Some((number, _))) => self.tap.as_ref().and_then(|tap| tap.row(number)),
            _ => None,
        };
        ui.horizontal_wrapped(|ui| {
            sender::copy(ui, "JSON", "Copy the frame", &shown);
            if let Some(request) = request {
                sender::copy(
                    ui,
                    "websocat",
                    "Copy as websocat",
                    &lines::websocat(board, &request.reading.line),
                );
                if let Some(line) = lines::call(board, &request.reading.line) {
                    sender::copy(ui, "switchboard call", "Copy as switchboard call", &line);
                }
                let again = ui.add(Button::new(format!("{}  To the box", icon::ARROW_RIGHT)));
                again.widget_info(|| {
                    WidgetInfo::labeled(Role::Button, true, "Put into the send box")
                });
                if again
                    .on_hover_text("Put this request into the box, to change and send it")
                    .clicked()
                    && let Ok(value) =
                        serde_json::from_str::<serde_json::Value>(&request.reading.line)
                {
                    self.sender
                        .take(&request.reading.method, value.get("params"));
                }
            }
        });
        ui.add_space(HALF);
        ScrollArea::both()
            .id_salt("whole frame")
            .auto_shrink(false)
            .show(ui, |ui| {
                let mut text = shown.as_str();
                let edit = TextEdit::multiline(&mut text)
                    .font(FontSelection::FontId(theme::monospace()))
                    .desired_width(f32::INFINITY)
                    .frame(Frame::NONE);
                ui.add(edit).accessible_name("The whole frame");
            });
        if !row.frame.is_whole() {
            let words = "Only the first 16 KiB are kept.";
            text::label(ui, words, words, theme::small(), palette.doubtful);
        }
    }
}

/// Time, way and size of a frame, and how long it took to be answered.
fn facts(row: &Row, context: &FrameContext) -> String {
    let time = context.time_of_day(row.frame.at);
    let way = match row.frame.way {
        Direction::Out => "to the board",
        Direction::In => "from the board",
        Direction::Link => "link",
    };
    let mut facts = format!("{time}  {way}");
    if row.frame.way != Direction::Link {
        facts.push_str(&format!("  {} B", row.frame.size));
        if row.frame.encrypted {
            facts.push_str("  encrypted");
        }
    }
    if let Some((_, took)) = row.answers {
        facts.push_str(&format!("  answered in {}", words::short(took)));
    }
    facts
}

/// A frame on one line; whether it was clicked.
fn line(ui: &mut Ui, row: &Row, chosen: bool, context: &FrameContext) -> bool {
    let palette = palette(ui);
    let size = vec2(ui.available_width(), theme::PUSH_ROW);
    let (rect, response) = ui
        .push_id(("frame", row.frame.number % NAMES), |ui| {
            ui.allocate_exact_size(size, Sense::click())
        })
        .inner;
    let name = format!(
        "{}  {}  {}",
        facts(row, context),
        row.reading.method,
        row.reading.line
    );
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, chosen, &name));
    if !ui.is_rect_visible(rect) {
        return response.clicked();
    }
    let plate = rect.expand2(vec2(HALF, 0.0));
    if chosen || response.has_focus() {
        ui.painter().rect_filled(
            plate,
            CornerRadius::same(theme::CONTROL_RADIUS),
            palette.chosen,
        );
    } else if response.hovered() {
        ui.painter().rect_filled(
            plate,
            CornerRadius::same(theme::CONTROL_RADIUS),
            palette.control,
        );
    }
    let (sign, color) = match (row.frame.way, row.reading.method.ends_with("error")) {
        (_, true) => (icon::WARNING, palette.bad),
        (Direction::Out, _) => (icon::ARROW_UP, palette.underway),
        (Direction::In, _) => (icon::ARROW_DOWN, palette.good),
        (Direction::Link, _) => (icon::DOT, palette.weak),
    };
    let time = context.time_of_day(row.frame.at);
    let size = if row.frame.way == Direction::Link {
        String::new()
    } else {
        format!("{} B", row.frame.size)
    };
    let took = row
        .answers
        .map(|(_, took)| words::short(took))
        .unwrap_or_default();
    let method = match &row.reading.id {
        Some(id) => format!("{} #{id}", row.reading.method),
        None => row.reading.method.clone(),
    };
    let (monospace, weak) = (theme::monospace_small(), palette.weak);
    let columns = [
        (
            24.0,
            Align2::CENTER_CENTER,
            sign,
            if row.frame.way == Direction::Link {
                theme::icon()
            } else {
                theme::body()
            },
            color,
        ),
        (92.0, Align2::LEFT_CENTER, &*time, monospace.clone(), weak),
        (56.0, Align2::RIGHT_CENTER, &*size, monospace.clone(), weak),
        (64.0, Align2::RIGHT_CENTER, &*took, monospace.clone(), weak),
        (
            216.0,
            Align2::LEFT_CENTER,
            &*method,
            theme::body(),
            palette.text,
        ),
        (
            f32::INFINITY,
            Align2::LEFT_CENTER,
            &*row.reading.line,
            monospace,
            weak,
        ),
    ];
    let mut left = rect.left();
    for (width, align, words, font, color) in columns {
        let right = (left + width).min(rect.right());
        text::paint(
            ui,
            between(pos2(left, rect.top()), pos2(right - UNIT, rect.bottom())),
            align,
            words,
            font,
            color,
        );
        left = right;
    }
    response.clicked()
}
