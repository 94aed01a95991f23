//! A row of the list: the state of the link, the board's name, what it is
//! doing, and the switch of its main component.

use eframe::egui::{
    Align, Align2, Button, CornerRadius, DragAndDrop, EventFilter, Id, Key, Layout, Modifiers,
    Popup, Rect, RectAlign, Response, RichText, Sense, Stroke, StrokeKind, Tooltip, Ui, UiBuilder,
    WidgetInfo, accesskit::Role, pos2, vec2,
};

use super::{
    drag,
    status::{StatusLine, status},
};
use crate::{
    model::{
        action::{RenameTarget, WindowAction},
        credential,
        dialog_kind::DialogKind,
        link_kind::LinkKind,
        main_component::{activity, main_switch, telling},
        page_context::PageContext,
        pin::component_name,
        switching,
    },
    pages::board_menu,
    widgets::{
        icon,
        layout::{Within as _, between},
        rename, status_icons, text_line,
        theme::{self, HALF, UNIT, palette},
        toggle, verb,
    },
};
use fleet::{BoardKey, BoardView, LinkState};

/// The board whose row takes the keyboard focus once it is drawn.
const FOCUSED_NEXT: &str = "board row to focus";

/// Shows the row of a board in a group, and reports what is asked of it.
pub(super) fn show(ui: &mut Ui, context: &PageContext<'_>, key: BoardKey, group: usize) {
    let Some(board) = context.model.board(key) else {
        return;
    };
    let parts = telling(board).into_iter();
    context.shows_parts(key, parts.map(|view| view.descriptor.key.clone()).collect());
    let rect = Rect::from_min_size(
        ui.max_rect().min,
        vec2(ui.available_width(), theme::LIST_ROW),
    );
    // A finger scrolls; only a mouse drags.
    let sense = match ui.input(|input| input.any_touches()) {
        true => Sense::click(),
        false => Sense::click_and_drag(),
    };
    let id = Id::unique(("row of a board", key.0, group));
    let row = Row {
        board,
        title: context.model.title(board),
        line: status(board, context),
        context,
    };
    let response = ui.interact(rect, id, sense);
    drag::source(&response, context, key);
    if drag::is_dragged(ui, key) {
        ui.multiply_opacity(0.5);
    }
    let selected = context.model.is_selected(key);
    row.name(&response, selected);
    row.operate(ui, &response);
    let by_key = row.asks_for_menu(ui, &response);
    let menu = board_menu::of_row(&response, by_key);
    let dropped_on = row.takes_dropped(&response, group);
    row.paint_plate(ui, &response, selected, menu.is_open() || dropped_on);
    let inner = row.paint(ui, &response);
    row.control(ui, inner);
    menu.show(|ui| {
        let boards = context.model.selected_with(key);
        if let [only] = boards.as_slice() {
            board_menu::switches(ui, context, *only);
        }
        board_menu::show(ui, context, &boards);
    });
    if !Popup::is_any_open(ui.ctx()) {
        // Next to the list, which it would cover otherwise.
        let mut tooltip = Tooltip::for_enabled(&response);
        tooltip.popup = tooltip.popup.align(RectAlign::RIGHT_START);
        tooltip.show(|ui| ui.label(row.tooltip()));
    }
}

struct Row<'a> {
    board: &'a BoardView,
    /// The name, with the id if another board has the same.
    title: String,
    line: StatusLine,
    context: &'a PageContext<'a>,
}

