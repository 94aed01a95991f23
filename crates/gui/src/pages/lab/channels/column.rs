//! The column of a channel: its status, its entries, the selected message in
//! full, and the form that sends.

use std::sync::Arc;

use eframe::egui::{
    Align, Align2, Button, Color32, CornerRadius, Key, Label, Layout, Panel, Popup,
    PopupCloseBehavior, Rect, Response, RichText, ScrollArea, Sense, TextEdit, Ui, WidgetInfo,
    accesskit::Role, pos2, vec2,
};

use super::{
    details::{Details, json},
    list::{self, ChannelRequest, rate},
    options,
    pane::{ChannelPane, Source},
    rows::beginning,
};
use crate::{
    model::{
        action::Task, file_task::FileTask, frame_context::FrameContext, page_context::PageContext,
    },
    widgets::{
        icon,
        layout::left_of,
        text_line,
        theme::{self, HALF, Palette, palette},
    },
};
use channel::{
    ChannelState, ChannelStatus, Content, Direction, Entry, EntryKind, PastConnection, Pointer,
    TrafficTotal, hex,
};

/// The height of the selected message: minimum, default, maximum.
const DETAILS: [f32; 3] = [72.0, 168.0, 480.0];

/// Below this height the list gets more of the space.
const LOW: f32 = 520.0;

/// Below this width the lines of a hex dump are shorter.
const NARROW: f32 = 600.0;

/// The part of a message that its row shows, in bytes.
const MAX_ROW_TEXT: usize = 600;

/// Shows the column.
pub(super) fn show(
    ui: &mut Ui,
    pane: &mut ChannelPane,
    context: &PageContext<'_>,
) -> Option<ChannelRequest> {
    let is_low = ui.available_height() < LOW;
    let request = head(ui, pane, context);
    show_status(ui, pane, context);
    plot(
        ui,
        pane,
        if is_low {
            theme::PLOT_STRIP * 0.6
        } else {
            theme::PLOT_STRIP
        },
    );
    if !matches!(pane.source, Source::Recorded(_)) {
        Panel::bottom("send")
            .frame(eframe::egui::Frame::new())
            .resizable(false)
            .show_separator_line(false)
            .show(ui, |ui| {
                ui.add_space(HALF);
                let ChannelPane {
                    sender,
                    status,
                    source,
                    ..
                } = pane;
                let channel = if let Source::Live(channel) = source {
                    Some(&*channel)
                } else {
                    None
                };
                sender.show(ui, channel, status.as_ref(), if is_low { 1 } else { 2 });
            });
    }
    details(ui, pane, context);
    filter(ui, pane);
    messages(ui, pane, context);
    request
}

fn icon_button(ui: &mut Ui, sign: &str, name: &str, hint: &str) -> Response {
    let button = ui.add(Button::new(sign).min_size(vec2(theme::LINE + HALF, theme::LINE)));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    button.on_hover_text(hint)
}

/// The address and its buttons.
fn head(ui: &mut Ui, pane: &mut ChannelPane, context: &PageContext<'_>) -> Option<ChannelRequest> {
    let palette = palette(ui);
    let mut request = None;
    let address = pane.title.clone();
    ui.horizontal(|ui| {
        let (mark, color, _) = list::state(pane, palette);
        let font = if mark == icon::DOT {
            theme::icon()
        } else {
            theme::body()
        };
        text_line::label(ui, mark, &format!("{address}: sign"), font, color);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = HALF;
            if icon_button(
                ui,
                icon::X,
                &format!("Hide {address}"),
                "Hide this column; the channel stays open",
            )
            .clicked()
            {
                request = Some(ChannelRequest::ToggleShown(pane.id));
            }
            if !matches!(pane.source, Source::Recorded(_)) {
                let live = pane.is_live();
                let button = icon_button(
                    ui,
                    icon::SLIDERS_HORIZONTAL,
                    &format!("Options of {address}"),
                    "Options for opening the channel",
                );
                options::below(&button, &mut pane.options, live);
                record(ui, pane, context);
                let (word, hint) = if live {
                    ("Close", "Close the channel with code 1000")
                } else {
                    ("Open", "Open the channel")
                };
                let button = ui.add(Button::new(word).min_size(vec2(52.0, theme::LINE)));
                button.widget_info(|| {
                    WidgetInfo::labeled(Role::Button, true, format!("{word} {address}"))
                });
                if button.on_hover_text(hint).clicked() {
                    request = Some(ChannelRequest::ToggleOpen(pane.id));
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let (_, title) = list::parts(&address);
                text_line::label(ui, &title, &address, theme::strong(), palette.text)
                    .on_hover_text(&address);
            });
        });
    });
    request
}

