//! What becomes of files, links, pipes and modes when something is saved.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{
    fs::{self, File, Permissions},
    io::{Read, Write},
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
    process::Command,
    sync::Barrier,
    thread,
    time::{Duration, SystemTime},
};

use files::{Access, Draft, lock, stream, write};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").mode() & 0o777
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_link_stays_a_link_and_what_it_leads_to_is_written() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("real")).unwrap();
    fs::write(at("real/a"), "old").unwrap();
    symlink("real/a", at("one")).unwrap();
    symlink(at("one"), at("two")).unwrap();
    symlink("real/new", at("dangling")).unwrap();
    for link in ["one", "two"] {
        write(&at(link), link.as_bytes(), Access::AsBefore).unwrap();
        assert_eq!(fs::read_to_string(at("real/a")).unwrap(), link);
        assert!(
            fs::symlink_metadata(at(link)).unwrap().is_symlink(),
            "{link}"
        );
    }
    write(&at("dangling"), b"new", Access::AsBefore).unwrap();
    assert_eq!(fs::read_to_string(at("real/new")).unwrap(), "new");
    assert_eq!(
        names(&at("real")),
        ["a", "new"],
        "no temporary file is left"
    );
    symlink("round", at("round")).unwrap();
    assert!(write(&at("round"), b"x", Access::AsBefore).is_err());
}

#[test]
fn a_pipe_is_written_into_and_stays_a_pipe() {
    let folder = folder();
    let pipe = folder.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let _lock = lock(&pipe).expect("it is not waited for a reader");
    let reader = thread::spawn({
        let pipe = pipe.clone();
        move || {
            let mut text = String::new();
            File::open(pipe).unwrap().read_to_string(&mut text).unwrap();
            text
        }
    });
    write(&pipe, b"through", Access::Owner).unwrap();
    assert_eq!(reader.join().unwrap(), "through");
    use std::os::unix::fs::FileTypeExt;
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    write(Path::new("/dev/null"), b"nothing", Access::AsBefore).unwrap();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn the_mode_is_kept_and_what_holds_secrets_is_made_private() {
    let folder = folder();
    let file = folder.path().join("file");
    for kept in [0o640, 0o600, 0o664] {
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(kept)).unwrap();
        write(&file, b"new", Access::AsBefore).unwrap();
        assert_eq!(mode(&file), kept);
        write(&file, b"secret", Access::Owner).unwrap();
        assert_eq!(mode(&file), 0o600);
    }
    let new = folder.path().join("secret");
    write(&new, b"secret", Access::Owner).unwrap();
    assert_eq!(mode(&new), 0o600);
    let plain = folder.path().join("plain");
    write(&plain, b"x", Access::AsBefore).unwrap();
    let usual = folder.path().join("usual");
    File::create(&usual).unwrap();
    assert_eq!(mode(&plain), mode(&usual), "as the umask has it");
}

#[test]
fn a_file_with_another_name_keeps_it() {
    let folder = folder();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    fs::write(&one, "a longer text than the new one").unwrap();
    fs::hard_link(&one, &other).unwrap();
    write(&one, b"new", Access::Owner).unwrap();
    assert_eq!(fs::read_to_string(&other).unwrap(), "new");
    assert_eq!(mode(&other), 0o600);
}

#[test]
fn a_link_at_a_name_that_could_be_guessed_is_not_followed() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("victim"), "precious").unwrap();
    let id = std::process::id();
    for guess in [
        format!("file.{id}"),
        format!("file.new-{id}"),
        ".file.lock".to_owned(),
    ] {
        symlink(at("victim"), at(&guess)).unwrap();
    }
    write(&at("file"), b"new", Access::AsBefore).unwrap();
    assert!(
        lock(&at("file")).is_err(),
        "a lock that is a link is refused"
    );
    assert_eq!(fs::read_to_string(at("victim")).unwrap(), "precious");
    assert!(
        fs::symlink_metadata(at(&format!("file.{id}")))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn what_was_dropped_in_the_middle_leaves_nothing_and_what_a_crash_left_is_removed() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "old").unwrap();
    let mut draft = Draft::create(&file, Access::AsBefore).unwrap();
    draft.write_all(&[b'x'; 100_000]).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    drop(draft);
    assert_eq!(names(folder.path()), ["file"]);
    let left = |name: &str, age: u64| {
        let file = File::create(folder.path().join(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age))
            .unwrap();
    };
    left(".file.abc.new", 3_600);
    left(".file.def.new", 5);
    left(".other.abc.new", 3_600);
    write(&file, b"new", Access::AsBefore).unwrap();
    assert_eq!(
        names(folder.path()),
        [".file.def.new", ".other.abc.new", "file"]
    );
}

#[test]
fn twenty_at_once_lose_nothing() {
    let folder = folder();
    let file = folder.path().join("numbers");
    let start = Barrier::new(20);
    thread::scope(|scope| {
        for number in 0..20 {
            let (file, start) = (&file, &start);
            scope.spawn(move || {
                start.wait();
                let _lock = lock(file).unwrap();
                let before = fs::read_to_string(file).unwrap_or_default();
                write(
                    file,
                    format!("{before}{number}\n").as_bytes(),
                    Access::Owner,
                )
                .unwrap();
            });
        }
    });
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 20);
    assert_eq!(names(folder.path()), ["numbers"], "no lock is left");
}

#[test]
fn what_is_streamed_is_there_at_once_through_a_link_too() {
    let folder = folder();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    fs::write(&file, "something older").unwrap();
    symlink("file", &link).unwrap();
    let mut out = stream(&link).unwrap();
    out.write_all(b"line\n").unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "line\n");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[test]
fn a_folder_and_a_file_that_may_not_be_written_are_refused_and_kept() {
    let folder = folder();
    assert!(
        write(folder.path(), b"x", Access::AsBefore)
            .unwrap_err()
            .to_string()
            .contains("folder")
    );
    assert!(
        write(
            &folder.path().join("no/such/folder"),
            b"x",
            Access::AsBefore
        )
        .is_err()
    );
    let full = Path::new("/dev/full");
    if full.exists() {
        assert!(write(full, b"x", Access::AsBefore).is_err());
    }
}
