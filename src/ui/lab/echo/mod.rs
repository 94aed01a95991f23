//! The page of echo and broadcast: two clients on a board's `/ws`, each of
//! which hears itself, and two on its `/rpc`, each of which hears what the
//! other did. The exercise is the tutorial's: open two terminals; what do you
//! notice?

mod clients;
mod lifelines;

use std::io;

use eframe::egui::{
    Align, Align2, Button, CentralPanel, Frame, Label, Layout, Rect, RichText, Sense, Ui,
    UiBuilder, WidgetInfo, accesskit::Role, pos2, vec2,
};
use protocol::Kind;
use serde_json::{Value, json};

use self::clients::{Clients, NAMES, Sort};
use crate::{
    channel::{ChannelRuntime, ChannelSettings, DRAW_INTERVAL},
    fleet::{BoardKey, BoardView, LinkState, Lock},
    ui::{
        action::Action,
        board_choice, icon,
        model::Model,
        moment::Moment,
        text,
        theme::{self, HALF, UNIT, palette},
        words,
    },
};

/// The height of the heads of the lines.
const HEADS: f32 = 76.0;

/// What to do and to look for.
const QUESTION: &str = "A and B are connected to /ws, C and D to /rpc of one board. Let A say \
     hello, then let C switch. Who hears it? \
                        Did D ask for it? What do you notice?";

/// What one sees then.
const ANSWER: &str = "/ws is an echo: the server sends a message back on the channel that it came \
     from, so A hears A, and B hears nothing. \
                      /rpc is a broadcast: the server keeps a list of its clients and pushes each change to all who subscribed, so D hears what C \
                      did, without asking, and a hand at the board is heard by both. Over HTTP nobody could be told: each would have to ask.";

/// The page.
#[derive(Default)]
pub(super) struct Echo {
    runtime: Option<ChannelRuntime>,
    chosen: Option<BoardKey>,
    /// The clients, and of which board.
    clients: Option<(BoardKey, Clients)>,
    held: bool,
    answer: bool,
    hellos: u64,
    problem: Option<String>,
}

