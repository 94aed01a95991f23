//! The window: a face of the fleet. Views take plain data and return
//! [`Action`]s; [`App`] carries them out. Nothing here knows a socket, and
//! nothing blocks.
//!
//! # How everything is named
//!
//! Every widget has a role and an accessible name, for people who do not see
//! the window and for tests that drive it. Names are `what: field`, where
//! *what* is the board's or component's name as it is shown.
//!
//! | what | role | name |
//! |---|---|---|
//! | a board in the list | `ListBoxOption` | `Desk lamp: connected`; of two with one name `Desk lamp (a1b2c3): stale` |
//! | a heading in the list | `Button` | `Lights: 12 boards` |
//! | how the list is arranged | `Button` | `Arrange the list`, with `No groups`, `By room` and so on |
//! | several chosen boards | `Heading`, `Button`, `Slider` | `12 boards`, `Light: all off`, `Button: press all`, `Light: brightness of all`, `Setpoint: value of all`, `Mode: value of all` (`ComboBox`), `Note: value of all` (`TextInput`), `Note: set all` |
//! | menus of boards | `Button`, `MenuItem` | `More`, `More for these boards`, with `Rename…`, `Room…`, `Tags…`, `Hide`, `Take a scene`, `Show the frames`, `Reboot…`, `Forget` |
//! | the find box | `TextInput` | `Find a board` |
//! | top bar | `Button` | `Add a board`, `Theme` |
//! | counts | `Label` | `12 connected` |
//! | the page | `Heading` | `Desk lamp` |
//! | its buttons | `Button` | `Identify`, `Forget`, `Try now` or `Connect` |
//! | its facts | `Label` | `address: 192.168.1.17:80`, `firmware: fw 0.3.1`, `uptime: up 2 d 4 h`, `round trip: 3.0 ms` |
//! | a card | `Group` | `Light`; of two components with one name `Relay (switch:1)` |
//! | a switch, also of a light | `Switch`, toggled as it is, value `unknown` while it is not known | `Light: on` |
//! | its word | `Label` | `Light: off`, `Light: unknown`; while it is on the same as the switch |
//! | brightness, color temperature | `Slider` | `Light: brightness`, `Light: color temperature` |
//! | color | `ColorWell` | `Light: color` |
//! | effect, select | `ComboBox` | `Light: effect`, `Mode: value` |
//! | a number | `Slider`, `SpinButton` | `Setpoint: value`, `Setpoint: exact value` |
//! | a text | `TextInput` | `Note: value` |
//! | a button | `Button` | `Button: press` |
//! | a value | `Label` | `Temperature: 24.6 °C`, `Temperature: unknown`, `Door: open` |
//! | firmware | `Label`, `ProgressIndicator`, `Button` | `Firmware: 0.1.0`, `Firmware: progress`, `Firmware: update firmware` or `Firmware: cancel` |
//! | how a command does | `Status` | `Light: pending`, `Light: confirmed 4.0 ms`, `Light: refused: …`, `Light: press 2 s ago (by hand)` |
//! | parts of the window, in the rail | `Button` | `Boards`, `Health`, `Activity` |
//! | a message | `Label`, `Button` | its words, `Dismiss: Saved to …`; where it leads somewhere `Show: Desk lamp lost its link.` |
//! | commands given together | `ProgressIndicator`, `Button` | `Turn off: progress`, `Turn off: cancel`, `Turn off: undo`, `Turn off: answers` |
//! | filters of the activity | `TextInput`, `ComboBox`, `Button` | `Find in the lines`, `Board`, `Changes`, `Events`, `Commands`, `Links`, `Logs` |
//! | what can be done with it | `Button` | `Pause` or `Resume`, `Save…` |
//! | a line of what happened | `Label` | `Desk lamp, light:0 on, by hand, 2.2 ms late` |
//! | link health | `Button`, `ListBoxOption`, `Label` | `Sort by p95`; `Desk lamp: connected, median 3.0 ms, …`; `Desk lamp: 12 round trips: median …` |
//! | the doctor | `TextInput`, `Button`, `ProgressIndicator` | `Missing board`, `Examine` or `Cancel`, `Examination: progress`; on a page or where there is no board `Why?`, `Why is a board missing?` |
//! | what it found | `Heading`, `Button` | `Fault: A firewall drops UDP port 5353`, `Warning: …`, `Fine: …`; `Copy: sudo nft list ruleset` |
//! | names of documents | `Tab`, `Button` | `Bench`; `New dashboard`, `More for dashboards`, `Bring back Bench`, `New scene`, `More for scenes` |
//! | a tile | `Group`, `Button` | `Desk lamp: Light`, its controls `Desk lamp: Light: on`; `Desk lamp: Light: move`, `Desk lamp: Light: tile` |
//! | a dashboard's buttons | `Button` | `Add to the dashboard`, `Take a scene` |
//! | a scene | `Button`, `Slider`, `Label` | `Apply Evening`, `Take all as they are now`, `Add to the scene`; `Fade`; `Desk lamp: Light: on; so now` |
//! | plots | `Button`, `GraphicsObject`, `Label` | `Add to plots`, `Pause`, `Zoom in`; `plot of °C: Desk: Temperature`; `Desk: Temperature: min …` |
//! | frames | `ListBoxOption`, `TextInput`, `MultilineTextInput`, `Button` | `14:03:07.120  to the board  58 B  Light.Set  {…}`; `Search frames`, `The whole frame`; `Requests`, `Responses`, `Pushes`, `Link and pings`, `Clear` |
//! | what is copied of one | `Button` | `Copy the frame`, `Copy as websocat`, `Copy as switchboard call`, `Edit the request` |
//! | the box that sends | `TextInput`, `MultilineTextInput`, `MenuItem`, `Button` | `Method`, `Parameters`; `Light.Set  Light`; `Send the request` |
//! | the menu of a card | `Button`, `MenuItem` | `Light: more`; `Add to plots`, `Pin to Bench`, `Pin to a new dashboard`, `Add to scene Evening`, `Add to a new scene` |
//! | telemetry | `ComboBox`, `Button`, `GraphicsObject`, `Label` | `Board`; `Start` or `Stop`, `Pause` or `Resume`, `5 s`, `Save CSV…`; `samples of Supply current`; `rate: 1000 samples/s`, `lost by the board: 0 frames`, `Supply current: 0.036 A` |
//! | clients of a board | `Label`, `Button` | `3: rpc from 192.168.1.5:53211, this window, …`; `Close 4`; `memory of all: 12,064 B` |
//! | the panel's buttons | `Button` | `All boards`, `This board`, `Save pushes` |
//! | the command palette | `TextInput`, `MenuItem` | `Command`; `Go to Activity`, `Desk lamp: turn Light off` |
//! | dialogs | `TextInput`, `Button` | `Address` or `Path`; `Add`, `Save` or `Update`; `Cancel` |
//! | a locked board without a key | `Button`, `PasswordInput` | `Pair…`, `Enter key…`, `Forget the key…`; `Key` |
//! | channels of the lab | `TextInput`, `Button`, `ListBoxOption` | `Address`; `Open the address`, `Addresses of boards` (with `MenuItem` `Open ws://…/ws`), `Open a recording`; `ws://…/ws: open, 0/s in, 0/s out`, `Show next to the others: ws://…/ws` |
//! | one of them | `Button`, `Label` | `Open ws://…/ws` or `Close …`, `Record …` or `Stop recording …`, `Options of …`, `Hide …`; `in: 20/s, 960 B/s, …`; `plotted: /a/n  5.25`, with `GraphicsObject` `plot of /a/n: …` |
//! | what goes over it | `ListBoxOption`, `TextInput`, `CheckBox`, `Button` | `14:03:07.120  in  hello`; `Search messages`, `Part of JSON`; `Messages only`; `Pause`, `Clear the list`, `Plot /a/n`, `Copy the message` |
//! | what it sends | `MultilineTextInput`, `RadioButton`, `Button`, `TextInput` | `Message to send`; `Send as Text`; `Send the message`, `Repeat the message`, `Stop repeating`; `Rate` |
//! | echo and broadcast | `Button`, `Label` | `Open four clients`, `Say hello from A`, `Toggle the light from C`, `Show answer`; `A to board: echo: hello 1 from A`, `board to D: push: light:0 {"on":true}, …` |
//! | no board | `Button` | `Start 3 virtual boards`, `Add a board by address` |

