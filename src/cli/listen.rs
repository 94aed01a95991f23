//! `switchboard listen`: says where boards can call, and prints those that do
//! and what they push.

use std::{
    io::{self, Write},
    net::SocketAddr,
    time::Duration,
};

use serde_json::json;

use super::{
    Failure, Watched,
    client::{Reach, Watching},
    follow, output,
    print::Printer,
};
use crate::{doctor, fleet::LogEvent, plain};

/// Carries the command out.
pub(super) fn listen(reach: Reach<'_>, wait: Option<Duration>, json: bool) -> Result<(), Failure> {
    let watching = Watching::start(reach, false, true)?;
    if let Some(address) = watching.listens_at() {
        say_where(address, json)?;
    }
    let printed = |what: &LogEvent| !matches!(what, LogEvent::Command { .. });
    follow(
        Watched {
            watching,
            only: None,
        },
        printed,
        wait,
        &mut Printer::new(json),
    )
}

fn say_where(address: SocketAddr, json: bool) -> io::Result<()> {
    let urls = urls(address);
    let mut out = output::out();
    if json {
        writeln!(
            out,
            "{}",
            plain::json(&json!({ "listening": address.to_string(), "urls": urls }))
        )?;
    } else {
        writeln!(out, "boards can call {}", urls.join(" or "))?;
    }
    out.flush()
}

/// What boards can be told to call.
fn urls(address: SocketAddr) -> Vec<String> {
    let url = |ip| format!("ws://{}/", SocketAddr::new(ip, address.port()));
    let own = if address.ip().is_unspecified() {
        doctor::own_addresses(address.is_ipv4())
    } else {
        Vec::new()
    };
    if own.is_empty() {
        vec![url(address.ip())]
    } else {
        own.into_iter().map(url).collect()
    }
}
