//! Decides which of a board's addresses is tried next. Resolves no names.

use protocol::RPC_PATH;

/// Where a board was announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// `host:port`.
    pub address: String,
    /// Where the control channel is.
    pub path: String,
}

/// The addresses of one board. A link that fails at one tries the other next.
#[derive(Debug, Clone, Default)]
pub(crate) struct Target {
    by_hand: Option<String>,
    announced: Option<Place>,
    second_choice: bool,
}

impl Target {
    /// The person gave this address.
    pub(crate) fn give(&mut self, address: String) {
        self.second_choice = self.announced.is_some();
        self.by_hand = Some(address);
    }

    /// The board announced this place; whether that is news. What is announced now is the best that is known.
    pub(crate) fn announce(&mut self, place: Place) -> bool {
        let news = self.announced.as_ref() != Some(&place);
        if news {
            self.announced = Some(place);
            self.second_choice = false;
        }
        news
    }

    /// The last attempt failed.
    pub(crate) fn failed(&mut self) {
        self.second_choice = !self.second_choice;
    }

    /// Where to go: `host:port` and the URL.
    pub(crate) fn choice(&self) -> Option<(String, String)> {
        let hand = self.by_hand.as_deref().map(|address| (address, RPC_PATH));
        let announced = self.announced.as_ref().map(|place| (place.address.as_str(), path(&place.path)));
        let (first, second) = (announced.or(hand), hand.or(announced));
        let (address, path) = if self.second_choice { second } else { first }?;
        Some((address.to_owned(), format!("ws://{address}{path}")))
    }
}

/// A path from the network goes into a URL only where it is one.
fn path(path: &str) -> &str {
    let plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.".contains(&b));
    if path.starts_with('/') && path.len() <= 128 && plain { path } else { RPC_PATH }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_announced_goes_before_what_was_typed_until_it_fails() {
        let mut target = Target::default();
        assert_eq!(target.choice(), None);
        target.give("lamp.lan:80".into());
        assert_eq!(target.choice().map(|c| c.1).as_deref(), Some("ws://lamp.lan:80/rpc"));
        assert!(target.announce(Place { address: "10.0.0.7:80".into(), path: "/rpc".into() }));
        assert_eq!(target.choice().map(|c| c.0).as_deref(), Some("10.0.0.7:80"));
        target.failed();
        assert_eq!(target.choice().map(|c| c.0).as_deref(), Some("lamp.lan:80"));
    }

    #[test]
    fn a_path_that_is_none_is_not_believed() {
        let mut target = Target::default();
        target.announce(Place { address: "10.0.0.7:80".into(), path: "@evil.example/ x".into() });
        assert_eq!(target.choice().map(|c| c.1).as_deref(), Some("ws://10.0.0.7:80/rpc"));
    }
}
