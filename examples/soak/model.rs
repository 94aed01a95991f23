//! The possible states of one component: computed from the outcome of each
//! command, never from a report. If it is unknown whether something was carried
//! out, both are possible. Knows no board, no socket and no clock.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use protocol::State;

/// A board stores a change within 5 s; the rest is for a loaded machine.
const KEPT_WITHIN: Duration = Duration::from_secs(7);

/// Nothing is delayed for longer than this, so an earlier state cannot return
/// after it.
const PAST: Duration = Duration::from_secs(180);

/// More than this are not tracked until the next quiet phase.
const POSSIBLE: usize = 96;

/// What one command does to a component.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// These fields are set.
    Set(State),
    /// `on` becomes its opposite; unknown becomes on.
    Flip,
    /// The board restarts, and the component returns to this state.
    Return(State),
}

impl Effect {
    fn on(&self, state: &State) -> State {
        let mut after = state.clone();
        match self {
            Self::Set(change) => {
                after.merge(change);
                // docs/protocol.md, Components: a light with both shows one of
                // them, and the other is null.
                for (set, other) in [("rgb", "ct_k"), ("ct_k", "rgb")] {
                    if change.get(set).is_some() && state.get(other).is_some() {
                        after.0.insert(other.to_owned(), serde_json::Value::Null);
                    }
                }
            }
            Self::Flip => after = after.with("on", !state.on().unwrap_or(false)),
            Self::Return(first) => after.clone_from(first),
        }
        after
    }
}

/// The outcome of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was carried out.
    Done,
    /// It was not, and will not be.
    NotDone,
    /// Unknown; it may be carried out later.
    Maybe,
    /// It was superseded by a later one.
    Merged,
}

/// A command whose outcome is not yet included.
#[derive(Debug)]
struct Given {
    number: u64,
    effect: Effect,
    fate: Option<Fate>,
    /// The board lost its power meanwhile: the effect may be lost.
    cut: bool,
}

/// One component.
#[derive(Debug)]
pub(crate) struct Component {
    possible: Vec<State>,
    /// The state at boot of a board that stores nothing.
    first: Option<State>,
    /// What was possible before, and until when.
    past: VecDeque<(Instant, Vec<State>)>,
    /// What may still be carried out: it is in a socket of a board that hangs.
    late: Vec<Vec<Effect>>,
    given: Vec<Given>,
    /// Anything is possible until the next quiet phase.
    pub(crate) vague: bool,
}

impl Component {
    /// A component in this state. Of a board that `forgets`, it is also the
    /// state after each start.
    pub(crate) fn new(state: State, forgets: bool) -> Self {
        Self {
            first: forgets.then(|| state.clone()),
            possible: vec![state],
            past: VecDeque::new(),
            late: Vec::new(),
            given: Vec::new(),
            vague: false,
        }
    }

    /// Whether a command is in flight.
    pub(crate) fn busy(&self) -> bool {
        !self.given.is_empty()
    }

    /// A command is sent, after all earlier ones.
    pub(crate) fn give(&mut self, number: u64, effect: Effect) {
        self.given.push(Given {
            number,
            effect,
            fate: None,
            cut: false,
        });
    }

    /// A command has an outcome. Once all have one, they are applied in order.
    pub(crate) fn ended(&mut self, now: Instant, number: u64, fate: Fate) {
        if let Some(given) = self.given.iter_mut().find(|given| given.number == number) {
            given.fate = Some(fate);
        }
        if self.given.iter().any(|given| given.fate.is_none()) {
            return;
        }
        let mut merged = Vec::new();
        for Given {
            effect, fate, cut, ..
        } in std::mem::take(&mut self.given)
        {
            merged.push(effect);
            match fate {
                Some(Fate::Merged) => {}
                Some(Fate::Done) => self.done(now, &std::mem::take(&mut merged), cut),
                Some(Fate::Maybe) => self.late.push(std::mem::take(&mut merged)),
                Some(Fate::NotDone) | None => merged.clear(),
            }
        }
    }

    fn done(&mut self, now: Instant, effects: &[Effect], cut: bool) {
        let before = self.allowed();
        let mut after: Vec<State> = before.iter().map(|state| all_on(effects, state)).collect();
        if cut {
            after.extend(before.iter().cloned());
        }
        self.past.push_back((now, before));
        while self
            .past
            .front()
            .is_some_and(|(until, _)| *until + PAST < now)
        {
            self.past.pop_front();
        }
        self.become_one_of(after);
    }

    /// The board lost its power, and with it what it had not yet stored;
    /// nothing was stored after `since`.
    pub(crate) fn lost_power(&mut self, since: Instant) {
        let possible = match &self.first {
            Some(first) => vec![first.clone()],
            None => self.stored(since),
        };
        self.become_one_of(possible);
        // Its sockets and their content are lost with the power.
        self.late.clear();
        self.given.iter_mut().for_each(|given| given.cut = true);
    }

    /// The board restarts, now or later: one that stores something does so
    /// before.
    pub(crate) fn restarts(&mut self) {
        if let Some(first) = &self.first {
            self.late.push(vec![Effect::Return(first.clone())]);
        }
    }

    /// What may be stored.
    fn stored(&self, since: Instant) -> Vec<State> {
        let mut possible = self.allowed();
        for (_, states) in self
            .past
            .iter()
            .filter(|(until, _)| *until + KEPT_WITHIN >= since)
        {
            possible.extend(states.iter().cloned());
        }
        possible
    }

    fn become_one_of(&mut self, states: Vec<State>) {
        self.possible.clear();
        for state in states {
            if !self.possible.contains(&state) {
                self.possible.push(state);
            }
        }
        if self.possible.len() > POSSIBLE {
            self.vague = true;
            self.possible.truncate(1);
        }
    }

    /// All possible states.
    pub(crate) fn allowed(&self) -> Vec<State> {
        let mut allowed = self.possible.clone();
        // Until nothing is added: late commands may be carried out in any
        // order.
        let mut at = 0;
        while let Some(state) = allowed.get(at).cloned()
            && allowed.len() <= POSSIBLE
        {
            for effects in &self.late {
                let after = all_on(effects, &state);
                if !allowed.contains(&after) {
                    allowed.push(after);
                }
            }
            at += 1;
        }
        allowed
    }

    /// The state is known: nothing is late any more, and no earlier state can
    /// return.
    pub(crate) fn is(&mut self, now: Instant, state: State) {
        let before = self.allowed();
        self.past.push_back((now, before));
        *self = Self {
            past: std::mem::take(&mut self.past),
            first: self.first.take(),
            ..Self::new(state, false)
        };
    }
}

fn all_on(effects: &[Effect], state: &State) -> State {
    effects
        .iter()
        .fold(state.clone(), |state, effect| effect.on(&state))
}

/// Whether two states are equal: a number may be written in several ways.
pub(crate) fn alike(one: &State, other: &State) -> bool {
    one.0.len() == other.0.len()
        && one.0.iter().all(|(field, value)| {
            other
                .get(field)
                .is_some_and(|there| match (value.as_f64(), there.as_f64()) {
                    (Some(one), Some(other)) => (one - other).abs() < 1e-9,
                    _ => value == there,
                })
        })
}
