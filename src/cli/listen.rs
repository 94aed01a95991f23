//! `switchboard listen`: accepts inbound connections from boards, and prints
//! what the boards push.

use std::{
    io::{self, Write},
    net::SocketAddr,
    time::Duration,
};

use serde_json::json;

use super::{
    Failure,
    follow::{Watched, follow},
    output,
    print::Printer,
    watching::{Reach, Watching},
};
use fleet::LogEvent;
use sanitize::plain;

/// Runs the command.
pub(super) fn listen(reach: Reach<'_>, wait: Option<Duration>, json: bool) -> Result<(), Failure> {
    let watching = Watching::start(reach, false, true)?;
    if let Some(address) = watching.listens_at() {
        print_address(address, json)?;
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

fn print_address(address: SocketAddr, json: bool) -> io::Result<()> {
    let urls = urls(address);
    let mut out = output::out();
    if json {
        writeln!(
            out,
            "{}",
            plain::json(&json!({ "listening": address.to_string(), "urls": urls }))
        )?;
    } else {
        writeln!(out, "listening for boards at {}", urls.join(" or "))?;
    }
    out.flush()
}

/// The URLs that boards can connect to.
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
