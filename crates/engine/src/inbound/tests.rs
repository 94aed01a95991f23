//! The listener, on loopback.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{net::Ipv4Addr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Builder,
    time::timeout,
};

use super::{Listener, PENDING, inbound_sockets};
use crate::transport::Unread;

const SOON: Duration = Duration::from_secs(10);

fn run(test: impl Future<Output = ()>) {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            timeout(SOON, test).await.unwrap();
        });
}

const HANDSHAKE: &str = "GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: \
     websocket\r\nSec-WebSocket-Version: 13\r\n\
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSwitchboard-Id: lamp-1\r\n\r\n";

#[test]
fn silent_strangers_keep_no_board_out() {
    run(async {
        let (sender, mut arrived) = inbound_sockets();
        let listener = Listener::start((Ipv4Addr::LOCALHOST, 0).into(), sender).unwrap();
        let mut silent = Vec::new();
        for _ in 0..PENDING + 8 {
            silent.push(TcpStream::connect(listener.address()).await.unwrap());
        }
        let mut board = TcpStream::connect(listener.address()).await.unwrap();
        board.write_all(HANDSHAKE.as_bytes()).await.unwrap();
        let arrival = arrived.recv().await.unwrap();
        assert_eq!((arrival.id.as_str(), arrival.locked), ("lamp-1", false));
        // As many as were too many were closed.
        let mut ended = 0;
        while ended < 8 {
            ended = silent
                .iter()
                .filter(|stream| matches!(stream.try_read(&mut [0; 1]), Ok(0)))
                .count();
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_request_may_have_an_absolute_target_but_not_be_http_1_0() {
    run(async {
        let (sender, mut arrived) = inbound_sockets();
        let listener = Listener::start((Ipv4Addr::LOCALHOST, 0).into(), sender).unwrap();
        let mut old = TcpStream::connect(listener.address()).await.unwrap();
        old.write_all(HANDSHAKE.replace("HTTP/1.1", "HTTP/1.0").as_bytes())
            .await
            .unwrap();
        let mut said = Vec::new();
        let _ = old.read_to_end(&mut said).await;
        assert!(
            !said.starts_with(b"HTTP/1.1 101"),
            "RFC 6455, section 4.1: {}",
            String::from_utf8_lossy(&said)
        );
        let mut board = TcpStream::connect(listener.address()).await.unwrap();
        board
            .write_all(
                HANDSHAKE
                    .replace("GET /", "GET http://here/")
                    .replace("lamp-1", "lamp-2")
                    .as_bytes(),
            )
            .await
            .unwrap();
        assert_eq!(arrived.recv().await.unwrap().id, "lamp-2");
    });
}

#[test]
fn a_declined_board_is_told() {
    run(async {
        let (sender, mut arrived) = inbound_sockets();
        let listener = Listener::start((Ipv4Addr::LOCALHOST, 0).into(), sender).unwrap();
        let mut board = TcpStream::connect(listener.address()).await.unwrap();
        board.write_all(HANDSHAKE.as_bytes()).await.unwrap();
        drop(arrived.recv().await.unwrap());
        let mut said = Vec::new();
        while !said.windows(4).any(|part| part == b"\x88\x33\x03\xf5") {
            assert!(
                board.read_buf(&mut said).await.unwrap() > 0,
                "{}",
                String::from_utf8_lossy(&said)
            );
        }
        assert!(said.starts_with(b"HTTP/1.1 101"));
    });
}

#[test]
fn a_closed_port_is_free_again() {
    run(async {
        let (sender, _arrived) = inbound_sockets();
        let listener = Listener::start((Ipv4Addr::LOCALHOST, 0).into(), sender.clone()).unwrap();
        let address = listener.address();
        assert!(Listener::start(address, sender.clone()).is_err());
        listener.close().await;
        assert!(Listener::start(address, sender).is_ok());
    });
}

#[test]
fn a_message_that_is_too_long_ends_the_link_and_a_lost_connection_is_not_an_error() {
    run(async {
        let (sender, mut arrived) = inbound_sockets();
        let listener = Listener::start((Ipv4Addr::LOCALHOST, 0).into(), sender).unwrap();
        // A masked frame of a text of 65,537 bytes, which is refused from its
        // header; and the end of the connection.
        let giant = [0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 1, 2, 3, 4];
        for (bytes, expected) in [(&giant[..], "too long"), (&[], "Closed")] {
            let mut board = TcpStream::connect(listener.address()).await.unwrap();
            board.write_all(HANDSHAKE.as_bytes()).await.unwrap();
            let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
            let arrival = arrived.recv().await.unwrap();
            let _socket = arrival.accept(Unread::default(), move |event| drop(tell.send(event)));
            board.write_all(bytes).await.unwrap();
            drop(board);
            let ended = told.recv().await.unwrap();
            assert!(format!("{ended:?}").contains(expected), "{ended:?}");
            assert!(told.recv().await.is_none(), "nothing comes after the end");
        }
    });
}
