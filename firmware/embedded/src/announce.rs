//! Announces a board by mDNS while it has an address, and again whenever the
//! address changes.

use alloc::boxed::Box;
use core::net::{Ipv4Addr, SocketAddr};

use board::Hardware;
use edge_mdns::{MdnsError, io::MdnsIoError};
use edge_nal::UdpSplit;
use edge_nal_embassy::{Udp, UdpBuffers, UdpError};
use embassy_futures::select::{Either3, select3};
use embassy_net::{
    Stack,
    udp::{RecvError, SendError},
};
use embassy_time::{Duration, Timer};
use rand_core::Rng;
use server::{Clock, Shared, mdns::respond};

/// Packets that may be queued in each direction.
const PACKETS: usize = 8;
/// The bytes that may be queued in each direction: three full packets.
const BUFFER: usize = 3 * 1_472;

/// How often the address is compared: a router may assign another one when the
/// lease is renewed (RFC 2131, section 4.4.5), and embassy-net does not report
/// that.
const CHECK_INTERVAL: Duration = Duration::from_secs(10);

/// The pause after a socket error.
const PAUSE: Duration = Duration::from_secs(1);

/// Something that happened to the board's address.
#[derive(Debug)]
pub enum AnnounceEvent {
    /// The board can be reached at this address and is announced.
    Address(SocketAddr),
    /// The board lost its address.
    NoAddress,
    /// Announcing failed, for this reason, and will be tried again.
    Failed(&'static str),
}

/// Announces the board and answers queries for it whenever it has an address,
/// forever.
pub async fn announce<H: Hardware, C: Clock>(
    stack: Stack<'static>,
    port: u16,
    board: &Shared<H, C>,
    mut random: impl Rng,
    mut on_event: impl FnMut(AnnounceEvent),
) -> ! {
    let buffers = Box::new(UdpBuffers::<1, 1_472, BUFFER, PACKETS>::new());
    let udp = Udp::new(stack, &*buffers);
    loop {
        stack.wait_config_up().await;
        let Some(address) = address(stack) else {
            continue;
        };
        on_event(AnnounceEvent::Address(SocketAddr::from((address, port))));
        let answering = async {
            let mut socket = edge_mdns::io::bind(
                &udp,
                edge_mdns::io::IPV4_DEFAULT_SOCKET,
                Some(address),
                None,
            )
            .await?;
            let (receive, send) = socket.split();
            respond(receive, send, address, port, board, &mut random).await
        };
        match select3(
            answering,
            stack.wait_config_down(),
            address_changed(stack, address),
        )
        .await
        {
            Either3::First(Ok(())) | Either3::Third(()) => {}
            Either3::First(Err(error)) => {
                on_event(AnnounceEvent::Failed(reason(&error)));
                Timer::after(PAUSE).await;
            }
            Either3::Second(()) => on_event(AnnounceEvent::NoAddress),
        }
    }
}

/// The reason in words. The error's own `Display` uses `Debug`.
fn reason(error: &MdnsIoError<UdpError>) -> &'static str {
    match error {
        MdnsIoError::MdnsError(MdnsError::ShortBuf) => "a message is too long for its buffer",
        MdnsIoError::MdnsError(MdnsError::InvalidMessage) => "a message is malformed",
        MdnsIoError::NoRecvBufError | MdnsIoError::NoSendBufError => "its buffers are in use",
        MdnsIoError::IoError(error) => match error {
            UdpError::Recv(RecvError::Truncated) => "a packet is too long for its buffer",
            UdpError::Send(SendError::NoRoute) => "there is no route to the network",
            UdpError::Send(SendError::SocketNotBound) => "the socket has no port",
            UdpError::Send(SendError::PacketTooLarge) => "a packet is too long to be sent",
            UdpError::Bind(_) => "the port cannot be used",
            UdpError::MulticastGroupTableFull => "too many multicast groups are joined",
            UdpError::MulticastUnaddressable => "the multicast group cannot be joined",
            UdpError::NoBuffers => "no socket is left",
            UdpError::UnsupportedProto => "the network lacks IPv4",
        },
    }
}

fn address(stack: Stack<'_>) -> Option<Ipv4Addr> {
    stack.config_v4().map(|config| config.address.address())
}

/// Waits until the address differs from this one.
async fn address_changed(stack: Stack<'_>, from: Ipv4Addr) {
    while address(stack) == Some(from) {
        Timer::after(CHECK_INTERVAL).await;
    }
}
