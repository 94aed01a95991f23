//! One connection from its first byte to its last. [`crate::route`] decides
//! what is done with each request; this does it.

use core::{net::SocketAddr, pin::pin};

use board::{Hardware, Origin, SideChannelKind};
use edge_http::Method;
use embassy_futures::select::{Either, select};
use protocol::{Code, RpcError, limits};

use crate::{
    clock::{Clock, within},
    control::{self, ControlChannel},
    handshake::{self, ProvedController},
    http::{Body, Request},
    page, pairing,
    pool::{RefusedSlot, Slot, Stage},
    request::{Input, RequestError},
    response::{Refusal, Response, error_message, switching_protocols},
    route::{Route, RouteContext, route},
    serve::ServerSettings,
    shared::{Controller, Exchange, Shared},
    socket::{Gone, Socket, end, write},
    ws::{Endpoint, Reader},
};

/// Serves a connection until it ends.
pub(crate) async fn serve<S: Socket, H: Hardware, C: Clock>(
    socket: S,
    from: SocketAddr,
    slot: Slot<'_>,
    shared: &Shared<H, C>,
    settings: &ServerSettings,
) {
    let _counted = shared.count_connection();
    let mut connection = Conn {
        socket,
        input: Input::default(),
        was_served: false,
        from,
        slot: &slot,
        shared,
        settings,
    };
    connection.serve().await;
}

/// Tells a client that all connections are in use, without reading its request.
pub(crate) async fn refuse<S: Socket>(
    mut socket: S,
    _slot: RefusedSlot<'_>,
    clock: &impl Clock,
    settings: &ServerSettings,
) {
    let (response, _) = Response::refusal(Refusal::Full).to_bytes(false, false);
    if write(&mut socket, &response, settings.response_timeout, clock)
        .await
        .is_ok()
    {
        end(&mut socket, clock).await;
    }
}

/// The state of a connection.
struct Conn<'a, S, H: Hardware, C: Clock> {
    socket: S,
    input: Input,
    /// Whether a request was answered already.
    was_served: bool,
    from: SocketAddr,
    slot: &'a Slot<'a>,
    shared: &'a Shared<H, C>,
    settings: &'a ServerSettings,
}

/// What follows a request.
enum Next {
    /// Another request.
    Request,
    /// Everything was sent: the connection is closed in order.
    End,
}

/// What a route led to.
enum Outcome {
    /// This response has to be sent. `body_read` is whether the request's body
    /// was read.
    Respond { response: Response, body_read: bool },
    /// The connection became a WebSocket, which has ended.
    Ended,
}

impl From<Response> for Outcome {
    fn from(response: Response) -> Self {
        Self::Respond {
            response,
            body_read: false,
        }
    }
}

impl<'a, S: Socket, H: Hardware, C: Clock> Conn<'a, S, H, C> {
    /// Serves requests until the connection ends.
    async fn serve(&mut self) {
        // A restart waits until responses have reached the client, so the last
        // exchange lasts until the connection is closed.
        let _exchange = loop {
            let stage = if self.was_served {
                Stage::Idle
            } else {
                Stage::Silent
            };
            let (slot, shared) = (self.slot, self.shared);
            let read = {
                let request = pin!(self.input.read_request(
                    &mut self.socket,
                    self.was_served,
                    self.settings,
                    shared.clock(),
                ));
                let read = slot.wait(shared.clock().now(), stage, request);
                select(read, shared.restarting()).await
            };
            let read = match read {
                Either::First(Some(read)) => read,
                // Evicted: even what the client is still sending is not waited
                // for.
                Either::First(None) => return,
                Either::Second(()) => break None,
            };
            let exchange: Exchange<'_, H, C> = shared.begin_exchange();
            let next = match read {
                Ok(request) => self.answer(&request).await,
                Err(RequestError::Refused(refusal)) => {
                    let response = Response::refusal(refusal);
                    self.respond(&response, false, false, Stage::Idle).await
                }
                Err(RequestError::Silent) => Ok(Next::End),
                Err(RequestError::Gone) => Err(Gone),
            };
            match next {
                Ok(Next::Request) => self.was_served = true,
                Ok(Next::End) => break Some(exchange),
                Err(Gone) => return,
            }
        };
        // Its client was answered: it may be evicted while it is being closed.
        let clock = self.shared.clock();
        let ended = pin!(end(&mut self.socket, clock));
        self.slot.wait(clock.now(), Stage::Idle, ended).await;
    }

