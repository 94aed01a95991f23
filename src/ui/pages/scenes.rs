//! The scenes page: the wanted and current state of each component of a scene,
//! and the button that applies it. Each component shows the result of the last
//! time.

use std::collections::BTreeSet;

use eframe::egui::{
    Align2, Button, Color32, Margin, Rect, RichText, ScrollArea, Sense, Slider, Stroke, Ui,
    WidgetInfo, accesskit::Role, pos2, vec2,
};
use protocol::{State, limits};

use crate::{
    documents::{Document, DocumentKind, Fit, Scene, SceneStep, Shelf, settable, state_of},
    fleet::Outcome,
    ui::{
        model::{
            action::{BoardCommand, PinTarget, WindowAction},
            batch::{Batch, BatchStep, Operation, SentBatch},
            boards::Model,
            page_context::PageContext,
            pin::Pin,
        },
        widgets::{
            component_picker,
            document_bar::{DocumentBar, empty},
            icon,
            layout::{Within as _, between, left_of},
            page_view::PageView,
            text,
            theme::{self, UNIT, palette},
        },
    },
    words,
};

/// The height of a row.
const ROW: f32 = 36.0;

/// The page.
pub(crate) struct Scenes {
    pub(crate) documents: DocumentBar<Scene>,
    /// The search text of the component picker.
    find: String,
}

/// The status of a component of a scene.
struct Standing {
    sign: &'static str,
    color: Color32,
    /// The text after the wanted state.
    words: String,
}

impl Scenes {
    pub(crate) fn new(shelf: Shelf<Scene>) -> Self {
        Self {
            documents: DocumentBar::new(shelf),
            find: String::new(),
        }
    }

    /// Adds a component with its current state to the scene with this index, or
    /// to a new one; returns a message.
    ///
    /// # Errors
    /// When it cannot be added.
    pub(crate) fn pin(
        &mut self,
        pin: Pin,
        at: Option<usize>,
        model: &Model,
    ) -> Result<String, String> {
        let words = pin.words();
        let Some((_, view)) = model
            .pinned(&pin)
            .filter(|(_, view)| now_of(view).is_some())
        else {
            return Err(format!(
                "The state of {words} is unknown; it cannot be added to a scene."
            ));
        };
        let shown = self.documents.shown().map(|(at, _)| at);
        let at = at.unwrap_or_else(|| self.documents.begin(DocumentKind::Scene));
        let Some(scene) = self.documents.shelf.items.get_mut(at) else {
            return Err("That scene no longer exists.".to_owned());
        };
        scene.take(pin, &view.descriptor.key.kind, &view.shown());
        let words = format!("Added {words} to {} with its current state.", scene.name);
        if let Some(shown) = shown {
            self.documents.show(shown);
        }
        Ok(words)
    }

    /// Creates a scene with the current state of these components, and shows
    /// it; returns how many of them can be in a scene.
    pub(crate) fn take(&mut self, name: &str, pins: Vec<Pin>, model: &Model) -> usize {
        let mut scene = Scene::new(name);
        for pin in pins {
            if let Some((_, view)) = model.pinned(&pin) {
                scene.take(pin.clone(), &view.descriptor.key.kind, &view.shown());
            }
        }
        let taken = scene.steps.len();
        if taken > 0 {
            self.documents.add(scene);
        }
        taken
    }

    /// The commands that apply the scene with this index.
    pub(crate) fn batch(&self, at: usize, model: &Model) -> Option<Batch> {
        self.documents
            .shelf
            .items
            .get(at)
            .map(|scene| batch(scene, model))
    }
}

