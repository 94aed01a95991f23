//! Other participants in the network: this program again, in a namespace, with
//! a task. It ends with the process that started it.

use std::{
    env,
    fs::OpenOptions,
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket},
    os::unix::fs::OpenOptionsExt,
    process,
    sync::mpsc::sync_channel,
    thread,
    time::Duration,
};

use engine::Settings;
use fleet::{Fleet, LinkState};
use mdns_sd::{ServiceDaemon, ServiceInfo};
use protocol::mdns::{Announcement, SERVICE};
use socket2::{Domain, Protocol, Socket, Type};
use virtual_board::{Options, Profile, Role, VirtualBoards};

/// The environment variable with the task.
pub(crate) const TASK: &str = "SWITCHBOARD_DOCTOR_TASK";

/// Printed once the task is set up.
pub(crate) const READY: &str = "ready";

#[test]
#[ignore = "no test: the other tests start it as a process of its own"]
fn act() {
    let Ok(task) = env::var(TASK) else { return };
    let words: Vec<_> = task.split(' ').collect();
    match words[..] {
        ["board"] => be_a_board("0.0.0.0"),
        ["board-on", bind] => be_a_board(bind),
        ["board-at", ip, announced] => {
            let bind = ip.parse().expect("an address");
            let options = Options {
                profile: Profile::Lamp,
                bind,
                port: 80,
                mdns: false,
                ..Options::default()
            };
            let boards = VirtualBoards::start(options).expect("a board");
            let id = boards.list().first().expect("a board").id.clone();
            // The test chooses its announced address.
            let daemon = announce_as(&id, announced, 80, 1, None);
            stay();
            drop((daemon, boards));
        }
        ["locked-board", keys] => {
            let bind = "10.77.0.2".parse().expect("an address");
            let options = Options {
                profile: Profile::Lamp,
                bind,
                port: 80,
                ..Options::default()
            };
            let boards = VirtualBoards::start(options).expect("a board");
            let key = boards
                .add_key("Desk lamp", "A test", Role::Control)
                .expect("a key");
            let mut file = OpenOptions::new()
                .create(true)
                .truncate(true)
                .write(true)
                .mode(0o600)
                .open(keys)
                .expect("a file");
            writeln!(file, "{key}").expect("a line");
            stay();
            drop(boards);
        }
        ["spoof", from, id, name, addresses, port, path] => {
            let spoof = Spoof::from(from);
            let [id, name, addresses, path] = [id, name, addresses, path].map(str::to_owned);
            let port = port.parse().expect("a port");
            thread::spawn(move || {
                loop {
                    spoof.announce(&id, &name, &addresses, port, &path);
                    thread::sleep(Duration::from_millis(100));
                }
            });
            stay();
        }
        // Records in a file how each connection begins; answers at first like a
        // board with this id, in plain text.
        ["listen", address, notes] => {
            let listener = TcpListener::bind(address).expect("the address");
            let notes = notes.to_owned();
            thread::spawn(move || {
                for mut stream in listener.incoming().map_while(Result::ok) {
                    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
                    let mut begun = [0; 512];
                    let read = stream.read(&mut begun).unwrap_or_default();
                    let line = String::from_utf8_lossy(&begun[..read])
                        .lines()
                        .next()
                        .unwrap_or_default()
                        .to_owned();
                    let mut file = OpenOptions::new()
                        .create(true)
                        .append(true)
                        .open(&notes)
                        .expect("a file");
                    writeln!(file, "connected: {line}").expect("a line");
                }
            });
            stay();
        }
        ["announce", ip, port, proto, lock] => {
            let locked =
                (lock == "locked").then(|| "Noise_NNpsk0_25519_ChaChaPoly_SHA256".to_owned());
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
                // Not even the responder sends a goodbye.
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
            let visitors: Vec<_> = (0..number.parse().expect("a number"))
                .map(|_| visit(address))
                .collect();
            stay();
            drop(visitors);
        }
        _ => panic!("unknown task: {task:?}"),
    }
}

fn be_a_board(bind: &str) {
    let bind = bind.parse().expect("an address");
    let options = Options {
        profile: Profile::Lamp,
        bind,
        port: 80,
        ..Options::default()
    };
    let boards = VirtualBoards::start(options).expect("a board");
    stay();
    drop(boards);
}

/// Says that it is ready, and waits until standard input is closed.
fn stay() {
    println!("{READY}");
    let _ = io::stdin().read_to_end(&mut Vec::new());
    process::exit(0);
}

