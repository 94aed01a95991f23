//! The page of channels: a list of addresses, and the shown channels side by
//! side. The engine is [`channel`], on its own thread.

mod column;
mod details;
mod list;
pub(crate) mod load;
mod options;
mod pane;
mod plot;
mod rows;
mod sender;

use std::sync::Arc;

use eframe::egui::{
    Align, Align2, Button, CentralPanel, Frame, Key, Layout, Margin, Panel, Popup, RichText,
    ScrollArea, TextEdit, Ui, WidgetInfo, accesskit::Role, vec2,
};

use self::{
    list::ChannelRequest,
    load::Loaded,
    pane::{ChannelPane, Source},
};
use disk::settings::RememberedChannel;

use crate::{
    model::{action::Task, boards::Model, file_task::FileTask, page_context::PageContext},
    widgets::{
        icon,
        layout::left_of,
        text_line,
        theme::{self, HALF, UNIT, palette},
    },
};
use channel::{ChannelRuntime, Recorder};
use fleet::BoardView;

/// The width of the list: minimum, default, maximum.
const LIST: [f32; 3] = [160.0, 232.0, 400.0];

/// The minimum width of a column.
const COLUMN: f32 = 260.0;

/// The page.
pub(super) struct Channels {
    panes: Vec<ChannelPane>,
    runtime: Option<ChannelRuntime>,
    typed: String,
    problem: Option<String>,
    ids: u64,
    /// The address and title of the board whose channels are listed.
    offered: Option<(Arc<str>, String)>,
}

/// The channels of a board that are worth a look, and what they carry.
const CHANNELS: [(&str, &str); 3] = [
    (protocol::ECHO_PATH, "echo"),
    (protocol::RPC_PATH, "control"),
    (protocol::LOG_PATH, "log lines"),
];

impl Channels {
    pub(super) fn new(remembered: &[RememberedChannel]) -> Self {
        let panes: Vec<ChannelPane> = (0..)
            .zip(remembered)
            .map(|(id, channel)| ChannelPane::recall(id, channel))
            .collect();
        let ids = panes.len() as u64;
        Self {
            panes,
            runtime: None,
            typed: String::new(),
            problem: None,
            ids,
            offered: None,
        }
    }

    /// The channels to save.
    pub(super) fn remembered(&self) -> Vec<RememberedChannel> {
        self.panes
            .iter()
            .filter_map(ChannelPane::remembered)
            .collect()
    }

    /// Starts recording a channel.
    pub(super) fn record(&mut self, id: u64, recorder: Recorder) {
        if let Some(channel) = self
            .panes
            .iter()
            .find(|pane| pane.id == id)
            .and_then(ChannelPane::channel)
        {
            channel.record(Some(recorder));
        }
    }

    /// Shows a recording.
    pub(super) fn show_recording(&mut self, loaded: Loaded) {
        let id = self.new_id();
        self.panes.insert(0, ChannelPane::recorded(id, loaded));
    }

