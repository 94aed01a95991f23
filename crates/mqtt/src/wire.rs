//! Packets of MQTT 3.1.1 as bytes. The only file of this crate that names
//! rumqttc, whose codec it uses. Decides nothing.

use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use rumqttc::mqttbytes::{
    Error, QoS,
    v4::{
        ConnAck, Connect, ConnectReturnCode, Disconnect, LastWill, Login, Packet, PingReq, PubAck,
        Subscribe, SubscribeFilter, SubscribeReasonCode, Unsubscribe,
    },
};

use crate::Will;

/// The first byte of PUBACK (MQTT 3.1.1, 3.4).
const PUBACK: u8 = 0x40;

/// The longest fixed header: a type and four bytes of length.
const HEADER: usize = 5;

/// A packet from the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// The answer to CONNECT.
    Connected,
    /// CONNECT was refused.
    Refused(Refusal),
    /// A message.
    Message {
        /// Its topic.
        topic: String,
        /// Its payload.
        payload: Bytes,
        /// The broker had retained it.
        retained: bool,
        /// It must be acknowledged with this id.
        id: Option<u16>,
    },
    /// A message over the limit, which was skipped.
    TooLarge {
        /// Its topic, if it could be read.
        topic: Option<String>,
        /// The size of the packet, in bytes.
        size: usize,
        /// It must be acknowledged with this id.
        id: Option<u16>,
    },
    /// A message of ours arrived at the broker.
    Acknowledged(u16),
    /// The answer to SUBSCRIBE: per filter, whether it was accepted.
    Subscribed(u16, Vec<bool>),
    /// The answer to UNSUBSCRIBE.
    Unsubscribed(u16),
    /// The answer to PINGREQ.
    Alive,
}

/// Why a broker refused CONNECT (MQTT 3.1.1, 3.2.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 1.
    Version,
    /// 2.
    ClientId,
    /// 3.
    Unavailable,
    /// 4.
    WrongPassword,
    /// 5.
    NotAuthorized,
}

/// Bytes that are not MQTT.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

/// Splits what the broker sends into packets. Holds at most one packet of the
/// limit, and what was pushed last.
#[derive(Debug)]
pub struct Reader {
    buffer: BytesMut,
    limit: usize,
    /// Bytes of a packet over the limit that are still to come.
    skip: usize,
}

impl Reader {
    /// A reader of packets of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            limit,
            skip: 0,
        }
    }

    /// Takes bytes from the connection.
    pub fn push(&mut self, mut bytes: &[u8]) {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        bytes.advance(skipped);
        self.buffer.extend_from_slice(bytes);
    }

    /// The next packet; `None` if it is incomplete.
    ///
    /// # Errors
    /// If the bytes are not a packet that a broker sends.
    pub fn next_packet(&mut self) -> Result<Option<Incoming>, Malformed> {
        // Before the rest has arrived: what is not MQTT may never send it.
        if let Some(first) = self.buffer.first()
            && !is_from_broker(*first)
        {
            return Err(Malformed(format!("a packet that begins with {first:#04x}")));
        }
        // There is one for each state that a bridge publishes.
        if let Some(&[PUBACK, 2, high, low]) = self.buffer.first_chunk() {
            self.buffer.advance(4);
            return Ok(Some(Incoming::Acknowledged(u16::from_be_bytes([
                high, low,
            ]))));
        }
        match Packet::read(&mut self.buffer, self.limit) {
            Ok(packet) => incoming(packet).map(Some),
            Err(Error::InsufficientBytes(_)) => Ok(None),
            Err(Error::PayloadSizeLimitExceeded(length)) => self.skip_packet(length),
            Err(error) => Err(Malformed(error.to_string())),
        }
    }

    /// Skips a packet over the limit, once its topic has arrived.
    fn skip_packet(&mut self, length: usize) -> Result<Option<Incoming>, Malformed> {
        let first = self.buffer.first().copied().unwrap_or_default();
        if first >> 4 != 3 {
            return Err(Malformed(format!("a control packet of {length} bytes")));
        }
        let header = 1
            + self
                .buffer
                .iter()
                .skip(1)
                .take_while(|byte| *byte & 0x80 != 0)
                .count()
            + 1;
        debug_assert!(header <= HEADER, "checked by the codec");
        let body = self.buffer.get(header..).unwrap_or_default();
        let Some((length_of_topic, after)) = body.split_first_chunk::<2>() else {
            return Ok(None);
        };
        let length_of_topic = usize::from(u16::from_be_bytes(*length_of_topic));
        let has_id = first & 0b110 != 0;
        let needed = length_of_topic + if has_id { 2 } else { 0 };
        if needed + 2 > length {
            return Err(Malformed("a topic longer than its packet".to_owned()));
        }
        if after.len() < needed {
            return Ok(None);
        }
        let (topic, after) = after.split_at(length_of_topic);
        let topic = std::str::from_utf8(topic).ok().map(str::to_owned);
        let id = after
            .first_chunk::<2>()
            .filter(|_| has_id)
            .map(|id| u16::from_be_bytes(*id));
        let size = header + length;
        let here = size.min(self.buffer.len());
        self.buffer.advance(here);
        self.skip = size - here;
        Ok(Some(Incoming::TooLarge { topic, size, id }))
    }
}

