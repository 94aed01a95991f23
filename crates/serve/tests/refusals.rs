//! Who is refused, with which words, and that others are served meanwhile.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "each test uses a part")]
mod support;

use std::{sync::Arc, time::Duration};

use fleet::{Fleet, Published};
use futures_util::{SinkExt, StreamExt};
use serve::{Access, Limits, Options, Server, StartError};
use support::{CONTROL, Client, Lab, PATIENCE, VIEW, exchange, hello, newer_hello, options};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::tungstenite::{
    Bytes, Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

/// Shows that this client and a new one are served.
async fn is_served(lab: &Lab, client: &mut Client) {
    client_is_served(client).await;
    lab.admitted(CONTROL).await;
}

async fn client_is_served(client: &mut Client) {
    client
        .send(Message::Ping(Bytes::from_static(b"there?")))
        .await;
    loop {
        let message = timeout(PATIENCE, client.0.next()).await.unwrap();
        match message.unwrap().unwrap() {
            Message::Pong(bytes) if bytes == b"there?"[..] => break,
            Message::Close(frame) => unreachable!("{frame:?}"),
            _ => {}
        }
    }
}

fn with(limits: Limits) -> Options {
    Options {
        limits,
        ..options()
    }
}

#[tokio::test]
async fn a_server_for_other_computers_needs_a_token() {
    let (fleet, _requests) = Fleet::new(Published::default());
    let fleet = Arc::new(fleet);
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"] {
        let options = Options {
            listen: listen.parse().unwrap(),
            access: Access::default(),
            ..options()
        };
        let error = Server::bind(options, Arc::clone(&fleet))
            .await
            .err()
            .unwrap();
        assert!(matches!(error, StartError::Open(_)), "{listen}: {error}");
        assert!(error.to_string().contains("--token-file"), "{error}");
    }
}

#[tokio::test]
async fn on_this_computer_no_token_is_needed() {
    let lab = Lab::with(Options {
        access: Access::default(),
        ..options()
    })
    .await;
    lab.client(hello(None)).await.binary().await;
    lab.client(hello(Some("any-token-is-ignored")))
        .await
        .binary()
        .await;
}

#[tokio::test]
async fn a_missing_or_wrong_token_is_refused() {
    let lab = Lab::start().await;
    let mut other = lab.admitted(VIEW).await;
    let (code, reason) = lab.client(hello(None)).await.closed().await;
    assert_eq!(
        (code, reason.contains("needs a token")),
        (4401, true),
        "{reason}"
    );
    let (code, reason) = lab
        .client(hello(Some("wrong-token-0123456789")))
        .await
        .closed()
        .await;
    assert_eq!(
        (code, reason.contains("does not know this token")),
        (4403, true),
        "{reason}"
    );
    is_served(&lab, &mut other).await;
}

#[tokio::test]
async fn tokens_cannot_be_guessed_quickly_and_a_right_one_from_elsewhere_gets_in() {
    let lab = Lab::start().await;
    for guess in 0..5 {
        let wrong = hello(Some(&format!("wrong-token-{guess}-0123456789")));
        assert_eq!(lab.client(wrong).await.closed().await.0, 4403, "{guess}");
    }
    let (code, reason) = lab.client(hello(Some(CONTROL))).await.closed().await;
    assert_eq!(
        (code, reason.contains("wait a minute")),
        (4429, true),
        "{reason}"
    );
    // Only Linux has all of 127.0.0.0/8 on loopback.
    if cfg!(target_os = "linux") {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 2], 0).into()).unwrap();
        let stream = socket.connect(lab.address).await.unwrap();
        let request = format!("ws://{}/fleet", lab.address);
        let (socket, _) = tokio_tungstenite::client_async(request, stream)
            .await
            .unwrap();
        let mut client = Client(socket);
        client.send(Message::binary(hello(Some(CONTROL)))).await;
        client.binary().await;
    }
}

#[tokio::test]
async fn pages_of_other_sites_are_refused() {
    let lab = Lab::start().await;
    let own = format!("http://{}", lab.address);
    assert!(lab.open(&[("origin", &own)]).await.is_ok());
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        let (status, sentence) = lab.open(&[("origin", origin)]).await.err().unwrap();
        assert_eq!(status, 403, "{origin}");
        assert!(sentence.contains("may not use this server"), "{sentence}");
    }
}

