//! What `switchboard channel` can be told.

use std::{path::PathBuf, str::FromStr};

use crate::{
    channel::{ChannelSettingsError, Header, Pointer, Rate, Subprotocol},
    cli::args::Wait,
    dial::Endpoint,
};

const MORE: &str = "Examples:
  switchboard channel ws://192.168.1.17/rpc                        type requests, see answers and pushes
  switchboard channel ws://192.168.1.17/ws --send hello --count 1  one message and its answer
  switchboard channel wss://example.org/mine --header @headers.txt   its lines, unseen by other users
  switchboard channel wss://example.org/feed --for 1m --record feed.jsonl </dev/null
  switchboard channel wss://example.org/feed --count 10 --path '/*/price' </dev/null
  switchboard channel --read feed.jsonl --json

Each line of standard input is sent as a text message; each message that comes is printed, text with a line break after it, binary as it is
(with --hex, and on a terminal, as a line of hexadecimal digits). On a terminal control and invisible characters in a
message are replaced by marks; a pipe gets each message unchanged. After the end of standard input the channel stays open for answers until the
server closes it or nothing has arrived for a second (--linger), at most ten times as long, unless --count or --for says when to end. With
--send standard input is not read.

A path is a JSON pointer (RFC 6901): names and places each after a slash, and * for every element: /data/0/price, /*/c.

Exit status: 0 done, or closed by the server in order (1000, 1001 or without a code); 1 refused: no upgrade, no common subprotocol, no WebSocket,
no TLS that is trusted, a message that is too large, or closed with another code; 2 usage; 4 not reached, lost, silent, or ended before --count.";

/// One header, or those of a file.
#[derive(Debug, Clone)]
pub(super) struct Headers(pub(super) Vec<Header>);

impl FromStr for Headers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(path) = text.strip_prefix('@') else {
            return text
                .parse()
                .map(|header| Self(vec![header]))
                .map_err(|error: ChannelSettingsError| error.to_string());
        };
        let bytes = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
        let text = files::text(&bytes).map_err(|error| format!("{path}: {error}"))?;
        let lines = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty());
        // What is in the file is not shown.
        let header = |(at, line): (usize, &str)| {
            line.parse().map_err(|_| {
                format!(
                    "line {} of {path} is no header; accepted: Name: value",
                    at + 1
                )
            })
        };
        lines.map(header).collect::<Result<_, String>>().map(Self)
    }
}

/// What `switchboard channel` can be told.
#[derive(Debug, clap::Args)]
#[command(after_help = MORE)]
pub(in crate::cli) struct ChannelArgs {
    /// ws://HOST[:PORT][/PATH], or, with TLS, wss://…
    #[arg(
        value_name = "URL",
        required_unless_present = "read",
        conflicts_with = "read"
    )]
    pub(super) place: Option<Endpoint>,
    /// Print a recording instead, as it would have been printed live.
    #[arg(long, value_name = "FILE")]
    pub(super) read: Option<PathBuf>,
    /// One JSON object a line for everything that happens, sent messages, pings
    /// and states too.
    #[arg(long)]
    pub(super) json: bool,
    /// Print binary messages as lines of hexadecimal digits.
    #[arg(long, conflicts_with = "json")]
    pub(super) hex: bool,
    /// Print only this part of messages that are JSON; others are left out and
    /// do not count.
    #[arg(long, value_name = "POINTER")]
    pub(super) path: Option<Pointer>,
    /// End after so many messages have come.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) count: Option<u64>,
    /// End after this time, for example 10s.
    #[arg(long = "for", value_name = "TIME", conflicts_with = "read")]
    pub(super) wait: Option<Wait>,
    /// After the last message, wait for answers until nothing has arrived for
    /// this time, at most ten times as long; 0s closes at once.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "1s",
        conflicts_with = "read"
    )]
    pub(super) linger: Wait,
    /// Send this as a text message, once it is open; can be given several
    /// times.
    #[arg(long, value_name = "TEXT", conflicts_with = "read")]
    pub(super) send: Vec<String>,
    /// Send the one --send again and again at this rate, up to 1000/s, until
    /// --for, --count or an interrupt ends it.
    #[arg(long, value_name = "RATE", requires = "send")]
    pub(super) repeat: Option<Rate>,
    /// Send a ping so often, for example 10s, and give the channel up when
    /// nothing is heard for 30 s after one.
    #[arg(long, value_name = "TIME", conflicts_with = "read")]
    pub(super) ping: Option<Wait>,
    /// Print the round trip of each ping on standard error.
    #[arg(long, requires = "ping")]
    pub(super) print_pings: bool,
    /// A header of the request that opens it, for example 'Authorization:
    /// Bearer abc'; can be given several times.
    ///
    /// What is typed here, and a token in the address, is seen by every user of
    /// this computer, in `ps`. With @FILE the headers are the lines of a file;
    /// @/dev/stdin reads them from standard input, which is then not sent.
    #[arg(
        long = "header",
        value_name = "NAME: VALUE|@FILE",
        conflicts_with = "read"
    )]
    pub(super) headers: Vec<Headers>,
    /// Offer this subprotocol; can be given several times, the most wanted
    /// first.
    #[arg(long = "protocol", value_name = "NAME", conflicts_with = "read")]
    pub(super) protocols: Vec<Subprotocol>,
    /// Also trust the certificates in this file (PEM). One that the server
    /// presents byte for byte is trusted whatever its issuer; it must be valid
    /// now and, if it names hosts, for this host.
    #[arg(long, value_name = "FILE", conflicts_with = "read")]
    pub(super) ca: Option<PathBuf>,
    /// Open it again whenever it ends, for ever.
    #[arg(long, conflicts_with = "read")]
    pub(super) reconnect: bool,
    /// The largest message that is taken, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = crate::channel::MAX_MESSAGE, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1 << 30))]
    pub(super) largest: usize,
    /// Record everything that happens to this file, as JSON Lines.
    #[arg(long, value_name = "FILE", conflicts_with = "read")]
    pub(super) record: Option<PathBuf>,
}
