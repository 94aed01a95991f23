//! The contrast of every text and icon that is drawn, and of the edges of
//! fields and sliders, on every page and in both themes: WCAG 2.2, 1.4.3 and
//! 1.4.11. Against the theme alone, see
//! `crates/gui/src/widgets/theme/contrast.rs`.
#![expect(
    clippy::cast_possible_truncation,
    reason = "coordinates of a window, and parts of colors"
)]

use std::collections::{BTreeMap, BTreeSet};

use eframe::egui::{
    Color32, Pos2, Rect, Rgba, Shape, Theme,
    accesskit::{self, Role},
    epaint::TextShape,
    vec2,
};
use egui_kittest::{Harness, kittest::NodeT};
use gui::ThemeChoice;

use super::{
    faults::{flat, is_visible},
    pages::{Case, open, overlays, pages},
    plain,
};

/// For text; for icons, large text and edges of controls.
const TEXT: f32 = 4.5;
const LARGE: f32 = 3.0;

/// Text of at least this many points is large: 18 pt of print are 24 px.
const LARGE_FROM: f32 = 24.0;

/// A color as drawn, and what it is drawn on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Pair {
    theme: &'static str,
    /// What is drawn: `text`, `icon` or `edge`.
    what: &'static str,
    least: u8,
    text: [u8; 3],
    ground: [u8; 3],
}

/// How often a pair is drawn, its contrast, and where it was seen first.
struct Seen {
    times: u32,
    contrast: f32,
    place: String,
    /// Whose edges these are.
    roles: BTreeSet<String>,
}

/// Controls that are seen by their edge.
const EDGED: [Role; 7] = [
    Role::TextInput,
    Role::MultilineTextInput,
    Role::SpinButton,
    Role::ComboBox,
    Role::CheckBox,
    Role::Slider,
    Role::Switch,
];

#[test]
fn every_text_that_is_drawn_has_enough_contrast() {
    let mut pairs: BTreeMap<Pair, Seen> = BTreeMap::new();
    let cases: Vec<Case> = pages(plain).into_iter().chain(overlays()).collect();
    for (theme, name) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        for case in &cases {
            let mut harness = open(case, theme);
            (case.go)(&mut harness);
            harness.run_steps(4);
            assert_eq!(harness.ctx.theme() == Theme::Dark, name == "dark");
            measure(&harness, name, case.name, &mut pairs);
            edges(&harness, name, case.name, &mut pairs);
        }
    }
    println!("theme  what  least  contrast  times  color    ground   seen first");
    let mut low = Vec::new();
    for (pair, seen) in &pairs {
        let hex = |[r, g, b]: [u8; 3]| format!("#{r:02x}{g:02x}{b:02x}");
        let least = f32::from(pair.least) / 10.0;
        let line = format!(
            "{:<6} {:<4}  {least:>5}  {:>8.2}  {:>5}  {}  {}  {}",
            pair.theme,
            pair.what,
            seen.contrast,
            seen.times,
            hex(pair.text),
            hex(pair.ground),
            seen.place,
        );
        println!("{line}");
        if seen.contrast < least {
            low.push(line);
        }
    }
    assert!(pairs.len() > 20, "only {} pairs", pairs.len());
    for role in EDGED {
        let kind = format!("{role:?}");
        let is_measured = pairs.values().any(|seen| seen.roles.contains(&kind));
        assert!(is_measured, "no edge of a {kind} was measured");
    }
    assert!(low.is_empty(), "too little contrast:\n{}", low.join("\n"));
}

/// Adds what is drawn now.
fn measure<State>(
    harness: &Harness<'_, State>,
    theme: &'static str,
    case: &str,
    pairs: &mut BTreeMap<Pair, Seen>,
) {
    // WCAG exempts what is disabled, which egui draws fainter.
    let disabled: Vec<Rect> = harness
        .root()
        .children_recursive()
        .map(|node| node.accesskit_node())
        .filter(|node| node.is_disabled())
        .filter_map(|node| node.raw_bounds())
        .map(rect)
        .collect();
    let shapes = flat(&harness.output().shapes);
    for (at, (clip, shape)) in shapes.iter().enumerate() {
        let Shape::Text(text) = shape else { continue };
        if !is_visible(text) {
            continue;
        }
        let bounds = text.visual_bounding_rect();
        let middle = bounds.center();
        if !clip.contains(middle) || disabled.iter().any(|rect| rect.contains(middle)) {
            continue;
        }
        let Some(ground) = ground(&shapes[..at], middle) else {
            continue;
        };
        if is_covered(&shapes[at + 1..], middle) {
            continue;
        }
        for (color, size, words) in sections(text) {
            let is_icon = words
                .chars()
                .all(|sign| ('\u{e000}'..='\u{f8ff}').contains(&sign));
            let least = match is_icon || size >= LARGE_FROM {
                true => LARGE,
                false => TEXT,
            };
            let drawn = over(ground, color.gamma_multiply(text.opacity_factor));
            let what = if is_icon { "icon" } else { "text" };
            let place = format!("{case}: {:?}", words.chars().take(24).collect::<String>());
            count(pairs, (theme, what, least), (drawn, ground), place);
        }
    }
}

