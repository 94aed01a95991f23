//! A client on a thread that is busy with other things for a while.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread::{self, sleep},
    time::Duration,
};

use mqtt::{Client, ClientSettings, Event};
use net::client::Trust;
use tokio::{
    runtime::{Builder, Handle},
    sync::mpsc::unbounded_channel,
};

const KEEP_ALIVE: Duration = Duration::from_millis(400);

/// A broker that accepts one client and sends it something all the time.
/// Returns its port.
fn talkative() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        // CONNECT is shorter than this and arrives at once.
        let _ = stream.read(&mut [0; 256])?;
        // CONNACK: accepted, without a session (MQTT 3.1.1, section 3.2).
        stream.write_all(&[0x20, 2, 0, 0])?;
        loop {
            // PINGRESP (section 3.13).
            stream.write_all(&[0xd0, 0])?;
            sleep(KEEP_ALIVE / 8);
        }
        #[expect(unreachable_code, reason = "states the type of the errors")]
        std::io::Result::Ok(())
    });
    port
}

#[test]
fn a_broker_is_not_silent_while_this_side_is_busy() {
    let port = talkative();
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let (events, mut received) = unbounded_channel();
        let settings = ClientSettings {
            broker: format!("mqtt://127.0.0.1:{port}")
                .parse()
                .expect("a broker"),
            password: None,
            client_id: "busy".to_owned(),
            will: None,
            keep_alive: KEEP_ALIVE,
            trust: Trust::usual(),
        };
        let client = Client::start(settings, &Handle::current(), move |event| {
            let _ = events.send(event);
        });
        assert_eq!(received.recv().await, Some(Event::Connected));
        for _ in 0..8 {
            // Blocks this thread, and with it the client.
            sleep(KEEP_ALIVE + KEEP_ALIVE / 4);
            tokio::time::sleep(KEEP_ALIVE / 16).await;
        }
        assert_eq!(received.try_recv().ok(), None);
        drop(client);
    });
}
