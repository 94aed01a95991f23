//! The keyboard shortcuts with Ctrl, which is ⌘ on macOS: what is pressed, and
//! how it reads there.

use eframe::egui::{Context, Key, KeyboardShortcut, Modifiers, ViewportCommand};

pub(crate) use eframe::egui::gui_zoom::kb_shortcuts::{ZOOM_IN, ZOOM_OUT, ZOOM_RESET};

pub(crate) const COMMANDS: KeyboardShortcut = command(Key::K);
pub(crate) const FIND: KeyboardShortcut = command(Key::F);
pub(crate) const ADD: KeyboardShortcut = command(Key::N);
pub(crate) const UNDO: KeyboardShortcut = command(Key::Z);
pub(crate) const REDO: KeyboardShortcut = command_shift(Key::Z);
/// As on Windows.
pub(crate) const REDO_ALSO: KeyboardShortcut = command(Key::Y);
pub(crate) const RENAME: KeyboardShortcut = plain(Key::F2);
pub(crate) const HELP: KeyboardShortcut = plain(Key::F1);
pub(crate) const SELECT_ALL: KeyboardShortcut = command(Key::A);
pub(crate) const CLEAR: KeyboardShortcut = plain(Key::Escape);
pub(crate) const SEND: KeyboardShortcut = command(Key::Enter);
pub(crate) const EARLIER: KeyboardShortcut = command(Key::ArrowUp);
pub(crate) const LATER: KeyboardShortcut = command(Key::ArrowDown);

/// Of a window on macOS, where winit's menu has no entries for them.
const CLOSE: KeyboardShortcut = command(Key::W);
const MINIMIZE: KeyboardShortcut = command(Key::M);

/// A key alone.
pub(crate) const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

/// A key with Ctrl, or ⌘ on macOS.
pub(crate) const fn command(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

/// A key with Shift and Ctrl, or ⌘ on macOS.
pub(crate) const fn command_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

/// A key with Shift.
pub(crate) const fn shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::SHIFT, key)
}

/// How a shortcut reads on this system: `Ctrl+K`, or `⌘K` on macOS.
pub(crate) fn name(ctx: &Context, shortcut: &KeyboardShortcut) -> String {
    let key = match (shortcut.logical_key, ctx.os().is_mac()) {
        (Key::Plus, _) => "+",
        (Key::Minus, _) => "-",
        (Key::ArrowUp, true) => "↑",
        (Key::ArrowDown, true) => "↓",
        (Key::ArrowLeft, true) => "←",
        (Key::ArrowRight, true) => "→",
        (key, _) => key.name(),
    };
    with_modifiers(ctx, shortcut.modifiers, key)
}

/// How the wheel with Ctrl, or ⌘ on macOS, reads.
pub(crate) fn wheel(ctx: &Context) -> String {
    with_modifiers(ctx, Modifiers::COMMAND, "wheel")
}

fn with_modifiers(ctx: &Context, modifiers: Modifiers, key: &str) -> String {
    let modifiers = ctx.format_modifiers(modifiers);
    // Symbols are written without a plus sign.
    let between = match modifiers.ends_with(|last: char| last.is_ascii()) {
        true => "+",
        false => "",
    };
    format!("{modifiers}{between}{key}")
}

/// Closes and minimizes the window as every window on macOS. ⌘Q and ⌘H are in
/// winit's menu.
pub(crate) fn of_window(ctx: &Context) {
    if !ctx.os().is_mac() {
        return;
    }
    if ctx.input_mut(|input| input.consume_shortcut(&CLOSE)) {
        ctx.send_viewport_cmd(ViewportCommand::Close);
    }
    let minimized = ctx.input_mut(|input| {
        // Without Shift, which belongs to another shortcut.
        !input.modifiers.shift && input.consume_shortcut(&MINIMIZE)
    });
    if minimized {
        ctx.send_viewport_cmd(ViewportCommand::Minimized(true));
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Event, RawInput, ViewportId, os::OperatingSystem};

    use super::*;
    use crate::widgets::{fonts, theme};

    /// A context of this system that has drawn a frame.
    fn context(os: OperatingSystem) -> Context {
        let ctx = Context::default();
        theme::install(&ctx);
        let _fonts = fonts::install(&ctx);
        ctx.set_os(os);
        let mut output = ctx.run_ui(RawInput::default(), |_| {});
        output.textures_delta.clear();
        ctx
    }

    #[test]
    fn shortcuts_read_as_the_system_writes_them() {
        for (shortcut, mac, others) in [
            (COMMANDS, "⌘K", "Ctrl+K"),
            (REDO, "⇧⌘Z", "Ctrl+Shift+Z"),
            (SEND, "⌘Enter", "Ctrl+Enter"),
            (EARLIER, "⌘↑", "Ctrl+Up"),
            (shift(Key::ArrowLeft), "⇧←", "Shift+Left"),
            (ZOOM_IN, "⌘+", "Ctrl++"),
            (ZOOM_OUT, "⌘-", "Ctrl+-"),
            (HELP, "F1", "F1"),
        ] {
            assert_eq!(name(&context(OperatingSystem::Mac), &shortcut), mac);
            for os in [OperatingSystem::Nix, OperatingSystem::Windows] {
                assert_eq!(name(&context(os), &shortcut), others);
            }
        }
        assert_eq!(wheel(&context(OperatingSystem::Mac)), "⌘wheel");
        assert_eq!(wheel(&context(OperatingSystem::Nix)), "Ctrl+wheel");
    }

    #[test]
    fn a_window_on_macos_is_closed_and_minimized_by_keys() {
        let command = Modifiers::COMMAND;
        for (os, key, modifiers, wanted) in [
            (
                OperatingSystem::Mac,
                Key::W,
                command,
                Some(ViewportCommand::Close),
            ),
            (
                OperatingSystem::Mac,
                Key::M,
                command,
                Some(ViewportCommand::Minimized(true)),
            ),
            (
                OperatingSystem::Mac,
                Key::M,
                command | Modifiers::SHIFT,
                None,
            ),
            (OperatingSystem::Nix, Key::W, command, None),
            (OperatingSystem::Windows, Key::M, command, None),
        ] {
            let ctx = context(os);
            let pressed = Event::Key {
                key,
                physical_key: None,
                pressed: true,
                repeat: false,
                modifiers,
            };
            let input = RawInput {
                events: vec![Event::ModifiersChanged(modifiers), pressed],
                ..RawInput::default()
            };
            let mut output = ctx.run_ui(input, |ui| of_window(ui.ctx()));
            output.textures_delta.clear();
            let commands = &output.viewport_output[&ViewportId::ROOT].commands;
            let ours = commands.iter().find(|command| {
                matches!(
                    command,
                    ViewportCommand::Close | ViewportCommand::Minimized(_)
                )
            });
            assert_eq!(ours, wanted.as_ref(), "{os:?} {key:?} {modifiers:?}");
        }
    }
}
