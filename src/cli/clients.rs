//! `switchboard clients`: lists a board's connections, or closes one.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use protocol::{
    clients::{ClientEntry, ClientList, CloseClient, elapsed_ms},
    method::{self, GetComponents},
};

use serde_json::{Value, json};

use super::{Failure, client::Client, output, print::Printer};
use disk::keys::Store;
use net::paging::{Next, Pages};
use sanitize::plain;

/// The most connections to list. A board has about ten slots.
const MOST: usize = 256;

/// Runs the command.
pub(super) fn clients(
    keys: &Store,
    board: &str,
    close: Option<u32>,
    json: bool,
) -> Result<(), Failure> {
    let client = Client::connect_ours(keys, board)?;
    if let Some(id) = close {
        let result: Value = client.call_typed(method::CLIENTS_CLOSE, &CloseClient { id })?;
        let mut out = output::out();
        if json {
            writeln!(out, "{}", plain::json(&result))?;
        } else {
            writeln!(out, "closed connection {id}")?;
        }
        return Ok(());
    }
    let (entries, last, whole) = all(&client)?;
    let mut rows = Vec::new();
    if !json && !entries.is_empty() {
        let head = [
            "NUMBER",
            "KIND",
            "FROM",
            "CONNECTED",
            "LAST FRAME",
            "LAST PONG",
            "WAITING",
            "LOST",
            "MEMORY",
            "KEY",
        ];
        rows.push((head.map(str::to_owned), Value::Null));
    }
    rows.extend(
        entries
            .iter()
            .map(|entry| (row(entry, last.uptime_ms), json!(entry))),
    );
    Printer::new(json).rows(&rows)?;
    if !json && last.others > 0 {
        let others = text::count(last.others as u64, "other connection");
        writeln!(
            output::out(),
            "and {others}: web pages, POST requests or incomplete handshakes"
        )?;
    }
    if whole {
        return Ok(());
    }
    let board = text::plain(&client.board()?.name);
    Err(Failure::NoAnswer(format!(
        "{board}: its list of connections does not end; a board has only a few slots"
    )))
}

/// All connections, the last page, and whether the list is complete.
fn all(client: &Client) -> Result<(Vec<ClientEntry>, ClientList, bool), Failure> {
    let mut pages = Pages::new(MOST, Instant::now());
    let mut offset = 0;
    loop {
        let mut list: ClientList = client.call_typed(
            method::CLIENTS_LIST,
            &GetComponents {
                offset,
                limit: None,
            },
        )?;
        match pages.add(
            std::mem::take(&mut list.clients),
            list.total,
            Instant::now(),
        ) {
            Next::Ask(at) => offset = at,
            ended => return Ok((pages.items(), list, ended == Next::Complete)),
        }
    }
}

fn row(entry: &ClientEntry, now_ms: u64) -> [String; 10] {
    let ago = |then: u64| {
        format!(
            "{} ago",
            text::length(Duration::from_millis(elapsed_ms(now_ms, then)))
        )
    };
    let you = if entry.you { " (this)" } else { "" };
    let waiting = match entry.queued {
        0 => "-".to_owned(),
        queued => format!("{queued}, {} B", entry.queued_bytes),
    };
    let key = entry.kid.as_ref().map_or_else(
        || "-".to_owned(),
        |kid| {
            let (name, role) = (
                entry.key_name.as_deref().unwrap_or("?"),
                entry.role.as_deref().unwrap_or("?"),
            );
            text::plain(&format!("{name} ({kid}, {role})"))
        },
    );
    [
        format!("{}{you}", entry.id),
        text::plain(&entry.kind.to_string()),
        text::plain(entry.from.as_deref().unwrap_or("-")),
        ago(entry.since_ms),
        ago(entry.heard_ms),
        entry.pong_ms.map_or_else(|| "-".to_owned(), ago),
        waiting,
        entry.lost.to_string(),
        entry
            .memory
            .map_or_else(|| "-".to_owned(), |bytes| format!("{bytes} B")),
        key,
    ]
}
