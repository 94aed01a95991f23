//! Announces boards that must not be connected to: `cargo run --example decoys
//! < names`, one name per line. Each is announced as a real board of every
//! family is, on every interface, with its name as its id if it is a valid one.
//! Prints `ready` once all are announced, then a line for each connection to
//! one of them, until standard input closes after an empty line. Exit status: 0
//! no decoy was connected to; 1 one was.
//!
//! `./check` runs its tests next to decoys with every name that the tests use:
//! a test that finds one would find, and control, a real board on the network
//! where the tests run.

use std::{
    error::Error,
    io::{self, BufRead},
    net::{Ipv4Addr, TcpListener},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use fleet::Family;
use mdns_sd::{ServiceDaemon, ServiceInfo};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let daemon = ServiceDaemon::new()?;
    let touched = Arc::new(AtomicBool::new(false));
    let mut lines = io::stdin().lock().lines();
    for (number, name) in lines.by_ref().enumerate() {
        let name = name?;
        if name.is_empty() {
            break;
        }
        let announced = Family::ALL
            .into_iter()
            .filter(|family| !family.is_brokered());
        for family in announced {
            let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?;
            let port = listener.local_addr()?.port();
            daemon.register(announcement(family, number, &name, port)?)?;
            let (name, touched) = (name.clone(), Arc::clone(&touched));
            thread::spawn(move || {
                for connection in listener.incoming().map_while(Result::ok) {
                    touched.store(true, Ordering::Relaxed);
                    println!("TOUCHED {family} {name} by {:?}", connection.peer_addr());
                }
            });
        }
    }
    println!("ready");
    // Until the program that started this is done.
    for line in lines {
        line?;
    }
    Ok(ExitCode::from(u8::from(touched.load(Ordering::Relaxed))))
}

/// An announcement with what boards of the family are recognized by.
fn announcement(
    family: Family,
    number: usize,
    name: &str,
    port: u16,
) -> Result<ServiceInfo, mdns_sd::Error> {
    let id = match name.starts_with("sb-") {
        true => name.to_owned(),
        false => format!("decoy-{number}"),
    };
    let mac = format!("0200{number:08x}");
    let (instance, txt) = match family {
        // As docs/protocol.md specifies it.
        Family::Switchboard => (
            id.as_str(),
            vec![
                ("id", id.as_str()),
                ("friendly_name", name),
                ("mac", "02:00:00:00:00:01"),
                ("version", "0.1.0"),
                ("platform", "decoy"),
                ("board", "Decoy"),
                ("proto", "1"),
                ("path", "/rpc"),
            ],
        ),
        Family::Shelly => (id.as_str(), vec![("gen", "2"), ("app", "Decoy")]),
        Family::Wled => (name, vec![("mac", mac.as_str())]),
        Family::Esphome => (
            id.as_str(),
            vec![("mac", mac.as_str()), ("friendly_name", name)],
        ),
        // They announce themselves to a broker.
        Family::Tasmota | Family::Homie => (id.as_str(), Vec::new()),
    };
    let service = family.service().unwrap_or_default();
    let host = format!("{family}-{id}.local.");
    let info = ServiceInfo::new(service, instance, &host, "", port, &txt[..])?;
    Ok(info.enable_addr_auto())
}
