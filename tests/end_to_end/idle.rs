//! A window without visible changes draws nothing: two hundred boards are
//! connected, pinged, and push values that no page shows.

use std::{
    thread,
    time::{Duration, Instant},
};

use eframe::egui::{Key, Modifiers};
use gui::SettingsFile;
use virtual_board::{Options, Profile, VirtualBoards};

use crate::window::Desktop;

/// Each board pushes at least once within this time.
const WATCHED: Duration = Duration::from_secs(3);

impl Desktop {
    /// The number of frames that an unused window requests.
    fn frames_in(&mut self, time: Duration) -> usize {
        let end = Instant::now() + time;
        let mut frames = 0;
        while Instant::now() < end {
            thread::sleep(Duration::from_millis(5));
            if self.is_asked_to_draw() {
                self.window.step();
                frames += 1;
            }
        }
        frames
    }
}

#[test]
fn two_hundred_boards_cause_no_frames_on_pages_that_show_none_of_their_values() {
    let restless = Options {
        boards: 200,
        profile: Profile::Weather,
        mdns: false,
        samples_per_second: Some(0.5),
        ..Options::default()
    };
    let boards = VirtualBoards::start(restless).expect("virtual boards");
    let addresses: Vec<String> = boards
        .list()
        .iter()
        .map(|board| board.address.to_string())
        .collect();
    // The window shows an empty page.
    let left = serde_json::from_str(r#"{"place":"dashboards"}"#).expect("settings");
    let mut desktop = Desktop::remembering(&addresses, SettingsFile::holding(left));
    desktop.shows("200 connected");
    let pushed = |desktop: &Desktop| -> usize {
        let app = desktop.window.state();
        let boards = app
            .window()
            .model
            .boards()
            .filter_map(|board| app.fleet().board(board.key));
        boards
            .flat_map(|board| board.components.clone())
            .map(|view| view.history.recent_len())
            .sum()
    };
    // Dashboards, scenes and plots are empty; the frames of a board and the
    // doctor show nothing of components.
    for (page, key) in [
        ("Dashboards", Key::Num2),
        ("Scenes", Key::Num3),
        ("Plots", Key::Num5),
        ("Doctor", Key::Num8),
    ] {
        desktop.window.key_press_modifiers(Modifiers::COMMAND, key);
        desktop.stands_still();
        // Let pending settings be saved and the last frame be drawn.
        desktop.frames_in(Duration::from_secs(1));
        let before = pushed(&desktop);
        let frames = desktop.frames_in(WATCHED);
        let since = pushed(&desktop) - before;
        assert!(
            since > 200,
            "{page}: {since} values were pushed meanwhile, after {before}, {frames} frames"
        );
        // Every 2,000 events the window collects them before they are dropped;
        // soon after that it checks once whether there is anything to save.
        assert!(frames <= 2, "{page}: {frames} frames were drawn");
    }
    // A change that a page shows is drawn at once.
    desktop
        .window
        .key_press_modifiers(Modifiers::COMMAND, Key::Num1);
    desktop.stands_still();
    assert!(desktop.frames_in(WATCHED) > 2, "the page of a board");
}
