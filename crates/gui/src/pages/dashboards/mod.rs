//! Dashboards: components of several boards as tiles on a grid. `grid` decides
//! where tiles are, `canvas` shows and moves them, `tile` draws one.

mod canvas;
mod cells;
mod grid;
mod tile;

use eframe::egui::{Button, Margin, Ui};

use disk::documents::{COLUMNS, Dashboard, DocumentKind, Shelf, Tile};

use crate::{
    model::{
        action::{DocumentChange, PinTarget, WindowAction},
        boards::Model,
        page_context::PageContext,
        pin::Pin,
    },
    widgets::{
        component_picker::{ComponentPicker, Offer, Picked},
        document_bar::{DocumentBar, empty},
        icon,
        page_view::PageView,
        theme::{self, UNIT},
    },
};
use canvas::Canvas;

/// The page.
pub(crate) struct Dashboards {
    pub(crate) documents: DocumentBar<Dashboard>,
    canvas: Canvas,
    pub(crate) picker: ComponentPicker,
    /// How many columns the window has room for.
    columns: u16,
}

impl Dashboards {
    pub(crate) fn new(shelf: Shelf<Dashboard>) -> Self {
        Self {
            documents: DocumentBar::new(shelf),
            canvas: Canvas::default(),
            picker: ComponentPicker::default(),
            columns: COLUMNS,
        }
    }

    /// A dashboard with these components, and which of them were not on it.
    pub(crate) fn with(
        &self,
        mut dashboard: Dashboard,
        pins: Vec<Pin>,
        model: &Model,
    ) -> (Dashboard, Vec<Pin>) {
        let mut places = grid::settled(&canvas::stored(&dashboard));
        for (tile, place) in dashboard.tiles.iter_mut().zip(&places) {
            tile.place = *place;
        }
        // A dashboard that is arranged for a narrow window stays so.
        let columns = match grid::width(&places) <= self.columns {
            true => self.columns,
            false => COLUMNS,
        };
        let mut added = Vec::new();
        for pin in pins {
            if dashboard.tiles.iter().any(|tile| tile.pin == pin) {
                continue;
            }
            let size = tile::natural_size(model, &pin);
            let place = grid::free(&places, size, columns);
            places.push(place);
            dashboard.tiles.push(Tile::new(pin.clone(), place));
            added.push(pin);
        }
        (dashboard, added)
    }
}

impl PageView for Dashboards {
    fn margin(&self, _context: &PageContext<'_>) -> Margin {
        Margin {
            left: 20,
            right: 12,
            top: 12,
            bottom: 4,
        }
    }

    fn least_size(&self) -> eframe::egui::Vec2 {
        theme::LEAST_DASHBOARD.into()
    }

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        self.columns = cells::columns(ui.available_width() - canvas::SCROLL_BAR);
        let Self {
            documents,
            canvas,
            picker,
            ..
        } = self;
        documents.bar(
            ui,
            DocumentKind::Dashboard,
            context,
            |ui, documents, context| {
                let Some((_, dashboard)) = documents.shown() else {
                    return;
                };
                picker.button(ui, "Add to the dashboard");
                let save = Button::new(format!("{}  Save as scene", icon::PALETTE));
                let save = ui.add_enabled(!dashboard.tiles.is_empty(), save);
                let hint = "Save the current state of everything on this dashboard as a scene";
                if save.on_hover_text(hint).clicked() {
                    let pins = dashboard.pins().into_iter().cloned().collect();
                    context.push(WindowAction::CreateScene(dashboard.name.clone(), pins));
                }
            },
        );
        ui.add_space(UNIT);
        let Some((at, dashboard)) = documents.shown() else {
            documents.nothing(ui, DocumentKind::Dashboard, TEACH, context);
            return;
        };
        if dashboard.tiles.is_empty() {
            let words = "Add lights, switches, sensors and anything else of any board.";
            empty(ui, "This dashboard is empty.", words, |ui| {
                picker.first_button(ui, "Add components");
            });
        } else {
            canvas.show(ui, at, dashboard, context);
        }
        add_or_remove(ui, picker, at, dashboard, context);
    }
}

/// The picker, while it is open.
fn add_or_remove(
    ui: &Ui,
    picker: &mut ComponentPicker,
    at: usize,
    dashboard: &Dashboard,
    context: &PageContext<'_>,
) {
    let offer = Offer {
        title: &format!("Add to {}", dashboard.name),
        fits: &|_| true,
        has: &|pin| dashboard.tiles.iter().any(|tile| tile.pin == *pin),
    };
    match picker.show(ui, context, &offer) {
        Some(Picked::Add(pins)) => {
            let target = PinTarget {
                kind: DocumentKind::Dashboard,
                at: Some(at),
            };
            context.push(WindowAction::PinAll(pins, target));
        }
        Some(Picked::Remove(pin)) => {
            if let Some(tile) = dashboard.tiles.iter().position(|tile| tile.pin == pin) {
                let (title, changed) = canvas::removed(dashboard, tile, context);
                let change = DocumentChange::dashboard(at, changed, title);
                context.push(WindowAction::ChangeDocument(change));
            }
        }
        None => {}
    }
}

const TEACH: &str = "A dashboard shows lights, switches and sensors of any boards on one page.";
