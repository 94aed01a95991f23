//! The list of boards in a compact window: a drawer over the page, with the
//! search box. It closes when a board is chosen.

use eframe::egui::{Align2, Frame, Id, Key, Margin, Modal, Ui, vec2};

use crate::{
    model::{action::WindowAction, page_context::PageContext},
    pages::board_list,
    shell::nav_rail,
    widgets::{
        find_box,
        layout::{is_upright, left_of},
        theme::{self, UNIT, palette},
    },
};

/// Whether the drawer is open.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BoardDrawer {
    #[default]
    Closed,
    /// To be drawn for the first time.
    Opened,
    Open,
}

impl BoardDrawer {
    pub(crate) fn open(&mut self) {
        *self = Self::Opened;
    }

    pub(crate) fn close(&mut self) {
        *self = Self::Closed;
    }

    pub(crate) fn is_open(self) -> bool {
        self != Self::Closed
    }

    /// Shows the drawer if it is open; `find` is the text of the search box.
    pub(crate) fn show(&mut self, ui: &Ui, context: &PageContext<'_>, find: &mut String) {
        if !self.is_open() {
            return;
        }
        let is_first = std::mem::replace(self, Self::Open) == Self::Opened;
        let id = Id::unique("board drawer");
        let window = ui.ctx().content_rect();
        let corner = vec2(nav_rail::width(ui), theme::TOP_BAR[0]);
        let room = left_of(window.width(), corner.x);
        let size = match is_upright(ui.ctx()) {
            true => vec2(
                room,
                left_of(window.height(), corner.y + theme::BOTTOM_RAIL[0]),
            ),
            false => vec2(theme::DRAWER.min(room), left_of(window.height(), corner.y)),
        };
        let response = Modal::new(id)
            .area(Modal::default_area(id).anchor(Align2::LEFT_TOP, corner))
            .frame(Frame::new().fill(palette(ui).side))
            .show(ui.ctx(), |ui| {
                ui.set_min_size(size);
                ui.set_max_size(size);
                let field = Margin {
                    left: 12,
                    right: 12,
                    top: 8,
                    bottom: 0,
                };
                Frame::new().inner_margin(field).show(ui, |ui| {
                    let width = left_of(ui.available_width(), UNIT);
                    let response = find_box::show(ui, find, width);
                    if is_first {
                        response.request_focus();
                    }
                    if response.changed() {
                        // The list is filtered before the next frame.
                        ui.ctx().request_repaint();
                    }
                    let entered =
                        response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                    if let Some(first) = context.model.listed_at(0).filter(|_| entered) {
                        context.push(WindowAction::Select(first));
                    }
                });
                board_list::show(ui, context, is_first);
            });
        if response.should_close() {
            self.close();
        }
    }
}
