//! Several windows over one server: a teacher and the students.

use eframe::egui::accesskit::{Role, Toggled};
use egui_kittest::kittest::{NodeT, Queryable};
use engine::Settings;
use gui::SettingsFile;
use serve::{Access, Token};
use virtual_board::Profile;

use crate::desk::{
    address, boards,
    desktop::Desktop,
    name,
    served::{self, Keeper},
};

/// A server of one lamp with a token for the teacher and one for students, and
/// the window of each.
struct Room {
    teacher: Desktop,
    ben: Desktop,
    board: String,
    boards: virtual_board::VirtualBoards,
}

fn room() -> Room {
    let lamps = boards(Profile::Lamp, 1);
    let settings = Settings {
        discovery: None,
        addresses: vec![address(&lamps)],
        ..Settings::default()
    };
    let fleet = engine::start(settings).expect("a fleet");
    let [control, view] = ["the-token-of-the-teacher", "the-token-of-the-class"]
        .map(|text| text.parse::<Token>().expect("a token"));
    let with = |address: &str, token: &Token| format!("{address}#token={}", token.text());
    let (address, keeper) = {
        let access = Access {
            control: Some(control.clone()),
            view: Some(view.clone()),
        };
        served::serve(fleet, access)
    };
    let open = |token: &Token, name: &str, keeper: Keeper| {
        let fleet = served::window(&with(&address, token), name);
        Desktop::over(fleet, keeper, SettingsFile::nowhere(), |app| app)
    };
    // The last window that is dropped ends the server.
    let mut ben = open(&view, "Ben", Keeper::default());
    let mut teacher = open(&control, "Ms Frizzle", keeper);
    let board = name(&lamps);
    for desktop in [&mut teacher, &mut ben] {
        desktop.shows("1 connected");
        desktop.board_is_shown(&board);
    }
    Room {
        ben,
        teacher,
        board,
        boards: lamps,
    }
}

/// Opens the server's menu.
fn open_menu(desktop: &mut Desktop) {
    desktop.until("the server's button", |window| {
        let button = window.query_by_label_contains("Server: 2 people are connected");
        button.map(|button| button.click())
    });
}

#[test]
fn a_student_may_only_view_until_the_teacher_lets_them_control() {
    let Room {
        mut teacher,
        mut ben,
        boards: _boards,
        ..
    } = room();
    ben.until("that Ben may only view", |window| {
        window
            .query_by_label_contains("You can only view")
            .map(drop)
    });
    ben.until("a switch that says why it cannot be used", |window| {
        let switch = window.query_by_role_and_label(Role::Switch, "Light: on")?;
        let node = switch.accesskit_node();
        let says = node
            .description()
            .is_some_and(|why| why.contains("may only view"));
        (node.is_disabled() && says).then_some(())
    });
    open_menu(&mut teacher);
    teacher.until("the checkbox of Ben", |window| {
        let checkbox = window.query_by_role_and_label(Role::CheckBox, "Ben may control");
        let checkbox = checkbox?;
        let may = checkbox.accesskit_node().toggled() == Some(Toggled::True);
        if !may {
            checkbox.click();
        }
        may.then_some(())
    });
    ben.until("that Ben may control", |window| {
        window
            .query_by_label_contains("You can control boards")
            .map(drop)
    });
    ben.click_switch("Light: on");
    // Everyone sees who it was.
    teacher.until("that Ben did it", |window| {
        let mut told = window.query_all_by_label_contains("Ben");
        told.any(|_| true).then_some(())
    });
}

#[test]
fn the_teacher_shows_a_page_to_everyone_and_ends_a_session() {
    let Room {
        mut teacher,
        mut ben,
        board,
        boards: _boards,
    } = room();
    teacher.click("Health");
    open_menu(&mut teacher);
    teacher.click("Show this page to everyone");
    ben.shows("This page is shown to everyone by the person who runs the server.");
    ben.until("the page Health", |window| {
        let mut told = window.query_all_by_label_contains(&board);
        told.any(|_| true).then_some(())
    });
    open_menu(&mut teacher);
    teacher.click("End the session of Ben");
    ben.until("why the session ended", |window| {
        window
            .query_by_label_contains("your session was ended by the person who runs this server")
            .map(drop)
    });
    teacher.until("that only the teacher is left", |window| {
        window
            .query_by_label_contains("only you are connected")
            .map(drop)
    });
}
