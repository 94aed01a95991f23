//! The menu of recordings in the top bar, and what it shows while something is
//! recorded or replayed.

use eframe::egui::{
    self, Align2, Button, Color32, Pos2, Rect, Response, Sense, StrokeKind, Ui, WidgetInfo,
    accesskit::Role, vec2,
};

use crate::{
    model::{
        action::Task,
        boards::Model,
        file_task::FileTask,
        page_context::PageContext,
        sessions::{RecordingState, ReplayState},
    },
    widgets::{
        icon,
        layout::{WindowSize, left_of},
        status_icons, text_line,
        theme::{self, UNIT, palette},
        verb::{self, Verb},
    },
};

/// What can be done: in the menu and in the command palette.
pub(crate) fn verbs(model: &Model) -> Vec<Verb> {
    let sessions = &model.sessions;
    let record = match &sessions.recording {
        RecordingState::On { .. } => Verb::new(icon::STOP, "Stop recording", Task::StopRecording),
        state => {
            let record = Task::File(FileTask::RecordSession);
            let why_not = match state {
                RecordingState::Starting => Some("the file is being created"),
                RecordingState::Stopping => Some("the last recording is being saved"),
                _ => None,
            };
            Verb::new(icon::RECORD, "Record session…", record).unless(why_not)
        }
    };
    let replay = match &sessions.replay {
        ReplayState::Absent => None,
        ReplayState::On { .. } => Some(Verb::new(icon::STOP, "Stop replay", Task::StopReplay)),
        state => {
            let open = Task::File(FileTask::OpenSession);
            let busy = *state == ReplayState::Busy;
            let why_not = busy.then_some("a replay is starting or stopping");
            Some(Verb::new(icon::PLAY, "Replay…", open).unless(why_not))
        }
    };
    std::iter::once(record).chain(replay).collect()
}

/// What goes on, and that a click stops.
struct Indicator {
    sign: Sign,
    color: Color32,
    /// What is shown where there is room.
    short: String,
    words: String,
    hint: String,
    stop: Task,
}

/// What an indicator shows before its text.
#[derive(Debug, Clone, Copy)]
enum Sign {
    Recording,
    Interrupted,
    Replay,
}

/// The button of the menu, and next to it what goes on. Right to left, as the
/// top bar is laid out; leaves the width `reserved`. In a compact window, the
/// button shows what goes on.
pub(super) fn show(ui: &mut Ui, context: &PageContext<'_>, reserved: f32) {
    let going_on = indicators(ui, context);
    let compact = WindowSize::is_compact(ui.ctx());
    let shown = going_on.first().filter(|_| compact);
    let response = button(ui, shown.map(|first| (first.sign, first.color)));
    egui::Popup::menu(&response).show(|ui| verb::menu(ui, verbs(context.model), context));
    let what = "Record what all boards push, or replay a recording";
    if compact {
        let words = going_on.iter().map(|one| one.words.as_str());
        let lines: Vec<_> = words.chain([what]).collect();
        response.on_hover_text(lines.join("\n"));
        return;
    }
    response.on_hover_text(what);
    let gap = ui.spacing().item_spacing.x;
    let width = |one: &Indicator| gap + width(ui, &one.short, one.color);
    let room = left_of(ui.available_width(), reserved);
    let with_words = going_on.iter().map(width).sum::<f32>() <= room;
    for one in going_on {
        if indicator(ui, &one, with_words)
            .on_hover_text(one.hint)
            .clicked()
        {
            context.push(one.stop);
        }
    }
}

