//! Who else is in the network: this program once more, in a namespace, with a task. It ends with the one who started it.

use std::{
    env,
    io::{self, Read},
    net::{TcpListener, UdpSocket},
    process,
    sync::mpsc::sync_channel,
    thread,
};

use mdns_sd::{ServiceDaemon, ServiceInfo};
use protocol::mdns::{Announcement, SERVICE};
use switchboard::fleet::{Fleet, LinkState, Settings};
use virtual_board::{Options, Profile, VirtualBoards};

/// The variable that says what is to be done.
pub(crate) const TASK: &str = "SWITCHBOARD_DOCTOR_TASK";

/// What is printed once it is done.
pub(crate) const READY: &str = "ready";

#[test]
#[ignore = "no test: the other tests start it as a process of its own"]
fn somebody() {
    let Ok(task) = env::var(TASK) else { return };
    let words: Vec<_> = task.split(' ').collect();
    match words[..] {
        ["board"] => {
            let bind = "0.0.0.0".parse().expect("an address");
            let options = Options { profile: Profile::Lamp, bind, port: 80, ..Options::default() };
            let boards = VirtualBoards::start(options).expect("a board");
            stay();
            drop(boards);
        }
        ["announce", ip, port, proto, lock] => {
            let locked = (lock == "locked").then(|| "Noise_NNpsk0_25519_ChaChaPoly_SHA256".to_owned());
            let port = port.parse().expect("a port");
            let daemon = announce(ip, port, proto.parse().expect("a version"), locked);
            stay();
            drop(daemon);
        }
        ["vanish"] => {
            let listener = TcpListener::bind("0.0.0.0:80").expect("a port");
            let _daemon = announce("10.77.0.2", 80, 1, None);
            thread::spawn(move || {
                let _ = listener.accept();
                // Not even the responder says goodbye.
                process::exit(0);
            });
            stay();
        }
        ["hold"] => {
            let socket = UdpSocket::bind("0.0.0.0:5353").expect("the port");
            stay();
            drop(socket);
        }
        ["visit", address, number] => {
            let visitors: Vec<_> = (0..number.parse().expect("a number")).map(|_| visit(address)).collect();
            stay();
            drop(visitors);
        }
        _ => panic!("nobody can {task:?}"),
    }
}

/// Says that it is ready, and waits until nobody holds the other end of the standard input any more.
fn stay() {
    println!("{READY}");
    let _ = io::stdin().read_to_end(&mut Vec::new());
    process::exit(0);
}

fn announce(ip: &str, port: u16, proto: u32, api_encryption: Option<String>) -> ServiceDaemon {
    let announcement = Announcement {
        id: "sb-77c0ffee".to_owned(),
        mac: "02:00:00:c0:ff:ee".to_owned(),
        friendly_name: "Desk lamp".to_owned(),
        version: "0.0.1".to_owned(),
        platform: "test".to_owned(),
        board: "none".to_owned(),
        proto,
        path: "/rpc".to_owned(),
        api_encryption,
    };
    let txt = announcement.to_txt();
    let txt: Vec<_> = txt.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let id = &announcement.id;
    let service = ServiceInfo::new(SERVICE, id, &format!("{id}.local."), ip, port, &txt[..]).expect("a service");
    let daemon = ServiceDaemon::new().expect("a responder");
    daemon.register(service).expect("registered");
    daemon
}

/// A controller that has a place on a board.
fn visit(address: &str) -> Fleet {
    let fleet = Fleet::start(Settings { discovery: None, ..Settings::default() }).expect("a fleet");
    let (wake, woken) = sync_channel(1);
    let mut watch = fleet.watch(move || {
        // Full: the reader will be woken anyway.
        let _ = wake.try_send(());
    });
    let key = fleet.add_address(address).expect("an address");
    while fleet.board(key).is_none_or(|board| board.link != LinkState::Connected) {
        woken.recv().expect("the fleet runs");
        watch.drain();
    }
    fleet
}
