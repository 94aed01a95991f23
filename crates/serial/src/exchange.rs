//! One request to a board and its response: what is sent, how often, and until
//! when. Owns no port and reads no clock.

use std::{collections::VecDeque, time::Duration};

use noise::Key;
use protocol::improv::{
    Command, Credentials, DeviceInfo, ErrorState, FromDevice, Item, Network, Packet, Reader,
    RpcResult, State,
};
use zeroize::Zeroizing;

/// How long a board may take to respond at all: opening a port resets many
/// boards, which then have to boot.
pub const BOARD_PATIENCE: Duration = Duration::from_secs(6);

/// How long a scan may take; a Switchboard board stops after 15 s.
pub const SCAN_PATIENCE: Duration = Duration::from_secs(20);

/// How long a connection attempt may take; a Switchboard board stops after 30
/// s.
pub const CONNECT_PATIENCE: Duration = Duration::from_secs(40);

/// How long a response may take that needs no work on the board.
const ANSWER_PATIENCE: Duration = Duration::from_secs(3);

/// How long a board may take to generate and print a key.
const LOCK_PATIENCE: Duration = Duration::from_secs(8);

/// The command that makes a board print a key. The empty line terminates
/// earlier input.
const LOCK: &[u8] = b"\r\nlock\r\n";

/// The prefixes of a key, and of a board's message that it cannot generate one.
const KEY: &str = "switchboard-key:";
const NO_KEY: &str = "no key:";

/// Longer lines are not keys.
const LONGEST_LINE: usize = 1_024;

/// A board that is booting may have missed the first request.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How long a provisioned board may take to report its URL.
const URL_PATIENCE: Duration = Duration::from_secs(2);

/// The most networks to keep.
const MAX_NETWORKS: usize = 256;

/// How often a request is repeated that the board received damaged.
const REPEATS: u8 = 2;

/// A request to a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Whether it speaks Improv, and its state.
    State,
    /// What the board is.
    Info,
    /// Its host name.
    Hostname,
    /// The networks that it can see.
    Networks,
    /// To connect to this network.
    Connect(Credentials),
    /// To generate and print a key, which locks it: the text line `lock`, not
    /// an Improv packet (docs/protocol.md, "The first key, and pairing").
    Lock,
}

/// A response from a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To [`Request::State`].
    State(State),
    /// To [`Request::Info`].
    Info(DeviceInfo),
    /// To [`Request::Hostname`].
    Hostname(String),
    /// To [`Request::Networks`], in the board's order.
    Networks(Vec<Network>),
    /// To [`Request::Connect`]: it is connected; its URL, if it reported one.
    Connected(Option<String>),
    /// To [`Request::Lock`].
    Key(Box<Key>),
    /// To [`Request::Lock`]: why it generated no key.
    NoKey(String),
}

/// Why there is no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// The board reported this error.
    Error(ErrorState),
    /// The response was malformed.
    Malformed,
    /// It did not arrive in time.
    Late {
        /// Whether anything was received since the request, text or packets.
        heard: bool,
    },
}

struct Asked {
    request: Request,
    /// The packet; `None` for a line of text, which is sent once.
    packet: Option<Packet>,
    /// The incomplete line of text. It may contain a key.
    line: Zeroizing<Vec<u8>>,
    until: Duration,
    again_at: Option<Duration>,
    repeats: u8,
    networks: Vec<Network>,
    provisioned: bool,
    heard: bool,
}

/// A board at the other end of a port. One request at a time, as the standard
/// requires.
#[derive(Default)]
pub struct Exchange {
    reader: Reader,
    asked: Option<Asked>,
    to_send: VecDeque<Zeroizing<Vec<u8>>>,
}

impl Exchange {
    /// Starts a request, discarding an earlier one. `now` may come from any
    /// monotonic clock.
    pub fn ask(&mut self, now: Duration, request: Request) {
        let (command, patience) = match &request {
            Request::State => (Some(Command::RequestState), BOARD_PATIENCE),
            Request::Info => (Some(Command::RequestInfo), ANSWER_PATIENCE),
            Request::Hostname => (Some(Command::GetHostname), ANSWER_PATIENCE),
            Request::Networks => (Some(Command::RequestNetworks), SCAN_PATIENCE),
            Request::Connect(credentials) => (
                Some(Command::SendWifiSettings(credentials.clone())),
                CONNECT_PATIENCE,
            ),
            Request::Lock => (None, LOCK_PATIENCE),
        };
        // All of these fit into a packet.
        let packet = command.and_then(|command| command.to_packet());
        self.to_send.clear();
        let bytes = packet
            .as_ref()
            .map_or_else(|| LOCK.to_vec(), Packet::encode);
        self.to_send.push_back(Zeroizing::new(bytes));
        self.asked = Some(Asked {
            again_at: (request == Request::State).then(|| now + ASK_AGAIN_AFTER),
            request,
            packet,
            line: Zeroizing::default(),
            until: now + patience,
            repeats: 0,
            networks: Vec::new(),
            provisioned: false,
            heard: false,
        });
    }

    /// What to write to the port next. It may contain a password.
    pub fn next_to_send(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        self.to_send.pop_front()
    }

