//! Decides how the window looks: every color, distance, radius and font size
//! is here and nowhere else.
//!
//! Grays are neutral and there is one accent. Colors of states are Okabe and
//! Ito's (2008), which color-blind people can tell apart, each darkened or
//! lightened until it can be read as text on every surface of its theme (WCAG
//! 2.2, 1.4.3).

#[cfg(test)]
mod contrast;
mod edges;

use eframe::egui::{
    self, Color32, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle,
    Theme, Ui, Visuals, style::ScrollAnimation, vec2,
};

pub(crate) use edges::{FIELD, combo_box};

use disk::settings::ThemeChoice;

use crate::{
    model::arrangement::{HEADING_HEIGHT, ROW_HEIGHT},
    widgets::fonts,
};

/// Everything sits on a grid of this many points.
pub(crate) const UNIT: f32 = 8.0;
/// Half of [`UNIT`], between things that belong together.
pub(crate) const HALF: f32 = 4.0;
/// The height of a control and of the line it is in.
pub(crate) const LINE: f32 = 24.0;
/// How far from a control a finger may be.
const TOUCH_RADIUS: f32 = 10.0;
/// The height of the bar at the top: in a compact window, otherwise.
pub(crate) const TOP_BAR: [f32; 2] = [40.0, 48.0];
/// The width of the navigation rail: with icons only, with words.
pub(crate) const RAIL: [f32; 2] = [44.0, 88.0];
/// The height of the rail at the bottom of an upright window, and the least
/// width of its entries.
pub(crate) const BOTTOM_RAIL: [f32; 2] = [52.0, 45.0];
/// An upright window is narrower than this, and higher than wide: a phone.
pub(crate) const UPRIGHT: f32 = 700.0;
/// The height of an entry in the rail: least with icons only, least with
/// words, most.
pub(crate) const RAIL_ROW: [f32; 3] = [28.0, 40.0, 52.0];
/// A compact window is narrower than the first; a wide one is at least as wide
/// as the second.
pub(crate) const WINDOW_WIDTHS: [f32; 2] = [900.0, 1600.0];
/// A window that is less high has no room for panels below its pages.
pub(crate) const WINDOW_LOW: f32 = 480.0;
/// In a window that is less high, the timeline is folded at first.
pub(crate) const TIMELINE_WINDOW: f32 = 640.0;
/// The width of the drawer with the list of boards in a compact window.
pub(crate) const DRAWER: f32 = 320.0;
/// The width of the text in a dialog.
pub(crate) const DIALOG: f32 = 400.0;
/// The dialog *Set up a board*: width, height.
pub(crate) const SETUP: [f32; 2] = [680.0, 480.0];
/// The width of the list of its steps.
pub(crate) const SETUP_STEPS: f32 = 168.0;
/// The least width of the field that renames in place.
pub(crate) const RENAME_LEAST: f32 = 160.0;
/// The command palette: width, height.
pub(crate) const COMMANDS: [f32; 2] = [560.0, 400.0];
/// The height of a line of the command palette.
pub(crate) const COMMAND_ROW: f32 = 32.0;
/// The component picker is this high.
pub(crate) const PICKER_HEIGHT: f32 = 520.0;
/// The table of links is at least this high.
pub(crate) const HEALTH_TABLE: f32 = 240.0;
/// The height of what is shown of one link: least, at first, most.
pub(crate) const HEALTH_PLOTS: [f32; 3] = [240.0, 420.0, 800.0];
/// The width of the list of curves.
pub(crate) const PLOT_LIST: f32 = 248.0;
/// A plot is at least this high.
pub(crate) const PLOT_STRIP: f32 = 84.0;
/// The numbers next to a plot take at least this width, so that all plots are
/// aligned.
pub(crate) const PLOT_AXIS: f32 = 68.0;
/// A toast is this wide.
pub(crate) const TOAST_WIDTH: f32 = 480.0;
/// The height of the chosen frame below the list: least, at first, most.
pub(crate) const FRAME_DETAILS: [f32; 3] = [140.0, 260.0, 640.0];
/// The height of the chosen line of a serial port below the list: least, at
/// first, most.
pub(crate) const SERIAL_DETAILS: [f32; 3] = [56.0, 88.0, 400.0];
/// The maximum width of explanations.
pub(crate) const PROSE: f32 = 640.0;
/// The height of a board in the list.
pub(crate) const LIST_ROW: f32 = ROW_HEIGHT;
/// The height of a heading in the list.
pub(crate) const LIST_HEADING: f32 = HEADING_HEIGHT;
/// The height of a row of pushes.
pub(crate) const PUSH_ROW: f32 = 20.0;
/// The width of the list of boards: least, at first, most.
pub(crate) const LIST_WIDTH: [f32; 3] = [200.0, 264.0, 440.0];
/// The height of the timeline: least, at first, most.
pub(crate) const TIMELINE_HEIGHT: [f32; 3] = [80.0, 168.0, 640.0];
/// A card is at least this wide, and as many are in a row as fit.
pub(crate) const CARD_WIDTH: f32 = 272.0;
/// No card is wider, so that a control stays near its name.
pub(crate) const CARD_WIDTH_MOST: f32 = 440.0;
/// Within a card, on each side.
pub(crate) const CARD_PADDING: f32 = 16.0;
/// A history line is at least this high.
pub(crate) const SPARKLINE: f32 = 40.0;
/// And at most this high: a taller one would exaggerate.
pub(crate) const SPARKLINE_MOST: f32 = 88.0;
/// The corners of cards and dialogs.
pub(crate) const CARD_RADIUS: u8 = 8;
/// The corners of everything smaller.
pub(crate) const CONTROL_RADIUS: u8 = 4;
/// How long a push lights its card, in seconds.
pub(crate) const FLASH: f32 = 0.6;
/// The period of a pending control's pulse, in seconds.
pub(crate) const BREATH: f32 = 1.2;
/// How long a control takes to change its look, in seconds.
const ANIMATION: f32 = 0.1;
/// The room that pages need; in less, they scroll as a whole.
pub(crate) const LEAST_BOARD: [f32; 2] = [300.0, 340.0];
pub(crate) const LEAST_DASHBOARD: [f32; 2] = [0.0, 360.0];
pub(crate) const LEAST_PLOTS: [f32; 2] = [640.0, 420.0];
pub(crate) const LEAST_SCENES: [f32; 2] = [0.0, 280.0];
pub(crate) const LEAST_HEALTH: [f32; 2] = [640.0, 520.0];
pub(crate) const LEAST_FRAMES: [f32; 2] = [0.0, 520.0];
pub(crate) const LEAST_CHANNELS: [f32; 2] = [720.0, 560.0];
pub(crate) const LEAST_EXPERIMENT: [f32; 2] = [0.0, 480.0];
pub(crate) const LEAST_SERIAL: [f32; 2] = [0.0, 300.0];
pub(crate) const LEAST_TABLE: [f32; 2] = [0.0, 360.0];
/// The window at its first start.
pub(crate) const WINDOW: [f32; 2] = [1180.0, 760.0];
/// The smallest window in which every page can be used: one of 900 by 600 at a
/// zoom of 200 %.
pub(crate) const WINDOW_LEAST: [f32; 2] = [450.0, 300.0];
/// The zoom: least, most.
pub(crate) const ZOOM: [f32; 2] = [0.5, 3.0];

