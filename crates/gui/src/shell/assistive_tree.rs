//! Completes the accessibility tree before it goes to the platform, for all
//! widgets at once: egui calls what is selected in a list toggled, AccessKit
//! passes a value that is a text only to some platforms, and icons are
//! characters that no screen reader can read.

use eframe::egui::{
    self, Context, FullOutput,
    accesskit::{Node, Role, Toggled},
};

/// Installed once per context.
pub(crate) struct AssistiveTree;

impl egui::Plugin for AssistiveTree {
    fn debug_name(&self) -> &'static str {
        "assistive tree"
    }

    fn output_hook(&mut self, _ctx: &Context, output: &mut FullOutput) {
        if let Some(update) = &mut output.platform_output.accesskit_update {
            update.nodes.iter_mut().for_each(|(_, node)| complete(node));
        }
    }
}

fn complete(node: &mut Node) {
    without_icons(node);
    if matches!(
        node.role(),
        Role::ListBoxOption | Role::Tab | Role::MenuItem
    ) && let Some(toggled) = node.toggled()
    {
        node.clear_toggled();
        node.set_selected(toggled == Toggled::True);
    }
    // AT-SPI has texts of fields and numbers of ranges, but no place for the
    // option that a combo box shows.
    if cfg!(target_os = "linux")
        && has_unread_value(node)
        && let Some(value) = node.value().map(str::to_owned)
    {
        let words = match node.description() {
            Some(description) => format!("{value}, {description}"),
            None => value,
        };
        node.set_description(words);
    }
}

/// Icons are in the private use area of Unicode. A label that is one says
/// nothing.
fn without_icons(node: &mut Node) {
    let is_icon = |sign: char| ('\u{e000}'..='\u{f8ff}').contains(&sign);
    let words = |text: &str| {
        text.contains(is_icon)
            .then(|| text.replace(is_icon, "").trim().to_owned())
    };
    if let Some(words) = node.label().and_then(words) {
        node.set_label(words);
    }
    if node.role() == Role::Label
        && let Some(words) = node.value().and_then(words)
    {
        if words.is_empty() {
            node.set_hidden();
        }
        node.set_value(words);
    }
}

fn has_unread_value(node: &Node) -> bool {
    match node.role() {
        Role::ComboBox
        | Role::Button
        | Role::Switch
        | Role::CheckBox
        | Role::RadioButton
        | Role::ColorWell
        | Role::ListBoxOption
        | Role::MenuItem
        | Role::Tab
        | Role::GraphicsObject => true,
        Role::Slider | Role::SpinButton | Role::ProgressIndicator => node.numeric_value().is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_selected_in_a_list_is_not_a_toggle() {
        let mut row = Node::new(Role::ListBoxOption);
        row.set_toggled(Toggled::True);
        complete(&mut row);
        assert_eq!((row.toggled(), row.is_selected()), (None, Some(true)));
        let mut switch = Node::new(Role::Switch);
        switch.set_toggled(Toggled::True);
        complete(&mut switch);
        assert_eq!(switch.toggled(), Some(Toggled::True));
    }

    #[test]
    fn icons_are_not_part_of_a_name() {
        let mut button = Node::new(Role::Button);
        button.set_label("\u{e6c8}  Save as scene");
        complete(&mut button);
        assert_eq!(button.label(), Some("Save as scene"));
        let mut icon = Node::new(Role::Label);
        icon.set_value("\u{e6c8}");
        complete(&mut icon);
        assert!(icon.is_hidden());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_value_that_is_a_text_is_read_as_the_description() {
        let mut combo = Node::new(Role::ComboBox);
        combo.set_value("eco");
        complete(&mut combo);
        assert_eq!(combo.description(), Some("eco"));
        let mut slider = Node::new(Role::Slider);
        slider.set_value("60 %");
        slider.set_numeric_value(60.0);
        complete(&mut slider);
        assert_eq!(slider.description(), None);
    }
}
