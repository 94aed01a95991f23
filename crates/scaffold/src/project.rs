//! What a project is called, and which languages there are.

use std::{fmt, path::Path, str::FromStr};

use crate::Component;

/// A language for firmware.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// A project for ESP-IDF, which also builds for this computer.
    C,
    /// A sketch for the Arduino IDE and an ESP32.
    Arduino,
    /// Files for MicroPython, on a chip and on this computer.
    MicroPython,
    /// A program for this computer on the crates of Switchboard's own firmware.
    Rust,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 4] = [Self::C, Self::Arduino, Self::MicroPython, Self::Rust];

    /// The name on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Arduino => "arduino",
            Self::MicroPython => "micropython",
            Self::Rust => "rust",
        }
    }

    /// What its projects are, in one line.
    pub const fn about(self) -> &'static str {
        match self {
            Self::C => "a project for ESP-IDF, which also builds for this computer",
            Self::Arduino => "a sketch for the Arduino IDE and an ESP32",
            Self::MicroPython => "files for MicroPython, on a chip and on this computer",
            Self::Rust => "a program for this computer on the crates of Switchboard's firmware",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::C => "C",
            Self::Arduino => "Arduino",
            Self::MicroPython => "MicroPython",
            Self::Rust => "Rust",
        })
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = text.to_lowercase();
        Self::ALL
            .into_iter()
            .find(|language| language.word() == word)
            .ok_or_else(|| {
                format!("{text:?} is not a language; accepted: c, arduino, micropython, rust")
            })
    }
}

/// Where a Rust project gets the crates of Switchboard from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A git repository.
    Git(String),
    /// A clone on this computer; an absolute path.
    Clone(String),
}

/// A project to write.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// The last part of its folder's path.
    pub folder: String,
    /// The language of its firmware.
    pub language: Language,
    /// The name of the board.
    pub name: String,
    /// The identity of the board on a computer; on a chip it is made of the
    /// chip's address.
    pub id: String,
    /// The components of the board.
    pub components: Vec<Component>,
    /// Of a project in Rust: where its crates are.
    pub source: Option<Source>,
}

/// The longest name and id of a board, in bytes (docs/protocol.md, "Limits").
const NAME: usize = 63;

/// Why a name is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The path does not end with a name.
    #[error("{0:?} does not end with the name of a folder")]
    Folder(String),
    /// No id can be made of the folder's name.
    #[error(
        "no id can be made of the folder's name {0:?}, which has no letter from a to z and no \
         digit; name one with --id"
    )]
    NoId(String),
    /// An id that the protocol does not allow.
    #[error("an id has 1 to {NAME} lowercase letters from a to z, digits and hyphens, not {0:?}")]
    Id(String),
    /// A name that the protocol does not allow.
    #[error("a board's name has 1 to {NAME} bytes without control characters, not {0:?}")]
    Name(String),
    /// The Arduino IDE does not accept the folder's name.
    #[error(
        "the folder of a sketch begins with a letter or a digit and has at most {NAME} letters \
         from a to z, digits, hyphens, underscores and dots, not {0:?}: the Arduino IDE requires it"
    )]
    Sketch(String),
}

impl Project {
    /// A project in this folder. The board is named after the folder, unless
    /// `name` and `id` say otherwise.
    ///
    /// # Errors
    /// [`NameError`], which says what is accepted.
    pub fn new(
        folder: &Path,
        language: Language,
        components: Vec<Component>,
        name: Option<String>,
        id: Option<String>,
    ) -> Result<Self, NameError> {
        let shown = || folder.display().to_string();
        let folder_name = folder.file_name().and_then(|name| name.to_str());
        let folder_name = folder_name.ok_or_else(|| NameError::Folder(shown()))?;
        if language == Language::Arduino && !is_sketch(folder_name) {
            return Err(NameError::Sketch(folder_name.to_owned()));
        }
        let id = match id {
            Some(id) if is_id(&id) => id,
            Some(id) => return Err(NameError::Id(id)),
            None => {
                derived_id(folder_name).ok_or_else(|| NameError::NoId(folder_name.to_owned()))?
            }
        };
        let name = board_name(name.unwrap_or_else(|| derived_name(folder_name)))?;
        Ok(Self {
            folder: folder_name.to_owned(),
            language,
            name,
            id,
            components,
            source: None,
        })
    }

    /// The id as a name for CMake, make and others: letters, digits and
    /// underscores, with a letter first.
    pub(crate) fn identifier(&self) -> String {
        self.package().replace('-', "_")
    }

    /// The id as the name of a package: a letter first, and no word that cargo
    /// reserves.
    pub(crate) fn package(&self) -> String {
        let id = self.id.trim_matches('-');
        if id.starts_with(|first: char| first.is_ascii_lowercase()) && !RESERVED.contains(&id) {
            id.to_owned()
        } else {
            format!("board-{id}")
        }
    }
}

