//! What a bridge says when something is wrong.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use virtual_board::{Options, VirtualBoards};

use super::{
    lab::{Bridge, boards},
    mosquitto::{Broker, OPEN},
    program::switchboard,
};

fn refused(arguments: &[&str]) -> String {
    let output = switchboard().arg("bridge").args(arguments).output();
    let output = output.expect("the program");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_name_that_cannot_be_part_of_a_topic_is_refused() {
    for (option, value) in [
        ("--site", "NAME"),
        ("--name", "NAME"),
        ("--prefix", "TOPIC"),
    ] {
        for character in ['#', '+'] {
            let name = format!("a{character}");
            let said = refused(&["--mqtt", "mqtt://127.0.0.1", option, &name]);
            let expected = format!(
                "error: invalid value '{name}' for '{option} <{value}>': \"{name}\" contains \
                 '{character}', which has a special meaning in MQTT topics. Use a name without \
                 #, +, / and control characters\n"
            );
            assert!(said.starts_with(&expected), "{said}");
        }
        let said = refused(&["--mqtt", "mqtt://127.0.0.1", option, ""]);
        assert!(
            said.contains("a name in a topic must not be empty"),
            "{said}"
        );
    }
    let said = refused(&["--mqtt", "mqtt://127.0.0.1", "--site", "a/b"]);
    let expected = "error: invalid value 'a/b' for '--site <NAME>': \"a/b\" contains '/', which \
         has a special meaning in MQTT topics. Use a name without #, +, / and control characters\n";
    assert!(said.starts_with(expected), "{said}");
}

#[test]
fn a_board_may_have_a_name_with_characters_of_topics() {
    let Some(broker) = Broker::start("a board's name", OPEN) else {
        return;
    };
    let boards = VirtualBoards::start(Options {
        name: Some("Kitchen / #1+".to_owned()),
        mdns: false,
        ..Options::default()
    })
    .expect("a board");
    let id = boards.list()[0].id.clone();
    let bridge = Bridge::start(&broker.url(), &boards, &[]);
    bridge.says("Active");
    let topic = format!("switchboard/lab/{id}/$description");
    let description = broker.subscribe(&topic).on(&topic).json();
    assert_eq!(description["name"], "Kitchen / #1+");
    assert_eq!(
        bridge.said(),
        [""; 0],
        "it has nothing to say about the name"
    );
}

#[test]
fn an_address_that_is_not_a_broker_is_refused_and_a_password_not_repeated() {
    let said = refused(&["--mqtt", "http://127.0.0.1"]);
    assert!(said.contains("mqtt://[USER@]HOST[:PORT]"), "{said}");
    let said = refused(&["--mqtt", "mqtt://ann:secret@127.0.0.1"]);
    assert!(said.contains("SWITCHBOARD_MQTT_PASSWORD"), "{said}");
    assert!(!said.contains("secret"), "{said}");
    let said = refused(&["--mqtt", "mqtt://127.0.0.1", "--shard", "3/2"]);
    assert!(said.contains("2/5"), "{said}");
}

#[test]
fn a_wrong_password_is_named_and_the_right_one_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let passwords = folder.path().join("passwords");
    let made = Command::new("mosquitto_passwd")
        .args(["-b", "-c"])
        .arg(&passwords)
        .args(["ann", "secret"])
        .output();
    let config = format!(
        "allow_anonymous false\npassword_file {}",
        passwords.display()
    );
    let Some(broker) = Broker::start("password", &config) else {
        return;
    };
    assert!(made.expect("mosquitto_passwd").status.success());
    let boards = boards(1, 41);
    let url = broker.url().replace("127", "ann@127");
    let with = |url: &str, password: &str| {
        Bridge::with(url, &boards, &["--name", password], |command| {
            command.env("SWITCHBOARD_MQTT_PASSWORD", password);
        })
    };
    for url in [&url, &url.replace("ann@", "eve@")] {
        let said = with(url, "wrong").says("Waiting for the broker");
        let expected = format!(
            "Waiting for the broker at {url}: the user name or the password is wrong, or this \
             user is not allowed to connect. The user is part of the address; the password is \
             read from SWITCHBOARD_MQTT_PASSWORD. Retrying."
        );
        assert_eq!(said, expected);
    }
    let said = Bridge::start(&broker.url(), &boards, &[]).says("Waiting for the broker");
    let expected = format!(
        "Waiting for the broker at {}: it does not accept clients without a user. The user is \
         part of the address; the password is read from SWITCHBOARD_MQTT_PASSWORD. Retrying.",
        broker.url()
    );
    assert_eq!(said, expected);
    with(&url, "secret").says("Active");
}

#[test]
fn an_access_control_list_that_refuses_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("acl");
    fs::write(&list, "topic readwrite other/#\n").expect("a file");
    let config = format!("{OPEN}\nacl_file {}", list.display());
    let Some(broker) = Broker::start("access control", &config) else {
        return;
    };
    let boards = boards(1, 42);
    for (more, filters) in [
        (&["--name", "one"][..], "switchboard/lab/#"),
        (
            &["--name", "one", "--home-assistant"],
            "switchboard/lab/# and homeassistant/#",
        ),
    ] {
        let bridge = Bridge::start(&broker.url(), &boards, more);
        let expected = format!(
            "The broker accepted a message on switchboard/lab/$bridge/one but did not deliver \
             it. Its access control list probably denies this user access: allow the user to \
             read and write {filters}."
        );
        assert_eq!(bridge.says("access control list"), expected);
    }
}

