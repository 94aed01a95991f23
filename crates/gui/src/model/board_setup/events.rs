//! What the dialog learns from the board at the port.

use setup::{Board, Event, Expected, LockProblem, Network, Problem};

use zeroize::Zeroize as _;

use super::{Doing, Setup, SetupTask, Step, StepOutcome, steps::sentence};
use fleet::{BoardView, Outcome};

impl Setup {
    /// Takes an event of the thread; returns what is to be done next. `view` is
    /// how the board appears on the network, if it does.
    pub(crate) fn update(&mut self, event: Event, view: Option<&BoardView>) -> Vec<SetupTask> {
        match event {
            Event::Ports(ports) => self.list(ports),
            // What was canceled is over already, and another command may run.
            Event::Identified(Err(Problem::Canceled))
            | Event::Detected(Err(setup::flash::Problem::Canceled))
            | Event::Networks(Err(Problem::Canceled))
            | Event::Connected(Err(Problem::Canceled)) => {}
            Event::Identified(outcome) if self.doing == Doing::Identifying => {
                return self.identified(outcome);
            }
            Event::Detected(outcome) if self.doing == Doing::Detecting => {
                self.detected(outcome.map(|chip| *chip));
            }
            Event::Flashing(progress) if self.is_flashing() => {
                self.doing = Doing::Flashing(Some(progress));
            }
            Event::Flashed(outcome) if self.is_flashing() => return self.flashed(outcome),
            Event::Networks(outcome) if self.doing == Doing::Scanning => self.scanned(outcome),
            Event::Connected(outcome) if self.doing == Doing::Connecting => {
                return self.connected(outcome);
            }
            Event::Locked(outcome) if self.doing == Doing::Locking => {
                let kid = outcome.map(|key| key.kid.to_string());
                return self.locked(kid, view);
            }
            // The answer to something that was canceled.
            Event::Identified(_)
            | Event::Detected(_)
            | Event::Flashing(_)
            | Event::Flashed(_)
            | Event::Networks(_)
            | Event::Connected(_)
            | Event::Locked(_) => {}
        }
        Vec::new()
    }

    /// The chosen port stays chosen while it is there.
    fn list(&mut self, ports: Result<Vec<setup::Port>, String>) {
        if self.step == Step::Port && !self.other_port {
            let listed = ports.iter().flatten();
            let mut usb = listed.clone().filter(|port| port.usb.is_some());
            let gone = !listed.clone().any(|port| port.path == self.port);
            if gone {
                // The only board is the one that is meant.
                let only = usb.next().filter(|_| usb.next().is_none());
                self.port = only.map(|port| port.path.clone()).unwrap_or_default();
            }
        }
        self.ports = Some(ports);
    }

    fn identified(&mut self, outcome: Result<Board, Problem>) -> Vec<SetupTask> {
        self.doing = Doing::Nothing;
        match outcome {
            Ok(board) => {
                let name = board.info.as_ref().map(|info| info.name.clone());
                (self.name, self.named) = (name.unwrap_or_default(), false);
                self.board = Some(board);
                self.go_to_wifi()
            }
            // A new chip, or one with other firmware.
            Err(Problem::Silent { .. } | Problem::NotImprov { .. }) if self.flashed.is_none() => {
                self.detect()
            }
            Err(problem) => {
                self.problem = Some(sentence(&problem));
                self.step = match problem {
                    Problem::NoPort { .. }
                    | Problem::Busy { .. }
                    | Problem::InUse { .. }
                    | Problem::Denied { .. }
                    | Problem::Open { .. }
                    | Problem::Lost { .. } => {
                        self.outcomes = Default::default();
                        Step::Port
                    }
                    _ => Step::Firmware,
                };
                Vec::new()
            }
        }
    }

    /// What runs on the board is known.
    pub(super) fn note_firmware(&mut self) {
        let info = self.board.as_ref().map(|board| board.info.as_ref());
        let words = match info {
            Some(Some(info)) => text::plain(&format!(
                "{} {} on {}",
                info.firmware, info.version, info.chip
            )),
            Some(None) => "Firmware with Improv".to_owned(),
            None => return,
        };
        let words = match self.was_flashed() {
            Some(written) => format!("{written} It runs {words}."),
            None => words,
        };
        self.outcomes[Step::Firmware.place()] = Some(StepOutcome::Done(words));
    }

    fn is_flashing(&self) -> bool {
        matches!(self.doing, Doing::Flashing(_))
    }

    fn scanned(&mut self, outcome: Result<Vec<Network>, Problem>) {
        self.doing = Doing::Nothing;
        match outcome {
            Ok(networks) => {
                let gone = !networks.iter().any(|network| network.ssid == self.ssid);
                if !self.other_network && gone {
                    self.ssid.clear();
                }
                self.networks = Some(networks);
            }
            Err(problem) => {
                self.networks.get_or_insert_default();
                self.other_network |= matches!(problem, Problem::NoScan);
                self.problem = Some(sentence(&problem));
            }
        }
    }

    fn connected(&mut self, outcome: Result<Expected, Problem>) -> Vec<SetupTask> {
        self.doing = Doing::Nothing;
        match outcome {
            Ok(expected) => {
                self.password.zeroize();
                if let Some(board) = &mut self.board {
                    board.provisioned = true;
                }
                if expected.can_appear() {
                    self.doing = Doing::Awaiting(None);
                    self.expected = Some(expected);
                    return Vec::new();
                }
                self.foreign(&expected)
            }
            Err(problem) => {
                self.problem = Some(sentence(&problem));
                Vec::new()
            }
        }
    }

    /// The board has its network, but other programs control it.
    fn foreign(&mut self, expected: &Expected) -> Vec<SetupTask> {
        let at = expected.url.as_ref();
        let at = at.map_or_else(String::new, |url| format!(" at {url}"));
        let words = format!("Connected to {}{at}.", self.ssid);
        let done = StepOutcome::Done(text::plain(&words));
        self.outcomes[Step::Wifi.place()] = Some(done);
        let firmware = match &expected.firmware {
            setup::Firmware::Other(name) => text::plain(name),
            _ => "this firmware".to_owned(),
        };
        self.locked = Some(format!(
            "Switchboard cannot control boards with {firmware}."
        ));
        self.end()
    }

    fn locked(
        &mut self,
        outcome: Result<String, LockProblem>,
        view: Option<&BoardView>,
    ) -> Vec<SetupTask> {
        self.doing = Doing::Nothing;
        match outcome {
            Ok(kid) => {
                self.locked = Some(format!(
                    "Locked with key {kid}, which is saved on this computer."
                ));
                if self.named && self.found.is_some() {
                    // A new name is sent over the encrypted connection.
                    self.doing = Doing::Reconnecting(None);
                    return Vec::new();
                }
                self.rename_or_end(view)
            }
            Err(problem) => {
                self.problem = Some(sentence(&problem));
                Vec::new()
            }
        }
    }

    /// The board has answered to its new name.
    pub(crate) fn renamed(&mut self, outcome: &Outcome) -> Vec<SetupTask> {
        if self.doing != Doing::Renaming {
            return Vec::new();
        }
        self.doing = Doing::Nothing;
        match outcome {
            Outcome::Done { .. } => {
                self.renamed = Some(format!("Named {}.", text::plain(self.name.trim())));
                self.end()
            }
            other => {
                self.problem = Some(format!(
                    "The board was not renamed: {}.",
                    text::answer(other)
                ));
                Vec::new()
            }
        }
    }
}