impl Row<'_> {
    fn live(&self) -> bool {
        self.board.link == LinkState::Connected
    }

    /// Gives the row its accessible name, and what the board is doing as its
    /// value.
    fn name(&self, response: &Response, selected: bool) {
        let claimed = match self.board.claims.is_empty() {
            true => "",
            false => "; another device claims its id",
        };
        let name = format!("{}: {}{claimed}", self.title, text::link_of(self.board));
        response.widget_info(|| {
            let mut info = WidgetInfo::selected(Role::ListBoxOption, true, selected, &name);
            info.current_text_value = Some(match self.line.pulses {
                true => format!("{}, pending", self.line.words),
                false => self.line.words.clone(),
            });
            info
        });
    }

    /// Clicks select; on a row with the focus, the space bar switches, and the
    /// arrows go to the next row.
    fn operate(&self, ui: &Ui, response: &Response) {
        let (context, key) = (self.context, self.board.key);
        let next = Id::unique(FOCUSED_NEXT);
        if ui.data(|data| data.get_temp(next) == Some(key)) {
            ui.data_mut(|data| data.remove::<BoardKey>(next));
            response.request_focus();
        }
        if response.clicked() {
            let space = ui.input(|input| input.key_pressed(Key::Space));
            let modifiers = ui.input(|input| input.modifiers);
            match modifiers {
                _ if space => context.extend(switching::toggled(self.context.model, self.board)),
                modifiers if modifiers.shift => context.push(WindowAction::SelectRange(key)),
                modifiers if modifiers.command => {
                    context.push(WindowAction::ToggleSelection(key));
                }
                _ => context.push(WindowAction::Select(key)),
            }
        }
        if !response.has_focus() {
            return;
        }
        let arrows = EventFilter {
            vertical_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
        let step = ui.input(|input| {
            isize::from(input.key_pressed(Key::ArrowDown))
                - isize::from(input.key_pressed(Key::ArrowUp))
        });
        let to = context
            .model
            .position(key)
            .and_then(|at| at.checked_add_signed(step))
            .and_then(|at| context.model.listed_at(at))
            .filter(|_| step != 0);
        if let Some(to) = to {
            ui.data_mut(|data| data.insert_temp(next, to));
            context.push(match ui.input(|input| input.modifiers.shift) {
                true => WindowAction::ToggleSelection(to),
                false => WindowAction::Select(to),
            });
        }
    }

    /// Whether the menu key is meant for this row: it has the focus, or nothing
    /// has and its board is shown.
    fn asks_for_menu(&self, ui: &Ui, response: &Response) -> bool {
        let (focused, laid_over) =
            ui.memory(|memory| (memory.focused(), memory.top_modal_layer().is_some()));
        let shown = self.context.model.selected();
        let shown = shown.is_some_and(|board| board.key == self.board.key);
        if laid_over || !(response.has_focus() || (shown && focused.is_none())) {
            return false;
        }
        ui.input_mut(|input| {
            input.consume_key(Modifiers::SHIFT, Key::F10)
                || input.consume_key(Modifiers::NONE, Key::Menu)
        })
    }

    /// Whether boards are dragged over the row; they go into its room.
    fn takes_dropped(&self, response: &Response, group: usize) -> bool {
        let group = self.context.model.list().groups.get(group);
        let room = group.and_then(|group| group.room.as_deref());
        room.is_some_and(|room| drag::target(response, self.context, room))
    }

    /// The background: selected, under the pointer, with the focus, or `marked`
    /// because its menu is open or boards are dragged over it.
    fn paint_plate(&self, ui: &Ui, response: &Response, selected: bool, marked: bool) {
        let palette = palette(ui);
        let plate = response.rect.inset(vec2(6.0, 1.0));
        // Also while the pointer is on the switch.
        let hovered = response.contains_pointer() && !DragAndDrop::has_any_payload(ui.ctx());
        let radius = CornerRadius::same(theme::CONTROL_RADIUS);
        if selected {
            ui.painter().rect_filled(plate, radius, palette.chosen);
        } else if hovered || marked {
            ui.painter().rect_filled(plate, radius, palette.control);
        }
        let edge = if response.has_focus() {
            Stroke::new(1.5, palette.accent)
        } else if marked {
            Stroke::new(1.0, palette.accent)
        } else {
            return;
        };
        let inside = StrokeKind::Inside;
        ui.painter().rect_stroke(plate, radius, edge, inside);
    }

    /// The icon and both lines; returns the room that they share with the
    /// control.
    fn paint(&self, ui: &mut Ui, response: &Response) -> Rect {
        let palette = palette(ui);
        let plate = response.rect.inset(vec2(6.0, 1.0));
        let icon_at = pos2(plate.left() + 14.0, plate.top() + 15.0);
        status_icons::link(ui, icon_at, &self.board.link);
        let inner = between(
            pos2(plate.left() + 28.0, plate.top() + 4.0),
            plate.max - vec2(8.0, 4.0),
        );
        let words = inner.until_x(inner.right() - self.control_width());
        let (mut upper, mut lower) = words.split_top_bottom_at_fraction(0.52);
        if !self.board.claims.is_empty() {
            let right = Align2::RIGHT_CENTER;
            let color = palette.doubtful;
            let sign = text_line::paint(ui, upper, right, icon::WARNING, theme::body(), color);
            upper = upper.until_x(sign.left() - HALF);
        }
        let (left, small) = (Align2::LEFT_CENTER, theme::small());
        let color = if self.live() {
            palette.text
        } else {
            palette.weak
        };
        let target = RenameTarget::Board(self.board.key);
        if rename::in_row(ui, response, upper, target, self.context) {
            return inner;
        }
        // If two boards have one name, the id tells them apart.
        let name = text_line::paint(ui, upper, left, &self.board.name, theme::strong(), color);
        if let (Some(id), true) = (&self.board.id, *self.board.name != *self.title) {
            let rest = upper.after_x(name.right() + 6.0);
            let font = theme::monospace_small();
            text_line::paint(ui, rest, left, id, font, palette.weak);
        }
        let color = self.line.color.map_or(palette.weak, |color| color(palette));
        if self.line.pulses {
            let center = pos2(lower.left() + 4.0, lower.center().y);
            status_icons::pulse(ui, center, color);
            lower = lower.after_x(lower.left() + 12.0);
        }
        text_line::paint(ui, lower, left, &self.line.words, small, color);
        inner
    }

    fn is_locked(&self) -> bool {
        LinkKind::of(&self.board.link) == LinkKind::Locked
    }

    /// The width at the right that the control takes.
    fn control_width(&self) -> f32 {
        if self.is_locked() {
            92.0
        } else if main_switch(self.board).is_some() {
            40.0 + UNIT
        } else {
            0.0
        }
    }

    /// The switch of the main component; for a locked board, the way to a key.
    fn control(&self, ui: &mut Ui, inner: Rect) {
        let right = inner.after_x(inner.right() - self.control_width());
        let builder = UiBuilder::new()
            .max_rect(right)
            .layout(Layout::right_to_left(Align::Center));
        ui.scope_builder(builder, |ui| match self.is_locked() {
            true => self.key_button(ui),
            false => self.switch(ui),
        });
    }

    fn switch(&self, ui: &mut Ui) {
        let Some(view) = main_switch(self.board) else {
            return;
        };
        let component = component_name(self.board, view);
        let name = format!("{}: {component}", self.title);
        let on = text::on(view);
        let able = switching::is_operable(self.context.model, self.board);
        let response = ui
            .add_enabled_ui(able, |ui| toggle::show(ui, on, &name))
            .inner;
        let why_not = match self.context.model.why_view_only(self.board) {
            Some(why) if self.live() => why.to_owned(),
            _ => format!("{} is {}", self.title, text::link(&self.board.link)),
        };
        let hint = match on {
            Some(true) => format!("Turn {component} off"),
            _ => format!("Turn {component} on"),
        };
        let response = response.on_hover_text(hint).on_disabled_hover_text(why_not);
        if response.clicked() {
            self.context
                .extend(switching::toggled(self.context.model, self.board));
        }
    }

    fn key_button(&self, ui: &mut Ui) {
        let (words, asks) = match credential::can_pair(self.board) {
            true => ("Pair…", DialogKind::pair(self.board)),
            false => (
                credential::enter(self.board),
                DialogKind::Key(self.board.key),
            ),
        };
        let open = [WindowAction::OpenDialog(asks, String::new())];
        let button = Button::new(RichText::new(words).small());
        let button = verb::button(ui, button, "", open, self.context);
        let name = format!("{}: {words}", self.title);
        button.widget_info(|| WidgetInfo::labeled(Role::Button, button.enabled(), &name));
    }

    /// Everything that the row has no room for.
    fn tooltip(&self) -> String {
        let board = self.board;
        self.context.shows_round_trip(board.key);
        let since = self.context.age(board.link_since);
        let mut lines = vec![
            text::plain(&self.title),
            format!("{} for {}", text::link_of(board), text::length(since)),
        ];
        if let Some(doing) = activity(board) {
            lines.push(match self.live() {
                true => self.line.words.clone(),
                false => format!("Last known: {doing}"),
            });
        }
        lines.push(format!("Address: {}", board.address));
        lines.extend(board.id.as_ref().map(|id| format!("Id: {id}")));
        let version = board.info.as_ref().map(|info| info.version.as_str());
        if let Some(version) = version.filter(|version| !version.is_empty()) {
            lines.push(format!("Firmware: {}", text::plain(version)));
        }
        if let Some(round_trip) = board.round_trip.filter(|_| self.live()) {
            lines.push(format!("Round trip: {}", text::short(round_trip)));
        }
        if !board.claims.is_empty() {
            lines.push("Another device claims its id".to_owned());
        }
        lines.join("\n")
    }
}
