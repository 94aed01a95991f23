//! Opens a TCP connection to the first address of a board that responds. The
//! only place that resolves, judges and connects to addresses of boards.

use std::{collections::BTreeMap, io, net::SocketAddr};

use tokio::{
    net::{TcpStream, lookup_host},
    runtime::Builder,
    time::timeout,
};

use super::{GIVE_UP, interfaces, race::race};
use address::{
    Address, Candidates, Host, Interface, InterfaceId, Tried, Usable, Verdict, in_order,
};

/// A connection to a board.
#[derive(Debug)]
pub struct Reached {
    /// The connection.
    pub stream: TcpStream,
    /// The address that responded. For a board that was given by name, this is
    /// the name, which is also sent in `Host`.
    pub address: Address,
}

/// Why a board could not be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreached {
    /// It is announced only on networks that this computer may not use for it.
    #[error("its address {} is not on a network of this computer", addresses.join(", "))]
    Elsewhere {
        /// The addresses.
        addresses: Vec<String>,
    },
    /// All addresses were tried.
    #[error("{}", tell(tried))]
    Failed {
        /// The result for each address.
        tried: Vec<Tried>,
    },
}

/// The result for each address; if there is only one address, its result alone.
fn tell(tried: &[Tried]) -> String {
    match tried {
        [] => "no address is known".to_owned(),
        [one] => one.answer.clone(),
        several => several
            .iter()
            .map(|one| format!("{}: {}", one.address, one.answer))
            .collect::<Vec<_>>()
            .join("; "),
    }
}

/// The candidates, before connecting.
struct Gathered {
    /// In the order in which they are tried, each with the address that led to
    /// it.
    ordered: Vec<(SocketAddr, Address)>,
    tried: Vec<Tried>,
    elsewhere: Vec<String>,
}

/// Judges candidates, resolves names, and sorts usable addresses, with `last`
/// at the end.
async fn gather(candidates: &Candidates, last: &[String], interfaces: &[Interface]) -> Gathered {
    let mut gathered = Gathered {
        ordered: Vec::new(),
        tried: Vec::new(),
        elsewhere: Vec::new(),
    };
    let mut found: BTreeMap<SocketAddr, Address> = BTreeMap::new();
    for candidate in candidates.iter() {
        let address = candidate.address();
        let mut fail = |answer: String| {
            gathered.tried.push(Tried {
                address: address.to_string(),
                answer,
            });
        };
        match candidate.judge(interfaces) {
            Verdict::Usable(Usable::Ip(ip)) => drop(found.insert(ip, address.clone())),
            Verdict::Usable(Usable::Name(name, port)) => {
                match lookup_host((name.as_str(), port)).await {
                    Ok(ips) => found.extend(ips.map(|ip| (ip, address.clone()))),
                    Err(error) => fail(error.to_string()),
                }
            }
            Verdict::Elsewhere => gathered.elsewhere.push(address.to_string()),
            Verdict::NoHost => fail("this address is not that of a single host".to_owned()),
            Verdict::NoInterface => fail(no_interface(address, interfaces)),
        }
    }
    let ordered = in_order(found.keys().copied(), interfaces);
    let with_address = ordered
        .into_iter()
        .filter_map(|ip| Some((ip, found.remove(&ip)?)));
    let (behind, ahead): (Vec<_>, Vec<_>) =
        with_address.partition(|(_, address)| last.contains(&address.to_string()));
    gathered.ordered = [ahead, behind].concat();
    gathered
}

/// Connects to the first address that responds. `last` contains addresses to
/// try after the others, because something other than the board responded
/// there. Has no timeout of its own.
///
/// # Errors
///
/// [`Unreached`], with the result for each address.
pub async fn reach(candidates: &Candidates, last: &[String]) -> Result<Reached, Unreached> {
    let interfaces = interfaces::current();
    let Gathered {
        ordered,
        mut tried,
        elsewhere,
    } = gather(candidates, last, &interfaces).await;
    if ordered.is_empty() && tried.is_empty() && !elsewhere.is_empty() {
        return Err(Unreached::Elsewhere {
            addresses: elsewhere,
        });
    }
    let ips: Vec<_> = ordered.iter().map(|(ip, _)| *ip).collect();
    match race(&ips).await {
        Ok((stream, ip)) => {
            let address = ordered
                .into_iter()
                .find(|(of, _)| *of == ip)
                .map(|(_, address)| address);
            Ok(Reached {
                stream,
                address: address.unwrap_or_else(|| Address::from_socket(ip)),
            })
        }
        Err(failures) => {
            let answered = |(ip, error): (SocketAddr, io::Error)| Tried {
                address: shown(ip, &interfaces),
                answer: error.to_string(),
            };
            tried.extend(failures.into_iter().map(answered));
            let answer = "not tried: not on a network of this computer";
            tried.extend(elsewhere.into_iter().map(|address| Tried {
                address,
                answer: answer.to_owned(),
            }));
            Err(Unreached::Failed { tried })
        }
    }
}

