//! The page of channels: addresses at the left, and as many of them side by
//! side as there is room for. What is asked is carried out here: the engine is
//! [`crate::channel`], on a thread of its own.

mod column;
mod details;
mod lane;
mod list;
pub(in crate::ui) mod load;
mod options;
mod plot;
mod rows;
mod sender;

use eframe::egui::{
    Align, Align2, Button, CentralPanel, Frame, Key, Layout, Margin, Panel, Popup, RichText,
    ScrollArea, TextEdit, Ui, WidgetInfo, accesskit::Role, vec2,
};

use self::{
    lane::{Lane, Source},
    list::Asked,
    load::Loaded,
};
use crate::ui::room::left_of;
use crate::{
    channel::{ChannelRuntime, Recorder},
    settings::RememberedChannel,
    ui::{
        action::Action,
        files::Errand,
        icon,
        model::Model,
        moment::Moment,
        text,
        theme::{self, HALF, UNIT, palette},
    },
};

/// The width of the list: least, at first, most.
const LIST: [f32; 3] = [160.0, 232.0, 400.0];

/// A column is at least so wide.
const COLUMN: f32 = 264.0;

/// The page.
pub(super) struct Channels {
    lanes: Vec<Lane>,
    runtime: Option<ChannelRuntime>,
    typed: String,
    problem: Option<String>,
    ids: u64,
}

impl Channels {
    pub(super) fn new(remembered: &[RememberedChannel]) -> Self {
        let lanes: Vec<Lane> = (0..)
            .zip(remembered)
            .map(|(id, channel)| Lane::recall(id, channel))
            .collect();
        let ids = lanes.len() as u64;
        Self {
            lanes,
            runtime: None,
            typed: String::new(),
            problem: None,
            ids,
        }
    }

    /// What is to be remembered.
    pub(super) fn remembered(&self) -> Vec<RememberedChannel> {
        self.lanes.iter().filter_map(Lane::remembered).collect()
    }

    /// Records a channel from now on.
    pub(super) fn record(&mut self, id: u64, recorder: Recorder) {
        if let Some(channel) = self
            .lanes
            .iter()
            .find(|lane| lane.id == id)
            .and_then(Lane::channel)
        {
            channel.record(Some(recorder));
        }
    }

    /// Shows a recording.
    pub(super) fn show_recording(&mut self, loaded: Loaded) {
        let id = self.new_id();
        self.lanes.insert(0, Lane::recorded(id, loaded));
    }

