//! The dialog *Set up a board*: its frame, the list of its steps, and its
//! buttons. Each step draws itself in a file of its own.

mod done;
mod firmware;
mod lock_and_name;
mod parts;
mod port;
mod stage;
mod steps;
mod wifi;

use eframe::egui::{Align, Button, Frame, Id, Key, Layout, Modal, RichText, ScrollArea, Ui, vec2};

use self::stage::{Next, Stage};
use crate::{
    model::{
        action::{Action, Task, WindowAction},
        board_setup::{Doing, Setup, SetupTask, Step},
        page_context::PageContext,
    },
    shell::pairing,
    widgets::{
        layout::left_of,
        theme::{self, UNIT, palette},
    },
};
/// Shows it above everything else.
pub(crate) fn show(setup: &mut Setup, ui: &Ui, context: &PageContext<'_>) {
    let modal = Modal::new(Id::unique("board setup"))
        .frame(Frame::popup(ui.style()).inner_margin(20))
        .show(ui.ctx(), |ui| contents(setup, ui, context));
    // A click outside does not close it: too much would be lost.
    let escape = modal.is_top_modal
        && !modal.any_popup_open
        && ui.input(|input| input.key_pressed(Key::Escape));
    if escape && !setup.must_stay() {
        context.push(WindowAction::CloseSetup);
    }
}

fn contents(setup: &mut Setup, ui: &mut Ui, context: &PageContext<'_>) {
    let window = ui.ctx().content_rect().size();
    let width = theme::SETUP[0].min(left_of(window.x, UNIT * 8.0));
    let height = theme::SETUP[1].min(left_of(window.y, UNIT * 8.0));
    ui.set_width(width);
    ui.heading("Set up a board");
    ui.add_space(UNIT);
    let (found, shown) = (setup.found, setup.step);
    let narrow = width < theme::SETUP[0];
    let mut stage = Stage {
        context,
        view: found.and_then(|found| context.model.board(found).cloned()),
        fresh: setup.focused != Some(setup.step),
        narrow,
        tasks: Vec::new(),
    };
    // The heading, the buttons and what is between them.
    let room = left_of(height, UNIT * 11.0);
    let next = if narrow {
        steps::line(ui, setup);
        ui.add_space(UNIT);
        step(
            setup,
            ui,
            &mut stage,
            vec2(width, left_of(room, UNIT * 4.0)),
        )
    } else {
        let column = theme::SETUP_STEPS;
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = UNIT * 3.0;
            ui.allocate_ui(vec2(column, room), |ui| {
                ui.set_min_size(vec2(column, room));
                ui.vertical(|ui| steps::column(ui, setup, column));
            });
            let rest = left_of(width, column + UNIT * 3.0);
            step(setup, ui, &mut stage, vec2(rest, room))
        })
        .inner
    };
    ui.add_space(UNIT * 2.0);
    buttons(setup, ui, &mut stage, &next);
    if !stage.fresh {
        setup.focused = Some(shown);
    }
    context.extend(
        stage
            .tasks
            .into_iter()
            .map(|task| Action::from(Task::Setup(task))),
    );
}

/// The current step, which scrolls if it is high.
fn step(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>, size: eframe::egui::Vec2) -> Next {
    ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
        ui.set_min_size(size);
        ui.spacing_mut().item_spacing.x = UNIT;
        ScrollArea::vertical()
            .id_salt(("board setup", setup.step.place()))
            .max_height(size.y)
            .min_scrolled_height(size.y)
            .auto_shrink(false)
            .show(ui, |ui| {
                // Leave room for the scroll bar.
                ui.set_max_width(left_of(size.x, UNIT * 1.5));
                match setup.step {
                    Step::Port => port::show(setup, ui, stage),
                    Step::Firmware => firmware::show(setup, ui, stage),
                    Step::Wifi => wifi::show(setup, ui, stage),
                    Step::LockAndName => lock_and_name::show(setup, ui, stage),
                    Step::Done => done::show(setup, ui, stage),
                }
            })
            .inner
    })
    .inner
}

/// The buttons, from the right: continue, skip, back; at the left, cancel.
fn buttons(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>, next: &Next) {
    let palette = palette(ui);
    let stays = setup.must_stay();
    pairing::buttons(ui, |ui| {
        let words = RichText::new(next.words).color(palette.on_accent);
        let button = Button::new(words)
            .fill(palette.accent)
            .min_size(vec2(88.0, 28.0));
        let primary = ui.add_enabled(next.enabled, button);
        if next.enabled {
            stage.first(&primary);
        }
        if primary.clicked() {
            go_on(setup, stage);
        }
        if setup.step != Step::Done {
            let skip = ui.add_enabled(!stays, plain("Skip"));
            if skip.on_hover_text(skips(setup)).clicked() {
                let view = stage.view.clone();
                stage.tasks.extend(setup.skip(view.as_deref()));
            }
        }
        if !matches!(setup.step, Step::Port | Step::Done)
            && ui.add_enabled(!stays, plain("Back")).clicked()
        {
            stage.tasks.extend(setup.back());
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            if setup.step == Step::Done {
                if ui.add(plain("Set up another board")).clicked() {
                    stage.tasks.extend(setup.again());
                }
            } else if ui.add_enabled(!stays, plain("Cancel")).clicked() {
                stage.context.push(WindowAction::CloseSetup);
            }
        });
    });
}

fn plain(words: &str) -> Button<'_> {
    Button::new(words).min_size(vec2(72.0, 28.0))
}

/// What skipping this step means.
fn skips(setup: &Setup) -> &'static str {
    match setup.step {
        Step::Port => "Finish without a board at a port",
        Step::Firmware => "Leave the firmware as it is",
        Step::Wifi => "Leave the Wi-Fi as it is",
        Step::LockAndName => "Leave the lock and the name as they are",
        Step::Done => "",
    }
}

/// What the button that continues does.
fn go_on(setup: &mut Setup, stage: &mut Stage<'_>) {
    let view = stage.view.clone();
    let tasks = match setup.step {
        Step::Port => setup.identify(),
        Step::Firmware if matches!(setup.doing, Doing::Flashing(_)) => vec![SetupTask::Cancel],
        Step::Firmware if setup.chip.is_some() => setup.flash(),
        Step::Firmware if setup.board.is_some() => setup.go_to_wifi(),
        Step::Firmware => setup.identify(),
        Step::Wifi if setup.missing.is_some() => setup.wait_again(),
        Step::Wifi if setup.board.is_none() => setup.identify(),
        Step::Wifi => setup.connect(),
        Step::LockAndName => setup.apply(view.as_deref()),
        Step::Done => {
            let board = setup.found;
            stage.context.extend(board.map(|board| WindowAction::Show {
                board,
                component: None,
            }));
            stage.context.push(WindowAction::CloseSetup);
            Vec::new()
        }
    };
    stage.tasks.extend(tasks);
}
