//! Keys of locked boards as this computer holds them: which there are ([`Keys`], plain data), and where they rest. Whoever shows or
//! uses a board gets the plain data; only faces load and save.

mod file;
mod held;
mod keychain;
mod store;

pub(crate) use file::write_secret;
pub use held::{Keys, KeysTextError};
pub use noise::{Key, KeyId, KeyTextError, Role};
pub use store::{Loaded, Store, StoreError};

use std::borrow::Cow;

/// What the text of every key begins with.
const MARK: &str = "switchboard-key:";

/// A text in which no key can be read any more: what begins as one is cut up to the next quote or space. For what is shown or logged.
pub(crate) fn without_secrets(text: &str) -> Cow<'_, str> {
    if !text.contains(MARK) {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split(MARK);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\')).unwrap_or(part.len());
        shown.push_str(MARK);
        shown.push('…');
        shown.push_str(part.get(end..).unwrap_or_default());
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_shown_wherever_it_stands() {
        let shown = without_secrets(r#"{"key":"switchboard-key:1:sb-1:5f3a91c2:view:AAECAw","role":"view"}"#);
        assert_eq!(shown, r#"{"key":"switchboard-key:…","role":"view"}"#);
        assert_eq!(
            without_secrets("two: switchboard-key:1:a switchboard-key:1:b"),
            "two: switchboard-key:… switchboard-key:…"
        );
        assert_eq!(without_secrets("{}"), "{}");
    }
}
