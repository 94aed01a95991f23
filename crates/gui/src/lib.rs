//! The window over the fleet. Pages draw plain data and report [`Action`]s; the
//! window, the fleet or a background task carries them out. Nothing here owns
//! a socket, and nothing blocks the UI thread.
//!
//! The folders are layers; a file imports from its own layer and from those
//! below it (`scripts/layers` checks this): `app` joins the window to the
//! fleet, `shell` is the window around the pages, `pages` are the pages,
//! `widgets` is what they are made of, and `model` is what the window knows
//! and what a person can ask for.
//!
//! # Accessible names
//!
//! Every widget has a role and an accessible name, for screen readers and for
//! tests. Names are `what: field`, where *what* is the name of the board or
//! component as it is shown.
//!
//! | what | role | name |
//! |---|---|---|
//! | a board in the list | `ListBoxOption` | `Desk lamp: connected`; of two with one name `Desk lamp (a1b2c3): stale`; its value says what the board is doing |
//! | its main switch, or the way to a key | `Switch`, `Button` | `Desk lamp: Light`; `Vault: Pair…` |
//! | the heading of a group | `Button` | `Workshop: 5 boards, 3 on`; `Workshop: all on`, `Workshop: all off` |
//! | where boards can be dropped | `Label` | `Drop into Workshop`, `Drop into New room…` |
//! | counts of boards, and the filter | `Button` | `2 unreachable`; `Only unreachable: show all boards` |
//! | a heading in the list | `Button` | `Lights: 12 boards` |
//! | options of the list | `Button` | `List options`, with `No groups`, `By room` and so on |
//! | several selected boards | `Heading`, `Button`, `Slider` | `12 boards`, `Light: all off`, `Button: press all`, `Light: brightness of all`, `Light: exact brightness of all` (`SpinButton`), `Light: all red` (`RadioButton`), `Setpoint: value of all`, `Blind: close all`, `Blind: position of all`, `Mode: value of all` (`ComboBox`), `Note: value of all` (`TextInput`), `Note: set all` |
//! | what each of them has | `Label`, `Button` | `Desk lamp: Light: On · 60 %`, `Temperature: mean 21.5 °C, 20.0 °C to 23.0 °C`; `Show Desk lamp` |
//! | menus of boards | `Button`, `MenuItem` | `More`, `More for these boards`, with `Rename…`, `Assign room…`, `Edit tags…`, `Hide`, `Notify when lost` or `Do not notify when lost`, `Save as scene`, `Show frames`, `Back up…`, `Restore…`, `Reboot…`, `Factory reset…`, `Forget` last |
//! | the search box | `TextInput` | `Find a board` |
//! | top bar | `Button` | `Add board`, `Theme` |
//! | recordings | `Button`, `MenuItem` | `Recordings`, with `Record session…` or `Stop recording`, `Replay…` or `Stop replay`; `Recording 12 s`, `Replay of lab.jsonl.gz, 10×` |
//! | counts | `Label` | `12 connected` |
//! | the page | `Heading` | `Desk lamp` |
//! | its buttons | `Button` | `Identify`, `Try now` or `Connect` |
//! | its facts | `Label` | `address: 192.168.1.17:80`, `firmware: firmware 0.3.1`, `uptime: up 2 d 4 h`, `round trip: 3.0 ms` |
//! | a card | `Group` | `Light`; of two components with one name `Relay (switch:1)` |
//! | a switch, also of a light | `Switch`, toggled as it is, value `unknown` if it is unknown | `Light: on` |
//! | its state | `Label` | `Light: On`, `Light: Off`, `Light: Unknown` |
//! | brightness, color temperature | `Slider` | `Light: brightness`, `Light: color temperature` |
//! | their exact values | `SpinButton`, `Status` | `Light: exact brightness`; `Speed: exact value: The step is 5: 75 %` |
//! | color | `RadioButton`, `ColorWell` | `Light: red`; `Light: color`, which opens `Light: hue and saturation` (`Slider`), `Light: color code` (`TextInput`) |
//! | an unknown kind | `Button` | `Valve: show fields` or `Valve: hide fields` |
//! | white | `Slider`, `SpinButton` | `Strip: white`, `Strip: exact white` |
//! | effect, palette, select | `ComboBox`; if it is long, with `TextInput` | `Light: effect`, `Strip: palette`, `Mode: value`; `Strip: effect: search` |
//! | a number | `Slider`, `SpinButton` | `Setpoint: value`, `Setpoint: exact value` |
//! | a text | `TextInput` | `Note: value` |
//! | a button | `Button` | `Button: press` |
//! | a cover | `Label`, `Button` | `Blind: Open · 60 %`; `Blind: open`, `Blind: stop`, `Blind: close` |
//! | its position | `Slider`, `SpinButton` | `Blind: position`, `Blind: exact position` |
//! | an event | `Label` | `Wall switch: double push`; `Wall switch: reports single push · double push` |
//! | a value | `Label` | `Temperature: 24.6 °C`, `Temperature: Unknown`, `Door: Open` |
//! | firmware | `Label`, `ProgressIndicator`, `Button` | `Firmware: 0.1.0`, `Firmware: progress`, `Firmware: update firmware`, `Firmware: cancel` or `Firmware: install` |
//! | the state of a command | `Status` | `Light: pending`, `Light: confirmed 4.0 ms`, `Light: refused: …`, `Light: press 2 s ago (at the board)` |
//! | pages, in the rail | `Button` | `Boards`, `Health`, `Activity` |
//! | a message | `Label`, `Button` | its text, `Dismiss: Saved to …`; with a target `Show: Lost the connection to Desk lamp.` |
//! | an offer to undo | `Button` | `Forget Desk lamp: undo` |
//! | the question before undo | `Label`, `Button` | `Undo "Turn on Desk lamp: Light"?`; `Undo` or `Redo`, `Cancel` |
//! | forgotten boards | `Button`, `Label` | `Restore Desk lamp` |
//! | a batch of commands | `Label`, `ProgressIndicator`, `Button` | `Turn off: 2 of 3 done`, `Turn off: progress`, `Turn off: cancel`, `Undo: Turn off`, `Details: Turn off: 2 of 3 done` |
//! | filters of the activity | `TextInput`, `ComboBox`, `Button` | `Search events`, `Board`, `Changes`, `Events`, `Commands`, `Links`, `Logs` |
//! | its buttons | `Button` | `Pause` or `Resume`, `Save…` |
//! | an event | `Label` | `Desk lamp, Light (light:0): On, at the board, 2.2 ms`; a command of this window with `Details: …` and `Undo: Turn on Desk lamp: Light` |
//! | link health | `Button`, `ListBoxOption`, `Label`, `GraphicsObject` | `Sort by p95`; `Desk lamp: connected, median 3.0 ms, …, rssi -84 dBm (bad)`; `Desk lamp: 12 round trips: median …`; `Desk lamp: Round trip, ms` |
//! | the doctor | `TextInput`, `Button`, `ProgressIndicator` | `Missing board`, `Examine` or `Cancel`, `Examination: progress`; on the page of a board `Why?`, without boards `Why is a board missing?` |
//! | what it finds in this window | `Heading`, `Button` | `Desk lamp is hidden in this window`, `Show Desk lamp in the list`; `Desk lamp was forgotten 3 min ago`, `Restore Desk lamp` |
//! | its findings | `Heading`, `Button` | `Fault: A firewall drops UDP port 5353`, `Warning: …`, `Fine: …`; `Copy: sudo nft list ruleset` |
//! | names of documents | `Tab`, `Button` | `Bench`; `New dashboard`, `More for dashboards`, `New scene`, `More for scenes`; on an empty one `Add components` |
//! | a tile | `Group`, `Button` | `Desk lamp: Light`, its controls `Desk lamp: Light: on`; `Desk lamp: Light: move`, `Desk lamp: Light: tile` |
//! | a dashboard's buttons | `Button` | `Add to the dashboard`, `Save as scene` |
//! | the component picker | `TextInput`, `CheckBox`, `Button` | `Find a component`; `Desk lamp: Light`, with its state as the value; `Add all of Desk lamp`, `Done` |
//! | a scene | `Button`, `Slider`, `Label` | `Apply Evening`, `Update all to current state`, `Add to the scene`; `Fade`; `Desk lamp: Light: on; matches` |
//! | plots | `Button`, `GraphicsObject`, `Label` | `Add to plots`, `Telemetry…` (with `MenuItem` `Telemetry of Desk`, `Add Current / Desk`), `Pause` or `Resume`, `Zoom in`, `Measure`, `Save plots`; `plot of °C: Temperature / Desk`; `Temperature / Desk: min …`, `Temperature / Desk: A 20.0   B 24.0   Δ +4.0 °C`, `markers: Δ 2.5 s (0.4 Hz)` |
//! | frames | `ListBoxOption`, `TextInput`, `MultilineTextInput`, `Button` | `14:03:07.120  to the board  58 B  Light.Set  {…}`; `Search frames`, `The whole frame`; `Requests`, `Responses`, `Pushes`, `Link and pings`, `Clear` |
//! | what is copied of one | `Button` | `Copy the frame`, `Copy as websocat`, `Copy as switchboard call`, `Edit the request` |
//! | the box that sends | `TextInput`, `MultilineTextInput`, `MenuItem`, `Button` | `Method`, `Parameters`; `Light.Set  Light`; `Send to Desk lamp`; `The response`, `Copy the response`, `Clear the response` |
//! | the serial monitor | `TextInput`, `Button`, `ComboBox`, `Label` | `Port`; `Ports of this computer` (with `MenuItem` `Open /dev/ttyACM0`), `Open the port` or `Close the port`, `Reset board`; `Speed`; `Connected to /dev/ttyACM0`, `120 lines, 2 resets, 1 panic` |
//! | what a board prints | `ListBoxOption`, `TextInput`, `Button` | `14:03:07.120  panic: panicked at …`; `Search lines`; `Output`, `Warnings`, `Errors`, `Resets and panics`, `Sent`, `Clear`, `Save…`; `Copy the line` |
//! | what is sent to it | `TextInput`, `Button` | `Line to send`; `Send the line` |
//! | a name that is changed in place | `TextInput` | `Name` |
//! | the board of a page | `ComboBox`, `TextInput`, `ListBoxOption` | `Board` with its name as the value; `Find a board to choose`; `Desk lamp`, disabled with the reason as the value |
//! | the menu of a card | `Button`, `MenuItem` | `Light: more`; `Add to plots`, `Pin to Bench`, `Pin to a new dashboard`, `Add to scene Evening`, `Add to a new scene` |
//! | telemetry | `Button`, `GraphicsObject`, `Label` | `Start` or `Stop`, `Pause` or `Resume`, `5 s`, `Save CSV…`, `Supply current: add to plots`; `samples of Supply current`; `rate: 1000 samples/s`, `lost by the board: 0 frames`, `Supply current: 0.036 A` |
//! | clients of a board | `Label`, `Button` | `3: rpc from 192.168.1.5:53211, this window, …`; `Close 4`; `2 channels; total memory 12 KiB` |
//! | buttons of the timeline | `Button` | `Hide timeline` or `Show timeline`, `All boards`, `This board`, `Readings`, `All activity`, `3 new` |
//! | the command palette | `TextInput`, `MenuItem` | `Command`; `Go to Activity`, `Desk lamp: turn Light off` with the state as the value |
//! | dialogs | `TextInput`, `Button` | `Address` or `Path`; `Add`, `Save` or `Update`; `Cancel` or `Close` |
//! | brokers | `TextInput`, `Label`, `Button` | `Broker address`; `mqtt://broker.lan`, `Connected · 3 boards`, `Remove mqtt://broker.lan`, `Enter the password of mqtt://anna@broker.lan` |
//! | a replay | `TextInput`, `Button` | `Speed`; `Speed 10×` |
//! | a locked board without a key | `Button`, `PasswordInput` | `Pair…`, `Enter key…`, `Forget key…`; `Key` |
//! | channels of the lab | `TextInput`, `Button`, `ListBoxOption` | `Address`; `Open the address`, `Addresses of boards` (with `MenuItem` `Open ws://…/ws`), `Open a recording`; `ws://…/ws: open, 0/s in, 0/s out`, `Show next to the others: ws://…/ws` |
//! | one of them | `Button`, `Label` | `Open ws://…/ws` or `Close …`, `Record …` or `Stop recording …`, `Options of …`, `Hide …`; `in: 20/s, 960 B/s, …`; `plotted: /a/n  5.25`, with `GraphicsObject` `plot of /a/n: …` |
//! | what goes over it | `ListBoxOption`, `TextInput`, `Button` | `14:03:07.120  in  hello`; `Search messages`, `JSON pointer`; `Messages only`; `Pause`, `Clear the list`, `Plot /a/n`, `Copy the message` |
//! | what it sends | `MultilineTextInput`, `RadioButton`, `Button`, `TextInput` | `Message to send`; `Send as Text`; `Send the message`, `Repeat the message`, `Stop repeating`; `Rate` |
//! | echo and broadcast | `Button`, `Label` | `Open four clients`, `Say hello from A`, `Toggle the light from C`, `Show answer`; `A to board: echo: hello 1 from A`, `board to D: push: light:0 {"on":true}, …` |
//! | no boards | `Button` | `Start sample boards`, `Set up a board…`, `Add board by address` |
//! | setting up a board | `Label`, `RadioButton`, `TextInput`, `PasswordInput`, `CheckBox`, `Status`, `Button` | `Port: done: /dev/ttyACM0`, `Wi-Fi: current step`; `/dev/ttyACM0: Espressif USB JTAG/serial debug unit`, `Workshop: password, -52 dBm`; `Path of the port`, `Password`, `Name`; `Lock the board`; `Looking for networks…`; `Continue`, `Connect`, `Apply`, `Skip`, `Back`, `Cancel` |
//! | the introduction | `Heading`, `Label`, `Button` | `Getting started`; `Switch something: done`; `Make a dashboard`, `Dismiss introduction`, `Stop sample boards`, in F1 `Show introduction` |
//! | a narrow window | `Button` | `Show boards`, `Find a board` |

