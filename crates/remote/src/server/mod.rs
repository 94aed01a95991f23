//! The server's side, without sockets: who is connected, and what each is told.

mod acts;
mod hub;
mod part;
mod session;

pub use hub::Hub;
pub use keys::Role;
pub use session::{Next, Session};

use crate::{
    Refusal,
    wire::{FROM_WINDOW, FromWindow, Hello, NAME, VERSION, decode, stated_version},
};

/// The longest message that a window may send, in bytes.
pub const MESSAGE: usize = FROM_WINDOW;

impl Hello {
    /// Reads the first message of a window.
    ///
    /// # Errors
    /// [`Refusal::OtherVersion`] or [`Refusal::NotAMessage`].
    pub fn read(message: &[u8]) -> Result<Self, Refusal> {
        // Another version may have other messages.
        match stated_version(message) {
            None => return Err(Refusal::NotAMessage),
            Some(version) if version != VERSION => return Err(Refusal::OtherVersion),
            Some(_) => {}
        }
        match decode(message) {
            Ok(FromWindow::Hello(hello)) => Ok(hello),
            _ => Err(Refusal::NotAMessage),
        }
    }

    /// The name of the person, short and without control characters; `None` if
    /// nothing is left.
    pub fn person(&self) -> Option<String> {
        let shown = self.name.chars().filter(|c| !c.is_control()).take(NAME);
        let name: String = shown.collect();
        let name = name.trim();
        (!name.is_empty()).then(|| name.to_owned())
    }
}
