//! Verbs: what can be done with a thing. A menu shows them, and the command
//! palette offers the same ones.

use eframe::egui::{Button, Id, Response, Ui, WidgetInfo, accesskit::Role};

use crate::model::{action::Action, page_context::PageContext};

/// The key under which the next menu's first entry finds that it has to take
/// the focus.
const ENTERED: &str = "menu entered by key";

/// Something that can be done with a thing.
#[derive(Debug, Clone)]
pub(crate) struct Verb {
    pub(crate) sign: &'static str,
    /// The text in a menu: `Assign room…`.
    pub(crate) words: String,
    /// What it asks for, in order.
    pub(crate) actions: Vec<Action>,
    /// Why it cannot be done now.
    pub(crate) why_not: Option<&'static str>,
    /// Whether a line separates it from the verbs above.
    pub(crate) begins_group: bool,
}

impl Verb {
    pub(crate) fn new(
        sign: &'static str,
        words: impl Into<String>,
        action: impl Into<Action>,
    ) -> Self {
        Self::several(sign, words, [action])
    }

    /// A verb that asks for several actions.
    pub(crate) fn several<A: Into<Action>>(
        sign: &'static str,
        words: impl Into<String>,
        actions: impl IntoIterator<Item = A>,
    ) -> Self {
        Self {
            sign,
            words: words.into(),
            actions: actions.into_iter().map(Into::into).collect(),
            why_not: None,
            begins_group: false,
        }
    }

    /// The same, disabled if there is a reason.
    pub(crate) fn unless(mut self, why_not: Option<&'static str>) -> Self {
        self.why_not = why_not;
        self
    }

    /// The same, separated from those above.
    pub(crate) fn begins_group(mut self) -> Self {
        self.begins_group = true;
        self
    }
}

/// The next menu is opened by a key: its first entry takes the focus.
pub(crate) fn enter_by_key(ctx: &eframe::egui::Context) {
    ctx.data_mut(|data| data.insert_temp(Id::unique(ENTERED), true));
}

/// Shows verbs as the entries of a menu, which a click closes.
pub(crate) fn menu(ui: &mut Ui, verbs: impl IntoIterator<Item = Verb>, context: &PageContext<'_>) {
    ui.set_min_width(200.0);
    for (at, verb) in verbs.into_iter().enumerate() {
        if verb.begins_group && at > 0 {
            ui.separator();
        }
        if verb_entry(ui, &verb, context) {
            context.extend(verb.actions);
        }
    }
}

/// A menu entry, whose accessible name is its text without the icon; a click
/// closes the menu.
pub(crate) fn entry(ui: &mut Ui, sign: &str, words: &str) -> bool {
    let response = ui.add(Button::new(format!("{sign}  {words}")).frame_when_inactive(false));
    response.widget_info(|| WidgetInfo::labeled(Role::MenuItem, true, words));
    if response.clicked() {
        ui.close();
    }
    response.clicked()
}

/// The entry of a verb.
fn verb_entry(ui: &mut Ui, verb: &Verb, context: &PageContext<'_>) -> bool {
    let why_not = context.model.why_not(&verb.actions).or(verb.why_not);
    let able = why_not.is_none();
    let button = Button::new(format!("{}  {}", verb.sign, verb.words)).frame_when_inactive(false);
    let response = ui.add_enabled(able, button);
    let response = explained(response, why_not);
    response.widget_info(|| WidgetInfo::labeled(Role::MenuItem, able, &verb.words));
    let entered = || {
        ui.data_mut(|data| data.remove_temp::<bool>(Id::unique(ENTERED)))
            .is_some()
    };
    if able && !ui.is_sizing_pass() && entered() {
        response.request_focus();
    }
    if response.clicked() {
        ui.close();
    }
    response.clicked()
}

/// A button that asks for actions; disabled, with the reason, if this window
/// cannot carry them out.
pub(crate) fn button<A: Into<Action>>(
    ui: &mut Ui,
    button: Button<'_>,
    hint: &str,
    actions: impl IntoIterator<Item = A>,
    context: &PageContext<'_>,
) -> Response {
    let actions: Vec<Action> = actions.into_iter().map(Into::into).collect();
    let why_not = context.model.why_not(&actions);
    let response = explained(ui.add_enabled(why_not.is_none(), button), why_not);
    if response.clicked() {
        context.extend(actions);
    }
    match hint {
        "" => response,
        hint => response.on_hover_text(hint),
    }
}

/// Says why something is disabled, to the pointer and to assistive technology.
pub(crate) fn explained(response: Response, why_not: Option<&'static str>) -> Response {
    let Some(why_not) = why_not else {
        return response;
    };
    response
        .ctx
        .accesskit_node_builder(response.id, |node| node.set_description(why_not));
    response.on_disabled_hover_text(why_not)
}