    /// Handles received bytes; returns the outcome of the request, if it is
    /// complete.
    pub fn receive(&mut self, now: Duration, bytes: &[u8]) -> Option<Result<Answer, NoAnswer>> {
        let items = self.reader.receive(bytes);
        for item in items {
            let asked = self.asked.as_mut()?;
            asked.heard = true;
            let packet = match item {
                Item::Packet(packet) => packet,
                Item::Text(text) => {
                    let text = Zeroizing::new(text);
                    if let Some(outcome) = asked.text(&text) {
                        self.asked = None;
                        return Some(outcome);
                    }
                    continue;
                }
                Item::Damaged => continue,
            };
            // Packets that a board does not send are an echo of a request, or
            // newer.
            let Ok(said) = FromDevice::from_packet(&packet) else {
                continue;
            };
            let outcome = match said {
                FromDevice::State(state) => asked.state(now, state),
                FromDevice::Error(ErrorState::None) => None,
                FromDevice::Error(ErrorState::InvalidPacket) if asked.repeats < REPEATS => {
                    asked.repeats += 1;
                    self.to_send.extend(
                        asked
                            .packet
                            .as_ref()
                            .map(Packet::encode)
                            .map(Zeroizing::new),
                    );
                    None
                }
                FromDevice::Error(error) => Some(Err(NoAnswer::Error(error))),
                FromDevice::Result(result) => asked.result(result),
            };
            if outcome.is_some() {
                self.asked = None;
                return outcome;
            }
        }
        None
    }

    /// When to call [`Self::run_until`]; `None` if there is no request.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.asked.as_ref().map(|asked| {
            asked
                .again_at
                .map_or(asked.until, |again| again.min(asked.until))
        })
    }

    /// Repeats the request, or gives up.
    pub fn run_until(&mut self, now: Duration) -> Option<Result<Answer, NoAnswer>> {
        let asked = self.asked.as_mut()?;
        if now >= asked.until {
            let outcome = if asked.provisioned {
                Ok(Answer::Connected(None))
            } else {
                Err(NoAnswer::Late { heard: asked.heard })
            };
            self.asked = None;
            return Some(outcome);
        }
        if asked.again_at.is_some_and(|again| now >= again) {
            asked.again_at = Some(now + ASK_AGAIN_AFTER);
            self.to_send.extend(
                asked
                    .packet
                    .as_ref()
                    .map(Packet::encode)
                    .map(Zeroizing::new),
            );
        }
        None
    }
}

impl Asked {
    /// Handles text, which is the board's log unless it is a key.
    fn text(&mut self, text: &[u8]) -> Option<Result<Answer, NoAnswer>> {
        if self.request != Request::Lock {
            return None;
        }
        for byte in text {
            match byte {
                b'\r' | b'\n' => {
                    let outcome = String::from_utf8_lossy(&self.line)
                        .trim()
                        .split_once(NO_KEY)
                        .map(|(_, why)| {
                            // This is the board's own text.
                            Ok(Answer::NoKey(why.trim().chars().take(200).collect()))
                        });
                    let outcome = outcome.or_else(|| self.key());
                    self.line.clear();
                    if outcome.is_some() {
                        return outcome;
                    }
                }
                byte if self.line.len() < LONGEST_LINE => self.line.push(*byte),
                _ => {}
            }
        }
        None
    }

    /// The key at the end of a line: the start may belong to an unfinished line
    /// of the log.
    fn key(&self) -> Option<Result<Answer, NoAnswer>> {
        let line = std::str::from_utf8(&self.line).ok()?;
        let key = line.get(line.find(KEY)?..)?.trim();
        Some(
            key.parse()
                .map(|key| Answer::Key(Box::new(key)))
                .map_err(|_| NoAnswer::Malformed),
        )
    }

    fn state(&mut self, now: Duration, state: State) -> Option<Result<Answer, NoAnswer>> {
        match (&self.request, state) {
            (Request::State, state) => Some(Ok(Answer::State(state))),
            (Request::Connect(_), State::Provisioned) => {
                self.provisioned = true;
                self.until = self.until.min(now + URL_PATIENCE);
                None
            }
            _ => None,
        }
    }

    fn result(&mut self, result: RpcResult) -> Option<Result<Answer, NoAnswer>> {
        let RpcResult { command, strings } = result;
        let answer = match (&self.request, command) {
            (Request::Info, Command::REQUEST_INFO) => {
                DeviceInfo::from_strings(&strings).map(Answer::Info)
            }
            (Request::Hostname, Command::HOSTNAME) => {
                strings.into_iter().next().map(Answer::Hostname)
            }
            (Request::Networks, Command::REQUEST_NETWORKS) => {
                if strings.is_empty() || self.networks.len() >= MAX_NETWORKS {
                    return Some(Ok(Answer::Networks(std::mem::take(&mut self.networks))));
                }
                // Some boards report several networks in one response.
                self.networks
                    .extend(strings.chunks(3).filter_map(Network::from_strings));
                return None;
            }
            (Request::Connect(_), Command::SEND_WIFI_SETTINGS) => Some(Answer::Connected(
                strings.into_iter().next().filter(|url| !url.is_empty()),
            )),
            // The response to an earlier request.
            _ => return None,
        };
        Some(answer.ok_or(NoAnswer::Malformed))
    }
}
