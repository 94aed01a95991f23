//! The list of telemetry channels to add: first the boards, then the channels
//! of one of them, which only the board itself can tell.

use eframe::egui::{
    Align2, Button, Popup, PopupCloseBehavior, Response, ScrollArea, TextEdit, Ui, WidgetInfo,
    accesskit::Role, vec2,
};

use super::{curve::Plotted, streams::Streams};
use crate::{
    model::{action::WindowAction, page_context::PageContext},
    widgets::{
        icon, text_line,
        theme::{self, HALF, palette},
    },
};
use fleet::BoardKey;

/// Boards that are offered at once; typing narrows them down.
const OFFERED: usize = 100;

/// The state of the list.
#[derive(Debug, Default)]
pub(super) struct ChannelPicker {
    board: Option<BoardKey>,
    find: String,
    /// It was open in the previous frame.
    is_open: bool,
}

impl ChannelPicker {
    /// The board whose channels are listed.
    pub(super) fn board(&self) -> Option<BoardKey> {
        self.board
    }

    /// Shows the list below `button` while it is open. It stays open for more.
    pub(super) fn below(
        &mut self,
        button: &Response,
        curves: &[Plotted],
        streams: &Streams,
        context: &PageContext<'_>,
    ) {
        let popup = Popup::menu(button).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        let shown = popup.show(|ui| {
            ui.set_width(theme::COMMANDS[0] * 0.5);
            match self.board.and_then(|key| context.model.board(key)) {
                Some(board) => {
                    let title = context.model.title(board);
                    let back = ui.add(
                        Button::new(format!("{}  {title}", icon::CARET_LEFT))
                            .frame_when_inactive(false),
                    );
                    back.widget_info(|| WidgetInfo::labeled(Role::MenuItem, true, "Other boards"));
                    if back.clicked() {
                        self.board = None;
                    }
                    self.channels(ui, board, curves, streams, context);
                }
                None => self.boards(ui, context),
            }
        });
        self.is_open = shown.is_some();
        if !self.is_open {
            self.board = None;
        }
    }

    fn boards(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        let edit = TextEdit::singleline(&mut self.find)
            .hint_text("Find a board")
            .desired_width(f32::INFINITY)
            .min_size(vec2(0.0, theme::LINE))
            .align(Align2::LEFT_CENTER);
        let edit = ui.add(edit);
        if !self.is_open {
            edit.request_focus();
        }
        edit.accessible_name("Find a board with telemetry");
        ui.add_space(HALF);
        let find = self.find.to_lowercase();
        let boards = context
            .model
            .in_order()
            .filter(|board| board.link.is_up())
            .map(|board| (board.key, context.model.title(board)))
            .filter(|(_, title)| title.to_lowercase().contains(&find));
        let mut any = false;
        ScrollArea::vertical()
            .max_height(theme::COMMANDS[1])
            .show(ui, |ui| {
                for (key, title) in boards.take(OFFERED) {
                    any = true;
                    let button = ui.add(Button::new(&title).frame_when_inactive(false).truncate());
                    let name = format!("Telemetry of {title}");
                    button.widget_info(|| WidgetInfo::labeled(Role::MenuItem, true, &name));
                    if button.clicked() {
                        self.board = Some(key);
                        ui.ctx().request_repaint();
                    }
                }
            });
        if !any {
            let words = "No matches.";
            text_line::label(ui, words, words, theme::body(), palette(ui).weak);
        }
    }

    fn channels(
        &self,
        ui: &mut Ui,
        board: &fleet::BoardView,
        curves: &[Plotted],
        streams: &Streams,
        context: &PageContext<'_>,
    ) {
        let channels = streams
            .history(board.key)
            .map_or(&[] as &[_], |history| history.channels());
        if channels.is_empty() {
            let words = streams
                .problem(board.key)
                .unwrap_or_else(|| "Connecting…".to_owned());
            text_line::label(ui, &words, &words, theme::body(), palette(ui).weak);
        }
        for channel in channels {
            let pin = context.model.channel_pin(board, &channel.name);
            if curves.contains(&Plotted::Channel(pin.clone())) {
                continue;
            }
            let words = match &channel.unit_of_measurement {
                Some(unit) => format!("{}, {unit}", channel.name),
                None => channel.name.clone(),
            };
            let button = ui.add(Button::new(&words).frame_when_inactive(false).truncate());
            let name = format!("Add {} / {}", channel.name, context.model.title(board));
            button.widget_info(|| WidgetInfo::labeled(Role::MenuItem, true, &name));
            if button.clicked() {
                context.push(WindowAction::PlotChannel(pin));
            }
        }
    }
}