#[tokio::test]
async fn dns_rebinding_is_refused_for_everything() {
    let lab = Lab::start().await;
    let port = lab.address.port();
    let rebound = format!("evil.example:{port}");
    let origin = format!("http://{rebound}");
    let (status, sentence) = lab
        .open(&[("host", &rebound), ("origin", &origin)])
        .await
        .err()
        .unwrap();
    assert_eq!(status, 421);
    assert!(sentence.contains("--host"), "{sentence}");
    for path in ["/", "/healthz", "/absent"] {
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {rebound}\r\nconnection: close\r\n\r\n");
        let response = lab.raw(&request).await;
        assert!(response.starts_with("HTTP/1.1 421"), "{path}: {response}");
        assert!(!response.contains("the window"), "{response}");
    }
    let nameless = lab.raw("GET / HTTP/1.1\r\nconnection: close\r\n\r\n").await;
    assert!(nameless.starts_with("HTTP/1.1 400"), "{nameless}");
    let allowed = Options {
        hosts: vec!["evil.example".to_owned()],
        ..options()
    };
    let lab = Lab::with(allowed).await;
    assert!(lab.open(&[("host", "evil.example")]).await.is_ok());
}

/// The head of a binary frame with this many bytes.
fn frame_head(length: u64) -> Vec<u8> {
    let mut head = vec![0x82, 0xff];
    head.extend(length.to_be_bytes());
    head.extend([0; 4]);
    head
}

#[tokio::test]
async fn a_message_of_100_mb_is_refused_before_it_is_received() {
    let lab = Lab::start().await;
    let mut other = lab.admitted(VIEW).await;
    // A stranger, and a client that was admitted.
    for mut client in [lab.open(&[]).await.unwrap(), lab.admitted(CONTROL).await] {
        let stream = client.0.get_mut();
        stream.write_all(&frame_head(100_000_000)).await.unwrap();
        stream.write_all(&[0; 1_000]).await.unwrap();
        let (code, reason) = client.closed().await;
        assert_eq!((code, reason.contains("longer")), (1009, true), "{reason}");
    }
    // In pieces.
    let client = lab.admitted(CONTROL).await;
    let (mut sink, mut stream) = client.0.split();
    let pieces = async {
        let piece = vec![0; 60_000];
        let mut kind = Data::Binary;
        // Until the server closes.
        for _ in 0..1_700 {
            let frame = Frame::message(piece.clone(), OpCode::Data(kind), false);
            kind = Data::Continue;
            if sink.send(Message::Frame(frame)).await.is_err() {
                return;
            }
        }
    };
    let closed = async {
        loop {
            match stream.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return u16::from(frame.code),
                Some(Ok(_)) => {}
                other => unreachable!("{other:?}"),
            }
        }
    };
    let code = timeout(PATIENCE, async {
        tokio::pin!(pieces, closed);
        tokio::select! {
            code = &mut closed => code,
            () = &mut pieces => closed.await,
        }
    });
    assert_eq!(code.await.unwrap(), 1009);
    is_served(&lab, &mut other).await;
}

