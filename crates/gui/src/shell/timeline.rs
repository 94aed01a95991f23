//! The strip below every page: what happened lately, newest first, and who did
//! it. Folded, it is one line with the newest act. Only visible rows are drawn.

mod details;
mod row;

pub(crate) use self::row::state_of;

use eframe::egui::{
    Align, Button, Context, Frame, Layout, Margin, Panel, Rect, ScrollArea, Ui, UiBuilder,
    WidgetInfo, accesskit::Role, pos2, vec2,
};

use disk::settings::{Page, Settings};

use crate::{
    model::{
        action::WindowAction,
        boards::Model,
        page_context::PageContext,
        timeline::view::{Choice, TimelineView},
    },
    widgets::{
        icon,
        layout::WindowSize,
        log_row::NAMES,
        text_line,
        theme::{self, HALF, UNIT, palette},
    },
};

/// At most this share of the window.
const MOST: f32 = 0.5;

/// The strip, and what is chosen in it.
#[derive(Debug, Default)]
pub(crate) struct TimelineStrip {
    /// Whether only the selected board's rows are shown.
    of_one: bool,
    readings: bool,
    folded: bool,
    /// The height; `None` until a person has changed it.
    height: Option<f32>,
    view: TimelineView,
    /// The number of the row that is unfolded.
    unfolded: Option<u64>,
    /// Rows from this number on wait while older ones are looked at.
    held: Option<u64>,
    /// The row to scroll to in the next frame.
    reveal: Option<u64>,
    /// Where it is folded at first, and unfolded by a person.
    raised: [bool; 2],
}

