//! One window per settings folder: a second start raises the window that is
//! open, over a local socket in that folder (a named pipe on Windows).

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
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
    /// This start opens a window.
    First(Instance),
    /// Another one is open, and was raised.
    Raised,
}

/// The socket that later starts connect to. Its file stays when the program
/// ends: a socket without a listener refuses at once, and is replaced.
#[derive(Default)]
pub(crate) struct Instance {
    listener: Option<Listener>,
}

/// Claims `folder` for this window. With `raise`, a window that already has it
/// is raised instead. Without a socket, as in a folder whose path is too long,
/// every start opens a window.
pub(crate) fn claim(folder: &Path, raise: bool) -> Claim {
    let path = folder.join("window.sock");
    // Two starts at the same time must not both find no window. Not the socket
    // itself: only regular files are locked.
    let locked = folder.join("window");
    let _lock = match files::create_private_folder(folder).and_then(|()| files::lock(&locked)) {
        Ok(lock) => lock,
        Err(error) => {
            log::debug!("no other window is looked for: {error}");
            return Claim::First(Instance::default());
        }
    };
    if ask(&path, if raise { RAISE } else { PING }) {
        // Another window has the socket, and keeps it.
        return match raise {
            true => Claim::Raised,
            false => Claim::First(Instance::default()),
        };
    }
    let listener = name(&path).and_then(|name| {
        let options = ListenerOptions::new().name(name);
        // A socket without an answer is of a window that is closed or stuck.
        options.try_overwrite(true).create_sync()
    });
    match listener {
        Ok(listener) => Claim::First(Instance {
            listener: Some(listener),
        }),
        Err(error) => {
            log::debug!("later starts will not find this window: {error}");
            Claim::First(Instance::default())
        }
    }
}

impl Instance {
    /// Calls `raise` whenever another start asks for it; it returns whether
    /// there still is a window.
    pub(crate) fn on_raise(&mut self, raise: impl Fn() -> bool + Send + 'static) {
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

fn answer(mut stream: &Stream, raise: &impl Fn() -> bool) -> io::Result<()> {
    // A client that says nothing must not keep others out.
    #[cfg(unix)]
    stream.set_recv_timeout(Some(PATIENCE))?;
    let is_done = match line(stream)?.as_str() {
        RAISE => raise(),
        PING => true,
        // Of a newer version.
        _ => false,
    };
    if is_done {
        writeln!(stream, "{DONE}")?;
    }
    Ok(())
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
        first.on_raise(move || sender.send(()).is_ok());
        assert!(matches!(claim(folder.path(), true), Claim::Raised));
        raised.recv_timeout(PATIENCE).expect("it was raised");
        // A start with options opens a window of its own.
        assert!(matches!(claim(folder.path(), false), Claim::First(_)));
        assert!(raised.try_recv().is_err(), "and raises none");
        assert!(matches!(claim(folder.path(), true), Claim::Raised));
        // Nor is it a window any more while its program ends.
        drop(raised);
        assert!(matches!(claim(folder.path(), true), Claim::First(_)));
        let other = tempfile::tempdir().expect("a temporary folder");
        assert!(matches!(claim(other.path(), true), Claim::First(_)));
    }

    #[cfg(unix)]
    #[test]
    fn of_two_starts_after_a_crash_one_opens_a_window_which_only_its_user_can_reach() {
        use std::os::unix::fs::PermissionsExt;

        let parent = tempfile::tempdir().expect("a temporary folder");
        let folder = parent.path().join("switchboard");
        std::fs::create_dir(&folder).expect("a folder");
        drop(std::os::unix::net::UnixListener::bind(folder.join("window.sock")).expect("a socket"));
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let folder = folder.clone();
                thread::spawn(move || match claim(&folder, true) {
                    Claim::First(mut instance) => {
                        instance.on_raise(|| true);
                        true
                    }
                    Claim::Raised => false,
                })
            })
            .collect();
        let opened = starts.into_iter().filter_map(|start| start.join().ok());
        assert_eq!(opened.filter(|opened| *opened).count(), 1);

        let new = parent.path().join("new");
        let _instance = claim(&new, true);
        let mode = std::fs::metadata(&new).expect("a folder").permissions();
        assert_eq!(mode.mode() & 0o777, 0o700);
    }

    #[cfg(unix)]
    #[test]
    fn the_socket_of_a_window_that_crashed_is_replaced() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("window.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket"));
        assert!(path.exists());
        let mut first = first(&folder);
        first.on_raise(|| true);
        assert!(matches!(claim(folder.path(), true), Claim::Raised));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_cannot_be_is_no_reason_not_to_start() {
        let path = Path::new("/dev/null/switchboard");
        assert!(matches!(claim(path, true), Claim::First(_)));
    }
}
