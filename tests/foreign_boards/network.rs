//! Boards of every family in one network of their own, found by their real
//! service types: by a fleet, by the window and by the command line.
//!
//! The network is a namespace, which needs root on Linux; elsewhere this
//! reports that it was skipped. ESPHome takes part where it was built
//! (`scripts/esphome-host`).

use std::{
    env, fs,
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use doubles::{Announce, Shelly, ShellyOptions, Wled, WledOptions};
use eframe::egui::accesskit::Toggled;
use engine::Settings;
use fleet::{Family, LinkState};
use gui::SettingsFile;
use mdns_sd::{ServiceDaemon, ServiceInfo};
use serde_json::{Value, json};
use tempfile::TempDir;
use virtual_board::{Options, Profile, VirtualBoards};

use crate::{
    desk::{Observer, SOON, component_of, desktop::Desktop, key, on},
    lan::{self, Lan},
    program,
};

/// Set for the process inside the network.
const INSIDE: &str = "SWITCHBOARD_FOREIGN_INSIDE";

/// Precedes a measured value.
const MEASURED: &str = "measured: ";

/// Precedes what takes no part.
const SKIPPED: &str = "SKIPPED ";

const SHELLY: &str = "Hall sockets";
const WLED: &str = "Shelf strip";
const ESPHOME: &str = "Desk";

#[test]
fn boards_of_all_families_are_found_switched_and_heard_in_one_window() {
    let Some(lan) = Lan::of(1) else { return };
    let output = Command::new("ip")
        .args(["netns", "exec", &lan.host(1)])
        .arg(env::current_exe().expect("this program"))
        .args(["--exact", "network::inside", "--ignored", "--nocapture"])
        .env(INSIDE, "yes")
        .env_remove("SWITCHBOARD_SERVICE")
        .output()
        .expect("a process");
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        // Anywhere in it: the test runner begins the first line.
        if let Some((_, measured)) = line.split_once(MEASURED) {
            println!("{measured}");
        }
        if let Some(at) = line.find(SKIPPED) {
            skipped(&line[at..]);
        }
    }
    // Indented, because `./check` counts lines of the test runner.
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).replace('\n', "\n  ");
    assert!(output.status.success(), "inside the network:\n  {said}");
}

