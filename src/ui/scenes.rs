//! The page of scenes: what each component of a scene is to be and is now, and
//! the button that makes it so. What came of the last time is said at each
//! component.

use std::collections::BTreeSet;

use eframe::egui::{
    Align2, Button, Color32, Margin, Rect, RichText, ScrollArea, Sense, Slider, Stroke, Ui,
    WidgetInfo, accesskit::Role, pos2, vec2,
};
use protocol::{State, limits};

use super::{
    action::{BoardCommand, PinTarget, WindowAction},
    batch::{Batch, Given, Step, What},
    binder::{Binder, empty},
    icon,
    model::Model,
    offers,
    page_context::{PageContext, PageView},
    pin::Pin,
    text,
    theme::{self, UNIT, palette},
    words,
};
use crate::ui::room::{Within as _, between, left_of};
use crate::{
    documents::{Document, DocumentKind, Fit, Scene, SceneStep, Shelf, settable, state_of},
    fleet::Outcome,
};

/// The height of a component's row.
const ROW: f32 = 36.0;

/// The page.
pub(super) struct Scenes {
    pub(super) binder: Binder<Scene>,
    /// What is looked for among what can be added.
    find: String,
}

/// How a component of a scene stands.
struct Standing {
    sign: &'static str,
    color: Color32,
    /// In words, after what is wanted.
    words: String,
}

impl Scenes {
    pub(super) fn new(shelf: Shelf<Scene>) -> Self {
        Self {
            binder: Binder::new(shelf),
            find: String::new(),
        }
    }

    /// Takes a component as it is now into the scene in this place, or a new
    /// one; says in words what came of it.
    ///
    /// # Errors
    /// Where it cannot be.
    pub(super) fn pin(
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
                "What {words} is now is not known; it cannot be taken into a scene."
            ));
        };
        let shown = self.binder.shown().map(|(at, _)| at);
        let at = at.unwrap_or_else(|| self.binder.begin(DocumentKind::Scene));
        let Some(scene) = self.binder.shelf.items.get_mut(at) else {
            return Err("That scene is gone.".to_owned());
        };
        scene.take(pin, &view.descriptor.key.kind, &view.shown());
        let words = format!("{words} is in {} as it is now.", scene.name);
        if let Some(shown) = shown {
            self.binder.show(shown);
        }
        Ok(words)
    }

    /// Begins a scene with what these components are now, and shows it; how
    /// many of them can be in it.
    pub(super) fn take(&mut self, name: &str, pins: Vec<Pin>, model: &Model) -> usize {
        let mut scene = Scene::new(name);
        for pin in pins {
            if let Some((_, view)) = model.pinned(&pin) {
                scene.take(pin.clone(), &view.descriptor.key.kind, &view.shown());
            }
        }
        let taken = scene.steps.len();
        if taken > 0 {
            self.binder.add(scene);
        }
        taken
    }

    /// The commands that make everything what the scene in this place wants.
    pub(super) fn batch(&self, at: usize, model: &Model) -> Option<Batch> {
        self.binder
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
        let Self { binder, find } = self;
        binder.bar(
            ui,
            DocumentKind::Scene,
            |scene| Document::Scene(scene.clone()),
            context,
            |ui, binder, context| {
                let Some((at, scene)) = binder.shown() else {
                    return;
                };
                let add = ui.add(Button::new(format!("{}  Add…", icon::PLUS)));
                add.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Add to the scene"));
                let fits = |view: &crate::fleet::ComponentView| {
                    !settable(&view.descriptor.kind).is_empty()
                };
                let has = |pin: &Pin| scene.steps.iter().any(|step| step.pin == *pin);
                let chosen = offers::below(&add, context.model, find, fits, has);
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
        let Some((at, scene)) = self.binder.shown() else {
            let words = "A scene keeps what lights, switches and values are now, and makes them \
                 so again at one click, with a fade if \
                you like. Set everything as it is to be; then begin a scene and add the components, or take \
                one from a dashboard, from several chosen boards, or from the menu of a card.";
            self.binder.nothing(ui, DocumentKind::Scene, words);
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
        let Some(scene) = self.binder.shown_mut() else {
            return;
        };
        fade(ui, scene, context.model);
        ui.add_space(UNIT);
        if scene.steps.is_empty() {
            let words = "Add components with the button at the upper right. Each is taken in as \
                 it is at that moment.";
            empty(ui, "Nothing is in this scene yet.", words, |_| {});
            return;
        }
        steps(ui, scene, context.model, last);
    }
}

/// What a batch that applies the scene is called.
fn title(scene: &Scene) -> String {
    format!("Apply {}", scene.name)
}

fn batch(scene: &Scene, model: &Model) -> Batch {
    let mut batch = Batch::new(title(scene), Vec::new());
    for step in &scene.steps {
        match model.pinned_board(&step.pin) {
            Some(board) => {
                let what = What::Set(step.pin.component.clone(), step.change(scene.transition_ms));
                batch.steps.push(Step {
                    board: board.key,
                    what,
                });
            }
            None => batch.absent.push(step.pin.words()),
        }
    }
    batch
}

/// The button that applies it, and how much of it is so already.
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
            .on_hover_text("Make everything as the scene wants it; it can be undone (Ctrl+Z)")
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
                all if all == scene.steps.len() => "; all are so now".to_owned(),
                some => format!("; {some} of them so now"),
            });
        }
        if absent > 0 {
            told.push_str(&format!("; {} not there", count(absent, "board")));
        }
        text::label(ui, &told, &told, theme::body(), palette.weak);
    });
}

