//! The dialogs: they ask for a line of text or a confirmation, such as an
//! address to add, a path if the desktop opens no file dialog, or whether to
//! reboot boards.

mod words;

use std::path::PathBuf;

use eframe::egui::{
    Align, Align2, Button, Frame, Id, Key, Label, Layout, Modal, RichText, ScrollArea, TextEdit,
    Ui, vec2,
};

use crate::{
    model::{
        action::{Action, BoardCommand, Task, WindowAction},
        arrangement::LabelsChange,
        batch::{Batch, BatchStep, Operation},
        credential,
        dialog_kind::DialogKind,
        page_context::PageContext,
        virtual_boards::VirtualBoards,
    },
    shell::{
        broker_list, other_ways,
        pairing::{self, Compare},
        restore_summary, room_choice, speed_choice,
    },
    widgets::{
        icon,
        layout::left_of,
        theme::{self, UNIT, palette},
    },
};
use fleet::{BoardKey, CredentialKind};
use protocol::{Object, method};
use words::Words;
use zeroize::Zeroizing;

/// A dialog that is open.
#[derive(Debug)]
pub(crate) struct Dialog {
    pub(crate) asks: DialogKind,
    /// The text, which may be a secret.
    pub(crate) text: Zeroizing<String>,
    /// Why the last text was not accepted.
    pub(crate) problem: Option<String>,
    /// The progress of the action; the button is disabled meanwhile.
    pub(crate) under_way: Option<String>,
    /// The code to compare, while a board is being paired.
    pub(crate) compare: Option<Compare>,
    opened: bool,
}

impl DialogKind {
    /// Whether an empty text is accepted.
    fn may_be_empty(&self) -> bool {
        matches!(self, Self::Room(_) | Self::Tags(_) | Self::Call { .. }) || !self.has_field()
    }

    /// Whether it has a text field.
    fn has_field(&self) -> bool {
        !matches!(
            self,
            Self::Reboot(_)
                | Self::RequireSignatures(_)
                | Self::FactoryReset { .. }
                | Self::Restore { .. }
                | Self::Pair { .. }
                | Self::ForgetKey(_)
                | Self::Turn { .. }
        )
    }

    /// Whether the text is hidden.
    fn is_secret(&self) -> bool {
        matches!(self, Self::Key(_) | Self::BrokerPassword(_))
    }

    /// Whether it stays open until the action is done.
    fn stays(&self) -> bool {
        self.has_field() || matches!(self, Self::Pair { .. })
    }

    /// The changes of labels that go with the answer.
    fn labels(&self) -> Vec<WindowAction> {
        let Self::Restore { board, plan, .. } = self else {
            return Vec::new();
        };
        let set = |change| WindowAction::SetLabels(vec![*board], change);
        let room = LabelsChange::Room(plan.labels.room.clone());
        let tags = LabelsChange::Tags(restore_summary::tags(plan));
        let mut changes = Vec::new();
        changes.extend((!plan.labels.room.is_empty()).then(|| set(room)));
        changes.extend((!plan.labels.tags.is_empty()).then(|| set(tags)));
        changes
    }

    /// The action for this text.
    fn answered(&self, text: String) -> Action {
        match self {
            Self::Address => BoardCommand::Add(text).into(),
            Self::Broker => BoardCommand::AddBroker(text).into(),
            Self::BrokerPassword(broker) => {
                BoardCommand::SetBrokerPassword(broker.clone(), text.into()).into()
            }
            Self::Listen { .. } => BoardCommand::Listen(Some(text)).into(),
            Self::Call { board, .. } => BoardCommand::SetOutbound(*board, text).into(),
            Self::Room(boards) => {
                WindowAction::SetLabels(boards.clone(), LabelsChange::Room(text)).into()
            }
            Self::Tags(boards) => {
                WindowAction::SetLabels(boards.clone(), LabelsChange::Tags(text)).into()
            }
            Self::Reboot(boards) => BoardCommand::Send(reboot(boards)).into(),
            Self::RequireSignatures(board) => BoardCommand::Send(require_signatures(*board)).into(),
            Self::FactoryReset { board, .. } => BoardCommand::Send(factory_reset(*board)).into(),
            Self::Restore { board, plan, .. } => {
                BoardCommand::RestoreBackup(*board, plan.clone()).into()
            }
            Self::Key(board) => BoardCommand::EnterKey(*board, text.into()).into(),
            Self::Pair { board, replaces } => BoardCommand::Pair {
                board: *board,
                replace: *replaces,
            }
            .into(),
            Self::ForgetKey(board) => BoardCommand::ForgetKey(*board).into(),
            Self::Turn { act, .. } => WindowAction::Turn(*act).into(),
            Self::Replay(path) => Task::StartReplay(path.clone(), text).into(),
            Self::Path(_) => Task::UsePath(PathBuf::from(text)).into(),
        }
    }
}