impl PageView for Scenes {
    fn margin(&self, _context: &PageContext<'_>) -> Margin {
        Margin {
            left: 20,
            right: 12,
            top: 12,
            bottom: 4,
        }
    }

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        let Self { documents, find } = self;
        documents.bar(
            ui,
            DocumentKind::Scene,
            |scene| Document::Scene(scene.clone()),
            context,
            |ui, documents, context| {
                let Some((at, scene)) = documents.shown() else {
                    return;
                };
                let add = ui.add(Button::new(format!("{}  Add…", icon::PLUS)));
                add.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Add to the scene"));
                let fits = |view: &crate::fleet::ComponentView| {
                    !settable(&view.descriptor.kind).is_empty()
                };
                let has = |pin: &Pin| scene.steps.iter().any(|step| step.pin == *pin);
                let chosen = component_picker::below(&add, context.model, find, fits, has);
                context.extend(chosen.map(|pin| {
                    WindowAction::Pin(
                        pin,
                        PinTarget {
                            kind: DocumentKind::Scene,
                            at: Some(at),
                        },
                    )
                }));
            },
        );
        ui.add_space(UNIT);
        let Some((at, scene)) = self.documents.shown() else {
            let words = "A scene stores the state of lights, switches and values, and restores \
                it with one click, with a fade if you like. Set everything as you want it. Then \
                create a scene and add components, or create one from a dashboard, from several \
                selected boards, or from the menu of a card.";
            self.documents.nothing(ui, DocumentKind::Scene, words);
            return;
        };
        for board in scene
            .steps
            .iter()
            .filter_map(|step| context.model.pinned_board(&step.pin))
        {
            context.shows(board.key);
        }
        let last = context.batches.newest(&title(scene));
        head(ui, at, scene, context);
        let Some(scene) = self.documents.shown_mut() else {
            return;
        };
        fade(ui, scene, context.model);
        ui.add_space(UNIT);
        if scene.steps.is_empty() {
            let words = "Add components with the button at the upper right. Each is added with \
                its current state.";
            empty(ui, "This scene is empty.", words, |_| {});
            return;
        }
        steps(ui, scene, context.model, last);
    }
}

/// The title of a batch that applies the scene.
fn title(scene: &Scene) -> String {
    format!("Apply {}", scene.name)
}

fn batch(scene: &Scene, model: &Model) -> Batch {
    let mut batch = Batch::new(title(scene), Vec::new());
    for step in &scene.steps {
        match model.pinned_board(&step.pin) {
            Some(board) => {
                let what =
                    Operation::Set(step.pin.component.clone(), step.change(scene.transition_ms));
                batch.steps.push(BatchStep {
                    board: board.key,
                    what,
                });
            }
            None => batch.absent.push(step.pin.words()),
        }
    }
    batch
}

/// The button that applies it, and how many components match already.
fn head(ui: &mut Ui, at: usize, scene: &Scene, context: &PageContext<'_>) {
    let palette = palette(ui);
    let boards: BTreeSet<&str> = scene
        .steps
        .iter()
        .map(|step| step.pin.board.as_str())
        .collect();
    let absent = boards
        .iter()
        .filter(|board| context.model.known_as(board).is_none())
        .count();
    let fits = scene
        .steps
        .iter()
        .filter(|step| fit(step, context.model) == Some(Fit::AsWanted))
        .count();
    ui.horizontal(|ui| {
        let words = RichText::new(format!("{}  Apply", icon::PLAY)).color(palette.on_accent);
        let apply = Button::new(words)
            .fill(palette.accent)
            .min_size(vec2(112.0, 32.0));
        let apply = ui.add_enabled(!scene.steps.is_empty(), apply);
        apply.widget_info(|| {
            WidgetInfo::labeled(Role::Button, !scene.steps.is_empty(), title(scene))
        });
        if apply
            .on_hover_text("Set everything to the state in the scene; can be undone (Ctrl+Z)")
            .clicked()
        {
            context.push(BoardCommand::ApplyScene(at));
        }
        let count = |number: usize, what: &str| {
            words::count(u64::try_from(number).unwrap_or(u64::MAX), what)
        };
        let mut told = format!(
            "{} on {}",
            count(scene.steps.len(), "component"),
            count(boards.len(), "board")
        );
        if !scene.steps.is_empty() {
            told.push_str(&match fits {
                all if all == scene.steps.len() => "; all match now".to_owned(),
                some => format!("; {some} match now"),
            });
        }
        if absent > 0 {
            told.push_str(&format!("; {} not available", count(absent, "board")));
        }
        text::label(ui, &told, &told, theme::body(), palette.weak);
    });
}

