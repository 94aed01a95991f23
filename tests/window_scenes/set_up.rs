//! A false port for the dialog *Set up a board*: it answers what the window
//! asks for, as a board would, without a thread, a port or a network.

use std::time::Duration;

use doctor::{DoctorProgress, Echo, Evidence, MdnsPort, Multicast};
use flash::{Chip, Described, Detected, Entry};
use fleet::{BoardView, Family, Outcome};
use gui::{Request, SetupTask, Task, Window};
use platform::Platform;
use setup::{
    Board, Command, DeviceInfo, Event, Expected, FoundChip, Network, Port, Problem, UsbDevice,
};

use crate::scenes::{self, Now};

/// Its port.
pub(crate) const PORT: &str = "/dev/ttyACM0";

/// What is at the port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtPort {
    /// A board of ours, which appears on the network.
    Lamp,
    /// The same, but it does not appear.
    LostLamp,
    /// The same, but the password is wrong.
    WrongPassword,
    /// Nothing that responds.
    Nothing,
    /// A chip without firmware, which has that of [`Self::Lamp`] after it was
    /// flashed.
    Chip,
    /// A board with WLED.
    Wled,
}

/// The key of the board on the network.
const KEY: u32 = 77;

impl AtPort {
    /// Opens the dialog with two ports.
    pub(crate) fn open(self, window: &mut Window) {
        window.open_setup();
        let usb = |product: &str| UsbDevice {
            vendor_id: 0x303a,
            product_id: 0x1001,
            manufacturer: Some("Espressif".to_owned()),
            product: Some(product.to_owned()),
            serial_number: Some("84:F7:03:A0:F3:80".to_owned()),
        };
        let ports = vec![
            Port {
                path: PORT.to_owned(),
                usb: Some(usb("USB JTAG/serial debug unit")),
            },
            Port {
                path: "/dev/ttyS0".to_owned(),
                usb: None,
            },
        ];
        window.setup_event(Event::Ports(Ok(ports)));
    }

    /// Answers what the window asked for, and what follows from that. What is
    /// not about the dialog is left.
    pub(crate) fn answer(self, window: &mut Window, asked: Vec<Request>, at: Now) -> Vec<Request> {
        let mut left = Vec::new();
        for request in asked {
            match request {
                Request::Task(Task::Setup(task)) => self.carry_out(window, task, at),
                other => left.push(other),
            }
        }
        left
    }

    fn carry_out(self, window: &mut Window, task: SetupTask, at: Now) {
        let mut tasks = vec![task];
        let mut flashed = false;
        while let Some(task) = tasks.pop() {
            match task {
                SetupTask::Run(command) => {
                    flashed |= matches!(command, Command::Flash(_));
                    if let Some(event) = self.event(&command, flashed) {
                        tasks.extend(window.setup_event(event));
                    }
                    if matches!(command, Command::Connect(_)) {
                        self.appear(window, at);
                    }
                }
                SetupTask::Examine(_) => {
                    window.setup_examined(DoctorProgress::Done(Box::new(firewall())));
                }
                SetupTask::Rename(..) => {
                    let done = Outcome::Done {
                        result: serde_json::Value::Null,
                        took: Duration::from_millis(4),
                    };
                    tasks.extend(window.setup_renamed(&done));
                }
                _ => {}
            }
        }
    }

    fn board(self) -> Board {
        let (firmware, name) = match self {
            Self::Wled => ("WLED", "Strip"),
            _ => ("Switchboard", "Desk lamp"),
        };
        Board {
            info: Some(DeviceInfo {
                firmware: firmware.to_owned(),
                version: "0.2.0".to_owned(),
                chip: "ESP32-C3".to_owned(),
                name: name.to_owned(),
            }),
            hostname: Some("sb-a1b2c3".to_owned()),
            provisioned: false,
        }
    }

    fn event(self, command: &Command, flashed: bool) -> Option<Event> {
        let port = PORT.to_owned();
        Some(match command {
            Command::Identify(_) if self == Self::Nothing || (self == Self::Chip && !flashed) => {
                Event::Identified(Err(Problem::Silent { port }))
            }
            Command::Detect(_) if self == Self::Chip => Event::Detected(Ok(Box::new(chip()))),
            Command::Detect(_) => {
                let problem = flash::Problem::NotInDownloadMode { port, heard: false };
                Event::Detected(Err(problem))
            }
            Command::Flash(_) => Event::Flashed(Ok(chip().detected)),
            Command::Identify(_) => Event::Identified(Ok(self.board())),
            Command::Scan => Event::Networks(Ok(networks())),
            Command::Connect(credentials) if self == Self::WrongPassword => {
                let ssid = credentials.ssid().to_owned();
                Event::Connected(Err(Problem::UnableToConnect { ssid }))
            }
            Command::Connect(_) => {
                let url = Some("http://192.168.1.17/".to_owned());
                Event::Connected(Ok(Expected::new(&self.board(), url)))
            }
            _ => return None,
        })
    }

    fn appear(self, window: &mut Window, at: Now) {
        let view = match self {
            Self::Lamp | Self::Chip => BoardView {
                id: Some("sb-a1b2c3".into()),
                address: "192.168.1.17:80".into(),
                ..scenes::lamp(KEY, "Desk lamp", at)
            },
            Self::Wled => BoardView {
                address: "192.168.1.17:80".into(),
                family: Family::Wled,
                ..scenes::strip(KEY, at)
            },
            _ => return,
        };
        window
            .model
            .apply(scenes::changes(vec![view], Vec::new()), at.now);
    }
}

/// A chip, and two images for it.
fn chip() -> FoundChip {
    let image = |name: &str, board: &str| Entry {
        path: format!("/usr/share/switchboard/firmware/{board}.bin").into(),
        chip: Chip::ESP32C3,
        described: Described {
            file: format!("{board}.bin"),
            chip: "esp32c3".to_owned(),
            board: board.to_owned(),
            name: name.to_owned(),
            version: "0.2.0".to_owned(),
            sha256: "00".repeat(32),
            size: 863_424,
        },
    };
    FoundChip {
        detected: Detected {
            chip: Chip::ESP32C3,
            revision: Some((0, 4)),
            flash_size: 4 << 20,
            mac: Some("84:f7:03:a0:f3:80".to_owned()),
        },
        images: vec![
            image("Lamp with a button", "esp32c3-devkitm-1"),
            image("Relay board", "esp32c3-relay"),
        ],
        problems: Vec::new(),
    }
}

fn networks() -> Vec<Network> {
    let network = |ssid: &str, rssi, locked| Network {
        ssid: ssid.to_owned(),
        rssi,
        locked,
    };
    vec![
        network("Workshop", -48, true),
        network("Attic", -63, true),
        network("Open Bench", -70, false),
        network("A network with a name of 32 byte", -84, true),
    ]
}

/// What the doctor sees behind a firewall.
fn firewall() -> Evidence {
    Evidence {
        platform: Platform::Linux,
        service: "_switchboard._tcp.local.".to_owned(),
        interfaces: Ok(Vec::new()),
        port: MdnsPort::Shared { with: Vec::new() },
        multicast: vec![Multicast {
            interface: "wlan0".to_owned(),
            address: [192, 168, 1, 5].into(),
            echo: Echo::Silent,
            elsewhere: Some(Echo::Heard {
                after: Duration::from_millis(1),
            }),
            others: 0,
        }],
        discovery_problem: None,
        looked: Duration::from_secs(4),
        boards: Vec::new(),
    }
}
