//! Boards that speak ESPHome's native API in plain text, as far as a link needs
//! it: three sensors each, whose states are sent together.

use std::time::Duration;

use doubles::esphome::{Message, id, take_frame};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::spawn_local,
    time::{MissedTickBehavior, interval},
};

use crate::Outcome;

const SENSORS: u32 = 3;

/// Starts so many boards, prints the address of each as JSON, and sends all
/// states of each this many times per second.
pub(super) async fn run(boards: u32, per_second: f64) -> Outcome<()> {
    let every = Duration::try_from_secs_f64(1.0 / per_second)?;
    for number in 0..boards {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", json!({ "address": listener.local_addr()? }));
        spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                spawn_local(serve(stream, number, every));
            }
        });
    }
    std::future::pending().await
}

async fn serve(mut stream: TcpStream, number: u32, every: Duration) {
    // What is sent at once is one packet.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let (mut received, mut subscribed, mut reading) = (Vec::new(), false, 0_u16);
    let mut buffer = [0; 1_024];
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let mut out = Vec::new();
        tokio::select! {
            count = stream.read(&mut buffer) => {
                let Some(bytes) = count.ok().and_then(|count| buffer.get(..count)) else { return };
                if bytes.is_empty() {
                    return;
                }
                received.extend_from_slice(bytes);
                while let Some(message) = take_frame(&mut received) {
                    subscribed |= message == id::SUBSCRIBE_STATES_REQUEST;
                    answer(message, number, &mut out);
                }
                if subscribed && reading == 0 {
                    states(reading, &mut out);
                }
            }
            _ = ticks.tick(), if subscribed => {
                reading = reading % 1_000 + 1;
                states(reading, &mut out);
            }
        }
        if stream.write_all(&out).await.is_err() {
            return;
        }
    }
}

fn answer(message: u64, number: u32, out: &mut Vec<u8>) {
    let name = format!("sensors-{number}");
    match message {
        id::HELLO_REQUEST => {
            let hello = Message::default().number(1, 1).number(2, 14);
            let hello = hello.text(3, "bench").text(4, &name);
            out.extend(hello.frame(id::HELLO_RESPONSE));
        }
        id::DEVICE_INFO_REQUEST => {
            let mac = format!(
                "02:00:00:00:{:02X}:{:02X}",
                number >> 8 & 0xff,
                number & 0xff
            );
            let info = Message::default().text(2, &name).text(3, &mac);
            let info = info.text(4, "2026.1.0").text(6, "esp32dev");
            out.extend(info.frame(id::DEVICE_INFO_RESPONSE));
        }
        id::LIST_ENTITIES_REQUEST => {
            for sensor in 1..=SENSORS {
                let name = format!("Sensor {sensor}");
                let listed = Message::default().fixed(2, sensor).text(3, &name);
                out.extend(listed.text(6, "°C").frame(id::LIST_SENSOR));
            }
            out.extend(Message::default().frame(id::LIST_DONE));
        }
        id::PING_REQUEST => out.extend(Message::default().frame(id::PING_RESPONSE)),
        _ => {}
    }
}

/// A value of each sensor, other than the last.
fn states(reading: u16, out: &mut Vec<u8>) {
    for sensor in 1..=SENSORS {
        let value = 20.0 + f32::from(reading) / 10.0;
        let state = Message::default().fixed(1, sensor);
        out.extend(state.fixed(2, value.to_bits()).frame(id::SENSOR_STATE));
    }
}
