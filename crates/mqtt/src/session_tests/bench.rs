//! A broker that reads packets.

use super::*;

/// A packet of a client, as a broker reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    Connect,
    Publish {
        topic: String,
        payload: String,
        retain: bool,
        id: u16,
    },
    Acknowledge(u16),
    Subscribe(u16, Vec<String>),
    Unsubscribe(u16, String),
    Ping,
    Disconnect,
}

fn text(bytes: &[u8]) -> (String, &[u8]) {
    let (length, rest) = bytes.split_first_chunk::<2>().expect("a length");
    let (text, rest) = rest.split_at(u16::from_be_bytes(*length).into());
    (String::from_utf8(text.to_vec()).expect("UTF-8"), rest)
}

fn id(bytes: &[u8]) -> (u16, &[u8]) {
    let (id, rest) = bytes.split_first_chunk::<2>().expect("an id");
    (u16::from_be_bytes(*id), rest)
}

fn parse(mut bytes: &[u8]) -> Vec<Sent> {
    let mut packets = Vec::new();
    while let Some((first, rest)) = bytes.split_first() {
        let (mut length, mut shift, mut rest) = (0, 0, rest);
        loop {
            let (byte, after) = rest.split_first().expect("a length");
            rest = after;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let (body, after) = rest.split_at(length);
        bytes = after;
        packets.push(match first >> 4 {
            1 => Sent::Connect,
            3 => {
                assert_eq!(first & 0b1110, 0b0010, "QoS 1 and not a duplicate");
                let (topic, rest) = text(body);
                let (id, payload) = id(rest);
                Sent::Publish {
                    topic,
                    payload: String::from_utf8(payload.to_vec()).expect("UTF-8"),
                    retain: first & 1 == 1,
                    id,
                }
            }
            4 => Sent::Acknowledge(id(body).0),
            8 => {
                let (id, mut rest) = id(body);
                let mut filters = Vec::new();
                while !rest.is_empty() {
                    let (filter, after) = text(rest);
                    filters.push(filter);
                    assert_eq!(after[0], 0, "QoS 0: nothing arrives twice");
                    rest = &after[1..];
                }
                Sent::Subscribe(id, filters)
            }
            10 => Sent::Unsubscribe(id(body).0, text(id(body).1).0),
            12 => Sent::Ping,
            14 => Sent::Disconnect,
            other => panic!("packet type {other}"),
        });
    }
    packets
}

pub(super) struct Bench {
    pub(super) session: Session,
    pub(super) now: Instant,
}

impl Bench {
    pub(super) fn new() -> Self {
        let will = Will {
            topic: "will".to_owned(),
            payload: b"gone".to_vec(),
            retained: true,
        };
        Self::with_will(Some(will))
    }

    pub(super) fn with_will(will: Option<Will>) -> Self {
        Self {
            session: Session::new(SessionSettings {
                client_id: "bench".to_owned(),
                user: None,
                password: None,
                will,
                keep_alive: crate::KEEP_ALIVE,
            }),
            now: Instant::now(),
        }
    }

    pub(super) fn up() -> Self {
        let mut bench = Self::with_will(None);
        bench.connect();
        assert_eq!(bench.events(), [Event::Connected]);
        bench
    }

    pub(super) fn connect(&mut self) {
        self.session.opened(self.now);
        assert_eq!(self.sent(), [Sent::Connect]);
        self.session.received(&[0x20, 2, 0, 0], self.now);
    }

    pub(super) fn sent(&mut self) -> Vec<Sent> {
        let mut out = BytesMut::new();
        self.session.fill(&mut out, self.now);
        parse(&out)
    }

    /// The topics and payloads that are published now, with their ids.
    pub(super) fn published(&mut self) -> Vec<(String, String, u16)> {
        let published = |sent| match sent {
            Sent::Publish {
                topic, payload, id, ..
            } => Some((topic, payload, id)),
            _ => None,
        };
        self.sent().into_iter().filter_map(published).collect()
    }

    pub(super) fn acknowledge(&mut self, id: u16) {
        let [high, low] = id.to_be_bytes();
        self.session.received(&[0x40, 2, high, low], self.now);
    }

    pub(super) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.session.poll()).collect()
    }

    pub(super) fn after(&mut self, time: Duration) {
        self.now += time;
        self.session.passed(self.now);
    }
}

pub(super) fn pair(topic: &str, payload: &str, id: u16) -> (String, String, u16) {
    (topic.to_owned(), payload.to_owned(), id)
}
