//! A channel in a column of its own: how it is and was, what goes over it, the
//! chosen message in full, and the box that sends.

use std::sync::Arc;

use eframe::egui::{
    Align, Align2, Button, Color32, CornerRadius, Key, Label, Layout, Panel, Popup,
    PopupCloseBehavior, Rect, Response, RichText, ScrollArea, Sense, TextEdit, Ui, WidgetInfo,
    accesskit::Role, pos2, vec2,
};

use super::{
    details::{Details, json},
    lane::{Lane, Source},
    list::{self, Asked, rate},
    options,
    rows::beginning,
};
use crate::ui::room::left_of;
use crate::{
    channel::{
        ChannelState, ChannelStatus, Content, Direction, Entry, EntryKind, PastConnection, Pointer,
        TrafficTotal, hex,
    },
    ui::{
        action::Action,
        files::Errand,
        icon,
        moment::Moment,
        text,
        theme::{self, HALF, Palette, palette},
        words,
    },
};

/// The height of the chosen message: least, at first, most.
const DETAILS: [f32; 3] = [72.0, 168.0, 480.0];

/// In a lower column the list has more of the room.
const LOW: f32 = 520.0;

/// In a narrower column bytes are shown in shorter lines.
const NARROW: f32 = 600.0;

/// So much of a message is shown in its line.
const LINE: usize = 600;

/// Shows it.
pub(super) fn show(
    ui: &mut Ui,
    lane: &mut Lane,
    moment: &Moment,
    actions: &mut Vec<Action>,
) -> Option<Asked> {
    let is_low = ui.available_height() < LOW;
    let asked = head(ui, lane, actions);
    facts(ui, lane, moment);
    plot(
        ui,
        lane,
        if is_low {
            theme::PLOT_STRIP * 0.6
        } else {
            theme::PLOT_STRIP
        },
    );
    if !matches!(lane.source, Source::Recorded(_)) {
        Panel::bottom("send")
            .frame(eframe::egui::Frame::new())
            .resizable(false)
            .show_separator_line(false)
            .show(ui, |ui| {
                ui.add_space(HALF);
                let Lane {
                    sender,
                    view,
                    source,
                    ..
                } = lane;
                let channel = if let Source::Live(channel) = source {
                    Some(&*channel)
                } else {
                    None
                };
                sender.show(ui, channel, view.as_ref(), if is_low { 1 } else { 2 });
            });
    }
    details(ui, lane, moment);
    filter(ui, lane);
    messages(ui, lane, moment);
    asked
}

fn sign(ui: &mut Ui, sign: &str, name: &str, hint: &str) -> Response {
    let button = ui.add(Button::new(sign).min_size(vec2(theme::LINE + HALF, theme::LINE)));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    button.on_hover_text(hint)
}

/// The address, and what can be done with it.
fn head(ui: &mut Ui, lane: &mut Lane, actions: &mut Vec<Action>) -> Option<Asked> {
    let palette = palette(ui);
    let mut asked = None;
    let address = lane.title.clone();
    ui.horizontal(|ui| {
        let (mark, color, _) = list::state(lane, palette);
        let font = if mark == icon::DOT {
            theme::icon()
        } else {
            theme::body()
        };
        text::label(ui, mark, &format!("{address}: sign"), font, color);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = HALF;
            if sign(
                ui,
                icon::X,
                &format!("Do not show {address}"),
                "Do not show it; it goes on",
            )
            .clicked()
            {
                asked = Some(Asked::Beside(lane.id));
            }
            if !matches!(lane.source, Source::Recorded(_)) {
                let live = lane.is_live();
                let button = sign(
                    ui,
                    icon::SLIDERS_HORIZONTAL,
                    &format!("Options of {address}"),
                    "How it is opened",
                );
                options::below(&button, &mut lane.options, live);
                record(ui, lane, actions);
                let (word, hint) = if live {
                    ("Close", "Close it, with 1000")
                } else {
                    ("Open", "Open it")
                };
                let button = ui.add(Button::new(word).min_size(vec2(52.0, theme::LINE)));
                button.widget_info(|| {
                    WidgetInfo::labeled(Role::Button, true, format!("{word} {address}"))
                });
                if button.on_hover_text(hint).clicked() {
                    asked = Some(Asked::Toggle(lane.id));
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let (_, title) = list::parts(&address);
                text::label(ui, &title, &address, theme::strong(), palette.text)
                    .on_hover_text(&address);
            });
        });
    });
    asked
}

