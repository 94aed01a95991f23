//! Passes inputs to a board's session, and carries out its outputs.

use std::sync::Arc;

use families::{Endpoint, Family};
use link::{
    input::{Announced, Input},
    output::{Output, Payload, Report},
    socket::{Ending, Priority, SocketEvent},
    state::Now,
    target::Destination,
};

use super::{Board, Effects};
use crate::{
    brokers::{self, Relay},
    context::{BoardSocketEvent, Context, Fetched},
    inbound::InboundSocket,
    transport::{Opening, Reporter, Socket, Unread, Upgrade, fetch},
};
use fleet::{BoardChange, ChangeScope, Content, Direction, LinkProblem};

impl Board {
    /// Handles an event of this board's socket.
    pub(crate) fn socket_event(
        &mut self,
        now: Now,
        attempt: u64,
        event: SocketEvent,
        ctx: &Context,
    ) -> Effects {
        ctx.published.withhold(self.view().key);
        let current = self
            .socket
            .as_ref()
            .is_some_and(|(current, _)| *current == attempt);
        if current
            && !matches!(
                event,
                SocketEvent::Queued | SocketEvent::Started(_) | SocketEvent::Ended(_)
            )
        {
            self.state.heard(now.instant);
        }
        self.record(now, &event);
        let mut moved = false;
        if let SocketEvent::Reached(address) = &event
            && current
        {
            moved = true;
            log::debug!("{}: {address} answers attempt {attempt}", self.view().name);
            self.state.set_address(address.clone());
            self.publish(ctx);
        }
        let mut effects = self.input(now, Input::Socket(attempt, event), ctx);
        effects.quiet = !moved && effects.scope < Some(ChangeScope::Board);
        effects
    }

    /// Keeps what arrived, for the traffic view.
    fn record(&self, now: Now, event: &SocketEvent) {
        let frames = &self.view().frames;
        log::trace!("{}: socket: {event:?}", self.view().address);
        match event {
            SocketEvent::Queued | SocketEvent::Started(_) | SocketEvent::Reached(_) => {}
            SocketEvent::Opened => frames.add(now.wall, Direction::Link, 0, &Content::Open),
            SocketEvent::Text(text) => frames.text(now.wall, Direction::In, text),
            // Kept once it is decrypted.
            SocketEvent::Binary(_)
                if self.session.is_encrypted() || self.session.is_translated() => {}
            SocketEvent::Binary(bytes) => frames.binary(now.wall, Direction::In, bytes),
            SocketEvent::Mqtt { topic, payload, .. } => {
                frames.text(now.wall, Direction::In, &brokers::shown(topic, payload));
            }
            SocketEvent::Ping => frames.add(now.wall, Direction::In, 0, &Content::Ping),
            SocketEvent::Pong => frames.add(now.wall, Direction::In, 0, &Content::Pong),
            SocketEvent::Ended(ending) => {
                let why = LinkProblem::from(ending.clone()).to_string();
                frames.add(now.wall, Direction::Link, 0, &Content::End(why.into()));
            }
        }
    }

    /// Passes an input to the session, carries out its outputs and publishes
    /// the changes. If an attempt failed and the board has several
    /// announcements, the next attempt uses another.
    pub(crate) fn input(&mut self, now: Now, input: Input, ctx: &Context) -> Effects {
        let is_retry = matches!(input, Input::UseAnnouncement(_));
        let effects = self.input_once(now, input, ctx);
        if effects.failed
            && !is_retry
            && let Some(next) = self.other_announcement()
        {
            self.input_once(now, Input::UseAnnouncement(next), ctx);
        }
        effects
    }

    /// The announcement to use after an attempt by another has failed: the one
    /// by which the board was last connected to, and every second time the next
    /// one.
    fn other_announcement(&mut self) -> Option<Announced> {
        // A board at a typed address may be announced too.
        let Some((name, present)) = &self.in_use else {
            let (name, announced) = self.announcements.first_key_value()?;
            self.in_use = Some((name.clone(), announced.clone()));
            return Some(announced.clone());
        };
        let elsewhere =
            |(_, announced): &(&String, &Announced)| announced.addresses != present.addresses;
        let last_good = self
            .last_good
            .as_ref()
            .map(|(name, announced)| (name, announced))
            .filter(elsewhere);
        let after = self.announcements.iter().filter(|(other, _)| *other > name);
        let (name, announced) =
            last_good.or_else(|| after.chain(&self.announcements).find(elsewhere))?;
        let (name, announced) = (name.clone(), announced.clone());
        self.in_use = Some((name, announced.clone()));
        Some(announced)
    }