/// Whether a broker sends packets that begin with this byte (MQTT 3.1.1, tables
/// 2.1 and 2.2).
fn is_from_broker(first: u8) -> bool {
    matches!(first, 0x20 | 0x30..=0x3f | 0x40 | 0x90 | 0xb0 | 0xd0)
}

fn incoming(packet: Packet) -> Result<Incoming, Malformed> {
    let unexpected = |name: &str| Err(Malformed(format!("{name} from a broker")));
    Ok(match packet {
        Packet::ConnAck(ConnAck { code, .. }) => match code {
            ConnectReturnCode::Success => Incoming::Connected,
            ConnectReturnCode::RefusedProtocolVersion => Incoming::Refused(Refusal::Version),
            ConnectReturnCode::BadClientId => Incoming::Refused(Refusal::ClientId),
            ConnectReturnCode::ServiceUnavailable => Incoming::Refused(Refusal::Unavailable),
            ConnectReturnCode::BadUserNamePassword => Incoming::Refused(Refusal::WrongPassword),
            ConnectReturnCode::NotAuthorized => Incoming::Refused(Refusal::NotAuthorized),
        },
        Packet::Publish(publish) => Incoming::Message {
            id: match publish.qos {
                QoS::AtMostOnce => None,
                QoS::AtLeastOnce => Some(publish.pkid),
                // Never subscribed to.
                QoS::ExactlyOnce => return unexpected("a message of QoS 2"),
            },
            topic: publish.topic,
            payload: publish.payload,
            retained: publish.retain,
        },
        Packet::PubAck(ack) => Incoming::Acknowledged(ack.pkid),
        Packet::SubAck(ack) => {
            let accepted = |code: &SubscribeReasonCode| *code != SubscribeReasonCode::Failure;
            Incoming::Subscribed(ack.pkid, ack.return_codes.iter().map(accepted).collect())
        }
        Packet::UnsubAck(ack) => Incoming::Unsubscribed(ack.pkid),
        Packet::PingResp => Incoming::Alive,
        Packet::Connect(_) => return unexpected("CONNECT"),
        Packet::PubRec(_) => return unexpected("PUBREC"),
        Packet::PubRel(_) => return unexpected("PUBREL"),
        Packet::PubComp(_) => return unexpected("PUBCOMP"),
        Packet::Subscribe(_) => return unexpected("SUBSCRIBE"),
        Packet::Unsubscribe(_) => return unexpected("UNSUBSCRIBE"),
        Packet::PingReq => return unexpected("PINGREQ"),
        Packet::Disconnect => return unexpected("DISCONNECT"),
    })
}

/// CONNECT with a clean session.
pub(crate) fn connect(
    out: &mut BytesMut,
    client_id: &str,
    login: Option<(&str, &str)>,
    will: Option<&Will>,
    keep_alive: Duration,
) {
    let mut connect = Connect::new(client_id);
    connect.keep_alive = u16::try_from(keep_alive.as_secs()).unwrap_or(u16::MAX);
    connect.login = login.map(|(user, password)| Login::new(user, password));
    connect.last_will = will.map(|will| {
        let payload = will.payload.clone();
        LastWill::new(&will.topic, payload, QoS::AtLeastOnce, will.retained)
    });
    written(connect.write(out));
}

/// PUBLISH with QoS 1 (MQTT 3.1.1, 3.3). Not by rumqttc, which takes a topic
/// and a payload of its own: this is the packet that a bridge writes for every
/// state.
pub(crate) fn publish(out: &mut BytesMut, topic: &str, payload: &[u8], retain: bool, id: u16) {
    let Ok(topic_length) = u16::try_from(topic.len()) else {
        written(Err(Error::PayloadTooLong));
        return;
    };
    let mut length = 2 + topic.len() + 2 + payload.len();
    out.reserve(HEADER + length);
    out.put_u8(0x32 | u8::from(retain));
    // Seven bits per byte, the lowest first (2.2.3).
    loop {
        let [low, ..] = length.to_le_bytes();
        length >>= 7;
        if length == 0 {
            out.put_u8(low);
            break;
        }
        out.put_u8(low | 0x80);
    }
    out.put_u16(topic_length);
    out.put_slice(topic.as_bytes());
    out.put_u16(id);
    out.put_slice(payload);
}

