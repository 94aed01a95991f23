//! The exercise "Echo and broadcast": two clients on a board's `/ws` receive
//! their own messages, and two on its `/rpc` receive each other's changes. It
//! follows the tutorial: open two terminals; what do you notice?

mod clients;
mod sequence_diagram;

use std::io;

use eframe::egui::{
    Align, Align2, Button, CentralPanel, Frame, Label, Layout, Rect, RichText, Sense, Ui,
    UiBuilder, WidgetInfo, accesskit::Role, pos2, vec2,
};
use protocol::Kind;
use serde_json::{Value, json};

use self::clients::{Clients, MessageKind, NAMES};
use super::board::why_not;
use crate::{
    model::{action::WindowAction, frame_context::FrameContext, page_context::PageContext},
    widgets::{
        icon, text_line,
        theme::{self, HALF, UNIT, palette},
    },
};
use channel::{ChannelRuntime, ChannelSettings, DRAW_INTERVAL, EndCause};
use disk::settings::Exercise;
use fleet::{BoardKey, BoardView};

/// The height of the headings above the lines.
const HEADS: f32 = 76.0;

/// The task.
const QUESTION: &str = "Clients A and B are connected to /ws of one board, and C and D to /rpc. \
     Say hello from A. Who receives it? Then toggle the light from C. Who learns about it? Did D \
     ask for it?";

/// The explanation.
const ANSWER: &str = "/ws is an echo. The server sends each message back on the channel it came \
     from, so A receives its own hello and B receives nothing. /rpc is a broadcast. The server \
     keeps a list of its clients and pushes every change to all that have subscribed. So D learns \
     what C did without asking, and both learn when someone presses a button at the board. Over \
     plain HTTP the server could not notify anyone; every client would have to poll.";

/// The page.
#[derive(Default)]
pub(super) struct Echo {
    runtime: Option<ChannelRuntime>,
    /// The clients, and their board.
    clients: Option<(BoardKey, Clients)>,
    paused: bool,
    answer: bool,
    hellos: u64,
    problem: Option<String>,
}

impl Echo {
    /// Shows the page.
    pub(super) fn show(&mut self, ui: &mut Ui, board: &BoardView, context: &PageContext<'_>) {
        context.shows(board.key);
        if self
            .clients
            .as_ref()
            .is_some_and(|(of, _)| *of != board.key)
        {
            self.clients = None;
        }
        if let Some((_, clients)) = &mut self.clients {
            clients.update(self.paused);
            for (client, number) in clients.newly_numbered() {
                let name = format!("the lab ({})", NAMES[client]);
                context.push(WindowAction::OwnClient(board.key, number, name));
            }
        }
        self.bar(ui, board);
        ui.add_space(HALF);
        self.prose(ui);
        if let Some(problem) = &self.problem {
            text_line::label(ui, problem, problem, theme::small(), palette(ui).bad);
        }
        ui.add_space(HALF);
        if self.clients.is_some() {
            self.diagram(ui, board, context);
        }
    }

    fn bar(&mut self, ui: &mut Ui, board: &BoardView) {
        ui.horizontal_wrapped(|ui| {
            let running = self
                .clients
                .as_ref()
                .is_some_and(|(_, clients)| !clients.have_ended());
            if running {
                if ui
                    .add(Button::new("Close clients").min_size(vec2(96.0, theme::LINE)))
                    .clicked()
                {
                    self.clients = None;
                }
            } else {
                let able = why_not(Exercise::Echo, board).is_none();
                let words = RichText::new("Open four clients").color(palette(ui).on_accent);
                let button = Button::new(words)
                    .fill(palette(ui).accent)
                    .min_size(vec2(136.0, theme::LINE));
                if ui.add_enabled(able, button).clicked() {
                    self.open(ui, board);
                }
            }
            if let Some((_, clients)) = &mut self.clients {
                let (sign, word, hint) = match self.paused {
                    false => (
                        icon::PAUSE,
                        "Pause",
                        "Pause the diagram; the clients stay connected",
                    ),
                    true => (
                        icon::PLAY,
                        "Resume",
                        "Show the messages received in the meantime",
                    ),
                };
                let pause = ui.add(Button::new(format!("{sign} {word}")));
                pause.widget_info(|| WidgetInfo::labeled(Role::Button, true, word));
                if pause.on_hover_text(hint).clicked() {
                    self.paused = !self.paused;
                }
                if ui
                    .add(Button::new("Clear"))
                    .on_hover_text("Clear the diagram")
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
                "Hide answer"
            } else {
                "Show answer"
            };
            if ui.button(words).clicked() {
                self.answer = !self.answer;
            }
            if let Some((_, clients)) = &self.clients {
                let sums = (0..NAMES.len()).map(|client| {
                    let (sent, received) = clients.sums(client);
                    format!("{} sent {sent}, received {received}", NAMES[client])
                });
                let words = sums.collect::<Vec<_>>().join("; ");
                text_line::label(ui, &words, &words, theme::small(), palette.weak);
            }
        });
    }

