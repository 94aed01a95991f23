//! What the task of a client does while it waits for something else.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use mqtt::{Client, ClientSettings, Event};
use net::client::{GIVE_UP, Trust};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::timeout,
};

const KEEP_ALIVE: Duration = Duration::from_millis(400);

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A client of this broker, and what it reports.
fn client(broker: &str) -> (Client, UnboundedReceiver<Event>) {
    let (events, received) = unbounded_channel();
    let settings = ClientSettings {
        broker: broker.parse().expect("a broker"),
        password: None,
        client_id: "driver".to_owned(),
        will: None,
        keep_alive: KEEP_ALIVE,
        trust: Trust::usual(),
    };
    let client = Client::start(settings, &Handle::current(), move |event| {
        let _ = events.send(event);
    });
    (client, received)
}

/// A broker that accepts one client. Returns its port, and the connection.
fn accepting() -> (u16, Receiver<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (accepted, stream) = channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        // CONNECT is shorter than this and arrives at once.
        let _ = stream.read(&mut [0; 256])?;
        // CONNACK: accepted, without a session (MQTT 3.1.1, section 3.2).
        stream.write_all(&[0x20, 2, 0, 0])?;
        let _ = accepted.send(stream);
        std::io::Result::Ok(())
    });
    (port, stream)
}

#[test]
fn a_broker_is_not_silent_while_this_side_is_busy() {
    let (port, accepted) = accepting();
    runtime().block_on(async {
        let (client, mut received) = client(&format!("mqtt://127.0.0.1:{port}"));
        assert_eq!(received.recv().await, Some(Event::Connected));
        let mut broker = accepted.recv().expect("it accepted");
        for round in 0..8 {
            // PUBLISH with QoS 0 on the topic `t` (section 3.3).
            broker.write_all(&[0x30, 3, 0, 1, b't']).expect("sent");
            // Blocks this thread, and with it the client.
            thread::sleep(KEEP_ALIVE + KEEP_ALIVE / 4);
            let event = received.recv().await;
            let arrived = matches!(event, Some(Event::Message { .. }));
            assert!(arrived, "round {round}: {event:?}");
        }
        drop(client);
    });
}

#[test]
fn a_command_is_refused_at_once_while_the_broker_is_being_connected_to() {
    // Accepts connections and never begins with TLS.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    runtime().block_on(async {
        let (client, mut received) = client(&format!("mqtts://127.0.0.1:{port}"));
        // The client begins to connect.
        tokio::task::yield_now().await;
        client.command("t", b"x".to_vec(), 7);
        let event = timeout(GIVE_UP / 2, received.recv()).await;
        assert_eq!(event, Ok(Some(Event::Unsent(7))));
        drop(client);
    });
}
