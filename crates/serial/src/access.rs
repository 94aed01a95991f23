//! Says why a port cannot be opened: which group may open it, and which program
//! has it open. Reads the system's files and opens no port.

use std::{fmt, fs, path::Path};

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

/// Who may open a port that this user may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// The members of a group.
    Group {
        /// Its name, for example `dialout`.
        name: String,
        /// Whether this user is already a member: group membership takes effect
        /// at the next login.
        member: bool,
    },
    /// Only its owner: the group has no access, or is the administrators' own.
    Owner,
    /// The system does not say.
    Unknown,
}

impl Access {
    /// Reads who may open a port.
    #[must_use]
    pub fn of(port: &str) -> Self {
        access(Path::new(port)).unwrap_or(Self::Unknown)
    }
}

/// What to do about it.
impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group {
                name,
                member: false,
            } => write!(
                f,
                "only members of the group {name} may open it; add yourself (sudo usermod -a -G \
                 {name} $USER), then log out and in again"
            ),
            Self::Group { name, member: true } => write!(
                f,
                "you were added to its group {name} after you logged in; log out and in again"
            ),
            Self::Owner => f.write_str(
                "only its owner may open it; a udev rule can give it to a group, for example \
                 dialout",
            ),
            Self::Unknown => f.write_str(
                "on Linux, add yourself to the port's group (sudo usermod -a -G dialout $USER; on \
                 Arch, uucp instead of dialout), then log out and in again",
            ),
        }
    }
}

#[cfg(unix)]
fn access(port: &Path) -> Option<Access> {
    use std::os::unix::fs::MetadataExt;

    let file = fs::metadata(port).ok()?;
    let groups = fs::read_to_string("/etc/group").ok()?;
    let user = std::env::var("USER").unwrap_or_default();
    Some(judge(file.mode(), file.gid(), &groups, &user))
}

#[cfg(not(unix))]
fn access(_: &Path) -> Option<Access> {
    None
}

/// From the mode and the group of the device file, and the text of
/// `/etc/group`.
#[cfg(unix)]
fn judge(mode: u32, group: u32, groups: &str, user: &str) -> Access {
    const READ_AND_WRITE: u32 = 0o060;
    if group == 0 || mode & READ_AND_WRITE != READ_AND_WRITE {
        return Access::Owner;
    }
    // group(5): name, password, id, members.
    groups
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find_map(|fields| match fields[..] {
            [name, _, id, members] if id.parse() == Ok(group) => Some(Access::Group {
                name: name.to_owned(),
                member: !user.is_empty() && members.split(',').any(|member| member == user),
            }),
            _ => None,
        })
        .unwrap_or(Access::Unknown)
}

#[cfg(all(test, unix))]
mod tests {
    use super::{Access, judge};

    const GROUPS: &str = "root:x:0:\ndialout:x:20:anna,ben\nusers:x:100:\n";

    #[test]
    fn a_port_of_a_group_names_the_group() {
        let group = |member| Access::Group {
            name: "dialout".to_owned(),
            member,
        };
        assert_eq!(judge(0o20_660, 20, GROUPS, "carl"), group(false));
        assert_eq!(judge(0o20_660, 20, GROUPS, "ben"), group(true));
        assert_eq!(judge(0o20_660, 20, GROUPS, ""), group(false));
        assert!(group(false).to_string().contains("usermod -a -G dialout"));
        assert!(!group(true).to_string().contains("usermod"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_program_that_has_a_port_open_is_named() -> std::io::Result<()> {
        let path = std::env::temp_dir().join(format!("serial-holder-{}", std::process::id()));
        let file = std::fs::File::create(&path)?;
        let before = super::holder(&path.to_string_lossy());
        let mut program = std::process::Command::new("sleep")
            .arg("60")
            .stdin(file)
            .spawn()?;
        let during = super::holder(&path.to_string_lossy());
        program.kill()?;
        program.wait()?;
        std::fs::remove_file(path)?;
        assert_eq!(before, None);
        let during = during.ok_or_else(|| std::io::Error::other("no holder"))?;
        assert_eq!((during.pid, &during.name[..]), (program.id(), "sleep"));
        Ok(())
    }

    #[test]
    fn a_group_without_access_is_not_suggested() {
        assert_eq!(judge(0o20_640, 20, GROUPS, "ben"), Access::Owner);
        assert_eq!(judge(0o20_660, 0, GROUPS, "ben"), Access::Owner);
        assert_eq!(judge(0o20_660, 7, GROUPS, "ben"), Access::Unknown);
    }
}
