//! The command line's arguments: how they are parsed, not what they do.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Parser, Subcommand};
use protocol::Level;

#[cfg(feature = "window")]
use super::replay::ReplayArgs;
pub(super) use super::typed::{Target, Wait, board};
use super::{
    bridge::BridgeArgs, channel::ChannelArgs, check::CheckArgs, flash, keys::KeysCommand,
    logging::Filter, new::NewArgs, record::RecordArgs, serve::ServeArgs, sign::SignArgs,
    typed::listen,
};
use engine::{Transport, listen_address};
use fleet::BrokerAddress;
use proxy::Token;
use remote::Server;
use serial::MONITOR_BAUD;

const EXAMPLES: &str = "\
Examples:
  switchboard                                      open the window
  switchboard demo                                 with three virtual boards
  switchboard demo --family wled                   with three WLED doubles
  switchboard list                                 boards announced within 2 s
  switchboard show desk-lamp
  switchboard set desk-lamp/light:0 on=true brightness=40 rgb=#ff5000
  switchboard toggle 192.168.1.17:80/switch:1
  switchboard call desk-lamp Device.SetName '{\"name\":\"Reading lamp\"}'
  switchboard ota desk-lamp firmware.bin
  switchboard sign --new-key signing.key > signing.pub
  switchboard sign app.bin --key signing.key --board esp32c3-devkitm-1 -o firmware.bin
  switchboard backup desk-lamp desk-lamp.json
  switchboard restore new-lamp desk-lamp.json      on a board of the same kind
  switchboard watch --for 10s --json
  switchboard log desk-lamp --level debug
  switchboard record --to lab.jsonl.gz             what all boards push
  switchboard replay lab.jsonl.gz --speed 10       see it again
  switchboard telemetry desk-lamp --for 10s        samples, one line per second
  switchboard clients desk-lamp                    who is connected to it
  switchboard scene take evening.json desk-lamp power-strip/switch:0
  switchboard scene apply evening.json --fade 2s
  switchboard doctor desk-lamp                     why a board is missing
  switchboard check ws://192.168.1.17/rpc          does it follow the protocol?
  switchboard new desk-lamp --language micropython --components light,button
  switchboard flash                                write firmware over USB
  switchboard provision --serial /dev/ttyACM0      set up Wi-Fi and lock a board
  switchboard monitor /dev/ttyACM0                 what the board prints
  switchboard compare desk-lamp --seconds 30       push compared with polling
  switchboard keys add desk-lamp.key               import a key; - reads stdin
  switchboard keys pair desk-lamp                  get a key from a pairing board
  switchboard keys add desk-lamp --name Anna --role view --out anna.key
  switchboard listen                               accept inbound connections
  switchboard --listen 7433 toggle desk-lamp/light:0   wait for it to connect
  switchboard --mqtt mqtt://broker.lan list        also boards of an MQTT broker
  switchboard --mqtt mqtt://anna@broker.lan toggle kitchen-plug/switch:0
  switchboard proxy desk-lamp --listen 127.0.0.1:8080
  switchboard bridge --mqtt mqtt://broker --site lab   boards on an MQTT broker
  switchboard serve                                the window, in a browser
  switchboard serve --listen 0.0.0.0:8080 --token-file token   for other computers
  switchboard channel ws://192.168.1.17/ws --send hello --count 1
  switchboard completions fish > ~/.config/fish/completions/switchboard.fish

BOARD is a name, an id, a unique prefix of either, or host:port, which needs no
mDNS. Case does not matter, and \"Desk lamp\" may be typed as desk-lamp. An id
takes precedence over an exact name, an exact name over a similar one, and a
similar name over a prefix. If several boards match equally well, the command
lists them and does nothing.

An address or an id is fastest: a name waits 0.4 s for other boards with the
same name, a prefix 2 s. A name that looks like an address, such as Lamp:2, is
tried as a name for 2 s first; ws://lamp:2 is always an address.

set, toggle, press, open, close, stop, install and call, and show without
--json, remember where they found a board by its id or its name, and go there
first the next time. A board with another id at that address gets no command. A
second board with the same name is noticed at the latest after an hour, or as
soon as switchboard list sees both; an id always means one board.

Exit status: 0 success; 1 refused by the board; 2 usage error; 3 no such board,
or several; 4 no response in time; 5 the doctor found a fault; 6 a check failed.";