impl Dialog {
    /// Shows another code to compare, or none.
    pub(crate) fn compares(&mut self, code: Option<String>) {
        self.opened = false;
        self.compare = code.map(|code| Compare {
            code,
            matches: false,
            confirmed: false,
        });
    }

    pub(crate) fn new(asks: DialogKind, text: String) -> Self {
        Self {
            asks,
            text: Zeroizing::new(text),
            problem: None,
            under_way: None,
            compare: None,
            opened: false,
        }
    }

    /// Shows it above everything else.
    pub(crate) fn show(
        &mut self,
        ui: &Ui,
        context: &PageContext<'_>,
        virtual_boards: VirtualBoards,
    ) {
        let response = Modal::new(Id::unique("dialog"))
            .frame(Frame::popup(ui.style()).inner_margin(20))
            .show(ui.ctx(), |ui| {
                // As high as its contents; it scrolls in a window that is
                // lower.
                let window = ui.ctx().content_rect().size();
                let most = left_of(window.y, UNIT * 8.0);
                ScrollArea::vertical()
                    .id_salt("dialog")
                    .max_height(most)
                    // It grows with its contents, whatever its height was.
                    .min_scrolled_height(most)
                    .show(ui, |ui| {
                        ui.set_width(theme::DIALOG.min(left_of(window.x, UNIT * 10.0)));
                        self.contents(ui, context, virtual_boards);
                    });
            });
        if response.should_close() {
            context.push(WindowAction::CloseDialog);
        }
    }

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>, virtual_boards: VirtualBoards) {
        if let Some(code) = &self.compare {
            return pairing::compare(ui, code, &mut self.opened, context);
        }
        let has_brokers = !context.model.status().brokers.is_empty();
        let Words {
            title,
            field,
            hint,
            help,
            done,
        } = self.asks.words(self.credential(context), has_brokers);
        ui.heading(title);
        ui.add_space(UNIT);
        let enter = self.asks.has_field() && self.field(ui, field, hint);
        if let DialogKind::Room(boards) = &self.asks {
            room_choice::show(ui, context, boards);
        }
        if matches!(self.asks, DialogKind::Replay(_)) && speed_choice::show(ui, &mut self.text) {
            self.problem = None;
        }
        ui.add_space(theme::HALF);
        let palette = palette(ui);
        match (&self.problem, &self.under_way, &self.asks) {
            (Some(problem), ..) => drop(ui.label(RichText::new(problem).color(palette.bad))),
            (None, Some(how), _) => drop(ui.label(RichText::new(how).color(palette.text))),
            (None, None, DialogKind::Pair { replaces, .. }) => pairing::steps(ui, *replaces),
            (None, None, DialogKind::Restore { plan, .. }) => restore_summary::show(ui, plan),
            (
                None,
                None,
                DialogKind::Turn {
                    age,
                    changed,
                    effect,
                    ..
                },
            ) => turn(ui, age, changed, effect),
            (None, None, _) => drop(ui.label(RichText::new(help).color(palette.weak))),
        }
        if self.asks == DialogKind::Address {
            other_ways::show(ui, context, virtual_boards);
        }
        if self.asks == DialogKind::Broker {
            broker_list::show(ui, context);
        }
        ui.add_space(UNIT * 2.0);
        pairing::buttons(ui, |ui| {
            let filled = (self.asks.may_be_empty() || !self.text.trim().is_empty())
                && self.under_way.is_none();
            let done = if self.problem.is_some() && matches!(self.asks, DialogKind::Pair { .. }) {
                "Try again"
            } else {
                done
            };
            let words = RichText::new(done).color(palette.on_accent);
            let button = Button::new(words)
                .fill(palette.accent)
                .min_size(vec2(80.0, 28.0));
            let clicked = ui.add_enabled(filled, button).clicked();
            // Brokers are removed at once, so there is nothing to cancel.
            let leaves = match self.asks == DialogKind::Broker && has_brokers {
                true => "Close",
                false => "Cancel",
            };
            let cancel = ui.add(Button::new(leaves).min_size(vec2(80.0, 28.0)));
            if cancel.clicked() {
                context.push(WindowAction::CloseDialog);
            }
            self.secondary_button(ui, context);
            // A disruptive action must not happen by pressing Enter once too
            // often.
            if !self.asks.has_field() && !self.opened {
                self.opened = true;
                cancel.request_focus();
            }
            if filled && (clicked || enter) {
                // If the text is rejected, the field gets the focus again.
                self.opened &= !self.asks.has_field();
                // A password may begin or end with a space.
                let text = match self.asks.is_secret() {
                    true => self.text.as_str(),
                    false => self.text.trim(),
                };
                for labels in self.asks.labels() {
                    context.push(labels);
                }
                context.push(self.asks.answered(text.to_owned()));
                if !self.asks.stays() {
                    context.push(WindowAction::CloseDialog);
                }
            } else if enter {
                self.opened = false;
            }
        });
    }

    /// What the board of the dialog asks for.
    fn credential(&self, context: &PageContext<'_>) -> CredentialKind {
        let board = match &self.asks {
            DialogKind::Key(board) | DialogKind::ForgetKey(board) => context.model.board(*board),
            _ => None,
        };
        board.map_or(CredentialKind::BoardKey, |board| credential::kind(board))
    }

    /// Another action, to the left of the buttons.
    fn secondary_button(&self, ui: &mut Ui, context: &PageContext<'_>) {
        let (words, action) = match &self.asks {
            DialogKind::Address => (
                "Accept connections…",
                Action::from(WindowAction::ask_to_listen(
                    &context.model.status().listening,
                )),
            ),
            DialogKind::Listen { on: true, .. } => {
                ("Stop listening", BoardCommand::Listen(None).into())
            }
            _ => return,
        };
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            if ui
                .add(Button::new(words).min_size(vec2(0.0, 28.0)))
                .clicked()
            {
                context.push(action);
            }
        });
    }

    /// The text field; returns whether Enter was pressed in it.
    fn field(&mut self, ui: &mut Ui, name: &str, hint: &str) -> bool {
        let edit = TextEdit::singleline(&mut *self.text)
            .password(self.asks.is_secret())
            .hint_text(RichText::new(hint).color(palette(ui).weak))
            .font(eframe::egui::TextStyle::Monospace)
            .desired_width(f32::INFINITY)
            .min_size(vec2(0.0, 28.0))
            .align(Align2::LEFT_CENTER);
        let response = ui.add(edit).accessible_name(name);
        if !self.opened {
            self.opened = true;
            response.request_focus();
        }
        let enter = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if response.changed() {
            self.problem = None;
        }
        enter
    }
}

