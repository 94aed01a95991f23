//! What a user can do who may not open a port. Linux gives ports to a group,
//! whose name differs between distributions.

use std::fmt::{self, Display, Formatter};

/// How to get permission for a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advice {
    /// Join the group of the device file.
    Join {
        /// Its name, for example `dialout`, or `uucp` on Arch.
        group: String,
    },
    /// The user already joined the group, but not in this session.
    LogIn {
        /// Its name.
        group: String,
    },
    /// No ordinary user may open it.
    Rule {
        /// The port.
        port: String,
    },
    /// The system has no groups for ports.
    Other,
}

impl Advice {
    /// The advice for a port of this system.
    pub fn on(port: &str) -> Self {
        #[cfg(target_os = "linux")]
        {
            use std::os::unix::fs::MetadataExt;
            let Ok(file) = std::fs::metadata(port) else {
                return Self::Other;
            };
            let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
            let user = std::env::var("USER").unwrap_or_default();
            Self::from_groups(port, file.gid(), file.mode(), &groups, &user)
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = port;
            Self::Other
        }
    }

    /// `groups` is the text of `/etc/group` (group(5)).
    #[cfg_attr(
        not(any(test, target_os = "linux")),
        expect(dead_code, reason = "Linux")
    )]
    fn from_groups(port: &str, gid: u32, mode: u32, groups: &str, user: &str) -> Self {
        const GROUP_READS_AND_WRITES: u32 = 0o060;
        let rule = Self::Rule {
            port: port.to_owned(),
        };
        // Group 0 is root's: do not advise anyone to join it.
        if gid == 0 || mode & GROUP_READS_AND_WRITES != GROUP_READS_AND_WRITES {
            return rule;
        }
        let found = groups.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            let _password = fields.next()?;
            let number: u32 = fields.next()?.parse().ok()?;
            let members = fields.next().unwrap_or_default();
            (number == gid).then_some((name, members))
        });
        match found {
            Some((group, members)) if members.split(',').any(|member| member == user) => {
                Self::LogIn {
                    group: group.to_owned(),
                }
            }
            Some((group, _)) => Self::Join {
                group: group.to_owned(),
            },
            None => rule,
        }
    }
}

impl Display for Advice {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Join { group } => write!(
                f,
                "add yourself to its group (sudo usermod -a -G {group} $USER), then log out and \
                 in again"
            ),
            Self::LogIn { group } => write!(
                f,
                "you are a member of its group {group}, but not in this session: log out and in \
                 again"
            ),
            Self::Rule { port } => write!(
                f,
                "only root may use it: allow it until the board is unplugged (sudo chmod a+rw \
                 {port}), or permanently with a udev rule"
            ),
            Self::Other => f.write_str("ask the administrator of this computer for access to it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_names_the_group_of_the_device_file() {
        let groups = "root:x:0:\ndialout:x:20:kim,ada\n\nbroken\nuucp:x:986\n";
        let advice = |gid, mode, user| {
            Advice::from_groups("/dev/ttyUSB0", gid, mode, groups, user).to_string()
        };
        for (gid, mode, user, says) in [
            (20, 0o020_660, "sam", "usermod -a -G dialout"),
            (20, 0o020_660, "ada", "member of its group dialout"),
            (986, 0o020_660, "ada", "usermod -a -G uucp"),
            (0, 0o020_660, "ada", "chmod a+rw /dev/ttyUSB0"),
            (20, 0o020_600, "ada", "chmod a+rw /dev/ttyUSB0"),
            (77, 0o020_660, "ada", "udev rule"),
        ] {
            let said = advice(gid, mode, user);
            assert!(said.contains(says), "{says:?} is not in {said:?}");
        }
    }
}
