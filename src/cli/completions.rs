//! `switchboard completions` and `switchboard man`: what shells and `man` know
//! about the command line, generated from its definition.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use clap_complete::Shell;

use super::{Failure, command, output};

/// Prints the completions for a shell.
///
/// # Errors
/// [`Failure::Output`] if they cannot be written.
pub(super) fn completions(shell: Shell) -> Result<(), Failure> {
    // Generated in memory first: the generator panics if a pipe is closed.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "switchboard", &mut script);
    let mut out = output::bytes();
    out.write_all(&script)?;
    Ok(out.flush()?)
}

/// Writes the manual page of the program, and one of each command, to a folder.
///
/// # Errors
/// [`Failure::Output`] if the folder or a page cannot be written.
pub(super) fn man(folder: &Path) -> Result<(), Failure> {
    let explained = |path: &Path, error: io::Error| {
        let why = format!("cannot write {}: {error}", path.display());
        Failure::Output(io::Error::new(error.kind(), why))
    };
    fs::create_dir_all(folder).map_err(|error| explained(folder, error))?;
    for (name, page) in pages()? {
        let path = folder.join(name);
        files::write(&path, &page, files::Access::AsBefore)
            .map_err(|error| explained(&path, error))?;
    }
    Ok(())
}

/// File names and contents of all manual pages.
fn pages() -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut root = command().disable_help_subcommand(true);
    root.build();
    let mut pages = Vec::new();
    add_pages(&root, &mut pages)?;
    Ok(pages)
}

/// The page of a command, and those of its subcommands.
fn add_pages(command: &clap::Command, pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let man = clap_mangen::Man::new(command.clone())
        .title(name)
        // No date, so that builds are reproducible. roff would drop an empty
        // one and take the source for the date.
        .date(" ")
        .source(concat!("Switchboard ", env!("CARGO_PKG_VERSION")))
        .manual("User Commands");
    let mut page = Vec::new();
    man.render(&mut page)?;
    pages.push((man.get_filename(), page));
    for subcommand in command.get_subcommands().filter(|one| !one.is_hide_set()) {
        add_pages(subcommand, pages)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_manual_page() {
        let pages = pages().expect("in memory");
        let names: Vec<_> = pages.iter().map(|(name, _)| name.as_str()).collect();
        for name in [
            "switchboard.1",
            "switchboard-list.1",
            "switchboard-keys-add.1",
            "switchboard-scene-take.1",
        ] {
            assert!(names.contains(&name), "{name} is not in {names:?}");
        }
        for (name, page) in &pages {
            let text = String::from_utf8_lossy(page);
            let title = name.trim_end_matches(".1");
            let heading = format!(".TH {title} 1 \" \" \"Switchboard ");
            assert!(text.contains(&heading), "{name} lacks {heading}");
            assert!(text.contains(".SH NAME"), "{name}");
            assert!(text.contains(".SH SYNOPSIS"), "{name}");
        }
    }
}
