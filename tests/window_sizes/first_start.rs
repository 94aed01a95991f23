//! The first start: the introduction, sample boards, and what to do next.

use eframe::egui::{Key, Modifiers, accesskit::Role};
use egui_kittest::{Harness, kittest::Queryable};
use fleet::BoardView;
use gui::{Request, Samples, Settings, Task};

use super::{Bench, scenes};
use scenes::Now;

fn open(settings: &Settings, boards: fn(Now) -> Vec<BoardView>) -> Harness<'static, Bench> {
    let settings = settings.clone();
    let at = Now::read();
    let mut harness = Harness::builder()
        .with_size([1180.0, 760.0])
        .build_eframe(move |cc| Bench::new(cc, &settings, boards(at), Vec::new(), at));
    harness.run_steps(3);
    harness
}

fn no_boards(_: Now) -> Vec<BoardView> {
    Vec::new()
}

fn lamp(at: Now) -> Vec<BoardView> {
    vec![scenes::lamp(1, "Desk lamp", at)]
}

fn remembered(harness: &Harness<'_, Bench>) -> Settings {
    let mut settings = Settings::default();
    harness.state().window.remember(&mut settings);
    settings
}

#[test]
fn the_first_start_explains_what_happens_and_offers_sample_boards() {
    let mut harness = open(&Settings::default(), no_boards);
    harness.get_by_label("Welcome to Switchboard");
    harness.get_by_label("Start sample boards").click();
    harness.run_steps(2);
    let asked = &harness.state().asked;
    assert_eq!(*asked, [Request::Task(Task::StartVirtualBoards(3))]);
}

#[test]
fn the_dialog_that_adds_a_board_starts_and_stops_sample_boards() {
    let mut harness = open(&Settings::default(), lamp);
    harness.state_mut().window.model.samples = Samples::new(["desk-lamp-0001".to_owned()]);
    harness.get_by_label("Dismiss introduction").click();
    harness.run_steps(2);
    for (words, task) in [
        ("Start sample boards", Task::StartVirtualBoards(3)),
        ("Stop sample boards", Task::StopSampleBoards),
    ] {
        harness.get_by_label("Add board").click();
        harness.run_steps(3);
        harness.get_by_label(words).click();
        harness.run_steps(2);
        let asked = harness.state().asked.last();
        assert_eq!(asked, Some(&Request::Task(task)));
        assert!(harness.query_by_label("Cancel").is_none());
    }
}

#[test]
fn steps_are_ticked_off_as_they_are_done() {
    let mut harness = open(&Settings::default(), lamp);
    harness.get_by_label("Find boards: done");
    harness.get_by_label("Switch something: to do");
    harness
        .get_by_role_and_label(Role::Switch, "Light: on")
        .click();
    harness.run_steps(2);
    harness.get_by_label("Switch something: done");
    harness.get_by_label("Press Ctrl+K: to do");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run_steps(2);
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    harness.get_by_label("Press Ctrl+K: done");
    harness.get_by_label("3 of 5");
}

#[test]
fn the_introduction_stays_until_it_is_dismissed_and_help_shows_it_again() {
    let harness = open(&Settings::default(), lamp);
    let mut harness = open(&remembered(&harness), lamp);
    harness.get_by_label("Getting started");
    harness.get_by_label("Dismiss introduction").click();
    harness.run_steps(2);
    assert!(harness.query_by_label("Getting started").is_none());
    let mut harness = open(&remembered(&harness), lamp);
    assert!(harness.query_by_label("Getting started").is_none());
    harness.key_press(Key::F1);
    harness.run_steps(10);
    harness.get_by_label("Show introduction").click();
    harness.run_steps(2);
    harness.get_by_label("Getting started");
}

#[test]
fn someone_who_has_boards_already_is_not_introduced() {
    let mut settings = Settings::default();
    settings.boards.push(gui::RememberedBoard {
        address: "192.168.1.17:80".to_owned(),
        ..gui::RememberedBoard::default()
    });
    let harness = open(&settings, lamp);
    assert!(harness.query_by_label("Getting started").is_none());
}

#[test]
fn sample_boards_are_marked_and_can_be_stopped() {
    let mut harness = open(&Settings::default(), lamp);
    assert!(harness.query_by_label("Stop sample boards").is_none());
    harness.state_mut().window.model.samples = Samples::new(["desk-lamp-0001".to_owned()]);
    harness.run_steps(2);
    harness.get_by_label_contains("sample: ");
    harness.get_by_label("Stop sample boards").click();
    harness.run_steps(2);
    let asked = &harness.state().asked;
    assert_eq!(*asked, [Request::Task(Task::StopSampleBoards)]);
}