    fn new_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids - 1
    }

    /// Shows the page.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        board: Option<&BoardView>,
        context: &PageContext<'_>,
    ) {
        self.offer(board, context.model);
        for pane in &mut self.panes {
            pane.update();
            // Rates also fall while nothing is received.
            if pane.status.as_ref().is_some_and(|status| !status.quiet) {
                context.again_in(std::time::Duration::from_millis(1_000));
            }
        }
        self.bar(ui, context);
        ui.add_space(UNIT);
        let [least, first, most] = LIST;
        let side = Frame::new().inner_margin(Margin {
            right: 8,
            ..Margin::ZERO
        });
        let request = Panel::left("channel list")
            .frame(side)
            .resizable(true)
            .default_size(first)
            .size_range(least..=most)
            .show(ui, |ui| list::show(ui, &self.panes))
            .inner;
        if let Some(request) = request {
            self.carry_out(ui, request);
        }
        let middle = Frame::new().inner_margin(Margin {
            left: 8,
            ..Margin::ZERO
        });
        CentralPanel::default()
            .frame(middle)
            .show(ui, |ui| self.columns(ui, context));
    }

    /// Lists the channels of a board before everything else, as examples.
    fn offer(&mut self, board: Option<&BoardView>, model: &Model) {
        let offered = board.map(|board| (Arc::clone(&board.address), model.title(board)));
        if self.offered == offered {
            return;
        }
        self.panes
            .retain(|pane| pane.board.is_none() || !matches!(pane.source, Source::Idle));
        if let Some((address, title)) = &offered {
            for (path, about) in CHANNELS.into_iter().rev() {
                let address = format!("ws://{address}{path}");
                if self.panes.iter().all(|pane| pane.address != address) {
                    let id = self.new_id();
                    let mut pane = ChannelPane::new(id, &address);
                    pane.board = Some(format!("{title}: {about}"));
                    self.panes.insert(0, pane);
                }
            }
        }
        self.offered = offered;
    }

    /// The bar that opens a channel.
    fn bar(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let recording = ui.add(Button::new(format!("{}  Recording…", icon::FOLDER_OPEN)));
                recording
                    .widget_info(|| WidgetInfo::labeled(Role::Button, true, "Open a recording"));
                if recording
                    .on_hover_text("Show a recording of a channel")
                    .clicked()
                {
                    context.push(Task::File(FileTask::OpenRecording));
                }
                let suggestions = ui.add(Button::new(format!("Boards  {}", icon::CARET_DOWN)));
                suggestions
                    .widget_info(|| WidgetInfo::labeled(Role::Button, true, "Addresses of boards"));
                let chosen = Popup::menu(&suggestions)
                    .show(|ui| suggest(ui, context.model))
                    .and_then(|shown| shown.inner);
                suggestions.on_hover_text("Channels of known boards");
                let words = RichText::new("Open").color(palette(ui).on_accent);
                let button = Button::new(words)
                    .fill(palette(ui).accent)
                    .min_size(vec2(72.0, theme::LINE));
                let open = ui.add_enabled(!self.typed.trim().is_empty(), button);
                open.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Open the address"));
                let edit = TextEdit::singleline(&mut self.typed)
                    .id_salt("address")
                    .hint_text("ws://HOST[:PORT]/PATH, or wss:// with TLS")
                    .desired_width(ui.available_width())
                    .align(Align2::LEFT_CENTER)
                    .min_size(vec2(0.0, theme::LINE));
                let field = ui.add(edit).accessible_name("Address");
                if field.changed() {
                    self.problem = None;
                }
                let enter = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                if let Some(address) = chosen {
                    self.open(ui, &address);
                } else if open.clicked() || enter {
                    let typed = self.typed.trim().to_owned();
                    self.open(ui, &typed);
                }
            });
        });
        if let Some(problem) = &self.problem {
            text_line::label(ui, problem, problem, theme::small(), palette(ui).bad)
                .on_hover_text(problem);
        }
    }

    /// Opens this address and shows it next to the others.
    fn open(&mut self, ui: &Ui, address: &str) {
        let known = self.panes.iter().position(|pane| {
            pane.address == address
                && !matches!(pane.source, Source::Recorded(_))
                && !pane.is_live()
        });
        let at = known.unwrap_or_else(|| {
            let id = self.new_id();
            self.panes.insert(0, ChannelPane::new(id, address));
            0
        });
        let Some(pane) = self.panes.get_mut(at) else {
            return;
        };
        pane.open(&mut self.runtime, ui.ctx());
        // Show the problem of an invalid new address where it was typed.
        if known.is_none() && pane.problem.is_some() {
            self.problem = pane.problem.take();
            self.panes.remove(at);
            return;
        }
        pane.shown = true;
        self.typed.clear();
        self.problem = None;
    }

    fn carry_out(&mut self, ui: &Ui, request: ChannelRequest) {
        let (ChannelRequest::ShowOnly(id)
        | ChannelRequest::ToggleShown(id)
        | ChannelRequest::ToggleOpen(id)
        | ChannelRequest::Remove(id)) = request;
        match request {
            ChannelRequest::ShowOnly(_) => self
                .panes
                .iter_mut()
                .for_each(|pane| pane.shown = pane.id == id),
            ChannelRequest::Remove(_) => self.panes.retain(|pane| pane.id != id),
            ChannelRequest::ToggleShown(_) | ChannelRequest::ToggleOpen(_) => {
                let Some(pane) = self.panes.iter_mut().find(|pane| pane.id == id) else {
                    return;
                };
                if matches!(request, ChannelRequest::ToggleShown(_)) {
                    pane.shown = !pane.shown;
                } else if pane.is_live() {
                    pane.channel().into_iter().for_each(channel::Channel::close);
                } else if !matches!(pane.source, Source::Recorded(_)) {
                    pane.shown = true;
                    pane.open(&mut self.runtime, ui.ctx());
                }
            }
        }
    }

    fn columns(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        let shown = self.panes.iter().filter(|pane| pane.shown).count();
        if shown == 0 {
            return nothing_shown(ui);
        }
        let gap = UNIT * 1.5;
        let room = ui.available_width();
        let fitting = left_of((room + gap) / shown as f32, gap).floor();
        let width = fitting.max(COLUMN);
        let mut request = None;
        let height = ui.available_height();
        let scroll = ScrollArea::new([fitting < COLUMN, false])
            .id_salt("columns")
            .auto_shrink(false);
        scroll.show(ui, |ui| {
            ui.spacing_mut().item_spacing.x = gap;
            ui.horizontal_top(|ui| {
                for pane in self.panes.iter_mut().filter(|pane| pane.shown) {
                    ui.push_id(("column", pane.id), |ui| {
                        ui.allocate_ui_with_layout(
                            vec2(width, height),
                            Layout::top_down(Align::Min),
                            |ui| {
                                ui.set_width(width);
                                ui.spacing_mut().item_spacing.x = UNIT;
                                request = column::show(ui, pane, context).or(request.take());
                            },
                        );
                    });
                }
            });
        });
        if let Some(request) = request {
            self.carry_out(ui, request);
        }
    }
}