/// What is asked before an act is undone or done again.
fn turn(ui: &mut Ui, age: &str, changed: &[String], effect: &str) {
    let palette = palette(ui);
    ui.label(RichText::new(age).color(palette.weak));
    for change in changed {
        ui.horizontal_top(|ui| {
            ui.label(RichText::new(icon::WARNING).color(palette.doubtful));
            ui.add(Label::new(RichText::new(change).color(palette.text)).wrap());
        });
    }
    ui.add_space(theme::HALF);
    ui.label(RichText::new(effect).color(palette.text));
}

/// A batch that erases a board.
fn factory_reset(board: BoardKey) -> Batch {
    let what = Operation::Call(method::DEVICE_FACTORY_RESET.to_owned(), Object::new());
    Batch::new("Factory reset", vec![BatchStep { board, what }])
}

/// A batch that reboots boards.
fn reboot(boards: &[BoardKey]) -> Batch {
    let call = || Operation::Call(method::DEVICE_REBOOT.to_owned(), Object::new());
    let title = match boards.len() {
        1 => "Reboot 1 board".to_owned(),
        many => format!("Reboot {many} boards"),
    };
    Batch::new(
        title,
        boards
            .iter()
            .map(|board| BatchStep {
                board: *board,
                what: call(),
            })
            .collect(),
    )
}

/// A batch that makes a board accept only signed firmware.
fn require_signatures(board: BoardKey) -> Batch {
    let mut params = Object::new();
    params.insert("require_signature".to_owned(), true.into());
    let step = BatchStep {
        board,
        what: Operation::Call(method::OTA_SET_CONFIG.to_owned(), params),
    };
    Batch::new("Require signed firmware".to_owned(), vec![step])
}
