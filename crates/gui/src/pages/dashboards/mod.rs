//! Dashboards: components of several boards as tiles that are dragged and
//! resized. `tile` draws the tiles, `tree` arranges them.

mod tile;
mod tree;

use eframe::egui::{Button, Margin, ScrollArea, Ui, WidgetInfo, accesskit::Role, vec2};
use egui_tiles::Tree;

use disk::documents::{Dashboard, DocumentKind, Part, Shelf};

use crate::{
    model::{
        action::{PinTarget, WindowAction},
        page_context::PageContext,
        pin::Pin,
    },
    widgets::{
        component_picker,
        document_bar::{DocumentBar, empty},
        icon,
        layout::left_of,
        page_view::PageView,
        theme::{self, UNIT},
    },
};
use tile::{Edit, Tiler};

/// The tiles of the shown dashboard.
struct Live {
    at: usize,
    /// The layout that was last stored.
    written: Option<Part>,
    tree: Tree<Pin>,
}

/// The page.
pub(crate) struct Dashboards {
    pub(crate) documents: DocumentBar<Dashboard>,
    live: Option<Live>,
    /// The search text of the component picker.
    find: String,
    /// The width of the page in the last frame.
    width: f32,
}

impl Dashboards {
    pub(crate) fn new(shelf: Shelf<Dashboard>) -> Self {
        Self {
            documents: DocumentBar::new(shelf),
            live: None,
            find: String::new(),
            width: theme::WINDOW[0],
        }
    }

    /// Adds a component to the dashboard with this index, or to a new one;
    /// returns a message.
    ///
    /// # Errors
    /// When it cannot be added.
    pub(crate) fn pin(
        &mut self,
        ui: &Ui,
        pin: Pin,
        at: Option<usize>,
        context: &PageContext<'_>,
    ) -> Result<String, String> {
        let shown = self.documents.shown().map(|(at, _)| at);
        let at = at.unwrap_or_else(|| self.documents.begin(DocumentKind::Dashboard));
        let Some(dashboard) = self.documents.shelf.items.get_mut(at) else {
            return Err("That dashboard no longer exists.".to_owned());
        };
        let mut tree = tree::plant(at, dashboard.layout.as_ref());
        if tree::has(&tree, &pin) {
            return Ok(format!("{} is already on {}.", pin.words(), dashboard.name));
        }
        let words = format!("Added {} to {}.", pin.words(), dashboard.name);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most a screen of tiles"
        )]
        let columns = (self.width / theme::CARD_WIDTH).clamp(1.0, 8.0) as usize;
        tree::add(&mut tree, pin, columns, &|pin| {
            tile::size(ui, context, pin).y
        });
        dashboard.layout = tree::layout(&tree);
        // Pinning from another page does not change the shown dashboard.
        if let Some(shown) = shown {
            self.documents.show(shown);
        }
        Ok(words)
    }
}

impl PageView for Dashboards {
    fn margin(&self, _context: &PageContext<'_>) -> Margin {
        Margin {
            left: 20,
            right: 12,
            top: 12,
            bottom: 12,
        }
    }

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        self.width = ui.available_width();
        let Self {
            documents, find, ..
        } = self;
        documents.bar(
            ui,
            DocumentKind::Dashboard,
            context,
            |ui, documents, context| {
                let Some((at, dashboard)) = documents.shown() else {
                    return;
                };
                let add = ui.add(Button::new(format!("{}  Add…", icon::PLUS)));
                add.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Add to the dashboard"));
                let pins = dashboard.pins();
                let chosen = component_picker::below(
                    &add,
                    context.model,
                    find,
                    |_| true,
                    |pin| pins.contains(&pin),
                );
                context.extend(chosen.map(|pin| {
                    WindowAction::Pin(
                        pin,
                        PinTarget {
                            kind: DocumentKind::Dashboard,
                            at: Some(at),
                        },
                    )
                }));
                let take = ui.add_enabled(
                    !pins.is_empty(),
                    Button::new(format!("{}  Create scene", icon::PALETTE)),
                );
                let hint = "Store the current state of everything on this page as a scene";
                if take.on_hover_text(hint).clicked() {
                    let pins = pins.into_iter().cloned().collect();
                    context.push(WindowAction::CreateScene(dashboard.name.clone(), pins));
                }
            },
        );
        ui.add_space(UNIT);
        match self.documents.shown() {
            None => self.documents.nothing(ui, DocumentKind::Dashboard, TEACH),
            Some((_, dashboard)) if dashboard.layout.is_none() => {
                let words = "Add components with the button at the upper right, or from the \
                    menu of a card (three dots) on the Boards page. Drag the header of a tile \
                    to move it, and the gap between tiles to resize them.";
                empty(ui, "This dashboard is empty.", words, |_| {});
            }
            Some(_) => self.tiles(ui, context),
        }
    }
}

impl Dashboards {
    fn tiles(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        let Some((at, dashboard)) = self.documents.shown() else {
            return;
        };
        let fits = self
            .live
            .as_ref()
            .is_some_and(|live| live.at == at && live.written == dashboard.layout);
        if !fits {
            let written = dashboard.layout.clone();
            self.live = Some(Live {
                at,
                tree: tree::plant(at, written.as_ref()),
                written,
            });
        }
        let Some(Live { written, tree, .. }) = &mut self.live else {
            return;
        };
        let Some(root) = tree.root else { return };
        let needed = tree::needed(tree, root, &|pin| tile::size(ui, context, pin));
        let viewport = ui.available_rect_before_wrap();
        let room = vec2(
            left_of(viewport.width(), 0.0),
            left_of(viewport.height(), 1.0),
        );
        let size = needed.max(room);
        let size = vec2(
            if needed.y > room.y {
                (room.x - UNIT * 1.5).max(needed.x)
            } else {
                size.x
            },
            size.y,
        );
        tree.set_width(size.x);
        tree.set_height(size.y);
        let mut tiler = Tiler {
            context,
            viewport,
            edits: Vec::new(),
            edited: false,
        };
        ScrollArea::both()
            .id_salt(("dashboard", at))
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.set_min_size(size);
                tree.ui(&mut tiler, ui);
            });
        let Tiler { edits, edited, .. } = tiler;
        if edits.is_empty() && !edited {
            return;
        }
        for (id, edit) in edits {
            match edit {
                Edit::Shift(to) => tree::shift(tree, id, to),
                Edit::Resize(dir, factor) => tree::resize(tree, id, dir, factor),
                Edit::Remove => tree::remove(tree, id),
            }
        }
        *written = tree::layout(tree);
        let layout = written.clone();
        if let Some(dashboard) = self.documents.shown_mut() {
            dashboard.layout = layout;
        }
        ui.ctx().request_repaint();
    }
}

const TEACH: &str = "A dashboard shows lights, switches and sensors of any boards on one page, \
    arranged as you like: one for the bench, one for the greenhouse. Create one here, or pin a \
    card from its menu (three dots).";