    fn input_once(&mut self, now: Now, input: Input, ctx: &Context) -> Effects {
        self.session.handle(now, input);
        let mut effects = Effects::default();
        let mut log = Vec::new();
        while let Some(output) = self.session.poll_output() {
            effects.scope = effects.scope.max(self.scope_of(now, &output));
            match output {
                Output::Connect {
                    attempt,
                    to,
                    family,
                    priority,
                } => self.connect(now, attempt, to, family, priority, ctx),
                Output::Fetch { attempt, path } => self.fetch(attempt, path, ctx),
                Output::Accept { attempt } => {
                    if let Some(inbound) = self.inbound.take() {
                        self.accept(now, attempt, *inbound, ctx);
                    }
                }
                Output::Decline => {
                    if let Some(inbound) = self.inbound.take() {
                        let name = &self.view().name;
                        log::debug!("{name}: the connection from {} is declined", inbound.from);
                    }
                }
                Output::Send(frame) => {
                    if let Some((_, socket)) = &self.socket {
                        let (at, out) = (now.wall, Direction::Out);
                        let frames = &self.view().frames;
                        match (frame.plaintext(), frame.payload()) {
                            (Some(text), _) => frames.encrypted(at, out, text),
                            (None, Payload::Text(text)) => frames.text(at, out, text),
                            (None, Payload::Binary(bytes)) => frames.binary(at, out, bytes),
                            (None, Payload::Mqtt { topic, payload, .. }) => {
                                frames.text(at, out, &brokers::shown(topic, payload));
                            }
                        }
                        socket.send(frame.into_payload());
                    }
                }
                Output::Decrypted(text) => {
                    self.view().frames.encrypted(now.wall, Direction::In, &text);
                }
                Output::Disconnect => {
                    self.socket = None;
                    self.state.set_inbound_from(None);
                }
                Output::Report(report) => {
                    let described = matches!(report, Report::Components(_));
                    log.extend(self.report(now, report, &mut effects, ctx));
                    if described {
                        self.state.share_descriptors(&ctx.descriptors);
                    }
                }
            }
        }
        if let Some(scope) = effects.scope {
            let change = BoardChange {
                board: self.view(),
                scope,
                components: self.state.changed_components(),
            };
            ctx.published.board(change, log);
        } else {
            ctx.published.restore(self.view());
        }
        self.state.forget_changes();
        for (reply, outcome) in std::mem::take(&mut self.outcomes) {
            reply(outcome);
        }
        effects
    }

    /// Goes on with an inbound connection.
    fn accept(&mut self, now: Now, attempt: u64, inbound: InboundSocket, ctx: &Context) {
        let (from, unread) = (inbound.from, Unread::default());
        let text: Arc<str> = format!("the board connected from {from}").into();
        let frames = &self.view().frames;
        frames.add(now.wall, Direction::Link, 0, &Content::Connect(text));
        frames.add(now.wall, Direction::Link, 0, &Content::Open);
        self.state.set_inbound_from(Some(from));
        let report = self.reporter(attempt, &unread, ctx);
        self.socket = inbound
            .accept(unread, report)
            .map(|socket| (attempt, socket));
    }

    /// Starts to open a socket.
    fn connect(
        &mut self,
        now: Now,
        attempt: u64,
        to: Destination,
        family: Family,
        priority: Priority,
        ctx: &Context,
    ) {
        let endpoint = family.endpoint();
        let url = match &to.via {
            Some(via) => via.broker.to_string(),
            None => urls(endpoint, &to.addresses.texts()),
        };
        log::debug!("{}: connects to {url}, attempt {attempt}", self.view().name);
        // Until one of them answers.
        if !to.addresses.have(&self.view().address)
            && let Some(likeliest) = to.addresses.first()
        {
            self.state.set_address(likeliest);
        }
        self.state.set_inbound_from(None);
        self.state.set_via(to.via.clone());
        let text = Content::Connect(url.as_str().into());
        self.view().frames.add(now.wall, Direction::Link, 0, &text);
        let unread = Unread::default();
        let report = self.reporter(attempt, &unread, ctx);
        if let Some(via) = to.via {
            let opening = brokers::Opening {
                via,
                connection: brokers::ConnectionId {
                    board: self.view().key,
                    attempt,
                },
                id: self.view().id.as_deref().unwrap_or_default().to_owned(),
                reporter: Reporter::new(Box::new(report), unread),
            };
            let relay = Relay::open(opening, ctx.brokers.clone());
            self.socket = Some((attempt, Socket::relayed(relay)));
            return;
        }
        let Some(upgrade) = Upgrade::of(endpoint) else {
            let why = "it is added without the broker that it is reached through";
            report(SocketEvent::Ended(Ending::Broker(why.to_owned())));
            return;
        };
        let opening = Opening {
            transport: ctx.transport,
            to,
            upgrade,
            attempts: ctx.attempts.clone(),
            priority,
        };
        self.socket = Some((attempt, Socket::open(opening, unread, report)));
    }

    /// Reads a path of the board's web server, over another connection.
    fn fetch(&self, attempt: u64, path: String, ctx: &Context) {
        let (board, fetched) = (self.view().key, ctx.fetched.clone());
        let address = self.view().address.clone();
        tokio::spawn(async move {
            let body = fetch(&address, &path).await;
            // Fails only if the engine has ended.
            let _ = fetched.send(Fetched {
                board,
                attempt,
                path,
                body,
            });
        });
    }

    /// Takes the events of a socket to the engine.
    fn reporter(
        &self,
        attempt: u64,
        unread: &Unread,
        ctx: &Context,
    ) -> impl Fn(SocketEvent) + Send + Sync + 'static {
        let (board, events, unread) = (self.view().key, ctx.sockets.clone(), unread.clone());
        move |event| {
            // Fails only if the engine has ended.
            let _ = events.send(BoardSocketEvent {
                board,
                attempt,
                event,
                unread: unread.clone(),
            });
        }
    }
}

/// Where an attempt goes, for display.
fn urls(endpoint: Endpoint, addresses: &[String]) -> String {
    let url = |address: &String| match endpoint {
        Endpoint::WebSocket { path, .. } => format!("ws://{address}{path}"),
        Endpoint::Tcp | Endpoint::Broker => format!("tcp://{address}"),
    };
    match addresses {
        [] => "nowhere".to_owned(),
        [one] => url(one),
        [first, others @ ..] => format!("{} or {}", url(first), others.join(" or ")),
    }
}