fn announce(ip: &str, port: u16, proto: u32, api_encryption: Option<String>) -> ServiceDaemon {
    announce_as("sb-77c0ffee", ip, port, proto, api_encryption)
}

fn announce_as(
    id: &str,
    ip: &str,
    port: u16,
    proto: u32,
    api_encryption: Option<String>,
) -> ServiceDaemon {
    let announcement = Announcement {
        id: id.to_owned(),
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
    let txt: Vec<_> = txt
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .collect();
    let id = &announcement.id;
    let service = ServiceInfo::new(SERVICE, id, &format!("{id}.local."), ip, port, &txt[..])
        .expect("a service");
    let daemon = ServiceDaemon::new().expect("a responder");
    daemon.register(service).expect("registered");
    daemon
}

/// Hand-written mDNS answers that no library would send (RFC 1035, section 4;
/// RFC 6762, section 6).
struct Spoof {
    socket: UdpSocket,
}

impl Spoof {
    /// Sends from this address.
    fn from(address: &str) -> Self {
        let own: Ipv4Addr = address.parse().expect("an address");
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).expect("a socket");
        socket.set_reuse_address(true).expect("shared");
        socket.set_reuse_port(true).expect("shared");
        socket
            .bind(&SocketAddrV4::new(own, 5353).into())
            .expect("the port");
        socket.set_multicast_if_v4(&own).expect("an interface");
        Self {
            socket: socket.into(),
        }
    }

    /// Announces a board with this id at these addresses, with this path.
    fn announce(&self, id: &str, name: &str, addresses: &str, port: u16, path: &str) {
        let (instance, host) = (format!("{id}.{SERVICE}"), format!("{id}.local."));
        let ips: Vec<IpAddr> = addresses
            .split(',')
            .map(|ip| ip.parse().expect("an address"))
            .collect();
        let answers = u16::try_from(3 + ips.len()).expect("a few");
        let mut packet = vec![0, 0, 0x84, 0, 0, 0];
        packet.extend(answers.to_be_bytes());
        packet.extend([0; 4]);
        record(&mut packet, SERVICE, 12, &labels(&instance));
        let mut srv = vec![0, 0, 0, 0];
        srv.extend(port.to_be_bytes());
        srv.extend(labels(&host));
        record(&mut packet, &instance, 33, &srv);
        let mut txt = Vec::new();
        for pair in [
            "txtvers=1",
            &format!("id={id}"),
            &format!("friendly_name={name}"),
            "proto=1",
            &format!("path={path}"),
        ] {
            txt.push(u8::try_from(pair.len()).expect("a short pair"));
            txt.extend(pair.as_bytes());
        }
        record(&mut packet, &instance, 16, &txt);
        for ip in ips {
            match ip {
                IpAddr::V4(ip) => record(&mut packet, &host, 1, &ip.octets()),
                IpAddr::V6(ip) => record(&mut packet, &host, 28, &ip.octets()),
            }
        }
        // A full buffer drops a packet, as a network would.
        let _ = self.socket.send_to(
            &packet,
            SocketAddrV4::new(Ipv4Addr::new(224, 0, 0, 251), 5353),
        );
    }
}

fn record(packet: &mut Vec<u8>, name: &str, kind: u16, data: &[u8]) {
    packet.extend(labels(name));
    packet.extend(kind.to_be_bytes());
    packet.extend([0, 1]);
    packet.extend(120_u32.to_be_bytes());
    packet.extend(
        u16::try_from(data.len())
            .expect("a short record")
            .to_be_bytes(),
    );
    packet.extend(data);
}

/// A name as labels, each preceded by its length.
fn labels(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.trim_end_matches('.').split('.') {
        bytes.push(u8::try_from(label.len()).expect("a short label"));
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}

/// A controller that occupies a slot on a board.
fn visit(address: &str) -> Fleet {
    let fleet = engine::start(Settings {
        discovery: None,
        ..Settings::default()
    })
    .expect("a fleet");
    let (wake, woken) = sync_channel(1);
    let mut watch = fleet.watch(move |_| {
        // Full: the reader will be woken anyway.
        let _ = wake.try_send(());
    });
    let key = fleet.add_address(address).expect("an address");
    while fleet
        .board(key)
        .is_none_or(|board| board.link != LinkState::Connected)
    {
        woken.recv().expect("the fleet runs");
        watch.drain();
    }
    fleet
}
