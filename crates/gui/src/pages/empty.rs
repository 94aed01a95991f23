//! The page while there are no boards: what is searched for, and what to do
//! next. At the first start it is the introduction.

use eframe::egui::{
    Align, Align2, Button, Label, Layout, RichText, ScrollArea, Sense, Stroke, Ui, vec2,
};

use disk::settings::Page;

use crate::{
    model::{
        action::{Action, Task, WindowAction},
        dialog_kind::DialogKind,
        introduction::Step,
        page_context::PageContext,
        virtual_boards::{SAMPLES, VirtualBoards},
    },
    widgets::{
        layout::{WindowSize, left_of},
        shortcut, status_icons, text_line,
        theme::{self, HALF, UNIT, palette},
        verb,
    },
};

/// The width of the text.
const WIDTH: f32 = 480.0;
/// The width of the buttons.
const BUTTON: f32 = 240.0;
/// The size of a step's number.
const NUMBER: f32 = 24.0;

/// Shows it, with the `introduction` or without.
pub(crate) fn show(
    ui: &mut Ui,
    context: &PageContext<'_>,
    virtual_boards: VirtualBoards,
    introduction: bool,
) {
    let height = ui.available_height();
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let width = WIDTH.min(left_of(ui.available_width(), UNIT * 4.0));
        let margin = (left_of(ui.available_width(), width) / 2.0).floor();
        // About the height of what follows.
        let above = match introduction {
            true => left_of(height, 490.0) / 2.0,
            false => left_of(height, 376.0) / 2.0,
        };
        ui.add_space(above.max(UNIT * 2.0));
        ui.horizontal_top(|ui| {
            ui.add_space(margin);
            ui.vertical(|ui| {
                ui.set_width(width);
                match introduction {
                    true => steps(ui, context, virtual_boards),
                    false => without_steps(ui, context, virtual_boards),
                }
                ui.add_space(UNIT * 2.0);
            });
        });
    });
}

/// The page of someone who knows the program.
fn without_steps(ui: &mut Ui, context: &PageContext<'_>, virtual_boards: VirtualBoards) {
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(48.0, 48.0), Sense::hover());
        status_icons::mark(ui, rect);
        ui.add_space(UNIT * 2.0);
        ui.heading("No boards yet");
        ui.add_space(UNIT);
        paragraph(ui, &searched(context));
        paragraph(ui, "They appear automatically.");
        ui.add_space(UNIT * 2.0);
        samples_button(ui, context, virtual_boards);
        ui.add_space(HALF);
        other_buttons(ui, context);
        ui.add_space(UNIT * 2.0);
        paragraph(ui, NOT_FOUND);
    });
}

/// The introduction: what happens automatically, what to do without a board,
/// and what to try then.
fn steps(ui: &mut Ui, context: &PageContext<'_>, virtual_boards: VirtualBoards) {
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(32.0, 32.0), Sense::hover());
        status_icons::mark(ui, rect);
        ui.heading("Welcome to Switchboard");
    });
    ui.add_space(UNIT * 2.0);
    step(ui, 1, "Boards appear automatically", |ui| {
        paragraph(ui, &searched(context));
    });
    step(ui, 2, "No board yet?", |ui| {
        if virtual_boards != VirtualBoards::Absent {
            paragraph(
                ui,
                "Sample boards run in this program. They behave like real ones, and you can stop \
                    them at any time.",
            );
            ui.add_space(HALF);
        }
        let size = vec2(BUTTON.min(ui.available_width()), 0.0);
        ui.allocate_ui_with_layout(size, Layout::top_down(Align::Center), |ui| {
            samples_button(ui, context, virtual_boards);
            other_buttons(ui, context);
        });
    });
    step(ui, 3, "Then try this", |ui| {
        let keys = shortcut::name(ui.ctx(), &shortcut::COMMANDS);
        for step in Step::ALL.into_iter().skip(1) {
            paragraph(ui, &format!("{}: {}", step.title(&keys), step.how()));
        }
    });
    if ui
        .button("Dismiss introduction")
        .on_hover_text("F1 shows it again")
        .clicked()
    {
        context.push(WindowAction::ShowIntroduction(false));
    }
}