/// The colors of one theme.
#[derive(Debug)]
pub(crate) struct Palette {
    /// Behind the cards.
    pub(crate) ground: Color32,
    /// Behind the list and the bars.
    pub(crate) side: Color32,
    /// A card.
    pub(crate) card: Color32,
    /// A card lit by a push.
    pub(crate) lit: Color32,
    /// The edges of cards and panels.
    pub(crate) border: Color32,
    /// A control at rest.
    pub(crate) control: Color32,
    /// A control under the pointer.
    pub(crate) hovered: Color32,
    /// A control that is held.
    pub(crate) pressed: Color32,
    /// The chosen board.
    pub(crate) chosen: Color32,
    /// Fields for text.
    pub(crate) field: Color32,
    /// The rail of sliders and switches.
    pub(crate) rail: Color32,
    /// The outline of controls: contrast of 3:1 (WCAG 2.2, 1.4.11).
    pub(crate) outline: Color32,
    /// Primary text.
    pub(crate) text: Color32,
    /// Secondary text.
    pub(crate) weak: Color32,
    /// The one accent.
    pub(crate) accent: Color32,
    /// Text and signs upon the accent.
    pub(crate) on_accent: Color32,
    /// A link that is alive; a command that is confirmed.
    pub(crate) good: Color32,
    /// Connecting, pending.
    pub(crate) underway: Color32,
    /// Silent, unconfirmed.
    pub(crate) doubtful: Color32,
    /// Without a link, refused.
    pub(crate) bad: Color32,
    /// Words in JSON.
    pub(crate) word: Color32,
    /// Curves, in order: they differ in lightness too, and each has its number
    /// next to it.
    pub(crate) series: [Color32; 8],
    /// Icons of those four states, which need less contrast than text and are
    /// easier to distinguish when brighter.
    pub(crate) signs: Signs,
}