    async fn answer(&mut self, request: &Request) -> Result<Next, Gone> {
        let outcome = match route(
            request,
            &RouteContext {
                board_id: &self.shared.identity().id,
                locked: self.shared.is_locked(),
                has_telemetry: self.shared.has_telemetry(),
                allowed_origins: self.settings.allowed_origins,
            },
        ) {
            Route::ControlPage => page::control().into(),
            Route::ControlPageUnchanged => page::control_unchanged().into(),
            Route::Description => self.description().into(),
            Route::LockedPage => page::locked().into(),
            Route::Post { length } => self.post(request, length).await?,
            Route::Control {
                accept,
                subprotocol,
            } => self.open_control(accept, subprotocol).await?,
            Route::LockedControl {
                accept,
                subprotocol,
            } => self.open_locked_control(accept, subprotocol).await?,
            Route::SideChannel { accept, side } => self.open_side_channel(accept, side).await?,
            Route::Pair { accept } => self.pair(accept).await?,
            Route::Refuse(response) => response.into(),
        };
        let (response, body_read) = match outcome {
            Outcome::Respond {
                response,
                body_read,
            } => (response, body_read),
            Outcome::Ended => return Ok(Next::End),
        };
        // A body that was not read would be taken for the next request.
        let next_is_request = body_read || matches!(request.body, Body::None | Body::Length(0));
        let keep_alive = request.keep_alive && next_is_request;
        let head_only = request.method == Method::Head;
        self.respond(&response, keep_alive, head_only, Stage::Requested)
            .await
    }

    fn description(&self) -> Response {
        page::described(page::description(
            &self.shared.identity(),
            self.shared.components(),
            self.shared.has_telemetry(),
            self.shared.clock().now().as_secs(),
        ))
    }

    /// Reads a JSON-RPC request and answers it.
    async fn post(&mut self, request: &Request, length: usize) -> Result<Outcome, Gone> {
        let (slot, clock) = (self.slot, self.shared.clock());
        if request.expects_continue && self.input.len() < length {
            let sent = pin!(self.send(b"HTTP/1.1 100 Continue\r\n\r\n"));
            slot.wait(clock.now(), Stage::Requested, sent)
                .await
                .unwrap_or(Err(Gone))?;
        }
        let body = pin!(within(
            clock,
            self.settings.body_timeout,
            self.input.read_body(&mut self.socket, length)
        ));
        let body = slot.wait(clock.now(), Stage::Requested, body).await;
        let Some(body) = body.ok_or(Gone)? else {
            return Ok(Response::refusal(Refusal::Timeout).into());
        };
        let answer = match core::str::from_utf8(&body?) {
            Ok(text) => self.shared.call(text),
            Err(_) => Some(error_message(RpcError::new(
                Code::ParseError,
                "not_utf8",
                "a request is JSON in UTF-8",
            ))),
        };
        Ok(Outcome::Respond {
            response: Response::answer(answer),
            body_read: true,
        })
    }

    /// Becomes the control channel of an open board.
    async fn open_control(
        &mut self,
        accept: &str,
        subprotocol: Option<&str>,
    ) -> Result<Outcome, Gone> {
        match self.shared.connect(self.origin()) {
            Ok(controller) => {
                self.send(&switching_protocols(accept, subprotocol)).await?;
                let reader = Reader::new(limits::MESSAGE_INTO_BOARD, self.input.take());
                ControlChannel::new(controller, None, Endpoint::Server)
                    .serve(&mut self.socket, reader)
                    .await?;
                Ok(Outcome::Ended)
            }
            Err(error) => Ok(Response::too_many_controllers(error).into()),
        }
    }

