//! The scenes page: the wanted and current state of each component of a scene,
//! and the button that applies it. Each component shows the result of the last
//! time.

mod steps;

use std::collections::BTreeSet;

use eframe::egui::{Button, Margin, RichText, Ui, WidgetInfo, accesskit::Role, vec2};
use protocol::limits;

use self::steps::{now_of, steps};
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
        component_picker,
        document_bar::{DocumentBar, empty},
        icon,
        page_view::PageView,
        slider::{Rail, Slider},
        text_line,
        theme::{self, UNIT, palette},
        value_field::ValueField,
    },
};

/// The page.
pub(crate) struct Scenes {
    pub(crate) documents: DocumentBar<Scene>,
    /// The search text of the component picker.
    find: String,
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
            context,
            |ui, documents, context| {
                let Some((at, scene)) = documents.shown() else {
                    return;
                };
                let add = ui.add(Button::new(format!("{}  Add…", icon::PLUS)));
                add.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Add to the scene"));
                let fits =
                    |view: &fleet::ComponentView| !settable(&view.descriptor.kind).is_empty();
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
            let words = "A scene stores the state of lights, switches and values, and restores it \
                with one click, optionally with a fade. Set everything as you want it. Then create \
                a scene and add components to it, or create one from a dashboard, from several \
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
        fade(ui, scene, context);
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
            .on_hover_text("Set all components to the state in the scene. Press Ctrl+Z to undo.")
            .clicked()
        {
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
                all if all == scene.steps.len() => "; all match now".to_owned(),
                some => format!("; {some} match now"),
            });
        }
        if absent > 0 {
            told.push_str(&format!("; {} not available", count(absent, "board")));
        }
        text_line::label(ui, &told, &told, theme::body(), palette.weak);
    });
}

/// The transition time, and the button that updates all components.
fn fade(ui: &mut Ui, scene: &mut Scene, context: &PageContext<'_>) {
    let model = context.model;
    ui.horizontal(|ui| {
        text_line::label(ui, "fade", "fade", theme::body(), palette(ui).weak)
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
