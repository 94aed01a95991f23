//! Both transports against servers on loopback.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::{
    future::Future,
    io::Write,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::mpsc,
    thread,
    time::Duration,
};

use tokio::{io::AsyncReadExt, runtime::Builder, sync::mpsc::UnboundedReceiver, time::timeout};

use super::*;
use address::{Address, Candidates};

const SOON: Duration = Duration::from_secs(10);

const BOTH: [Transport; 2] = [Transport::Tungstenite, Transport::Ewebsock];

fn run<T>(test: impl Future<Output = T>) -> T {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(test)
}

fn open(transport: Transport, address: SocketAddr) -> (Socket, UnboundedReceiver<SocketEvent>) {
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    let opening = Opening {
        transport,
        ..Opening::alone(to(address), "/")
    };
    (
        Socket::open(opening, Unread::default(), move |event| {
            drop(tell.send(event));
        }),
        told,
    )
}

fn to(address: SocketAddr) -> Destination {
    Destination {
        addresses: Candidates::given(Address::from_socket(address)),
        last: Vec::new(),
        via: None,
    }
}

/// Whether an address answers, and then the socket opens.
async fn opened(told: &mut UnboundedReceiver<SocketEvent>) -> bool {
    let reached = matches!(
        timeout(SOON, told.recv()).await,
        Ok(Some(SocketEvent::Reached(_)))
    );
    reached
        && matches!(
            timeout(SOON, told.recv()).await,
            Ok(Some(SocketEvent::Opened))
        )
}

async fn ending(told: &mut UnboundedReceiver<SocketEvent>) -> Option<Ending> {
    let ended = async {
        loop {
            match told.recv().await {
                Some(SocketEvent::Ended(ending)) => return Some(ending),
                Some(_) => {}
                None => return None,
            }
        }
    };
    timeout(SOON, ended).await.unwrap_or_default()
}

/// How it ended with a server that takes one connection, sends these bytes and
/// waits; and what the server read last.
fn sent(transport: Transport, bytes: Vec<u8>) -> (Option<Ending>, Option<u16>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let (closed, code) = mpsc::channel();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        let mut served = ::tungstenite::accept(stream).expect("a handshake");
        // The client may be gone before all of it was sent.
        let _ = served.get_mut().write_all(&bytes);
        if let Ok(::tungstenite::Message::Close(Some(frame))) = served.read() {
            let _ = closed.send(u16::from(frame.code));
        }
    });
    let ending = run(async {
        let (_socket, mut told) = open(transport, address);
        let ended = ending(&mut told).await;
        // Until the close frame has left.
        let _ = timeout(SOON, async { while told.recv().await.is_some() {} }).await;
        ended
    });
    server.join().expect("the server ends");
    (ending, code.recv().ok())
}

/// A frame of a server: 64 KiB, which a frame may have.
fn frame(first: u8) -> Vec<u8> {
    let length = u64::try_from(protocol::limits::MESSAGE_INTO_CONTROLLER)
        .expect("it fits")
        .to_be_bytes();
    [
        &[first, 127][..],
        &length,
        &vec![b'x'; protocol::limits::MESSAGE_INTO_CONTROLLER],
    ]
    .concat()
}

const TEXT_THAT_GOES_ON: u8 = 0x01;
const CONTINUATION: u8 = 0x00;
const LAST: u8 = 0x80;

#[test]
fn a_message_in_fragments_is_refused_with_1009_once_it_is_longer_than_any_message() {
    let fragments = [frame(TEXT_THAT_GOES_ON), frame(CONTINUATION).repeat(1_000)].concat();
    let (ending, code) = sent(Transport::Tungstenite, fragments);
    assert!(
        matches!(&ending, Some(Ending::Misbehaved(text)) if text.contains("131072 > 65536")),
        "{ending:?}"
    );
    assert_eq!(code, Some(1009));
}

#[test]
fn over_ewebsock_a_message_in_fragments_is_refused_at_64_mib_or_when_it_ends() {
    let mut fragments = frame(TEXT_THAT_GOES_ON);
    fragments.extend(
        frame(CONTINUATION).repeat(64 * 1_024 * 1_024 / protocol::limits::MESSAGE_INTO_CONTROLLER),
    );
    let (ending, _) = sent(Transport::Ewebsock, fragments);
    assert!(
        matches!(&ending, Some(Ending::Misbehaved(text)) if text.contains("too long")),
        "{ending:?}"
    );
    let fragments = [frame(TEXT_THAT_GOES_ON), frame(CONTINUATION), frame(LAST)].concat();
    let (ending, _) = sent(Transport::Ewebsock, fragments);
    assert!(
        matches!(&ending, Some(Ending::Misbehaved(text)) if text.contains("196608 bytes")),
        "{ending:?}"
    );
}

