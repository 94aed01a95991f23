//! Says which other program has a port open. Reads the system's files and opens
//! no port.

use std::{fmt, fs};

/// The most processes and open files that are looked at.
const LOOKED_AT: usize = 200_000;

/// A program that has a port open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// Its name, for example `screen`; at most 15 characters on Linux.
    pub name: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {})", self.name, self.pid)
    }
}

/// Another program that has this port open. `None` if no other has, or the
/// system does not say: on Linux, a program of another user; elsewhere, any.
#[must_use]
pub fn holder(port: &str) -> Option<Holder> {
    let port = fs::canonicalize(port).ok()?;
    let own = std::process::id();
    let mut left = LOOKED_AT;
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = process
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
            .filter(|pid| *pid != own)
        else {
            continue;
        };
        for file in fs::read_dir(process.path().join("fd"))
            .into_iter()
            .flatten()
            .flatten()
        {
            left = left.checked_sub(1)?;
            if fs::read_link(file.path()).is_ok_and(|target| target == port) {
                let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
                return Some(Holder {
                    pid,
                    name: name.chars().filter(|c| !c.is_control()).collect(),
                });
            }
        }
    }
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{env, fs, io, process};

    use super::holder;

    #[test]
    fn the_program_that_has_a_port_open_is_named() -> io::Result<()> {
        let path = env::temp_dir().join(format!("serial-holder-{}", process::id()));
        let file = fs::File::create(&path)?;
        let before = holder(&path.to_string_lossy());
        let mut program = process::Command::new("sleep")
            .arg("60")
            .stdin(file)
            .spawn()?;
        let during = holder(&path.to_string_lossy());
        program.kill()?;
        program.wait()?;
        fs::remove_file(path)?;
        assert_eq!(before, None);
        let during = during.ok_or_else(|| io::Error::other("no holder"))?;
        assert_eq!((during.pid, &during.name[..]), (program.id(), "sleep"));
        Ok(())
    }
}
