//! The whole program behind its window: the real `App` with a real fleet,
//! driven by accessible names.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use eframe::egui::{Key, Modifiers, accesskit::Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use engine::Settings;
use fleet::Fleet;
use gui::{App, Replays, SettingsFile};
use protocol::State;

use super::{
    SOON, key,
    served::{Keeper, start},
    transport,
};

/// The window, and the time of the next frame that it requests.
pub(crate) struct Desktop {
    pub(crate) window: Harness<'static, App>,
    repaint: Arc<(Mutex<Option<Instant>>, Condvar)>,
    /// Dropped after the window, which has the fleet.
    _keeper: Keeper,
}

impl Desktop {
    pub(crate) fn open(addresses: &[String]) -> Self {
        Self::remembering(addresses, SettingsFile::nowhere())
    }

    /// A window whose settings are in a file.
    pub(crate) fn remembering(addresses: &[String], file: SettingsFile) -> Self {
        Self::of(
            Settings {
                discovery: None,
                addresses: addresses.to_vec(),
                ..Settings::default()
            },
            file,
        )
    }

    /// A window with a fleet that is started with these settings.
    pub(crate) fn of(settings: Settings, file: SettingsFile) -> Self {
        Self::replaying(settings, file, None)
    }

    /// A window that can replay recordings.
    pub(crate) fn replaying(
        settings: Settings,
        file: SettingsFile,
        replays: Option<Box<dyn Replays>>,
    ) -> Self {
        let lookout = settings.discovery.clone();
        let (fleet, keeper) = start(Settings {
            transport: transport(),
            ..settings
        });
        Self::over(fleet, keeper, file, |app| {
            app.with_lookout(lookout).with_replays(replays)
        })
    }

    /// A window over a fleet.
    pub(crate) fn over(
        fleet: Fleet,
        keeper: Keeper,
        file: SettingsFile,
        with: impl FnOnce(App) -> App + 'static,
    ) -> Self {
        let repaint = Arc::new((Mutex::new(Some(Instant::now())), Condvar::new()));
        let asked = Arc::clone(&repaint);
        let window = Harness::builder()
            .with_size([1180.0, 900.0])
            .build_eframe(move |cc| {
                cc.egui_ctx.set_request_repaint_callback(move |wanted| {
                    let Some(at) = Instant::now().checked_add(wanted.delay) else {
                        return;
                    };
                    let mut asked_for = asked.0.lock().unwrap_or_else(PoisonError::into_inner);
                    *asked_for = Some(asked_for.map_or(at, |earlier| earlier.min(at)));
                    asked.1.notify_all();
                });
                with(App::new(cc, fleet, file, None))
            });
        Self {
            window,
            repaint,
            _keeper: keeper,
        }
    }

    /// Draws each requested frame, until the shown content passes.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut find: impl FnMut(&Harness<'static, App>) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + SOON;
        loop {
            self.window.step();
            if let Some(found) = find(&self.window) {
                return found;
            }
            // Checked even if the window is animated all the time.
            assert!(
                Instant::now() < deadline,
                "never shown: {what}; shown is:\n{:#?}",
                self.window.root()
            );
            let due = |at: &Option<Instant>| at.is_some_and(|at| at <= Instant::now());
            let mut asked = self
                .repaint
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            while !due(&asked) {
                let left = deadline.saturating_duration_since(Instant::now());
                assert!(
                    !left.is_zero(),
                    "never shown: {what}; shown is:\n{:#?}",
                    self.window.root()
                );
                // Fading or aging content is redrawn without a request.
                let pause = left.min(Duration::from_millis(100));
                let (guard, waited) = self
                    .repaint
                    .1
                    .wait_timeout(asked, pause)
                    .unwrap_or_else(PoisonError::into_inner);
                asked = guard;
                if waited.timed_out() {
                    break;
                }
            }
            *asked = None;
        }
    }

    /// Whether it wants to be drawn now; asked once for each time.
    pub(crate) fn is_asked_to_draw(&mut self) -> bool {
        let mut asked = self
            .repaint
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let due = asked.is_some_and(|at| at <= Instant::now());
        if due {
            *asked = None;
        }
        due
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

    /// Clicks the only button with this name.
    pub(crate) fn click(&mut self, label: &str) {
        self.until(label, |window| {
            window
                .query_by_role_and_label(Role::Button, label)
                .map(|_| ())
        });
        self.stands_still();
        self.until(label, |window| {
            window
                .query_by_role_and_label(Role::Button, label)
                .map(|node| node.click())
        });
        self.window.step();
    }

    /// Clicks one of several buttons that do the same: a message and its row in
    /// the timeline share them.
    pub(crate) fn click_first(&mut self, label: &str) {
        self.until(label, |window| {
            let mut buttons = window.query_all_by_role_and_label(Role::Button, label);
            buttons.next().map(|_| ())
        });
        self.stands_still();
        self.until(label, |window| {
            let mut buttons = window.query_all_by_role_and_label(Role::Button, label);
            buttons.next().map(|node| node.click())
        });
        self.window.step();
    }

    /// Draws a few frames, so that overlays disappear and the layout settles.
    pub(crate) fn stands_still(&mut self) {
        (0..4).for_each(|_| self.window.step());
    }
}

