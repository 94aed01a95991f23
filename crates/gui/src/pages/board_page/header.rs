//! The head of a board's page: its name, buttons, lock and facts.

use crate::{
    model::{
        action::{BoardCommand, RenameSpot, RenameTarget},
        credential,
    },
    pages::{board_menu, list_button},
    widgets::{
        cards::{self, CardContext},
        icon,
        layout::left_of,
        rename, text_line,
        theme::{self, UNIT, palette},
        verb,
    },
};
use eframe::egui::{Align, Button, Frame, Layout, Margin, Stroke, Ui, vec2};
use fleet::{BoardView, ComponentView, Confirmation, LinkState, Lock, Via};
use protocol::{Kind, method};

pub(super) fn header(ui: &mut Ui, page: &CardContext<'_>) {
    let (board, context) = (page.board, page.context);
    let title = &context.model.title(board);
    let palette = palette(ui);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let more = ui.add(Button::new(icon::DOTS_THREE));
            more.widget_info(|| {
                eframe::egui::WidgetInfo::labeled(
                    eframe::egui::accesskit::Role::Button,
                    true,
                    "More",
                )
            });
            eframe::egui::Popup::menu(&more).show(|ui| board_menu::show(ui, context, &[board.key]));
            let live = board.link.is_up();
            let lacks = board.lacks(method::DEVICE_IDENTIFY);
            let why_not = match board.why_lacking(method::DEVICE_IDENTIFY) {
                Some(why) => Some(why),
                None if lacks => {
                    Some("This board cannot identify itself: it has no Device.Identify")
                }
                None if !live => Some("The board is not connected"),
                None => context.model.why_view_only(board),
            };
            let identify = ui.add_enabled(why_not.is_none(), Button::new("Identify"));
            let identify = verb::explained(identify, why_not)
                .on_hover_text("Make the board identify itself, for example by blinking");
            if identify.clicked() {
                context.push(BoardCommand::Identify(board.key));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                list_button::show(ui, context);
                let heading = eframe::egui::TextStyle::Heading.resolve(ui.style());
                let lock = credential::badge(board);
                // About as wide as the text of the badge.
                let of_lock =
                    lock.map_or(0.0, |(word, _)| if word.len() > 6 { 128.0 } else { 64.0 });
                let of_family = if board.family.is_ours() { 0.0 } else { 80.0 };
                let room = of_lock + of_family;
                let galley = text_line::line(
                    ui,
                    title,
                    heading,
                    palette.text,
                    left_of(ui.available_width(), room),
                );
                let (rect, response) =
                    ui.allocate_exact_size(galley.size(), eframe::egui::Sense::click());
                let target = RenameTarget::Board(board.key);
                if !rename::in_place_of(ui, &response, target, RenameSpot::Heading, context) {
                    ui.painter().galley(rect.min, galley, palette.text);
                }
                response.widget_info(|| {
                    eframe::egui::WidgetInfo::labeled(
                        eframe::egui::accesskit::Role::Heading,
                        true,
                        title,
                    )
                });
                if let Some((word, meaning)) = lock {
                    badge(ui, word, meaning);
                }
                if !board.family.is_ours() {
                    badge(ui, board.family.title(), family_meaning(board));
                }
                if context.model.samples.has(board) {
                    badge(ui, "sample", "A virtual board that runs in this program");
                }
            });
        });
    });
    facts(ui, page);
    for firmware in firmware(board) {
        cards::firmware_progress(ui, page, firmware);
    }
}

fn firmware(board: &BoardView) -> impl Iterator<Item = &ComponentView> {
    board
        .components
        .iter()
        .map(AsRef::as_ref)
        .filter(|component: &&ComponentView| component.descriptor.kind == Kind::Update)
}

/// What the badge of another family says: that, and what *confirmed* means.
fn family_meaning(board: &BoardView) -> &'static str {
    match board.family.confirmation() {
        Confirmation::ByNumber => "It speaks the protocol of Switchboard",
        Confirmation::ByAnswer => {
            "It runs its own firmware. \u{201c}Confirmed\u{201d} means that the board \
             answered the command"
        }
        Confirmation::ByValue => {
            "It runs its own firmware. \u{201c}Confirmed\u{201d} means that the board \
             reports the value that was wanted"
        }
    }
}