#![cfg_attr(
    target_arch = "wasm32",
    expect(dead_code, reason = "a browser lacks some of the pages that use it")
)]

mod app;
mod model;
mod pages;
mod shell;
mod widgets;

pub use disk::settings::{
    IntroductionState, Layout, MotionChoice, Page, RememberedBoard, Settings, SettingsFile,
    ThemeChoice,
};

#[cfg(not(target_arch = "wasm32"))]
pub use app::run::{Ended, FleetOf, Launch, Options, RunError, run};
pub use app::state::App;
pub use model::abilities::{Abilities, Ability};
pub use model::action::{
    Action, BoardCommand, Overlay, PinTarget, RenameSpot, RenameTarget, Request, Task, WindowAction,
};
pub use model::arrangement::{Arrangement, Grouping, Labels, LabelsChange, Sorting};
pub use model::batch::{Batch, BatchStep, Operation};
pub use model::board_setup::SetupTask;
pub use model::boards::{Counts, Model};
pub use model::credential::Secret;
pub use model::desktop_preferences::DesktopPreferences;
pub use model::dialog_kind::DialogKind;
pub use model::file_task::{Direction, FileDialogSpec, FileTask};
pub use model::frame_context::FrameContext;
pub use model::journal::Journal;
pub use model::link_kind::LinkKind;
pub use model::notice::{Notice, NoticeTarget};
pub use model::pin::{ChannelPin, Pin};
pub use model::sessions::{RecordingState, ReplayProgress, ReplayState, Replays, Sessions};
pub use model::virtual_boards::{SampleBoards, Samples, VirtualBoards};
pub use shell::nav_rail::PAGES;
pub use shell::window::Window;
