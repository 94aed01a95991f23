//! Decides which of a board's addresses are tried next. Resolves no names.

use std::sync::Arc;

use address::{Candidates, Host};
use families::Bridge;

/// The way to a board that is reached through an MQTT broker.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Via {
    /// The broker, as the user names it.
    pub broker: Arc<str>,
    /// The bridge that forwards what the board says; `None` if the board is
    /// connected to the broker itself.
    pub bridge: Option<Bridge>,
}

/// Where an attempt goes: to whichever of these answers first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Destination {
    /// The addresses.
    pub addresses: Candidates,
    /// Those that are tried after the others: something other than the board
    /// answered there.
    pub last: Vec<String>,
    /// Set if the addresses are those of a broker.
    pub via: Option<Arc<Via>>,
}

impl Destination {
    /// The host of the likeliest address: attempts at one host share a queue.
    pub fn host(&self) -> String {
        match self
            .addresses
            .iter()
            .next()
            .map(|candidate| candidate.address().host())
        {
            Some(Host::Name(name)) => name.clone(),
            Some(Host::V4(ip)) => ip.to_string(),
            Some(Host::V6 { ip, .. }) => ip.to_string(),
            None => String::new(),
        }
    }
}

/// The addresses of one board. Attempts alternate between the announced
/// addresses and those that the user typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Target {
    given: Option<Candidates>,
    announced: Option<(Candidates, Option<Arc<Via>>)>,
    second_choice: bool,
    /// Addresses where something other than the board answered since the last
    /// link that worked.
    spoiled: Vec<String>,
}

impl Target {
    /// The user typed these addresses, or an earlier run knew them.
    pub(crate) fn give(&mut self, addresses: Candidates) {
        self.second_choice = self.announced.is_some();
        self.given = Some(addresses);
    }

    /// The board announced these addresses; whether they are new. New ones are
    /// tried first.
    pub(crate) fn announce(&mut self, addresses: Candidates, via: Option<Arc<Via>>) -> bool {
        let announced = Some((addresses, via));
        let new = self.announced != announced;
        if new {
            self.announced = announced;
            self.second_choice = false;
            self.spoiled.clear();
        }
        new
    }

    /// The attempt failed after this address had answered; whether there are
    /// others that were not tried yet.
    pub(crate) fn spoiled(&mut self, address: &str) -> bool {
        let Some(tried) = self
            .choice()
            .filter(|choice| choice.addresses.have(address))
        else {
            return false;
        };
        self.spoiled.push(address.to_owned());
        tried
            .addresses
            .texts()
            .iter()
            .any(|other| !self.spoiled.contains(other))
    }

    /// Whether there are other addresses that were not tried yet.
    pub(crate) fn has_others(&self, address: &str) -> bool {
        let addresses = self
            .choice()
            .map(|choice| choice.addresses.texts())
            .unwrap_or_default();
        addresses
            .iter()
            .any(|other| other != address && !self.spoiled.contains(other))
    }

    /// The attempt failed at every address.
    pub(crate) fn failed(&mut self) {
        self.second_choice = !self.second_choice;
        self.spoiled.clear();
    }

    /// The link works.
    pub(crate) fn worked(&mut self) {
        self.spoiled.clear();
    }

    /// Where the next attempt goes.
    pub(crate) fn choice(&self) -> Option<Destination> {
        let announced = self.announced.clone();
        let given = self.given.clone().map(|addresses| (addresses, None));
        let (addresses, via) = match self.second_choice {
            true => given.or(announced),
            false => announced.or(given),
        }?;
        Some(Destination {
            addresses,
            last: self.spoiled.clone(),
            via,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use address::{Candidate, InterfaceId};

    fn given(address: &str) -> Candidates {
        Candidates::given(address.parse().expect("an address"))
    }

    fn announced(addresses: &[&str]) -> Candidates {
        let on = InterfaceId {
            index: 2,
            name: "eth0".into(),
        };
        let heard = |text: &&str| Candidate::Heard {
            address: text.parse().expect("an address"),
            on: on.clone(),
        };
        Candidates::new(addresses.iter().map(heard), &[])
    }

    fn first(target: &Target) -> Option<String> {
        target.choice()?.addresses.first()
    }

    #[test]
    fn what_is_announced_goes_before_what_was_typed_until_it_fails() {
        let mut target = Target::default();
        assert_eq!(target.choice(), None);
        target.give(given("lamp.lan:80"));
        assert_eq!(first(&target).as_deref(), Some("lamp.lan:80"));
        assert!(target.announce(announced(&["10.0.0.7:80"]), None));
        assert_eq!(first(&target).as_deref(), Some("10.0.0.7:80"));
        target.failed();
        assert_eq!(first(&target).as_deref(), Some("lamp.lan:80"));
    }

    #[test]
    fn an_address_at_which_something_else_answered_is_tried_last_until_all_were_tried() {
        let mut target = Target::default();
        target.announce(announced(&["10.0.0.7:80", "10.0.0.8:80"]), None);
        assert!(target.spoiled("10.0.0.7:80"));
        assert_eq!(
            target.choice().map(|choice| choice.last),
            Some(vec!["10.0.0.7:80".to_owned()])
        );
        assert!(!target.spoiled("10.0.0.8:80"));
        target.failed();
        assert_eq!(target.choice().map(|choice| choice.last), Some(Vec::new()));
        // Where there is only one address, there is no other to try at once.
        target.announce(announced(&["10.0.0.7:80"]), None);
        assert!(!target.spoiled("10.0.0.7:80"));
        assert!(!target.spoiled("192.0.2.1:80"));
    }
}
