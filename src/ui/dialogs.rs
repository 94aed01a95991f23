//! The dialogs: questions that a line of text answers, or a yes. An address to
//! add, a path where no file dialog of the desktop answers, whether boards
//! shall restart.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use eframe::egui::{
    Align, Align2, Button, Frame, Id, Key, Layout, Modal, RichText, TextEdit, Ui, vec2,
};

use super::{
    action::{Action, BoardCommand, Task, WindowAction},
    arrangement::LabelsChange,
    batch::{Batch, Step, What},
    files::{Direction, Question},
    pairing::{self, Compare},
    theme::{self, UNIT, palette},
};
use crate::ui::page_context::PageContext;
use crate::{
    doctor::own_addresses,
    documents::{self, DocumentKind},
    fleet::{BoardKey, Listening},
};
use protocol::{Object, method};

/// A dialog that is open.
#[derive(Debug)]
pub(super) struct Dialog {
    pub(super) asks: Asks,
    /// What is typed.
    pub(super) text: String,
    /// Why what was typed last was not accepted.
    pub(super) problem: Option<String>,
    /// How that which was asked for goes on; nothing can be asked for
    /// meanwhile.
    pub(super) under_way: Option<String>,
    /// The code that is compared now, while a board is paired.
    pub(super) compare: Option<Compare>,
    opened: bool,
}

/// What a dialog asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Asks {
    /// The address of a board.
    Address,
    /// Where boards can call.
    Listen {
        /// They can already.
        on: bool,
        /// What they are to be told to call.
        urls: Vec<String>,
    },
    /// Whom a board shall call.
    Call {
        /// Which board.
        board: BoardKey,
        /// This computer begins to listen with that.
        begins: bool,
    },
    /// Another name for a board.
    Rename(BoardKey),
    /// The room of boards.
    Room(Vec<BoardKey>),
    /// The tags of boards.
    Tags(Vec<BoardKey>),
    /// Whether boards shall restart; answered without a text.
    Reboot(Vec<BoardKey>),
    /// The key of a board, as text.
    Key(BoardKey),
    /// Whether the board is ready to be paired; answered without a text.
    Pair {
        /// Which board.
        board: BoardKey,
        /// This computer has a key for it, which is replaced.
        replaces: bool,
    },
    /// Whether the key of a board shall be deleted; answered without a text.
    ForgetKey(BoardKey),
    /// The name of the document in this place.
    Name(DocumentKind, usize),
    /// The file of an errand.
    Path(Box<Question>),
}

/// The words of a dialog.
struct Words<'a> {
    title: &'a str,
    /// The accessible name of the field.
    field: &'static str,
    hint: &'static str,
    help: String,
    done: &'static str,
}