/// Finds ESP32 boards on the network, shows their state and controls them.
// The help names the program as users type it, also where it runs under another
// name: an AppImage starts `AppRun`.
#[derive(Debug, Parser)]
#[command(name = "switchboard", bin_name = "switchboard", version, after_help = EXAMPLES)]
pub struct Args {
    /// Log the program's own work to standard error, for troubleshooting:
    /// error, warn, info, debug or trace.
    ///
    /// A single level applies to this program; its libraries then log only
    /// warnings and errors. To set levels per module, list them, for example
    /// mdns_sd=debug,switchboard::link=trace. RUST_LOG is ignored.
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(super) log: Option<Filter>,
    /// Append the log to this file instead; the level is debug unless --log is
    /// given.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) log_file: Option<PathBuf>,
    /// Read the keys of locked boards from this file instead of the system
    /// keychain; SWITCHBOARD_KEYS sets it too.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) keys: Option<PathBuf>,
    /// Accept inbound connections from boards while the command runs: an
    /// address of this computer and a port, or either one.
    ///
    /// A board that connects is found as if it had announced itself. The
    /// command waits longer for a board, because a board may take a minute to
    /// connect. Goes before the command.
    #[arg(long, value_name = "ADDRESS", value_parser = listen_address)]
    pub(super) listen: Option<SocketAddr>,
    /// Also find boards through this MQTT broker: Tasmota, Homie 5, and boards
    /// that a bridge forwards. Can be given several times.
    ///
    /// mqtt://[USER@]HOST[:PORT], or with TLS mqtts://[USER@]HOST[:PORT]. The
    /// password is read from SWITCHBOARD_MQTT_PASSWORD, otherwise from the
    /// system keychain. If a board can also be reached directly, the direct
    /// connection is used. Goes before the command.
    #[arg(long, value_name = "URL")]
    pub(super) mqtt: Vec<BrokerAddress>,
    /// The topic prefix of bridges on these brokers.
    #[arg(
        long,
        value_name = "PREFIX",
        default_value = fleet::BRIDGE_PREFIX,
        value_parser = super::bridge::levels
    )]
    pub(super) mqtt_prefix: String,
    /// Open the window over the boards of a server, which `switchboard serve`
    /// runs: ws://HOST[:PORT], or with TLS wss://HOST[:PORT].
    ///
    /// The token of the server goes after #token=, as the server prints it, or
    /// into the environment variable SWITCHBOARD_TOKEN, which other users of
    /// this computer cannot read. Only for the window.
    #[arg(
        long,
        value_name = "URL",
        value_parser = Server::at,
        conflicts_with_all = ["listen", "mqtt"]
    )]
    pub(super) connect: Option<Server>,
    /// The name that others at the server see; by default that of this
    /// computer's user.
    #[arg(long, value_name = "NAME", requires = "connect")]
    pub(super) name: Option<String>,
    /// The WebSocket library for connections to boards: tungstenite or
    /// ewebsock; SWITCHBOARD_TRANSPORT sets it too.
    ///
    /// tungstenite, the default, closes the socket of an abandoned attempt
    /// immediately, refuses messages over 64 KiB and sends small messages
    /// without delay. ewebsock keeps such a socket open until the other side or
    /// the system closes it, lets a malicious board make this program hold
    /// 64 MiB, and delays a message that follows another. Inbound connections,
    /// channels, telemetry and the proxy always use tungstenite.
    #[arg(long, global = true, value_name = "LIBRARY")]
    pub(super) transport: Option<Transport>,
    /// Without a command, the window opens.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// The boards of a demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DemoFamily {
    /// Switchboard's own virtual boards.
    Switchboard,
    /// Doubles of Shelly boards.
    Shelly,
    /// Doubles of WLED boards.
    Wled,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Open the window with virtual boards.
    Demo {
        /// How many virtual boards, 1 to 1000.
        #[arg(
            long,
            default_value_t = 3,
            value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1000)
        )]
        boards: usize,
        /// Which boards: switchboard, shelly or wled. The last two are test
        /// doubles.
        #[arg(
            long,
            value_enum,
            hide_possible_values = true,
            default_value_t = DemoFamily::Switchboard
        )]
        family: DemoFamily,
    },
    /// List the boards that announce themselves.
    List {
        /// How long to look, for example 500ms, 2s or 1m.
        #[arg(long = "for", value_name = "TIME", default_value = "2s")]
        wait: Wait,
        /// Print one JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Show a board's components and their state.
    Show {
        /// A name, an id, a unique prefix of either, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Set fields of a component.
    Set {
        /// For example desk-lamp/light:0.
        #[arg(value_name = "BOARD/COMPONENT")]
        target: Target,
        /// For example on=true, brightness=40, rgb=255,80,0, rgb=#ff5000,
        /// white=128, palette=forest, position=60, value=21.5,
        /// transition_ms=500.
        #[arg(value_name = "KEY=VALUE", required = true)]
        assignments: Vec<String>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Turn a switch or a light on if it is off, and off if it is on.
    Toggle {
        /// For example desk-lamp/light:0.
        #[arg(value_name = "BOARD/COMPONENT")]
        target: Target,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Press a button remotely.
    Press {
        /// For example desk-lamp/button:0.
        #[arg(value_name = "BOARD/COMPONENT")]
        target: Target,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Open a blind or another cover.
    Open {
        /// For example living-room/cover:0.
        #[arg(value_name = "BOARD/COMPONENT")]
        target: Target,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Close a blind or another cover.
    Close {
        /// For example living-room/cover:0.
        #[arg(value_name = "BOARD/COMPONENT")]
        target: Target,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Stop a blind or another cover where it is.
    Stop {
        /// For example living-room/cover:0.
        #[arg(value_name = "BOARD/COMPONENT")]
        target: Target,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Let a board download and install its latest firmware.
    ///
    /// For boards that can do that themselves. To send a file to a board with
    /// Switchboard's own firmware, use `ota`. The command returns once the
    /// board has accepted it; `watch` shows the progress.
    Install {
        /// For example hallway/update:0.
        #[arg(value_name = "BOARD/COMPONENT")]
        target: Target,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Call any method of a board and print its result as JSON.
    Call {
        /// A name, an id, a unique prefix of either, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// For example Device.GetInfo.
        method: String,
        /// The method's parameters, for example '{"id":0}'.
        #[arg(value_name = "JSON")]
        params: Option<String>,
    },
    /// Print a board's own log: the lines it kept, then each new line.
    Log {
        /// A name, an id, a unique prefix of either, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// The least severe level to print: error, warn, info or debug.
        #[arg(long, default_value = "info", value_name = "LEVEL")]
        level: Level,
        /// Stop after this time, for example 10s; by default it runs until
        /// interrupted.
        #[arg(long = "for", value_name = "TIME")]
        wait: Option<Wait>,
        /// Print one JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Update a board's firmware and wait until the board is back.
    Ota {
        /// A name, an id, a unique prefix of either, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// The firmware image, written by `espflash save-image` or, for virtual
        /// boards, by `virtual-board image`.
        file: PathBuf,
        /// Print one JSON object per line, including progress.
        #[arg(long)]
        json: bool,
    },
    /// Sign a firmware image, so that locked boards accept it; or make a key
    /// for that.
    ///
    /// A board accepts images that are signed with the key that was compiled
    /// into its firmware by the environment variable SWITCHBOARD_SIGNING_KEY.
    Sign(SignArgs),
    /// Save a board's name, labels and settings to a file.
    ///
    /// The settings are what can be set on its components: values, options, the
    /// states of lights and switches. The labels are its room and tags in the
    /// window of this computer. Wi-Fi, keys and the outbound connection are
    /// left out.
    Backup {
        /// A name, an id, a unique prefix of either, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// The file to write; an existing file is replaced.
        file: PathBuf,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Restore a backup on a board of the same kind.
    ///
    /// Sets the board's name, its settings and its labels, reads them back, and
    /// prints the outcome of each. Outputs may turn on or off. If the board is
    /// of another kind or lacks a component, the command says what does not fit
    /// and changes nothing. The exit status is 1 if something was not restored.
    Restore {
        /// A name, an id, a unique prefix of either, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// A file saved by `backup` or in the window.
        file: PathBuf,
        /// Restore what fits if not everything does.
        #[arg(long)]
        partial: bool,
        /// Print one JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Erase what a board stores, and restart it.
    ///
    /// It loses its name, its Wi-Fi network, the saved state of its outputs,
    /// its keys and its outbound connection. Its firmware stays. A board on
    /// Wi-Fi cannot be reached after that: `provision` gives it a network over
    /// USB. For a locked board, this computer needs a key of role control.
    FactoryReset {
        /// A name, an id, a unique prefix of either, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// Really erase it.
        #[arg(long)]
        yes: bool,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Print state changes and events as boards push them.
    Watch {
        /// A name, an id, a unique prefix of either, or host:port; by default
        /// all boards.
        #[arg(value_parser = board)]
        board: Option<String>,
        /// Stop after this time, for example 10s; by default it runs until
        /// interrupted.
        #[arg(long = "for", value_name = "TIME")]
        wait: Option<Wait>,
        /// Print one JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Record what boards push and what they are told, until interrupted.
    ///
    /// Writes every change of state, every event and log line of the boards,
    /// every command of this program with its outcome, and each change of a
    /// link, as JSON Lines (docs/recording.md). A crash costs at most the last
    /// second. If the disk is full, the command says so, keeps 16 MiB in memory
    /// and goes on when there is room.
    Record(RecordArgs),
    /// Replay a recording with virtual boards.
    ///
    /// Each recorded board becomes a board on this computer with the recorded
    /// description and `replay-` before its id. It announces itself, pushes
    /// what was pushed with the recorded spacing, and refuses every command.
    /// Runs until interrupted.
    #[cfg(feature = "window")]
    Replay(Box<ReplayArgs>),
    /// Compare push with polling on one board.
    ///
    /// Follows the board by push and by polling at the same time while its
    /// button is pressed at random, and reports what each one sees, misses and
    /// costs. Two presses at the start determine what a press changes, and
    /// leave everything as it was. The board must not be locked: HTTP cannot
    /// use a key. If the board is a process on this computer, its CPU time is
    /// then measured with each follower alone.
    Compare(super::compare::Args),
    /// Accept inbound connections from boards, and print what they push.
    ///
    /// For boards that this computer cannot connect to. To make a board
    /// connect: `switchboard call BOARD Outbound.Set
    /// '{"url":"ws://THIS-COMPUTER:7433"}'`. Runs until interrupted.
    Listen {
        /// Where to listen: an address of this computer and a port, or either
        /// one; port 0 picks a free port.
        #[arg(
            value_name = "ADDRESS",
            default_value = "0.0.0.0:7433",
            value_parser = listen_address
        )]
        address: SocketAddr,
        /// Stop after this time, for example 10s; by default it runs until
        /// interrupted.
        #[arg(long = "for", value_name = "TIME")]
        wait: Option<Wait>,
        /// Print one JSON object per line; the first contains the listening
        /// address.
        #[arg(long)]
        json: bool,
    },
    /// Follow a board's samples.
    ///
    /// Prints the sample rate, losses, and the minimum, mean and maximum of
    /// each channel once per second.
    Telemetry {
        /// A name, an id, a unique prefix of either, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// Stop after this time, for example 10s; by default it runs until
        /// interrupted.
        #[arg(long = "for", value_name = "TIME")]
        wait: Option<Wait>,
        /// Print one JSON object per line, for each frame.
        #[arg(long)]
        json: bool,
        /// Write every sample to this file as a CSV table with one column per
        /// channel.
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
    },
    /// List a board's connections, or close one of them.
    Clients {
        /// A name, an id, a unique prefix of either, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// Close the connection with this number. A client that reconnects
        /// automatically comes back with a new number.
        #[arg(long, value_name = "NUMBER")]
        close: Option<u32>,
        /// Print one JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Manage the keys of locked boards.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Publish boards to an MQTT broker, and carry out the commands that arrive
    /// there.
    ///
    /// Every board gets topics below PREFIX/SITE/BOARD/: its description, its
    /// availability and one retained state per component; docs/mqtt.md
    /// describes them. Anyone who may publish there can control the boards,
    /// including locked ones that this computer has a key for. Runs until
    /// interrupted, and keeps trying while the broker cannot be reached.
    Bridge(Box<BridgeArgs>),
    /// Serve the window and the boards to browsers and to other windows.
    ///
    /// Prints the addresses at which the window opens in a browser; a native
    /// window connects with `switchboard --connect ADDRESS`. Everyone who
    /// connects with the token can control the boards, including locked ones
    /// that this computer has a key for. Boards are found as by the window;
    /// --listen and --mqtt before the command are for boards. Runs until
    /// interrupted (docs/serve.md).
    Serve(Box<ServeArgs>),
    /// Let local programs that speak plain JSON, such as websocat, use a locked
    /// board.
    ///
    /// Prints a WebSocket address and runs until interrupted. Each client gets
    /// its own encrypted connection. The token is read from the environment
    /// variable SWITCHBOARD_TOKEN. Clients send it as `Authorization: Bearer
    /// TOKEN`, or as `?token=TOKEN` in the URL. Web pages are refused.
    Proxy {
        /// A name, an id, a unique prefix of either, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// Where to listen; port 0 picks a free port.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = listen)]
        listen: SocketAddr,
        /// The token that clients must present: 8 to 128 letters, digits,
        /// hyphens, dots, underscores and tildes. Prefer the environment
        /// variable SWITCHBOARD_TOKEN: all users of this computer can see
        /// command-line arguments, for example in `ps`.
        #[arg(long)]
        token: Option<Token>,
    },
    /// Open a WebSocket to any address; send standard input and print received
    /// messages.
    Channel(Box<ChannelArgs>),
    /// Save and apply scenes: the states of lights, switches and values.
    #[command(subcommand)]
    Scene(SceneCommand),
    /// Find out why a board is missing.
    ///
    /// Checks this computer's network interfaces, the mDNS port, whether
    /// multicast gets through, which boards announce themselves, and whether a
    /// connection succeeds. Takes 4 to 20 s. The exit status is 5 if a fault is
    /// found.
    Doctor {
        /// The missing board: a name, an id, a prefix of either, or host:port;
        /// by default all boards are examined.
        #[arg(value_name = "WANTED", value_parser = board)]
        wanted: Option<String>,
        /// Print one JSON object per line, for each finding.
        #[arg(long)]
        json: bool,
    },
    /// Write firmware to an ESP32 board over USB.
    ///
    /// Detects the chip, chooses the image for it, adds boot loader and
    /// partition table, writes, verifies, and restarts the board. The board
    /// keeps its name, Wi-Fi credentials and keys, unless --erase is given.
    Flash {
        /// The serial port, for example /dev/ttyACM0 or COM3; without it, the
        /// only port with a likely board. If there are several, they are
        /// listed.
        #[arg(long, value_name = "PORT")]
        port: Option<String>,
        /// An image to write instead of the one that came with the program: an
        /// application image, for example of `esptool elf2image`.
        #[arg(long, value_name = "FILE")]
        image: Option<PathBuf>,
        /// The image is the whole content of the flash from this address, which
        /// can only be 0x0 (a merged or factory image, as ESPHome, Tasmota and
        /// WLED offer): write it as it is, whatever firmware it is.
        #[arg(long, value_name = "ADDRESS", requires = "image", value_parser = flash::start)]
        at: Option<u32>,
        /// The board, if there are images for several boards with the same
        /// chip, for example esp32c3-devkitm-1.
        #[arg(long, value_name = "NAME", conflicts_with = "image")]
        board: Option<String>,
        /// Erase all of the flash first, with the board's name, Wi-Fi
        /// credentials and keys.
        #[arg(long)]
        erase: bool,
        /// Print JSON, one object per line: each step, its progress, and at the
        /// end what was done, or the reason why not.
        #[arg(long)]
        json: bool,
    },
    /// Write a project for a board of your own.
    ///
    /// It builds, its board appears in Switchboard, and `./check` in it tests
    /// that against the protocol. A project in C, for Arduino or in MicroPython
    /// contains the library that it uses; one in Rust depends on Switchboard's
    /// crates. In a terminal, the command asks for what is left out.
    New(NewArgs),
    /// Check whether a server conforms to docs/protocol.md.
    ///
    /// Changes nothing unless --allow-changes is given. Takes a few seconds,
    /// and briefly uses every free connection slot of the board. The exit
    /// status is 6 if a check fails.
    Check(CheckArgs),
    /// Give a board its Wi-Fi credentials over a serial port.
    ///
    /// In a terminal, the command asks for the password. Otherwise it reads the
    /// password from the first line of standard input, which is empty for an
    /// open network.
    Provision {
        /// The serial port, for example /dev/ttyACM0 or COM3; without it, the
        /// available ports are listed.
        #[arg(long, value_name = "PORT")]
        serial: Option<String>,
        /// The network's name; without it, in a terminal, the board scans for
        /// networks and you choose one.
        #[arg(long, value_name = "NAME")]
        ssid: Option<String>,
        /// Lock the board over the cable: the board generates a key, which is
        /// saved on this computer. In a terminal, the command asks by default.
        #[arg(long, conflicts_with = "open")]
        lock: bool,
        /// Leave the board open: everyone on its network can control it.
        #[arg(long)]
        open: bool,
        /// The mDNS service type of the board, including the domain.
        #[arg(long, hide = true)]
        service: Option<String>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Show what a board prints on its serial port, and send lines to it.
    ///
    /// Each line has the time at which it began. Resets, panics, errors and
    /// warnings are marked. If the board is unplugged, the command waits and
    /// continues when it is back, also at another port. In a terminal, Enter
    /// sends a line, Ctrl+R resets the board and Ctrl+C ends the command;
    /// otherwise, each line of standard input is sent.
    Monitor {
        /// The serial port, for example /dev/ttyACM0 or COM3; by default the
        /// port of the only board.
        port: Option<String>,
        /// The speed; boards with built-in USB ignore it.
        #[arg(long, value_name = "BAUD", default_value_t = MONITOR_BAUD,
            value_parser = clap::value_parser!(u32).range(1..=12_000_000))]
        baud: u32,
        /// Reset the board first, to see how it starts.
        #[arg(long)]
        reset: bool,
        /// Stop after this time, for example 10s; by default it runs until
        /// interrupted.
        #[arg(long = "for", value_name = "TIME")]
        wait: Option<Wait>,
        /// Print one JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Print completions for a shell.
    ///
    /// Packages install them. Otherwise, save the output where your shell looks
    /// for completions, for example in
    /// ~/.local/share/bash-completion/completions/switchboard.
    Completions {
        /// The shell: bash, elvish, fish, powershell or zsh.
        #[arg(hide_possible_values = true)]
        shell: clap_complete::Shell,
    },
    /// Write the manual pages to a folder: one for the program and one for each
    /// command.
    Man {
        /// The folder; it is created if it does not exist.
        folder: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum SceneCommand {
    /// Apply a scene to all its boards at once.
    ///
    /// Prints the outcome for each component. The exit status is 1 if a board
    /// refused a command, otherwise 3 if a board is missing, otherwise 4 if a
    /// board did not respond.
    Apply {
        /// A file saved by `scene take` or in the window, or the name of a
        /// scene in the window.
        #[arg(value_name = "FILE|NAME", value_parser = board)]
        scene: String,
        /// Also connect to addresses in the scene where no board is known or
        /// announced.
        #[arg(long)]
        connect: bool,
        /// How long lights take to fade, 0 to 10s, instead of the scene's own
        /// time.
        #[arg(long, value_name = "TIME")]
        fade: Option<Wait>,
        /// Print one JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Save the current state of components as a scene.
    Take {
        /// The file to write; an existing file is replaced.
        file: PathBuf,
        /// For example desk-lamp/light:0, or desk-lamp for everything on it
        /// that can be set.
        #[arg(value_name = "BOARD[/COMPONENT]", required = true, value_parser = board)]
        targets: Vec<String>,
        /// The scene's name; by default the name of the file.
        #[arg(long)]
        name: Option<String>,
        /// How long lights take to fade when the scene is applied, 0 to 10s.
        #[arg(long, value_name = "TIME", default_value = "0s")]
        fade: Wait,
    },
    /// List the scenes in the window on this computer.
    List {
        /// Print one JSON object per line.
        #[arg(long)]
        json: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_in_the_help_parses() {
        for line in EXAMPLES
            .lines()
            .filter_map(|line| line.strip_prefix("  switchboard"))
        {
            let typed = line
                .split("   ")
                .next()
                .and_then(|typed| typed.split(" > ").next())
                .unwrap_or_default()
                .replace('\'', "")
                .replace(r#"Reading lamp"#, "Lamp");
            let words = std::iter::once("switchboard").chain(typed.split_whitespace());
            assert!(Args::try_parse_from(words).is_ok(), "{typed}");
        }
    }

    #[test]
    fn a_prefix_of_bridges_is_a_plain_topic() {
        let parse = |prefix| Args::try_parse_from(["switchboard", "--mqtt-prefix", prefix, "list"]);
        assert!(parse("home/boards").is_ok());
        for prefix in ["a/#", "+", "", "a//b"] {
            assert!(parse(prefix).is_err(), "{prefix:?}");
        }
    }
}