    fn open(&mut self, ui: &Ui, board: &BoardView) {
        self.problem = None;
        let runtime = match &self.runtime {
            Some(runtime) => Ok(runtime.clone()),
            None => ChannelRuntime::start().map_err(|error: io::Error| {
                format!("Could not start a thread for channels: {error}.")
            }),
        };
        let opened = runtime.and_then(|runtime| {
            self.runtime = Some(runtime.clone());
            let settings = |path: &str| -> Result<ChannelSettings, String> {
                let endpoint = format!("ws://{}{path}", board.address)
                    .parse()
                    .map_err(|error| format!("{error}."))?;
                Ok(ChannelSettings::new(endpoint))
            };
            let (echo, control) = (
                settings(protocol::ECHO_PATH)?,
                settings(protocol::RPC_PATH)?,
            );
            let open = |settings: &ChannelSettings| {
                let ctx = ui.ctx().clone();
                runtime.open(settings.clone(), DRAW_INTERVAL, move || {
                    ctx.request_repaint();
                })
            };
            Ok([open(&echo), open(&echo), open(&control), open(&control)])
        });
        match opened {
            Ok(channels) => {
                self.clients = Some((board.key, Clients::new(channels)));
            }
            Err(problem) => self.problem = Some(problem),
        }
    }

    fn diagram(&mut self, ui: &mut Ui, board: &BoardView, context: &FrameContext) {
        let palette = palette(ui);
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEADS), Sense::hover());
        let Some((_, clients)) = &mut self.clients else {
            return;
        };
        let name = text::plain(&board.name);
        heading(
            ui,
            rect,
            sequence_diagram::board_x(rect),
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
                    let words = match &connection.cause {
                        // The whole sentence does not fit above a client.
                        EndCause::Refused { status, .. } => {
                            format!("{path}, refused: HTTP {status}")
                        }
                        cause => text::plain(&cause.to_string()),
                    };
                    (words, palette.bad)
                }
                (None, false) => (format!("{path}, {}", view.state.as_str()), palette.weak),
            };
            let is_open = view.state.is_open();
            let x = sequence_diagram::client_x(rect, client);
            heading(ui, rect, x, &format!("Client {letter}"), &words, color);
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
                        clients.send(client, &format!("hello {} from {letter}", self.hellos))
                    }
                    (_, Some((method, params, _))) => clients.request(client, method, params),
                    (_, None) => clients.request(client, protocol::method::SYS_PING, &Value::Null),
                };
                self.problem = sent.err().map(|error| format!("Not sent: {error}."));
            }
        }
        CentralPanel::default()
            .frame(Frame::new())
            .show(ui, |ui| sequence_diagram::show(ui, clients, context));
    }
}

/// The position of a client's button.
fn button_place(rect: Rect, x: f32) -> Rect {
    let width = 116.0;
    // Prefer the left edge if both edges do not fit.
    let left = (x - width / 2.0).min(rect.right() - width).max(rect.left());
    Rect::from_min_size(
        pos2(left, rect.bottom() - theme::LINE - UNIT),
        vec2(width, theme::LINE),
    )
}

/// The heading above a line.
fn heading(ui: &mut Ui, rect: Rect, x: f32, name: &str, about: &str, color: eframe::egui::Color32) {
    let half = 92.0_f32
        .min(x - rect.left())
        .min(rect.right() - x)
        .max(40.0);
    let line =
        |top: f32| Rect::from_min_size(pos2(x - half, rect.top() + top), vec2(half * 2.0, 18.0));
    text_line::paint(
        ui,
        line(2.0),
        Align2::CENTER_CENTER,
        name,
        theme::strong(),
        palette(ui).text,
    );
    let field = text_line::field(
        ui,
        line(20.0),
        Align2::CENTER_CENTER,
        about,
        &format!("{name}: {about}"),
        (theme::small(), color),
    );
    field.on_hover_text(about);
}

/// The meaning of the arrows.
fn legend(ui: &mut Ui) {
    let palette = palette(ui);
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        for kind in [
            MessageKind::Push,
            MessageKind::Response,
            MessageKind::Request,
            MessageKind::Echo,
        ] {
            let word = sequence_diagram::label(kind);
            text_line::label(ui, word, word, theme::small(), palette.weak);
            let (rect, _) = ui.allocate_exact_size(vec2(36.0, theme::LINE), Sense::hover());
            let y = rect.center().y;
            let (from, to) = (pos2(rect.left() + 6.0, y), pos2(rect.right(), y));
            sequence_diagram::draw(
                ui.painter(),
                from,
                to,
                kind,
                sequence_diagram::color(kind, palette),
            );
        }
    });
}

/// What a client can switch on the board: method, parameters and button text.
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
