//! One connection from its first byte to its last: reads requests, decides what
//! each becomes, and answers.

use alloc::{string::String, vec::Vec};

use core::{net::SocketAddr, pin::pin};

use board::{Hardware, Origin, SideChannelKind};
use edge_http::Method;
use embassy_futures::select::{Either, select};
use protocol::{Code, Level, RpcError, SUBPROTOCOL, limits};

use crate::{
    clock::{Clock, within},
    door, echo, feed, greeting,
    http::{self, BadHead, BadUpgrade, Body, Request, Resource, Upgrade},
    page::{locked_page, page},
    pool::{RefusedSlot, Slot, Stage},
    response::{Refusal, Response, error_message, switching_protocols},
    rpc,
    serve::Settings,
    shared::{Controller, Shared},
    socket::{Gone, Socket, end, write},
    ws::{Endpoint, Reader},
};

/// What a request becomes.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    Page {
        head_only: bool,
    },
    Call {
        length: usize,
    },
    Control {
        accept: String,
        subprotocol: Option<&'static str>,
    },
    Side {
        accept: String,
        side: SideChannelKind,
    },
    Pair {
        accept: String,
    },
    Refuse(Response),
}

/// What a connection does after a request.
enum Next {
    /// Waits for another request.
    Another,
    /// Everything was said: it is closed in order.
    End,
}

/// Serves a connection until it ends.
pub(crate) async fn serve<S: Socket, H: Hardware, C: Clock>(
    mut socket: S,
    from: SocketAddr,
    slot: Slot<'_>,
    shared: &Shared<H, C>,
    settings: &Settings,
) {
    let clock = shared.clock();
    let mut input = Vec::new();
    let mut served = false;
    let _counted = shared.count();
    let origin = Origin {
        from: Some(from),
        held: shared.held(),
    };
    // A restart waits until what was said has reached the client, so that a
    // conversation lasts until the connection is closed.
    let (ended, _conversation) = loop {
        let stage = if served { Stage::Idle } else { Stage::Silent };
        let waited = {
            let request = pin!(await_request(
                &mut socket,
                &mut input,
                served,
                settings,
                clock
            ));
            select(slot.wait(clock.now(), stage, request), shared.restarting()).await
        };
        let read = match waited {
            Either::First(Some(read)) => read,
            // Its slot is needed now: not even the rest of what it sends is
            // waited for.
            Either::First(None) => break (Err(Gone), None),
            Either::Second(()) => break (Ok(()), None),
        };
        let conversation = shared.converse();
        let next = match read {
            Ok(request) => {
                answer(
                    &mut socket,
                    &mut input,
                    request,
                    origin,
                    &slot,
                    shared,
                    settings,
                )
                .await
            }
            Err(Unreadable::Refused(refusal)) => {
                let refused = pin!(refuse(&mut socket, refusal, settings, clock));
                slot.wait(clock.now(), Stage::Idle, refused)
                    .await
                    .unwrap_or(Err(Gone))
            }
            Err(Unreadable::Silent) => Ok(Next::End),
            Err(Unreadable::Gone) => Err(Gone),
        };
        match next {
            Ok(Next::Another) => served = true,
            Ok(Next::End) => break (Ok(()), Some(conversation)),
            Err(gone) => break (Err(gone), None),
        }
    };
    if ended.is_ok() {
        // It has had its answer, and may be evicted while it is closed.
        slot.wait(clock.now(), Stage::Idle, pin!(end(&mut socket, clock)))
            .await;
    }
}

/// Tells a client that all connections are taken, without reading its request.
pub(crate) async fn refuse_connection<S: Socket>(
    mut socket: S,
    _slot: RefusedSlot<'_>,
    clock: &impl Clock,
    settings: &Settings,
) {
    if refuse(&mut socket, Refusal::Full, settings, clock)
        .await
        .is_ok()
    {
        end(&mut socket, clock).await;
    }
}

enum Unreadable {
    Gone,
    /// Said nothing for as long as it may, and is not told why.
    Silent,
    Refused(Refusal),
}

/// Waits for a request. A client that was served may be silent for longer
/// before it begins the next; none may linger over one.
async fn await_request<S: Socket>(
    socket: &mut S,
    input: &mut Vec<u8>,
    served: bool,
    settings: &Settings,
    clock: &impl Clock,
) -> Result<Request, Unreadable> {
    if served && input.is_empty() {
        match within(
            clock,
            settings.keep_alive,
            read_more(socket, input, settings.head_limit),
        )
        .await
        {
            Some(Ok(())) => {}
            Some(Err(Gone)) => return Err(Unreadable::Gone),
            None => return Err(Unreadable::Silent),
        }
    }
    let read = within(
        clock,
        settings.head_timeout,
        read_head(socket, input, settings.head_limit),
    )
    .await;
    match read {
        Some(read) => read,
        None if input.is_empty() => Err(Unreadable::Silent),
        None => Err(Unreadable::Refused(Refusal::Timeout)),
    }
}

