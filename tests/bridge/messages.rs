//! What a bridge says when something is wrong.

use std::{fs, process::Command};

use rcgen::{CertificateParams, KeyPair};

use super::{
    lab::{Bridge, Broker, OPEN, boards},
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
    for option in ["--site", "--name", "--prefix"] {
        for name in ["a#", "a+", "", "a\nb"] {
            let said = refused(&["--mqtt", "mqtt://127.0.0.1", option, name]);
            assert!(
                said.contains("name in a topic") || said.contains("meaning in MQTT"),
                "{said}"
            );
        }
    }
    let said = refused(&["--mqtt", "mqtt://127.0.0.1", "--site", "a/b"]);
    assert!(said.contains("'/'") && said.contains("Accepted"), "{said}");
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
    let with = |password: &str| {
        Bridge::with(&url, &boards, &["--name", password], |command| {
            command.env("SWITCHBOARD_MQTT_PASSWORD", password);
        })
    };
    let said = with("wrong").says("Waiting for the broker");
    assert!(
        said.contains("the user name or the password is wrong")
            && said.contains("SWITCHBOARD_MQTT_PASSWORD"),
        "{said}"
    );
    assert!(!said.contains("secret"));
    with("secret").says("Active");
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
    let bridge = Bridge::start(&broker.url(), &boards, &["--name", "one"]);
    let said = bridge.says("access control list");
    assert!(said.contains("switchboard/lab/#"), "{said}");
}

#[test]
fn tls_with_an_unknown_authority_is_named_and_works_with_its_certificate() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()])
        .expect("a name")
        .self_signed(&key)
        .expect("a certificate");
    let (cert, own) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    fs::write(&cert, certificate.pem()).expect("a file");
    fs::write(&own, key.serialize_pem()).expect("a file");
    let config = format!(
        "{OPEN}\ncertfile {}\nkeyfile {}",
        cert.display(),
        own.display()
    );
    let Some(broker) = Broker::start("tls", &config) else {
        return;
    };
    let boards = boards(1, 43);
    let url = broker.url().replace("mqtt:", "mqtts:");
    let said = Bridge::start(&url, &boards, &[]).says("Waiting for the broker");
    assert!(
        said.contains("TLS failed") && said.contains("--ca FILE"),
        "{said}"
    );
    let cert = cert.to_str().expect("a path");
    Bridge::start(&url, &boards, &["--ca", cert]).says("Active");
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
    assert!(said.contains("977 KiB"), "{said}");
    assert!(said.contains(&command), "{said}");
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
    let first = Bridge::start(&broker.url(), &boards, &["--name", "same"]);
    first.says("Active");
    let _second = Bridge::start(&broker.url(), &boards, &["--name", "same"]);
    let said = first.says("its own name");
    assert!(said.contains("same"), "{said}");
}
