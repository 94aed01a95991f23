//! `--log`: logs what this program and its libraries do, for troubleshooting.
//! Nothing is logged by default.

use std::{borrow::Cow, fs::OpenOptions, io::Write, path::Path, str::FromStr};

use env_logger::{Builder, Logger, Target};
use log::{LevelFilter, Log, Metadata, Record};

use sanitize::redact::redacted;

/// The crates of this program. Their targets are logged and filtered with the
/// prefix `switchboard::`, so that `switchboard=debug` means all of them.
const CRATES: &[&str] = &[
    "address",
    "backoff",
    "backup",
    "bridge",
    "channel",
    "comparison",
    "conformance",
    "disk",
    "doctor",
    "doubles",
    "engine",
    "families",
    "files",
    "flash",
    "fleet",
    "gui",
    "image",
    "keys",
    "link",
    "mqtt",
    "net",
    "noise",
    "pairing",
    "platform",
    "protocol",
    "proxy",
    "record",
    "remote",
    "sanitize",
    "scaffold",
    "serial",
    "serve",
    "setup",
    "telemetry",
    "text",
    "web",
];

/// The log level of each module; `None` is the default level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filter(Vec<(Option<String>, LevelFilter)>);

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let level = |word: &str| {
            word.parse::<LevelFilter>().map_err(|_| {
                format!(
                    "{word:?} is not a level; accepted: error, warn, info, debug, trace, off, or \
                     modules with levels such as mdns_sd=debug,switchboard::link=trace"
                )
            })
        };
        // A single level applies to this program; its libraries log only
        // warnings and errors.
        if let Ok(level) = text.parse::<LevelFilter>() {
            let libraries = level.min(LevelFilter::Warn);
            return Ok(Self(vec![
                (None, libraries),
                (Some("switchboard".to_owned()), level),
            ]));
        }
        let parts = text.split(',').map(|part| match part.split_once('=') {
            Some((target, word)) if !target.trim().is_empty() => {
                Ok((Some(target.trim().to_owned()), level(word.trim())?))
            }
            _ => Ok((None, level(part.trim())?)),
        });
        parts.collect::<Result<_, String>>().map(Self)
    }
}

/// Starts logging to standard error, or appends to a file.
///
/// # Errors
/// If the file cannot be opened.
pub(super) fn begin(filter: &Filter, file: Option<&Path>) -> Result<(), String> {
    let mut builder = Builder::new();
    // Log messages may contain text from boards.
    builder.format(|out, record| {
        let (time, level) = (out.timestamp_millis(), record.level());
        writeln!(
            out,
            "[{time} {level:<5} {}] {}",
            record.target(),
            text::plain(&record.args().to_string())
        )
    });
    for (target, level) in &filter.0 {
        builder.filter(target.as_deref(), *level);
    }
    if let Some(path) = file {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        // At level trace, it contains what boards send.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let opened = options.open(path);
        let file = opened.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        builder.target(Target::Pipe(Box::new(file)));
    }
    let logger = builder.build();
    let level = logger.filter();
    // A logger that is already set stays in place.
    if log::set_boxed_logger(Box::new(Redacting(logger))).is_ok() {
        log::set_max_level(level);
    }
    log::info!(
        "switchboard {} on {}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS
    );
    Ok(())
}

/// Redacts secrets: libraries log whole requests, including tokens.
struct Redacting(Logger);

/// The target as users know it: a crate of this program is a module of it.
fn public_target(target: &str) -> Cow<'_, str> {
    let name = target.split("::").next().unwrap_or(target);
    if CRATES.contains(&name) {
        Cow::Owned(format!("switchboard::{target}"))
    } else {
        Cow::Borrowed(target)
    }
}

impl Log for Redacting {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let target = public_target(metadata.target());
        let metadata = Metadata::builder()
            .level(metadata.level())
            .target(&target)
            .build();
        self.0.enabled(&metadata)
    }

    fn log(&self, record: &Record<'_>) {
        let target = public_target(record.target());
        let mut safe = Record::builder();
        safe.level(record.level())
            .target(&target)
            .module_path(record.module_path());
        if self.0.matches(&safe.build()) {
            let text = record.args().to_string();
            self.0
                .log(&safe.args(format_args!("{}", redacted(&text))).build());
        }
    }

    fn flush(&self) {
        self.0.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_of_this_program_is_logged_as_a_module_of_it() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
        let found = std::fs::read_dir(folder).expect("the folder of crates");
        let names = found.map(|entry| entry.expect("a crate").file_name());
        let names: Vec<_> = names.filter_map(|name| name.into_string().ok()).collect();
        for name in &names {
            assert!(CRATES.contains(&name.as_str()), "{name} is missing");
        }
        assert_eq!(names.len(), CRATES.len());
        assert_eq!(public_target("link::session"), "switchboard::link::session");
        assert_eq!(public_target("mdns_sd"), "mdns_sd");
    }

    #[test]
    fn a_single_level_applies_to_this_program() {
        let of = |text: &str| text.parse::<Filter>().map(|filter| filter.0);
        let own = |level| (Some("switchboard".to_owned()), level);
        assert_eq!(
            of("debug"),
            Ok(vec![(None, LevelFilter::Warn), own(LevelFilter::Debug)])
        );
        assert_eq!(
            of("error"),
            Ok(vec![(None, LevelFilter::Error), own(LevelFilter::Error)])
        );
        let parts = vec![
            (Some("mdns_sd".to_owned()), LevelFilter::Trace),
            (None, LevelFilter::Info),
        ];
        assert_eq!(of("mdns_sd=trace, info"), Ok(parts));
        assert!(of("loud").is_err_and(|problem| problem.contains("accepted: error, warn, info")));
        assert!(of("mdns_sd=loud").is_err() && of("").is_err());
    }
}
