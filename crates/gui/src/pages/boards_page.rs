//! The page of boards: the list, and the page of the board that is selected or
//! of several.

use eframe::egui::{Frame, Margin, Panel, RichText, Ui, Vec2};
use protocol::ComponentKey;

use disk::settings::Settings;

use crate::{
    model::page_context::PageContext,
    pages::{
        board_list, board_page, list_button,
        selection_page::{self, Drafts},
    },
    widgets::{
        layout::WindowSize,
        page_view::PageView,
        theme::{self, palette},
    },
};

/// The page.
#[derive(Default)]
pub(crate) struct BoardsPage {
    /// The width of the list; `None` until it was shown.
    list_width: Option<f32>,
    /// The component that is scrolled to and lit in the next frame.
    pub(crate) component: Option<ComponentKey>,
    /// Whether the selected board is scrolled into view.
    pub(crate) reveal: bool,
    /// What the controls of several boards were left at.
    drafts: Drafts,
}

impl BoardsPage {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            list_width: settings.layout.list,
            ..Self::default()
        }
    }

    /// Writes the state of the page into `settings`.
    pub(crate) fn remember(&self, settings: &mut Settings) {
        settings.layout.list = self.list_width;
    }
}

impl PageView for BoardsPage {
    fn margin(&self, context: &PageContext<'_>) -> Margin {
        let (right, bottom) = match context.model.selection().next() {
            Some(_) => (12, 4),
            None => (4, 0),
        };
        Margin {
            left: 20,
            right,
            top: 12,
            bottom,
        }
    }

    fn least_size(&self) -> Vec2 {
        theme::LEAST_BOARD.into()
    }

    fn panels(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        if WindowSize::is_compact(ui.ctx()) {
            // The list is a drawer of the window.
            self.reveal = false;
            return;
        }
        let palette = palette(ui);
        let [least, first, most] = theme::LIST_WIDTH;
        let list = Panel::left("list")
            .frame(Frame::new().fill(palette.side))
            .default_size(self.list_width.unwrap_or(first))
            .size_range(least..=most)
            .show(ui, |ui| {
                board_list::show(ui, context, std::mem::take(&mut self.reveal));
                ui.take_available_space();
            });
        self.list_width = Some(list.response.rect.width());
    }

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        if context.model.selection().next().is_some() {
            context
                .model
                .selection()
                .for_each(|board| context.shows(board));
            return selection_page::show(ui, context, &mut self.drafts);
        }
        match context.model.selected() {
            Some(board) => {
                let reveal = self.component.take();
                board_page::show(ui, board, context, reveal.as_ref());
            }
            None => {
                list_button::show(ui, context);
                ui.centered_and_justified(|ui| {
                    ui.label(RichText::new("Select a board.").color(palette(ui).weak));
                });
            }
        }
    }
}