/// The address that responds first, for a library that makes its own
/// connection. If there is only one, no connection is made. A name is replaced
/// by the IP address that responded.
///
/// # Errors
/// As [`reach`].
pub async fn find(candidates: &Candidates, last: &[String]) -> Result<Address, Unreached> {
    let gathered = gather(candidates, last, &interfaces::current()).await;
    if let ([(_, address)], []) = (gathered.ordered.as_slice(), gathered.tried.as_slice()) {
        return Ok(address.clone());
    }
    let Reached { stream, address } = reach(candidates, last).await?;
    match (address.host(), stream.peer_addr()) {
        (Host::Name(_), Ok(ip)) => Ok(Address::from_socket(ip)),
        _ => Ok(address),
    }
}

/// The address that responds first. Blocks for at most [`super::GIVE_UP`]; the
/// connection is closed again.
///
/// # Errors
///
/// The results for the addresses, as text.
pub fn reach_now(candidates: &Candidates) -> Result<Address, String> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let reached = runtime.block_on(async { timeout(GIVE_UP, reach(candidates, &[])).await });
    // Name resolution in progress must not block the program.
    runtime.shutdown_background();
    match reached {
        Ok(Ok(reached)) => Ok(reached.address),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no response within {} s", GIVE_UP.as_secs())),
    }
}

/// An address as people type it, with the name of its interface.
pub(crate) fn shown(address: SocketAddr, interfaces: &[Interface]) -> String {
    let interface = match address {
        SocketAddr::V6(v6) if v6.scope_id() != 0 => {
            let index = v6.scope_id();
            let name = interfaces
                .iter()
                .find(|own| own.index == Some(index))
                .map(|own| own.name.clone());
            Some(InterfaceId {
                index,
                name: name.unwrap_or_default(),
            })
        }
        _ => None,
    };
    Address::of(address.ip(), address.port(), interface.as_ref()).to_string()
}

fn no_interface(address: &Address, interfaces: &[Interface]) -> String {
    let mut names: Vec<_> = interfaces.iter().map(|own| own.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let zone = match address.host() {
        Host::V6 {
            zone: Some(zone), ..
        } => zone.as_str(),
        _ => "",
    };
    format!(
        "this computer has no network interface {zone:?}; available: {}",
        names.join(", ")
    )
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use std::{
        future::Future,
        net::{Ipv4Addr, TcpListener},
        time::Duration,
    };

    use super::*;
    use address::Candidate;

    fn run<T>(reach: impl Future<Output = T>) -> T {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            timeout(Duration::from_secs(20), reach)
                .await
                .expect("it ends")
        })
    }

    fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        (listener, address)
    }

    fn given(addresses: &[String]) -> Candidates {
        let given = addresses
            .iter()
            .map(|text| Candidate::Given(text.parse().expect("an address")));
        Candidates::new(given, &[])
    }

    #[test]
    fn the_address_that_answers_is_connected_to_whatever_the_others_do() {
        let (_listener, address) = listener();
        // 127.0.0.0/8 is this computer: the other addresses, one lower and one
        // higher, refuse.
        let port = address.port();
        let dead = ["127.0.0.2", "127.255.255.254"].map(|ip| format!("{ip}:{port}"));
        let all = [dead[0].clone(), address.to_string(), dead[1].clone()];
        let reached = run(reach(&given(&all), &[])).expect("a connection");
        assert_eq!(reached.address.to_string(), address.to_string());
    }

    #[test]
    fn an_address_at_which_something_else_answered_is_tried_last() {
        let (_one, first) = listener();
        let (_other, second) = listener();
        let all = [first.to_string(), second.to_string()];
        for (spoiled, expected) in [(first, second), (second, first)] {
            let reached = run(reach(&given(&all), &[spoiled.to_string()])).expect("a connection");
            assert_eq!(reached.address.to_string(), expected.to_string());
        }
    }

    #[test]
    fn a_name_leads_to_each_of_its_addresses_and_stays_the_name() {
        let (_listener, address) = listener();
        // localhost is also ::1, which refuses.
        let name = format!("localhost:{}", address.port());
        let reached = run(reach(&given(std::slice::from_ref(&name)), &[])).expect("a connection");
        assert_eq!(reached.address.to_string(), name);
    }

    #[test]
    fn what_is_only_announced_is_not_connected_to_on_another_network() {
        let (listener, address) = listener();
        listener.set_nonblocking(true).expect("it is looked at");
        // As if it was announced on a network interface.
        let on = InterfaceId {
            index: u32::MAX,
            name: "none0".to_owned(),
        };
        let heard = Candidate::Heard {
            address: address.to_string().parse().expect("an address"),
            on,
        };
        let error = run(reach(&Candidates::new([heard], &[]), &[])).expect_err("no connection");
        assert_eq!(
            error,
            Unreached::Elsewhere {
                addresses: vec![address.to_string()]
            }
        );
        assert!(listener.accept().is_err(), "it was connected to");
    }

    #[test]
    fn an_interface_that_is_not_there_is_named_with_those_that_are() {
        let error = run(reach(&given(&["[fe80::1%nosuch0]:80".to_owned()]), &[]))
            .expect_err("no connection");
        assert!(
            error.to_string().contains("\"nosuch0\"; available"),
            "{error}"
        );
    }
}
