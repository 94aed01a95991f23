//! The pages of the window and what each of them keeps.

use disk::settings::{Page, Settings};

use crate::{
    pages::{
        activity::Activity, boards_page::BoardsPage, dashboards::Dashboards, doctor::Doctor,
        frames::Frames, health::Health, lab::Lab, plots::Plots, scenes::Scenes,
        serial_monitor::SerialPage,
    },
    widgets::page_view::PageView,
};

/// All pages.
pub(crate) struct Pages {
    pub(super) boards: BoardsPage,
    pub(super) dashboards: Dashboards,
    pub(super) scenes: Scenes,
    pub(super) plots: Plots,
    pub(crate) frames: Frames,
    health: Health,
    pub(crate) doctor: Doctor,
    pub(crate) lab: Lab,
    pub(crate) serial: SerialPage,
    activity: Activity,
}

impl Pages {
    /// The pages as they were left.
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            boards: BoardsPage::new(settings),
            dashboards: Dashboards::new(settings.dashboards.clone()),
            scenes: Scenes::new(settings.scenes.clone()),
            plots: Plots::new(settings.plots.clone()),
            frames: Frames::default(),
            health: Health::default(),
            doctor: Doctor::default(),
            lab: Lab::new(&settings.lab),
            serial: SerialPage::new(&settings.serial),
            activity: Activity::default(),
        }
    }

    /// Writes the state of the pages into `settings`.
    pub(super) fn remember(&self, settings: &mut Settings) {
        self.boards.remember(settings);
        settings.lab = self.lab.settings();
        settings.serial = self.serial.settings();
        settings.plots = self.plots.settings();
        settings.dashboards = self.dashboards.documents.shelf.clone();
        settings.scenes = self.scenes.documents.shelf.clone();
    }

    /// The view of a page.
    pub(super) fn view(&mut self, page: Page) -> &mut dyn PageView {
        match page {
            Page::Boards => &mut self.boards,
            Page::Dashboards => &mut self.dashboards,
            Page::Scenes => &mut self.scenes,
            Page::Plots => &mut self.plots,
            Page::Frames => &mut self.frames,
            Page::Health => &mut self.health,
            Page::Doctor => &mut self.doctor,
            Page::Lab => &mut self.lab,
            Page::Serial => &mut self.serial,
            Page::Activity => &mut self.activity,
        }
    }
}