/// Colors of icons: contrast of 3:1 (WCAG 2.2, 1.4.11).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signs {
    pub(crate) good: Color32,
    pub(crate) underway: Color32,
    pub(crate) doubtful: Color32,
    pub(crate) bad: Color32,
}

pub(crate) const DARK: Palette = Palette {
    ground: Color32::from_gray(0x15),
    side: Color32::from_gray(0x1b),
    card: Color32::from_gray(0x20),
    lit: Color32::from_rgb(0x1f, 0x36, 0x4a),
    border: Color32::from_gray(0x32),
    control: Color32::from_gray(0x32),
    hovered: Color32::from_gray(0x40),
    pressed: Color32::from_gray(0x28),
    chosen: Color32::from_rgb(0x1f, 0x36, 0x4a),
    field: Color32::from_gray(0x12),
    rail: Color32::from_gray(0x3c),
    outline: Color32::from_gray(0x84),
    text: Color32::from_gray(0xe8),
    weak: Color32::from_gray(0xa6),
    accent: Color32::from_rgb(0x4a, 0xa3, 0xe0),
    on_accent: Color32::from_gray(0x10),
    good: Color32::from_rgb(0x2c, 0xc0, 0x94),
    underway: Color32::from_rgb(0x56, 0xb4, 0xe9),
    doubtful: Color32::from_rgb(0xe6, 0x9f, 0x00),
    bad: Color32::from_rgb(0xf5, 0x84, 0x3a),
    word: Color32::from_rgb(0xa4, 0x9c, 0xf5),
    series: [
        Color32::from_rgb(0x56, 0xb4, 0xe9),
        Color32::from_rgb(0xe6, 0x9f, 0x00),
        Color32::from_rgb(0x2c, 0xc0, 0x94),
        Color32::from_rgb(0xf0, 0xe4, 0x42),
        Color32::from_rgb(0xd9, 0x8f, 0xb8),
        Color32::from_rgb(0xf5, 0x84, 0x3a),
        Color32::from_rgb(0xa4, 0x9c, 0xf5),
        Color32::from_gray(0xc0),
    ],
    signs: Signs {
        good: Color32::from_rgb(0x2c, 0xc0, 0x94),
        underway: Color32::from_rgb(0x56, 0xb4, 0xe9),
        doubtful: Color32::from_rgb(0xe6, 0x9f, 0x00),
        bad: Color32::from_rgb(0xf5, 0x84, 0x3a),
    },
};