/// The button that starts or stops a recording.
fn record(ui: &mut Ui, pane: &ChannelPane, context: &PageContext<'_>) {
    let recording = pane
        .status
        .as_ref()
        .and_then(|status| status.recording.as_ref());
    let Some(channel) = pane
        .channel()
        .filter(|_| pane.is_live() || recording.is_some())
    else {
        return;
    };
    if recording.is_some() {
        let button = icon_button(
            ui,
            icon::STOP,
            &format!("Stop recording {}", pane.title),
            "Stop recording",
        );
        if button.clicked() {
            // Its thread writes the rest.
            drop(channel.record(None));
        }
    } else if icon_button(
        ui,
        icon::RECORD,
        &format!("Record {}", pane.title),
        "Record all messages and events to a JSON Lines file",
    )
    .clicked()
    {
        context.push(Task::File(FileTask::Record(pane.id, pane.title.clone())));
    }
}

/// The status of the channel.
fn show_status(ui: &mut Ui, pane: &ChannelPane, context: &FrameContext) {
    let palette = palette(ui);
    let small = |ui: &mut Ui, words: &str, color: Color32| {
        text_line::label(ui, words, words, theme::small(), color).on_hover_text(words)
    };
    if let Some(problem) = &pane.problem {
        ui.add(
            Label::new(
                RichText::new(problem)
                    .font(theme::small())
                    .color(palette.bad),
            )
            .wrap(),
        );
    }
    let (host, _) = list::parts(&pane.title);
    let Some(status) = &pane.status else {
        match &pane.source {
            Source::Recorded(path) => {
                small(ui, &format!("recording {}", path.display()), palette.weak);
                for (way, word) in [(Direction::In, "in"), (Direction::Out, "out")] {
                    let (messages, bytes) = pane.rows.sum(way);
                    let words = format!(
                        "{} {word}, {}",
                        text::grouped(messages),
                        text::amount(bytes as f64)
                    );
                    small(ui, &words, palette.weak);
                }
            }
            _ => {
                let words = if pane.is_example {
                    "an example, not open"
                } else {
                    "not open"
                };
                small(ui, &format!("{host}, {words}"), palette.weak);
            }
        }
        return;
    };
    ui.horizontal(|ui| {
        let words = state(status, context);
        text_line::label(ui, &words, &words, theme::small(), palette.text).on_hover_text(&host);
        connections(ui, pane, status, context);
    });
    if let (false, Some(connection)) = (status.state.is_open(), status.past.last()) {
        let color = if connection.cause.is_normal() {
            palette.weak
        } else {
            palette.bad
        };
        let words = text::plain(&connection.cause.to_string());
        ui.add(Label::new(RichText::new(words).font(theme::small()).color(color)).wrap());
    }
    let sent = text::count(status.pings.sent, "ping");
    if status.state.is_open() || status.pings.sent > 0 {
        small(ui, &pings(status), palette.weak)
            .on_hover_text(format!("{sent} sent, {} answered", status.pings.answered));
    }
    traffic(ui, icon::ARROW_DOWN, "in", &status.received, palette);
    traffic(ui, icon::ARROW_UP, "out", &status.sent, palette);
    if status.unsent > 0 {
        small(
            ui,
            &format!(
                "{} not sent because the connection ended",
                text::count(status.unsent, "message")
            ),
            palette.doubtful,
        );
    }
    if let Some(recording) = &status.recording {
        let (words, color) = match &recording.problem {
            None => (
                format!("recorded: {} lines", text::grouped(recording.lines)),
                palette.underway,
            ),
            Some(problem) => (problem.clone(), palette.bad),
        };
        small(ui, &words, color);
    }
}