impl Echo {
    /// Shows it.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        model: &Model,
        moment: &Moment,
        actions: &mut Vec<Action>,
    ) {
        let chosen = self.chosen.and_then(|board| model.board(board));
        let usable = |board: &&std::sync::Arc<BoardView>| {
            is_open(board) && board.link == LinkState::Connected
        };
        let board = chosen
            .or_else(|| model.selected().filter(usable))
            .or_else(|| model.in_order().find(usable));
        let Some(board) = board.or_else(|| model.in_order().next()).cloned() else {
            return without_a_board(ui, actions);
        };
        moment.shows(board.key);
        if self
            .clients
            .as_ref()
            .is_some_and(|(of, _)| *of != board.key)
        {
            self.clients = None;
        }
        if let Some((_, clients)) = &mut self.clients {
            clients.take_over(self.held);
        }
        self.bar(ui, model, &board);
        ui.add_space(HALF);
        self.prose(ui);
        if !is_open(&board) {
            let words = "This board is locked: it speaks plain text to nobody, so that clients \
                 without its key hear nothing here. Choose an open one.";
            ui.add_space(UNIT);
            ui.add(Label::new(RichText::new(words).color(palette(ui).doubtful)).wrap());
            return;
        }
        if let Some(problem) = &self.problem {
            text::label(ui, problem, problem, theme::small(), palette(ui).bad);
        }
        ui.add_space(HALF);
        if self.clients.is_some() {
            self.diagram(ui, &board, moment);
        }
    }

    fn bar(&mut self, ui: &mut Ui, model: &Model, board: &BoardView) {
        ui.horizontal_wrapped(|ui| {
            self.chosen = board_choice::show(ui, "echo board", model, Some(board)).or(self.chosen);
            let running = self
                .clients
                .as_ref()
                .is_some_and(|(_, clients)| !clients.have_ended());
            if running {
                if ui
                    .add(Button::new("Close them").min_size(vec2(96.0, theme::LINE)))
                    .clicked()
                {
                    self.clients = None;
                }
            } else {
                let words = RichText::new("Open four clients").color(palette(ui).on_accent);
                let button = Button::new(words)
                    .fill(palette(ui).accent)
                    .min_size(vec2(136.0, theme::LINE));
                if ui.add_enabled(is_open(board), button).clicked() {
                    self.open(ui, board);
                }
            }
            if let Some((_, clients)) = &mut self.clients {
                let (sign, word, hint) = match self.held {
                    false => (
                        icon::PAUSE,
                        "Pause",
                        "Hold the picture still; the clients go on",
                    ),
                    true => (icon::PLAY, "Resume", "Show what came since"),
                };
                let hold = ui.add(Button::new(format!("{sign} {word}")));
                hold.widget_info(|| WidgetInfo::labeled(Role::Button, true, word));
                if hold.on_hover_text(hint).clicked() {
                    self.held = !self.held;
                }
                if ui
                    .add(Button::new("Clear"))
                    .on_hover_text("Forget what is drawn")
                    .clicked()
                {
                    clients.clear();
                }
                legend(ui);
            }
        });
    }

    fn prose(&mut self, ui: &mut Ui) {
        let palette = palette(ui);
        ui.scope(|ui| {
            ui.set_max_width((theme::PROSE * 1.5).min(ui.available_width()));
            ui.add(Label::new(RichText::new(QUESTION).color(palette.text)).wrap());
            if self.answer {
                ui.add(Label::new(RichText::new(ANSWER).color(palette.weak)).wrap());
            }
        });
        ui.horizontal(|ui| {
            let words = if self.answer {
                "Hide the answer"
            } else {
                "Show the answer"
            };
            if ui.small_button(words).clicked() {
                self.answer = !self.answer;
            }
            if let Some((_, clients)) = &self.clients {
                let sums = (0..NAMES.len()).map(|client| {
                    let (sent, heard) = clients.sums(client);
                    format!("{} sent {sent}, heard {heard}", NAMES[client])
                });
                let words = sums.collect::<Vec<_>>().join("; ");
                text::label(ui, &words, &words, theme::small(), palette.weak);
            }
        });
    }

    fn open(&mut self, ui: &Ui, board: &BoardView) {
        self.problem = None;
        let runtime = match &self.runtime {
            Some(runtime) => Ok(runtime.clone()),
            None => ChannelRuntime::start()
                .map_err(|error: io::Error| format!("No thread for channels: {error}.")),
        };
        let opened = runtime.and_then(|runtime| {
            self.runtime = Some(runtime.clone());
            let settings = |path: &str| -> Result<ChannelSettings, String> {
                let place = format!("ws://{}{path}", board.address)
                    .parse()
                    .map_err(|error| format!("{error}."))?;
                Ok(ChannelSettings::new(place))
            };
            let (echo, control) = (
                settings(protocol::ECHO_PATH)?,
                settings(protocol::RPC_PATH)?,
            );
            let open = |settings: &ChannelSettings| {
                let ctx = ui.ctx().clone();
                runtime.open(settings.clone(), DRAW_INTERVAL, move || {
                    ctx.request_repaint()
                })
            };
            Ok([open(&echo), open(&echo), open(&control), open(&control)])
        });
        match opened {
            Ok(channels) => {
                self.chosen = Some(board.key);
                self.clients = Some((board.key, Clients::new(channels)));
            }
            Err(problem) => self.problem = Some(problem),
        }
    }

    fn diagram(&mut self, ui: &mut Ui, board: &BoardView, moment: &Moment) {
        let palette = palette(ui);
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEADS), Sense::hover());
        let Some((_, clients)) = &mut self.clients else {
            return;
        };
        let name = words::plain(&board.name);
        head(
            ui,
            rect,
            lifelines::board_x(rect),
            &name,
            "the board",
            palette.weak,
        );
        let toggle = toggle(board);
        for (client, letter) in NAMES.iter().enumerate() {
            let Some(view) = clients.status(client) else {
                continue;
            };
            let path = if client < 2 {
                protocol::ECHO_PATH
            } else {
                protocol::RPC_PATH
            };
            let (words, color) = match (view.past.last(), view.state.is_open()) {
                (_, true) => (format!("{path}, open"), palette.good),
                (Some(connection), false) => {
                    (words::plain(&connection.cause.to_string()), palette.bad)
                }
                (None, false) => (format!("{path}, {}", view.state.as_str()), palette.weak),
            };
            let is_open = view.state.is_open();
            let x = lifelines::client_x(rect, client);
            head(ui, rect, x, &format!("Client {letter}"), &words, color);
            let place = button_place(rect, x);
            let (label, name) = match (client, &toggle) {
                (0 | 1, _) => ("Say hello".to_owned(), format!("Say hello from {letter}")),
                (_, Some((_, _, words))) => (words.clone(), format!("{words} from {letter}")),
                (_, None) => ("Ping".to_owned(), format!("Ping from {letter}")),
            };
            let button = ui.scope_builder(UiBuilder::new().max_rect(place), |ui| {
                ui.add_enabled_ui(is_open, |ui| {
                    ui.centered_and_justified(|ui| ui.button(label)).inner
                })
                .inner
            });
            button
                .inner
                .widget_info(|| WidgetInfo::labeled(Role::Button, is_open, &name));
            if button.inner.clicked() {
                let sent = match (client, &toggle) {
                    (0 | 1, _) => {
                        self.hellos += 1;
                        clients.say(client, &format!("hello {} from {letter}", self.hellos))
                    }
                    (_, Some((method, params, _))) => clients.ask(client, method, params),
                    (_, None) => clients.ask(client, protocol::method::SYS_PING, &Value::Null),
                };
                self.problem = sent.err().map(|error| format!("Not sent: {error}."));
            }
        }
        CentralPanel::default()
            .frame(Frame::new())
            .show(ui, |ui| lifelines::show(ui, clients, moment));
    }
}

