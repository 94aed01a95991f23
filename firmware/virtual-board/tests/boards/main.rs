//! Virtual boards as a process and as a library, over real sockets and real
//! mDNS.

mod library;
mod program;
#[path = "../../../../crates/image/tests/refused/mod.rs"]
mod refused;
#[cfg(unix)]
mod serial;
mod signed;
mod updates;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The timeout for what must arrive.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);