/// The traffic in one direction: rates and total.
fn traffic(ui: &mut Ui, mark: &str, word: &str, sum: &TrafficTotal, palette: &Palette) {
    let TrafficTotal {
        messages,
        bytes,
        wire,
        rate: throughput,
    } = sum;
    let first = format!("{}/s", rate(throughput.messages));
    let rest = [
        format!("{}/s", text::amount(throughput.bytes)),
        format!("TCP {}/s", text::amount(throughput.wire)),
        text::grouped(*messages),
    ];
    let name = format!("{word}: {first}, {} in total", rest.join(", "));
    let size = vec2(ui.available_width(), 16.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    text_line::name_label(ui, &response, &name);
    let cells = [0.19, 0.22, 0.35, 0.24].map(|part| left_of(rect.width(), 18.0).min(480.0) * part);
    let sign = Rect::from_min_size(rect.min, vec2(16.0, 16.0));
    text_line::paint(
        ui,
        sign,
        Align2::LEFT_CENTER,
        mark,
        theme::small(),
        palette.weak,
    );
    let mut left = rect.left() + 18.0;
    for (place, (words, width)) in [first].iter().chain(&rest).zip(cells).enumerate() {
        let color = if place == 0 {
            palette.text
        } else {
            palette.weak
        };
        let cell = Rect::from_min_size(
            pos2(left, rect.top()),
            vec2(left_of(width, HALF), rect.height()),
        );
        text_line::paint(ui, cell, Align2::LEFT_CENTER, words, theme::small(), color);
        left += width;
    }
    response.on_hover_text(format!(
        "Messages {word}: {}, {} of data, {} over TCP with frame headers, pings and TLS. Rates are \
             averages over three seconds.",
        text::grouped(*messages),
        text::amount(*bytes as f64),
        text::amount(*wire as f64)
    ));
}

fn state(status: &ChannelStatus, context: &FrameContext) -> String {
    let age = text::length(context.age(status.since));
    match &status.state {
        ChannelState::Connecting => format!("connecting for {age}"),
        ChannelState::Open(None) => format!("open for {age}"),
        ChannelState::Open(Some(protocol)) => format!("open for {age}, {}", text::plain(protocol)),
        ChannelState::Waiting(until) => {
            format!("reconnecting in {}", text::length(context.until(*until)))
        }
        ChannelState::Closed => format!("closed for {age}"),
    }
}

fn pings(status: &ChannelStatus) -> String {
    match (
        status.pings.last(),
        status.pings.median(),
        status.pings.worst(),
    ) {
        (Some(last), Some(median), Some(worst)) => {
            format!(
                "ping {}, median {}, worst {}",
                text::short(last),
                text::short(median),
                text::short(worst)
            )
        }
        _ if status.pings.sent > 0 => "no answer yet".to_owned(),
        _ => "no ping yet".to_owned(),
    }
}

/// Buttons for the connection, and the list of past connections.
fn connections(ui: &mut Ui, pane: &ChannelPane, status: &ChannelStatus, context: &FrameContext) {
    if status.state.is_open()
        && let Some(channel) = pane.channel()
        && ui
            .small_button("Ping")
            .on_hover_text("Send a ping now")
            .clicked()
    {
        // It may have ended in the meantime.
        let _ = channel.ping();
    }
    if matches!(status.state, ChannelState::Waiting(_))
        && let Some(channel) = pane.channel()
        && ui.small_button("Connect now").clicked()
    {
        channel.retry_now();
    }
    if status.ended == 0 {
        return;
    }
    let words = match status.ended {
        1 => "1 past connection".to_owned(),
        more => format!("{} past connections", text::grouped(more)),
    };
    let button = ui.small_button(&words);
    let popup = Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    popup.show(|ui| {
        ui.set_width(420.0);
        ScrollArea::vertical()
            .id_salt("past connections")
            .max_height(280.0)
            .show(ui, |ui| {
                for connection in status.past.iter().rev() {
                    let words = past_connection_text(connection, context);
                    ui.add(
                        Label::new(
                            RichText::new(words)
                                .font(theme::small())
                                .color(palette(ui).text),
                        )
                        .wrap(),
                    );
                }
            });
    });
}

fn past_connection_text(connection: &PastConnection, context: &FrameContext) -> String {
    let began = text::time_of_day(connection.began, &context.zone);
    let lasted = connection.lasted.map_or("never open".to_owned(), |lasted| {
        format!(
            "open for {}, {} in, {} out",
            text::short(lasted),
            connection.messages[0],
            connection.messages[1]
        )
    });
    format!(
        "{began}  {lasted}: {}",
        text::plain(&connection.cause.to_string())
    )
}

/// The plotted number.
fn plot(ui: &mut Ui, pane: &mut ChannelPane, height: f32) {
    let Some(plotted) = &pane.plotted else { return };
    let palette = palette(ui);
    let mut end = false;
    ui.horizontal(|ui| {
        let words = format!("{}  {}", plotted.pointer, plotted.words());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let button = ui.add(Button::new(icon::X).small().frame(false));
            button.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Remove the plot"));
            end = button.on_hover_text("Remove the plot").clicked();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                text_line::label(
                    ui,
                    &words,
                    &format!("plotted: {words}"),
                    theme::small(),
                    palette.text,
                );
            });
        });
    });
    plotted.show(
        ui,
        pane.id,
        height,
        !matches!(pane.source, Source::Recorded(_)),
    );
    if end {
        pane.plotted = None;
    }
}