/// Writes a certificate for 127.0.0.1 and its key, and returns the certificate
/// to trust: that of an authority, or its own.
fn certificate(folder: &Path, authority: Option<&str>) -> PathBuf {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
    let file = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).expect("a file");
        path
    };
    file("key.pem", key.serialize_pem());
    let Some(name) = authority else {
        let own = params.self_signed(&key).expect("a certificate");
        return file("cert.pem", own.pem());
    };
    let mut authority = CertificateParams::new([]).expect("no names");
    authority.distinguished_name.push(DnType::CommonName, name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("a key");
    let trusted = authority
        .self_signed(&authority_key)
        .expect("a certificate");
    let issuer = Issuer::from_params(&authority, &authority_key);
    let signed = params.signed_by(&key, &issuer).expect("a certificate");
    file("cert.pem", signed.pem());
    file("authority.pem", trusted.pem())
}

#[test]
fn tls_with_an_unknown_authority_is_named_and_works_with_its_certificate() {
    for (authority, why) in [
        (
            Some("Garden CA"),
            "its certificate was issued by \"Garden CA\", and neither this system nor Mozilla's \
             list trusts that issuer. If you do, add the issuer's certificate to this system's. \
             Commands with the option --ca FILE also accept it as a PEM file",
        ),
        (
            None,
            "its certificate is self-signed by \"rcgen self signed cert\" and not trusted. If it \
             is yours, add it to this system's certificates. Commands with the option --ca FILE \
             also accept it as a PEM file",
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let trusted = certificate(folder.path(), authority);
        let file = |name: &str| folder.path().join(name).display().to_string();
        let config = format!(
            "{OPEN}\ncertfile {}\nkeyfile {}",
            file("cert.pem"),
            file("key.pem")
        );
        let Some(broker) = Broker::start("tls", &config) else {
            return;
        };
        let boards = boards(1, 43);
        let url = broker.url().replace("mqtt:", "mqtts:");
        let said = Bridge::start(&url, &boards, &[]).says("Waiting for the broker");
        assert_eq!(
            said,
            format!("Waiting for the broker at {url}: TLS failed: {why}. Retrying.")
        );
        let trusted = trusted.to_str().expect("a path");
        Bridge::start(&url, &boards, &["--ca", trusted]).says("Active");
    }
}

#[test]
fn a_message_of_a_megabyte_is_ignored_and_named() {
    let Some(broker) = Broker::start("megabyte", OPEN) else {
        return;
    };
    let boards = boards(1, 44);
    let id = boards.list()[0].id.clone();
    let bridge = Bridge::start(&broker.url(), &boards, &[]);
    bridge.says("Active");
    let command = format!("switchboard/lab/{id}/$command");
    let seen = broker.subscribe("switchboard/lab/$replies/#");
    broker.publish(&command, &"x".repeat(1_000_000), &[]);
    let said = bridge.says("was ignored");
    let expected =
        format!("A message of 977 KiB on {command} was ignored: at most 256 KiB are accepted.");
    assert_eq!(said, expected);
    // The connection lives on.
    let request = r#"{"method":"Sys.Ping","reply_to":"switchboard/lab/$replies/test"}"#;
    broker.publish(&command, request, &[]);
    seen.on("switchboard/lab/$replies/test");
}

#[test]
fn two_bridges_with_one_name_are_told() {
    let Some(broker) = Broker::start("one name", OPEN) else {
        return;
    };
    let boards = boards(1, 45);
    let start = || Bridge::start(&broker.url(), &boards, &["--name", "same"]);
    let first = start();
    first.says("Active");
    let second = start();
    for bridge in [&first, &second] {
        assert_eq!(
            bridge.says("Another bridge"),
            "Another bridge with the name \"same\" seems to be connected to this broker, and each \
             disconnects the other. Give each bridge its own name with --name."
        );
    }
}

#[test]
fn a_bridge_that_starts_again_is_not_taken_for_another_one() {
    let Some(broker) = Broker::start("started again", OPEN) else {
        return;
    };
    let boards = boards(1, 46);
    let start = || Bridge::start(&broker.url(), &boards, &["--name", "same"]);
    let first = start();
    first.says("Active");
    first.kill();
    let second = start();
    let mut said = Vec::new();
    while !said
        .last()
        .is_some_and(|line: &String| line.starts_with("Active"))
    {
        said.push(second.says(""));
    }
    // A command is carried out after everything that was retained.
    let id = &boards.list()[0].id;
    let seen = broker.subscribe("switchboard/lab/$replies/test");
    let request = r#"{"method":"Sys.Ping","reply_to":"switchboard/lab/$replies/test"}"#;
    broker.publish(&format!("switchboard/lab/{id}/$command"), request, &[]);
    seen.on("switchboard/lab/$replies/test");
    said.extend(second.said());
    assert_eq!(said.len(), 2, "{said:?}");
}
