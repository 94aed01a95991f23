//! What a channel costs under load: a server in another process sends numbered
//! JSON messages, a channel follows them and an observer looks 20 times per
//! second, as a window does. Prints the delay of messages, the processor time
//! and whether memory grows.
//!
//!     cargo run --example channel_load -- [SECONDS (60)] [MESSAGES_PER_SECOND (5000)]
//!     cargo run --example channel_load -- serve    only the server; prints its address

use std::{
    error::Error,
    io::{BufRead, BufReader},
    net::Ipv4Addr,
    process::{Command, Stdio},
    sync::mpsc::sync_channel,
    time::{Duration, Instant, SystemTime},
};

use channel::{ChannelRuntime, ChannelSettings, ChannelState, DRAW_INTERVAL};
use comparison::usage::Reading;
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
    },
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next();
    if first.as_deref() == Some("serve") {
        return serve(arguments.next().map_or(Ok(5_000), |rate| rate.parse())?);
    }
    let seconds = first.map_or(Ok(60), |seconds| seconds.parse())?;
    let rate = arguments.next().map_or(Ok(5_000), |rate| rate.parse())?;
    let mut server = Command::new(std::env::current_exe()?)
        .args(["serve", &rate.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(server.stdout.take().ok_or("the server has no output")?).read_line(&mut line)?;
    let outcome = follow(line.trim(), seconds, rate);
    server.kill()?;
    server.wait()?;
    outcome
}

/// Microseconds since 1970.
fn micros(at: SystemTime) -> f64 {
    at.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
        * 1e6
}

fn follow(address: &str, seconds: u64, rate: u64) -> Result<(), Box<dyn Error>> {
    let runtime = ChannelRuntime::start()?;
    let (wake, woken) = sync_channel(1);
    let settings = ChannelSettings {
        ping_interval: Some(Duration::from_secs(1)),
        ..ChannelSettings::new(format!("ws://{address}/prices").parse()?)
    };
    let channel = runtime.open(settings, DRAW_INTERVAL, move || {
        // Full: the observer is woken anyway.
        let _ = wake.try_send(());
    });
    let begun = Instant::now();
    let id = std::process::id();
    let (mut next, mut came, mut lost, mut wakes) = (0, 0_u64, 0, 0_u64);
    let (mut arrived, mut seen) = (Vec::new(), Vec::new());
    let mut warm: Option<(Instant, Reading, u64, u64)> = None;
    while begun.elapsed() < Duration::from_secs(seconds + 5) {
        woken.recv_timeout(Duration::from_secs(5))?;
        wakes += 1;
        if channel.status().state == ChannelState::Closed {
            return Err("the channel ended".into());
        }
        let since = channel.entries_since(next, usize::MAX);
        (next, lost) = (since.next, lost + since.dropped);
        let now = micros(SystemTime::now());
        for entry in since.entries {
            let Some((_, content)) = entry.message() else {
                continue;
            };
            came += 1;
            let value: serde_json::Value =
                serde_json::from_str(content.text().ok_or("a text is expected")?)?;
            let sent = value["sent"].as_f64().ok_or("a time is expected")?;
            if warm.is_some() {
                arrived.push(micros(entry.at) - sent);
                seen.push(now - sent);
            }
        }
        // After some seconds the ring is full and the allocator stable.
        if warm.is_none() && begun.elapsed() > Duration::from_secs(5) {
            arrived.reserve_exact(usize::try_from((seconds + 1) * rate)?);
            seen.reserve_exact(usize::try_from((seconds + 1) * rate)?);
            // Written once, so that the figures of this program do not count as
            // growth.
            arrived.resize(arrived.capacity(), 0.0);
            seen.resize(seen.capacity(), 0.0);
            arrived.clear();
            seen.clear();
            warm = Some((Instant::now(), Reading::of(id)?, came, wakes));
        }
    }
    let after = Reading::of(id)?;
    let (since, before, came_before, wakes_before) = warm.ok_or("it was too short")?;
    let time = since.elapsed();
    let per_second = |count: u64| count as f64 / time.as_secs_f64();
    println!(
        "{} s after 5 s of warming up, {} messages, {:.0} per second, {lost} lost",
        time.as_secs(),
        came - came_before,
        per_second(came - came_before)
    );
    for (what, delays) in [
        ("from the server to the channel", &mut arrived),
        ("from the server to the observer", &mut seen),
    ] {
        delays.sort_by(f64::total_cmp);
        let at = |part: usize| {
            delays
                .get(delays.len() * part / 1_000)
                .or(delays.last())
                .copied()
                .unwrap_or_default()
                / 1e3
        };
        println!(
            "{what}: {:.2} ms median, {:.2} ms p99, {:.2} ms maximum",
            at(500),
            at(990),
            at(1_000)
        );
    }
    println!(
        "the observer was woken {:.0} times per second",
        per_second(wakes - wakes_before)
    );
    let cpu = (after.cpu - before.cpu).as_secs_f64() / time.as_secs_f64() * 100.0;
    println!(
        "CPU {cpu:.1} % of a core, reading the JSON included; memory {} kB, then {} kB; {} \
             threads, {} open files",
        before.memory_kib, after.memory_kib, after.threads, after.files
    );
    let pings = channel.status().pings;
    println!(
        "round trip of a ping meanwhile: {:?} median, {:?} maximum",
        pings.median().unwrap_or_default(),
        pings.worst().unwrap_or_default()
    );
    Ok(())
}

/// Serves until it is killed.
fn serve(rate: u64) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(client(stream, rate));
        }
    })
}