fn badge(ui: &mut Ui, word: &str, meaning: &str) {
    let palette = palette(ui);
    let frame = Frame::new()
        .stroke(Stroke::new(1.0, palette.outline))
        .corner_radius(theme::CONTROL_RADIUS)
        .inner_margin(Margin::symmetric(6, 1));
    let response = frame.show(ui, |ui| {
        text_line::label(
            ui,
            word,
            &format!("{word}: {meaning}"),
            theme::small(),
            palette.weak,
        )
    });
    response.inner.on_hover_text(meaning);
}

/// One line of facts about the board.
fn facts(ui: &mut Ui, page: &CardContext<'_>) {
    let (board, context) = (page.board, page.context);
    let palette = palette(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(UNIT * 2.0, 2.0);
        let fact = |ui: &mut Ui, value: &str, name: &str, meaning: &str| {
            text_line::label(
                ui,
                value,
                &format!("{name}: {value}"),
                theme::body(),
                palette.weak,
            )
            .on_hover_text(meaning);
        };
        text_line::label(
            ui,
            &board.address,
            &format!("address: {}", board.address),
            theme::monospace(),
            palette.weak,
        )
        .on_hover_text(about_address(board));
        if let Some(page) = board.web_page() {
            ui.hyperlink_to("web page", &page)
                .on_hover_text(format!("The board's own page, {page}"));
        }
        if let Some(via) = &board.via {
            through(ui, via);
        }
        if let Some(from) = board.inbound_from {
            fact(
                ui,
                "inbound",
                "link",
                &format!("The board opened this connection, from {from}"),
            );
        }
        let announced = board
            .announcement
            .as_ref()
            .map(|(announcement, _)| announcement);
        let version = board
            .info
            .as_ref()
            .map(|info| &info.version)
            .or(announced.map(|announced| &announced.version));
        if firmware(board).next().is_some() {
            firmware(board).for_each(|firmware| cards::firmware_fact(ui, page, firmware));
        } else if let Some(version) = version.filter(|version| !version.is_empty()) {
            let words = format!("firmware {version}");
            fact(ui, &words, "firmware", "Firmware version");
        }
        if let Some(info) = &board.info {
            let product = board.family.short_product(&info.board);
            let on = match board.family.is_ours() {
                true => format!("{} on {}", info.board, info.platform),
                false => format!("{} {}", board.family.title(), info.board),
            };
            fact(ui, product, "hardware", &on);
        }
        if let Some(booted) = board.booted.filter(|_| board.link == LinkState::Connected) {
            fact(
                ui,
                &format!("up {}", text::length(context.wall_age(booted))),
                "uptime",
                "Time since the board booted",
            );
        }
        if let Some(rssi) = signal(board) {
            fact(ui, &rssi, "signal", "Wi-Fi signal strength at the board");
        }
        if let Some(round_trip) = board
            .round_trip
            .filter(|_| board.link == LinkState::Connected)
        {
            fact(
                ui,
                &text::short(round_trip),
                "round trip",
                "Last round trip of a command or ping",
            );
        }
    });
}

/// The broker, and the site and bridge, that a board is reached through.
fn through(ui: &mut Ui, via: &Via) {
    let weak = palette(ui).weak;
    let fact = |ui: &mut Ui, value: &str, name: &str, meaning: &str| {
        let named = format!("{name}: {value}");
        text_line::label(ui, value, &named, theme::body(), weak).on_hover_text(meaning);
    };
    if let Some(bridge) = &via.bridge {
        let site = format!("site {}", text::plain(&bridge.site));
        fact(
            ui,
            &site,
            "site",
            "The site whose bridge forwards this board",
        );
        let name = format!("bridge {}", text::plain(&bridge.name));
        fact(
            ui,
            &name,
            "bridge",
            "The bridge that forwards this board to the broker",
        );
    } else {
        let meaning = format!("The board is connected to the broker {}", via.broker);
        fact(ui, "through a broker", "link", &meaning);
    }
}

fn about_address(board: &BoardView) -> String {
    if let Some(via) = &board.via {
        return format!("Address of the broker, {}", via.broker);
    }
    let place = match board.inbound_only {
        true => "Address of its last connection",
        false => "Address of the board",
    };
    match board.lock() {
        Lock::Open => format!("{place}. It is open: anyone on this network can control it"),
        _ => place.to_owned(),
    }
}

fn signal(board: &BoardView) -> Option<String> {
    let is_signal = |c: &&std::sync::Arc<ComponentView>| {
        c.descriptor.device_class.as_deref() == Some("signal_strength")
    };
    let component = board.components.iter().find(is_signal)?;
    Some(text::reading(
        component.reported.number()?,
        Some(&component.descriptor),
    ))
}
