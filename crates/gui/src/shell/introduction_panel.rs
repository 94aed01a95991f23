//! The introduction above the boards: what to try, and what of it is done. One
//! line in a small window.

use std::borrow::Cow;

use eframe::egui::{
    Align, Align2, Button, Frame, Label, Layout, Margin, Panel, Rect, RichText, Sense, Stroke, Ui,
    WidgetInfo, accesskit::Role, vec2,
};

use disk::settings::Page;

use crate::{
    model::{
        action::{Action, Overlay, Task, WindowAction},
        dialog_kind::DialogKind,
        introduction::{Introduction, Step},
        page_context::PageContext,
    },
    widgets::{
        icon,
        icon_button::icon_button,
        layout::{WindowSize, is_low},
        shortcut, text_line,
        theme::{self, HALF, UNIT, palette},
    },
};

/// The size of a step's check box.
const MARK: f32 = 16.0;

/// Shows it as a panel at the top.
pub(crate) fn show(ui: &mut Ui, context: &PageContext<'_>, introduction: &Introduction) {
    let frame = Frame::new()
        .fill(palette(ui).side)
        .inner_margin(Margin::symmetric(16, 8));
    let in_one_line = WindowSize::is_compact(ui.ctx()) || is_low(ui.ctx());
    Panel::top("introduction").frame(frame).show(ui, |ui| {
        header(ui, context, introduction, in_one_line);
        if !in_one_line {
            ui.add_space(HALF);
            ui.columns(Step::ALL.len(), |columns| {
                for (ui, step) in columns.iter_mut().zip(Step::ALL) {
                    column(ui, context, introduction, step);
                }
            });
        }
    });
}

/// The title, how far it is, and the buttons.
fn header(ui: &mut Ui, context: &PageContext<'_>, introduction: &Introduction, in_one_line: bool) {
    let palette = palette(ui);
    let size = vec2(ui.available_width(), theme::LINE);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        let hint = "Dismiss the introduction (F1 shows it again)";
        if icon_button(ui, icon::X, "Dismiss introduction", hint).clicked() {
            context.push(WindowAction::ShowIntroduction(false));
        }
        samples(ui, context, in_one_line);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let (done, all) = (introduction.done(context.model), Step::ALL.len());
            let next = introduction.next(context.model);
            if !in_one_line {
                let title = "Getting started";
                let heading = text_line::label(ui, title, title, theme::strong(), palette.text);
                heading.widget_info(|| WidgetInfo::labeled(Role::Heading, true, title));
            }
            let progress = match next {
                Some(_) if !in_one_line => format!("{done} of {all}"),
                Some(step) => format!("{} of {all}: {}", done + 1, title(ui, step)),
                None => "Done. F1 shows the keyboard shortcuts.".to_owned(),
            };
            let label = text_line::label(ui, &progress, &progress, theme::body(), palette.weak);
            if let Some(step) = next.filter(|_| in_one_line) {
                label.on_hover_text(format!("{}: {}", title(ui, step), step.how()));
            }
        });
    });
}

/// How many sample boards run, and the button that stops them.
fn samples(ui: &mut Ui, context: &PageContext<'_>, in_one_line: bool) {
    let running = context.model.samples.len();
    if running == 0 {
        return;
    }
    let stop = ui
        .button("Stop sample boards")
        .on_hover_text("End the boards of this program and remove them from the list");
    if stop.clicked() {
        context.push(Task::StopSampleBoards);
    }
    if !in_one_line {
        let words = match running {
            1 => "1 sample board runs".to_owned(),
            many => format!("{many} sample boards run"),
        };
        text_line::label(ui, &words, &words, theme::body(), palette(ui).weak);
    }
}

/// What to do.
fn title(ui: &Ui, step: Step) -> Cow<'static, str> {
    step.title(&shortcut::name(ui.ctx(), &shortcut::COMMANDS))
}

/// A step: whether it is done, what to do and how.
fn column(ui: &mut Ui, context: &PageContext<'_>, introduction: &Introduction, step: Step) {
    let palette = palette(ui);
    let done = introduction.is_done(step, context.model);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = UNIT;
        let (rect, response) = ui.allocate_exact_size(vec2(MARK, theme::LINE), Sense::hover());
        mark(ui, rect, done);
        let state = if done { "done" } else { "to do" };
        let title = title(ui, step);
        text_line::name_label(ui, &response, &format!("{title}: {state}"));
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            match action(step, context).filter(|_| !done) {
                Some(action) => {
                    let title = RichText::new(&*title)
                        .font(theme::strong())
                        .color(palette.text);
                    ui.spacing_mut().button_padding.x = HALF;
                    let button = Button::new(title).truncate();
                    if ui.add(button).on_hover_text(step.how()).clicked() {
                        context.push(action);
                    }
                }
                None => {
                    ui.set_min_height(theme::LINE);
                    let color = if done { palette.weak } else { palette.text };
                    ui.add_space(HALF);
                    text_line::label(ui, &title, &title, theme::strong(), color)
                        .on_hover_text(&*title);
                    ui.add_space(HALF);
                }
            }
            let how = RichText::new(step.how())
                .font(theme::small())
                .color(palette.weak);
            ui.add(Label::new(how).wrap());
        });
    });
}

/// A circle, with a check mark in it if the step is done.
fn mark(ui: &Ui, rect: Rect, done: bool) {
    let palette = palette(ui);
    if done {
        let center = Align2::CENTER_CENTER;
        let font = theme::icon();
        text_line::paint(
            ui,
            rect.expand(2.0),
            center,
            icon::CHECK_CIRCLE,
            font,
            palette.good,
        );
    } else {
        let stroke = Stroke::new(1.5, palette.outline);
        ui.painter()
            .circle_stroke(rect.center(), MARK / 2.0 - 1.0, stroke);
    }
}

/// What a step's button does; `None` for a step that is done elsewhere.
fn action(step: Step, context: &PageContext<'_>) -> Option<Action> {
    match step {
        Step::Boards | Step::Switch => None,
        Step::Commands => Some(WindowAction::OpenOverlay(Overlay::Commands).into()),
        Step::Dashboard => Some(WindowAction::ShowPage(Page::Dashboards).into()),
        Step::Room => context.model.selected().map(|board| {
            let asks = DialogKind::Room(vec![board.key]);
            WindowAction::OpenDialog(asks, String::new()).into()
        }),
    }
}