/// The toolbar and the filter of the list.
fn filter(ui: &mut Ui, pane: &mut ChannelPane) {
    let palette = palette(ui);
    ui.add_space(HALF);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = HALF;
        let (mark, word, hint) = match pane.paused {
            false => (
                icon::PAUSE,
                "Pause",
                "Pause the list; the channel stays open",
            ),
            true => (
                icon::PLAY,
                "Resume",
                "Show the entries received in the meantime",
            ),
        };
        if !matches!(pane.source, Source::Recorded(_))
            && icon_button(ui, mark, word, hint).clicked()
        {
            pane.paused = !pane.paused;
        }
        if icon_button(ui, icon::TRASH, "Clear the list", "Clear the list").clicked() {
            pane.rows.clear();
            (pane.selected, pane.details) = (None, None);
        }
        let messages = ui.add(Button::selectable(pane.only_messages, icon::LIST_BULLETS));
        messages.widget_info(|| {
            WidgetInfo::selected(Role::CheckBox, true, pane.only_messages, "Messages only")
        });
        if messages
            .on_hover_text("Show only messages, without pings and state changes")
            .clicked()
        {
            pane.only_messages = !pane.only_messages;
        }
        let words = listed(pane);
        text_line::label(ui, &words, &words, theme::small(), palette.weak).on_hover_text(
            "Entries in the list, and how many older ones were dropped to bound memory",
        );
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = HALF;
        // A fixed id keeps the focus when something appears above the field.
        let width = ((ui.available_width() - HALF) / 2.0).max(48.0);
        let field =
            |ui: &mut Ui, value: &mut String, hint: &str, name: &str, color: Option<Color32>| {
                let mut edit = TextEdit::singleline(value)
                    .id_salt(name)
                    .hint_text(hint)
                    .desired_width(width);
                if let Some(color) = color {
                    edit = edit.text_color(color);
                }
                ui.add(
                    edit.align(Align2::LEFT_CENTER)
                        .min_size(vec2(0.0, theme::LINE)),
                )
                .accessible_name(name)
            };
        field(ui, &mut pane.find, "Search", "Search messages", None);
        let wrong = pane.path.parse::<Pointer>().err();
        let color = wrong.as_ref().map(|_| palette.bad);
        let path = field(ui, &mut pane.path, "/path/of/json", "Part of JSON", color);
        let hint = wrong.map_or_else(
            || {
                "Show only this part of JSON: names and indexes, each after a slash, and * for \
                 every element"
                    .to_owned()
            },
            |error| format!("{error}."),
        );
        path.on_hover_text(hint);
    });
}

/// The number of listed entries, as text.
fn listed(pane: &ChannelPane) -> String {
    let (all, passing, dropped) = (pane.rows.len(), pane.rows.passing(), pane.rows.dropped);
    let mut words = match passing == all {
        true => format!("{} listed", text::grouped(all as u64)),
        false => format!(
            "{} of {} listed",
            text::grouped(passing as u64),
            text::grouped(all as u64)
        ),
    };
    if pane.paused {
        words.push_str("; paused");
    }
    if dropped > 0 {
        words.push_str(&format!(", {} dropped", text::grouped(dropped)));
    }
    words
}

