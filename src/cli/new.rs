//! `switchboard new`: writes a project for a new board, and asks for what the
//! arguments leave out.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{
    Failure,
    output::{self, tell},
};
use sanitize::plain;
use scaffold::{
    Component, Kind, Language, Project, Source, WriteError, board_name, check_folder, classes,
    components, files, write,
};

/// The arguments of `switchboard new`.
#[derive(Debug, clap::Args)]
pub(super) struct NewArgs {
    /// The project's folder: a new or an empty one. The board is named after
    /// it.
    folder: Option<PathBuf>,
    /// The language: c (ESP-IDF, and this computer), arduino, micropython or
    /// rust (this computer).
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<Language>,
    /// The components, separated by commas: light, switch, button, sensor,
    /// binary_sensor, text_sensor, number, select, text, cover and event, some
    /// with a device class, such as sensor:temperature or binary_sensor:motion.
    #[arg(long, value_name = "LIST")]
    components: Option<String>,
    /// The board's name; by default that of the folder.
    #[arg(long)]
    name: Option<String>,
    /// The board's id on a computer: lowercase letters, digits and hyphens; by
    /// default made of the folder's name. On a chip, it is made of the chip's
    /// address.
    #[arg(long)]
    id: Option<String>,
    /// Where a project in Rust gets Switchboard's crates: a clone of the
    /// repository, or its URL.
    #[arg(long, value_name = "FOLDER|URL")]
    source: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Writes a project.
///
/// # Errors
/// [`Failure::Usage`] if an argument is not accepted, or is missing and cannot
/// be asked for; [`Failure::Project`] if the project cannot be written.
pub(super) fn new(args: &NewArgs) -> Result<(), Failure> {
    let Wanted { folder, project } = wanted(args)?;
    let files = files(&project).map_err(|fault| {
        Failure::Output(io::Error::other(format!("a template is faulty: {fault}")))
    })?;
    write(&folder, &files)?;
    let mut out = output::out();
    if args.json {
        let keys: Vec<_> = project.components.iter().map(Component::key).collect();
        let paths: Vec<_> = files.iter().map(|file| &file.path).collect();
        let line = json!({
            "folder": folder.to_string_lossy(), "language": project.language.word(),
            "name": project.name, "id": project.id, "components": keys, "files": paths,
        });
        return Ok(writeln!(out, "{}", plain::json(&line))?);
    }
    let names: Vec<_> = project.components.iter().map(|one| &*one.name).collect();
    let folder = folder.display().to_string();
    writeln!(
        out,
        "Created {}, a board in {}: {}",
        text::plain(&folder),
        project.language,
        names.join(", ")
    )?;
    writeln!(out, "Next:")?;
    writeln!(out, "  cd {}", text::plain(&text::shell_word(&folder)))?;
    let next = match project.language {
        Language::Arduino => {
            "open the sketch in the Arduino IDE; see README.md for how to upload it"
        }
        _ => "./check        run the board here and test it; see README.md for the rest",
    };
    Ok(writeln!(out, "  {next}")?)
}

/// A project, and where to write it.
struct Wanted {
    folder: PathBuf,
    project: Project,
}

/// What the arguments say, and what the user answers about the rest. The folder
/// and the components are judged before the first question, the other arguments
/// as soon as the folder and the language are known.
fn wanted(args: &NewArgs) -> Result<Wanted, Failure> {
    if let Some(folder) = &args.folder {
        check_folder(folder)?;
    }
    let given = args.components.as_deref().map(components).transpose();
    let given = given.map_err(|error| Failure::Usage(format!("--components: {error}")))?;
    let missing: Vec<_> = [
        ("FOLDER", args.folder.is_none()),
        ("--language", args.language.is_none()),
        ("--components", given.is_none()),
    ]
    .into_iter()
    .filter_map(|(name, is_missing)| is_missing.then_some(name))
    .collect();
    let interactive = io::stdin().is_terminal() && io::stderr().is_terminal();
    if !missing.is_empty() && !interactive {
        return Err(Failure::Usage(format!(
            "missing: {}; for example: switchboard new desk-lamp --language micropython \
             --components light,button,sensor:temperature",
            missing.join(", ")
        )));
    }
    let folder = match &args.folder {
        Some(folder) => folder.clone(),
        None => ask("Folder for the project: ", |line| {
            let folder = PathBuf::from(line);
            if line.is_empty() {
                return Err("name a folder, for example desk-lamp".to_owned());
            }
            check_folder(&folder).map_err(|error| error.to_string())?;
            Ok(folder)
        })?,
    };
    let language = match args.language {
        Some(language) => language,
        None => ask_language()?,
    };
    let mut project = judged(args, &folder, language)?;
    project.components = match given {
        Some(components) => components,
        None => ask_components()?,
    };
    if args.name.is_none() && !missing.is_empty() {
        project.name = ask_name(&project)?;
    }
    Ok(Wanted { folder, project })
}

/// The project without its components, as --id, --name and --source have it.
fn judged(args: &NewArgs, folder: &Path, language: Language) -> Result<Project, Failure> {
    let usage = |why: &str| Err(Failure::Usage(why.to_owned()));
    if language == Language::Arduino && args.id.is_some() {
        return usage("--id does not apply to Arduino: the id is made of the chip's address");
    }
    let source = match language {
        Language::Rust => Some(source(args.source.as_deref())?),
        _ if args.source.is_some() => {
            return usage(
                "--source is for --language rust; the other projects contain their library",
            );
        }
        _ => None,
    };
    let project = Project::new(
        // The name of `.` is that of the folder itself.
        &std::path::absolute(folder)?,
        language,
        Vec::new(),
        args.name.clone(),
        args.id.clone(),
    );
    Ok(Project {
        source,
        ..project.map_err(|error| Failure::Usage(error.to_string()))?
    })
}

fn ask_language() -> Result<Language, Failure> {
    for (number, language) in Language::ALL.iter().enumerate() {
        tell(&format!(
            "{:>3}  {:<12} {}",
            number + 1,
            language.word(),
            language.about()
        ));
    }
    ask("Language, by number or name: ", |line| {
        let numbered = line.parse::<usize>().ok();
        let numbered = numbered.and_then(|number| Language::ALL.get(number.checked_sub(1)?));
        numbered.copied().map_or_else(|| line.parse(), Ok)
    })
}

fn ask_components() -> Result<Vec<Component>, Failure> {
    tell("Components:");
    for kind in Kind::ALL {
        match classes(kind) {
            none if none.is_empty() => tell(&format!("  {}", kind.word())),
            classes => tell(&format!("  {:<13} :{classes}", kind.word())),
        }
    }
    ask(
        "Which, for example light,button,sensor:temperature: ",
        |line| components(line).map_err(|error| error.to_string()),
    )
}

/// The name of the board; an empty answer is the name that the folder suggests.
fn ask_name(project: &Project) -> Result<String, Failure> {
    let suggested = text::plain(&project.name);
    ask(
        &format!("Name of the board (Enter for {suggested}): "),
        |line| match line {
            "" => Ok(project.name.clone()),
            name => board_name(name.to_owned()).map_err(|error| error.to_string()),
        },
    )
}

/// Asks until the answer is accepted.
fn ask<T>(question: &str, accept: impl Fn(&str) -> Result<T, String>) -> Result<T, Failure> {
    loop {
        let _ = write!(output::err(), "{question}");
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line)? == 0 {
            return Err(Failure::Usage(
                "the input ended before every question was answered".to_owned(),
            ));
        }
        match accept(line.trim()) {
            Ok(accepted) => return Ok(accepted),
            Err(why) => tell(&text::plain(&why)),
        }
    }
}

