//! Whatever arrives, neither side fails.

use proptest::prelude::*;
use remote::server::Role;

use crate::pair::{Desk, Window, component};

proptest! {
    #[test]
    fn neither_side_fails_at_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut desk = Desk::new();
        desk.board("Lamp", vec![component("light:0", &protocol::State::new())]);
        let mut window = Window::open(&desk, "Ada", Role::Control);
        if let Some(session) = &mut window.session {
            let _ = session.receive(&bytes);
        }
        let _ = window.mirror.received(&bytes);
        window.settle();
        prop_assert!(!window.has.is_empty());
    }
}
