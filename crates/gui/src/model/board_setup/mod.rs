//! The dialog *Set up a board*: which step it is at, what was typed, and what
//! happened so far. Opens no port; `crates/setup` does that on its own thread.

mod events;
mod flashing;
mod steps;
mod waiting;

use doctor::{Check, Finding};
use fleet::{BoardKey, BoardView, Lock};
use protocol::improv::{MAX_PASSWORD, MAX_SSID};
use setup::{
    Board, Command, Expected, Firmware, FoundChip, ImageChoice, Network, Port, flash::Progress,
};

use web_time::Instant;
use zeroize::Zeroizing;

/// What the dialog asks the app to do.
#[derive(Debug, Clone, PartialEq)]
pub enum SetupTask {
    /// Start the thread that opens ports.
    Begin,
    /// Run this on it.
    Run(Command),
    /// Cancel what runs on it.
    Cancel,
    /// Find out why this board is missing; `None` examines the network.
    Examine(Option<String>),
    /// Stop that.
    StopExamining,
    /// Connect to the board at this address.
    Connect(String),
    /// Name the board.
    Rename(BoardKey, String),
}

/// A step of the dialog.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// Choose the port.
    #[default]
    Port,
    /// Find out what runs on the board.
    Firmware,
    /// Choose the network, and wait for the board on it.
    Wifi,
    /// Lock the board, and name it.
    LockAndName,
    /// What happened.
    Done,
}

impl Step {
    /// Every step, in order.
    pub(crate) const ALL: [Self; 5] = [
        Self::Port,
        Self::Firmware,
        Self::Wifi,
        Self::LockAndName,
        Self::Done,
    ];

    /// Its title.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Port => "Port",
            Self::Firmware => "Firmware",
            Self::Wifi => "Wi-Fi",
            Self::LockAndName => "Lock and name",
            Self::Done => "Done",
        }
    }

    /// Its place, from 0.
    pub(crate) fn place(self) -> usize {
        self as usize
    }
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StepOutcome {
    /// This happened.
    Done(String),
    /// It was skipped, and this is the consequence.
    Skipped(String),
    /// It did not succeed.
    Failed(String),
}

impl StepOutcome {
    /// What happened, in words.
    pub(crate) fn words(&self) -> &str {
        match self {
            Self::Done(words) | Self::Skipped(words) | Self::Failed(words) => words,
        }
    }
}

/// What is going on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Nothing: the person is asked.
    #[default]
    Nothing,
    /// The board is asked what it is.
    Identifying,
    /// The chip is asked what it is.
    Detecting,
    /// Firmware is written.
    Flashing(Option<Progress>),
    /// The board looks for networks.
    Scanning,
    /// The board connects to the network.
    Connecting,
    /// The board is expected on the network, until then.
    Awaiting(Option<Instant>),
    /// The board generates a key, and it is saved.
    Locking,
    /// The encrypted connection is expected, until then.
    Reconnecting(Option<Instant>),
    /// The board is told its name.
    Renaming,
}

/// Why the board did not appear.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Missing {
    /// The check that the doctor runs.
    pub(crate) check: Option<Check>,
    /// Its findings, or why there are none.
    pub(crate) outcome: Option<Result<Vec<Finding>, String>>,
}