async fn client(stream: TcpStream, rate: u64) {
    let mut path = String::new();
    #[expect(clippy::result_large_err, reason = "the library's own type")]
    let look = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        request.uri().path().clone_into(&mut path);
        Ok(response)
    };
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let Ok(socket) = accept_hdr_async(stream, look).await else {
        return;
    };
    match path.as_str() {
        "/prices" => {
            send(socket, rate, |number, sent| {
                let price =
                    60_000.0 + (number as f64 / rate as f64).sin() * 250.0 + (number % 7) as f64;
                Message::text(format!(
                    "{{\"n\":{number},\"sent\":{sent:.0},\"pair\":\"BTCUSDT\",\
                 \"price\":\"{price:.2}\",\"bids\":[[{price:.1},{}]]}}",
                    number % 13
                ))
            })
            .await;
        }
        "/bytes" => {
            let bytes = |number: u64| (0..48).map(move |n| number.to_le_bytes()[0].wrapping_mul(n));
            send(socket, 20, |number, _| {
                Message::Binary(bytes(number).collect())
            })
            .await;
        }
        _ => {
            let mut socket = socket;
            while let Some(Ok(message)) = socket.next().await {
                let data = message.is_text() || message.is_binary();
                if data && socket.send(message).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Sends at a rate, some messages every millisecond, and answers pings
/// meanwhile.
async fn send(socket: WebSocketStream<TcpStream>, rate: u64, make: impl Fn(u64, f64) -> Message) {
    let (mut sink, mut stream) = socket.split();
    let begun = Instant::now();
    let mut number = 0;
    let mut tick = tokio::time::interval(Duration::from_millis(1));
    loop {
        tokio::select! {
            _ = tick.tick() => {
                let due = begun.elapsed().as_micros() * u128::from(rate) / 1_000_000;
                let due = u64::try_from(due).unwrap_or(u64::MAX);
                while number < due {
                    if sink.feed(make(number, micros(SystemTime::now()))).await.is_err() {
                        return;
                    }
                    number += 1;
                }
                if sink.flush().await.is_err() {
                    return;
                }
            }
            read = stream.next() => {
                if !matches!(read, Some(Ok(_))) {
                    return;
                }
            }
        }
    }
}