    /// Becomes the control channel of a locked board.
    async fn open_locked_control(
        &mut self,
        accept: &str,
        subprotocol: Option<&str>,
    ) -> Result<Outcome, Gone> {
        let (slot, shared) = (self.slot, self.shared);
        {
            let switching = switching_protocols(accept, subprotocol);
            let switched = pin!(self.send(&switching));
            slot.wait(shared.clock().now(), Stage::Requested, switched)
                .await
                .unwrap_or(Err(Gone))?;
        }
        let input = self.input.take();
        let socket = &mut self.socket;
        let proved =
            handshake::prove_key(socket, input, Some(slot), shared, Endpoint::Server).await?;
        let connected = shared.connect_with_key(proved.kid, self.origin());
        self.serve_proved(proved, connected).await
    }

    /// Pairs with a controller, which then has the control channel.
    async fn pair(&mut self, accept: &str) -> Result<Outcome, Gone> {
        if let Err(error) = self.shared.check_pairing() {
            return Ok(Response::forbidden(error).into());
        }
        self.send(&switching_protocols(accept, None)).await?;
        let (input, from) = (self.input.take(), self.from.ip());
        let (proved, request) =
            pairing::pair(&mut self.socket, input, from, self.slot, self.shared).await?;
        let connected = self.shared.connect_with_key(proved.kid, self.origin());
        // The board has stored the key by now.
        drop(request);
        self.serve_proved(proved, connected).await
    }

    /// Serves a controller that has proved its key, or tells it why not.
    async fn serve_proved(
        &mut self,
        proved: ProvedController,
        connected: Result<Controller<'a, H, C>, RpcError>,
    ) -> Result<Outcome, Gone> {
        match connected {
            Ok(controller) => {
                controller.receive(&proved.first);
                ControlChannel::new(controller, Some(proved.channel), Endpoint::Server)
                    .serve(&mut self.socket, proved.reader)
                    .await?;
            }
            Err(error) => {
                let clock = self.shared.clock();
                let refused = pin!(control::refuse(
                    &mut self.socket,
                    Some(proved.channel),
                    error,
                    Endpoint::Server,
                    clock
                ));
                self.slot
                    .wait(clock.now(), Stage::Idle, refused)
                    .await
                    .unwrap_or(Err(Gone))?;
            }
        }
        Ok(Outcome::Ended)
    }

    /// Becomes a side channel, which also ends when the board is locked.
    async fn open_side_channel(
        &mut self,
        accept: &str,
        side: SideChannelKind,
    ) -> Result<Outcome, Gone> {
        let Some(_slot) = self.slot.side_channel() else {
            return Ok(Response::refusal(Refusal::SideChannelsFull).into());
        };
        let channel = match self.shared.open_side_channel(side, self.origin()) {
            Ok(channel) => channel,
            Err(error) => return Ok(Response::not_found(error).into()),
        };
        self.send(&switching_protocols(accept, None)).await?;
        let serving = channel.serve(
            &mut self.socket,
            self.input.take(),
            self.settings.echo_limit,
        );
        match select(serving, self.shared.until_locked()).await {
            Either::First(ended) => ended.map(|()| Outcome::Ended),
            Either::Second(()) => Err(Gone),
        }
    }

    /// Where the connection comes from, for the board's list of clients.
    fn origin(&self) -> Origin {
        Origin {
            from: Some(self.from),
            held: self.shared.connection_size(),
        }
    }

    /// Sends a response, during which the connection may be evicted.
    async fn respond(
        &mut self,
        response: &Response,
        keep_alive: bool,
        head_only: bool,
        stage: Stage,
    ) -> Result<Next, Gone> {
        let (slot, clock) = (self.slot, self.shared.clock());
        let (bytes, from_flash) = response.to_bytes(keep_alive, head_only);
        let limit = self.settings.response_timeout;
        let socket = &mut self.socket;
        // One limit for both.
        let sent = pin!(within(clock, limit, async {
            socket.write_all(&bytes).await?;
            socket.write_all(from_flash).await
        }));
        match slot.wait(clock.now(), stage, sent).await {
            Some(Some(Ok(()))) => {}
            _ => return Err(Gone),
        }
        Ok(if keep_alive { Next::Request } else { Next::End })
    }

    /// Writes within the time for a response: a client that does not read may
    /// not hold its connection for as long as a controller may.
    async fn send(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        write(
            &mut self.socket,
            bytes,
            self.settings.response_timeout,
            self.shared.clock(),
        )
        .await
    }
}