/// Reports what takes no part, in the form that `./check` counts. Not printed
/// by a macro, whose output the test runner would capture.
fn skipped(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

#[test]
#[ignore = "no test: the other one starts it in a network of its own"]
fn inside() {
    if env::var_os(INSIDE).is_none() {
        return;
    }
    let bench = Bench::start();
    bench.all_are_found_and_connected();
    let mut desktop = Desktop::of(Settings::default(), SettingsFile::nowhere());
    bench.each_is_switched_from_the_window(&mut desktop);
    bench.each_is_switched_from_the_command_line(&mut desktop);
    bench.a_change_at_each_shows_unasked(&mut desktop);
    bench.one_scene_sets_all(&mut desktop);
    bench.one_dashboard_has_a_tile_of_each(&mut desktop);
}

/// A component that is switched.
#[derive(Clone)]
struct Target {
    board: String,
    id: String,
    key: String,
    name: String,
}

struct Bench {
    ours: VirtualBoards,
    shelly: Shelly,
    wled: Wled,
    esphome: Option<Esphome>,
}

impl Bench {
    fn start() -> Self {
        let everywhere = Ipv4Addr::UNSPECIFIED;
        let bind = SocketAddr::from((everywhere, 0));
        Self {
            ours: VirtualBoards::start(Options {
                boards: 3,
                profile: Profile::Mixed,
                bind: everywhere.into(),
                service: protocol::mdns::SERVICE.to_owned(),
                ..Options::default()
            })
            .expect("virtual boards"),
            shelly: Shelly::start(ShellyOptions {
                name: Some(SHELLY.to_owned()),
                announce: Announce::Family,
                bind,
                ..ShellyOptions::default()
            })
            .expect("a Shelly"),
            wled: Wled::start(WledOptions {
                name: WLED.to_owned(),
                announce: Announce::Family,
                bind,
                ..WledOptions::default()
            })
            .expect("a WLED"),
            esphome: Esphome::start(),
        }
    }

    fn boards(&self) -> usize {
        5 + usize::from(self.esphome.is_some())
    }

    fn all_are_found_and_connected(&self) {
        let start = Instant::now();
        let mut seen = Observer::new(Settings::default());
        seen.until("all boards are connected", SOON, |seen| {
            let is_connected = |board: &&std::sync::Arc<fleet::BoardView>| {
                board.link == LinkState::Connected && !board.components.is_empty()
            };
            (seen.boards.values().filter(is_connected).count() == self.boards()).then_some(())
        });
        println!(
            "{MEASURED}{} boards of {} families were found and connected in {:.2} s",
            self.boards(),
            if self.esphome.is_some() { 4 } else { 3 },
            start.elapsed().as_secs_f64()
        );
        for family in [Family::Shelly, Family::Wled] {
            let of_family = |board: &&std::sync::Arc<fleet::BoardView>| board.family == family;
            assert_eq!(
                seen.boards.values().filter(of_family).count(),
                1,
                "{family}"
            );
        }
        assert_eq!(seen.boards.len(), self.boards());
    }

    /// A component of each board that is switched.
    fn targets(&self, desktop: &mut Desktop) -> Vec<Target> {
        let mut wanted = vec![
            ("Desk lamp", "light:0"),
            ("Power strip", "switch:0"),
            (SHELLY, "switch:0"),
            (WLED, "light:0"),
        ];
        if self.esphome.is_some() {
            wanted.push((ESPHOME, "Relay"));
        }
        let target = |(board, what): (&str, &str)| {
            desktop.until(board, |window| {
                let view = window
                    .state()
                    .window()
                    .model
                    .boards()
                    .find(|view| *view.name == *board)?
                    .clone();
                let component = view.components.iter().find(|component| {
                    let descriptor = &component.descriptor;
                    descriptor.key.to_string() == what || descriptor.name == what
                })?;
                Some(Target {
                    board: board.to_owned(),
                    id: view.id.as_ref()?.to_string(),
                    key: component.descriptor.key.to_string(),
                    name: component.descriptor.name.clone(),
                })
            })
        };
        wanted.into_iter().map(target).collect()
    }

    /// Whether the board itself says that it is on.
    fn truth(&self, target: &Target) -> Option<bool> {
        match target.board.as_str() {
            SHELLY => self.shelly.status("switch:0")["output"].as_bool(),
            WLED => self.wled.state()["on"].as_bool(),
            _ => {
                let shown = switchboard(&["show", &target.id, "--json"]);
                let shown: Value = serde_json::from_str(&shown).expect("JSON");
                let components = shown["components"].as_array().expect("components");
                let component = components
                    .iter()
                    .find(|component| component["descriptor"]["key"] == target.key.as_str());
                component.expect("it has it")["state"]["on"].as_bool()
            }
        }
    }

    fn each_is_switched_from_the_window(&self, desktop: &mut Desktop) {
        for target in self.targets(desktop) {
            desktop.board_is_shown(&target.board);
            let label = format!("{}: on", target.name);
            let before = desktop.switch(&label, |switch| {
                (!switch.is_disabled()).then_some(switch.toggled())
            });
            desktop.click_switch(&label);
            desktop.shows_about(&format!("{}: confirmed", target.name));
            let after = desktop.switch(&label, |switch| switch.toggled());
            assert_ne!(Some(after), before, "{}", target.board);
            assert_eq!(
                self.truth(&target),
                Some(after == Toggled::True),
                "{}",
                target.board
            );
        }
        desktop.board_is_shown("Weather station");
    }

    fn each_is_switched_from_the_command_line(&self, desktop: &mut Desktop) {
        for target in self.targets(desktop) {
            desktop.board_is_shown(&target.board);
            let label = format!("{}: on", target.name);
            // By its id, by its name, and by its address with its family.
            let name = target.board.to_lowercase().replace(' ', "-");
            let url = self.url(&target);
            for board in [&target.id, &name].into_iter().chain(&url) {
                let component = format!("{board}/{}", target.key);
                let on = desktop.switch(&label, |switch| switch.toggled()) == Toggled::True;
                switchboard(&["set", &component, &format!("on={}", !on)]);
                desktop.switch(&label, |switch| {
                    ((switch.toggled() == Some(Toggled::True)) != on).then_some(())
                });
            }
        }
    }

    /// Its address with its family, as it is typed.
    fn url(&self, target: &Target) -> Option<String> {
        let host = lan::address(1);
        match target.board.as_str() {
            SHELLY => Some(format!("shelly://{host}:{}", self.shelly.address().port())),
            WLED => Some(format!("wled://{host}:{}", self.wled.address().port())),
            ESPHOME => Some(format!("esphome://{host}")),
            _ => None,
        }
    }

    fn a_change_at_each_shows_unasked(&self, desktop: &mut Desktop) {
        for target in self.targets(desktop) {
            desktop.board_is_shown(&target.board);
            let label = format!("{}: on", target.name);
            let was = desktop.switch(&label, |switch| switch.toggled()) == Toggled::True;
            self.change(&target, !was);
            desktop.switch(&label, |switch| {
                ((switch.toggled() == Some(Toggled::True)) != was).then_some(())
            });
        }
    }

    /// Someone at the board switches it.
    fn change(&self, target: &Target, wanted: bool) {
        match target.board.as_str() {
            SHELLY => self.shelly.set_output(0, wanted),
            WLED => self.wled.set_output(wanted),
            // Its button changes the switch at the board.
            ESPHOME => {
                let shown = switchboard(&["show", &target.id, "--json"]);
                let shown: Value = serde_json::from_str(&shown).expect("JSON");
                let components = shown["components"].as_array().expect("components");
                let flip = components
                    .iter()
                    .find(|component| component["descriptor"]["name"] == "Flip")
                    .expect("a button");
                let flip = flip["descriptor"]["key"].as_str().expect("a key");
                switchboard(&["press", &format!("{}/{flip}", target.id)]);
            }
            name => self
                .ours
                .set(name, &key(&target.key), on(wanted))
                .expect("set at the board"),
        }
    }

    fn one_scene_sets_all(&self, desktop: &mut Desktop) {
        let targets = self.targets(desktop);
        let steps: Vec<_> = targets
            .iter()
            .map(|target| {
                json!({ "board": target.id, "component": target.key, "set": { "on": true } })
            })
            .collect();
        let scene = json!({
            "switchboard": "scene", "version": 1, "name": "Bright", "steps": steps,
        });
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("bright.json");
        fs::write(&file, scene.to_string()).expect("written");
        for target in &targets {
            self.change_to(desktop, target, false);
        }
        desktop.click("Scenes");
        desktop.click("More for scenes");
        desktop.choose("Load…");
        desktop.path(&file, "Load");
        desktop.shows("Loaded Bright.");
        let count = targets.len();
        desktop.shows(&format!("{count} components on {count} boards; 0 match"));
        desktop.click("Apply Bright");
        desktop.shows("Apply Bright: done");
        desktop.shows(&format!("{count} components on {count} boards; all match"));
        for target in &targets {
            assert_eq!(self.truth(target), Some(true), "{}", target.board);
        }
        // And from the command line.
        for target in &targets {
            self.change_to(desktop, target, false);
        }
        switchboard(&["scene", "apply", &file.display().to_string()]);
        for target in &targets {
            assert_eq!(self.truth(target), Some(true), "{}", target.board);
        }
        desktop.click("Boards");
    }

    /// Waits until the window knows it.
    fn change_to(&self, desktop: &mut Desktop, target: &Target, wanted: bool) {
        let is_on = |desktop: &mut Desktop| desktop.state(&target.board, &target.key).on();
        if is_on(desktop) != Some(wanted) {
            self.change(target, wanted);
        }
        desktop.until(&target.board, |window| {
            let model = &window.state().window().model;
            let view = model.boards().find(|view| *view.name == *target.board)?;
            let component = component_of(view, &target.key)?;
            (component.reported.on() == Some(wanted)).then_some(())
        });
    }

    fn one_dashboard_has_a_tile_of_each(&self, desktop: &mut Desktop) {
        let targets = self.targets(desktop);
        let mut entry = "Pin to a new dashboard";
        for target in &targets {
            desktop.board_is_shown(&target.board);
            desktop.click(&format!("{}: more", target.name));
            desktop.choose(entry);
            entry = "Pin to Dashboard 1";
        }
        desktop.click("Dashboards");
        for target in &targets {
            let label = format!("{}: {}: on", target.board, target.name);
            let before = desktop.switch(&label, |switch| switch.toggled());
            desktop.click_switch(&label);
            desktop.switch(&label, |switch| {
                (switch.toggled() != Some(before)).then_some(())
            });
            desktop.shows_about(&format!("{}: {}: confirmed", target.board, target.name));
            assert_eq!(self.truth(target), Some(before != Toggled::True));
        }
    }
}

/// Runs the program under test; its output.
fn switchboard(arguments: &[&str]) -> String {
    let output = program::switchboard()
        .env_remove("SWITCHBOARD_SERVICE")
        .args(arguments)
        .output()
        .expect("the program runs");
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{arguments:?}: {out}{err}");
    out.into_owned()
}

/// The real ESPHome and its announcement, which it does not make itself on this
/// platform.
struct Esphome {
    program: Child,
    /// Where it keeps its preferences.
    _home: TempDir,
    _mdns: ServiceDaemon,
}

impl Esphome {
    const PORT: u16 = 6053;

    fn start() -> Option<Self> {
        let Some(path) = built() else {
            println!("{SKIPPED}esphome: one window: ESPHome was not built: scripts/esphome-host");
            return None;
        };
        let home = tempfile::tempdir().expect("a temporary folder");
        let program = Command::new(path)
            .env("PORT", Self::PORT.to_string())
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let end = Instant::now() + SOON;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, Self::PORT)).is_err() {
            assert!(Instant::now() < end, "ESPHome does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        let mdns = ServiceDaemon::new().expect("mDNS");
        let txt = [
            ("friendly_name", ESPHOME),
            ("version", "2026.6.5"),
            ("mac", "0200000a1b2c"),
            ("platform", "HOST"),
            ("board", "host"),
            ("network", "ethernet"),
        ];
        let service = Family::Esphome.service().unwrap_or_default();
        let address = lan::address(1);
        let announced = ServiceInfo::new(
            service,
            "desk",
            "desk.local.",
            address,
            Self::PORT,
            &txt[..],
        );
        mdns.register(announced.expect("valid")).expect("announced");
        Some(Self {
            program,
            _home: home,
            _mdns: mdns,
        })
    }
}

impl Drop for Esphome {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// The program that `scripts/esphome-host` has built.
fn built() -> Option<PathBuf> {
    if let Some(path) = env::var_os("ESPHOME_HOST") {
        return Some(path.into());
    }
    let cache = match env::var_os("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => Path::new(&env::var_os("HOME")?).join(".cache"),
    };
    let entries = fs::read_dir(cache.join("switchboard/esphome-host")).ok()?;
    // Only the last build is kept.
    entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .next()
}