/// The transition time, and the button that updates all components.
fn fade(ui: &mut Ui, scene: &mut Scene, model: &Model) {
    ui.horizontal(|ui| {
        text::label(ui, "fade", "fade", theme::body(), palette(ui).weak)
            .on_hover_text("Transition time of lights; everything else is set at once");
        let mut seconds = f64::from(scene.transition_ms) / 1e3;
        let most = f64::from(limits::TRANSITION_MS) / 1e3;
        let slider = Slider::new(&mut seconds, 0.0..=most)
            .step_by(0.1)
            .fixed_decimals(1)
            .suffix(" s");
        if ui.add(slider).accessible_name("Fade").changed() {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0 to 10,000"
            )]
            let millis = (seconds.clamp(0.0, most) * 1e3).round() as u32;
            scene.transition_ms = millis;
        }
        ui.add_space(UNIT);
        let take = ui.add_enabled(
            !scene.steps.is_empty(),
            Button::new("Update all to current state"),
        );
        if take
            .on_hover_text("Store the current state of all available components")
            .clicked()
        {
            for pin in scene
                .steps
                .iter()
                .map(|step| step.pin.clone())
                .collect::<Vec<_>>()
            {
                if let Some((_, view)) = model.pinned(&pin) {
                    scene.take(pin.clone(), &view.descriptor.key.kind, &view.shown());
                }
            }
        }
    });
}

/// Whether a component is as wanted; `None` if it is not available.
fn fit(step: &SceneStep, model: &Model) -> Option<Fit> {
    model
        .pinned(&step.pin)
        .map(|(_, view)| step.fit(&view.shown()))
}

fn steps(ui: &mut Ui, scene: &mut Scene, model: &Model, last: Option<&SentBatch>) {
    let mut removed = None;
    let mut taken = None;
    ui.spacing_mut().item_spacing.y = 0.0;
    columns(ui, |ui, [_, name, wanted, now, _]| {
        for (rect, words) in [(name, "component"), (wanted, "wanted"), (now, "now")] {
            text::paint(
                ui,
                rect,
                Align2::LEFT_CENTER,
                words,
                theme::small(),
                palette(ui).weak,
            );
        }
    });
    let area = ScrollArea::vertical().id_salt("steps").auto_shrink(false);
    area.show_rows(ui, ROW, scene.steps.len(), |ui, rows| {
        for at in rows {
            let Some(step) = scene.steps.get(at) else {
                continue;
            };
            columns(ui, |ui, rects| {
                let (take, remove) = row(ui, step, model, last, rects);
                if take {
                    taken = Some(step.pin.clone());
                }
                if remove {
                    removed = Some(at);
                }
            });
        }
    });
    if let Some(pin) = taken
        && let Some((_, view)) = model.pinned(&pin)
    {
        scene.take(pin.clone(), &view.descriptor.key.kind, &view.shown());
    }
    if let Some(at) = removed {
        scene.steps.remove(at);
    }
}

/// A row with its fields: icon, name, wanted state, current state, buttons.
fn columns(ui: &mut Ui, add: impl FnOnce(&mut Ui, [Rect; 5])) {
    let width = left_of(ui.available_width(), UNIT * 1.5);
    let (rect, _) = ui.allocate_exact_size(vec2(width, ROW), Sense::hover());
    ui.painter().hline(
        rect.x_range(),
        rect.bottom(),
        Stroke::new(1.0, palette(ui).border),
    );
    let (sign, buttons) = (28.0, 72.0);
    let rest = left_of(width, sign + buttons);
    let mut left = rect.left();
    let rects = [sign, rest * 0.34, rest * 0.36, rest * 0.3, buttons].map(|width| {
        let field = between(
            pos2(left, rect.top()),
            pos2(left + width - UNIT, rect.bottom()),
        );
        left += width;
        field
    });
    add(ui, rects);
}

