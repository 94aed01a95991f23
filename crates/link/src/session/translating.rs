//! What a session does with a board of another family: its messages pass
//! through a dialect.

use families::{Credential, Family, Problem, Received};
use protocol::DeviceInfo;
use serde_json::Value;
use web_time::Instant;
use zeroize::Zeroizing;

use super::{Phase, Session};
use crate::{
    connection::{Attempt, Connection, Said},
    output::{Output, Report},
    state::{LinkProblem, Now},
};

/// The families that a typed address is tried as, after ours. ESPHome's boards
/// answer at another port, so they are named.
const GUESSES: [Family; 2] = [Family::Shelly, Family::Wled];

/// A typed address whose family is not known.
#[derive(Debug, Default)]
pub(super) struct Guess {
    /// How many of [`GUESSES`] were tried.
    tried: usize,
    /// What was wrong with it as a board of ours.
    first: Option<LinkProblem>,
}

impl Session {
    /// The user typed this address.
    pub(super) fn address_typed(&mut self, address: String) {
        self.typed_address = Some(address);
        if !self.is_family_known {
            self.guess = Some(Guess::default());
        }
    }

    /// An attempt has failed. If the family was only guessed and the peer is
    /// of another, the next one is tried.
    ///
    /// # Errors
    /// The problem to report, if there is no other guess.
    pub(super) fn guess_next(&mut self, problem: LinkProblem) -> Result<(), LinkProblem> {
        let is_live = matches!(self.phase, Phase::Live(_)) || self.inbound().is_some();
        let Some(guess) = self
            .guess
            .as_mut()
            .filter(|_| !is_live && !self.was_connected)
        else {
            return Err(problem);
        };
        let is_wrong = match problem {
            LinkProblem::NotABoard(_) | LinkProblem::NotThatFamily { .. } => true,
            LinkProblem::Locked | LinkProblem::WrongKey | LinkProblem::AllSlotsTaken => false,
            // What a board of ours may answer, and one of another family does
            // not.
            _ => guess.tried > 0,
        };
        if !is_wrong {
            return Err(problem);
        }
        guess.first.get_or_insert_with(|| problem.clone());
        if let Some(next) = GUESSES.get(guess.tried) {
            guess.tried += 1;
            self.set_family(*next);
            return Ok(());
        }
        let first = std::mem::take(guess).first;
        self.set_family(Family::Switchboard);
        Err(first.unwrap_or(problem))
    }

    /// The board is of this family.
    pub(super) fn set_family(&mut self, family: Family) {
        if self.family != family {
            self.family = family;
            self.out.report(Report::Family(family));
        }
    }

    /// The socket to a board of another family is open: it is read through a
    /// dialect.
    pub(super) fn start_translated(&mut self, now: Instant, attempt: Attempt) {
        let random = match (self.random)() {
            Ok(random) => random,
            Err(problem) => return self.fail(now, LinkProblem::Connect(problem)),
        };
        let is_inbound = attempt.inbound.is_some();
        // Boards of other families that connect ask for no credential.
        // Nor does a broker have any use for it.
        let credential = self
            .credential()
            .filter(|_| !is_inbound && self.via.is_none());
        let has_credential = credential.is_some();
        let dialect = match &self.via {
            Some(via) if via.bridge.is_some() => Some(families::bridged(now)),
            _ if is_inbound => self.family.inbound_dialect(now, random),
            _ => self.family.dialect(now, credential, random),
        };
        let Some(mut dialect) = dialect else {
            let family = self.family;
            let why = "its boards do not connect to this program".to_owned();
            return self.fail(now, LinkProblem::NotThatFamily { family, why });
        };
        // The credential is that board's.
        if has_credential && let Some(id) = self.expected_id() {
            dialect.expect(&id);
        }
        let last = self.last_request;
        let out = &mut self.out;
        let connection = Connection::translated(now, attempt, last, dialect, has_credential, out);
        self.start_reading(now, connection);
    }

    /// What arrived, through the dialect; whether there is one.
    pub(super) fn translate(&mut self, now: Instant, received: Received<'_>) -> bool {
        let Some(connection) = self.phase.connection_mut() else {
            return false;
        };
        if !connection.is_translated() {
            return false;
        }
        connection.received(now, received, &mut self.out);
        self.heard(now);
        true
    }

    /// The board's web server answered.
    pub(super) fn fetched(&mut self, now: Instant, path: &str, body: &Result<String, String>) {
        if let Some(connection) = self.phase.connection_mut() {
            let body = body.as_deref().map_err(String::as_str);
            connection.translate(&mut self.out, |dialect, actions| {
                dialect.fetched(now, path, body, actions);
            });
        }
    }

    pub(super) fn tick_dialect(&mut self, now: Instant) {
        if let Some(connection) = self.phase.connection_mut()
            && connection
                .dialect_deadline()
                .is_some_and(|deadline| now >= deadline)
        {
            connection.translate(&mut self.out, |dialect, actions| {
                dialect.tick(now, actions);
            });
        }
    }

