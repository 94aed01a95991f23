//! The window, and what a person does in it.

use std::{
    thread,
    time::{Duration, Instant},
};

use eframe::egui::{Key, Modifiers, accesskit::Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use engine::Settings;
use fleet::{BoardView, LinkState};
use gui::{App, SettingsFile};
use protocol::{ComponentKey, State};
use virtual_board::{Options, Profile, VirtualBoards};

/// Long enough for a loaded machine; a passing test takes milliseconds.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A lamp and a power strip.
pub(crate) struct Bench {
    pub(crate) lamp: VirtualBoards,
    pub(crate) strip: VirtualBoards,
}

impl Bench {
    pub(crate) fn start() -> Self {
        Self {
            lamp: boards(Profile::Lamp, 1),
            strip: boards(Profile::Strip, 1),
        }
    }

    /// The window over both, which shows the lamp.
    pub(crate) fn desktop(&self) -> Desktop {
        let mut desktop = Desktop::open(&[address(&self.lamp), address(&self.strip)]);
        desktop.connected("Power strip");
        desktop.show_board("Desk lamp");
        desktop
    }
}

/// Boards with one profile, on loopback, without mDNS.
pub(crate) fn boards(profile: Profile, count: usize) -> VirtualBoards {
    VirtualBoards::start(Options {
        boards: count,
        profile,
        mdns: false,
        ..Options::default()
    })
    .expect("virtual boards")
}

/// The address of the first board.
pub(crate) fn address(boards: &VirtualBoards) -> String {
    boards.list()[0].address.to_string()
}

pub(crate) fn key(text: &str) -> ComponentKey {
    text.parse().expect("a component's key")
}

/// `{on: …}`.
pub(crate) fn on(on: bool) -> State {
    State::new().with("on", on)
}

pub(crate) type Shown = Harness<'static, App>;

pub(crate) struct Desktop {
    pub(crate) window: Shown,
}

impl Desktop {
    pub(crate) fn open(addresses: &[String]) -> Self {
        let settings = Settings {
            discovery: None,
            addresses: addresses.to_vec(),
            ..Settings::default()
        };
        Self::of(settings, SettingsFile::nowhere())
    }

    pub(crate) fn of(settings: Settings, file: SettingsFile) -> Self {
        let fleet = engine::start(settings).expect("a fleet");
        let window = Harness::builder()
            .with_size([1180.0, 900.0])
            .build_eframe(move |cc| App::new(cc, fleet, file, None));
        Self { window }
    }

    /// Draws until the shown content passes.
    pub(crate) fn until<T>(&mut self, what: &str, mut find: impl FnMut(&Shown) -> Option<T>) -> T {
        let deadline = Instant::now() + SOON;
        loop {
            self.window.step();
            if let Some(found) = find(&self.window) {
                return found;
            }
            assert!(
                Instant::now() < deadline,
                "never shown: {what}; shown is:\n{:#?}",
                self.window.root()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Draws for a while, in which nothing may happen that should not.
    pub(crate) fn wait(&mut self) {
        self.draw_for(Duration::from_millis(300));
    }

    pub(crate) fn draw_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.window.step();
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn shows(&mut self, label: &str) {
        self.until(label, |window| {
            window.query_all_by_label(label).next().map(|_| ())
        });
    }

    pub(crate) fn shows_about(&mut self, part: &str) {
        self.until(part, |window| {
            window.query_all_by_label_contains(part).next().map(|_| ())
        });
    }

    pub(crate) fn shows_nothing_about(&mut self, part: &str) {
        self.until(&format!("no {part}"), |window| {
            let none = window.query_all_by_label_contains(part).next().is_none();
            none.then_some(())
        });
    }

    /// Whether anything with this text is shown now.
    pub(crate) fn has(&self, part: &str) -> bool {
        self.window
            .query_all_by_label_contains(part)
            .next()
            .is_some()
    }

    /// Draws a few frames, so that overlays disappear and the layout settles.
    pub(crate) fn settle(&mut self) {
        (0..4).for_each(|_| self.window.step());
    }

    pub(crate) fn click(&mut self, label: &str) {
        self.act(Role::Button, label);
    }

    /// Selects an entry of a menu.
    pub(crate) fn choose(&mut self, entry: &str) {
        self.act(Role::MenuItem, entry);
    }

    pub(crate) fn click_switch(&mut self, label: &str) {
        self.act(Role::Switch, label);
    }

    fn act(&mut self, role: Role, label: &str) {
        self.until(label, |window| {
            let node = window.query_all_by_role_and_label(role, label).next()?;
            (!node.accesskit_node().is_disabled()).then_some(())
        });
        self.settle();
        self.until(label, |window| {
            let mut nodes = window.query_all_by_role_and_label(role, label);
            nodes.next().map(|node| node.click())
        });
        self.settle();
    }

    /// Fills the field of a dialog and confirms it.
    pub(crate) fn answer(&mut self, field: &str, text: &str, done: &str) {
        self.until(field, |window| {
            window
                .query_by_role_and_label(Role::TextInput, field)
                .map(|node| node.focus())
        });
        self.settle();
        self.window.key_press_modifiers(Modifiers::COMMAND, Key::A);
        self.window.step();
        self.window
            .get_by_role_and_label(Role::TextInput, field)
            .type_text(text);
        self.window.step();
        self.click(done);
    }

    /// Renames the shown board, in place.
    pub(crate) fn rename(&mut self, name: &str) {
        self.click("More");
        self.choose("Rename…");
        self.until("the field", |window| {
            window
                .query_by_role_and_label(Role::TextInput, "Name")
                .map(|node| node.type_text(name))
        });
        self.window.step();
        self.window.key_press(Key::Enter);
        self.window.step();
    }

    pub(crate) fn undo(&mut self) {
        self.press(Modifiers::COMMAND, Key::Z);
    }

    pub(crate) fn redo(&mut self) {
        self.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    }

    pub(crate) fn press(&mut self, modifiers: Modifiers, key: Key) {
        self.settle();
        self.window.key_press_modifiers(modifiers, key);
        self.settle();
    }

    pub(crate) fn page(&mut self, name: &str) {
        self.click(name);
        self.settle();
    }

    /// What the window knows about a board.
    pub(crate) fn board(&self, name: &str) -> Option<&BoardView> {
        let model = &self.window.state().window().model;
        let mut boards = model.boards();
        boards.find(|view| *view.name == *name).map(AsRef::as_ref)
    }

    pub(crate) fn connected(&mut self, name: &str) {
        self.until(&format!("{name} is connected"), |window| {
            let model = &window.state().window().model;
            let is = |view: &&std::sync::Arc<BoardView>| {
                *view.name == *name
                    && view.link == LinkState::Connected
                    && !view.components.is_empty()
            };
            model.boards().find(is).map(|_| ())
        });
    }

    pub(crate) fn is_gone(&mut self, name: &str) {
        self.until(&format!("{name} is gone"), |window| {
            let model = &window.state().window().model;
            model.boards().all(|view| *view.name != *name).then_some(())
        });
    }

    /// Shows the page of a board.
    pub(crate) fn show_board(&mut self, name: &str) {
        self.connected(name);
        self.settle();
        let row = format!("{name}: connected");
        self.until(name, |window| {
            let shown = window.query_by_role_and_label(Role::Heading, name);
            if shown.is_none()
                && let Some(row) = window.query_by_role_and_label(Role::ListBoxOption, &row)
            {
                row.click();
            }
            shown.map(|_| ())
        });
        self.settle();
    }

    /// Whether a component is on, as its board has reported.
    pub(crate) fn is_on(&self, board: &str, component: &str) -> Option<bool> {
        let component = key(component);
        let mut components = self.board(board)?.components.iter();
        let view = components.find(|view| view.descriptor.key == component)?;
        view.reported.on()
    }

    pub(crate) fn until_on(&mut self, board: &str, component: &str, wanted: bool) {
        let component = key(component);
        self.until(&format!("{board} {component} on: {wanted}"), |window| {
            let model = &window.state().window().model;
            let view = model.boards().find(|view| *view.name == *board)?;
            let mut components = view.components.iter();
            let view = components.find(|view| view.descriptor.key == component)?;
            (view.reported.on() == Some(wanted) && view.wanted.is_none()).then_some(())
        });
    }

    /// Clicks a switch and waits until its board has changed.
    pub(crate) fn toggle(&mut self, label: &str, board: &str, component: &str) -> bool {
        let before = self.is_on(board, component).expect("its state is known");
        self.click_switch(label);
        self.until_on(board, component, !before);
        before
    }

    /// Everything that was done becomes older.
    pub(crate) fn time_passes(&mut self, by: Duration) {
        self.window.state_mut().age_history(by);
    }
}
