//! The library: physical operations, a lost connection and a new port.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use mdns_sd::{ServiceDaemon, ServiceEvent};
use protocol::{State, mdns::SERVICE};
use serde_json::{Value, json};
use tokio::net::TcpStream as Connection;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};
use virtual_board::{ActionError, Listening, Options, Profile, StartError, VirtualBoards};

use crate::{Outcome, PATIENCE};

pub(crate) fn quiet(boards: usize, profile: Profile) -> Result<VirtualBoards, StartError> {
    quiet_with(Options {
        boards,
        profile,
        ..Options::default()
    })
}

/// Boards that are not announced.
pub(crate) fn quiet_with(options: Options) -> Result<VirtualBoards, StartError> {
    VirtualBoards::start(Options {
        mdns: false,
        ..options
    })
}

pub(crate) fn first(boards: &VirtualBoards) -> Result<Listening, &'static str> {
    boards.list().into_iter().next().ok_or("no board")
}

/// Posts one request over a new connection and returns its result; `null` if it
/// was refused.
pub(crate) fn post(
    address: SocketAddr,
    method: &str,
    params: &Value,
    patience: Duration,
) -> io::Result<Value> {
    Ok(answer(address, method, params, patience)?["result"].clone())
}

/// Posts one request over a new connection and returns the response.
pub(crate) fn answer(
    address: SocketAddr,
    method: &str,
    params: &Value,
    patience: Duration,
) -> io::Result<Value> {
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let length = body.len();
    write!(
        stream,
        "POST /rpc HTTP/1.1\r\nHost: b.local\r\nConnection: close\r\nContent-Length: \
             {length}\r\n\r\n{body}"
    )?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    let (_, body) = response
        .split_once("\r\n\r\n")
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(serde_json::from_str(body)?)
}

pub(crate) fn status(address: SocketAddr) -> io::Result<Value> {
    post(address, "Device.GetStatus", &json!({}), PATIENCE)
}

struct Controller(WebSocketStream<Connection>);

impl Controller {
    async fn connect(address: SocketAddr) -> Result<Self, Box<dyn std::error::Error>> {
        let stream = Connection::connect(address).await?;
        let (socket, _) = client_async(format!("ws://{address}/rpc"), stream).await?;
        Ok(Self(socket))
    }

    async fn send(&mut self, method: &str, params: Value) -> Outcome {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        Ok(self.0.send(Message::text(request.to_string())).await?)
    }