impl Desktop {
    /// The state of a switch, once it exists and is known.
    pub(crate) fn switch<T>(
        &mut self,
        label: &str,
        read: impl Fn(&egui_kittest::kittest::AccessKitNode<'_>) -> Option<T>,
    ) -> T {
        self.until(label, |window| {
            read(
                &window
                    .query_by_role_and_label(Role::Switch, label)?
                    .accesskit_node(),
            )
        })
    }

    pub(crate) fn click_switch(&mut self, label: &str) {
        self.until(label, |window| {
            window
                .query_by_role_and_label(Role::Switch, label)
                .map(|node| node.click())
        });
        self.window.step();
    }
}

impl Desktop {
    /// The last reported state of a component.
    pub(crate) fn state(&mut self, board: &str, component: &str) -> State {
        let key = key(component);
        self.until(component, |window| {
            let board = window
                .state()
                .window()
                .model
                .boards()
                .find(|view| *view.name == *board)?
                .clone();
            board.component(&key).map(|view| view.reported.clone())
        })
    }

    /// Selects an entry of a menu, which may open with it.
    pub(crate) fn choose(&mut self, entry: &str) {
        self.stands_still();
        self.until(entry, |window| {
            window
                .query_by_role_and_label(Role::MenuItem, entry)
                .map(|item| item.click())
        });
        self.window.step();
        self.stands_still();
    }

    /// Runs a command of the palette.
    pub(crate) fn command(&mut self, words: &str) {
        self.window.key_press_modifiers(Modifiers::COMMAND, Key::K);
        self.until("the palette", |window| {
            window
                .query_by_role_and_label(Role::TextInput, "Command")
                .map(|field| field.type_text(words))
        });
        self.choose(words);
    }

    /// Selects a connected board in the list, and waits for its page.
    pub(crate) fn board_is_shown(&mut self, name: &str) {
        let label = format!("{name}: connected");
        self.shows(&label);
        // The list may still change while boards arrive, and a click may land
        // on another board.
        while self
            .window
            .query_by_role_and_label(Role::Heading, name)
            .is_none()
        {
            self.until(name, |window| {
                let shown = window
                    .query_by_role_and_label(Role::Heading, name)
                    .map(|_| ());
                if shown.is_none() {
                    window
                        .query_by_role_and_label(Role::ListBoxOption, &label)?
                        .click();
                }
                shown
            });
            self.stands_still();
        }
    }

    /// Types a path, because no file dialog is available, and clicks this
    /// button.
    pub(crate) fn path(&mut self, path: &std::path::Path, done: &str) {
        self.until("the dialog", |window| {
            window
                .query_by_role_and_label(Role::TextInput, "Path")
                .map(|field| {
                    field.focus();
                })
        });
        self.window.step();
        self.window.key_press_modifiers(Modifiers::COMMAND, Key::A);
        self.window.step();
        let text = path.display().to_string();
        self.until("the dialog", |window| {
            window
                .query_by_role_and_label(Role::TextInput, "Path")
                .map(|field| field.type_text(&text))
        });
        self.window.step();
        self.click(done);
    }
}