/// Where the button of a client is.
fn button_place(rect: Rect, x: f32) -> Rect {
    let width = 116.0;
    // The left end counts where both ends do not fit.
    let left = (x - width / 2.0).min(rect.right() - width).max(rect.left());
    Rect::from_min_size(
        pos2(left, rect.bottom() - theme::LINE - UNIT),
        vec2(width, theme::LINE),
    )
}

/// The name above a line.
fn head(ui: &mut Ui, rect: Rect, x: f32, name: &str, about: &str, color: eframe::egui::Color32) {
    let half = 92.0_f32
        .min(x - rect.left())
        .min(rect.right() - x)
        .max(40.0);
    let line =
        |top: f32| Rect::from_min_size(pos2(x - half, rect.top() + top), vec2(half * 2.0, 18.0));
    text::paint(
        ui,
        line(2.0),
        Align2::CENTER_CENTER,
        name,
        theme::strong(),
        palette(ui).text,
    );
    let field = text::field(
        ui,
        line(20.0),
        Align2::CENTER_CENTER,
        about,
        &format!("{name}: {about}"),
        (theme::small(), color),
    );
    field.on_hover_text(about);
}

/// What each sort of arrow means.
fn legend(ui: &mut Ui) {
    let palette = palette(ui);
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        for sort in [Sort::Push, Sort::Answer, Sort::Request, Sort::Echo] {
            let word = lifelines::word(sort);
            text::label(ui, word, word, theme::small(), palette.weak);
            let (rect, _) = ui.allocate_exact_size(vec2(36.0, theme::LINE), Sense::hover());
            let y = rect.center().y;
            let (from, to) = (pos2(rect.left() + 6.0, y), pos2(rect.right(), y));
            lifelines::draw(
                ui.painter(),
                from,
                to,
                sort,
                lifelines::color(sort, palette),
            );
        }
    });
}

/// Whether it speaks plain text.
fn is_open(board: &BoardView) -> bool {
    matches!(board.lock(), Lock::Open | Lock::Unknown)
}

/// What can be switched on a board: the method, its parameters, and the words
/// for it.
fn toggle(board: &BoardView) -> Option<(&'static str, Value, String)> {
    let of = |kind: &Kind| {
        board
            .components
            .iter()
            .find(|view| view.descriptor.key.kind == *kind)
    };
    if let Some(light) = of(&Kind::Light) {
        let on = light
            .shown()
            .get("on")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        let params = json!({"id": light.descriptor.key.id, "on": !on});
        return Some((
            protocol::method::LIGHT_SET,
            params,
            "Toggle the light".to_owned(),
        ));
    }
    if let Some(switch) = of(&Kind::Switch) {
        let params = json!({"id": switch.descriptor.key.id});
        return Some((
            protocol::method::SWITCH_TOGGLE,
            params,
            "Toggle the switch".to_owned(),
        ));
    }
    let button = of(&Kind::Button)?;
    let params = json!({"id": button.descriptor.key.id});
    Some((
        protocol::method::BUTTON_PRESS,
        params,
        "Press the button".to_owned(),
    ))
}

/// What to do without a board.
fn without_a_board(ui: &mut Ui, actions: &mut Vec<Action>) {
    let palette = palette(ui);
    ui.scope(|ui| {
        ui.set_max_width(theme::PROSE.min(ui.available_width()));
        let words = "Two clients talk to a board's echo and two to its control channel, and you \
             see who hears what. It needs a board; a virtual one will do.";
        ui.add(Label::new(RichText::new(words).color(palette.weak)).wrap());
    });
    ui.add_space(UNIT);
    let words = RichText::new("Start a virtual board").color(palette.on_accent);
    if ui
        .add(
            Button::new(words)
                .fill(palette.accent)
                .min_size(vec2(176.0, theme::LINE)),
        )
        .clicked()
    {
        actions.push(Action::StartVirtualBoards(1));
    }
}