/// The dialog.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    pub(crate) step: Step,
    /// How the steps ended, but the last.
    pub(crate) outcomes: [Option<StepOutcome>; 4],
    pub(crate) doing: Doing,
    /// What went wrong in this step.
    pub(crate) problem: Option<String>,
    /// The ports of this computer, once they are listed.
    pub(crate) ports: Option<Result<Vec<Port>, String>>,
    /// The chosen port, or the one that is typed.
    pub(crate) port: String,
    /// Whether the port is typed.
    pub(crate) other_port: bool,
    /// The board at the port.
    pub(crate) board: Option<Board>,
    /// The chip at the port, once it was asked.
    pub(crate) chip: Option<FoundChip>,
    /// Which of the images for it is chosen.
    pub(crate) image: Option<usize>,
    /// The path of another image, as typed.
    pub(crate) image_path: String,
    /// Whether that is used.
    pub(crate) other_image: bool,
    /// Whether all of the flash is erased first.
    pub(crate) erase: bool,
    /// Whether the board has to be identified again: the port was closed to
    /// talk to the chip.
    closed: bool,
    /// What was written to it.
    flashed: Option<String>,
    /// The networks that it sees; `None` before the first scan.
    pub(crate) networks: Option<Vec<Network>>,
    /// The chosen network, or the one that is typed.
    pub(crate) ssid: String,
    /// Whether the network is typed.
    pub(crate) other_network: bool,
    pub(crate) password: Zeroizing<String>,
    /// What to look for on the network.
    pub(crate) expected: Option<Expected>,
    /// The board that was told to connect at once.
    hurried: Option<BoardKey>,
    /// The board, once it is connected.
    pub(crate) found: Option<BoardKey>,
    /// Set if it did not appear in time.
    pub(crate) missing: Option<Missing>,
    /// The name to give it.
    pub(crate) name: String,
    /// Whether the name was typed here.
    pub(crate) named: bool,
    /// Whether to lock it.
    pub(crate) lock: bool,
    /// What was done to it in the step *Lock and name*.
    locked: Option<String>,
    renamed: Option<String>,
    /// The step whose first control got the focus.
    pub(crate) focused: Option<Step>,
}

impl Setup {
    /// A dialog at its first step.
    pub(crate) fn new() -> Self {
        Self {
            // Growing would leave copies behind.
            password: Zeroizing::new(String::with_capacity(MAX_PASSWORD * 4)),
            lock: true,
            ..Self::default()
        }
    }

    /// Whether it must not be closed now: a key would be lost, or the board
    /// would have half a firmware.
    pub(crate) fn must_stay(&self) -> bool {
        matches!(self.doing, Doing::Locking | Doing::Flashing(_))
    }

    /// The image to write, once one is chosen.
    pub(crate) fn chosen_image(&self) -> Option<ImageChoice> {
        let typed = self.image_path.trim();
        if self.other_image {
            return (!typed.is_empty()).then(|| ImageChoice::File(typed.into()));
        }
        let image = self.chip.as_ref()?.images.get(self.image?)?;
        Some(ImageChoice::Found(image.clone()))
    }

    /// Whether nothing is going on.
    pub(crate) fn is_idle(&self) -> bool {
        self.doing == Doing::Nothing
    }

    /// What runs on the board.
    pub(crate) fn firmware(&self) -> Firmware {
        self.board.as_ref().map_or(Firmware::Unknown, Firmware::of)
    }

    /// What the board is called in a sentence.
    pub(crate) fn board_name(&self) -> String {
        let info = self.board.as_ref().and_then(|board| board.info.as_ref());
        let name = info.map(|info| text::plain(info.name.trim()));
        name.filter(|name| !name.is_empty())
            .unwrap_or_else(|| "the board".to_owned())
    }

    /// Whether the chosen network needs a password; a typed one may.
    pub(crate) fn needs_password(&self) -> bool {
        let networks = self.networks.iter().flatten();
        let chosen = networks
            .filter(|network| !self.other_network && network.ssid == self.ssid)
            .map(|network| network.locked)
            .next();
        chosen.unwrap_or(self.other_network)
    }

    /// Whether the Wi-Fi credentials can be sent.
    pub(crate) fn can_connect(&self) -> bool {
        let password = match self.needs_password() {
            true => self.password.len() <= MAX_PASSWORD,
            false => true,
        };
        let empty = !self.other_network && self.needs_password() && self.password.is_empty();
        let named = (1..=MAX_SSID).contains(&self.ssid.len());
        self.board.is_some() && self.doing == Doing::Nothing && named && password && !empty
    }

    /// Whether the board can be locked over the cable. `view` is how it appears
    /// on the network, if it does.
    pub(crate) fn can_lock(&self, view: Option<&BoardView>) -> bool {
        // One that is held for a board that was erased is of no use.
        let has_key = view.is_some_and(is_unlocked);
        self.firmware().is_ours() && self.locked.is_none() && !has_key
    }
}

/// Whether the board is connected with a key of this computer, and no longer as
/// it was before it was locked.
fn is_unlocked(view: &BoardView) -> bool {
    view.link.is_up() && view.locked == Some(true) && matches!(view.lock(), Lock::Unlocked(_))
}
