//! The arguments of `switchboard channel`.

use std::{path::PathBuf, str::FromStr};

use channel::{ChannelSettingsError, Header, Pointer, Rate, Subprotocol};
use net::client::Endpoint;

use crate::cli::args::Wait;

const MORE: &str = "\
Examples:
  switchboard channel ws://192.168.1.17/rpc
  switchboard channel ws://192.168.1.17/ws --send hello --count 1
  switchboard channel wss://example.org/mine --header @headers.txt
  switchboard channel wss://example.org/feed --for 1m --record feed.jsonl </dev/null
  switchboard channel wss://example.org/feed --count 10 --path '/*/price' </dev/null
  switchboard channel --read feed.jsonl --json

Each line of standard input is sent as a text message. Received text messages
are printed with a line break after each, binary messages unchanged; with --hex,
and on a terminal, as a line of hexadecimal digits. A terminal gets replacement
characters for control and invisible characters in a message; a pipe gets each
message unchanged.

After the end of standard input, the channel stays open until the server closes
it or nothing has been received for one second (--linger), at most ten times as
long, unless --count or --for says when to end. With --send, standard input is
not read.

A path is a JSON pointer (RFC 6901), with * for every element: /data/0/price,
/*/c.

Exit status: 0 success, or closed normally by the server (1000, 1001 or no
code); 1 refused: no upgrade, no common subprotocol, not a WebSocket, untrusted
TLS, message too large, or closed with another code; 2 usage error; 4 not
reachable, lost, silent, or ended before --count.";

/// One header, or the headers in a file.
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
        // The file may contain secrets: do not print its lines.
        let header = |(at, line): (usize, &str)| {
            line.parse().map_err(|_| {
                format!(
                    "line {} of {path} is not a header; expected: Name: value",
                    at + 1
                )
            })
        };
        lines.map(header).collect::<Result<_, String>>().map(Self)
    }
}

/// The arguments of `switchboard channel`.
#[derive(Debug, clap::Args)]
#[command(after_help = MORE)]
pub(in crate::cli) struct ChannelArgs {
    /// ws://HOST[:PORT][/PATH], or wss://… for TLS.
    #[arg(
        value_name = "URL",
        required_unless_present = "read",
        conflicts_with = "read"
    )]
    pub(super) place: Option<Endpoint>,
    /// Print a recording instead, as if its messages were received live.
    #[arg(long, value_name = "FILE")]
    pub(super) read: Option<PathBuf>,
    /// Print one JSON object per line for every event, including sent messages,
    /// pings and state changes.
    #[arg(long)]
    pub(super) json: bool,
    /// Print binary messages as lines of hexadecimal digits.
    #[arg(long, conflicts_with = "json")]
    pub(super) hex: bool,
    /// Print only this part of JSON messages; other messages are neither
    /// printed nor counted.
    #[arg(long, value_name = "POINTER")]
    pub(super) path: Option<Pointer>,
    /// Stop after receiving this many messages.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) count: Option<u64>,
    /// Stop after this time, for example 10s.
    #[arg(long = "for", value_name = "TIME", conflicts_with = "read")]
    pub(super) wait: Option<Wait>,
    /// After the last sent message, wait until nothing has been received for
    /// this time, at most ten times as long; 0s closes immediately.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "1s",
        conflicts_with = "read"
    )]
    pub(super) linger: Wait,
    /// Send this as a text message once the channel is open; can be repeated.
    #[arg(long, value_name = "TEXT", conflicts_with = "read")]
    pub(super) send: Vec<String>,
    /// Send the --send message repeatedly at this rate, up to 1000/s, until
    /// --for, --count or an interrupt stops it.
    #[arg(long, value_name = "RATE", requires = "send")]
    pub(super) repeat: Option<Rate>,
    /// Send a ping at this interval, for example 10s, and close the channel if
    /// nothing is received for 30 s after a ping.
    #[arg(long, value_name = "TIME", conflicts_with = "read")]
    pub(super) ping: Option<Wait>,
    /// Print the round-trip time of each ping on standard error.
    #[arg(long, requires = "ping")]
    pub(super) print_pings: bool,
    /// Add a header to the opening request, for example 'Authorization: Bearer
    /// abc'; can be repeated.
    ///
    /// All users of this computer can see command-line arguments, including a
    /// token in the address, for example in `ps`. @FILE reads headers from the
    /// lines of a file; @/dev/stdin reads them from standard input, which is
    /// then not sent.
    #[arg(
        long = "header",
        value_name = "NAME: VALUE|@FILE",
        conflicts_with = "read"
    )]
    pub(super) headers: Vec<Headers>,
    /// Offer this subprotocol; can be repeated, most preferred first.
    #[arg(long = "protocol", value_name = "NAME", conflicts_with = "read")]
    pub(super) protocols: Vec<Subprotocol>,
    /// Also trust the certificates in this PEM file.
    ///
    /// If the server presents exactly one of these certificates, it is trusted
    /// regardless of its issuer, as long as it is valid now and, if it names
    /// hosts, for this host.
    #[arg(long, value_name = "FILE", conflicts_with = "read")]
    pub(super) ca: Option<PathBuf>,
    /// Reconnect whenever the channel ends, without a limit.
    #[arg(long, conflicts_with = "read")]
    pub(super) reconnect: bool,
    /// The largest message to accept, in bytes.
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = channel::MAX_MESSAGE,
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1 << 30)
    )]
    pub(super) largest: usize,
    /// Record every event to this file, as JSON Lines.
    #[arg(long, value_name = "FILE", conflicts_with = "read")]
    pub(super) record: Option<PathBuf>,
}
