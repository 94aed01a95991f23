//! A board behind a serial port, with raw requests over the port.

use std::{
    fs::File,
    io::{Read, Write},
    sync::{
        Arc,
        mpsc::{self, Receiver},
    },
    thread,
    time::Instant,
};

use protocol::improv::{
    Command, Credentials, ErrorState, FromDevice, Item, Password, Reader, RpcResult, State,
};
use virtual_board::{Options, VirtualBoards, serial::SerialBoard};

use crate::{Outcome, PATIENCE};

struct Cable {
    port: File,
    said: Receiver<FromDevice>,
}

impl Cable {
    fn plug_in(board: &SerialBoard) -> Result<Self, Box<dyn std::error::Error>> {
        let port = File::options().read(true).write(true).open(board.path())?;
        let mut input = port.try_clone()?;
        let (sender, said) = mpsc::channel();
        // The thread ends when the board and its port are dropped.
        thread::spawn(move || {
            let mut reader = Reader::default();
            let mut bytes = [0; 256];
            while let Ok(read @ 1..) = input.read(&mut bytes) {
                for item in reader.receive(&bytes[..read]) {
                    if let Item::Packet(packet) = item
                        && let Ok(packet) = FromDevice::from_packet(&packet)
                        && sender.send(packet).is_err()
                    {
                        return;
                    }
                }
            }
        });
        Ok(Self { port, said })
    }

    fn ask(&mut self, command: &Command) -> Outcome {
        Ok(self
            .port
            .write_all(&command.to_packet().ok_or("too long")?.encode())?)
    }

    fn until<T>(
        &self,
        pass: impl Fn(FromDevice) -> Option<T>,
    ) -> Result<T, Box<dyn std::error::Error>> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let said = self
                .said
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))?;
            if let Some(passed) = pass(said) {
                return Ok(passed);
            }
        }
    }

    fn join(&mut self, ssid: &str, password: &str) -> Outcome {
        self.ask(&Command::SendWifiSettings(Credentials::new(
            ssid,
            Password::new(password),
        )?))
    }
}

fn result(said: FromDevice) -> Option<RpcResult> {
    if let FromDevice::Result(result) = said {
        Some(result)
    } else {
        None
    }
}

#[test]
fn it_serves_once_it_has_the_right_password_and_reports_its_url() -> Outcome {
    let options = Options {
        started: false,
        mdns: false,
        ..Options::default()
    };
    let boards = Arc::new(VirtualBoards::start(options)?);
    let (tell, told) = mpsc::channel();
    let board = SerialBoard::start(Arc::clone(&boards), move |listening| {
        drop(tell.send(listening.clone()));
    })?;
    let mut cable = Cable::plug_in(&board)?;

    cable.ask(&Command::RequestNetworks)?;
    let mut networks = Vec::new();
    loop {
        let found = cable.until(result)?.strings;
        if found.is_empty() {
            break;
        }
        networks.push((found[0].clone(), found[2].clone()));
    }
    let expected = [
        ("Switchboard Lab", "YES"),
        ("Open Bench", "NO"),
        ("Far Away", "YES"),
    ];
    assert_eq!(
        networks,
        expected.map(|(name, locked)| (name.to_owned(), locked.to_owned()))
    );

    cable.join("Switchboard Lab", "wrong")?;
    let unable = FromDevice::Error(ErrorState::UnableToConnect);
    cable.until(|said| (said == unable).then_some(()))?;
    assert!(told.try_recv().is_err(), "it serves without a network");

    cable.join("Switchboard Lab", "blinking lights")?;
    cable.until(|said| (said == FromDevice::State(State::Provisioned)).then_some(()))?;
    let listening = told.recv_timeout(PATIENCE)?;
    assert_eq!(
        cable.until(result)?.strings,
        [format!("http://{}/", listening.address)]
    );
    drop(std::net::TcpStream::connect(listening.address)?);

    // A network that refuses it: it returns to its previous one.
    cable.join("Nowhere", "")?;
    cable.until(|said| (said == unable).then_some(()))?;
    cable.until(|said| (said == FromDevice::State(State::Provisioned)).then_some(()))?;
    assert_eq!(told.recv_timeout(PATIENCE)?.id, listening.id);
    Ok(())
}

#[test]
fn its_port_is_removed_with_it() -> Outcome {
    let boards = Arc::new(VirtualBoards::start(Options {
        started: false,
        mdns: false,
        ..Options::default()
    })?);
    let board = SerialBoard::start(boards, |_| {})?;
    let cable = Cable::plug_in(&board)?;
    drop(board);
    let end = loop {
        if let Err(end) = cable.said.recv_timeout(PATIENCE) {
            break end;
        }
    };
    assert_eq!(end, mpsc::RecvTimeoutError::Disconnected);
    Ok(())
}