    /// Handles what the dialect said, which may make it say more.
    pub(super) fn hear_dialect(&mut self, now: Now) {
        while let Some(said) = self.phase.connection_mut().and_then(Connection::said) {
            match said {
                Said::Message(message) => self.message(now, message),
                Said::Fetch(path) => self.out.push(Output::Fetch {
                    attempt: self.attempt,
                    path,
                }),
                Said::Alive => self.heard(now.instant),
                Said::End(Problem::CredentialNeeded) => self.needs_credential(now.instant),
                Said::End(problem) => {
                    let problem = self.problem(problem);
                    self.fail(now.instant, problem);
                }
            }
        }
    }

    /// The part of [`Self::identified`] that is different for boards of other
    /// families.
    pub(super) fn identified_foreign(&mut self, info: Box<DeviceInfo>) -> Result<(), LinkProblem> {
        self.check_expected(&info.id)?;
        if self.via.is_some() {
            // Whether the board itself is locked is not seen from here.
            if let Some(connection) = self.phase.connection_mut() {
                connection.stated_id = Some(info.id.clone());
            }
            self.out.report(Report::Info(info));
            return Ok(());
        }
        if let Some(problem) = self.key_unavailable_for(&info.id) {
            return Err(problem);
        }
        if let Some(problem) = self.key_of_another_family(&info.id) {
            return Err(problem);
        }
        // A Shelly says whether it asks for the password that is held.
        let asks = info.extra.get("auth_en").and_then(Value::as_bool);
        let connection = self.phase.connection();
        let has_credential =
            connection.is_some_and(Connection::has_credential) && asks.unwrap_or(true);
        let id = info.id.clone();
        if let Some(connection) = self.phase.connection_mut() {
            connection.stated_id = Some(id.clone());
        }
        self.out.report(Report::Info(info));
        self.out.report(match has_credential {
            true => Report::Locked(id),
            false => Report::Open,
        });
        Ok(())
    }

    /// Why nothing is said to a board with this id in this family: its key is
    /// that of a board of another one, which would prove who it is.
    fn key_of_another_family(&self, id: &str) -> Option<LinkProblem> {
        let is_foreign_key = self.key_of(id).is_some() && !self.family.may_have_key(id);
        is_foreign_key.then(|| LinkProblem::NotLocked {
            board: id.to_owned(),
        })
    }

    /// The same for the board that is expected.
    pub(super) fn expected_key_of_another_family(&self) -> Option<LinkProblem> {
        self.key_of_another_family(&self.expected_id()?)
    }

    /// What this computer has for the board, by any id that it may have.
    pub(super) fn credential(&self) -> Option<Credential> {
        let announced = self.announced.as_ref().map(|announced| &announced.id);
        let mut ids = self.id.iter().chain(announced);
        let keys = self.keys.as_ref()?;
        match self.family {
            Family::Switchboard | Family::Wled | Family::Tasmota | Family::Homie => None,
            Family::Shelly => ids
                .find_map(|id| keys.password(id))
                .map(|password| Credential::Password(password.secret.clone())),
            Family::Esphome => ids
                .find_map(|id| keys.get(id))
                .map(|key| Credential::Key(Zeroizing::new(*key.psk.bytes()))),
        }
    }

    /// The board asks for a password or a key. If the connection only lacked it
    /// because the id was not known, the next attempt has it.
    fn needs_credential(&mut self, now: Instant) {
        // Of a board at a typed address, only what it states is known.
        let connection = self.phase.connection();
        let had_credential = connection.is_some_and(Connection::has_credential);
        let stated = connection.and_then(|connection| connection.stated_id.clone());
        if stated.is_some() && self.inbound().is_none() {
            self.id = stated;
        }
        if let Some(id) = self.expected_id() {
            self.out.report(Report::Locked(id));
        }
        if !had_credential && self.credential().is_some() {
            return self.connect(now);
        }
        let problem = self.key_unavailable().unwrap_or(LinkProblem::Locked);
        self.fail(now, problem);
    }

    /// The problem of a dialect as that of a link.
    fn problem(&self, problem: Problem) -> LinkProblem {
        match problem {
            Problem::NotABoard(why) => LinkProblem::NotThatFamily {
                family: self.family,
                why: sanitize::bounds::text(why),
            },
            Problem::AnotherBoard(found) => LinkProblem::AnotherBoard {
                expected: self.expected_id().unwrap_or_default(),
                found,
            },
            Problem::CredentialNeeded => LinkProblem::Locked,
            Problem::WrongCredential => LinkProblem::WrongKey,
            Problem::NotProtected => LinkProblem::NotLocked {
                board: self.expected_id().unwrap_or_default(),
            },
            Problem::Full => LinkProblem::AllSlotsTaken,
            Problem::Offline => LinkProblem::ReportedOffline,
            Problem::Closed => LinkProblem::Closed,
        }
    }

    /// The id that the board should have.
    fn expected_id(&self) -> Option<String> {
        let announced = self.announced.as_ref().map(|announced| &announced.id);
        self.id.as_ref().or(announced).cloned()
    }

    /// Whether the board is read, or subscribed to, through a dialect.
    pub(super) fn is_foreign(&self) -> bool {
        self.family != Family::Switchboard || self.via.is_some()
    }
}
