//! The command palette (Ctrl+K): finds any action by a few letters. It offers
//! actions and carries out none.

use eframe::egui::{
    Align2, CornerRadius, Frame, Id, Key, Modal, Modifiers, RichText, ScrollArea, Sense, TextEdit,
    Ui, WidgetInfo, accesskit::Role, vec2,
};
use protocol::{Kind, State, method};

use disk::settings::ThemeChoice;

use crate::{
    model::{
        action::{Action, BoardCommand, Overlay, Task, WindowAction},
        boards::Model,
        dialog_kind::DialogKind,
        file_task::FileTask,
        page_context::PageContext,
        ranking::Ranking,
    },
    shell::nav_rail,
    widgets::{
        icon,
        layout::{Within as _, left_of},
        text_line,
        theme::{self, UNIT, palette},
    },
};
use fleet::{BoardView, LinkState};

/// The maximum number of results; typing more narrows them down.
const MOST: usize = 200;

/// An entry of the palette.
#[derive(Debug)]
struct Entry {
    sign: &'static str,
    words: String,
    /// The keyboard shortcut.
    keys: String,
    action: Action,
}

/// The palette while it is open.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    text: String,
    /// The text that `found` matches.
    looked_for: Option<String>,
    found: Vec<Entry>,
    chosen: usize,
    opened: bool,
}

impl Commands {
    /// Shows it above everything else; reports the chosen action and that it
    /// closes.
    pub(crate) fn show(&mut self, ui: &Ui, context: &PageContext<'_>) {
        let frame = Frame::popup(ui.style()).inner_margin(12);
        let response = Modal::new(Id::unique("commands"))
            .frame(frame)
            .show(ui.ctx(), |ui| {
                ui.set_width(
                    theme::COMMANDS[0].min(left_of(ui.ctx().content_rect().width(), UNIT * 6.0)),
                );
                ui.set_height(
                    theme::COMMANDS[1].min(left_of(ui.ctx().content_rect().height(), UNIT * 6.0)),
                );
                self.contents(ui, context);
            });
        if response.should_close() {
            context.push(WindowAction::CloseDialog);
        }
    }

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        let (down, up, enter) = ui.input_mut(|input| {
            (
                input.consume_key(Modifiers::NONE, Key::ArrowDown),
                input.consume_key(Modifiers::NONE, Key::ArrowUp),
                input.key_pressed(Key::Enter),
            )
        });
        let edit = TextEdit::singleline(&mut self.text)
            .hint_text(
                RichText::new("Type a command, or part of a board, component or page name")
                    .color(palette(ui).weak),
            )
            .desired_width(f32::INFINITY)
            .min_size(vec2(0.0, 32.0))
            .align(Align2::LEFT_CENTER);
        let field = ui.add(edit).accessible_name("Command");
        if !self.opened || field.lost_focus() {
            self.opened = true;
            field.request_focus();
        }
        self.look(context.model);
        let last = self.found.len().saturating_sub(1);
        self.chosen = match (down, up) {
            (true, _) => (self.chosen + 1).min(last),
            (_, true) => self.chosen.saturating_sub(1),
            _ => self.chosen.min(last),
        };
        if enter && let Some(entry) = self.found.get(self.chosen) {
            context.extend([WindowAction::CloseDialog.into(), entry.action.clone()]);
        }
        ui.add_space(UNIT);
        if self.found.is_empty() {
            let words = "No command matches. Try the name of a board or a component, or a word \
                like theme.";
            text_line::label(ui, words, words, theme::body(), palette(ui).weak);
            return;
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        ScrollArea::vertical()
            .id_salt("commands")
            .auto_shrink(false)
            .show(ui, |ui| {
                for (at, entry) in self.found.iter().enumerate() {
                    let chosen = at == self.chosen;
                    let response = row(ui, entry, chosen);
                    if chosen && (down || up) {
                        response.scroll_to_me(None);
                    }
                    if response.clicked() {
                        context.extend([WindowAction::CloseDialog.into(), entry.action.clone()]);
                    }
                }
            });
    }

    /// Searches again if the text has changed.
    fn look(&mut self, model: &Model) {
        if self.looked_for.as_ref() == Some(&self.text) {
            return;
        }
        let entries = window_entries(model)
            .into_iter()
            .chain(document_entries(model))
            .chain(
                model
                    .in_order()
                    .flat_map(|board| board_entries(model, board)),
            );
        self.found = Ranking::new(&self.text).rank(entries, |entry| &entry.words);
        self.found.truncate(MOST);
        self.chosen = 0;
        self.looked_for = Some(self.text.clone());
    }
}

fn row(ui: &mut Ui, entry: &Entry, chosen: bool) -> eframe::egui::Response {
    let palette = palette(ui);
    let (rect, response) = ui.allocate_exact_size(
        vec2(ui.available_width(), theme::COMMAND_ROW),
        Sense::click(),
    );
    response.widget_info(|| WidgetInfo::selected(Role::MenuItem, true, chosen, &entry.words));
    if ui.is_rect_visible(rect) {
        if chosen || response.has_focus() {
            ui.painter().rect_filled(
                rect,
                CornerRadius::same(theme::CONTROL_RADIUS),
                palette.chosen,
            );
        } else if response.hovered() {
            ui.painter().rect_filled(
                rect,
                CornerRadius::same(theme::CONTROL_RADIUS),
                palette.control,
            );
        }
        let inner = rect.inset(vec2(UNIT, 0.0));
        text_line::paint(
            ui,
            inner,
            Align2::LEFT_CENTER,
            entry.sign,
            theme::icon(),
            palette.weak,
        );
        let keys = text_line::paint(
            ui,
            inner,
            Align2::RIGHT_CENTER,
            &entry.keys,
            theme::small(),
            palette.weak,
        );
        let words = inner
            .after_x(inner.left() + 28.0)
            .until_x(keys.left() - UNIT);
        text_line::paint(
            ui,
            words,
            Align2::LEFT_CENTER,
            &entry.words,
            theme::body(),
            palette.text,
        );
    }
    response
}