/// Reads until a head is whole and takes it off `input`; what came behind it
/// stays there.
async fn read_head<S: Socket>(
    socket: &mut S,
    input: &mut Vec<u8>,
    limit: usize,
) -> Result<Request, Unreadable> {
    let mut searched = 0;
    loop {
        // RFC 9112, section 2.2: empty lines before a request are passed over.
        while input.starts_with(b"\r\n") {
            input.drain(..2);
            searched = 0;
        }
        if http::is_no_request(input) && *input != b"\r" {
            return Err(Unreadable::Refused(Refusal::BadRequest));
        }
        if let Some(end) = http::end_of_head(input, searched) {
            let request = http::parse(&input[..end]);
            input.drain(..end);
            return request.map_err(|bad| {
                Unreadable::Refused(match bad {
                    BadHead::TooManyFields => Refusal::HeadTooLong,
                    BadHead::Malformed => Refusal::BadRequest,
                })
            });
        }
        searched = input.len();
        if searched >= limit {
            return Err(Unreadable::Refused(Refusal::HeadTooLong));
        }
        read_more(socket, input, limit - searched)
            .await
            .map_err(|_| Unreadable::Gone)?;
    }
}

/// Reads once, at most `most` bytes, behind what is there.
async fn read_more<S: Socket>(
    socket: &mut S,
    input: &mut Vec<u8>,
    most: usize,
) -> Result<(), Gone> {
    let mut chunk = [0; 256];
    let room = most.min(chunk.len());
    match socket.read(&mut chunk[..room]).await {
        Ok(0) | Err(_) => Err(Gone),
        Ok(read) => {
            input.extend_from_slice(&chunk[..read]);
            Ok(())
        }
    }
}

fn decide(request: &mut Request) -> Decision {
    let refuse = |refusal| Decision::Refuse(Response::refusal(refusal));
    match (request.resource, request.method) {
        (Resource::Page, method @ (Method::Get | Method::Head)) => Decision::Page {
            head_only: method == Method::Head,
        },
        (Resource::Rpc, Method::Post) => match request.body {
            Body::Length(length) if length <= limits::MESSAGE_INTO_BOARD => {
                Decision::Call { length }
            }
            Body::Length(_) => refuse(Refusal::BodyTooLong),
            Body::Compressed => refuse(Refusal::Compressed),
            Body::None | Body::Encoded => refuse(Refusal::LengthRequired),
        },
        (
            channel @ (Resource::Rpc
            | Resource::Echo
            | Resource::Log
            | Resource::Telemetry
            | Resource::Pair),
            Method::Get,
        ) => match request.upgrade.take() {
            None => refuse(Refusal::NoUpgrade),
            Some(Err(BadUpgrade::Version)) => refuse(Refusal::UpgradeVersion),
            Some(Err(BadUpgrade::Key)) => refuse(Refusal::UpgradeKey),
            Some(Err(BadUpgrade::Body)) => refuse(Refusal::UpgradeBody),
            Some(Ok(upgrade)) if channel == Resource::Rpc => control(upgrade),
            Some(Ok(Upgrade { accept, .. })) if channel == Resource::Echo => Decision::Side {
                accept,
                side: SideChannelKind::Echo,
            },
            Some(Ok(Upgrade { accept, .. })) if channel == Resource::Telemetry => Decision::Side {
                accept,
                side: SideChannelKind::Telemetry,
            },
            Some(Ok(Upgrade { accept, .. })) if channel == Resource::Pair => {
                Decision::Pair { accept }
            }
            Some(Ok(Upgrade { accept, .. })) => match request
                .parameter("level")
                .map_or(Ok(Level::Info), str::parse)
            {
                Ok(level) => Decision::Side {
                    accept,
                    side: SideChannelKind::Log(level),
                },
                Err(_) => refuse(Refusal::Level),
            },
        },
        (Resource::Page, _) => refuse(Refusal::MethodOfPage),
        (Resource::Rpc, _) => refuse(Refusal::MethodOfRpc),
        (Resource::Echo | Resource::Log | Resource::Telemetry | Resource::Pair, _) => {
            refuse(Refusal::MethodOfSideChannel)
        }
        (Resource::Unknown, _) => refuse(Refusal::NotFound),
    }
}

