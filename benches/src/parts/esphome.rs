//! Boards that speak ESPHome's native API in plain text, as far as a link needs
//! it: three sensors each, whose states are sent together.
//!
//! Messages and their fields are those of `api.proto` of ESPHome; numbers are
//! protobuf's.

use std::time::Duration;

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::spawn_local,
    time::{MissedTickBehavior, interval},
};

use crate::Outcome;

const HELLO_REQUEST: u64 = 1;
const HELLO_RESPONSE: u64 = 2;
const PING_REQUEST: u64 = 7;
const PING_RESPONSE: u64 = 8;
const DEVICE_INFO_REQUEST: u64 = 9;
const DEVICE_INFO_RESPONSE: u64 = 10;
const LIST_ENTITIES_REQUEST: u64 = 11;
const LIST_SENSOR: u64 = 16;
const LIST_DONE: u64 = 19;
const SUBSCRIBE_STATES_REQUEST: u64 = 20;
const SENSOR_STATE: u64 = 25;

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
                while let Some(message) = take_message(&mut received) {
                    subscribed |= message == SUBSCRIBE_STATES_REQUEST;
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

/// Takes the first message off what was received, and returns its type. Its
/// content is not needed.
fn take_message(received: &mut Vec<u8>) -> Option<u64> {
    let mut rest = received.get(1..)?;
    let length = read_number(&mut rest)?;
    let message = read_number(&mut rest)?;
    let rest = rest.get(usize::try_from(length).ok()?..)?;
    let taken = received.len() - rest.len();
    received.drain(..taken);
    Some(message)
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn answer(message: u64, number: u32, out: &mut Vec<u8>) {
    let name = format!("sensors-{number}");
    let send = |message, fields: &Fields, out: &mut Vec<u8>| fields.send(message, out);
    match message {
        HELLO_REQUEST => {
            let hello = Fields::default().number(1, 1).number(2, 14);
            send(HELLO_RESPONSE, &hello.text(3, "bench").text(4, &name), out);
        }
        DEVICE_INFO_REQUEST => {
            let mac = format!(
                "02:00:00:00:{:02X}:{:02X}",
                number >> 8 & 0xff,
                number & 0xff
            );
            let info = Fields::default().text(2, &name).text(3, &mac);
            let info = info.text(4, "2026.1.0").text(6, "esp32dev");
            send(DEVICE_INFO_RESPONSE, &info, out);
        }
        LIST_ENTITIES_REQUEST => {
            for sensor in 1..=SENSORS {
                let name = format!("Sensor {sensor}");
                let listed = Fields::default().fixed(2, sensor).text(3, &name);
                send(LIST_SENSOR, &listed.text(6, "°C"), out);
            }
            send(LIST_DONE, &Fields::default(), out);
        }
        PING_REQUEST => send(PING_RESPONSE, &Fields::default(), out),
        _ => {}
    }
}

/// A value of each sensor, other than the last.
fn states(reading: u16, out: &mut Vec<u8>) {
    for sensor in 1..=SENSORS {
        let value = 20.0 + f32::from(reading) / 10.0;
        let state = Fields::default().fixed(1, sensor);
        state.fixed(2, value.to_bits()).send(SENSOR_STATE, out);
    }
}

/// The fields of a message.
#[derive(Default)]
struct Fields(Vec<u8>);

impl Fields {
    fn number(mut self, field: u64, value: u64) -> Self {
        write_number(field << 3, &mut self.0);
        write_number(value, &mut self.0);
        self
    }

    fn text(mut self, field: u64, text: &str) -> Self {
        write_number(field << 3 | 2, &mut self.0);
        write_number(text.len() as u64, &mut self.0);
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn fixed(mut self, field: u64, value: u32) -> Self {
        write_number(field << 3 | 5, &mut self.0);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn send(&self, message: u64, out: &mut Vec<u8>) {
        out.push(0);
        write_number(self.0.len() as u64, out);
        write_number(message, out);
        out.extend_from_slice(&self.0);
    }
}

fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number > 0x7f {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}