#[tokio::test]
async fn of_200_connections_from_one_address_20_stay_and_clients_are_unharmed() {
    let head = PATIENCE;
    let lab = Lab::with(with(Limits {
        head,
        ..Limits::default()
    }))
    .await;
    let mut other = lab.admitted(VIEW).await;
    let mut connections = Vec::new();
    for _ in 0..200 {
        connections.push(TcpStream::connect(lab.address).await.unwrap());
    }
    let refused = connections.split_off(20);
    for mut stream in refused {
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer);
        timeout(PATIENCE, read).await.unwrap().unwrap();
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("too many connections"), "{answer}");
    }
    client_is_served(&mut other).await;
    for stream in connections {
        let host = lab.address;
        let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let answer = exchange(stream, &request).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    is_served(&lab, &mut other).await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_ended_and_another_is_not() {
    let write = Duration::from_millis(200);
    let lab = Lab::with(with(Limits {
        write,
        ..Limits::default()
    }))
    .await;
    // Together more than the buffers of both sockets hold.
    for _ in 0..1_000 {
        lab.publish(&"long ".repeat(4_000));
    }
    let mut other = lab.admitted(VIEW).await;
    let _client = lab.client(hello(Some(CONTROL))).await;
    let is_ended = async {
        for clients in [2, 1] {
            let clients = format!("\"clients\":{clients}");
            while !lab.get("/healthz", "").await.contains(&clients) {}
        }
    };
    let reading = async {
        loop {
            let message = other.0.next().await.unwrap().unwrap();
            assert!(!message.is_close(), "{message:?}");
        }
    };
    tokio::select! {
        ended = timeout(PATIENCE, is_ended) => ended.unwrap(),
        () = reading => {}
    }
    is_served(&lab, &mut other).await;
}

#[tokio::test]
async fn too_many_clients_are_refused() {
    let lab = Lab::with(with(Limits {
        clients: 2,
        ..Limits::default()
    }))
    .await;
    let mut one = lab.admitted(CONTROL).await;
    let two = lab.admitted(VIEW).await;
    let (code, reason) = lab.client(hello(Some(CONTROL))).await.closed().await;
    assert_eq!((code, reason.contains("full")), (4503, true), "{reason}");
    // A stranger does not learn that.
    assert_eq!(lab.client(hello(None)).await.closed().await.0, 4401);
    drop(two);
    one.send(Message::Ping(Bytes::new())).await;
    loop {
        let mut third = lab.client(hello(Some(CONTROL))).await;
        if let Some(Ok(Message::Binary(_))) = third.0.next().await {
            break;
        }
    }
}

#[tokio::test]
async fn a_newer_version_is_refused_by_name() {
    let lab = Lab::start().await;
    let (code, reason) = lab.client(newer_hello()).await.closed().await;
    assert_eq!(
        (code, reason.contains("update the older")),
        (4426, true),
        "{reason}"
    );
}

#[tokio::test]
async fn text_messages_are_refused() {
    let lab = Lab::start().await;
    let mut stranger = lab.open(&[]).await.unwrap();
    stranger.send(Message::text("hello")).await;
    assert_eq!(stranger.closed().await.0, 4400);
    let mut client = lab.admitted(CONTROL).await;
    client.send(Message::text("hello")).await;
    assert_eq!(client.closed().await.0, 4400);
}

#[tokio::test]
async fn a_client_that_floods_is_ended_and_another_is_not() {
    let lab = Lab::start().await;
    let mut other = lab.admitted(VIEW).await;
    let mut client = lab.admitted(CONTROL).await;
    for _ in 0..2_000 {
        if client.0.send(Message::Pong(Bytes::new())).await.is_err() {
            break;
        }
    }
    let (code, reason) = client.closed().await;
    assert_eq!(
        (code, reason.contains("more messages")),
        (4430, true),
        "{reason}"
    );
    is_served(&lab, &mut other).await;
}

#[tokio::test]
async fn silence_ends_a_connection_at_each_stage() {
    let short = Duration::from_millis(200);
    let limits = Limits {
        head: short,
        hello: short,
        silence: short,
        ..Limits::default()
    };
    let lab = Lab::with(with(limits)).await;
    // No request.
    assert_eq!(lab.raw("").await, "");
    assert_eq!(lab.raw("GET / HTTP/1.1\r\nhost: ").await, "");
    // No first message.
    let (code, reason) = lab.open(&[]).await.unwrap().closed().await;
    assert_eq!(
        (code, reason.contains("did not answer")),
        (4408, true),
        "{reason}"
    );
    // Nothing after it.
    let (code, reason) = lab.admitted(CONTROL).await.closed().await;
    assert_eq!(
        (code, reason.contains("did not answer")),
        (4408, true),
        "{reason}"
    );
}

#[tokio::test]
async fn a_client_that_answers_pings_stays() {
    let limits = Limits {
        ping: Duration::from_millis(20),
        silence: Duration::from_secs(1),
        ..Limits::default()
    };
    let lab = Lab::with(with(limits)).await;
    let mut client = lab.admitted(CONTROL).await;
    let mut pings = 0;
    // More than fit into the allowed silence.
    while pings < 60 {
        match timeout(PATIENCE, client.0.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap()
        {
            Message::Ping(_) => pings += 1,
            other => assert!(!other.is_close(), "{other:?}"),
        }
    }
}

#[tokio::test]
async fn the_end_of_the_server_is_told() {
    let lab = Lab::start().await;
    let mut clients = [lab.admitted(CONTROL).await, lab.admitted(VIEW).await];
    let ended = tokio::spawn(lab.end());
    for client in &mut clients {
        let (code, reason) = client.closed().await;
        assert_eq!((code, reason.contains("stopped")), (1001, true), "{reason}");
    }
    drop(clients);
    timeout(PATIENCE, ended).await.unwrap().unwrap();
}