const LIGHT: Palette = Palette {
    ground: Color32::from_gray(0xf3),
    side: Color32::from_gray(0xea),
    card: Color32::WHITE,
    lit: Color32::from_rgb(0xd6, 0xea, 0xf8),
    border: Color32::from_gray(0xd4),
    control: Color32::from_gray(0xe4),
    hovered: Color32::from_gray(0xd8),
    pressed: Color32::from_gray(0xc8),
    chosen: Color32::from_rgb(0xcf, 0xe3, 0xf3),
    field: Color32::WHITE,
    rail: Color32::from_gray(0xd0),
    outline: Color32::from_gray(0x7a),
    text: Color32::from_gray(0x1a),
    weak: Color32::from_gray(0x54),
    accent: Color32::from_rgb(0x00, 0x65, 0x9e),
    on_accent: Color32::WHITE,
    good: Color32::from_rgb(0x00, 0x63, 0x48),
    underway: Color32::from_rgb(0x00, 0x5c, 0x91),
    doubtful: Color32::from_rgb(0x7c, 0x50, 0x00),
    bad: Color32::from_rgb(0x9e, 0x3f, 0x00),
    word: Color32::from_rgb(0x5b, 0x4f, 0xc0),
    series: [
        Color32::from_rgb(0x00, 0x72, 0xb2),
        Color32::from_rgb(0xa5, 0x6c, 0x00),
        Color32::from_rgb(0x00, 0x86, 0x60),
        Color32::from_rgb(0x7d, 0x70, 0x00),
        Color32::from_rgb(0xb0, 0x50, 0x7f),
        Color32::from_rgb(0xca, 0x53, 0x00),
        Color32::from_rgb(0x5b, 0x4f, 0xc0),
        Color32::from_gray(0x60),
    ],
    signs: Signs {
        good: Color32::from_rgb(0x00, 0x86, 0x60),
        underway: Color32::from_rgb(0x00, 0x76, 0xb4),
        doubtful: Color32::from_rgb(0xa5, 0x6c, 0x00),
        bad: Color32::from_rgb(0xca, 0x53, 0x00),
    },
};

/// The colors that `ui` is drawn in.
pub(crate) fn palette(ui: &Ui) -> &'static Palette {
    if ui.visuals().dark_mode {
        &DARK
    } else {
        &LIGHT
    }
}

/// Sizes of text, in points.
pub(crate) mod size {
    /// Addresses, ages, keys.
    pub(crate) const SMALL: f32 = 11.5;
    /// Everything else.
    pub(crate) const BODY: f32 = 13.0;
    /// Monospaced text, which looks larger than it is.
    pub(crate) const MONOSPACE: f32 = 12.0;
    /// An icon in place of a word.
    pub(crate) const ICON: f32 = 18.0;
    /// The value of a sensor.
    pub(crate) const VALUE: f32 = 20.0;
    /// The value of a sensor that has a tile for itself.
    pub(crate) const LARGE_VALUE: f32 = 32.0;
    /// The name of the board.
    pub(crate) const HEADING: f32 = 20.0;
}

/// Secondary text.
pub(crate) fn small() -> FontId {
    FontId::new(size::SMALL, FontFamily::Proportional)
}

/// Text.
pub(crate) fn body() -> FontId {
    FontId::new(size::BODY, FontFamily::Proportional)
}

/// Names of boards and components.
pub(crate) fn strong() -> FontId {
    FontId::new(size::BODY, fonts::strong())
}

/// An icon in place of a word.
pub(crate) fn icon() -> FontId {
    FontId::new(size::ICON, FontFamily::Proportional)
}

/// The value of a sensor that has a tile for itself.
pub(crate) fn large_value() -> FontId {
    FontId::new(size::LARGE_VALUE, FontFamily::Proportional)
}

/// The value of a sensor.
pub(crate) fn value() -> FontId {
    FontId::new(size::VALUE, FontFamily::Proportional)
}

/// Keys, addresses and raw state.
pub(crate) fn monospace() -> FontId {
    FontId::new(size::MONOSPACE, FontFamily::Monospace)
}

/// Secondary monospaced text.
pub(crate) fn monospace_small() -> FontId {
    FontId::new(size::SMALL - 0.5, FontFamily::Monospace)
}

/// Installs both themes; does not change which one is shown.
pub(crate) fn install(ctx: &egui::Context) {
    for (theme, palette) in [(Theme::Dark, &DARK), (Theme::Light, &LIGHT)] {
        ctx.style_mut_of(theme, |style| {
            style.visuals = visuals(theme, palette);
            distances(style);
        });
    }
    edges::install(ctx);
}

/// Turns animations on or off.
pub(crate) fn set_motion(ctx: &egui::Context, moves: bool) {
    for theme in [Theme::Dark, Theme::Light] {
        ctx.style_mut_of(theme, |style| {
            style.animation_time = if moves { ANIMATION } else { 0.0 };
            style.scroll_animation = match moves {
                true => ScrollAnimation::default(),
                false => ScrollAnimation::none(),
            };
        });
    }
}