#[test]
fn a_frame_longer_than_any_message_is_refused_from_its_header() {
    for transport in BOTH {
        let (ending, code) = sent(transport, vec![0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0]);
        assert!(
            matches!(&ending, Some(Ending::Misbehaved(text)) if text.contains("too long")),
            "{ending:?}"
        );
        assert_eq!(code, (transport == Transport::Tungstenite).then_some(1009));
    }
}

#[test]
fn what_breaks_the_protocol_is_told_and_closed_with_its_code() {
    for (bytes, code) in [(vec![0xc1, 0], 1002), (vec![0x81, 1, 0xff], 1007)] {
        for transport in BOTH {
            let (ending, closed) = sent(transport, bytes.clone());
            assert!(matches!(ending, Some(Ending::Misbehaved(_))), "{ending:?}");
            assert_eq!(
                closed,
                (transport == Transport::Tungstenite).then_some(code)
            );
        }
    }
}

#[test]
fn an_attempt_that_is_canceled_closes_its_socket_while_the_other_side_is_silent() {
    run(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let (socket, _told) = open(Transport::Tungstenite, address);
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut asked = vec![0; 3];
        stream.read_exact(&mut asked).await.expect("a request");
        drop(socket);
        let rest = timeout(SOON, stream.read_to_end(&mut asked)).await;
        assert!(matches!(rest, Ok(Ok(_))), "{rest:?}");
    });
}

#[test]
fn a_socket_that_is_dropped_sends_a_close_frame_and_closes() {
    for transport in BOTH {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a client");
            let mut served = ::tungstenite::accept(stream).expect("a handshake");
            let read = served.read();
            let end = served.read();
            (read, end)
        });
        run(async {
            let (socket, mut told) = open(transport, address);
            assert!(opened(&mut told).await);
            drop(socket);
            let _ = timeout(SOON, async { while told.recv().await.is_some() {} }).await;
        });
        let (read, end) = server.join().expect("the server ends");
        assert!(
            matches!(read, Ok(::tungstenite::Message::Close(_))),
            "{transport}: {read:?}"
        );
        assert!(end.is_err(), "{transport}: {end:?}");
    }
}

#[test]
fn a_close_frame_is_answered_with_its_code() {
    use ::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
    for transport in BOTH {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a client");
            let mut served = ::tungstenite::accept(stream).expect("a handshake");
            let frame = CloseFrame {
                code: CloseCode::Restart,
                reason: "restarting".into(),
            };
            served.close(Some(frame)).expect("sent");
            match served.read() {
                Ok(::tungstenite::Message::Close(Some(frame))) => Some(u16::from(frame.code)),
                _ => None,
            }
        });
        let ending = run(async {
            let (_socket, mut told) = open(transport, address);
            let ended = ending(&mut told).await;
            let _ = timeout(SOON, async { while told.recv().await.is_some() {} }).await;
            ended
        });
        assert_eq!(ending, Some(Ending::Closed));
        assert_eq!(
            server.join().expect("the server ends"),
            Some(1012),
            "{transport}"
        );
    }
}

#[test]
fn what_follows_the_handshake_in_the_same_packet_is_read() {
    for transport in BOTH {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = thread::spawn(move || {
            use std::io::Read;
            let (mut stream, _) = listener.accept().expect("a client");
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).expect("a request");
                request.push(byte[0]);
            }
            let request = String::from_utf8(request).expect("text");
            let key = request
                .lines()
                .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
                .expect("a key");
            let accept = ::tungstenite::handshake::derive_accept_key(key.as_bytes());
            let mut answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: \
                     websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
            )
            .into_bytes();
            answer.extend(b"\x82\x05hello");
            stream.write_all(&answer).expect("sent");
            stream
        });
        run(async {
            let (_socket, mut told) = open(transport, address);
            assert!(opened(&mut told).await);
            let first = timeout(SOON, told.recv()).await.expect("in time");
            assert!(
                matches!(&first, Some(SocketEvent::Binary(bytes)) if bytes == b"hello"),
                "{first:?}"
            );
        });
        drop(server.join());
    }
}

#[test]
fn what_waits_to_be_read_is_bounded_in_bytes() {
    let unread = Unread::default();
    let small = SocketEvent::Ping;
    let large = SocketEvent::Text("x".repeat(protocol::limits::MESSAGE_INTO_CONTROLLER));
    let added = (0..100).take_while(|_| unread.add(&large)).count();
    assert_eq!(added, 15);
    assert!(unread.add(&small));
    unread.read(&large);
    assert!(unread.add(&large) && !unread.add(&large));
    let unread = Unread::default();
    assert_eq!((0..2_000).take_while(|_| unread.add(&small)).count(), 1_024);
}

#[test]
fn a_transport_is_chosen_by_its_name() {
    for name in Transport::NAMES {
        assert_eq!(
            name.parse::<Transport>()
                .map(|transport| transport.to_string())
                .as_deref(),
            Ok(name)
        );
    }
    let error = "curl".parse::<Transport>().expect_err("no such transport");
    assert!(
        error.to_string().contains("tungstenite, ewebsock"),
        "{error}"
    );
}
