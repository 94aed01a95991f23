//! `--log`: logs what this program and its libraries do, for troubleshooting.
//! Nothing is logged by default.

use std::{fs::OpenOptions, io::Write, path::Path, str::FromStr};

use env_logger::{Builder, Logger, Target};
use log::{LevelFilter, Log, Metadata, Record};

use crate::redact::redacted;

use crate::words;

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
            words::plain(&record.args().to_string())
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

impl Log for Redacting {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.0.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if self.0.matches(record) {
            let text = record.args().to_string();
            let mut safe = Record::builder();
            safe.metadata(record.metadata().clone())
                .module_path(record.module_path());
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
