//! Announces a board by mDNS for as long as it has an address, and anew with
//! each address that it gets.

use alloc::boxed::Box;
use core::net::{Ipv4Addr, SocketAddr};

use board::Hardware;
use edge_mdns::io::MdnsIoError;
use edge_nal::UdpSplit;
use edge_nal_embassy::{Udp, UdpBuffers, UdpError};
use embassy_futures::select::{Either3, select3};
use embassy_net::Stack;
use embassy_time::{Duration, Timer};
use rand_core::Rng;
use server::{Clock, Shared, mdns::respond};

/// Packets that may wait in either direction.
const PACKETS: usize = 8;
/// What they may hold together in each direction, in bytes: three whole ones.
const BUFFER: usize = 3 * 1_472;

/// A router may give another address when the old one is renewed (RFC 2131,
/// section 4.4.5). embassy-net wakes nobody then, so it is looked at.
const LOOK_AFTER: Duration = Duration::from_secs(10);

/// After an error of the socket.
const PAUSE: Duration = Duration::from_secs(1);

/// What there is to tell people.
#[derive(Debug)]
pub enum News {
    /// The board can be reached here, and is announced.
    Address(SocketAddr),
    /// There is no address any more.
    NoAddress,
    /// Announcing failed, and is tried again.
    Failed(MdnsIoError<UdpError>),
}

/// Announces the board whenever it has an address, and answers for it, for
/// ever.
pub async fn announce<H: Hardware, C: Clock>(
    stack: Stack<'static>,
    port: u16,
    board: &Shared<H, C>,
    mut random: impl Rng,
    mut tell: impl FnMut(News),
) -> ! {
    let buffers = Box::new(UdpBuffers::<1, 1_472, BUFFER, PACKETS>::new());
    let udp = Udp::new(stack, &*buffers);
    loop {
        stack.wait_config_up().await;
        let Some(address) = address(stack) else {
            continue;
        };
        tell(News::Address(SocketAddr::from((address, port))));
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
            other_address(stack, address),
        )
        .await
        {
            Either3::First(Ok(())) | Either3::Third(()) => {}
            Either3::First(Err(error)) => {
                tell(News::Failed(error));
                Timer::after(PAUSE).await;
            }
            Either3::Second(()) => tell(News::NoAddress),
        }
    }
}

fn address(stack: Stack<'_>) -> Option<Ipv4Addr> {
    stack.config_v4().map(|config| config.address.address())
}

/// Waits until the address is another one.
async fn other_address(stack: Stack<'_>, from: Ipv4Addr) {
    while address(stack) == Some(from) {
        Timer::after(LOOK_AFTER).await;
    }
}