    /// Waits for the first message that matches.
    async fn until(
        &mut self,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, Box<dyn std::error::Error>> {
        let search = async {
            while let Some(message) = self.0.next().await {
                if let Message::Text(text) = message? {
                    let message = serde_json::from_str(&text)?;
                    if wanted(&message) {
                        return Ok(message);
                    }
                }
            }
            Err("the connection ended".into())
        };
        tokio::time::timeout(PATIENCE, search).await?
    }

    /// The code of the close frame.
    async fn closed(&mut self) -> Result<Option<u16>, Box<dyn std::error::Error>> {
        let search = async {
            while let Some(message) = self.0.next().await {
                if let Message::Close(close) = message? {
                    return Ok(close.map(|close| close.code.into()));
                }
            }
            Err("no close frame".into())
        };
        tokio::time::timeout(PATIENCE, search).await?
    }
}

fn block_on<F: Future<Output = Outcome>>(test: F) -> Outcome {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(test)
}

#[test]
fn a_physical_change_is_pushed_to_a_controller() -> Outcome {
    let boards = quiet(1, Profile::Lamp)?;
    let board = first(&boards)?;
    block_on(async {
        let mut controller = Controller::connect(board.address).await?;
        controller.send("Device.Subscribe", json!({})).await?;
        controller
            .until(|message| message["result"].is_object())
            .await?;
        boards.press(&board.name, &"button:0".parse()?, "press")?;
        let event = controller
            .until(|message| message["method"] == "NotifyEvent")
            .await?;
        assert_eq!(event["params"]["source"], "physical");
        let change = controller
            .until(|message| message["params"]["light:0"].is_object())
            .await?;
        assert_eq!(change["params"]["light:0"]["on"], true);
        boards.set(
            &board.id,
            &"light:0".parse()?,
            State(serde_json::from_str(r#"{"on":false}"#)?),
        )?;
        controller
            .until(|message| message["params"]["light:0"]["on"] == false)
            .await?;
        Ok(())
    })
}

#[test]
fn a_board_that_loses_power_comes_back_at_its_address_with_a_new_epoch() -> Outcome {
    let boards = quiet(2, Profile::Strip)?;
    let board = first(&boards)?;
    let before = status(board.address)?;
    let mut open = TcpStream::connect(board.address)?;
    boards.stop(&board.id)?;
    assert!(
        matches!(open.read(&mut [0]), Ok(0) | Err(_)),
        "its sockets are closed"
    );
    assert!(status(board.address).is_err());
    assert!(matches!(
        boards.stop(&board.id),
        Err(ActionError::Stopped(_))
    ));
    let other = boards.list().pop().ok_or("no second board")?;
    assert!(status(other.address).is_ok(), "the other is unharmed");
    boards.start_again(&board.id)?;
    assert_eq!(first(&boards)?.address, board.address);
    assert_ne!(status(board.address)?["epoch"], before["epoch"]);
    assert!(matches!(
        boards.start_again(&board.id),
        Err(ActionError::Running(_))
    ));
    Ok(())
}

#[test]
fn a_board_can_come_back_on_another_port() -> Outcome {
    let boards = quiet(1, Profile::Weather)?;
    let board = first(&boards)?;
    boards.stop(&board.id)?;
    // No other program can take the port now.
    let _taken = std::net::TcpListener::bind(board.address)?;
    assert!(boards.start_again(&board.id).is_err());
    boards.start_again_on(&board.id, 0)?;
    let moved = first(&boards)?;
    assert_ne!(moved.address, board.address);
    assert!(status(moved.address).is_ok());
    Ok(())
}

#[test]
fn a_paused_board_accepts_connections_but_answers_only_after_it_resumes() -> Outcome {
    let boards = quiet(1, Profile::Lamp)?;
    let board = first(&boards)?;
    boards.hold(&board.id)?;
    assert!(
        post(
            board.address,
            "Sys.Ping",
            &json!({}),
            Duration::from_millis(300)
        )
        .is_err()
    );
    let mut waiting = TcpStream::connect(board.address)?;
    waiting.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    boards.release(&board.id)?;
    let mut page = String::new();
    waiting.read_to_string(&mut page)?;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    Ok(())
}

#[test]
fn a_physical_change_of_a_paused_board_is_pushed_after_it_resumes() -> Outcome {
    let boards = quiet(1, Profile::Lamp)?;
    let board = first(&boards)?;
    boards.hold(&board.id)?;
    boards.set(
        &board.id,
        &"light:0".parse()?,
        State::new().with("on", true),
    )?;
    boards.release(&board.id)?;
    assert_eq!(status(board.address)?["light:0"]["on"], true);
    Ok(())
}

#[test]
fn a_reboot_is_announced_and_keeps_the_name_and_the_port() -> Outcome {
    let boards = quiet(1, Profile::Lamp)?;
    let board = first(&boards)?;
    block_on(async {
        let mut controller = Controller::connect(board.address).await?;
        controller
            .send("Device.SetName", json!({ "name": "Reading lamp" }))
            .await?;
        controller.send("Device.GetStatus", json!({})).await?;
        let before = controller
            .until(|message| message["result"]["epoch"].is_string())
            .await?;
        controller.send("Device.Reboot", json!({})).await?;
        assert_eq!(controller.closed().await?, Some(1012));
        drop(controller);
        let begun = Instant::now();
        let after = loop {
            match status(board.address) {
                Ok(status) if status["epoch"] != before["result"]["epoch"] => break status,
                _ if begun.elapsed() > PATIENCE => return Err("it does not come back".into()),
                _ => tokio::task::yield_now().await,
            }
        };
        assert!(after["epoch"].is_string());
        let info = post(board.address, "Device.GetInfo", &json!({}), PATIENCE)?;
        assert_eq!(info["name"], "Reading lamp");
        Ok(())
    })
}

#[test]
fn a_board_that_lost_power_restores_what_it_had_written() -> Outcome {
    let boards = quiet(1, Profile::Lamp)?;
    let board = first(&boards)?;
    post(
        board.address,
        "Light.Set",
        &json!({ "id": 0, "on": true, "brightness": 7 }),
        PATIENCE,
    )?;
    let epoch = status(board.address)?["epoch"].clone();
    post(board.address, "Device.Reboot", &json!({}), PATIENCE)?;
    let begun = Instant::now();
    while !status(board.address)
        .is_ok_and(|status| status["epoch"].is_string() && status["epoch"] != epoch)
    {
        assert!(begun.elapsed() < PATIENCE, "it does not come back");
    }
    post(
        board.address,
        "Light.Set",
        &json!({ "id": 0, "brightness": 99 }),
        PATIENCE,
    )?;
    // It had five seconds to write the value.
    boards.stop(&board.id)?;
    boards.start_again(&board.id)?;
    let after = status(board.address)?;
    assert_eq!(
        (&after["light:0"]["on"], &after["light:0"]["brightness"]),
        (&json!(true), &json!(7))
    );
    boards.factory_reset(&board.id)?;
    let begun = Instant::now();
    while !status(board.address).is_ok_and(|status| status["light:0"]["on"] == false) {
        assert!(begun.elapsed() < PATIENCE, "it does not forget");
    }
    Ok(())
}

#[test]
fn boards_of_two_starts_have_different_ids_unless_the_seed_is_the_same() -> Outcome {
    let id = |seed| -> Result<String, StartError> {
        let boards = VirtualBoards::start(Options {
            seed,
            mdns: false,
            ..Options::default()
        })?;
        Ok(boards.list().remove(0).id)
    };
    assert_ne!(id(None)?, id(None)?);
    assert_eq!(id(Some(7))?, id(Some(7))?);
    Ok(())
}

#[test]
fn a_board_is_selected_by_its_id_or_a_unique_name() -> Outcome {
    let boards = VirtualBoards::start(Options {
        boards: 2,
        mdns: false,
        ..Options::default()
    })?;
    assert!(matches!(
        boards.hold("nobody"),
        Err(ActionError::NoSuchBoard(_))
    ));
    for board in boards.list() {
        post(
            board.address,
            "Device.SetName",
            &json!({ "name": "Twin" }),
            PATIENCE,
        )?;
    }
    assert!(
        boards.list().iter().all(|board| board.name == "Twin"),
        "{:?}",
        boards.list()
    );
    assert!(matches!(
        boards.hold("Twin"),
        Err(ActionError::Ambiguous(_))
    ));
    Ok(())
}

#[test]
fn a_port_in_use_is_an_error_and_no_board_runs() -> Outcome {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let port = taken.local_addr()?.port();
    let failed = VirtualBoards::start(Options {
        port,
        mdns: false,
        ..Options::default()
    });
    assert!(matches!(failed, Err(StartError::Listen { .. })));
    Ok(())
}

#[test]
fn boards_are_found_by_mdns_with_their_new_names_and_say_goodbye() -> Outcome {
    let boards = VirtualBoards::start(Options {
        boards: 3,
        ..Options::default()
    })?;
    let wanted: BTreeMap<_, _> = boards
        .list()
        .into_iter()
        .map(|board| (board.id.clone(), board))
        .collect();
    let daemon = ServiceDaemon::new()?;
    let events = daemon.browse(SERVICE)?;
    let deadline = Instant::now() + PATIENCE;
    let mut found = BTreeMap::new();
    while found.len() < wanted.len() {
        if let ServiceEvent::ServiceResolved(service) = events.recv_deadline(deadline)?
            && let Some(board) = service
                .txt_properties
                .get_property_val_str("id")
                .and_then(|id| wanted.get(id))
        {
            assert_eq!(service.port, board.address.port());
            assert_eq!(
                service.txt_properties.get_property_val_str("friendly_name"),
                Some(board.name.as_str())
            );
            found.insert(board.id.clone(), service.fullname.clone());
        }
    }
    let board = first(&boards)?;
    post(
        board.address,
        "Device.SetName",
        &json!({ "name": "Renamed" }),
        PATIENCE,
    )?;
    loop {
        if let ServiceEvent::ServiceResolved(service) = events.recv_deadline(deadline)?
            && service.txt_properties.get_property_val_str("friendly_name") == Some("Renamed")
        {
            break;
        }
    }
    drop(boards);
    while !found.is_empty() {
        if let ServiceEvent::ServiceRemoved(_, fullname) = events.recv_deadline(deadline)? {
            found.retain(|_, known| *known != fullname);
        }
    }
    Ok(())
}

#[test]
fn a_board_reports_why_it_started() -> Outcome {
    let boards = quiet(1, Profile::Lamp)?;
    let board = first(&boards)?;
    let info = || post(board.address, "Device.GetInfo", &json!({}), PATIENCE);
    let before = info()?;
    assert_eq!(before["reset_reason"], "power_on");
    post(board.address, "Device.Reboot", &json!({}), PATIENCE)?;
    let deadline = Instant::now() + PATIENCE;
    let after = loop {
        match info() {
            Ok(after) if after["epoch"].is_string() && after["epoch"] != before["epoch"] => {
                break after;
            }
            _ if Instant::now() > deadline => return Err("it did not come back".into()),
            _ => {}
        }
    };
    assert_eq!(after["reset_reason"], "software");
    Ok(())
}