/// The entries, newest first.
fn messages(ui: &mut Ui, pane: &mut ChannelPane, context: &FrameContext) {
    let mut selected = pane.selected;
    let at = selected.and_then(|number| pane.rows.position(number));
    // Of several columns, the one under the pointer gets the arrow keys.
    let free = ui.ctx().memory(|memory| memory.focused()).is_none() && ui.ui_contains_pointer();
    if let (Some(at), true) = (at, free) {
        let step = ui.input(|input| {
            i64::from(input.key_pressed(Key::ArrowDown))
                - i64::from(input.key_pressed(Key::ArrowUp))
        });
        let next = match step {
            1 => Some(at + 1),
            -1 => at.checked_sub(1),
            _ => None,
        };
        selected = next
            .and_then(|next| pane.rows.nth_newest(next))
            .map(|entry| entry.number)
            .or(selected);
    }
    let pointer = pane
        .path
        .parse::<Pointer>()
        .ok()
        .filter(|pointer| !pointer.is_whole());
    ui.spacing_mut().item_spacing.y = 0.0;
    let area = ScrollArea::vertical()
        .id_salt("messages")
        .auto_shrink(false)
        .min_scrolled_height(0.0);
    area.show_rows(ui, theme::PUSH_ROW, pane.rows.passing(), |ui, range| {
        let first = range.start;
        for nth in range {
            let Some(entry) = pane.rows.nth_newest(nth) else {
                continue;
            };
            if row(
                ui,
                nth - first,
                entry,
                selected == Some(entry.number),
                pointer.as_ref(),
                context,
            ) {
                selected = Some(entry.number);
            }
        }
    });
    if selected != pane.selected {
        pane.selected = selected;
        ui.ctx().request_repaint();
    }
}

/// Shows an entry on one line; returns whether it was selected. Its id is its
/// position on the screen, because egui keeps data for each id forever.
fn row(
    ui: &mut Ui,
    slot: usize,
    entry: &Arc<Entry>,
    chosen: bool,
    pointer: Option<&Pointer>,
    context: &FrameContext,
) -> bool {
    let palette = palette(ui);
    let size = vec2(ui.available_width(), theme::PUSH_ROW);
    let (rect, response) = ui
        .push_id(slot, |ui| ui.allocate_exact_size(size, Sense::click()))
        .inner;
    let (mark, color, words) = describe(entry, pointer, palette);
    let time = text::time_of_day(entry.at, &context.zone);
    let way = match &entry.kind {
        EntryKind::Message(Direction::In, _) => "in  ",
        EntryKind::Message(Direction::Out, _) => "out  ",
        _ => "",
    };
    response.widget_info(|| {
        WidgetInfo::selected(
            Role::ListBoxOption,
            true,
            chosen,
            format!("{time}  {way}{words}"),
        )
    });
    if !ui.is_rect_visible(rect) {
        return false;
    }
    if chosen || response.has_focus() {
        ui.painter().rect_filled(
            rect,
            CornerRadius::same(theme::CONTROL_RADIUS),
            palette.chosen,
        );
    } else if response.hovered() {
        ui.painter().rect_filled(
            rect,
            CornerRadius::same(theme::CONTROL_RADIUS),
            palette.control,
        );
    }
    let is_message = entry.message().is_some();
    let (sign_box, rest) = rect.split_left_right_at_x(rect.left() + 20.0);
    let (time_box, text_box) = rest.split_left_right_at_x(rest.left() + 88.0);
    text_line::paint(
        ui,
        sign_box,
        Align2::CENTER_CENTER,
        mark,
        theme::body(),
        color,
    );
    text_line::paint(
        ui,
        time_box,
        Align2::LEFT_CENTER,
        &time,
        theme::monospace_small(),
        palette.weak,
    );
    let (font, color) = match is_message {
        true => (theme::monospace_small(), palette.text),
        false => (theme::small(), color),
    };
    text_line::paint(ui, text_box, Align2::LEFT_CENTER, &words, font, color);
    // Select on press: in a stream, another entry is under the pointer on
    // release.
    let (pressed, released) = ui.input(|input| {
        (
            input.pointer.primary_pressed(),
            input.pointer.any_released(),
        )
    });
    (response.clicked() && !released) || (ui.rect_contains_pointer(rect) && pressed)
}

