//! One window per settings folder: a second start raises the window that is
//! open, over a local socket in that folder (a named pipe on Windows).

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use interprocess::local_socket::{Listener, ListenerOptions, Name, Stream, prelude::*};

/// A running window answers in milliseconds; one that is stuck must not keep
/// the next from starting.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a second start asks for, and the answer.
const RAISE: &str = "raise";
const PING: &str = "ping";
const DONE: &str = "done";

/// A request or an answer is not longer.
const LONGEST: u64 = 64;

/// The right to be the window of a settings folder.
pub(crate) enum Claim {
    /// No other window is open.
    First(Instance),
    /// Another one is open, and was raised.
    Raised,
}

/// The socket that later starts connect to; it ends with its value.
pub(crate) struct Instance {
    listener: Option<Listener>,
    /// The file of the socket, where it has one.
    file: Option<PathBuf>,
}

/// Claims `folder` for this window. With `raise`, a window that already has it
/// is raised instead. Without a socket, as in a folder whose path is too long,
/// every start opens a window.
pub(crate) fn claim(folder: &Path, raise: bool) -> Claim {
    let nothing = Instance {
        listener: None,
        file: None,
    };
    let path = folder.join("window.sock");
    // Two starts at the same time must not both find no window.
    let _lock = match std::fs::create_dir_all(folder).and_then(|()| files::lock(&path)) {
        Ok(lock) => lock,
        Err(error) => {
            log::debug!("no other window is looked for: {error}");
            return Claim::First(nothing);
        }
    };
    if ask(&path, if raise { RAISE } else { PING }) {
        // Another window has the socket, and keeps it.
        return match raise {
            true => Claim::Raised,
            false => Claim::First(nothing),
        };
    }
    let listener = name(&path).and_then(|name| {
        let options = ListenerOptions::new().name(name);
        // A socket without an answer is of a window that crashed.
        options.try_overwrite(true).create_sync()
    });
    match listener {
        Ok(listener) => Claim::First(Instance {
            listener: Some(listener),
            file: cfg!(unix).then_some(path),
        }),
        Err(error) => {
            log::debug!("later starts will not find this window: {error}");
            Claim::First(nothing)
        }
    }
}

impl Instance {
    /// Calls `raise` whenever another start asks for it.
    pub(crate) fn on_raise(&mut self, raise: impl Fn() + Send + 'static) {
        let Some(listener) = self.listener.take() else {
            return;
        };
        let serve = move || {
            for stream in listener.incoming() {
                match stream.and_then(|stream| answer(&stream, &raise)) {
                    Ok(()) => {}
                    Err(error) => {
                        log::debug!("a start that asked for this window failed: {error}");
                        // Where accepting fails at once, it would fail again.
                        thread::sleep(Duration::from_millis(100));
                    }
                }
            }
        };
        let named = thread::Builder::new().name("raise".to_owned());
        if let Err(error) = named.spawn(serve) {
            log::warn!("later starts will not find this window: {error}");
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            let _ = std::fs::remove_file(file);
        }
    }
}

#[cfg(unix)]
fn name(path: &Path) -> io::Result<Name<'static>> {
    use interprocess::local_socket::GenericFilePath;

    path.to_owned()
        .into_os_string()
        .to_fs_name::<GenericFilePath>()
}

/// A pipe has a name rather than a path, without backslashes.
#[cfg(not(unix))]
fn name(path: &Path) -> io::Result<Name<'static>> {
    use interprocess::local_socket::GenericNamespaced;

    let plain = |sign: char| {
        if sign.is_ascii_alphanumeric() {
            sign
        } else {
            '-'
        }
    };
    let name: String = path.to_string_lossy().chars().map(plain).collect();
    // The end of a path says more than its beginning.
    let from = name.len().saturating_sub(200);
    format!("switchboard-{}", &name[from..]).to_ns_name::<GenericNamespaced>()
}

/// Asks the window at this socket for something; whether it did it.
fn ask(path: &Path, request: &'static str) -> bool {
    let (sender, receiver) = mpsc::channel();
    let path = path.to_owned();
    // On a thread of its own, because the other side may be stuck.
    thread::spawn(move || {
        let _ = sender.send(
            name(&path)
                .and_then(Stream::connect)
                .and_then(|stream| exchange(stream, request)),
        );
    });
    match receiver.recv_timeout(PATIENCE) {
        Ok(Ok(line)) => line == DONE,
        Ok(Err(_)) | Err(_) => false,
    }
}

fn exchange(mut stream: Stream, request: &str) -> io::Result<String> {
    writeln!(stream, "{request}")?;
    line(stream)
}

fn answer(mut stream: &Stream, raise: &impl Fn()) -> io::Result<()> {
    match line(stream)?.as_str() {
        RAISE => raise(),
        PING => {}
        // Of a newer version.
        _ => return Ok(()),
    }
    writeln!(stream, "{DONE}")
}

fn line(stream: impl Read) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(stream.take(LONGEST)).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(folder: &tempfile::TempDir) -> Instance {
        match claim(folder.path(), true) {
            Claim::First(instance) => Some(instance),
            Claim::Raised => None,
        }
        .expect("there is no other window")
    }

    #[test]
    fn a_second_claim_raises_the_first() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut first = first(&folder);
        let (sender, raised) = mpsc::channel();
        first.on_raise(move || sender.send(()).expect("received"));
        assert!(matches!(claim(folder.path(), true), Claim::Raised));
        raised.recv_timeout(PATIENCE).expect("it was raised");
        // A start with options opens a window of its own.
        assert!(matches!(claim(folder.path(), false), Claim::First(_)));
        assert!(raised.try_recv().is_err(), "and raises none");
        assert!(matches!(claim(folder.path(), true), Claim::Raised));
        drop(first);
        let other = tempfile::tempdir().expect("a temporary folder");
        assert!(matches!(claim(other.path(), true), Claim::First(_)));
    }

    #[cfg(unix)]
    #[test]
    fn the_socket_of_a_window_that_crashed_is_replaced() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("window.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket"));
        assert!(path.exists());
        let mut first = first(&folder);
        first.on_raise(|| {});
        assert!(matches!(claim(folder.path(), true), Claim::Raised));
    }

    #[test]
    fn a_folder_that_cannot_be_is_no_reason_not_to_start() {
        let path = Path::new("/dev/null/switchboard");
        assert!(matches!(claim(path, true), Claim::First(_)));
    }
}