impl Asks {
    fn words(&self) -> Words<'_> {
        match self {
            Self::Address => Words {
                title: "Add a board",
                field: "Address",
                hint: "192.168.1.17:80",
                help: "host, host:port or [IPv6]:port. Without a port it is 80. The board is \
                     remembered."
                    .to_owned(),
                done: "Add",
            },
            Self::Listen { on, urls } => Words {
                title: if *on {
                    "Boards can call this computer"
                } else {
                    "Let boards call this \
                     computer"
                },
                field: "Where it listens",
                hint: "0.0.0.0:7433",
                help: listen_help(*on, urls),
                done: if *on { "Change" } else { "Listen" },
            },
            Self::Call { begins, .. } => Words {
                title: "Have the board call",
                field: "Address to call",
                hint: "ws://192.168.1.5:7433/",
                help: format!(
                    "The board keeps a connection open to this address, also after restarts, so \
                         that it is reached where nothing can connect to \
                     it. Left empty it calls nobody.{}",
                    if *begins {
                        " This computer listens from then on."
                    } else {
                        ""
                    }
                ),
                done: "Tell it",
            },
            Self::Rename(_) => Words {
                title: "Rename the board",
                field: "Name",
                hint: "Desk lamp",
                help: format!(
                    "The board keeps the name itself, and every program on this network sees it. \
                         At most {} bytes.",
                    protocol::limits::NAME
                ),
                done: "Rename",
            },
            Self::Room(_) => Words {
                title: "Put into a room",
                field: "Room",
                hint: "Workshop",
                help: "The list can be grouped by rooms. Left empty: in none. This computer \
                     remembers it."
                    .to_owned(),
                done: "Put there",
            },
            Self::Tags(_) => Words {
                title: "Tags",
                field: "Tags",
                hint: "bench, demo",
                help: "Words divided by commas; the find box finds them. Left empty: none. This \
                         computer remembers them."
                    .to_owned(),
                done: "Tag",
            },
            Self::Reboot(boards) => Words {
                title: if boards.len() == 1 {
                    "Restart the board?"
                } else {
                    "Restart these \
                     boards?"
                },
                field: "",
                hint: "",
                help: match boards.len() {
                    1 => "It is away for some seconds, and what it drives may be off until it is \
                         back."
                        .to_owned(),
                    many => format!(
                        "{many} boards are away for some seconds; what they drive may \
                         be off until then."
                    ),
                },
                done: "Reboot",
            },
            Self::Key(_) => Words {
                title: "Enter the board's key",
                field: "Key",
                hint: "switchboard-key:1:…",
                help: "The line that you were given, for example by `switchboard keys export`. \
                     This computer keeps it in its keychain."
                    .to_owned(),
                done: "Unlock",
            },
            // What is to be done is shown as steps instead.
            Self::Pair { .. } => Words {
                title: "Pair with the board",
                field: "",
                hint: "",
                help: String::new(),
                done: "Pair",
            },
            Self::ForgetKey(_) => Words {
                title: "Forget the board's key?",
                field: "",
                hint: "",
                help: "This computer can use the board no more while it is locked, and speaks to \
                     it unencrypted if it is open. The key \
                       stays on the board."
                    .to_owned(),
                done: "Forget",
            },
            Self::Name(kind, _) => Words {
                title: match kind {
                    DocumentKind::Scene => "Rename the scene",
                    DocumentKind::Dashboard => "Rename the dashboard",
                },
                field: "Name",
                hint: "Evening",
                help: format!(
                    "This computer remembers it. At most {} \
                     characters.",
                    documents::NAME
                ),
                done: "Rename",
            },
            Self::Path(question) => Words {
                title: &question.title,
                field: "Path",
                hint: match question.direction {
                    Direction::Open => "/path/of/the/file",
                    Direction::Save(_) => "/path/to/save/to",
                },
                help: format!("No file dialog of the desktop answered; {}", question.help),
                done: question.done,
            },
        }
    }

    /// Whether nothing is an answer too.
    fn may_be_empty(&self) -> bool {
        matches!(self, Self::Room(_) | Self::Tags(_) | Self::Call { .. }) || !self.has_field()
    }

    /// Whether a text is asked for.
    fn has_field(&self) -> bool {
        !matches!(
            self,
            Self::Reboot(_) | Self::Pair { .. } | Self::ForgetKey(_)
        )
    }

    /// Whether what is typed is not for those who look over a shoulder.
    fn is_secret(&self) -> bool {
        matches!(self, Self::Key(_))
    }

    /// Whether it stays until what was asked for is done.
    fn stays(&self) -> bool {
        self.has_field() || matches!(self, Self::Pair { .. })
    }

    /// What is asked for by this answer.
    fn answered(&self, text: String) -> Action {
        match self {
            Self::Address => BoardCommand::Add(text).into(),
            Self::Listen { .. } => BoardCommand::Listen(Some(text)).into(),
            Self::Call { board, .. } => BoardCommand::SetOutbound(*board, text).into(),
            Self::Rename(board) => BoardCommand::Rename(*board, text).into(),
            Self::Room(boards) => {
                WindowAction::SetLabels(boards.clone(), LabelsChange::Room(text)).into()
            }
            Self::Tags(boards) => {
                WindowAction::SetLabels(boards.clone(), LabelsChange::Tags(text)).into()
            }
            Self::Reboot(boards) => BoardCommand::Send(reboot(boards)).into(),
            Self::Key(board) => BoardCommand::EnterKey(*board, text).into(),
            Self::Pair { board, replaces } => BoardCommand::Pair {
                board: *board,
                replace: *replaces,
            }
            .into(),
            Self::ForgetKey(board) => BoardCommand::ForgetKey(*board).into(),
            Self::Name(kind, at) => WindowAction::RenameDocument(*kind, *at, text).into(),
            Self::Path(_) => Task::UsePath(PathBuf::from(text)).into(),
        }
    }
}

impl Dialog {
    /// Shows another code to compare, or none.
    pub(super) fn compares(&mut self, code: Option<String>) {
        self.opened = false;
        self.compare = code.map(|code| Compare {
            code,
            matches: false,
            confirmed: false,
        });
    }

    pub(super) fn new(asks: Asks, text: String) -> Self {
        Self {
            asks,
            text,
            problem: None,
            under_way: None,
            compare: None,
            opened: false,
        }
    }