/// Instructions, while no channel is shown.
fn nothing_shown(ui: &mut Ui) {
    let palette = palette(ui);
    ui.add_space(UNIT);
    ui.scope(|ui| {
        ui.set_max_width(theme::PROSE.min(ui.available_width()));
        let words = "A channel stays open, and both sides can send at any time.";
        ui.label(RichText::new(words).font(theme::strong()));
        ui.add_space(HALF);
        let words = "Enter an address above, pick one from Boards, or double-click one on the \
             left. Click the eye of several channels to show them side by side. The examples begin \
             with the channels of the board that is chosen above; the public price streams need an \
             Internet connection.";
        ui.label(RichText::new(words).color(palette.weak));
    });
}

/// Offers the channels of boards; returns the selected address.
fn suggest(ui: &mut Ui, model: &Model) -> Option<String> {
    let mut chosen = None;
    ui.set_min_width(280.0);
    if model.is_empty() {
        let words = "No boards yet.";
        text_line::label(ui, words, words, theme::body(), palette(ui).weak);
    }
    ScrollArea::vertical()
        .id_salt("boards")
        .max_height(360.0)
        .show(ui, |ui| {
            for board in model.in_order().take(200) {
                let title = model.title(board);
                text_line::label(ui, &title, &title, theme::small(), palette(ui).weak);
                for (path, about) in CHANNELS {
                    let address = format!("ws://{}{path}", board.address);
                    let entry =
                        ui.add(Button::new(format!("{path}  {about}")).frame_when_inactive(false));
                    entry.widget_info(|| {
                        WidgetInfo::labeled(Role::MenuItem, true, format!("Open {address}"))
                    });
                    if entry.on_hover_text(&address).clicked() {
                        chosen = Some(address);
                        ui.close();
                    }
                }
                ui.add_space(HALF);
            }
        });
    chosen
}
