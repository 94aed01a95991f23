//! Choosing a color of light: presets, and a field of all hues and saturations.
//! How bright the light is does not belong to it.

use eframe::egui::{
    Align2, Color32, CornerRadius, Id, Key, Mesh, Modifiers, Pos2, Rect, Response, Sense, Shape,
    Stroke, StrokeKind, TextEdit, Ui, WidgetInfo, accesskit::Role, lerp, pos2, vec2,
};

use crate::widgets::{
    color::{brightest, from_hex, hex, hue_and_saturation},
    focus,
    slider::is_new,
    text_line,
    theme::{self, HALF, palette},
};

/// The presets.
pub(crate) const PRESETS: [(&str, [u8; 3]); 8] = [
    ("red", [255, 0, 0]),
    ("orange", [255, 110, 0]),
    ("yellow", [255, 210, 0]),
    ("green", [0, 255, 0]),
    ("cyan", [0, 255, 255]),
    ("blue", [0, 0, 255]),
    ("violet", [160, 0, 255]),
    ("white", [255, 255, 255]),
];

/// The side of a swatch.
pub(crate) const SWATCH: f32 = 22.0;

/// The least width of the present color, and from which it says its value.
pub(crate) const WELL: f32 = SWATCH + 2.0 * HALF;
const VALUE: f32 = 68.0;

/// The size of the field.
const FIELD: [f32; 2] = [240.0, 128.0];

/// How far an arrow key moves, in degrees and as a share.
const HUE_STEP: f32 = 5.0;
const SATURATION_STEP: f32 = 0.05;

/// A preset; `chosen` if it is the present color.
pub(crate) fn swatch(ui: &mut Ui, rgb: [u8; 3], name: &str, chosen: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(SWATCH, theme::LINE), Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, enabled, chosen, name));
    let palette = palette(ui);
    let [r, g, b] = rgb;
    let fill = Color32::from_rgb(r, g, b).gamma_multiply(if enabled { 1.0 } else { 0.4 });
    let edge = if response.has_focus() {
        Stroke::new(2.0, palette.text)
    } else if response.hovered() {
        Stroke::new(2.0, palette.outline)
    } else {
        Stroke::new(1.0, palette.outline)
    };
    let radius = SWATCH / 2.0 - 3.0;
    ui.painter().circle(rect.center(), radius, fill, edge);
    if chosen {
        let ring = Stroke::new(2.0, palette.accent);
        ui.painter()
            .circle_stroke(rect.center(), SWATCH / 2.0, ring);
    }
    response
}

/// The present color, as a button that opens the field; empty if it is unknown
/// or not used. It is as wide as there is room, and says `value` if that fits.
pub(crate) fn well(ui: &mut Ui, rgb: Option<[u8; 3]>, name: &str, value: &str) -> Response {
    let size = vec2(ui.available_width().max(WELL), theme::LINE);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::ColorWell, ui.is_enabled(), name));
    response
        .ctx
        .accesskit_node_builder(response.id, |node| node.set_value(value));
    let palette = palette(ui);
    let radius = CornerRadius::same(theme::CONTROL_RADIUS);
    let edge = if response.has_focus() {
        Stroke::new(2.0, palette.text)
    } else if response.hovered() {
        Stroke::new(1.0, palette.text)
    } else {
        Stroke::new(1.0, palette.outline)
    };
    let dim = if ui.is_enabled() { 1.0 } else { 0.4 };
    let (fill, ink) = match rgb {
        Some([r, g, b]) => (
            Color32::from_rgb(r, g, b).gamma_multiply(dim),
            ink_on([r, g, b]),
        ),
        None => (palette.card, palette.weak),
    };
    ui.painter()
        .rect(rect, radius, fill, edge, StrokeKind::Inside);
    if rect.width() >= VALUE {
        let inner = rect.shrink2(vec2(HALF, 0.0));
        text_line::paint(
            ui,
            inner,
            Align2::CENTER_CENTER,
            value,
            theme::monospace_small(),
            ink,
        );
    } else if rgb.is_none() {
        let inner = rect.shrink(6.0);
        let line = Stroke::new(1.5, palette.outline);
        ui.painter()
            .line_segment([inner.left_bottom(), inner.right_top()], line);
    }
    response.on_hover_text(format!("Choose another color: {value}"))
}

/// Black or white, whichever can be read on a color.
fn ink_on([r, g, b]: [u8; 3]) -> Color32 {
    let light = 0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b);
    if light > 140.0 {
        Color32::BLACK
    } else {
        Color32::WHITE
    }
}

/// The field, and the color as text below it; returns a color that the person
/// asks for. `name` begins the accessible names.
pub(crate) fn picker(ui: &mut Ui, rgb: Option<[u8; 3]>, name: &str) -> Option<[u8; 3]> {
    let by_place = field(ui, rgb, &format!("{name}: hue and saturation"));
    ui.add_space(HALF);
    let typed = as_text(ui, rgb, &format!("{name}: color code"));
    by_place.or(typed).filter(|asked| Some(*asked) != rgb)
}