/// A recording, and a replay.
fn indicators(ui: &Ui, context: &PageContext<'_>) -> Vec<Indicator> {
    let sessions = &context.model.sessions;
    let palette = palette(ui);
    let mut all = Vec::new();
    if let RecordingState::On {
        path,
        since,
        problem,
    } = &sessions.recording
    {
        let age = context.frame.age(*since);
        let (sign, words, hint) = match problem {
            None => {
                let hint = format!("Recording to {}. Click to stop.", path.display());
                let words = format!("Recording {}", text::length(age));
                (Sign::Recording, words, hint)
            }
            Some(problem) => {
                let hint = format!(
                    "Cannot record: {problem}. Records are kept in memory until writing works \
                        again. Click to stop."
                );
                (Sign::Interrupted, "Recording interrupted".to_owned(), hint)
            }
        };
        all.push(Indicator {
            sign,
            color: palette.bad,
            short: words.clone(),
            words,
            hint,
            stop: Task::StopRecording,
        });
    }
    if let ReplayState::On { name, speed, ended } = &sessions.replay {
        let (short, words) = match ended {
            true => (
                "Replay ended".to_owned(),
                format!("Replay of {name} has ended"),
            ),
            false => (
                format!("Replay {speed}×"),
                format!("Replay of {name}, {speed}×"),
            ),
        };
        let hint = format!("{words}. Click to stop it and remove its boards.");
        all.push(Indicator {
            sign: Sign::Replay,
            color: palette.accent,
            short,
            words,
            hint,
            stop: Task::StopReplay,
        });
    }
    all
}

/// The button of the menu; `shown` is what goes on.
fn button(ui: &mut Ui, shown: Option<(Sign, Color32)>) -> Response {
    let response = ui.add(Button::new("").min_size(vec2(28.0, 28.0)));
    let name = "Recordings";
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    let center = response.rect.center();
    match shown {
        Some((sign, color)) => paint_sign(ui, center, sign, color),
        None => paint_icon(ui, center, icon::RECORD, palette(ui).text),
    }
    response
}

/// The width of a sign, and of the square of Stop.
const SIGN: f32 = 12.0;

/// The width of an indicator with this text.
fn width(ui: &Ui, text: &str, color: Color32) -> f32 {
    let galley = text_line::line(ui, text, theme::body(), color, f32::INFINITY);
    SIGN + UNIT + galley.size().x + UNIT + SIGN + UNIT * 2.0
}

/// Something that goes on. The square after its text says that a click stops
/// it.
fn indicator(ui: &mut Ui, one: &Indicator, with_words: bool) -> Response {
    let color = one.color;
    let width = match with_words {
        true => width(ui, &one.short, color),
        false => SIGN + UNIT * 2.0,
    };
    let (rect, response) = ui.allocate_exact_size(vec2(width, 28.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &one.words));
    let visuals = *ui.style().interact(&response);
    let (fill, stroke) = (visuals.weak_bg_fill, visuals.bg_stroke);
    let radius = visuals.corner_radius;
    ui.painter()
        .rect(rect, radius, fill, stroke, StrokeKind::Inside);
    let at = rect.left_center() + vec2(UNIT + SIGN / 2.0, 0.0);
    paint_sign(ui, at, one.sign, color);
    if with_words {
        let galley = text_line::line(ui, &one.short, theme::body(), color, f32::INFINITY);
        let text = at + vec2(SIGN / 2.0 + UNIT, -galley.size().y / 2.0);
        ui.painter().galley(text, galley, color);
        let end = rect.right_center() - vec2(UNIT + SIGN / 2.0, 0.0);
        paint_icon(ui, end, icon::STOP, color);
    }
    response
}

fn paint_sign(ui: &Ui, center: Pos2, sign: Sign, color: Color32) {
    match sign {
        Sign::Recording => {
            ui.painter().circle_filled(center, 5.0, color);
        }
        Sign::Interrupted => status_icons::triangle(ui.painter(), center, color),
        Sign::Replay => paint_icon(ui, center, icon::PLAY, color),
    }
}

fn paint_icon(ui: &Ui, center: Pos2, sign: &str, color: Color32) {
    let square = Rect::from_center_size(center, vec2(SIGN * 2.0, SIGN * 2.0));
    let middle = Align2::CENTER_CENTER;
    text_line::paint(ui, square, middle, sign, theme::icon(), color);
}
