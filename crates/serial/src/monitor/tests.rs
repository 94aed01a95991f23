//! A monitor on a simulated computer, whose cables are pulled out.

use std::{
    collections::BTreeMap,
    io::{self, ErrorKind},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    time::{Duration, Instant},
};

use super::{
    host::{Host, OpenPort},
    reset::ControlLines,
    *,
};
use crate::{Port, Problem, UsbDevice};

/// A board at a port: what it received, and how it prints.
#[derive(Default)]
struct Desk {
    ports: BTreeMap<String, Socket>,
}

struct Socket {
    serial: &'static str,
    /// Ends with the cable.
    prints: Option<Receiver<Vec<u8>>>,
    receives: Sender<Vec<u8>>,
    problem: Option<fn(String) -> Problem>,
}

/// The board's end of a cable. Dropping `prints` pulls it out.
struct Board {
    prints: Sender<Vec<u8>>,
    received: Receiver<Vec<u8>>,
}

#[derive(Clone, Default)]
struct Computer(Arc<Mutex<Desk>>);

impl Computer {
    fn plug(&self, path: &str, serial: &'static str) -> Board {
        let (prints, printed) = channel();
        let (receives, received) = channel();
        let socket = Socket {
            serial,
            prints: Some(printed),
            receives,
            problem: None,
        };
        self.0
            .lock()
            .expect("a desk")
            .ports
            .insert(path.to_owned(), socket);
        Board { prints, received }
    }

    fn unplug(&self, path: &str, board: Board) {
        self.0.lock().expect("a desk").ports.remove(path);
        drop(board);
    }

    fn refuse(&self, path: &str, problem: Option<fn(String) -> Problem>) {
        if let Some(socket) = self.0.lock().expect("a desk").ports.get_mut(path) {
            socket.problem = problem;
        }
    }
}

struct Cable {
    computer: Computer,
    path: String,
    prints: Option<Receiver<Vec<u8>>>,
    receives: Sender<Vec<u8>>,
}

impl Host for Computer {
    type Open = Cable;

    fn ports(&self) -> Vec<Port> {
        let desk = self.0.lock().expect("a desk");
        let port = |(path, socket): (&String, &Socket)| Port {
            path: path.clone(),
            usb: Some(UsbDevice {
                vendor_id: 0x303a,
                product_id: 0x1001,
                manufacturer: None,
                product: None,
                serial_number: Some(socket.serial.to_owned()),
            }),
        };
        desk.ports.iter().map(port).collect()
    }

    fn exists(&self, path: &str) -> bool {
        self.0.lock().expect("a desk").ports.contains_key(path)
    }

    fn open(&mut self, path: &str, _baud: u32) -> Result<Cable, Problem> {
        let mut desk = self.0.lock().expect("a desk");
        let port = path.to_owned();
        let Some(socket) = desk.ports.get_mut(path) else {
            return Err(Problem::NoPort { port });
        };
        if let Some(problem) = socket.problem {
            return Err(problem(port));
        }
        let prints = socket.prints.take();
        assert!(prints.is_some(), "a port is opened once");
        Ok(Cable {
            computer: self.clone(),
            path: path.to_owned(),
            prints,
            receives: socket.receives.clone(),
        })
    }
}

impl OpenPort for Cable {
    fn read(&mut self, wait: Duration, bytes: &mut [u8]) -> io::Result<usize> {
        match self.prints.as_ref().expect("open").recv_timeout(wait) {
            Ok(read) => {
                bytes[..read.len()].copy_from_slice(&read);
                Ok(read.len())
            }
            Err(RecvTimeoutError::Timeout) => Ok(0),
            Err(RecvTimeoutError::Disconnected) => Err(ErrorKind::BrokenPipe.into()),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.receives
            .send(bytes.to_vec())
            .map_err(|_| ErrorKind::BrokenPipe.into())
    }
}

impl ControlLines for Cable {
    fn set_dtr(&mut self, on: bool) -> bool {
        self.receives.send(format!("DTR {on}").into_bytes()).is_ok()
    }

    fn set_rts(&mut self, on: bool) -> bool {
        self.receives.send(format!("RTS {on}").into_bytes()).is_ok()
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        let mut desk = self.computer.0.lock().expect("a desk");
        if let Some(socket) = desk.ports.get_mut(&self.path) {
            socket.prints = self.prints.take();
        }
    }
}

/// A monitor and everything that it has shown.
struct Watched {
    monitor: Monitor,
    woken: Receiver<()>,
    shown: Vec<(Meaning, String)>,
    state: MonitorState,
}

impl Watched {
    fn start(computer: &Computer, path: &str, registry: &Registry) -> Self {
        let (wake, woken) = channel();
        let wake = move || {
            let _ = wake.send(());
        };
        let monitor = Monitor::start_on(computer.clone(), path, MONITOR_BAUD, registry, wake);
        Self {
            monitor: monitor.expect("a thread"),
            woken,
            shown: Vec::new(),
            state: MonitorState::Opening,
        }
    }