impl TimelineStrip {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            of_one: settings.pushes_of_one,
            readings: settings.readings,
            folded: settings.layout.timeline_folded,
            height: settings.layout.pushes,
            ..Self::default()
        }
    }

    /// Writes the state of the strip into `settings`.
    pub(crate) fn remember(&self, settings: &mut Settings) {
        settings.pushes_of_one = self.of_one;
        settings.readings = self.readings;
        settings.layout.timeline_folded = self.folded;
        settings.layout.pushes = self.height;
    }

    /// Whether it shows readings.
    pub(crate) fn wants_readings(&self) -> bool {
        self.readings
    }

    /// Shows the strip below this page.
    pub(crate) fn show(&mut self, ui: &mut Ui, page: Page, context: &PageContext<'_>) {
        let place = Place::of(ui.ctx(), page);
        let frame = Frame::new().fill(palette(ui).side).inner_margin(Margin {
            left: 12,
            right: 12,
            top: 4,
            bottom: 2,
        });
        context.shows_news();
        if self.is_folded(place) {
            Panel::bottom("timeline folded")
                .frame(frame)
                .exact_size(theme::LINE + UNIT)
                .resizable(false)
                .show(ui, |ui| self.line(ui, place, context));
            return;
        }
        let [least, first, most] = theme::TIMELINE_HEIGHT;
        let most = (ui.ctx().content_rect().height() * MOST).clamp(least, most);
        let strip = Panel::bottom("timeline")
            .frame(frame)
            .resizable(true)
            .default_size(self.height.unwrap_or(first).min(most))
            .size_range(least..=most)
            .show(ui, |ui| {
                let choice = self.follow(context);
                self.header(ui, place, context);
                ui.add_space(HALF);
                self.rows(ui, context, choice.board.is_none());
            });
        let height = strip.response.rect.height();
        if self.height.is_some() || (height - first.min(most)).abs() > 1.0 {
            self.height = Some(height);
        }
    }

    fn is_folded(&self, place: Place) -> bool {
        match place {
            Place::Roomy => self.folded,
            Place::Low => !self.raised[0],
            Place::Own => !self.raised[1],
        }
    }

    /// Whether what happens on any board is in view.
    pub(crate) fn shows_all(&self, ctx: &Context, page: Page) -> bool {
        !self.is_folded(Place::of(ctx, page)) && !self.of_one && self.held.is_none()
    }

    /// Shows the results of this batch.
    pub(crate) fn show_results(&mut self, model: &Model, batch: u64) {
        if let Some(row) = model.timeline().of_batch(batch) {
            (self.folded, self.raised, self.of_one) = (false, [true; 2], false);
            (self.unfolded, self.reveal, self.held) = (Some(row), Some(row), Some(row + 1));
        }
    }

    /// One line: the newest act.
    fn line(&mut self, ui: &mut Ui, place: Place, context: &PageContext<'_>) {
        ui.horizontal_centered(|ui| {
            self.fold_button(ui, place);
            match context.model.timeline().newest() {
                Some(row) => {
                    let mut row = row::contents(palette(ui), context, row, false);
                    row.unfolded = None;
                    row.show(ui, context, true);
                }
                None => nothing(ui),
            }
        });
    }

    fn fold_button(&mut self, ui: &mut Ui, place: Place) {
        let (sign, name) = if self.is_folded(place) {
            (icon::CARET_UP, "Show timeline")
        } else {
            (icon::CARET_DOWN, "Hide timeline")
        };
        let button = Button::new(sign)
            .frame_when_inactive(false)
            .min_size(vec2(theme::LINE, theme::LINE));
        let button = ui.add(button).on_hover_text(name);
        button.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
        if button.clicked() {
            let state = match place {
                Place::Roomy => &mut self.folded,
                Place::Low => &mut self.raised[0],
                Place::Own => &mut self.raised[1],
            };
            *state = !*state;
            ui.ctx().request_repaint();
        }
    }

    fn header(&mut self, ui: &mut Ui, place: Place, context: &PageContext<'_>) {
        let palette = palette(ui);
        ui.horizontal(|ui| {
            self.fold_button(ui, place);
            text_line::label(ui, "Timeline", "Timeline", theme::strong(), palette.text);
            ui.add_space(UNIT);
            for (one, word) in [(false, "All boards"), (true, "This board")] {
                if ui
                    .add(Button::selectable(self.of_one == one, word))
                    .clicked()
                {
                    self.of_one = one;
                    ui.ctx().request_repaint();
                }
            }
            ui.add_space(UNIT);
            let readings = ui.add(Button::selectable(self.readings, "Readings"));
            let readings = readings.on_hover_text("Show measured values, one row per second");
            if readings.clicked() {
                self.readings = !self.readings;
                ui.ctx().request_repaint();
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                activity_button(ui, context);
                let newer = self.newer();
                if newer > 0 {
                    let button = Button::new(format!("{} {newer} new", icon::ARROW_UP));
                    let button = ui.add(button).on_hover_text("Show the newest rows");
                    button.widget_info(|| {
                        WidgetInfo::labeled(Role::Button, true, format!("{newer} new"))
                    });
                    if button.clicked() {
                        (self.held, self.unfolded) = (None, None);
                        ui.ctx().request_repaint();
                    }
                }
                if context.model.missed() > 0 {
                    let missed = text::count(context.model.missed(), "event");
                    let words = format!("{missed} lost: the window did not keep up");
                    text_line::label(ui, &words, &words, theme::small(), palette.doubtful);
                }
            });
        });
    }

    fn end(&self) -> u64 {
        self.held.unwrap_or(u64::MAX)
    }

    /// How many rows wait.
    fn newer(&self) -> usize {
        self.view.before(u64::MAX) - self.view.before(self.end())
    }

    /// Follows the timeline, with what the buttons chose.
    fn follow(&mut self, context: &PageContext<'_>) -> Choice {
        let selected = context.model.selected().map(|board| board.key);
        let choice = Choice {
            board: selected.filter(|_| self.of_one),
            readings: self.readings,
        };
        if self.readings {
            match choice.board {
                Some(board) => context.shows(board),
                None => context.shows_log(),
            }
        }
        context.model.timeline().show_in(&mut self.view, choice);
        choice
    }

    fn rows(&mut self, ui: &mut Ui, context: &PageContext<'_>, with_board: bool) {
        let end = self.end();
        let shown = self.view.before(end);
        if shown == 0 {
            nothing(ui);
            ui.take_available_space();
            return;
        }
        let timeline = context.model.timeline();
        let unfolded = self.unfolded.and_then(|number| {
            let index = self.view.position(number, end)?;
            Some((index, details::height(context, timeline.row(number)?)))
        });
        let mut area = ScrollArea::vertical()
            .id_salt("timeline")
            .auto_shrink(false);
        if let Some(index) = self
            .reveal
            .take()
            .and_then(|row| self.view.position(row, end))
        {
            area = area.vertical_scroll_offset(index as f32 * theme::PUSH_ROW);
        } else if self.held.is_none() {
            // Back at the top after "new" was clicked.
            area = area.vertical_scroll_offset(0.0);
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut toggled = None;
        let output = area.show_viewport(ui, |ui, viewport| {
            let details = unfolded.map_or(0.0, |(_, height)| height);
            ui.set_height(theme::PUSH_ROW * shown as f32 + details);
            for (index, top) in visible(shown, unfolded, viewport) {
                let Some(row) = self
                    .view
                    .newest(index, end)
                    .and_then(|number| timeline.row(number))
                else {
                    continue;
                };
                let open = unfolded.is_some_and(|(unfolded, _)| unfolded == index);
                let height = theme::PUSH_ROW + if open { details } else { 0.0 };
                let min = pos2(ui.max_rect().left(), ui.max_rect().top() + top);
                let rect = Rect::from_min_size(min, vec2(ui.max_rect().width(), height));
                let place = UiBuilder::new()
                    .max_rect(rect)
                    .id_salt(("row", row.number % NAMES));
                ui.scope_builder(place, |ui| {
                    ui.skip_ahead_auto_ids(1);
                    let contents = row::contents(palette(ui), context, row, open);
                    if contents.show(ui, context, with_board) {
                        toggled = Some(row.number);
                    }
                    if open {
                        details::show(ui, context, row);
                    }
                });
            }
        });
        self.hold(ui, toggled, output.state.clamped_offset().y);
    }

    /// Lets new rows wait while older ones are looked at.
    fn hold(&mut self, ui: &Ui, toggled: Option<u64>, offset: f32) {
        if toggled.is_some() {
            self.unfolded = toggled.filter(|number| self.unfolded != Some(*number));
            ui.ctx().request_repaint();
        }
        let reads = self.readings && self.unfolded.is_some();
        match (offset > 0.0 || reads, self.held) {
            (true, None) => self.held = Some(self.view.end()),
            (false, Some(_)) => self.held = None,
            _ => {}
        }
    }
}

