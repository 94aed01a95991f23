//! A terminal whose keys arrive one by one and are not printed. Where there is
//! no such terminal, whole lines arrive.

use std::{
    io::{self, IsTerminal, Read},
    thread,
};

/// Standard input.
pub(super) enum Input {
    /// Bytes were read.
    Bytes(Vec<u8>),
    /// It has ended.
    End,
}

/// Restores the terminal when it is dropped.
pub(super) struct KeyByKey {
    #[cfg(unix)]
    before: rustix::termios::Termios,
}

impl KeyByKey {
    /// Switches the terminal of standard input; `None` if it is not a terminal
    /// or cannot be switched.
    #[cfg(unix)]
    pub(super) fn start() -> Option<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let interactive = io::stdin().is_terminal() && io::stderr().is_terminal();
        if !interactive {
            return None;
        }
        let before = tcgetattr(io::stdin()).ok()?;
        let mut now = before.clone();
        // Without ISIG, Ctrl+C arrives as a key, so that the terminal is
        // restored before the program ends.
        now.local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN);
        tcsetattr(io::stdin(), OptionalActions::Now, &now).ok()?;
        Some(Self { before })
    }

    /// Not on this system.
    #[cfg(not(unix))]
    pub(super) fn start() -> Option<Self> {
        let _ = io::stdin().is_terminal();
        None
    }
}

#[cfg(unix)]
impl Drop for KeyByKey {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        // The terminal may be gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// Reads standard input on a thread of its own, which ends with the program.
///
/// # Errors
/// If no thread can be started.
pub(super) fn read(tell: impl Fn(Input) -> bool + Send + 'static) -> io::Result<()> {
    thread::Builder::new()
        .name("standard input".to_owned())
        .spawn(move || {
            let mut bytes = [0; 1_024];
            loop {
                match io::stdin().lock().read(&mut bytes) {
                    Ok(0) | Err(_) => {
                        tell(Input::End);
                        return;
                    }
                    Ok(read) => {
                        if !tell(Input::Bytes(bytes.get(..read).unwrap_or_default().to_vec())) {
                            return;
                        }
                    }
                }
            }
        })?;
    Ok(())
}