    /// Shows it above everything else.
    pub(super) fn show(&mut self, ui: &Ui, context: &PageContext<'_>) {
        let response = Modal::new(Id::unique("dialog"))
            .frame(Frame::popup(ui.style()).inner_margin(20))
            .show(ui.ctx(), |ui| self.contents(ui, context));
        if response.should_close() {
            context.push(WindowAction::CloseDialog);
        }
    }

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        ui.set_width(400.0);
        if let Some(code) = &self.compare {
            return pairing::compare(ui, code, &mut self.opened, context);
        }
        let Words {
            title,
            field,
            hint,
            help,
            done,
        } = self.asks.words();
        ui.heading(title);
        ui.add_space(UNIT);
        let enter = self.asks.has_field() && self.field(ui, field, hint);
        ui.add_space(theme::HALF);
        let palette = palette(ui);
        match (&self.problem, &self.under_way, &self.asks) {
            (Some(problem), ..) => drop(ui.label(RichText::new(problem).color(palette.bad))),
            (None, Some(how), _) => drop(ui.label(RichText::new(how).color(palette.text))),
            (None, None, Asks::Pair { replaces, .. }) => pairing::steps(ui, *replaces),
            (None, None, _) => drop(ui.label(RichText::new(help).color(palette.weak))),
        }
        ui.add_space(UNIT * 2.0);
        pairing::buttons(ui, |ui| {
            let filled = (self.asks.may_be_empty() || !self.text.trim().is_empty())
                && self.under_way.is_none();
            let done = if self.problem.is_some() && matches!(self.asks, Asks::Pair { .. }) {
                "Try again"
            } else {
                done
            };
            let words = RichText::new(done).color(palette.on_accent);
            let button = Button::new(words)
                .fill(palette.accent)
                .min_size(vec2(80.0, 28.0));
            let clicked = ui.add_enabled(filled, button).clicked();
            let cancel = ui.add(Button::new("Cancel").min_size(vec2(80.0, 28.0)));
            if cancel.clicked() {
                context.push(WindowAction::CloseDialog);
            }
            self.beside(ui, context);
            // What interrupts is not done by an Enter too many.
            if !self.asks.has_field() && !self.opened {
                self.opened = true;
                cancel.request_focus();
            }
            if filled && (clicked || enter) {
                // Where it was no answer, the next one is typed at once.
                self.opened &= !self.asks.has_field();
                context.push(self.asks.answered(self.text.trim().to_owned()));
                if !self.asks.stays() {
                    context.push(WindowAction::CloseDialog);
                }
            } else if enter {
                self.opened = false;
            }
        });
    }

    /// What else can be done here, at the left of the buttons.
    fn beside(&self, ui: &mut Ui, context: &PageContext<'_>) {
        let (words, action) = match &self.asks {
            Asks::Address => (
                "Let boards call…",
                Action::from(ask_to_listen(&context.model.status().listening)),
            ),
            Asks::Listen { on: true, .. } => ("Stop listening", BoardCommand::Listen(None).into()),
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

    /// The line to type in; tells whether Enter was pressed there.
    fn field(&mut self, ui: &mut Ui, name: &str, hint: &str) -> bool {
        let edit = TextEdit::singleline(&mut self.text)
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

/// Asks where boards can call, beginning with where they can now.
pub(super) fn ask_to_listen(listening: &Listening) -> WindowAction {
    let (on, address) = match listening {
        Listening::Off => (false, EVERYWHERE),
        Listening::At(address) | Listening::Failed { address, .. } => (true, *address),
    };
    let url = |ip| format!("ws://{}/", SocketAddr::new(ip, address.port()));
    let own = if address.ip().is_unspecified() {
        own_addresses(address.is_ipv4())
    } else {
        vec![address.ip()]
    };
    let urls = own.into_iter().map(url).collect();
    WindowAction::Ask(Asks::Listen { on, urls }, address.to_string())
}

/// Where a computer listens unless its person wants otherwise.
pub(super) const EVERYWHERE: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), protocol::outbound::PORT);

fn listen_help(on: bool, urls: &[String]) -> String {
    let urls = match urls {
        [] => "this computer's address".to_owned(),
        urls => urls.join(" or "),
    };
    match on {
        true => format!(
            "Tell boards to call {urls}, in their menus. Stopped, those that have called are let \
                 go."
        ),
        false => format!(
            "For boards that this computer cannot connect to: they call it instead, and are used \
                 as all others. Tell them to call {urls}. \
             Who reaches this port can pretend to be a board without a key. This computer remembers it."
        ),
    }
}

/// Restarts boards, each told on its own.
fn reboot(boards: &[BoardKey]) -> Batch {
    let call = || What::Call(method::DEVICE_REBOOT.to_owned(), Object::new());
    let title = match boards.len() {
        1 => "Reboot 1 board".to_owned(),
        many => format!("Reboot {many} boards"),
    };
    Batch::new(
        title,
        boards
            .iter()
            .map(|board| Step {
                board: *board,
                what: call(),
            })
            .collect(),
    )
}
