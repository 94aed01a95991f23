//! The menu of recordings in the top bar, and what it shows while something is
//! recorded or replayed.

use eframe::egui::{
    self, Align2, Button, Color32, Rect, Response, Sense, StrokeKind, Ui, WidgetInfo,
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
        icon, status_icons, text_line,
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

/// The button of the menu, and next to it what goes on. Right to left, as the
/// top bar is laid out.
pub(super) fn show(ui: &mut Ui, context: &PageContext<'_>, compact: bool) {
    let sessions = &context.model.sessions;
    let response = button(ui);
    egui::Popup::menu(&response).show(|ui| verb::menu(ui, verbs(context.model), context));
    response.on_hover_text("Record what all boards push, or replay a recording");
    if let RecordingState::On {
        path,
        since,
        problem,
    } = &sessions.recording
    {
        let age = context.frame.age(*since);
        let color = palette(ui).bad;
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
        let shown = if compact {
            String::new()
        } else {
            words.clone()
        };
        if indicator(ui, sign, &shown, &words, color)
            .on_hover_text(hint)
            .clicked()
        {
            context.push(Task::StopRecording);
        }
    }
    if let ReplayState::On { name, speed, ended } = &sessions.replay {
        let words = match ended {
            true => format!("Replay of {name} has ended"),
            false => format!("Replay of {name}, {speed}×"),
        };
        let shown = match (compact, ended) {
            (true, _) => String::new(),
            (false, true) => "Replay ended".to_owned(),
            (false, false) => format!("Replay {speed}×"),
        };
        let hint = format!("{words}. Click to stop it and remove its boards.");
        let color = palette(ui).accent;
        if indicator(ui, Sign::Replay, &shown, &words, color)
            .on_hover_text(hint)
            .clicked()
        {
            context.push(Task::StopReplay);
        }
    }
}

fn button(ui: &mut Ui) -> Response {
    let response = ui.add(Button::new("").min_size(vec2(28.0, 28.0)));
    let name = "Recordings";
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    text_line::paint(
        ui,
        response.rect,
        Align2::CENTER_CENTER,
        icon::RECORD,
        theme::icon(),
        palette(ui).text,
    );
    response
}

/// What an indicator shows before its text.
#[derive(Debug, Clone, Copy)]
enum Sign {
    Recording,
    Interrupted,
    Replay,
}

/// The width of a sign, and of the square of Stop.
const SIGN: f32 = 12.0;

/// Something that goes on, and that a click stops, which the square after the
/// text says.
fn indicator(ui: &mut Ui, sign: Sign, shown: &str, name: &str, color: Color32) -> Response {
    let galley = text_line::line(ui, shown, theme::body(), color, f32::INFINITY);
    let inside = match shown {
        "" => SIGN,
        _ => SIGN + UNIT + galley.size().x + UNIT + SIGN,
    };
    let size = vec2(inside + UNIT * 2.0, 28.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    let visuals = *ui.style().interact(&response);
    let (fill, stroke) = (visuals.weak_bg_fill, visuals.bg_stroke);
    let radius = visuals.corner_radius;
    ui.painter()
        .rect(rect, radius, fill, stroke, StrokeKind::Inside);
    let icon = |center, sign| {
        let square = Rect::from_center_size(center, vec2(SIGN * 2.0, SIGN * 2.0));
        let middle = Align2::CENTER_CENTER;
        text_line::paint(ui, square, middle, sign, theme::icon(), color);
    };
    let at = rect.left_center() + vec2(UNIT + SIGN / 2.0, 0.0);
    match sign {
        Sign::Recording => {
            ui.painter().circle_filled(at, 5.0, color);
        }
        Sign::Interrupted => status_icons::triangle(ui.painter(), at, color),
        Sign::Replay => icon(at, icon::PLAY),
    }
    if !shown.is_empty() {
        let text = at + vec2(SIGN / 2.0 + UNIT, -galley.size().y / 2.0);
        ui.painter().galley(text, galley, color);
        icon(
            rect.right_center() - vec2(UNIT + SIGN / 2.0, 0.0),
            icon::STOP,
        );
    }
    response
}