fn field(ui: &mut Ui, rgb: Option<[u8; 3]>, name: &str) -> Option<[u8; 3]> {
    let (rect, response) = ui.allocate_exact_size(FIELD.into(), Sense::click_and_drag());
    let present = rgb.map(hue_and_saturation);
    let asked = by_pointer(&response, rect).or_else(|| by_keys(ui, &response, present));
    let shown = asked.or(present);
    let words = shown.map_or_else(
        || "unknown".to_owned(),
        |[hue, saturation]| format!("hue {hue:.0}°, saturation {:.0} %", saturation * 100.0),
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, ui.is_enabled(), name));
    response
        .ctx
        .accesskit_node_builder(response.id, |node| node.set_value(words));
    paint(ui, rect, shown, response.has_focus());
    let asked = asked.map(|[hue, saturation]| brightest(hue, saturation));
    is_new(ui, &response, asked)
}

fn by_pointer(response: &Response, rect: Rect) -> Option<[f32; 2]> {
    let pointer = response.interact_pointer_pos()?;
    let x = ((pointer.x - rect.left()) / rect.width()).clamp(0.0, 1.0);
    let y = ((pointer.y - rect.top()) / rect.height()).clamp(0.0, 1.0);
    Some([x * 360.0, 1.0 - y])
}

fn by_keys(ui: &Ui, response: &Response, present: Option<[f32; 2]>) -> Option<[f32; 2]> {
    if !response.has_focus() {
        return None;
    }
    focus::keep_arrows(ui, response.id);
    let pressed =
        |key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key)) as f32;
    let hue = pressed(Key::ArrowRight) - pressed(Key::ArrowLeft);
    let saturation = pressed(Key::ArrowUp) - pressed(Key::ArrowDown);
    if hue == 0.0 && saturation == 0.0 {
        return None;
    }
    let [from, strength] = present.unwrap_or([0.0, 1.0]);
    Some([
        (from + hue * HUE_STEP).rem_euclid(360.0),
        (strength + saturation * SATURATION_STEP).clamp(0.0, 1.0),
    ])
}

fn paint(ui: &Ui, rect: Rect, shown: Option<[f32; 2]>, focused: bool) {
    // Between corners of the color wheel, colors change evenly.
    const PIECES: u32 = 6;
    let mut mesh = Mesh::default();
    for piece in 0..=PIECES {
        let share = piece as f32 / PIECES as f32;
        let x = lerp(rect.left()..=rect.right(), share);
        let [r, g, b] = brightest(share * 360.0, 1.0);
        mesh.colored_vertex(pos2(x, rect.top()), Color32::from_rgb(r, g, b));
        mesh.colored_vertex(pos2(x, rect.bottom()), Color32::WHITE);
    }
    for piece in 0..PIECES {
        let first = 2 * piece;
        mesh.add_triangle(first, first + 1, first + 2);
        mesh.add_triangle(first + 1, first + 2, first + 3);
    }
    ui.painter().add(Shape::mesh(mesh));
    let palette = palette(ui);
    let edge = if focused {
        palette.text
    } else {
        palette.border
    };
    ui.painter().rect_stroke(
        rect,
        CornerRadius::ZERO,
        Stroke::new(if focused { 2.0 } else { 1.0 }, edge),
        StrokeKind::Outside,
    );
    if let Some(place) = shown {
        cross(ui, rect, place);
    }
}

fn cross(ui: &Ui, rect: Rect, [hue, saturation]: [f32; 2]) {
    let center: Pos2 = pos2(
        lerp(rect.left()..=rect.right(), hue / 360.0),
        lerp(rect.bottom()..=rect.top(), saturation),
    );
    let [r, g, b] = brightest(hue, saturation);
    ui.painter().circle(
        center,
        7.0,
        Color32::from_rgb(r, g, b),
        Stroke::new(2.0, Color32::BLACK),
    );
    ui.painter()
        .circle_stroke(center, 5.5, Stroke::new(1.5, Color32::WHITE));
}

fn as_text(ui: &mut Ui, rgb: Option<[u8; 3]>, name: &str) -> Option<[u8; 3]> {
    let kept = Id::unique(("color code", name));
    let shown = rgb.map(hex).unwrap_or_default();
    let draft = ui.ctx().data(|data| data.get_temp::<String>(kept));
    let mut typed = draft.unwrap_or_else(|| shown.clone());
    let edit = TextEdit::singleline(&mut typed)
        .desired_width(FIELD[0])
        .min_size(vec2(FIELD[0], theme::LINE))
        .char_limit(7)
        .font(theme::monospace())
        .hint_text("#rrggbb");
    let response = ui.add(edit).accessible_name(name);
    let done = response.lost_focus() && !ui.input(|input| input.key_pressed(Key::Escape));
    let keep = response.has_focus() && typed != shown;
    ui.ctx().data_mut(|data| {
        if keep {
            data.insert_temp(kept, typed.clone());
        } else {
            data.remove::<String>(kept);
        }
    });
    done.then(|| from_hex(&typed)).flatten()
}