/// A numbered step.
fn step(ui: &mut Ui, number: usize, title: &str, contents: impl FnOnce(&mut Ui)) {
    let palette = palette(ui);
    ui.horizontal_top(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(NUMBER, NUMBER), Sense::hover());
        let stroke = Stroke::new(1.5, palette.accent);
        ui.painter()
            .circle_stroke(rect.center(), NUMBER / 2.0 - 1.0, stroke);
        let digit = number.to_string();
        let center = Align2::CENTER_CENTER;
        text_line::paint(ui, rect, center, &digit, theme::strong(), palette.text);
        ui.vertical(|ui| {
            ui.add_space(3.0);
            text_line::label(ui, title, title, theme::strong(), palette.text);
            ui.add_space(2.0);
            contents(ui);
        });
    });
    ui.add_space(UNIT * 2.0);
}

const NOT_FOUND: &str = "If a board is not found, check that it is on this network and that no \
    firewall blocks UDP port 5353.";

fn searched(context: &PageContext<'_>) -> String {
    let status = context.model.status();
    if let Some(server) = &status.server {
        return format!("The boards of {} are shown here.", server.address);
    }
    match &status.discovery_problem {
        None => {
            "Searching this network for boards that announce _switchboard._tcp by mDNS.".to_owned()
        }
        Some(problem) => format!(
            "Boards cannot be discovered by mDNS: {problem}. You can still add boards by address."
        ),
    }
}

fn paragraph(ui: &mut Ui, words: &str) {
    let words = RichText::new(words).color(palette(ui).weak);
    ui.add(Label::new(words).wrap());
}

fn samples_button(ui: &mut Ui, context: &PageContext<'_>, virtual_boards: VirtualBoards) {
    if virtual_boards == VirtualBoards::Absent {
        return;
    }
    let palette = palette(ui);
    let ready = virtual_boards == VirtualBoards::Ready;
    let words = if ready {
        "Start sample boards"
    } else {
        "Starting sample boards…"
    };
    let button = Button::new(RichText::new(words).color(palette.on_accent))
        .fill(palette.accent)
        .min_size(button_size(ui));
    let hint = "Three virtual boards, which run in this program until it closes";
    if ui.add_enabled(ready, button).on_hover_text(hint).clicked() {
        context.push(Task::StartVirtualBoards(SAMPLES));
    }
}

fn other_buttons(ui: &mut Ui, context: &PageContext<'_>) {
    let size = button_size(ui);
    let set_up = Button::new("Set up a board…").min_size(size);
    let hint = "Flash a board, connect it to Wi-Fi, lock it and name it, over USB";
    verb::button(ui, set_up, hint, [WindowAction::OpenSetup], context);
    let add = Button::new("Add board by address").min_size(size);
    let open = WindowAction::OpenDialog(DialogKind::Address, String::new());
    verb::button(ui, add, "", [open], context);
    let broker = Button::new("Add broker…").min_size(size);
    let hint = "Find boards on an MQTT broker: Tasmota, Homie, and boards of other sites";
    let open = WindowAction::OpenDialog(DialogKind::Broker, String::new());
    verb::button(ui, broker, hint, [open], context);
    let why = Button::new("Why is a board missing?").min_size(size);
    let ask = [
        Action::from(WindowAction::ShowPage(Page::Doctor)),
        Task::Examine(None).into(),
    ];
    verb::button(ui, why, "", ask, context);
}

fn button_size(ui: &Ui) -> eframe::egui::Vec2 {
    let height = if WindowSize::is_compact(ui.ctx()) {
        28.0
    } else {
        32.0
    };
    vec2(BUTTON.min(ui.available_width()), height)
}