/// A client that offers no subprotocol (websocat) gets version 1, and hears of
/// no subprotocol: to name one that was not offered would fail the handshake
/// (RFC 6455, section 4.1).
fn control(Upgrade { accept, protocols }: Upgrade) -> Decision {
    if protocols.is_empty() {
        Decision::Control {
            accept,
            subprotocol: None,
        }
    } else if protocols.iter().any(|offered| offered == SUBPROTOCOL) {
        Decision::Control {
            accept,
            subprotocol: Some(SUBPROTOCOL),
        }
    } else {
        Decision::Refuse(Response::unsupported_version())
    }
}

async fn answer<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    input: &mut Vec<u8>,
    mut request: Request,
    origin: Origin,
    slot: &Slot<'_>,
    shared: &Shared<H, C>,
    settings: &Settings,
) -> Result<Next, Gone> {
    let clock = shared.clock();
    let decision = match door::refuse(&request, &shared.identity().id, settings.allowed_origins) {
        Some(refused) => Decision::Refuse(refused),
        None => decide(&mut request),
    };
    let mut has_body = !matches!(request.body, Body::None | Body::Length(0));
    let (response, head_only) = match decision {
        Decision::Control {
            accept,
            subprotocol,
        } if shared.is_locked() => {
            let switching = switching_protocols(&accept, subprotocol);
            {
                let switched = pin!(send(socket, &switching, settings, clock));
                slot.wait(clock.now(), Stage::Requested, switched)
                    .await
                    .unwrap_or(Err(Gone))?;
            }
            let proved = greeting::greet(
                socket,
                core::mem::take(input),
                Some(slot),
                shared,
                Endpoint::Server,
            )
            .await?;
            let connected = shared.connect_with_key(proved.kid, origin);
            return serve_proved(socket, proved, connected, slot, clock)
                .await
                .map(|()| Next::End);
        }
        Decision::Pair { accept } => match (shared.check_pairing(), origin.from) {
            (Ok(()), Some(from)) => {
                send(socket, &switching_protocols(&accept, None), settings, clock).await?;
                let input = core::mem::take(input);
                let (proved, asking) =
                    greeting::pair(socket, input, from.ip(), slot, shared).await?;
                let connected = shared.connect_with_key(proved.kid, origin);
                // The key is the board's by now.
                drop(asking);
                return serve_proved(socket, proved, connected, slot, clock)
                    .await
                    .map(|()| Next::End);
            }
            (Err(error), _) => (Response::forbidden(error), false),
            (Ok(()), None) => return Err(Gone),
        },
        Decision::Side { .. } | Decision::Call { .. } if shared.is_locked() => {
            (Response::forbidden(board::locked()), false)
        }
        Decision::Control {
            accept,
            subprotocol,
        } => match shared.connect(origin) {
            Ok(controller) => {
                send(
                    socket,
                    &switching_protocols(&accept, subprotocol),
                    settings,
                    clock,
                )
                .await?;
                let reader = Reader::new(limits::MESSAGE_INTO_BOARD, core::mem::take(input));
                return rpc::run(socket, reader, controller, None, Endpoint::Server)
                    .await
                    .map(|()| Next::End);
            }
            Err(error) => (Response::all_places_taken(error), false),
        },
        Decision::Side { accept, side } => {
            match open_side_channel(
                socket,
                input,
                (accept, side),
                origin,
                slot,
                shared,
                settings,
            )
            .await
            {
                Ok(ended) => return ended.map(|()| Next::End),
                Err(refused) => (refused, false),
            }
        }
        Decision::Page { head_only } => {
            let body = match shared.is_locked() {
                true => locked_page(),
                false => page(
                    &shared.identity(),
                    shared.components(),
                    shared.has_telemetry(),
                    clock.now().as_secs(),
                ),
            };
            (Response::page(body), head_only)
        }
        Decision::Refuse(response) => (response, request.method == Method::Head),
        Decision::Call { length } => {
            if request.expects_continue && input.len() < length {
                let told = pin!(send(
                    socket,
                    b"HTTP/1.1 100 Continue\r\n\r\n",
                    settings,
                    clock
                ));
                slot.wait(clock.now(), Stage::Requested, told)
                    .await
                    .unwrap_or(Err(Gone))?;
            }
            let body = pin!(within(
                clock,
                settings.body_timeout,
                read_body(socket, input, length)
            ));
            match slot
                .wait(clock.now(), Stage::Requested, body)
                .await
                .ok_or(Gone)?
            {
                // It was read: the next request follows.
                Some(body) => {
                    has_body = false;
                    (Response::answer(call(shared, &body?)), false)
                }
                None => (Response::refusal(Refusal::Timeout), false),
            }
        }
    };
    // A body that was not read would be taken for the next request.
    let keep_alive = request.keep_alive && !has_body;
    let responded = pin!(respond(
        socket, &response, keep_alive, head_only, settings, clock
    ));
    slot.wait(clock.now(), Stage::Requested, responded)
        .await
        .unwrap_or(Err(Gone))
}