/// Where the crates of a project in Rust are: as named, otherwise at the URL of
/// this program's manifest, otherwise in the clone that it was built from.
fn source(named: Option<&str>) -> Result<Source, Failure> {
    const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");
    let clone = |folder: &Path| {
        let folder = folder.canonicalize().ok()?;
        let is_one = folder.join("firmware/virtual-board/Cargo.toml").is_file();
        Some(Source::Clone(folder.to_str()?.to_owned())).filter(|_| is_one)
    };
    match named {
        Some(url) if url.contains("://") || url.starts_with("git@") => {
            Ok(Source::Git(url.to_owned()))
        }
        Some(folder) => clone(Path::new(folder)).ok_or_else(|| {
            Failure::Usage(format!(
                "--source: {folder:?} is neither a URL nor a clone of Switchboard's repository"
            ))
        }),
        None if !REPOSITORY.is_empty() => Ok(Source::Git(REPOSITORY.to_owned())),
        None => clone(Path::new(env!("CARGO_MANIFEST_DIR"))).ok_or_else(|| {
            Failure::Usage(
                "a project in Rust needs Switchboard's crates: name a clone of its repository, or \
                 its URL, with --source"
                    .to_owned(),
            )
        }),
    }
}

/// The exit status of a project that cannot be written.
pub(super) fn status(error: &WriteError) -> u8 {
    match error {
        WriteError::NotEmpty(_) | WriteError::NotAFolder(_) => 2,
        WriteError::Io { .. } => 1,
    }
}
