//! The board's outbound connection: connects, becomes a WebSocket, and serves
//! the other end like any controller. The board decides when to connect and
//! where; host names are resolved again for each attempt.

use alloc::{format, string::String, vec::Vec};
use core::net::{IpAddr, SocketAddr};

use board::{Hardware, Origin, OutboundAttempt};
use edge_nal::{AddrType, Dns, TcpConnect};
use embassy_futures::select::{Either, select};
use embedded_io_async::{Error as _, ErrorKind};
use protocol::limits::{self, CONNECT_TIMEOUT};

use crate::{
    clock::{Clock, within},
    control::{self, ControlChannel},
    handshake, http,
    shared::Shared,
    socket::{Gone, Socket, end, write},
    upgrade::UpgradeRequest,
    ws::{Endpoint, Reader},
};

/// The longest head of a response, in bytes.
const HEAD: usize = 4_096;

/// Maintains the board's outbound connection over this network, forever. Runs
/// next to [`crate::serve`], which does everything else.
pub async fn run_outbound<N: TcpConnect + Dns, H: Hardware, C: Clock>(
    network: &N,
    shared: &Shared<H, C>,
) -> ! {
    loop {
        let attempt = shared.outbound_due().await;
        // A restart waits for what is still to be sent.
        let exchange = shared.begin_exchange();
        let ended = connect(network, &attempt, shared).await;
        if let Some(reason) = ended {
            shared.outbound_ended(attempt.number, &reason);
        }
        drop(exchange);
    }
}

/// Connects once and serves the other end; returns why the connection ended, or
/// `None` if the attempt was canceled.
async fn connect<N: TcpConnect + Dns, H: Hardware, C: Clock>(
    network: &N,
    attempt: &OutboundAttempt,
    shared: &Shared<H, C>,
) -> Option<String> {
    let opening = within(
        shared.clock(),
        CONNECT_TIMEOUT,
        open(network, attempt, shared),
    );
    let canceled = shared.outbound_canceled(attempt.number);
    let (mut socket, rest, remote) = match select(opening, canceled).await {
        Either::First(Some(Ok(opened))) => opened,
        Either::First(Some(Err(reason))) => return Some(reason),
        Either::First(None) => {
            return Some(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()));
        }
        Either::Second(()) => return None,
    };
    let mask = || shared.random().unwrap_or_default();
    // It has one task for all attempts, and so no memory of its own.
    let origin = Origin {
        from: Some(remote),
        held: None,
    };
    serve(
        &mut socket,
        rest,
        attempt,
        shared,
        origin,
        Endpoint::Client(&mask),
    )
    .await
}

/// Connects and becomes a WebSocket; returns also the bytes received after the
/// response's head, and the remote address.
async fn open<'n, N: TcpConnect + Dns, H: Hardware, C: Clock>(
    network: &'n N,
    attempt: &OutboundAttempt,
    shared: &Shared<H, C>,
) -> Result<(N::Socket<'n>, Vec<u8>, SocketAddr), String> {
    let host = attempt.url.host();
    let address = match host.parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) => network
            .get_host_by_name(host, AddrType::Either)
            .await
            .map_err(|error| {
                format!("no address of {host} is known: {}", describe(error.kind()))
            })?,
    };
    let remote = SocketAddr::new(address, attempt.url.port());
    let mut socket = network
        .connect(remote)
        .await
        .map_err(|error| format!("cannot connect: {}", describe(error.kind())))?;
    let nonce = shared.random().ok_or("there are no random numbers")?;
    let (upgrade, request) =
        UpgradeRequest::new(nonce, &attempt.url, &shared.identity(), shared.is_locked());
    write(
        &mut socket,
        request.as_bytes(),
        CONNECT_TIMEOUT,
        shared.clock(),
    )
    .await
    .map_err(closed)?;
    let mut input = Vec::new();
    let end = read_head(&mut socket, &mut input).await?;
    upgrade.check_response(&input[..end])?;
    Ok((socket, input.split_off(end), remote))
}

/// A network error in words.
fn describe(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ConnectionRefused => "connection refused",
        // A chip's network stack does not tell the two apart.
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => {
            "connection refused, or no route to the host"
        }
        ErrorKind::TimedOut => "timed out",
        ErrorKind::NotFound => "not found",
        ErrorKind::AddrNotAvailable | ErrorKind::Unsupported => {
            "this board's network has no route to it"
        }
        ErrorKind::OutOfMemory => "out of memory",
        _ => "the network refused, or has no route to it",
    }
}

fn closed(_: Gone) -> String {
    "the connection was closed before it became a WebSocket".into()
}

/// Reads until a head is complete; returns where it ends.
async fn read_head<S: Socket>(socket: &mut S, input: &mut Vec<u8>) -> Result<usize, String> {
    let mut searched = 0;
    loop {
        if let Some(end) = http::end_of_head(input, searched) {
            return Ok(end);
        }
        searched = input.len();
        if searched >= HEAD {
            return Err(format!(
                "the head of the response is longer than {HEAD} bytes"
            ));
        }
        let mut chunk = [0; 256];
        let room = (HEAD - searched).min(chunk.len());
        match socket.read(&mut chunk[..room]).await {
            Ok(0) | Err(_) => return Err(closed(Gone)),
            Ok(read) => input.extend_from_slice(&chunk[..read]),
        }
    }
}

/// Serves the other end until either closes the connection; returns as
/// [`connect`].
async fn serve<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    rest: Vec<u8>,
    attempt: &OutboundAttempt,
    shared: &Shared<H, C>,
    origin: Origin,
    endpoint: Endpoint<'_>,
) -> Option<String> {
    let (connected, reader, channel, first) = if shared.is_locked() {
        let proving = handshake::prove_key(socket, rest, None, shared, endpoint);
        match select(proving, shared.outbound_canceled(attempt.number)).await {
            Either::First(Ok(proved)) => (
                shared.connect_with_key(proved.kid, origin),
                proved.reader,
                Some(proved.channel),
                Some(proved.first),
            ),
            Either::First(Err(Gone)) => {
                return Some("the controller did not prove a key of this board".into());
            }
            Either::Second(()) => return None,
        }
    } else {
        (
            shared.connect(origin),
            Reader::at(endpoint, limits::MESSAGE_INTO_BOARD, rest),
            None,
            None,
        )
    };
    let controller = match connected {
        Ok(controller) => controller,
        Err(error) => {
            let reason = error.message.clone();
            if control::refuse(socket, channel, error, endpoint, shared.clock())
                .await
                .is_ok()
            {
                end(socket, shared.clock()).await;
            }
            return Some(reason);
        }
    };
    shared.outbound_connected(attempt.number, &controller);
    if let Some(first) = first {
        controller.receive(&first);
    }
    if ControlChannel::new(controller, channel, endpoint)
        .serve(socket, reader)
        .await
        .is_ok()
    {
        end(socket, shared.clock()).await;
    }
    Some("the connection has ended".into())
}