/// SUBSCRIBE with QoS 0. With QoS 1 a command could be delivered again and be
/// carried out again; Mosquitto's default limit drops all but 1,020 of the
/// messages that a new subscriber gets at once; and a cluster would keep
/// something per subscriber that it can lose with a server.
pub(crate) fn subscribe(out: &mut BytesMut, filters: &[String], id: u16) {
    let filter = |filter: &String| SubscribeFilter::new(filter.clone(), QoS::AtMostOnce);
    let mut subscribe = Subscribe::new_many(filters.iter().map(filter));
    subscribe.pkid = id;
    written(subscribe.write(out));
}

/// UNSUBSCRIBE.
pub(crate) fn unsubscribe(out: &mut BytesMut, filter: &str, id: u16) {
    let mut unsubscribe = Unsubscribe::new(filter);
    unsubscribe.pkid = id;
    written(unsubscribe.write(out));
}

/// PUBACK.
pub(crate) fn acknowledge(out: &mut BytesMut, id: u16) {
    written(PubAck::new(id).write(out));
}

/// PINGREQ.
pub(crate) fn ping(out: &mut BytesMut) {
    written(PingReq.write(out));
}

/// DISCONNECT.
pub(crate) fn disconnect(out: &mut BytesMut) {
    written(Disconnect.write(out));
}

/// Topics and payloads are checked before they come here, so that a packet can
/// be written.
fn written(result: Result<usize, Error>) {
    debug_assert!(result.is_ok(), "{result:?}");
    if let Err(error) = result {
        log::error!("a packet could not be written: {error}");
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn message(topic: &str, payload: &[u8], id: u16) -> BytesMut {
        let mut bytes = BytesMut::new();
        publish(&mut bytes, topic, payload, false, id);
        bytes
    }

    #[test]
    fn packets_are_read_however_the_bytes_arrive() {
        let mut bytes = message("a/b", b"hello", 7);
        bytes.extend_from_slice(&[0xd0, 0, 0x90, 4, 0, 9, 1, 0x80]);
        let expected = [
            Incoming::Message {
                topic: "a/b".to_owned(),
                payload: Bytes::from_static(b"hello"),
                retained: false,
                id: Some(7),
            },
            Incoming::Alive,
            Incoming::Subscribed(9, vec![true, false]),
        ];
        for piece in 1..bytes.len() {
            let mut reader = Reader::new(1024);
            let mut packets = Vec::new();
            for piece in bytes.chunks(piece) {
                reader.push(piece);
                while let Some(packet) = reader.next_packet().expect("MQTT") {
                    packets.push(packet);
                }
            }
            assert_eq!(packets, expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn a_message_of_any_length_is_read_as_it_was_written() {
        // Where the length takes another byte (MQTT 3.1.1, 2.2.3), and before.
        for length in [127, 128, 16_383, 16_384, 2_097_151, 2_097_152] {
            let payload = vec![b'x'; length - 2 - "a/b".len() - 2];
            let mut reader = Reader::new(length);
            reader.push(&message("a/b", &payload, 7));
            let expected = Incoming::Message {
                topic: "a/b".to_owned(),
                payload: payload.into(),
                retained: false,
                id: Some(7),
            };
            let read = reader.next_packet().expect("MQTT");
            assert!(read == Some(expected), "{length} bytes");
        }
    }

    #[test]
    fn a_message_over_the_limit_is_skipped_and_named() {
        let mut bytes = message("big/one", &[b'x'; 5000], 3);
        let size = bytes.len();
        bytes.extend_from_slice(&message("small", b"y", 4));
        let mut reader = Reader::new(1000);
        let mut packets = Vec::new();
        let mut held = 0;
        for piece in bytes.chunks(64) {
            reader.push(piece);
            while let Some(packet) = reader.next_packet().expect("MQTT") {
                packets.push(packet);
            }
            held = held.max(reader.buffer.len());
        }
        assert_eq!(
            packets[0],
            Incoming::TooLarge {
                topic: Some("big/one".to_owned()),
                size,
                id: Some(3),
            }
        );
        assert!(matches!(&packets[1], Incoming::Message { topic, .. } if topic == "small"));
        assert_eq!(packets.len(), 2);
        assert!(held < 200, "{held} bytes were held");
    }

    #[test]
    fn what_is_not_mqtt_is_an_error() {
        for bytes in [
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            &[0xc0, 0],
            &[0x10, 2, 0, 0],
            &[0x20, 2, 0, 9],
            &[0x30, 0xff, 0xff, 0xff, 0xff, 0x7f],
            &[0x34, 7, 0, 1, b'a', 0, 1, b'x', b'y'],
            &[0x40, 0xff, 0xff, 0x7f],
        ] {
            let mut reader = Reader::new(1000);
            reader.push(bytes);
            let mut read = reader.next_packet();
            while matches!(read, Ok(Some(_))) {
                read = reader.next_packet();
            }
            assert!(read.is_err(), "{bytes:?}: {read:?}");
        }
    }
}