/// Serves a controller that has proved its key until it ends, or tells it that
/// it cannot be served.
async fn serve_proved<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    proved: greeting::Proved,
    connected: Result<Controller<'_, H, C>, RpcError>,
    slot: &Slot<'_>,
    clock: &C,
) -> Result<(), Gone> {
    match connected {
        Ok(controller) => {
            controller.receive(&proved.first);
            rpc::run(
                socket,
                proved.reader,
                controller,
                Some(proved.channel),
                Endpoint::Server,
            )
            .await
        }
        Err(error) => {
            let refused = pin!(rpc::refuse(
                socket,
                Some(proved.channel),
                error,
                Endpoint::Server,
                clock
            ));
            slot.wait(clock.now(), Stage::Idle, refused)
                .await
                .unwrap_or(Err(Gone))
        }
    }
}

/// Serves a side channel until it ends, with everything said or not; what is
/// refused is answered.
async fn open_side_channel<S: Socket, H: Hardware, C: Clock>(
    socket: &mut S,
    input: &mut Vec<u8>,
    (accept, side): (String, SideChannelKind),
    origin: Origin,
    slot: &Slot<'_>,
    shared: &Shared<H, C>,
    settings: &Settings,
) -> Result<Result<(), Gone>, Response> {
    let Some(_place) = slot.side_channel() else {
        return Err(Response::refusal(Refusal::SideChannelsFull));
    };
    let channel = shared
        .open_side_channel(side, origin)
        .map_err(Response::not_found)?;
    if send(
        socket,
        &switching_protocols(&accept, None),
        settings,
        shared.clock(),
    )
    .await
    .is_err()
    {
        return Ok(Err(Gone));
    }
    let input = core::mem::take(input);
    let serving = async {
        match side {
            SideChannelKind::Echo => echo::run(socket, input, settings.echo_limit, channel).await,
            SideChannelKind::Log(_) | SideChannelKind::Telemetry => {
                feed::run(socket, input, channel).await
            }
        }
    };
    match select(serving, shared.until_locked()).await {
        Either::First(ended) => Ok(ended),
        Either::Second(()) => Ok(Err(Gone)),
    }
}

async fn read_body<S: Socket>(
    socket: &mut S,
    input: &mut Vec<u8>,
    length: usize,
) -> Result<Vec<u8>, Gone> {
    while input.len() < length {
        let missing = length - input.len();
        read_more(socket, input, missing).await?;
    }
    let rest = input.split_off(length);
    Ok(core::mem::replace(input, rest))
}

fn call<H: Hardware, C: Clock>(shared: &Shared<H, C>, body: &[u8]) -> Option<String> {
    match core::str::from_utf8(body) {
        Ok(text) => shared.call(text),
        Err(_) => {
            let error = RpcError::new(Code::ParseError, "not_utf8", "a request is JSON in UTF-8");
            Some(error_message(error))
        }
    }
}

async fn refuse<S: Socket>(
    socket: &mut S,
    refusal: Refusal,
    settings: &Settings,
    clock: &impl Clock,
) -> Result<Next, Gone> {
    respond(
        socket,
        &Response::refusal(refusal),
        false,
        false,
        settings,
        clock,
    )
    .await
}

async fn respond<S: Socket>(
    socket: &mut S,
    response: &Response,
    keep_alive: bool,
    head_only: bool,
    settings: &Settings,
    clock: &impl Clock,
) -> Result<Next, Gone> {
    send(
        socket,
        &response.to_bytes(keep_alive, head_only),
        settings,
        clock,
    )
    .await?;
    Ok(if keep_alive { Next::Another } else { Next::End })
}

/// A client that does not read may not hold its connection for as long as a
/// controller may.
async fn send<S: Socket>(
    socket: &mut S,
    bytes: &[u8],
    settings: &Settings,
    clock: &impl Clock,
) -> Result<(), Gone> {
    write(socket, bytes, settings.response_timeout, clock).await
}
