//! The scenes page: the target and current state of each component of a scene,
//! and the button that applies it. Each component shows the result of the last
//! time.

mod changes;
mod steps;

use std::collections::BTreeSet;

use eframe::egui::{Button, Margin, RichText, Ui, WidgetInfo, accesskit::Role, vec2};
use protocol::limits;

use self::{
    changes::{change, updated, without},
    steps::steps,
};
use disk::documents::{DocumentKind, Fit, Scene, SceneStep, Shelf, settable};

use crate::{
    model::{
        action::{BoardCommand, PinTarget, WindowAction},
        batch::{Batch, BatchStep, Operation},
        boards::Model,
        page_context::PageContext,
        pin::Pin,
    },
    widgets::{
        component_picker::{ComponentPicker, Offer, Picked},
        document_bar::{DocumentBar, empty},
        icon,
        page_view::PageView,
        shortcut,
        slider::{Rail, Slider},
        text_line,
        theme::{self, UNIT, palette},
        value_field::ValueField,
        verb,
    },
};

/// The page.
pub(crate) struct Scenes {
    pub(crate) documents: DocumentBar<Scene>,
    pub(crate) picker: ComponentPicker,
}

impl Scenes {
    pub(crate) fn new(shelf: Shelf<Scene>) -> Self {
        Self {
            documents: DocumentBar::new(shelf),
            picker: ComponentPicker::default(),
        }
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

    fn least_size(&self) -> eframe::egui::Vec2 {
        theme::LEAST_SCENES.into()
    }

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        let Self { documents, picker } = self;
        documents.bar(ui, DocumentKind::Scene, context, |ui, _, _| {
            picker.button(ui, "Add to the scene");
        });
        ui.add_space(UNIT);
        let Some((at, scene)) = documents.shown() else {
            let words = "A scene stores the state of lights, switches and values, and restores it \
                with one click, with a fade if you like.";
            documents.nothing(ui, DocumentKind::Scene, words, context);
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
        fade(ui, at, scene, context);
        ui.add_space(UNIT);
        if scene.steps.is_empty() {
            let words = "Set lights, switches and values as you want them, then add them. Each is \
                added with its current state.";
            empty(ui, "This scene is empty.", words, |ui| {
                picker.first_button(ui, "Add components");
            });
        } else {
            steps(ui, at, scene, context, last);
        }
        add_or_remove(ui, picker, at, scene, context);
    }
}

/// The picker, while it is open.
fn add_or_remove(
    ui: &Ui,
    picker: &mut ComponentPicker,
    at: usize,
    scene: &Scene,
    context: &PageContext<'_>,
) {
    let offer = Offer {
        title: &format!("Add to {}", scene.name),
        fits: &|view| !settable(&view.descriptor.kind).is_empty(),
        has: &|pin| scene.steps.iter().any(|step| step.pin == *pin),
    };
    match picker.show(ui, context, &offer) {
        Some(Picked::Add(pins)) => {
            let target = PinTarget {
                kind: DocumentKind::Scene,
                at: Some(at),
            };
            context.push(WindowAction::PinAll(pins, target));
        }
        Some(Picked::Remove(pin)) => context.extend(without(at, scene, &pin, context.model)),
        None => {}
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
        let why_not = context
            .model
            .why_not(&[BoardCommand::ApplyScene(at).into()]);
        let able = !scene.steps.is_empty() && why_not.is_none();
        let apply = verb::explained(ui.add_enabled(able, apply), why_not);
        apply.widget_info(|| WidgetInfo::labeled(Role::Button, able, title(scene)));
        let undo = shortcut::name(ui.ctx(), &shortcut::UNDO);
        let hint = format!("Set all components to the state in the scene. Press {undo} to undo.");
        if apply.on_hover_text(hint).clicked() {
            context.push(BoardCommand::ApplyScene(at));
        }
        let count = |number: usize, what: &str| {
            text::count(u64::try_from(number).unwrap_or(u64::MAX), what)
        };
        let mut told = format!(
            "{} on {}",
            count(scene.steps.len(), "component"),
            count(boards.len(), "board")
        );
        if !scene.steps.is_empty() {
            told.push_str(&match fits {
                all if all == scene.steps.len() => "; all match".to_owned(),
                1 => "; 1 matches".to_owned(),
                some => format!("; {some} match"),
            });
        }
        if absent > 0 {
            told.push_str(&format!("; {} not found", count(absent, "board")));
        }
        text_line::label(ui, &told, &told, theme::body(), palette.weak).on_hover_text(&told);
    });
}

/// The transition time, and the button that updates all components.
fn fade(ui: &mut Ui, at: usize, scene: &Scene, context: &PageContext<'_>) {
    ui.horizontal_wrapped(|ui| {
        text_line::label(ui, "Fade", "Fade", theme::body(), palette(ui).weak)
            .on_hover_text("Transition time of lights; everything else is set at once");
        let value = Some(f64::from(scene.transition_ms) / 1e3);
        let limits = [0.0, f64::from(limits::TRANSITION_MS) / 1e3, 0.1];
        let slider = Slider {
            name: "Fade",
            value,
            absent: "",
            spread: None,
            limits,
            width: 160.0,
            rail: Rail::Filled,
        };
        let (_, slid) = slider.show(ui);
        let field = ValueField {
            name: "Exact fade",
            value,
            absent: "",
            limits,
            decimals: Some(1),
            unit: Some("s"),
        };
        let (_, typed) = field.show(ui, context);
        if let Some(seconds) = slid.or(typed) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0 to 10,000"
            )]
            let millis = (seconds * 1e3).round() as u32;
            let mut changed = scene.clone();
            changed.transition_ms = millis;
            let title = format!("Change the fade of {}", scene.name);
            context.push(change(at, changed, title));
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
            let pins: Vec<Pin> = scene.steps.iter().map(|step| step.pin.clone()).collect();
            let title = format!("Update {} to the current state", scene.name);
            context.extend(updated(at, scene, &pins, title, context.model));
        }
    });
}

/// Whether a component matches; `None` if it is not available.
fn fit(step: &SceneStep, model: &Model) -> Option<Fit> {
    model
        .pinned(&step.pin)
        .map(|(_, view)| step.fit(&view.shown()))
}