/// Counts a color on a ground.
fn count<'a>(
    pairs: &'a mut BTreeMap<Pair, Seen>,
    (theme, what, least): (&'static str, &'static str, f32),
    (drawn, ground): (Color32, Color32),
    place: String,
) -> &'a mut Seen {
    let [r, g, b, _] = drawn.to_array();
    let [gr, gg, gb, _] = ground.to_array();
    let pair = Pair {
        theme,
        what,
        least: (least * 10.0) as u8,
        text: [r, g, b],
        ground: [gr, gg, gb],
    };
    let seen = pairs.entry(pair).or_insert_with(|| Seen {
        times: 0,
        contrast: contrast(drawn, ground),
        place,
        roles: BTreeSet::new(),
    });
    seen.times += 1;
    seen
}

/// Adds the edges of the controls that are drawn now: of the outlines within
/// each, the one with the most contrast.
fn edges<State>(
    harness: &Harness<'_, State>,
    theme: &'static str,
    case: &str,
    pairs: &mut BTreeMap<Pair, Seen>,
) {
    let shapes = flat(&harness.output().shapes);
    for node in harness.root().children_recursive() {
        let node = node.accesskit_node();
        let role = node.role();
        let Some(bounds) = node.raw_bounds().map(rect) else {
            continue;
        };
        if node.is_disabled() || !EDGED.contains(&role) {
            continue;
        }
        let best = shapes
            .iter()
            .enumerate()
            .filter_map(|(at, (clip, shape))| {
                let Shape::Rect(drawn) = shape else {
                    return None;
                };
                // A scroll area may show only a part of it.
                let is_its = drawn.stroke.width > 0.0
                    && bounds.expand(2.0).contains_rect(drawn.rect)
                    && clip.contains(drawn.rect.left_center());
                let (above, below) = (&shapes[at + 1..], &shapes[..at]);
                if !is_its || is_covered(above, drawn.rect.center()) {
                    return None;
                }
                let outside = drawn.rect.left_center() - vec2(2.0, 0.0);
                let ground = ground(below, outside)?;
                let color = over(ground, drawn.stroke.color);
                Some((color, ground, contrast(color, ground)))
            })
            .max_by(|one, other| one.2.total_cmp(&other.2));
        let Some((color, ground, _)) = best else {
            let name = node.label().unwrap_or_default();
            println!("no edge: {theme}: {case}: {role:?} {name:?}");
            continue;
        };
        let place = format!("{case}: {role:?} {:?}", node.label().unwrap_or_default());
        let seen = count(pairs, (theme, "edge", LARGE), (color, ground), place);
        seen.roles.insert(format!("{role:?}"));
    }
}

/// What is drawn later, such as a dialog, hides what is at this point.
fn is_covered(above: &[(Rect, &Shape)], at: Pos2) -> bool {
    above.iter().any(|(clip, shape)| {
        matches!(shape, Shape::Rect(rect) if rect.fill.a() > 60 && rect.rect.contains(at))
            && clip.contains(at)
    })
}

fn rect(bounds: accesskit::Rect) -> Rect {
    Rect::from_min_max(
        Pos2::new(bounds.x0 as f32, bounds.y0 as f32),
        Pos2::new(bounds.x1 as f32, bounds.y1 as f32),
    )
}

/// The sections of a text: color, size and words.
fn sections(text: &TextShape) -> impl Iterator<Item = (Color32, f32, &str)> {
    let job = &text.galley.job;
    job.sections.iter().filter_map(|section| {
        let words = job
            .text
            .get(section.byte_range.start.0..section.byte_range.end.0)?
            .trim();
        if words.is_empty() {
            return None;
        }
        let color = match (text.override_text_color, section.format.color) {
            (Some(color), _) => color,
            (None, Color32::PLACEHOLDER) => text.fallback_color,
            (None, color) => color,
        };
        Some((color, section.format.font_id.size, words))
    })
}

/// What is painted at a point; `None` if it is a gradient or another shape than
/// a rectangle.
fn ground(below: &[(Rect, &Shape)], at: Pos2) -> Option<Color32> {
    let mut color = Color32::BLACK;
    let mut is_known = false;
    for (clip, shape) in below {
        if !clip.contains(at) {
            continue;
        }
        match shape {
            Shape::Rect(rect) if rect.rect.contains(at) && rect.fill.a() > 0 => {
                color = over(color, rect.fill);
                is_known |= rect.fill.a() == 255;
            }
            Shape::Circle(circle)
                if circle.fill.a() > 0 && circle.center.distance(at) < circle.radius =>
            {
                color = over(color, circle.fill);
            }
            Shape::Mesh(mesh) if mesh.calc_bounds().contains(at) => is_known = false,
            _ => {}
        }
    }
    is_known.then_some(color)
}

/// `color` painted over `ground`, as the renderer blends: in gamma space.
fn over(ground: Color32, color: Color32) -> Color32 {
    let rest = 1.0 - f32::from(color.a()) / 255.0;
    let mix = |above: u8, below: u8| {
        (f32::from(above) + f32::from(below) * rest)
            .round()
            .clamp(0.0, 255.0) as u8
    };
    Color32::from_rgb(
        mix(color.r(), ground.r()),
        mix(color.g(), ground.g()),
        mix(color.b(), ground.b()),
    )
}

/// WCAG 2.2, "contrast ratio".
fn contrast(one: Color32, other: Color32) -> f32 {
    let luminance = |color: Color32| {
        let linear = Rgba::from(color);
        0.2126 * linear.r() + 0.7152 * linear.g() + 0.0722 * linear.b()
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}