/// Actions on scenes and dashboards.
fn document_entries(model: &Model) -> Vec<Entry> {
    let entry = |sign, words, action| Entry {
        sign,
        words,
        keys: String::new(),
        action,
    };
    let names = &model.documents;
    let scenes = names.scenes.iter().enumerate();
    let scenes = scenes.map(|(at, name)| {
        entry(
            icon::PALETTE,
            format!("Apply {name}"),
            BoardCommand::ApplyScene(at).into(),
        )
    });
    let pages = names.dashboards.iter().enumerate();
    let pages = pages.map(|(at, name)| {
        entry(
            icon::SQUARES_FOUR,
            format!("Show dashboard {name}"),
            WindowAction::ShowDashboard(at).into(),
        )
    });
    scenes.chain(pages).collect()
}

/// Actions on the window.
fn window_entries(model: &Model) -> Vec<Entry> {
    let entry = |sign, words: &str, keys: &str, action| Entry {
        sign,
        words: words.to_owned(),
        keys: keys.to_owned(),
        action,
    };
    let places = nav_rail::ENTRIES.iter().enumerate().map(|(at, place)| {
        entry(
            place.sign,
            &format!("Go to {}", place.word),
            &format!("Ctrl+{}", at + 1),
            WindowAction::ShowPage(place.place).into(),
        )
    });
    places
        .chain([
            entry(
                icon::PLUS,
                "Add board by address",
                "Ctrl+N",
                WindowAction::OpenDialog(DialogKind::Address, String::new()).into(),
            ),
            entry(
                icon::PLUGS_CONNECTED,
                "Accept inbound connections…",
                "",
                WindowAction::ask_to_listen(&model.status().listening).into(),
            ),
            entry(
                icon::ARROW_COUNTER_CLOCKWISE,
                "Undo",
                "Ctrl+Z",
                WindowAction::Undo(None).into(),
            ),
            entry(
                icon::CIRCLE_HALF,
                "Theme: light",
                "",
                WindowAction::SetTheme(ThemeChoice::Light).into(),
            ),
            entry(
                icon::CIRCLE_HALF,
                "Theme: dark",
                "",
                WindowAction::SetTheme(ThemeChoice::Dark).into(),
            ),
            entry(
                icon::CIRCLE_HALF,
                "Theme: system",
                "",
                WindowAction::SetTheme(ThemeChoice::System).into(),
            ),
            entry(
                icon::KEYBOARD,
                "Keyboard shortcuts",
                "F1",
                WindowAction::OpenOverlay(Overlay::Shortcuts).into(),
            ),
        ])
        .collect()
}

/// Actions on a board and its components.
fn board_entries(model: &Model, view: &BoardView) -> Vec<Entry> {
    let title = model.title(view);
    let board = view.key;
    let mut entries = Vec::new();
    let mut add = |sign, words: String, action| {
        entries.push(Entry {
            sign,
            words,
            keys: String::new(),
            action,
        });
    };
    add(
        icon::CPU,
        title.clone(),
        WindowAction::Show {
            board,
            component: None,
        }
        .into(),
    );
    let live = matches!(view.link, LinkState::Connected | LinkState::Stale);
    for component in &view.components {
        let descriptor = &component.descriptor;
        let alike = view
            .components
            .iter()
            .filter(|other| other.descriptor.name == descriptor.name)
            .count();
        let name = match alike {
            1 => descriptor.name.clone(),
            _ => format!("{} ({})", descriptor.name, descriptor.key),
        };
        let key = descriptor.key.clone();
        match descriptor.kind {
            Kind::Switch | Kind::Light if live => {
                for (on, word) in [(true, "on"), (false, "off")] {
                    if component.shown().on() != Some(on) {
                        let change = State::new().with("on", on);
                        let action = BoardCommand::Set {
                            board,
                            component: key.clone(),
                            change,
                        }
                        .into();
                        add(
                            icon::LIGHTBULB,
                            format!("{title}: turn {name} {word}"),
                            action,
                        );
                    }
                }
            }
            Kind::Button if live => {
                let action = BoardCommand::Press {
                    board,
                    component: key.clone(),
                }
                .into();
                add(icon::TARGET, format!("{title}: press {name}"), action);
            }
            Kind::Update if live => {
                add(
                    icon::UPLOAD_SIMPLE,
                    format!("{title}: update firmware…"),
                    Task::File(FileTask::Image(board)).into(),
                );
            }
            _ => {}
        }
        add(
            icon::ARROW_RIGHT,
            format!("{title}: show {name}"),
            WindowAction::Show {
                board,
                component: Some(key),
            }
            .into(),
        );
    }
    match live {
        true if view.lacks(method::DEVICE_IDENTIFY) => {}
        true => add(
            icon::EYE,
            format!("{title}: identify"),
            BoardCommand::Identify(board).into(),
        ),
        false => add(
            icon::ARROW_CLOCKWISE,
            format!("{title}: try now"),
            BoardCommand::TryNow(board).into(),
        ),
    }
    add(
        icon::BRACKETS_CURLY,
        format!("{title}: show frames"),
        WindowAction::ShowFrames(board).into(),
    );
    add(
        icon::TRASH,
        format!("{title}: forget"),
        BoardCommand::Forget(board).into(),
    );
    entries
}
