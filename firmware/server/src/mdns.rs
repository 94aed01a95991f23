//! An mDNS responder for chips, based on edge-mdns: it announces the board's
//! host name, its service and the TXT record. On a computer, the operating
//! system or another responder does this.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use board::Hardware;
use edge_mdns::{
    HostAnswersMdnsHandler,
    buf::VecBufAccess,
    domain::base::Ttl,
    host::{Host, Service, ServiceAnswers},
    io::{Mdns, MdnsIoError},
};
use edge_nal::{Readable, UdpReceive, UdpSend};
use embassy_futures::select::{Either, select};
use embassy_sync::{blocking_mutex::raw::NoopRawMutex, signal::Signal};
use protocol::mdns::{Announcement, SERVICE_NAME, SERVICE_TRANSPORT};
use rand_core::Rng;

use crate::{clock::Clock, shared::Shared};

/// The maximum packet size: the payload of one Ethernet frame.
const PACKET: usize = 1_472;

/// The TTL of the records. RFC 6762, section 10: 120 s for records that contain
/// a host's address.
const REMEMBERED: Ttl = Ttl::from_secs(120);

/// Answers queries and sends announcements until the network fails. `receive`
/// and `send` are the halves of a socket on port 5353 that has joined
/// 224.0.0.251 ([`edge_mdns::io::bind`] makes one). The board is announced at
/// the start and whenever its name changes.
///
/// # Errors
/// An error of the socket. Call it again when the network is back.
pub async fn respond<R, S, H, C>(
    receive: R,
    send: S,
    address: Ipv4Addr,
    port: u16,
    shared: &Shared<H, C>,
    random: impl Rng,
) -> Result<(), MdnsIoError<S::Error>>
where
    R: UdpReceive<Error = S::Error> + Readable,
    S: UdpSend,
    H: Hardware,
    C: Clock,
{
    let (received, sent) = (
        VecBufAccess::<NoopRawMutex, PACKET>::new(),
        VecBufAccess::<NoopRawMutex, PACKET>::new(),
    );
    let again = Signal::<NoopRawMutex, ()>::new();
    let responder = Mdns::new(
        Some(address),
        None,
        receive,
        send,
        &received,
        &sent,
        random,
        &again,
    );
    loop {
        let announcement = shared.announcement();
        let renamed = shared.announcement_changed(&announcement);
        let txt = announcement.to_txt();
        let txt: Vec<_> = txt
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
            .collect();
        let host = host(&announcement, address);
        let service = service(&announcement, port, &txt);
        let answers = HostAnswersMdnsHandler::new(ServiceAnswers::new(&host, &service));
        match select(responder.run(answers), renamed).await {
            Either::First(outcome) => return outcome,
            Either::Second(()) => {}
        }
    }
}

/// The host name is `<id>.local`.
fn host(announcement: &Announcement, address: Ipv4Addr) -> Host<'_> {
    Host {
        hostname: &announcement.id,
        ipv4: address,
        ipv6: core::net::Ipv6Addr::UNSPECIFIED,
        ttl: REMEMBERED,
    }
}

/// The instance is named after the id, because two boards may have the same
/// name.
fn service<'a>(
    announcement: &'a Announcement,
    port: u16,
    txt: &'a [(&'a str, &'a str)],
) -> Service<'a> {
    Service {
        name: &announcement.id,
        priority: 0,
        weight: 0,
        service: SERVICE_NAME,
        protocol: SERVICE_TRANSPORT,
        port,
        service_subtypes: &[],
        txt_kvs: txt,
    }
}
