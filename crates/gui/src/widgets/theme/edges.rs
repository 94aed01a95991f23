//! The edges of text fields, combo boxes and check boxes, by which one sees
//! where they are: contrast of 3:1 (WCAG 2.2, 1.4.11). egui draws those of all
//! controls in one color, and buttons would look heavy in this one.

use eframe::egui::{
    AsIdSalt, Color32, ComboBox, Context, TextEdit,
    class::{ClassName, HasClasses as _},
    theme::{DefaultStyle, StyleProvider},
    widget_style::{ButtonStyle, CheckboxStyle, StyleArgs, TextEditStyle, WidgetState},
};

/// Buttons that look like a field because they show a value: combo boxes and
/// numbers that are dragged.
pub(crate) const FIELD: ClassName = ClassName::from_static("switchboard::field");

/// Gives a combo box the edge of a field.
pub(crate) fn combo_box(id_salt: impl AsIdSalt) -> ComboBox<'static> {
    let mut combo = ComboBox::from_id_salt(id_salt);
    combo.add_class(FIELD);
    combo
}

/// Replaces egui's styles.
pub(super) fn install(ctx: &Context) {
    ctx.replace_widget_theme::<TextEditStyle>(Edges);
    ctx.replace_widget_theme::<ButtonStyle>(Edges);
    ctx.replace_widget_theme::<CheckboxStyle>(Edges);
}

struct Edges;

impl StyleProvider<TextEditStyle> for Edges {
    fn style(&mut self, of: &StyleArgs<'_>) -> TextEditStyle {
        let mut style: TextEditStyle = DefaultStyle.style(of);
        if !of.classes.has_class(&TextEdit::CLASS_READ_ONLY) {
            replace(&mut style.atom_layout.frame.stroke.color, of);
        }
        style
    }
}

impl StyleProvider<ButtonStyle> for Edges {
    fn style(&mut self, of: &StyleArgs<'_>) -> ButtonStyle {
        let mut style: ButtonStyle = DefaultStyle.style(of);
        if of.classes.has_class(&FIELD) {
            replace(&mut style.atom_layout.frame.stroke.color, of);
        }
        style
    }
}

impl StyleProvider<CheckboxStyle> for Edges {
    fn style(&mut self, of: &StyleArgs<'_>) -> CheckboxStyle {
        let mut style: CheckboxStyle = DefaultStyle.style(of);
        replace(&mut style.checkbox_frame.stroke.color, of);
        style
    }
}

/// The edge of what can be used, at rest and under the pointer. What has the
/// focus has an edge of its own.
fn replace(edge: &mut Color32, of: &StyleArgs<'_>) {
    let visuals = &of.style.visuals;
    *edge = match of.state {
        // The outline of a palette.
        WidgetState::Inactive => visuals.widgets.hovered.bg_stroke.color,
        WidgetState::Hovered => visuals.weak_text_color(),
        WidgetState::Noninteractive | WidgetState::Active => *edge,
    };
}
