//! What a session does with the events of its socket and with the messages of
//! its board.

use families::{BrokerMessage, Received};
use protocol::{
    BoardMessageError, FromBoard, Pong, Response, Snapshot, Unreadable, method, salvage,
};
use sanitize::bounds;
use serde_json::Value;

use super::{Live, Phase, Session};
use crate::{
    commands::CommandQueues,
    output::Report,
    reading::Progress,
    requests::{Purpose, Request},
    socket::{Priority, SocketEvent},
    state::{LinkProblem, LinkState, Now, ResyncCause},
    sync::Sync,
};

impl Session {
    pub(super) fn socket_event(&mut self, now: Now, event: SocketEvent) {
        match event {
            SocketEvent::Queued => self.queued(),
            SocketEvent::Started(timeout) => self.started(now.instant, timeout),
            SocketEvent::Reached(address) => self.reached(now.instant, address),
            SocketEvent::Opened => self.opened(now.instant),
            SocketEvent::Text(text) => {
                if !self.translate(now.instant, Received::Text(&text)) {
                    self.text(now, &text);
                }
            }
            SocketEvent::Binary(bytes) => {
                if !self.translate(now.instant, Received::Binary(&bytes)) {
                    self.binary(now, &bytes);
                }
            }
            SocketEvent::Mqtt {
                topic,
                payload,
                retained,
            } => {
                let message = BrokerMessage {
                    topic: &topic,
                    payload: &payload,
                    retained,
                };
                // There is nothing else that could read it.
                let _ = self.translate(now.instant, Received::Mqtt(message));
            }
            SocketEvent::Ping | SocketEvent::Pong => self.heard(now.instant),
            SocketEvent::Ended(ending) => self.socket_ended(now.instant, ending),
        }
    }

    fn text(&mut self, now: Now, text: &str) {
        match &self.phase {
            Phase::Handshaking { .. } => self.plain_text_in_handshake(now.instant, text),
            Phase::Reading { .. } | Phase::Live(_) if self.is_encrypted() => {
                self.fail(now.instant, LinkProblem::NotAuthentic);
            }
            Phase::Reading { .. } | Phase::Live(_) => self.read(now, text),
            Phase::Idle | Phase::Waiting { .. } | Phase::Opening { .. } => {}
        }
    }

    /// Reads a message of the board, after decryption if it was encrypted.
    pub(super) fn read(&mut self, now: Now, text: &str) {
        self.heard(now.instant);
        if text.len() > protocol::limits::MESSAGE_INTO_CONTROLLER {
            return;
        }
        match self.parse(text) {
            Ok(message) => self.message(now, message),
            Err(error) => match &mut self.phase {
                Phase::Live(live) => {
                    // It may have been a change: the whole state is requested.
                    if live.sync.miss() {
                        self.resync(now.instant);
                    }
                }
                _ => {
                    let problem = LinkProblem::NotABoard(bounds::text(error.to_string()));
                    self.fail(now.instant, problem);
                }
            },
        }
    }

    /// Handles what the board says.
    pub(super) fn message(&mut self, now: Now, message: FromBoard) {
        match message {
            FromBoard::Response(response) => self.response(now, response),
            FromBoard::Status(status) => self.status(now, status),
            FromBoard::Event(event) => self.event(now, event),
            FromBoard::Log(log) => self.logged(now, log),
            FromBoard::Other { method, params } if self.is_translated() => {
                self.out.report(Report::Notification { method, params });
            }
            FromBoard::Other { .. } => {}
        }
    }

    /// Parses a message; if it is not JSON, what of it can be read.
    fn parse(&mut self, text: &str) -> Result<FromBoard, BoardMessageError> {
        let error = match FromBoard::parse(text) {
            Ok(read) => return Ok(read),
            Err(error) => error,
        };
        // Valid JSON has nothing to salvage.
        let Some((rest, unreadable)) =
            salvage(text).filter(|(_, unreadable)| !unreadable.is_empty())
        else {
            return Err(error);
        };
        let read = FromBoard::parse(&rest)?;
        self.report_unreadable(unreadable);
        Ok(read)
    }

    fn report_unreadable(&mut self, values: Vec<Unreadable>) {
        for value in values {
            if self
                .phase
                .connection_mut()
                .is_some_and(|connection| connection.is_new_unreadable(&value))
            {
                self.out
                    .report(Report::Unreadable(bounds::unreadable(value)));
            }
        }
    }