    /// Waits until this is so.
    fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let update = self.monitor.take();
            self.state = update.state;
            let lines = update.lines.iter();
            self.shown
                .extend(lines.map(|line| (line.meaning, line.text.clone())));
            if is_so(self) {
                return;
            }
            assert!(Instant::now() < end, "{what}: {:?}", self.shown);
            let _ = self.woken.recv_timeout(Duration::from_secs(1));
        }
    }

    fn until_shown(&mut self, text: &str) {
        self.until(text, |watched| {
            watched.shown.iter().any(|(_, line)| line == text)
        });
    }

    fn until_state(&mut self, state: &MonitorState) {
        self.until(&state.to_string(), |watched| watched.state == *state);
    }
}

fn open(path: &str) -> MonitorState {
    MonitorState::Open {
        path: path.to_owned(),
    }
}

fn print(board: &Board, text: &[u8]) {
    board.prints.send(text.to_vec()).expect("it is read");
}

#[test]
fn a_board_is_followed_to_another_port_while_others_are_ignored() {
    let computer = Computer::default();
    let board = computer.plug("ACM0", "A");
    let mut watched = Watched::start(&computer, "ACM0", &Registry::default());
    print(&board, b"hello\r\n");
    watched.until_shown("hello");
    assert_eq!(watched.state, open("ACM0"));
    print(&board, b"cut");
    computer.unplug("ACM0", board);
    watched.until_state(&MonitorState::Unplugged);
    watched.until_shown("cut");
    // Another board takes its path.
    let other = computer.plug("ACM0", "B");
    let board = computer.plug("ACM1", "A");
    print(&other, b"I am another\n");
    print(&board, b"back\n");
    watched.until_shown("back");
    assert_eq!(watched.state, open("ACM1"));
    assert!(
        !watched
            .shown
            .iter()
            .any(|(_, line)| line.contains("another"))
    );
}

#[test]
fn the_port_is_given_to_a_dialog_and_taken_back() {
    let computer = Computer::default();
    let board = computer.plug("ACM0", "A");
    let registry = Registry::default();
    let mut watched = Watched::start(&computer, "ACM0", &registry);
    watched.until_state(&open("ACM0"));
    let device = crate::Identity::among("ACM0", &computer.ports());
    let claim = registry.claim_device(&device, "the dialog", Duration::from_secs(20));
    let claim = claim.expect("the monitor gives it up");
    // The dialog opens it.
    let mut dialog = computer.clone();
    let cable = dialog.open("ACM0", 1).expect("it is closed");
    watched.until_state(&MonitorState::Lent { to: "the dialog" });
    watched.monitor.send("help");
    watched.until_shown("the port is not open: nothing was sent");
    drop(cable);
    drop(claim);
    watched.until_state(&open("ACM0"));
    print(&board, b"still here\n");
    watched.until_shown("still here");
    assert!(board.received.try_recv().is_err());
}

#[test]
fn lines_and_resets_reach_the_board() {
    let computer = Computer::default();
    let board = computer.plug("ACM0", "A");
    let mut watched = Watched::start(&computer, "ACM0", &Registry::default());
    watched.until_state(&open("ACM0"));
    watched.monitor.send("help");
    watched.monitor.reset();
    watched.until_shown("the board was reset");
    assert!(watched.shown.contains(&(Meaning::Sent, "help".to_owned())));
    let received: Vec<String> = board
        .received
        .try_iter()
        .map(|bytes| String::from_utf8(bytes).expect("text"))
        .collect();
    assert_eq!(received[0], "help\r\n");
    assert_eq!(received.last().map(String::as_str), Some("RTS false"));
    print(
        &board,
        b"rst:0x1 (POWERON),boot:0xc (SPI_FAST_FLASH_BOOT)\n> ",
    );
    // A prompt is shown without its end.
    watched.until_shown(">");
    assert!(
        watched
            .shown
            .iter()
            .any(|(meaning, _)| *meaning == Meaning::Reset)
    );
}

#[test]
fn a_port_that_cannot_be_opened_is_tried_again() {
    let computer = Computer::default();
    let board = computer.plug("ACM0", "A");
    computer.refuse("ACM0", Some(|port| Problem::Busy { port, holder: None }));
    let mut watched = Watched::start(&computer, "ACM0", &Registry::default());
    watched.until("another program", |watched| {
        watched
            .state
            .to_string()
            .contains("another program is using ACM0")
    });
    computer.refuse("ACM0", None);
    watched.until_state(&open("ACM0"));
    drop(board);
}

#[test]
fn a_flood_is_bounded_and_counted() {
    let computer = Computer::default();
    let board = computer.plug("ACM0", "A");
    let mut watched = Watched::start(&computer, "ACM0", &Registry::default());
    watched.until_state(&open("ACM0"));
    let lines = KEPT_LINES * 2;
    for _ in 0..lines / 100 {
        print(&board, &b"x\n".repeat(100));
    }
    print(&board, b"the end\n");
    let Board { prints, received } = board;
    // Without the cable, the port is closed once everything is read.
    computer.0.lock().expect("a desk").ports.remove("ACM0");
    drop(prints);
    assert_eq!(
        received.recv_timeout(Duration::from_secs(20)),
        Err(RecvTimeoutError::Disconnected)
    );
    let update = watched.monitor.take();
    assert!(update.lines.iter().any(|line| line.text == "the end"));
    assert_eq!(update.lines.len(), KEPT_LINES);
    assert!(update.dropped >= u64::try_from(lines - KEPT_LINES).expect("a number"));
}
