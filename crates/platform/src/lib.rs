//! What differs between Linux, macOS and Windows in texts for people: names of
//! ports, drivers, and how a shell quotes. The platform is a value, so that the
//! tests of one system cover the texts of all.

/// The system that a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Linux, and every other system that is not one of the following.
    Linux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl Platform {
    /// The system that this program runs on.
    pub const HERE: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_os = "macos") {
        Self::MacOs
    } else {
        Self::Linux
    };

    /// All of them.
    pub const ALL: [Self; 3] = [Self::Linux, Self::MacOs, Self::Windows];

    /// A serial port as this system names it, of a board with a USB port of its
    /// own.
    pub const fn port_example(self) -> &'static str {
        match self {
            Self::Linux => "/dev/ttyACM0",
            Self::MacOs => "/dev/cu.usbmodem101",
            Self::Windows => "COM3",
        }
    }

    /// The same, of a board with a USB converter.
    pub const fn converter_example(self) -> &'static str {
        match self {
            Self::Linux => "/dev/ttyUSB0",
            Self::MacOs => "/dev/cu.usbserial-110",
            Self::Windows => "COM3",
        }
    }

    /// What to do if a board is plugged in with a data cable, but has no serial
    /// port: a sentence to append, with its space. Empty on Linux, which has
    /// drivers for the usual converters.
    pub const fn driver_advice(self) -> &'static str {
        match self {
            Self::Linux => "",
            Self::MacOs => {
                " A board with a CH340 or CP210x converter may need its driver (from WCH or \
                 Silicon Labs), and a MacBook asks whether to allow a new accessory."
            }
            Self::Windows => {
                " A board with a CH340 or CP210x converter needs its driver (from WCH or Silicon \
                 Labs): without it, Device Manager lists the board under Other devices."
            }
        }
    }

    /// Quotes a word for the system's shell, if necessary: a POSIX shell, or
    /// PowerShell on Windows. For PowerShell's own parser only: up to version
    /// 7.2 it removes double quotes from the arguments of programs.
    pub fn shell_word(self, word: &str) -> String {
        // PowerShell gives these a meaning: `@` splats, `,` separates, `%` is
        // an alias.
        let special = match self {
            Self::Linux | Self::MacOs => "-_./:@%+=,",
            Self::Windows => "-_./:+=",
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || special.contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            return word.to_owned();
        }
        match self {
            Self::Linux | Self::MacOs => format!("'{}'", word.replace('\'', r"'\''")),
            Self::Windows => {
                // PowerShell takes typographic quotes for plain ones.
                let mut quoted = String::from("'");
                for c in word.chars() {
                    if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
                        quoted.push(c);
                    }
                    quoted.push(c);
                }
                quoted + "'"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_special_characters_are_quoted() {
        for (word, posix, powershell) in [
            ("sb-7e7291", "sb-7e7291", "sb-7e7291"),
            ("Küchen Lampe", "'Küchen Lampe'", "'Küchen Lampe'"),
            ("it's $HOME", r"'it'\''s $HOME'", "'it''s $HOME'"),
            ("a,b", "a,b", "'a,b'"),
            (
                "Anna\u{2019}s",
                "'Anna\u{2019}s'",
                "'Anna\u{2019}\u{2019}s'",
            ),
            (
                "\u{2018}\u{201a}\u{201b}",
                "'\u{2018}\u{201a}\u{201b}'",
                "'\u{2018}\u{2018}\u{201a}\u{201a}\u{201b}\u{201b}'",
            ),
            ("", "''", "''"),
        ] {
            assert_eq!(Platform::Linux.shell_word(word), posix);
            assert_eq!(Platform::MacOs.shell_word(word), posix);
            assert_eq!(Platform::Windows.shell_word(word), powershell);
        }
    }

    #[test]
    fn texts_name_only_what_their_system_has() {
        for platform in Platform::ALL {
            let texts = [
                platform.port_example(),
                platform.converter_example(),
                platform.driver_advice(),
            ]
            .join(" ");
            assert_eq!(texts.contains("/dev/tty"), platform == Platform::Linux);
            assert_eq!(texts.contains("/dev/cu."), platform == Platform::MacOs);
            assert_eq!(texts.contains("COM3"), platform == Platform::Windows);
            assert_eq!(
                texts.contains("Device Manager"),
                platform == Platform::Windows
            );
        }
    }
}