    fn response(&mut self, now: Now, response: Response) {
        if let (None, Err(error), Phase::Reading { .. }) =
            (&response.id, &response.outcome, &self.phase)
            && error.data.reason == "all_places_taken"
        {
            // A locked board says so once the peer has proved that it has a
            // key.
            return self.fail(now.instant, LinkProblem::AllSlotsTaken);
        }
        let Some(request) = self
            .phase
            .connection_mut()
            .and_then(|connection| connection.take_request(response.id.as_ref()))
        else {
            return;
        };
        let outcome = response.outcome;
        if let Ok(result) = &outcome {
            self.measure(now, &request, result);
        }
        match (&request.purpose, &mut self.phase) {
            (Purpose::Command(_), Phase::Live(live)) => {
                // A state of an earlier run says nothing about this one: the
                // effect is seen once the board was read again.
                let seen = if live.rereading.is_some() {
                    0
                } else {
                    live.sync.seen()
                };
                let live = &mut **live;
                live.commands.answered(
                    now.instant,
                    &request,
                    outcome,
                    seen,
                    &mut live.connection,
                    &mut self.out,
                );
            }
            (Purpose::Outbound, Phase::Live(_)) => {
                self.outbound_answered(now.instant, outcome.ok());
            }
            (Purpose::Update, Phase::Live(_)) => {
                self.update_answered(now.instant, request.number, outcome);
            }
            (Purpose::Status, Phase::Live(_)) => self.status_answered(now, outcome.ok()),
            (_, phase) if phase.is_reading() => {
                self.reading_answered(now, &request.purpose, outcome);
            }
            (Purpose::Log, _) => {
                // An older firmware has no log.
                if let Err(error) = outcome {
                    self.out.report(Report::NoLog(bounds::error(error)));
                }
            }
            _ => {}
        }
    }

    /// A requested status has arrived.
    fn status_answered(&mut self, now: Now, result: Option<Value>) {
        let Phase::Live(live) = &mut self.phase else {
            return;
        };
        let Some(mut snapshot) = result.and_then(|result| serde_json::from_value(result).ok())
        else {
            let problem = format!("its answer to {}", method::DEVICE_GET_STATUS);
            return self.fail(now.instant, LinkProblem::NotABoard(problem));
        };
        let again = live.sync.answered(&mut snapshot);
        self.snapshot(now, snapshot);
        match again {
            Some(ResyncCause::NewEpoch | ResyncCause::OtherComponents) => self.reread(now.instant),
            Some(ResyncCause::Gap) => self.resync(now.instant),
            None => {}
        }
    }

    fn reading_answered(
        &mut self,
        now: Now,
        purpose: &Purpose,
        outcome: Result<Value, protocol::RpcError>,
    ) {
        let Some((reading, _)) = self.phase.reading_mut() else {
            return;
        };
        let mut unreadable = Vec::new();
        let progress = reading.answered(purpose, outcome, &mut unreadable);
        self.report_unreadable(unreadable);
        match progress {
            Ok(Progress::Info(info)) => {
                if let Err(problem) = self.identified(info) {
                    return self.fail(now.instant, problem);
                }
            }
            Ok(Progress::Components(components)) => {
                self.out.report(Report::Components(components));
            }
            Ok(Progress::Page) => {
                if let Some((reading, connection)) = self.phase.reading_mut() {
                    reading.request_page(now.instant, connection, &mut self.out);
                }
                return;
            }
            Ok(Progress::Subscribed(snapshot)) => return self.subscribed(now, snapshot),
            Ok(Progress::Unrelated) => return,
            Err(problem) => return self.fail(now.instant, problem),
        }
        if let Some((reading, connection)) = self.phase.reading_mut() {
            reading.subscribe_if_complete(now.instant, connection, &mut self.out);
        }
    }

    /// The board was read and is subscribed to.
    fn subscribed(&mut self, now: Now, snapshot: Snapshot) {
        let rereading = matches!(self.phase, Phase::Live(_));
        if self.epoch != Some(snapshot.epoch) {
            if self.epoch.is_some() && !rereading && !self.is_foreign() {
                self.out.report(Report::Resync(ResyncCause::NewEpoch));
            }
            self.clock.forget();
        }
        self.update_seen(&snapshot);
        self.epoch = Some(snapshot.epoch);
        let sync = Sync::new(&snapshot);
        let mut connection = match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Reading { connection, .. } => connection,
            mut other => {
                if let Phase::Live(live) = &mut other {
                    (live.sync, live.client, live.rereading) = (sync, snapshot.client, None);
                }
                self.phase = other;
                return self.snapshot(now, snapshot);
            }
        };
        connection.heartbeat.heard(now.instant);
        connection.heartbeat.pinged(now.instant);
        self.target.worked();
        self.priority = Priority::Trusted;
        self.was_connected = true;
        if let Some(stated) = &connection.stated_id {
            self.id = Some(stated.clone());
        }
        self.phase = Phase::Live(Box::new(Live {
            connection,
            since: now.instant,
            stale: false,
            sync,
            commands: CommandQueues::default(),
            client: snapshot.client,
            rereading: None,
            restarts_until: None,
        }));
        self.snapshot(now, snapshot);
        self.out.report(Report::Link(LinkState::Connected));
        self.resume_log(now.instant);
        self.resume_preview(now.instant);
        // Measures the first round trip at once.
        self.ping(now.instant);
    }

    /// Measures round trip and board clock by a response.
    fn measure(&mut self, now: Now, request: &Request, result: &Value) {
        if request.purpose == Purpose::Ping
            && let Ok(Pong { uptime_ms }) = serde_json::from_value(result.clone())
        {
            self.clock.exchange(request.sent, now.instant, uptime_ms);
        }
        if matches!(
            request.purpose,
            Purpose::Ping | Purpose::Update | Purpose::Command(_)
        ) {
            self.out.report(Report::RoundTrip {
                took: now.instant.saturating_duration_since(request.sent),
                booted: self.clock.booted(now),
            });
        }
    }
}