/// Names that cargo refuses for a package, or that a board must not share with
/// a crate that it uses.
const RESERVED: [&str; 62] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "board",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "hardware",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "proc_macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "switchboard-virtual-board",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "use",
    "virtual",
    "where",
    "while",
];

/// A board's name, if the protocol allows it.
///
/// # Errors
/// [`NameError::Name`], which says what is accepted.
pub fn board_name(name: String) -> Result<String, NameError> {
    if name.is_empty() || name.len() > NAME || name.chars().any(char::is_control) {
        return Err(NameError::Name(name));
    }
    Ok(name)
}

fn is_id(id: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=NAME).contains(&id.len()) && id.bytes().all(fits)
}

fn is_sketch(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    name.len() <= NAME
        && name.bytes().all(fits)
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
}

/// `Desk lamp_2` becomes `desk-lamp-2`; `None` if nothing remains.
fn derived_id(folder: &str) -> Option<String> {
    let words: Vec<String> = folder
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let mut id = words.join("-");
    id.truncate(NAME);
    Some(id.trim_end_matches('-').to_owned()).filter(|id| !id.is_empty())
}

/// `desk-lamp` becomes `Desk lamp`.
fn derived_name(folder: &str) -> String {
    let words = folder.replace(['-', '_'], " ");
    let mut letters = words.trim().chars();
    let first = letters.next().map(char::to_uppercase);
    let mut name = String::new();
    for letter in first.into_iter().flatten().chain(letters) {
        if name.len() + letter.len_utf8() > NAME {
            break;
        }
        name.push(letter);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(folder: &str, language: Language) -> Result<Project, NameError> {
        Project::new(Path::new(folder), language, Vec::new(), None, None)
    }

    #[test]
    fn a_board_is_named_after_its_folder() {
        let of = |folder: &str| {
            let project = project(folder, Language::C).expect(folder);
            (
                project.name.clone(),
                project.id.clone(),
                project.identifier(),
            )
        };
        let named = |name: &str, id: &str, identifier: &str| {
            (name.to_owned(), id.to_owned(), identifier.to_owned())
        };
        assert_eq!(
            of("desk-lamp"),
            named("Desk lamp", "desk-lamp", "desk_lamp")
        );
        assert_eq!(
            of("a/b/My Lamp_2"),
            named("My Lamp 2", "my-lamp-2", "my_lamp_2")
        );
        assert_eq!(
            of("3d-printer/"),
            named("3d printer", "3d-printer", "board_3d_printer")
        );
        assert_eq!(of("test"), named("Test", "test", "board_test"));
        let long = of(&"x".repeat(90));
        assert_eq!((long.0.len(), long.1.len()), (63, 63));
    }

    #[test]
    fn a_name_that_does_not_fit_is_refused_with_what_would() {
        assert!(matches!(
            project("..", Language::C),
            Err(NameError::Folder(_))
        ));
        let error = project("Лампа", Language::C).expect_err("no letters");
        assert!(error.to_string().contains("--id"), "{error}");
        let of = |name: Option<&str>, id: Option<&str>| {
            let text = |text: Option<&str>| text.map(str::to_owned);
            Project::new(
                Path::new("Лампа"),
                Language::C,
                Vec::new(),
                text(name),
                text(id),
            )
        };
        assert_eq!(of(None, Some("lampa")).expect("an id").name, "Лампа");
        assert!(matches!(of(None, Some("Lampa")), Err(NameError::Id(_))));
        assert!(matches!(of(None, Some("")), Err(NameError::Id(_))));
        assert!(matches!(of(Some(""), Some("a")), Err(NameError::Name(_))));
        assert!(matches!(
            of(Some("a\nb"), Some("a")),
            Err(NameError::Name(_))
        ));
        assert!(matches!(
            of(Some(&"é".repeat(32)), Some("a")),
            Err(NameError::Name(_))
        ));
    }

    #[test]
    fn the_folder_of_a_sketch_has_a_name_that_the_ide_accepts() {
        assert!(project("desk-lamp", Language::Arduino).is_ok());
        for folder in ["desk lamp", "-lamp", "lämp"] {
            let refused = project(folder, Language::Arduino);
            assert!(matches!(refused, Err(NameError::Sketch(_))), "{folder}");
        }
    }

    #[test]
    fn a_language_is_named_by_its_word() {
        for language in Language::ALL {
            assert_eq!(language.word().parse(), Ok(language));
        }
        assert_eq!("MicroPython".parse(), Ok(Language::MicroPython));
        assert!(
            "cobol"
                .parse::<Language>()
                .is_err_and(|error| error.contains("micropython, rust"))
        );
    }
}