/// Begins and ends a recording.
fn record(ui: &mut Ui, lane: &Lane, actions: &mut Vec<Action>) {
    let recording = lane.view.as_ref().and_then(|view| view.recording.as_ref());
    let Some(channel) = lane
        .channel()
        .filter(|_| lane.is_live() || recording.is_some())
    else {
        return;
    };
    if recording.is_some() {
        let button = sign(
            ui,
            icon::STOP,
            &format!("End the recording of {}", lane.title),
            "End the recording",
        );
        if button.clicked() {
            // What waits is written by its thread.
            drop(channel.record(None));
        }
    } else if sign(
        ui,
        icon::RECORD,
        &format!("Record {}", lane.title),
        "Record everything that happens, as JSON Lines",
    )
    .clicked()
    {
        actions.push(Action::File(Errand::Record(lane.id, lane.title.clone())));
    }
}

/// How it is and was.
fn facts(ui: &mut Ui, lane: &Lane, moment: &Moment) {
    let palette = palette(ui);
    let small = |ui: &mut Ui, words: &str, color: Color32| {
        text::label(ui, words, words, theme::small(), color).on_hover_text(words)
    };
    if let Some(problem) = &lane.problem {
        ui.add(
            Label::new(
                RichText::new(problem)
                    .font(theme::small())
                    .color(palette.bad),
            )
            .wrap(),
        );
    }
    let (host, _) = list::parts(&lane.title);
    let Some(view) = &lane.view else {
        match &lane.source {
            Source::Recorded(path) => {
                small(ui, &format!("recording {}", path.display()), palette.weak);
                for (way, word) in [(Direction::In, "in"), (Direction::Out, "out")] {
                    let (messages, bytes) = lane.rows.sum(way);
                    let words = format!(
                        "{} {word}, {}",
                        words::grouped(messages),
                        words::amount(bytes as f64)
                    );
                    small(ui, &words, palette.weak);
                }
            }
            _ => {
                let words = if lane.is_example {
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
        let words = state(view, moment);
        text::label(ui, &words, &words, theme::small(), palette.text).on_hover_text(&host);
        lives(ui, lane, view, moment);
    });
    if let (false, Some(connection)) = (view.state.is_open(), view.past.last()) {
        let color = if connection.cause.is_normal() {
            palette.weak
        } else {
            palette.bad
        };
        let words = words::plain(&connection.cause.to_string());
        ui.add(Label::new(RichText::new(words).font(theme::small()).color(color)).wrap());
    }
    let sent = words::count(view.pings.sent, "ping");
    if view.state.is_open() || view.pings.sent > 0 {
        small(ui, &pings(view), palette.weak)
            .on_hover_text(format!("{sent} sent, {} answered", view.pings.answered));
    }
    flow(ui, icon::ARROW_DOWN, "in", &view.received, palette);
    flow(ui, icon::ARROW_UP, "out", &view.sent, palette);
    if view.unsent > 0 {
        small(
            ui,
            &format!(
                "{} not sent, since it ended before",
                words::count(view.unsent, "message")
            ),
            palette.doubtful,
        );
    }
    if let Some(recording) = &view.recording {
        let (words, color) = match &recording.problem {
            None => (
                format!("recorded: {} lines", words::grouped(recording.lines)),
                palette.underway,
            ),
            Some(problem) => (problem.clone(), palette.bad),
        };
        small(ui, &words, color);
    }
}

/// One way's rates: what a second, in bytes, on the wire, and the sum.
fn flow(ui: &mut Ui, mark: &str, word: &str, sum: &TrafficTotal, palette: &Palette) {
    let TrafficTotal {
        messages,
        bytes,
        wire,
        rate: flow,
    } = sum;
    let first = format!("{}/s", rate(flow.messages));
    let rest = [
        format!("{}/s", words::amount(flow.bytes)),
        format!("wire {}/s", words::amount(flow.wire)),
        words::grouped(*messages),
    ];
    let name = format!("{word}: {first}, {} in all", rest.join(", "));
    let size = vec2(ui.available_width(), 16.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    text::name_label(ui, &response, &name);
    let cells = [0.19, 0.22, 0.35, 0.24].map(|part| left_of(rect.width(), 18.0).min(480.0) * part);
    let sign = Rect::from_min_size(rect.min, vec2(16.0, 16.0));
    text::paint(
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
        text::paint(ui, cell, Align2::LEFT_CENTER, words, theme::small(), color);
        left += width;
    }
    response.on_hover_text(format!(
        "Messages {word}: {}; in them {}, over TCP {} with frames, pings and TLS. Rates are means \
             of the last three seconds.",
        words::grouped(*messages),
        words::amount(*bytes as f64),
        words::amount(*wire as f64)
    ));
}

fn state(view: &ChannelStatus, moment: &Moment) -> String {
    let age = words::length(moment.age(view.since));
    match &view.state {
        ChannelState::Connecting => format!("connecting for {age}"),
        ChannelState::Open(None) => format!("open for {age}"),
        ChannelState::Open(Some(protocol)) => format!("open for {age}, {}", words::plain(protocol)),
        ChannelState::Waiting(until) => {
            format!("tries again in {}", words::length(moment.until(*until)))
        }
        ChannelState::Closed => format!("closed for {age}"),
    }
}

fn pings(view: &ChannelStatus) -> String {
    match (view.pings.last(), view.pings.median(), view.pings.worst()) {
        (Some(last), Some(median), Some(worst)) => {
            format!(
                "ping {}, median {}, worst {}",
                words::short(last),
                words::short(median),
                words::short(worst)
            )
        }
        _ if view.pings.sent > 0 => "no ping is answered yet".to_owned(),
        _ => "no ping yet".to_owned(),
    }
}

/// The past lives, in a list below their number.
fn lives(ui: &mut Ui, lane: &Lane, view: &ChannelStatus, moment: &Moment) {
    if view.state.is_open()
        && let Some(channel) = lane.channel()
        && ui
            .small_button("Ping")
            .on_hover_text("Send a ping now")
            .clicked()
    {
        // It may have ended since.
        let _ = channel.ping();
    }
    if matches!(view.state, ChannelState::Waiting(_))
        && let Some(channel) = lane.channel()
        && ui.small_button("Try now").clicked()
    {
        channel.retry_now();
    }
    if view.ended == 0 {
        return;
    }
    let words = match view.ended {
        1 => "1 past connection".to_owned(),
        more => format!("{} past lives", words::grouped(more)),
    };
    let button = ui.small_button(&words);
    let popup = Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    popup.show(|ui| {
        ui.set_width(420.0);
        ScrollArea::vertical()
            .id_salt("lives")
            .max_height(280.0)
            .show(ui, |ui| {
                for connection in view.past.iter().rev() {
                    let words = life_words(connection, moment);
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

fn life_words(connection: &PastConnection, moment: &Moment) -> String {
    let began = words::time_of_day(connection.began, &moment.zone);
    let lasted = connection.lasted.map_or("never open".to_owned(), |lasted| {
        format!(
            "open for {}, {} in, {} out",
            words::short(lasted),
            connection.messages[0],
            connection.messages[1]
        )
    });
    format!(
        "{began}  {lasted}: {}",
        words::plain(&connection.cause.to_string())
    )
}

/// The number that is plotted.
fn plot(ui: &mut Ui, lane: &mut Lane, height: f32) {
    let Some(plotted) = &lane.plotted else { return };
    let palette = palette(ui);
    let mut end = false;
    ui.horizontal(|ui| {
        let words = format!("{}  {}", plotted.pointer, plotted.words());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let button = ui.add(Button::new(icon::X).small().frame(false));
            button.widget_info(|| WidgetInfo::labeled(Role::Button, true, "End the plot"));
            end = button.on_hover_text("Do not plot it any more").clicked();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                text::label(
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
        lane.id,
        height,
        !matches!(lane.source, Source::Recorded(_)),
    );
    if end {
        lane.plotted = None;
    }
}

/// What is listed of it.
fn filter(ui: &mut Ui, lane: &mut Lane) {
    let palette = palette(ui);
    ui.add_space(HALF);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = HALF;
        let (mark, word, hint) = match lane.held {
            false => (
                icon::PAUSE,
                "Pause",
                "Hold the list still; the channel goes on",
            ),
            true => (icon::PLAY, "Resume", "Show what came since"),
        };
        if !matches!(lane.source, Source::Recorded(_)) && sign(ui, mark, word, hint).clicked() {
            lane.held = !lane.held;
        }
        if sign(ui, icon::TRASH, "Clear the list", "Forget what is listed").clicked() {
            lane.rows.clear();
            (lane.selected, lane.details) = (None, None);
        }
        let messages = ui.add(Button::selectable(lane.only_messages, icon::LIST_BULLETS));
        messages.widget_info(|| {
            WidgetInfo::selected(Role::CheckBox, true, lane.only_messages, "Messages only")
        });
        if messages
            .on_hover_text("Messages only: leave out pings and states")
            .clicked()
        {
            lane.only_messages = !lane.only_messages;
        }
        let words = listed(lane);
        text::label(ui, &words, &words, theme::small(), palette.weak).on_hover_text(
            "What is listed, and how many older entries were dropped: a list is bounded",
        );
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = HALF;
        // With an id of its own a field keeps the focus when something appears
        // above it.
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
        field(ui, &mut lane.find, "Find", "Find in the messages", None);
        let wrong = lane.path.parse::<Pointer>().err();
        let color = wrong.as_ref().map(|_| palette.bad);
        let path = field(ui, &mut lane.path, "/path/of/json", "Part of JSON", color);
        let hint = wrong.map_or_else(
            || {
                "Show only this part of JSON: names and places each after a slash, * for every \
                 element"
                    .to_owned()
            },
            |error| format!("{error}."),
        );
        path.on_hover_text(hint);
    });
}

/// How much is listed, in words.
fn listed(lane: &Lane) -> String {
    let (all, passing, dropped) = (lane.rows.len(), lane.rows.passing(), lane.rows.dropped);
    let mut words = match passing == all {
        true => format!("{} listed", words::grouped(all as u64)),
        false => format!(
            "{} of {} listed",
            words::grouped(passing as u64),
            words::grouped(all as u64)
        ),
    };
    if lane.held {
        words.push_str("; paused");
    }
    if dropped > 0 {
        words.push_str(&format!(", {} gone", words::grouped(dropped)));
    }
    words
}

/// What happens, newest first.
fn messages(ui: &mut Ui, lane: &mut Lane, moment: &Moment) {
    let mut selected = lane.selected;
    let at = selected.and_then(|number| lane.rows.place(number));
    // Of several columns the arrows are for the one under the pointer.
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
            .and_then(|next| lane.rows.nth_newest(next))
            .map(|entry| entry.number)
            .or(selected);
    }
    let pointer = lane
        .path
        .parse::<Pointer>()
        .ok()
        .filter(|pointer| !pointer.is_whole());
    ui.spacing_mut().item_spacing.y = 0.0;
    let area = ScrollArea::vertical()
        .id_salt("messages")
        .auto_shrink(false)
        .min_scrolled_height(0.0);
    area.show_rows(ui, theme::PUSH_ROW, lane.rows.passing(), |ui, range| {
        let first = range.start;
        for nth in range {
            let Some(entry) = lane.rows.nth_newest(nth) else {
                continue;
            };
            if row(
                ui,
                nth - first,
                entry,
                selected == Some(entry.number),
                pointer.as_ref(),
                moment,
            ) {
                selected = Some(entry.number);
            }
        }
    });
    if selected != lane.selected {
        lane.selected = selected;
        ui.ctx().request_repaint();
    }
}

/// An entry on one line; whether it was chosen. It is named after its place on
/// the screen: what the library keeps of names is kept for ever, and in a
/// stream each is on the screen for a moment.
fn row(
    ui: &mut Ui,
    slot: usize,
    entry: &Arc<Entry>,
    chosen: bool,
    pointer: Option<&Pointer>,
    moment: &Moment,
) -> bool {
    let palette = palette(ui);
    let size = vec2(ui.available_width(), theme::PUSH_ROW);
    let (rect, response) = ui
        .push_id(slot, |ui| ui.allocate_exact_size(size, Sense::click()))
        .inner;
    let (mark, color, words) = in_words(entry, pointer, palette);
    let time = words::time_of_day(entry.at, &moment.zone);
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
    text::paint(
        ui,
        sign_box,
        Align2::CENTER_CENTER,
        mark,
        theme::body(),
        color,
    );
    text::paint(
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
    text::paint(ui, text_box, Align2::LEFT_CENTER, &words, font, color);
    // In a stream another entry is here before the button is released.
    let (pressed, released) = ui.input(|input| {
        (
            input.pointer.primary_pressed(),
            input.pointer.any_released(),
        )
    });
    (response.clicked() && !released) || (ui.rect_contains_pointer(rect) && pressed)
}

/// The sign, its color and the line of what happened.
fn in_words(
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
                    words::plain(beginning(part.as_deref().unwrap_or(text), LINE))
                }
                Content::Binary(bytes) => format!(
                    "{} B  {}",
                    bytes.len(),
                    hex(&bytes[..bytes.len().min(LINE / 2)])
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
            "ping of the server".to_owned(),
        ),
        EntryKind::Pong(took) => (
            icon::HEARTBEAT,
            palette.weak,
            format!("pong after {}", words::short(*took)),
        ),
        EntryKind::Connecting => (icon::PLUGS, palette.underway, "connecting".to_owned()),
        EntryKind::Open(None) => (icon::PLUGS_CONNECTED, palette.good, "open".to_owned()),
        EntryKind::Open(Some(protocol)) => (
            icon::PLUGS_CONNECTED,
            palette.good,
            format!("open, {}", words::plain(protocol)),
        ),
        EntryKind::End(cause) => {
            let color = if cause.is_normal() {
                palette.weak
            } else {
                palette.bad
            };
            (icon::X_CIRCLE, color, words::plain(&cause.to_string()))
        }
        EntryKind::Waiting(time) => (
            icon::CLOCK,
            palette.weak,
            format!("tries again in {}", words::short(*time)),
        ),
        EntryKind::Missing(entries) => (
            icon::WARNING,
            palette.doubtful,
            format!("{entries} entries are missing here"),
        ),
        EntryKind::Other(text) => (
            icon::QUESTION,
            palette.weak,
            words::plain(beginning(text, LINE)),
        ),
    }
}

/// The chosen message in full.
fn details(ui: &mut Ui, lane: &mut Lane, moment: &Moment) {
    let Some(entry) = lane
        .selected
        .and_then(|number| lane.rows.numbered(number))
        .cloned()
    else {
        return;
    };
    let Some((way, content)) = entry.message() else {
        return;
    };
    let is_narrow = ui.available_width() < NARROW;
    if lane
        .details
        .as_ref()
        .is_none_or(|details| !details.is_of(entry.number, &lane.path, is_narrow))
    {
        lane.details = Some(Details::of(entry.number, content, &lane.path, is_narrow));
    }
    let palette = palette(ui);
    let [least, first, most] = DETAILS;
    let mut clicked = None;
    let frame = eframe::egui::Frame::new().inner_margin(eframe::egui::Margin {
        top: 6,
        ..Default::default()
    });
    // Some of the list stays in sight.
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
            let offset = words::quantity(entry.offset.as_secs_f64(), Some(3), Some("s"));
            let facts = format!(
                "{}  {way}  {}  +{offset}",
                words::time_of_day(entry.at, &moment.zone),
                words::amount(content.len() as f64)
            );
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if sign(ui, icon::X, "Close the message", "Close it").clicked() {
                    lane.selected = None;
                }
                if sign(ui, icon::COPY, "Copy the message", "Copy it").clicked() {
                    ui.ctx().copy_text(match content {
                        Content::Text(text) => text.to_string(),
                        Content::Binary(bytes) => hex(bytes),
                    });
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    text::label(ui, &facts, &facts, theme::small(), palette.weak);
                });
            });
        });
        clicked = lane.details.as_ref().and_then(|details| details.show(ui));
        ui.take_available_space();
    });
    if let Some(pointer) = clicked {
        lane.plot(pointer);
    }
}