/// Shows a component of the scene; returns whether to update it to the current
/// state, and whether to remove it.
fn row(
    ui: &mut Ui,
    step: &SceneStep,
    model: &Model,
    last: Option<&SentBatch>,
    [sign, name, wanted, now, buttons]: [Rect; 5],
) -> (bool, bool) {
    let palette = palette(ui);
    let title = model.pin_title(&step.pin);
    let descriptor = model
        .pinned(&step.pin)
        .map(|(_, view)| view.descriptor.as_ref());
    let wants = words::fields(&step.set, descriptor);
    let standing = standing(ui, step, model, last);
    text::paint(
        ui,
        sign,
        Align2::CENTER_CENTER,
        standing.sign,
        theme::icon(),
        standing.color,
    );
    let spoken = format!("{title}: {wants}; {}", standing.words);
    text::field(
        ui,
        name,
        Align2::LEFT_CENTER,
        &title,
        &spoken,
        (theme::body(), palette.text),
    )
    .on_hover_text(&spoken);
    let mut wanted = wanted;
    if let Some([r, g, b]) = step.set.rgb() {
        let swatch = Rect::from_center_size(
            pos2(wanted.left() + 8.0, wanted.center().y),
            vec2(16.0, 16.0),
        );
        ui.painter()
            .rect_filled(swatch, theme::CONTROL_RADIUS, Color32::from_rgb(r, g, b));
        let outline = Stroke::new(1.0, palette.outline);
        ui.painter().rect_stroke(
            swatch,
            theme::CONTROL_RADIUS,
            outline,
            eframe::egui::StrokeKind::Inside,
        );
        wanted = wanted.after_x(swatch.right() + UNIT);
    }
    text::paint(
        ui,
        wanted,
        Align2::LEFT_CENTER,
        &wants,
        theme::body(),
        palette.text,
    );
    text::paint(
        ui,
        now,
        Align2::LEFT_CENTER,
        &standing.words,
        theme::body(),
        standing.color,
    );
    let half = buttons.split_left_right_at_fraction(0.5);
    let there = model
        .pinned(&step.pin)
        .is_some_and(|(_, view)| now_of(view).is_some());
    let button = |ui: &mut Ui, rect: Rect, enabled: bool, sign: &str, name: String, hint: &str| {
        let mut child = ui.new_child(
            eframe::egui::UiBuilder::new()
                .id_salt(&name)
                .max_rect(rect.inset(vec2(1.0, 5.0))),
        );
        let response = child.add_enabled(enabled, Button::new(sign).frame_when_inactive(false));
        response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, &name));
        response.on_hover_text(hint).clicked()
    };
    let take = button(
        ui,
        half.0,
        there,
        icon::ARROW_CLOCKWISE,
        format!("{title}: update to current state"),
        "Store its current state",
    );
    let remove = button(
        ui,
        half.1,
        true,
        icon::X,
        format!("{title}: remove"),
        "Remove from the scene",
    );
    (take, remove)
}

/// The result of the last time, until the component's state shows it.
fn standing(ui: &Ui, step: &SceneStep, model: &Model, last: Option<&SentBatch>) -> Standing {
    let palette = palette(ui);
    let is = |sign, color, words: &str| Standing {
        sign,
        color,
        words: words.to_owned(),
    };
    let Some((board, view)) = model.pinned(&step.pin) else {
        return match model.pinned_board(&step.pin) {
            Some(_) => is(icon::X_CIRCLE, palette.bad, "unknown on its board"),
            None => is(icon::X_CIRCLE, palette.bad, "board not available"),
        };
    };
    let shown = view.shown();
    let fit = step.fit(&shown);
    let answered = last.and_then(|given| {
        let of =
            |what: &Operation| matches!(what, Operation::Set(key, _) if *key == step.pin.component);
        given
            .steps
            .iter()
            .find(|answered| answered.step.board == board.key && of(&answered.step.what))
    });
    match answered.map(|answered| &answered.outcome) {
        Some(None) => return is(icon::CLOCK, palette.underway, "pending"),
        Some(Some(outcome)) if !matches!(outcome, Outcome::Done { .. }) && fit != Fit::AsWanted => {
            return is(icon::WARNING, palette.bad, &words::answer(outcome));
        }
        _ => {}
    }
    // A light that shows a color temperature where a color is wanted is
    // described by it.
    let mut now = now_of(view).unwrap_or_default();
    now.0
        .retain(|field, _| step.set.get(field).is_some() || matches!(field, "rgb" | "ct_k"));
    let now = words::fields(&now, Some(&view.descriptor));
    match fit {
        Fit::AsWanted => is(icon::CHECK, palette.good, "as wanted"),
        Fit::Otherwise => Standing {
            sign: icon::ARROW_RIGHT,
            color: palette.weak,
            words: format!("now {now}"),
        },
        Fit::Unknown => is(icon::CLOCK, palette.weak, "unknown"),
    }
}

/// The current state of a component, as far as it can be set and is known.
fn now_of(view: &crate::fleet::ComponentView) -> Option<State> {
    state_of(&view.descriptor.key.kind, &view.shown())
}
