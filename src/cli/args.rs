//! What can be typed. Decides how it is read, not what is done.

use std::{net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use clap::{Parser, Subcommand};
use protocol::{ComponentKey, Level};

use super::{channel::ChannelArgs, check::CheckArgs, logging::Filter};
use crate::{
    fleet::{Transport, listen_address},
    keys::{KeyId, Role},
    proxy::Token,
};

const EXAMPLES: &str = "Examples:
  switchboard                                     open the window
  switchboard demo                                open it with three virtual boards inside
  switchboard list                                what announces itself, within two seconds
  switchboard show desk-lamp
  switchboard set desk-lamp/light:0 on=true brightness=40 rgb=#ff5000 transition_ms=500
  switchboard toggle 192.168.1.17:80/switch:1
  switchboard call desk-lamp Device.SetName '{\"name\":\"Reading lamp\"}'
  switchboard ota desk-lamp firmware.bin
  switchboard watch --for 10s --json
  switchboard log desk-lamp --level debug
  switchboard telemetry desk-lamp --for 10s       samples, summed up each second
  switchboard clients desk-lamp                   who is connected to it
  switchboard scene take evening.json desk-lamp power-strip/switch:0
  switchboard scene apply evening.json --fade 2s
  switchboard doctor desk-lamp                    why a board is missing
  switchboard check ws://192.168.1.17/rpc         whether it is a board as docs/protocol.md has it
  switchboard provision --serial /dev/ttyACM0     give a board its Wi-Fi and lock it; what is needed is asked for
  switchboard compare desk-lamp --seconds 30      what a push sees and costs, and what a poll
  switchboard keys add desk-lamp.key              have the key of a locked board; - reads it from standard input
  switchboard keys pair desk-lamp                 get one from a board on which pairing was opened
  switchboard keys add desk-lamp --name Anna --role view --out anna.key
  switchboard listen                              print boards that call this computer, and what they push
  switchboard --listen 7433 toggle desk-lamp/light:0   wait for a board that calls, and switch it
  switchboard proxy desk-lamp --listen 127.0.0.1:8080   with a token in SWITCHBOARD_TOKEN, for programs that speak plain JSON
  switchboard channel ws://192.168.1.17/ws --send hello --count 1

BOARD is a name, an id, a unique start of one (case does not matter, and \"Desk lamp\" may be typed desk-lamp), or host:port,
which needs no mDNS. An id takes precedence over a name, an exact name over a similar one, and that over the start of one; if several boards
match equally well, none is commanded and they are listed. An address or an id is quickest: a name waits 0.4 s for a namesake, the start of
one 2 s. A name such as Lamp:2 takes precedence over the address, which is tried after 2 s; ws://lamp:2 is always the address.

Exit status: 0 done; 1 refused by the board; 2 usage; 3 no such board, or several; 4 no answer in time; 5 the doctor found a fault; 6 a point
of the check failed.";

/// Finds ESP32 boards on the network, shows what they report and switches what
/// is on them.
#[derive(Debug, Parser)]
#[command(name = "switchboard", version, after_help = EXAMPLES)]
pub struct Args {
    /// Say on standard error what the program does, for trouble: error, warn,
    /// info, debug or trace.
    ///
    /// A level alone is meant for this program, while its libraries say only
    /// what is wrong; parts are named with their levels, for example
    /// mdns_sd=debug,switchboard::link=trace. RUST_LOG is not looked at.
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(super) log: Option<Filter>,
    /// Write that to the end of this file instead; without --log from level
    /// debug on.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) log_file: Option<PathBuf>,
    /// The file with the keys of locked boards, instead of the desktop's
    /// keychain; SWITCHBOARD_KEYS names one too.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) keys: Option<PathBuf>,
    /// Let boards call here while the command runs: one that calls is found as
    /// one that announces itself is, and waited for longer. Before the command;
    /// an address of this computer and a port, or one of both.
    #[arg(long, value_name = "ADDRESS", value_parser = listen_address)]
    pub(super) listen: Option<SocketAddr>,
    /// The library that connects to boards: tungstenite or ewebsock;
    /// SWITCHBOARD_TRANSPORT names one too.
    ///
    /// tungstenite, the default, closes the socket of an attempt that is given
    /// up at once, refuses messages over 64 KiB and sends small ones without
    /// delay. ewebsock keeps the socket of such an attempt until the other side
    /// or the system ends it, lets a board that means harm have this program
    /// hold 64 MiB, and delays a message that follows another. Boards that
    /// connect to this program, channels, telemetry and the proxy use
    /// tungstenite in any case.
    #[arg(long, global = true, value_name = "LIBRARY")]
    pub(super) transport: Option<Transport>,
    /// Without one the window is opened.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Open the window with virtual boards inside.
    Demo {
        /// How many, 1 to 1000.
        #[arg(long, default_value_t = 3, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1000))]
        boards: usize,
    },
    /// List the boards that announce themselves.
    List {
        /// How long to look, for example 500ms, 2s or 1m.
        #[arg(long = "for", value_name = "TIME", default_value = "2s")]
        wait: Wait,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Show what is on a board and how it is.
    Show {
        /// A name, an id, a unique start of one, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Set fields of a component.
    Set {
        /// For example desk-lamp/light:0.
        #[arg(value_name = "BOARD/COMPONENT")]
        target: Target,
        /// For example on=true, brightness=40, rgb=255,80,0, rgb=#ff5000,
        /// value=21.5, transition_ms=500.
        #[arg(value_name = "KEY=VALUE", required = true)]
        assignments: Vec<String>,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Switch a switch or a light to the opposite.
    Toggle {
        /// For example desk-lamp/light:0.
        #[arg(value_name = "BOARD/COMPONENT")]
        target: Target,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Press a button from afar.
    Press {
        /// For example desk-lamp/button:0.
        #[arg(value_name = "BOARD/COMPONENT")]
        target: Target,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Call any method and print its result as JSON.
    Call {
        /// A name, an id, a unique start of one, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// For example Device.GetInfo.
        method: String,
        /// Its parameters, for example '{"id":0}'.
        #[arg(value_name = "JSON")]
        params: Option<String>,
    },
    /// Print a board's own log: what it kept, then each line as it comes.
    Log {
        /// A name, an id, a unique start of one, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// The least important lines that are wanted: error, warn, info or
        /// debug.
        #[arg(long, default_value = "info", value_name = "LEVEL")]
        level: Level,
        /// How long, for example 10s; without it until it is interrupted.
        #[arg(long = "for", value_name = "TIME")]
        wait: Option<Wait>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Update a board's firmware and wait until it is back.
    Ota {
        /// A name, an id, a unique start of one, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// The image, as `espflash save-image` or, for virtual boards,
        /// `virtual-board image` writes it.
        file: PathBuf,
        /// One JSON object a line, for the progress too.
        #[arg(long)]
        json: bool,
    },
    /// Print what boards push, as it comes.
    Watch {
        /// A name, an id, a unique start of one, or host:port; without it all
        /// boards are watched.
        #[arg(value_parser = board)]
        board: Option<String>,
        /// How long, for example 10s; without it until it is interrupted.
        #[arg(long = "for", value_name = "TIME")]
        wait: Option<Wait>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Follow a board by push and by poll at once, while its button is pressed
    /// at random, and compare what each sees, misses and costs.
    ///
    /// It presses twice at first to learn what that changes, so that all is as
    /// before. The board must be open: over HTTP there is no way to use a key.
    /// Afterwards, where the board is a process of this computer, it is
    /// observed with each follower alone.
    Compare(super::compare::Args),
    /// Let boards call, and print those that do and what they push.
    ///
    /// For boards that this computer cannot connect to: `switchboard call BOARD
    /// Outbound.Set '{"url":"ws://THIS-COMPUTER:7433"}'` has one call. Stays
    /// until it is interrupted.
    Listen {
        /// Where: an address of this computer and a port, or one of both; port
        /// 0 is any free one.
        #[arg(value_name = "ADDRESS", default_value = "0.0.0.0:7433", value_parser = listen_address)]
        address: SocketAddr,
        /// How long, for example 10s; without it until it is interrupted.
        #[arg(long = "for", value_name = "TIME")]
        wait: Option<Wait>,
        /// One JSON object a line; the first says where it listens.
        #[arg(long)]
        json: bool,
    },
    /// Follow a board's samples: their rate, what was lost, and the smallest,
    /// mean and largest value of each second.
    Telemetry {
        /// A name, an id, a unique start of one, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// How long, for example 10s; without it until it is interrupted.
        #[arg(long = "for", value_name = "TIME")]
        wait: Option<Wait>,
        /// One JSON object a line, for each frame.
        #[arg(long)]
        json: bool,
        /// Record each sample in this file, as a table with a column for each
        /// channel.
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
    },
    /// List who is connected to a board, or end one of these connections.
    Clients {
        /// A name, an id, a unique start of one, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// End the connection with this number. A program that reconnects by
        /// itself comes back with another.
        #[arg(long, value_name = "NUMBER")]
        close: Option<u32>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// The keys of locked boards.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Let programs of this computer that speak plain JSON use a locked board,
    /// such as websocat.
    ///
    /// Prints the address of a WebSocket and stays until it is interrupted.
    /// Each client gets an encrypted connection of its own. The token is read
    /// from the environment variable SWITCHBOARD_TOKEN. A client says the token
    /// as `Authorization: Bearer TOKEN` or as `?token=TOKEN` in the URL; web
    /// pages are refused.
    Proxy {
        /// A name, an id, a unique start of one, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// Where to listen; port 0 is any free one.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = listen)]
        listen: SocketAddr,
        /// What a client must know, 8 to 128 letters, digits, hyphens, dots,
        /// underscores and tildes. Better put it into the environment variable
        /// SWITCHBOARD_TOKEN: what is typed here is seen by every user of this
        /// computer, in `ps`.
        #[arg(long)]
        token: Option<Token>,
    },
    /// Open a WebSocket to any address: standard input is sent, what comes is
    /// printed.
    Channel(Box<ChannelArgs>),
    /// Take and apply scenes: what lights, switches and values are to be.
    #[command(subcommand)]
    Scene(SceneCommand),
    /// Say why a board is missing, from what is tried and observed.
    ///
    /// Looks at this computer's interfaces, the port of mDNS, whether multicast
    /// comes through, who announces itself, and whether a link can be had;
    /// takes 4 to 20 s. The exit status is 5 where a fault is found.
    Doctor {
        /// The board that is missing: a name, an id, the start of one, or
        /// host:port; without it every board is looked at.
        #[arg(value_name = "WANTED", value_parser = board)]
        wanted: Option<String>,
        /// One JSON object a line, for each finding.
        #[arg(long)]
        json: bool,
    },
    /// Check whether a server is a board as docs/protocol.md has it, point by
    /// point.
    ///
    /// Switches nothing unless it may. Takes some seconds, and for a moment
    /// every place of the board that is free. The exit status is 6 where a
    /// point fails.
    Check(CheckArgs),
    /// Give a board its Wi-Fi over a serial port.
    ///
    /// The password is asked for in a terminal; otherwise it is the first line
    /// of standard input, empty for an open network.
    Provision {
        /// Where the board is plugged in, for example /dev/ttyACM0 or COM3;
        /// without it the ports are listed.
        #[arg(long, value_name = "PORT")]
        serial: Option<String>,
        /// The network's name; without it, in a terminal, the board looks for
        /// networks and they are listed.
        #[arg(long, value_name = "NAME")]
        ssid: Option<String>,
        /// Lock the board over the cable: it makes a key, which is saved on
        /// this computer. In a terminal it is asked for without this.
        #[arg(long, conflicts_with = "open")]
        lock: bool,
        /// Leave the board open: everyone in its network can control it.
        #[arg(long)]
        open: bool,
        /// The service that the board is announced as, with its domain.
        #[arg(long, hide = true)]
        service: Option<String>,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// How a key is made on a board.
#[derive(Debug, clap::Args)]
#[group(id = "made", multiple = true)]
pub(super) struct NewKey {
    /// Make a key on the board and call it so, for example after who gets it.
    #[arg(long, requires = "role")]
    pub(super) name: Option<String>,
    /// What it allows: control is everything, keys included; view is to read.
    #[arg(long, requires = "name", value_name = "control|view")]
    pub(super) role: Option<Role>,
    /// Write it to this file, which only you can read, instead of standard
    /// output.
    #[arg(long, requires = "name", value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// List the keys of this computer, or those of a board.
    List {
        /// A name, an id, a unique start of one, or host:port; without it the
        /// boards are listed for which this computer has a key.
        #[arg(value_parser = board)]
        board: Option<String>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Have a key on this computer, or, with --name and --role, make one on a
    /// board for somebody else.
    Add {
        /// A file with keys, one a line, or - for standard input; with --name
        /// and --role the board.
        #[arg(value_name = "FILE|-|BOARD", value_parser = board)]
        what: String,
        /// How it is made.
        #[command(flatten)]
        new: NewKey,
    },
    /// Make a key worthless, on its board.
    Remove {
        /// A name, an id, a unique start of one, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// The key's own name, as `keys list BOARD` has it: eight hexadecimal
        /// digits.
        kid: KeyId,
    },
    /// Delete the key of a board from this computer.
    Forget {
        /// Its id, its name as the window knows it, or a unique start of one.
        #[arg(value_parser = board)]
        board: String,
    },
    /// Print the key of a board, to be had on another computer too. It is the
    /// secret itself.
    Export {
        /// Its id, its name as the window knows it, or a unique start of one.
        #[arg(value_parser = board)]
        board: String,
    },
    /// Get a key from a board on which pairing was opened.
    ///
    /// Hold the board's button until the light blinks red (5 s) and release it
    /// before 10 s. The board then shows a code: on its serial port, and with
    /// its light. Compare it with the one that is printed here, press the
    /// button once, briefly, and answer yes here.
    Pair {
        /// A name, an id, a unique start of one, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// Do not ask: read the code that the board shows from this file or
        /// serial port, or - for standard input. A key is stored only if it is
        /// the same code. The first line that contains six digits counts, such
        /// as "pairing code 123 456".
        #[arg(long, value_name = "FILE|-")]
        code: Option<PathBuf>,
        /// Replace the key that this computer has for the board.
        #[arg(long)]
        replace: bool,
    },
}

/// Reads a BOARD argument. An empty one usually is an unset shell variable.
pub(super) fn board(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() {
        return Err(
            "it is empty (an unset shell variable?); a name, an id or host:port is expected",
        );
    }
    Ok(text.to_owned())
}

/// Reads where a proxy listens.
fn listen(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| {
        "an IP address of this computer alone and a port, for example \
         127.0.0.1:0 or [::1]:8080"
    })
}

#[derive(Debug, Subcommand)]
pub(super) enum SceneCommand {
    /// Make everything as a scene wants it, on all boards at once.
    ///
    /// What came of each component is printed. The exit status is 1 where one
    /// was refused, else 3 where a board is missing, else 4 where one did not
    /// answer.
    Apply {
        /// A file that was saved by `scene take` or in the window, or else the
        /// name of a scene of the window.
        #[arg(value_name = "FILE|NAME", value_parser = board)]
        scene: String,
        /// Connect to addresses that the scene names, too, where no board is
        /// known or announced.
        #[arg(long)]
        connect: bool,
        /// How long lights take, 0 to 10s, instead of what the scene says.
        #[arg(long, value_name = "TIME")]
        fade: Option<Wait>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Save what components are now as a scene.
    Take {
        /// Where to; a file that is there is replaced.
        file: PathBuf,
        /// For example desk-lamp/light:0, or desk-lamp for everything on it
        /// that can be set.
        #[arg(value_name = "BOARD[/COMPONENT]", required = true, value_parser = board)]
        targets: Vec<String>,
        /// What the scene is called; without it as the file.
        #[arg(long)]
        name: Option<String>,
        /// How long lights take to become it, 0 to 10s.
        #[arg(long, value_name = "TIME", default_value = "0s")]
        fade: Wait,
    },
    /// List the scenes of the window on this computer.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

/// A component of a board: `BOARD/COMPONENT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) board: String,
    pub(super) component: ComponentKey,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The board's name may have a slash; a component's key has none.
        let (board, component) = text
            .rsplit_once('/')
            .ok_or("a component of a board is expected, for example desk-lamp/light:0")?;
        let board =
            self::board(board).map_err(|why| format!("the board before the slash: {why}"))?;
        if component.trim().is_empty() {
            return Err(
                "the component after the slash is empty; for example desk-lamp/light:0".to_owned(),
            );
        }
        let component = component
            .parse()
            .map_err(|error: protocol::KeyError| error.to_string())?;
        Ok(Self { board, component })
    }
}

/// How long to wait: `500ms`, `2s`, `1m`, `2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait(pub(super) Duration);

impl FromStr for Wait {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let seconds = match &text[digits.len()..] {
            "ms" => 0.001,
            "s" | "" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3_600.0,
            _ => return Err("a time is a number with ms, s, m or h, for example 2s"),
        };
        let number: f64 = digits
            .parse()
            .map_err(|_| "a time is a number with ms, s, m or h, for example 2s")?;
        let wait = Duration::try_from_secs_f64(number * seconds)
            .map_err(|_| "that is no length of time")?;
        if wait > Duration::from_secs(366 * 86_400) {
            Err("at most a year")
        } else {
            Ok(Self(wait))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_in_the_help_is_read() {
        for line in EXAMPLES
            .lines()
            .filter_map(|line| line.strip_prefix("  switchboard"))
        {
            let typed = line
                .split("   ")
                .next()
                .unwrap_or_default()
                .replace('\'', "")
                .replace(r#"Reading lamp"#, "Lamp");
            let words = std::iter::once("switchboard").chain(typed.split_whitespace());
            assert!(Args::try_parse_from(words).is_ok(), "{typed}");
        }
    }

    #[test]
    fn a_time_has_a_unit() {
        for (text, millis) in [
            ("2s", 2_000),
            ("500ms", 500),
            ("1m", 60_000),
            ("2", 2_000),
            ("0.5s", 500),
        ] {
            assert_eq!(
                text.parse(),
                Ok(Wait(Duration::from_millis(millis))),
                "{text}"
            );
        }
        for text in ["", "s", "-1s", "2y", "1e300h", "nans"] {
            assert!(text.parse::<Wait>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_component_follows_the_last_slash() {
        let target: Target = "Lab/Lamp/light:0".parse().expect("a target");
        assert_eq!(
            (target.board.as_str(), target.component.to_string().as_str()),
            ("Lab/Lamp", "light:0")
        );
        assert!("light:0".parse::<Target>().is_err());
        assert!("lamp/light".parse::<Target>().is_err());
    }
}