/// Sizes targets for a finger, or for a pointer: what is nearest within this
/// distance is hit, so that a control of one line takes 44 points.
pub(crate) fn set_touch(ctx: &egui::Context, touch: bool) {
    for theme in [Theme::Dark, Theme::Light] {
        ctx.style_mut_of(theme, |style| {
            style.interaction.interact_radius = match touch {
                true => TOUCH_RADIUS,
                false => egui::style::Interaction::default().interact_radius,
            };
        });
    }
}

/// Whether animations are on.
pub(crate) fn moves(ui: &Ui) -> bool {
    ui.style().animation_time > 0.0
}

fn distances(style: &mut Style) {
    style.text_styles = [
        (TextStyle::Small, small()),
        (TextStyle::Body, body()),
        (TextStyle::Button, body()),
        (TextStyle::Monospace, monospace()),
        (
            TextStyle::Heading,
            FontId::new(size::HEADING, fonts::strong()),
        ),
    ]
    .into();
    style.spacing.item_spacing = vec2(UNIT, HALF);
    style.spacing.button_padding = vec2(10.0, 3.0);
    style.spacing.interact_size = vec2(40.0, LINE);
    style.spacing.window_margin = Margin::same(16);
    style.spacing.menu_margin = Margin::same(6);
    style.spacing.combo_width = 96.0;
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.3;
    // Fits into the narrowest window.
    style.spacing.tooltip_width = WINDOW_LEAST[0] - UNIT * 10.0;
    style.animation_time = ANIMATION;
}

fn visuals(theme: Theme, palette: &Palette) -> Visuals {
    let mut visuals = theme.default_visuals();
    let radius = CornerRadius::same(CONTROL_RADIUS);
    let widgets = &mut visuals.widgets;
    let states = [
        (
            &mut widgets.noninteractive,
            palette.card,
            palette.border,
            palette.text,
        ),
        (
            &mut widgets.inactive,
            palette.control,
            palette.control,
            palette.text,
        ),
        (
            &mut widgets.hovered,
            palette.hovered,
            palette.outline,
            palette.text,
        ),
        (
            &mut widgets.active,
            palette.pressed,
            palette.accent,
            palette.text,
        ),
        (
            &mut widgets.open,
            palette.hovered,
            palette.outline,
            palette.text,
        ),
    ];
    for (widget, fill, stroke, text) in states {
        widget.bg_fill = fill;
        widget.weak_bg_fill = fill;
        widget.bg_stroke = Stroke::new(1.0, stroke);
        widget.fg_stroke = Stroke::new(1.0, text);
        widget.corner_radius = radius;
        widget.expansion = 0.0;
    }
    visuals.weak_text_color = Some(palette.weak);
    visuals.selection.bg_fill = palette.chosen;
    visuals.selection.stroke = Stroke::new(1.0, palette.text);
    visuals.hyperlink_color = palette.accent;
    visuals.faint_bg_color = palette.side;
    visuals.extreme_bg_color = palette.field;
    visuals.text_edit_bg_color = Some(palette.field);
    visuals.code_bg_color = palette.field;
    visuals.warn_fg_color = palette.doubtful;
    visuals.error_fg_color = palette.bad;
    visuals.panel_fill = palette.ground;
    visuals.window_fill = palette.card;
    visuals.window_stroke = Stroke::new(1.0, palette.border);
    visuals.window_corner_radius = CornerRadius::same(CARD_RADIUS);
    visuals.menu_corner_radius = CornerRadius::same(CARD_RADIUS);
    visuals.window_shadow = Shadow::NONE;
    visuals.popup_shadow = Shadow::NONE;
    visuals.text_cursor.stroke = Stroke::new(2.0, palette.accent);
    visuals
}

/// egui's name for a theme.
pub(crate) fn preference(choice: ThemeChoice) -> egui::ThemePreference {
    match choice {
        ThemeChoice::System => egui::ThemePreference::System,
        ThemeChoice::Light => egui::ThemePreference::Light,
        ThemeChoice::Dark => egui::ThemePreference::Dark,
    }
}
