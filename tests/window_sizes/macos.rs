//! Shortcuts on every page as they read on macOS, which has ⌘ in place of Ctrl.
//! How each reads is tested in `crates/gui/src/widgets/shortcut.rs`.

use eframe::egui::{Shape, os::OperatingSystem};
use gui::ThemeChoice;

use super::{
    faults::flat,
    pages::{open, overlays, pages},
    plain,
};

#[test]
fn nothing_that_is_drawn_on_macos_names_ctrl() {
    let mut commands = 0;
    for case in pages(plain).into_iter().chain(overlays()) {
        let mut harness = open(&case, ThemeChoice::Dark);
        harness.ctx.set_os(OperatingSystem::Mac);
        (case.go)(&mut harness);
        harness.run_steps(4);
        for (_, shape) in flat(&harness.output().shapes) {
            let Shape::Text(text) = shape else { continue };
            let text = text.galley.text();
            assert!(!text.contains("Ctrl"), "{}: {text:?}", case.name);
            commands += usize::from(text.contains('⌘'));
        }
    }
    // The list of shortcuts alone has more.
    assert!(commands > 10, "only {commands} texts with ⌘");
}