/// The rows in view: their indices, and where they begin.
#[expect(
    clippy::cast_possible_truncation,
    reason = "no list is that long, and the cast saturates"
)]
fn visible(
    shown: usize,
    unfolded: Option<(usize, f32)>,
    viewport: Rect,
) -> impl Iterator<Item = (usize, f32)> {
    let row = theme::PUSH_ROW;
    let (unfolded, details) = unfolded.unwrap_or((usize::MAX, 0.0));
    // One more above for the height of the details.
    let first = ((viewport.min.y - details) / row).floor().max(0.0) as usize;
    let last = (viewport.max.y / row).ceil().max(0.0) as usize + 1;
    (first.min(shown)..last.min(shown)).map(move |index| {
        let above = if unfolded < index { details } else { 0.0 };
        (index, index as f32 * row + above)
    })
}

/// Where the strip is, which decides whether it is folded at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Where there is room for both the page and the strip.
    Roomy,
    /// In a window where the page needs the room.
    Low,
    /// Below a page with a log of its own, which would be repeated.
    Own,
}

impl Place {
    fn of(ctx: &Context, page: Page) -> Self {
        let low = ctx.content_rect().height() < theme::TIMELINE_WINDOW;
        match (page, low || WindowSize::is_compact(ctx)) {
            (Page::Activity | Page::Lab | Page::Serial, _) => Self::Own,
            (_, true) => Self::Low,
            (_, false) => Self::Roomy,
        }
    }
}

fn activity_button(ui: &mut Ui, context: &PageContext<'_>) {
    let button = ui.add(Button::new("All activity"));
    let button = button.on_hover_text("Search every event of this run");
    if button.clicked() {
        context.push(WindowAction::ShowPage(Page::Activity));
    }
}

fn nothing(ui: &mut Ui) {
    let words = "Commands, events and lost connections appear here as they happen.";
    text_line::label(ui, words, words, theme::body(), palette(ui).weak);
}
