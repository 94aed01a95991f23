//! `switchboard sign`: keys are made and kept safe, and what it signs updates a
//! locked board, and nothing else does.

mod program;

use std::{error::Error, fs, path::Path, process::Output};

use image::{PublicKey, SigningKey, Trailer};
use virtual_board::{Options, Profile, Role, VirtualBoards, image::Image};

type Tested = Result<(), Box<dyn Error>>;

/// Runs `switchboard` in this folder; returns its output and its exit status.
fn run(folder: &Path, words: &[&str]) -> Result<(Output, Option<i32>), Box<dyn Error>> {
    let output = program::switchboard()
        .args(words)
        .current_dir(folder)
        .env("SWITCHBOARD_KEYS", folder.join("keys"))
        .output()?;
    let status = output.status.code();
    Ok((output, status))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_new_key_is_private_is_never_overwritten_and_its_public_half_is_printed() -> Tested {
    let folder = tempfile::tempdir()?;
    let (made, status) = run(folder.path(), &["sign", "--new-key", "a.key"])?;
    assert_eq!(status, Some(0), "{}", said(&made));
    let text = fs::read_to_string(folder.path().join("a.key"))?;
    let key = SigningKey::parse(&text)?;
    let public = String::from_utf8(made.stdout)?;
    assert_eq!(PublicKey::parse(&public), Some(key.public()));
    let secret = text.split_whitespace().last().ok_or("a secret")?.to_owned();
    assert!(!public.contains(&secret));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path().join("a.key"))?
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let (again, status) = run(folder.path(), &["sign", "--new-key", "a.key"])?;
    assert_eq!(status, Some(2));
    assert!(said(&again).contains("exists"), "{}", said(&again));
    assert_eq!(fs::read_to_string(folder.path().join("a.key"))?, text);
    let (printed, _) = run(folder.path(), &["sign", "--public-key", "a.key"])?;
    assert_eq!(String::from_utf8(printed.stdout)?, public);
    Ok(())
}

#[test]
fn what_it_signs_updates_a_locked_board_and_nothing_else_does() -> Tested {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    for name in ["ours", "theirs"] {
        let (made, _) = run(folder.path(), &["sign", "--new-key", name])?;
        fs::write(at(&format!("{name}.pub")), &made.stdout)?;
    }
    let ours = PublicKey::parse(&fs::read_to_string(at("ours.pub"))?);
    fs::write(at("app.bin"), Image::new("9.9.9")?.unsigned(20_000))?;
    let boards = VirtualBoards::start(Options {
        profile: Profile::Lamp,
        mdns: false,
        signing_key: ours,
        ..Options::default()
    })?;
    let key = boards.add_key("Desk lamp", "A test", Role::Control)?;
    fs::write(at("board.key"), key)?;
    let (added, status) = run(folder.path(), &["keys", "add", "board.key"])?;
    assert_eq!(status, Some(0), "{}", said(&added));
    let address = boards.list()[0].address.to_string();
    let sign = |key: &str, out: &str| {
        let target = ["--chip", "virtual", "--board", "virtual"];
        let words = [&["sign", "app.bin", "--key", key, "-o", out], &target[..]].concat();
        run(folder.path(), &words)
    };
    for (key, out) in [("ours", "good.bin"), ("theirs", "foreign.bin")] {
        let (signed, status) = sign(key, out)?;
        assert_eq!(status, Some(0), "{}", said(&signed));
        let trailer = Trailer::read(&fs::read(at(out))?).ok_or("a trailer")?;
        assert_eq!(trailer.version(), "9.9.9");
    }
    for (file, reason) in [("app.bin", "unsigned"), ("foreign.bin", "wrong_key")] {
        let (refused, status) = run(folder.path(), &["ota", &address, file])?;
        assert_eq!(status, Some(1));
        assert!(said(&refused).contains(reason), "{}", said(&refused));
    }
    let (updated, status) = run(folder.path(), &["ota", &address, "good.bin"])?;
    assert_eq!(status, Some(0), "{}", said(&updated));
    assert!(String::from_utf8(updated.stdout)?.contains("-> 9.9.9"));
    Ok(())
}

#[test]
fn what_cannot_be_signed_is_refused_with_the_reason() -> Tested {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    let (made, _) = run(folder.path(), &["sign", "--new-key", "a.key"])?;
    fs::write(at("a.pub"), &made.stdout)?;
    fs::write(at("app.bin"), Image::new("9.9.9")?.unsigned(2_000))?;
    fs::write(at("signed.bin"), Image::new("9.9.9")?.to_bytes(2_000))?;
    let mut half = vec![0; 300];
    (half[0], half[1]) = (0xe9, 3);
    fs::write(at("half.bin"), half)?;
    let all = |file, key, chip, board| {
        vec![
            "sign", file, "--key", key, "--chip", chip, "--board", board, "-o", "out.bin",
        ]
    };
    for (words, reason) in [
        (all("app.bin", "a.pub", "virtual", "virtual"), "public key"),
        (
            all("app.bin", "app.bin", "virtual", "virtual"),
            "no signing key",
        ),
        (
            all("signed.bin", "a.key", "virtual", "virtual"),
            "signed already",
        ),
        (all("app.bin", "a.key", "virtual", "QEMU virt"), "lowercase"),
        (
            all("half.bin", "a.key", "esp32", "esp32-devkitc"),
            "not a complete image",
        ),
        (vec!["sign", "app.bin", "--key", "a.key"], "--board"),
        (vec!["sign"], "required"),
    ] {
        let (refused, status) = run(folder.path(), &words)?;
        assert_eq!(status, Some(2), "{words:?}");
        assert!(
            said(&refused).contains(reason),
            "{words:?}: {}",
            said(&refused)
        );
        assert!(!at("out.bin").exists());
    }
    Ok(())
}
