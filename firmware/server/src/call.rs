//! Makes the calls of a board that was told to: connects, asks for a WebSocket,
//! and then serves who is there as any controller. When to call and whom is the
//! board's; names of hosts are resolved anew with each call.

use alloc::{format, string::String, vec::Vec};
use core::net::{IpAddr, SocketAddr};

use board::{Hardware, Origin, OutboundAttempt};
use edge_nal::{AddrType, Dns, TcpConnect};
use embassy_futures::select::{Either, select};
use embedded_io_async::{Error as _, ErrorKind};
use protocol::limits::{self, CONNECT_TIMEOUT};

use crate::{
    clock::{Clock, within},
    greeting, http, rpc,
    shared::Shared,
    socket::{Gone, Socket, end, write},
    upgrade::Asked,
    ws::{Endpoint, Reader},
};

/// The longest head of an answer, in bytes.
const HEAD: usize = 4_096;

/// Makes the board's calls over this network, for ever. To be run beside
/// [`crate::serve`], which does everything else.
pub async fn call<N: TcpConnect + Dns, H: Hardware, C: Clock>(
    network: &N,
    shared: &Shared<H, C>,
) -> ! {
    loop {
        let call = shared.call_due().await;
        // A restart waits for what is still to be said.
        let conversation = shared.converse();
        let why = answered(network, &call, shared).await;
        if let Some(why) = why {
            shared.outbound_ended(call.number, &why);
        }
        drop(conversation);
    }
}

/// Makes one call; why it is over, or nothing where it was not wanted any more.
async fn answered<N: TcpConnect + Dns, H: Hardware, C: Clock>(
    network: &N,
    call: &OutboundAttempt,
    shared: &Shared<H, C>,
) -> Option<String> {
    let opening = within(shared.clock(), CONNECT_TIMEOUT, open(network, call, shared));
    let (mut socket, rest, called) = match select(opening, shared.call_unwanted(call.number)).await
    {
        Either::First(Some(Ok(opened))) => opened,
        Either::First(Some(Err(why))) => return Some(why),
        Either::First(None) => {
            return Some(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()));
        }
        Either::Second(()) => return None,
    };
    let mask = || shared.random().unwrap_or_default();
    // What it holds is its task, which is not one a connection.
    let origin = Origin {
        from: Some(called),
        held: None,
    };
    serve(
        &mut socket,
        rest,
        call,
        shared,
        origin,
        Endpoint::Client(&mask),
    )
    .await
}

/// Connects and becomes a WebSocket; with what came behind the answer's head.
async fn open<'n, N: TcpConnect + Dns, H: Hardware, C: Clock>(
    network: &'n N,
    call: &OutboundAttempt,
    shared: &Shared<H, C>,
) -> Result<(N::Socket<'n>, Vec<u8>, SocketAddr), String> {
    let host = call.url.host();
    let address = match host.parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) => network
            .get_host_by_name(host, AddrType::Either)
            .await
            .map_err(|error| format!("no address of {host} is known: {}", words(error.kind())))?,
    };
    let called = SocketAddr::new(address, call.url.port());
    let mut socket = network
        .connect(called)
        .await
        .map_err(|error| format!("cannot connect: {}", words(error.kind())))?;
    let nonce = shared.random().ok_or("there are no random numbers")?;
    let (asked, request) = Asked::new(nonce, &call.url, &shared.identity(), shared.is_locked());
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
    asked.is_answered_by(&input[..end])?;
    Ok((socket, input.split_off(end), called))
}

/// What a network says for people; without a name of its own for most, which a
/// chip's has not either.
fn words(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ConnectionRefused => "nobody listens there",
        // A chip's network says no more.
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => {
            "nobody listens there, or there is no way"
        }
        ErrorKind::TimedOut => "nobody answers",
        ErrorKind::NotFound => "there is none",
        ErrorKind::AddrNotAvailable | ErrorKind::Unsupported => {
            "this board's network has no way there"
        }
        ErrorKind::OutOfMemory => "no memory",
        _ => "the network refuses, or has no way there",
    }
}

fn closed(_: Gone) -> String {
    "the connection was closed before it was a WebSocket".into()
}

/// Reads until a head is whole; where it ends.
async fn read_head<S: Socket>(socket: &mut S, input: &mut Vec<u8>) -> Result<usize, String> {
    let mut searched = 0;
    loop {
        if let Some(end) = http::end_of_head(input, searched) {
            return Ok(end);
        }
        searched = input.len();
        if searched >= HEAD {
            return Err(format!(
                "the head of its answer is longer than {HEAD} bytes"
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

/// Serves who was called until either endpoint ends it; as [`answered`].
async fn serve<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    rest: Vec<u8>,
    call: &OutboundAttempt,
    shared: &Shared<H, C>,
    origin: Origin,
    endpoint: Endpoint<'_>,
) -> Option<String> {
    let (connected, reader, channel, first) = if shared.is_locked() {
        let greeted = greeting::greet(socket, rest, None, shared, endpoint);
        match select(greeted, shared.call_unwanted(call.number)).await {
            Either::First(Ok(proved)) => (
                shared.connect_with_key(proved.kid, origin),
                proved.reader,
                Some(proved.channel),
                Some(proved.first),
            ),
            Either::First(Err(Gone)) => {
                return Some("who was called proved no key of this board".into());
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
            let why = error.message.clone();
            if rpc::refuse(socket, channel, error, endpoint, shared.clock())
                .await
                .is_ok()
            {
                end(socket, shared.clock()).await;
            }
            return Some(why);
        }
    };
    shared.outbound_connected(call.number, &controller);
    if let Some(first) = first {
        controller.receive(&first);
    }
    if rpc::run(socket, reader, controller, channel, endpoint)
        .await
        .is_ok()
    {
        end(socket, shared.clock()).await;
    }
    Some("the connection has ended".into())
}