    fn new_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids - 1
    }

    /// Shows the page.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        model: &Model,
        moment: &Moment,
        actions: &mut Vec<Action>,
    ) {
        for lane in &mut self.lanes {
            lane.take_over();
            // A rate falls to nothing although nothing comes.
            if lane.view.as_ref().is_some_and(|view| !view.quiet) {
                moment.again_in(std::time::Duration::from_millis(1_000));
            }
        }
        self.bar(ui, model, actions);
        ui.add_space(UNIT);
        let [least, first, most] = LIST;
        let side = Frame::new().inner_margin(Margin {
            right: 8,
            ..Margin::ZERO
        });
        let asked = Panel::left("channel list")
            .frame(side)
            .resizable(true)
            .default_size(first)
            .size_range(least..=most)
            .show(ui, |ui| list::show(ui, &self.lanes))
            .inner;
        if let Some(asked) = asked {
            self.settle(ui, asked);
        }
        let middle = Frame::new().inner_margin(Margin {
            left: 8,
            ..Margin::ZERO
        });
        CentralPanel::default()
            .frame(middle)
            .show(ui, |ui| self.columns(ui, moment, actions));
    }

    /// What opens a channel.
    fn bar(&mut self, ui: &mut Ui, model: &Model, actions: &mut Vec<Action>) {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let recording = ui.add(Button::new(format!("{}  Recording…", icon::FOLDER_OPEN)));
                recording
                    .widget_info(|| WidgetInfo::labeled(Role::Button, true, "Open a recording"));
                if recording
                    .on_hover_text("Show a recording of a channel")
                    .clicked()
                {
                    actions.push(Action::File(Errand::OpenRecording));
                }
                let suggestions = ui.add(Button::new(format!("Boards  {}", icon::CARET_DOWN)));
                suggestions
                    .widget_info(|| WidgetInfo::labeled(Role::Button, true, "Addresses of boards"));
                let chosen = Popup::menu(&suggestions)
                    .show(|ui| suggest(ui, model))
                    .and_then(|shown| shown.inner);
                suggestions.on_hover_text("Channels of the boards that are known");
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
            text::label(ui, problem, problem, theme::small(), palette(ui).bad)
                .on_hover_text(problem);
        }
    }

    /// Opens this address, which is shown then, beside the others where there
    /// is room.
    fn open(&mut self, ui: &Ui, address: &str) {
        let known = self.lanes.iter().position(|lane| {
            lane.address == address
                && !matches!(lane.source, Source::Recorded(_))
                && !lane.is_live()
        });
        let at = known.unwrap_or_else(|| {
            let id = self.new_id();
            self.lanes.insert(0, Lane::new(id, address));
            0
        });
        let Some(lane) = self.lanes.get_mut(at) else {
            return;
        };
        lane.open(&mut self.runtime, ui.ctx());
        // A new address that is none is told where it was typed.
        if known.is_none() && lane.problem.is_some() {
            self.problem = lane.problem.take();
            self.lanes.remove(at);
            return;
        }
        lane.shown = true;
        self.typed.clear();
        self.problem = None;
    }

    fn settle(&mut self, ui: &Ui, asked: Asked) {
        let (Asked::Only(id) | Asked::Beside(id) | Asked::Toggle(id) | Asked::Remove(id)) = asked;
        match asked {
            Asked::Only(_) => self
                .lanes
                .iter_mut()
                .for_each(|lane| lane.shown = lane.id == id),
            Asked::Remove(_) => self.lanes.retain(|lane| lane.id != id),
            Asked::Beside(_) | Asked::Toggle(_) => {
                let Some(lane) = self.lanes.iter_mut().find(|lane| lane.id == id) else {
                    return;
                };
                if matches!(asked, Asked::Beside(_)) {
                    lane.shown = !lane.shown;
                } else if lane.is_live() {
                    lane.channel()
                        .into_iter()
                        .for_each(crate::channel::Channel::close);
                } else if !matches!(lane.source, Source::Recorded(_)) {
                    lane.shown = true;
                    lane.open(&mut self.runtime, ui.ctx());
                }
            }
        }
    }

    fn columns(&mut self, ui: &mut Ui, moment: &Moment, actions: &mut Vec<Action>) {
        let shown = self.lanes.iter().filter(|lane| lane.shown).count();
        if shown == 0 {
            return nothing_shown(ui);
        }
        let gap = UNIT * 1.5;
        let room = ui.available_width();
        let fitting = left_of((room + gap) / shown as f32, gap).floor();
        let width = fitting.max(COLUMN);
        let mut asked = None;
        let height = ui.available_height();
        let scroll = ScrollArea::new([fitting < COLUMN, false])
            .id_salt("columns")
            .auto_shrink(false);
        scroll.show(ui, |ui| {
            ui.spacing_mut().item_spacing.x = gap;
            ui.horizontal_top(|ui| {
                for lane in self.lanes.iter_mut().filter(|lane| lane.shown) {
                    ui.push_id(("column", lane.id), |ui| {
                        ui.allocate_ui_with_layout(
                            vec2(width, height),
                            Layout::top_down(Align::Min),
                            |ui| {
                                ui.set_width(width);
                                ui.spacing_mut().item_spacing.x = UNIT;
                                asked = column::show(ui, lane, moment, actions).or(asked.take());
                            },
                        );
                    });
                }
            });
        });
        if let Some(asked) = asked {
            self.settle(ui, asked);
        }
    }
}

/// What to do, where nothing is shown.
fn nothing_shown(ui: &mut Ui) {
    let palette = palette(ui);
    ui.add_space(UNIT);
    ui.scope(|ui| {
        ui.set_max_width(theme::PROSE.min(ui.available_width()));
        ui.label(RichText::new("A channel stays open, and either side speaks when it has \
             something to say.").font(theme::strong()));
        ui.add_space(HALF);
        let words = "Type an address above, take one of a board, or choose one at the left; a \
             double click opens it. The eye shows several side by \
                     side. The examples are public streams of prices; they need a way into the Internet.";
        ui.label(RichText::new(words).color(palette.weak));
    });
}

/// Offers the channels of boards; which was chosen.
fn suggest(ui: &mut Ui, model: &Model) -> Option<String> {
    let mut chosen = None;
    ui.set_min_width(280.0);
    if model.is_empty() {
        let words = "No board is known yet.";
        text::label(ui, words, words, theme::body(), palette(ui).weak);
    }
    ScrollArea::vertical()
        .id_salt("boards")
        .max_height(360.0)
        .show(ui, |ui| {
            for board in model.in_order().take(200) {
                let title = model.title(board);
                text::label(ui, &title, &title, theme::small(), palette(ui).weak);
                for (path, about) in [
                    (protocol::RPC_PATH, "control"),
                    (protocol::ECHO_PATH, "echo"),
                    (protocol::LOG_PATH, "log lines"),
                ] {
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
