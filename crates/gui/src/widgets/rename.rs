//! Renaming in place: the name of a board or document turns into a text field
//! with the text selected. Enter applies it, Escape cancels.

use eframe::egui::{
    Align2, Context, Id, Key, Rect, Response, Stroke, StrokeKind, TextEdit, TextStyle, Ui, vec2,
};

use disk::documents::check_name;
use protocol::limits;

use crate::{
    model::{
        action::{Action, BoardCommand, RenameSpot, RenameTarget, WindowAction},
        page_context::PageContext,
    },
    widgets::{
        theme::{self, palette},
        value_field,
    },
};

/// The name that is being changed; there is one at most.
#[derive(Debug, Clone)]
struct Renaming {
    target: RenameTarget,
    /// Where the field has to be, if that matters.
    spot: RenameSpot,
    text: String,
    problem: Option<String>,
    /// Whether the field has the focus already.
    opened: bool,
    /// The pass in which the field was last shown, and where.
    shown: Option<(u64, RenameSpot)>,
}

fn key() -> Id {
    Id::unique("renaming")
}

/// Begins to rename; the field appears where the name is drawn next.
pub(crate) fn begin(ctx: &Context, target: RenameTarget, spot: RenameSpot, name: &str) {
    open(ctx, target, spot, name, None);
}

/// The name was rejected: the field opens again and says why.
pub(crate) fn reject(ctx: &Context, target: RenameTarget, name: &str, problem: String) {
    open(ctx, target, RenameSpot::Anywhere, name, Some(problem));
}

fn open(
    ctx: &Context,
    target: RenameTarget,
    spot: RenameSpot,
    name: &str,
    problem: Option<String>,
) {
    let renaming = Renaming {
        target,
        spot,
        text: name.to_owned(),
        problem,
        opened: false,
        shown: None,
    };
    ctx.data_mut(|data| data.insert_temp(key(), renaming));
    ctx.request_repaint();
}

/// Where a name is drawn: a double click on `name` begins to rename. Returns
/// whether the field was shown in its place.
pub(crate) fn in_place_of(
    ui: &mut Ui,
    name: &Response,
    target: RenameTarget,
    spot: RenameSpot,
    context: &PageContext<'_>,
) -> bool {
    if name.double_clicked() {
        context.push(WindowAction::BeginRename(target, spot));
    }
    let least = vec2(theme::RENAME_LEAST, theme::LINE);
    let size = name.rect.size().max(least);
    let rect = Rect::from_min_size(name.rect.left_center() - vec2(0.0, size.y / 2.0), size);
    field(ui, rect, target, spot, context)
}

/// Where a list draws a name in `rect` of a row: a double click on the row
/// begins to rename. Returns whether the field was shown instead.
pub(crate) fn in_row(
    ui: &mut Ui,
    row: &Response,
    rect: Rect,
    target: RenameTarget,
    context: &PageContext<'_>,
) -> bool {
    if row.double_clicked() {
        context.push(WindowAction::BeginRename(target, RenameSpot::List));
    }
    field(ui, rect, target, RenameSpot::List, context)
}

/// Shows the field in `rect` if this name is being changed here; returns
/// whether it did.
fn field(
    ui: &mut Ui,
    rect: Rect,
    target: RenameTarget,
    spot: RenameSpot,
    context: &PageContext<'_>,
) -> bool {
    let pass = ui.ctx().cumulative_pass_nr();
    let here = |renaming: &Renaming| {
        let elsewhere = |(shown, other)| shown == pass && other != spot;
        renaming.target == target
            && (renaming.spot == RenameSpot::Anywhere || renaming.spot == spot)
            && !renaming.shown.is_some_and(elsewhere)
    };
    let renaming = ui.data(|data| data.get_temp::<Renaming>(key()));
    let Some(mut renaming) = renaming.filter(here) else {
        return false;
    };
    // Another page was shown in the meantime.
    if renaming.shown.is_some_and(|(shown, _)| shown + 2 < pass) {
        remove(ui);
        return false;
    }
    renaming.shown = Some((pass, spot));
    let response = edit(ui, rect, &mut renaming);
    let enter = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if enter {
        match action(target, renaming.text.trim()) {
            Ok(action) => {
                context.push(action);
                remove(ui);
                return true;
            }
            Err(problem) => (renaming.problem, renaming.opened) = (Some(problem), false),
        }
    } else if response.lost_focus() {
        remove(ui);
        return true;
    }
    ui.data_mut(|data| data.insert_temp(key(), renaming));
    true
}

fn remove(ui: &Ui) {
    ui.data_mut(|data| data.remove::<Renaming>(key()));
    ui.ctx().request_repaint();
}

fn edit(ui: &mut Ui, rect: Rect, renaming: &mut Renaming) -> Response {
    let id = key().with("field");
    // Under a menu or dialog that is closing, a field cannot have the focus.
    let free = ui.memory(|memory| memory.allows_interaction(ui.layer_id()));
    if !renaming.opened && free {
        value_field::select_all(ui, id, &renaming.text);
        // A field without the focus forgets what is selected.
        ui.memory_mut(|memory| memory.request_focus(id));
    }
    let edit = TextEdit::singleline(&mut renaming.text)
        .id(id)
        .font(TextStyle::Body)
        .align(Align2::LEFT_CENTER)
        .min_size(rect.size())
        .desired_width(rect.width());
    let response = ui.put(rect, edit).accessible_name("Name");
    if !renaming.opened {
        renaming.opened = free;
        response.scroll_to_me(None);
        ui.ctx().request_repaint();
    }
    if response.changed() {
        renaming.problem = None;
    }
    if let Some(problem) = &renaming.problem {
        let stroke = Stroke::new(1.5, palette(ui).bad);
        let radius = theme::CONTROL_RADIUS;
        ui.painter()
            .rect_stroke(response.rect, radius, stroke, StrokeKind::Inside);
        response.show_tooltip_text(problem);
    }
    response
}

/// What applies the name.
///
/// # Errors
/// Why the name cannot be used.
fn action(target: RenameTarget, name: &str) -> Result<Action, String> {
    if name.is_empty() {
        return Err("A name must not be empty.".to_owned());
    }
    match target {
        RenameTarget::Board(board) if name.len() <= limits::NAME => {
            Ok(BoardCommand::Rename(board, name.to_owned()).into())
        }
        RenameTarget::Board(_) => Err(format!(
            "The name has {} bytes; a board stores at most {}.",
            name.len(),
            limits::NAME
        )),
        RenameTarget::Document(kind, at) => {
            check_name(name)?;
            Ok(WindowAction::RenameDocument(kind, at, name.to_owned()).into())
        }
    }
}