/// The icon, color and text of an entry.
fn describe(
    entry: &Entry,
    pointer: Option<&Pointer>,
    palette: &Palette,
) -> (&'static str, Color32, String) {
    match &entry.kind {
        EntryKind::Message(way, content) => {
            let words = match content {
                Content::Text(text) => {
                    let part = pointer.and_then(|pointer| {
                        let value = json(text)?;
                        let found: Vec<String> = pointer
                            .select(&value)
                            .iter()
                            .map(ToString::to_string)
                            .collect();
                        (!found.is_empty()).then(|| found.join("  "))
                    });
                    text::plain(beginning(part.as_deref().unwrap_or(text), MAX_ROW_TEXT))
                }
                Content::Binary(bytes) => format!(
                    "{} B  {}",
                    bytes.len(),
                    hex(&bytes[..bytes.len().min(MAX_ROW_TEXT / 2)])
                ),
            };
            match way {
                Direction::In => (icon::ARROW_DOWN, palette.good, words),
                Direction::Out => (icon::ARROW_UP, palette.underway, words),
            }
        }
        EntryKind::Ping(Direction::Out) => (icon::HEARTBEAT, palette.weak, "ping".to_owned()),
        EntryKind::Ping(Direction::In) => (
            icon::HEARTBEAT,
            palette.weak,
            "ping from the server".to_owned(),
        ),
        EntryKind::Pong(took) => (
            icon::HEARTBEAT,
            palette.weak,
            format!("pong after {}", text::short(*took)),
        ),
        EntryKind::Connecting => (icon::PLUGS, palette.underway, "connecting".to_owned()),
        EntryKind::Open(None) => (icon::PLUGS_CONNECTED, palette.good, "open".to_owned()),
        EntryKind::Open(Some(protocol)) => (
            icon::PLUGS_CONNECTED,
            palette.good,
            format!("open, {}", text::plain(protocol)),
        ),
        EntryKind::End(cause) => {
            let color = if cause.is_normal() {
                palette.weak
            } else {
                palette.bad
            };
            (icon::X_CIRCLE, color, text::plain(&cause.to_string()))
        }
        EntryKind::Waiting(time) => (
            icon::CLOCK,
            palette.weak,
            format!("reconnecting in {}", text::short(*time)),
        ),
        EntryKind::Missing(entries) => (
            icon::WARNING,
            palette.doubtful,
            format!("{entries} entries are missing here"),
        ),
        EntryKind::Other(text) => (
            icon::QUESTION,
            palette.weak,
            text::plain(beginning(text, MAX_ROW_TEXT)),
        ),
    }
}

/// The selected message in full.
fn details(ui: &mut Ui, pane: &mut ChannelPane, context: &FrameContext) {
    let Some(entry) = pane
        .selected
        .and_then(|number| pane.rows.numbered(number))
        .cloned()
    else {
        return;
    };
    let Some((way, content)) = entry.message() else {
        return;
    };
    let is_narrow = ui.available_width() < NARROW;
    if pane
        .details
        .as_ref()
        .is_none_or(|details| !details.is_of(entry.number, &pane.path, is_narrow))
    {
        pane.details = Some(Details::of(entry.number, content, &pane.path, is_narrow));
    }
    let palette = palette(ui);
    let [least, first, most] = DETAILS;
    let mut clicked = None;
    let frame = eframe::egui::Frame::new().inner_margin(eframe::egui::Margin {
        top: 6,
        ..Default::default()
    });
    // Keep a part of the list visible.
    let most =
        (ui.available_height() - theme::LINE * 2.0 - theme::PUSH_ROW * 4.0).clamp(least, most);
    let panel = Panel::bottom("details")
        .frame(frame)
        .resizable(true)
        .default_size(first)
        .size_range(least..=most);
    panel.show(ui, |ui| {
        ui.horizontal(|ui| {
            let way = if way == Direction::In { "in" } else { "out" };
            let offset = text::quantity(entry.offset.as_secs_f64(), Some(3), Some("s"));
            let facts = format!(
                "{}  {way}  {}  +{offset}",
                text::time_of_day(entry.at, &context.zone),
                text::amount(content.len() as f64)
            );
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if icon_button(ui, icon::X, "Close the message", "Close").clicked() {
                    pane.selected = None;
                }
                if icon_button(ui, icon::COPY, "Copy the message", "Copy").clicked() {
                    ui.ctx().copy_text(match content {
                        Content::Text(text) => text.to_string(),
                        Content::Binary(bytes) => hex(bytes),
                    });
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    text_line::label(ui, &facts, &facts, theme::small(), palette.weak);
                });
            });
        });
        clicked = pane.details.as_ref().and_then(|details| details.show(ui));
        ui.take_available_space();
    });
    if let Some(pointer) = clicked {
        pane.plot(pointer);
    }
}