/// How fast, and everything taken once more.
fn fade(ui: &mut Ui, scene: &mut Scene, model: &Model) {
    ui.horizontal(|ui| {
        text::label(ui, "fade", "fade", theme::body(), palette(ui).weak)
            .on_hover_text("How long lights take; everything else is set at once");
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
            Button::new("Take all as they are now"),
        );
        if take
            .on_hover_text("Want from now on what the components that are there are now")
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

/// Whether a component is as wanted; `None` where it is not there.
fn fit(step: &SceneStep, model: &Model) -> Option<Fit> {
    model
        .pinned(&step.pin)
        .map(|(_, view)| step.fit(&view.shown()))
}

fn steps(ui: &mut Ui, scene: &mut Scene, model: &Model, last: Option<&Given>) {
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

/// A row with its fields: a sign, a name, what is wanted, what is now, buttons.
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

/// A component of the scene; whether it is to be taken as it is now, and
/// whether it is taken away.
fn row(
    ui: &mut Ui,
    step: &SceneStep,
    model: &Model,
    last: Option<&Given>,
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
        format!("{title}: take as it is now"),
        "Want from now on what it is now",
    );
    let remove = button(
        ui,
        half.1,
        true,
        icon::X,
        format!("{title}: take out"),
        "Take it out of the scene",
    );
    (take, remove)
}

/// What came of the last time, as long as it is not yet seen in what the
/// component is.
fn standing(ui: &Ui, step: &SceneStep, model: &Model, last: Option<&Given>) -> Standing {
    let palette = palette(ui);
    let is = |sign, color, words: &str| Standing {
        sign,
        color,
        words: words.to_owned(),
    };
    let Some((board, view)) = model.pinned(&step.pin) else {
        return match model.pinned_board(&step.pin) {
            Some(_) => is(icon::X_CIRCLE, palette.bad, "not known on its board"),
            None => is(icon::X_CIRCLE, palette.bad, "its board is not there"),
        };
    };
    let shown = view.shown();
    let fit = step.fit(&shown);
    let answered = last.and_then(|given| {
        let of = |what: &What| matches!(what, What::Set(key, _) if *key == step.pin.component);
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
    // A light that shows a white where a color is wanted is told with its
    // white.
    let mut now = now_of(view).unwrap_or_default();
    now.0
        .retain(|field, _| step.set.get(field).is_some() || matches!(field, "rgb" | "ct_k"));
    let now = words::fields(&now, Some(&view.descriptor));
    match fit {
        Fit::AsWanted => is(icon::CHECK, palette.good, "so now"),
        Fit::Otherwise => Standing {
            sign: icon::ARROW_RIGHT,
            color: palette.weak,
            words: format!("now {now}"),
        },
        Fit::Unknown => is(icon::CLOCK, palette.weak, "not known now"),
    }
}

/// What a component is now, as far as it can be set and is known.
fn now_of(view: &crate::fleet::ComponentView) -> Option<State> {
    state_of(&view.descriptor.key.kind, &view.shown())
}
