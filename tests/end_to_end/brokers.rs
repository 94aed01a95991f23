//! Adding and removing brokers in the real window.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener},
    thread,
};

use eframe::egui::accesskit::Role;
use egui_kittest::kittest::Queryable;

use crate::window::Desktop;

/// A broker that refuses every user; its port.
fn refusing() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            // CONNECT fits into one read; the answer is CONNACK, 5: not
            // authorized (MQTT 3.1.1, 3.2.2.3).
            let mut connect = [0; 1024];
            if stream.read(&mut connect).is_ok() {
                let _ = stream.write_all(&[0x20, 2, 0, 5]);
                let _ = stream.read(&mut connect);
            }
        }
    });
    port
}

fn enter(desktop: &mut Desktop, role: Role, field: &str, text: &str, done: &str) {
    desktop.until(field, |window| {
        let field = window.query_by_role_and_label(role, field)?;
        field.type_text(text);
        Some(())
    });
    desktop.window.step();
    desktop.click(done);
}

fn has(desktop: &Desktop, part: &str) -> bool {
    let mut shown = desktop.window.query_all_by_label_contains(part);
    shown.next().is_some()
}

#[test]
fn a_refused_password_is_told_in_the_list_and_nowhere_else() {
    let address = format!("mqtt://anna@127.0.0.1:{}", refusing());
    let mut desktop = Desktop::open(&[]);
    desktop.click("Add broker…");
    enter(
        &mut desktop,
        Role::TextInput,
        "Broker address",
        &address,
        "Add",
    );
    desktop.shows("Enter broker password");
    desktop.until("a refusal", |window| {
        let brokers = &window.state().window().model.status().brokers;
        brokers
            .iter()
            .any(fleet::BrokerStatus::refuses_login)
            .then_some(())
    });
    enter(
        &mut desktop,
        Role::PasswordInput,
        "Password",
        "wrong",
        "Connect",
    );
    desktop.shows("Brokers");
    desktop.shows(&address);
    desktop.shows_about("The user name or the password is wrong");
    desktop.click("Close");
    desktop.stands_still();
    assert!(!has(&desktop, "Could not use the broker"), "told again");

    desktop.command("Add broker…");
    desktop.click(&format!("Remove {address}"));
    desktop.shows("Add broker");
    assert!(!has(&desktop, &address), "it is still listed");
}
