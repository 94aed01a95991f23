//! Virtual boards as a process and as a library: over real sockets and real
//! mDNS.

mod library;
mod program;
#[cfg(unix)]
mod serial;
mod updates;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// How long is waited for what must come.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);