mod action;
mod activity;
mod app;
mod arrangement;
mod batch;
mod binder;
mod board_choice;
mod board_list;
mod board_menu;
mod board_page;
mod boards_page;
mod cards;
mod commands;
mod dashboards;
mod dialogs;
mod doctor;
mod elsewhere;
mod empty;
mod entry_row;
mod files;
mod fonts;
mod frame_context;
mod frames;
mod health;
mod health_plots;
mod icon;
mod journal;
mod key_ring;
mod lab;
mod model;
mod offers;
mod page_context;
mod pairing;
mod pin;
mod places;
mod plots;
mod pushes;
mod room;
mod run;
mod save;
mod scenes;
mod selection_page;
mod shortcuts;
mod signs;
mod slider;
mod sparkline;
mod still_plot;
mod text;
mod theme;
mod toasts;
mod toggle;
mod top_bar;
mod window;
mod zoom;

use crate::{record, words};

use crate::settings;
pub use crate::settings::{Layout, Page, RememberedBoard, Settings, SettingsFile, ThemeChoice};

pub use action::{Action, BoardCommand, Overlay, PinTarget, Request, Task, WindowAction};
pub use app::App;
pub use arrangement::{Arrangement, Grouping, Labels, LabelsChange, Sorting};
pub use batch::{Batch, Step, What};
pub use dialogs::Asks;
pub use empty::VirtualBoards;
pub use files::{Direction, Errand, Question};
pub use frame_context::FrameContext;
pub use journal::Journal;
pub use lab::SampleTable;
pub use model::{Counts, Model};
pub use pin::Pin;
pub use places::PLACES;
pub use plots::{PlotSettings, table::Row};
pub use run::{Options, RunError, run};
pub use toasts::{Lead, Notice};
pub use window::Window;

/// Starts this many more virtual boards in this program; called on a thread of
/// its own, so that it may take its time.
pub type StartVirtualBoards = Box<dyn FnMut(usize) -> Result<(), String> + Send>;
