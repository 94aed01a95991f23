//! Link health in the window.

use egui_kittest::kittest::Queryable;
use virtual_board::Profile;

use crate::{desk::boards, window::desktop};

#[test]
fn a_lost_link_is_listed_with_its_cause_and_round_trips() {
    let boards = boards(Profile::Lamp, 2);
    let mut desktop = desktop(&boards);
    desktop.shows("2 connected");
    desktop.click("Health");
    // A command is answered: its round trip counts.
    desktop.click("Boards");
    desktop.click_switch("Light: on");
    desktop.shows_about("Light: confirmed");
    desktop.click("Health");
    desktop.shows_about("round trips: median");
    boards.stop("Desk lamp").expect("stopped");
    // Before it is restored.
    desktop.until("the link that was lost", |window| {
        let mut rows = window.query_all_by_label_contains("Desk lamp: unreachable, ");
        rows.find(|row| format!("{row:?}").contains("drops 1"))
            .map(|_| ())
    });
    boards.start_again("Desk lamp").expect("started");
    desktop.until("the link that was lost and came back", |window| {
        let mut rows = window.query_all_by_label_contains("Desk lamp: connected, ");
        rows.find(|row| format!("{row:?}").contains("drops 1"))
            .map(|_| ())
    });
    desktop.shows_about("last disconnect the connection was closed");
}
