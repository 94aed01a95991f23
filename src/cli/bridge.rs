//! `switchboard bridge`: publishes boards to an MQTT broker until interrupted.

use std::{
    env,
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use bridge::{Context, Notice, Options, RunError, Shard};
use clap::Args;
use fleet::BrokerAddress;
use mqtt::topic;

use super::{
    Failure, output,
    watching::{Reach, held},
};
use engine::{Lookout, Settings};

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct BridgeArgs {
    /// Boards as host:port; only these are published. By default, all boards of
    /// the network.
    #[arg(value_name = "BOARD")]
    boards: Vec<String>,
    /// The broker: `mqtt://[USER@]HOST[:PORT]` or, with TLS,
    /// `mqtts://[USER@]HOST[:PORT]`. The password is read from the environment
    /// variable SWITCHBOARD_MQTT_PASSWORD.
    #[arg(long, value_name = "BROKER")]
    mqtt: BrokerAddress,
    /// Use only part of the boards: NUMBER/COUNT, for example 2/5. The bridge
    /// connects to no others. All bridges of a site must use the same count. If
    /// several bridges have the same shard, one is active and the others stand
    /// by.
    #[arg(long, value_name = "SHARD", default_value = "1/1")]
    shard: Shard,
    #[command(flatten)]
    publishing: Publishing,
}

/// How boards are published, which `switchboard serve` can do too.
#[derive(Debug, Args)]
pub(super) struct Publishing {
    /// What all topics begin with.
    #[arg(long, value_name = "TOPIC", default_value = "switchboard", value_parser = levels)]
    prefix: String,
    /// The name of the site, the second level of all topics.
    #[arg(long, value_name = "NAME", default_value = "home", value_parser = level)]
    site: String,
    /// The name of this bridge, unique at its site; by default the name of this
    /// computer, with the shard if there are several.
    #[arg(long, value_name = "NAME", value_parser = level)]
    name: Option<String>,
    /// Announce the boards to Home Assistant (MQTT discovery).
    #[arg(long)]
    home_assistant: bool,
    /// Serve metrics to Prometheus at this address, for example 127.0.0.1:9464;
    /// a port alone means 127.0.0.1.
    #[arg(long, value_name = "ADDRESS", value_parser = metrics_address)]
    metrics: Option<SocketAddr>,
    /// Also trust the certificates in this PEM file, for a broker with TLS.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

fn level(text: &str) -> Result<String, topic::LevelError> {
    topic::level(text).map(str::to_owned)
}

pub(super) fn levels(text: &str) -> Result<String, topic::LevelError> {
    topic::levels(text).map(str::to_owned)
}

fn metrics_address(text: &str) -> Result<SocketAddr, String> {
    let port = || Some(SocketAddr::from((Ipv4Addr::LOCALHOST, text.parse().ok()?)));
    text.parse().ok().or_else(port).ok_or_else(|| {
        format!("{text:?} is not IP:PORT or PORT; for example 127.0.0.1:9464 or 9464")
    })
}

/// Runs the command.
pub(super) fn bridge(reach: Reach<'_>, args: BridgeArgs) -> Result<(), Failure> {
    for board in &args.boards {
        if let Err(error) = fleet::typed_board(board) {
            return Err(Failure::Usage(error.to_string()));
        }
    }
    let options = options(args.mqtt, args.publishing, args.shard)?;
    let fleet = Settings {
        discovery: args.boards.is_empty().then(Lookout::default),
        addresses: args.boards,
        keys: Some(held(reach.keys)?),
        listen: reach.listen,
        ..Settings::default()
    };
    bridge::run(options, fleet, say)?;
    Ok(())
}

/// What a bridge to this broker does.
///
/// # Errors
/// The file of `--ca` cannot be used.
pub(super) fn options(
    broker: BrokerAddress,
    publishing: Publishing,
    shard: Shard,
) -> Result<Options, Failure> {
    let trust = super::trust(publishing.ca.as_deref())?;
    Ok(Options {
        broker,
        password: super::broker_password(),
        trust,
        names: Context {
            prefix: publishing.prefix,
            site: publishing.site,
            bridge: publishing.name.unwrap_or_else(|| own_name(shard)),
            discovery_prefix: "homeassistant".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        home_assistant: publishing.home_assistant,
        metrics: publishing.metrics,
        shard,
    })
}

/// Prints what the person who runs the bridge should know: what it does to
/// standard output, what may need attention to standard error.
pub(super) fn say(notice: &Notice) {
    // A reader that is gone does not end a service.
    if notice.is_problem() {
        let _ = writeln!(output::err(), "{notice}");
    } else {
        let mut out = output::out();
        let _ = writeln!(out, "{notice}").and_then(|()| out.flush());
    }
}

/// The name of this computer as one level of a topic, with the shard if there
/// are several.
fn own_name(shard: Shard) -> String {
    let name = ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .into_iter()
        .find_map(|file| files::read_at_most(file.as_ref(), 256).ok().flatten())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .or_else(|| env::var("COMPUTERNAME").ok())
        .or_else(|| env::var("HOSTNAME").ok())
        .unwrap_or_default();
    let name: String = name
        .trim()
        .chars()
        .filter(|character| character.is_alphanumeric() || "-_".contains(*character))
        .take(63)
        .collect();
    let name = if name.is_empty() {
        "bridge".to_owned()
    } else {
        name
    };
    if shard.count() == 1 {
        name
    } else {
        format!("{name}-{}", shard.level())
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Fleet(error) => Self::Start(error),
            RunError::Metrics(error) => Self::Usage(error.to_string()),
            RunError::Runtime(error) => Self::NoAnswer(error.to_string()),
        }
    }
}
