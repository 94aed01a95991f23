//! Finds faults in the layout of what is drawn, on any page: controls that
//! cannot be reached or that overlap, text that is cut off, text over other
//! text, and shortened text without a tooltip.

use std::collections::{BTreeMap, BTreeSet};

use eframe::egui::{
    self, Color32, LayerId, Order, Pos2, Rect, Shape,
    accesskit::{Action, ActionRequest, NodeId, Role, TreeId},
    epaint::{ClippedShape, TextShape},
    vec2,
};
use egui_kittest::{Harness, kittest::NodeT};

/// Rounding to pixels moves edges by up to this.
const SLACK: f32 = 1.5;
/// Controls that overlap by less cannot be hit by mistake.
const OVERLAP: f32 = 3.0;
/// A smaller control is hard to hit, unless this much room around its middle is
/// its own (WCAG 2.2, 2.5.8).
const LEAST: f32 = 24.0;

/// A control that is smaller cannot be hit, however much room it has.
const TINY: f32 = 12.0;
/// At most this many widgets of a page are scrolled to.
const SCROLLED: usize = 120;

/// The roles of widgets that a person operates.
const OPERABLE: [Role; 15] = [
    Role::Button,
    Role::Switch,
    Role::CheckBox,
    Role::RadioButton,
    Role::Slider,
    Role::SpinButton,
    Role::TextInput,
    Role::MultilineTextInput,
    Role::PasswordInput,
    Role::ComboBox,
    Role::ColorWell,
    Role::ListBoxOption,
    Role::MenuItem,
    Role::Tab,
    Role::Link,
];

/// Roles of widgets that may contain others.
const CONTAINERS: [Role; 5] = [
    Role::ListBoxOption,
    Role::Tab,
    Role::Group,
    Role::Row,
    Role::MenuItem,
];

/// Roles of fields that scroll their own text.
const FIELDS: [Role; 5] = [
    Role::TextInput,
    Role::MultilineTextInput,
    Role::PasswordInput,
    Role::SpinButton,
    Role::ComboBox,
];

#[derive(Clone, Debug)]
struct Widget {
    node: NodeId,
    role: Role,
    name: String,
    layer: LayerId,
    /// Where it is, also where it cannot be seen.
    rect: Rect,
    /// The part of it that can be seen and clicked.
    seen: Rect,
}

impl Widget {
    fn is_operable(&self) -> bool {
        OPERABLE.contains(&self.role)
    }

    fn is_cut(&self) -> bool {
        !self.seen.expand(SLACK).contains_rect(self.rect)
    }

    /// Whether enough is seen to use it: its whole width, unless it is the row
    /// of a wide table, and its height or what a low window shows of it.
    fn is_usable(&self) -> bool {
        let width = match self.role {
            Role::ListBoxOption => self.rect.width().min(240.0),
            _ => self.rect.width(),
        };
        self.seen.is_positive()
            && self.seen.width() + SLACK >= width
            && self.seen.height() + SLACK >= self.rect.height().min(60.0)
    }

    fn described(&self) -> String {
        let name: Vec<char> = self.name.chars().collect();
        let name: String = match &name[..] {
            // The end of a name says what a control does.
            [start @ .., _, _, _, _, _, _, _, _] if start.len() > 40 => {
                let end = &name[start.len()..];
                start[..32].iter().chain(&['…']).chain(end).collect()
            }
            all => all.iter().collect(),
        };
        format!("{:?} {name:?}", self.role)
    }
}

/// A text that is drawn.
struct Text {
    text: String,
    elided: bool,
    rect: Rect,
    clip: Rect,
}

impl Text {
    fn described(&self) -> String {
        let text: String = self.text.chars().take(40).collect();
        format!("{text:?}")
    }

    fn seen(&self) -> Rect {
        self.rect.intersect(self.clip)
    }
}

/// The faults of what `harness` shows; `hovers` is whether tooltips are tried,
/// which takes long.
pub(crate) fn faults<State>(harness: &mut Harness<'_, State>, hovers: bool) -> BTreeSet<String> {
    let mut faults = BTreeSet::new();
    let widgets = widgets(harness);
    let (texts, covered) = texts(harness);
    sizes_and_overlaps(&widgets, &mut faults);
    covered_controls(harness, &widgets, &mut faults);
    let scrolled = unreachable(harness, &widgets, &mut faults);
    for text in &texts {
        let outside = text.rect.left() < text.clip.left() - SLACK
            || text.rect.right() > text.clip.right() + SLACK;
        let is_level = text.rect.y_range().intersection(text.clip.y_range()).span() > SLACK;
        let within = |widget: &Widget| widget.rect.expand(SLACK).contains_rect(text.rect);
        let scrolls = || scrolled.iter().any(within);
        let in_field = || {
            widgets.iter().any(|widget| {
                FIELDS.contains(&widget.role)
                    && widget.rect.intersects(text.clip)
                    && widget.rect.expand(8.0).contains_rect(text.seen())
            })
        };
        if outside && is_level && !scrolls() && !in_field() {
            faults.insert(format!("text is cut off: {}", text.described()));
        }
    }
    faults.extend(covered);
    if hovers {
        // Something may have been scrolled meanwhile.
        let (texts, _) = self::texts(harness);
        without_tooltip(harness, &texts, &mut faults);
    }
    faults
}

/// The widgets with an accessible name, and where they are.
fn widgets<State>(harness: &Harness<'_, State>) -> Vec<Widget> {
    let mut rects: BTreeMap<u64, egui::WidgetRect> = BTreeMap::new();
    harness.ctx.viewport(|viewport| {
        for (_, widgets) in viewport.prev_pass.widgets.layers() {
            for widget in widgets.iter().filter(|widget| widget.visible) {
                rects.insert(widget.id.value(), *widget);
            }
        }
    });
    let top = harness.ctx.memory(|memory| memory.top_modal_layer());
    let mut found = Vec::new();
    for node in harness.root().children_recursive() {
        let node = node.accesskit_node();
        let (id, _) = node.locate();
        let Some(rect) = rects.get(&id.0) else {
            continue;
        };
        // Below a dialog, nothing can be used.
        if top.is_some() && rect.layer_id.order < Order::Foreground {
            continue;
        }
        if !(OPERABLE.contains(&node.role()) || matches!(node.role(), Role::Label | Role::Heading))
        {
            continue;
        }
        let name = node.label().or_else(|| node.value()).unwrap_or_default();
        found.push(Widget {
            node: id,
            role: node.role(),
            name,
            layer: rect.layer_id,
            rect: rect.rect,
            seen: rect.interact_rect,
        });
    }
    found
}

fn is_small(widget: &Widget) -> bool {
    widget.rect.width().min(widget.rect.height()) < LEAST - 0.1
}

/// Whether it is one of the eight colors of a light, which are 22 points wide
/// and touch in the narrowest cards. The color field offers every color (WCAG
/// 2.2, 2.5.8, "Equivalent").
fn is_preset(widget: &Widget) -> bool {
    widget.role == Role::RadioButton && widget.rect.width() > 21.9 && widget.rect.height() > 23.9
}

/// Whether a circle of 24 points around the middle of `one` reaches another
/// control, or the circle of another small one.
fn has_close_neighbor(one: &Widget, all: &[&Widget]) -> bool {
    let middle = one.rect.center();
    all.iter().any(|other| {
        let is_close = other.rect.distance_to_pos(middle) < LEAST / 2.0 - 0.6
            || is_small(other) && other.rect.center().distance(middle) < LEAST - 0.6;
        other.node != one.node && other.layer == one.layer && other.seen.is_positive() && is_close
    })
}

fn sizes_and_overlaps(widgets: &[Widget], faults: &mut BTreeSet<String>) {
    let operable: Vec<_> = widgets
        .iter()
        .filter(|widget| widget.is_operable())
        .collect();
    for (at, one) in operable.iter().enumerate() {
        if is_preset(one) && is_small(one) {
            println!("not measured: {:?}: {}", one.rect.size(), one.described());
        } else if one.rect.width().min(one.rect.height()) < TINY
            || is_small(one) && has_close_neighbor(one, &operable)
        {
            let size = one.rect.size();
            faults.insert(format!("too small to hit: {size:?}: {}", one.described()));
        }
        for other in &operable[at + 1..] {
            let both = one.seen.intersect(other.seen);
            let nested = |inner: &Widget, outer: &Widget| {
                CONTAINERS.contains(&outer.role)
                    && outer.rect.expand(SLACK).contains_rect(inner.rect)
            };
            if one.layer == other.layer
                && both.width() > OVERLAP
                && both.height() > OVERLAP
                && !nested(one, other)
                && !nested(other, one)
            {
                faults.insert(format!(
                    "controls overlap: {} and {}",
                    one.described(),
                    other.described()
                ));
            }
        }
    }
}

/// Finds controls whose middle belongs to something above them, such as a
/// scroll bar, which has no accessible name.
fn covered_controls<State>(
    harness: &Harness<'_, State>,
    widgets: &[Widget],
    faults: &mut BTreeSet<String>,
) {
    harness.ctx.viewport(|viewport| {
        let drawn = &viewport.prev_pass.widgets;
        for widget in widgets.iter().filter(|widget| widget.is_operable()) {
            let middle = widget.seen.center();
            let is_it = |other: &&egui::WidgetRect| other.id.value() == widget.node.0;
            let above = drawn
                .layers()
                .filter(|(layer, _)| **layer == widget.layer)
                .flat_map(|(_, widgets)| widgets.iter().skip_while(|other| !is_it(other)))
                .skip(1);
            let is_covered = above.into_iter().any(|other| {
                other.sense.senses_click()
                    && other.interact_rect.contains(middle)
                    && !widget.rect.expand(SLACK).contains_rect(other.rect)
            });
            // What is cut off can be scrolled to where nothing covers it.
            if is_covered && !widget.is_cut() {
                faults.insert(format!("covered by something: {}", widget.described()));
            }
        }
    });
}

/// Scrolls to each widget that is cut off. Returns those that can be reached.
fn unreachable<State>(
    harness: &mut Harness<'_, State>,
    seen: &[Widget],
    faults: &mut BTreeSet<String>,
) -> Vec<Widget> {
    let mut scrolled = Vec::new();
    for widget in seen.iter().filter(|widget| widget.is_cut()).take(SCROLLED) {
        // It may be in a list of a page that scrolls too.
        let whole_page = [
            vec2(0.0, -5_000.0),
            vec2(0.0, 5_000.0),
            vec2(-5_000.0, 0.0),
            vec2(0.0, -5_000.0),
        ];
        let mut reached = scroll_to(harness, widget);
        for by in whole_page {
            if reached == Some(false) {
                scroll_page(harness, by);
                reached = scroll_to(harness, widget);
            }
        }
        match reached {
            Some(true) => scrolled.push(widget.clone()),
            // A row that is drawn only while it is visible.
            None => {}
            Some(false) => {
                faults.insert(format!("cannot be reached: {}", widget.described()));
            }
        }
    }
    scrolled
}

/// Scrolls to a widget; whether it can be used then, if it is still drawn.
fn scroll_to<State>(harness: &mut Harness<'_, State>, widget: &Widget) -> Option<bool> {
    let request = ActionRequest {
        action: Action::ScrollIntoView,
        target_tree: TreeId::ROOT,
        target_node: widget.node,
        data: None,
    };
    harness.event(egui::Event::AccessKitActionRequest(request));
    harness.run_steps(5);
    let now = widgets(harness);
    let now = now.into_iter().find(|now| now.node == widget.node)?;
    Some(now.is_usable())
}

/// Turns the wheel over the left margin of the page.
fn scroll_page<State>(harness: &mut Harness<'_, State>, by: egui::Vec2) {
    let window = harness.ctx.content_rect();
    let rail = if window.width() < 900.0 { 44.0 } else { 88.0 };
    harness.hover_at(Pos2::new(rail + 4.0, window.center().y));
    harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: by,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: egui::Modifiers::NONE,
    });
    harness.run_steps(8);
}

/// The texts that are drawn, and faults of texts that are drawn over others.
fn texts<State>(harness: &Harness<'_, State>) -> (Vec<Text>, BTreeSet<String>) {
    let mut texts: Vec<Text> = Vec::new();
    // What is visible of the texts so far: a filled rectangle covers some.
    let mut open: Vec<usize> = Vec::new();
    let mut faults = BTreeSet::new();
    let has_modal = harness
        .ctx
        .memory(|memory| memory.top_modal_layer().is_some());
    let window = harness.ctx.content_rect();
    for (clip_rect, shape) in flat(&harness.output().shapes) {
        match shape {
            // Below a dialog, nothing can be used.
            Shape::Rect(rect) if has_modal && rect.rect.contains_rect(window) => {
                texts.clear();
                open.clear();
                faults.clear();
            }
            Shape::Rect(rect) if rect.fill.a() > 160 => {
                let covers = rect.rect.intersect(clip_rect);
                open.retain(|at| !covers.intersects(texts[*at].seen().shrink(2.0)));
            }
            Shape::Text(text) if is_visible(text) => {
                // A label that wraps with others has rows of several widths.
                let first = texts.len();
                texts.extend(rows(text).map(|rect| Text {
                    text: text.galley.job.text.clone(),
                    elided: text.galley.elided,
                    rect,
                    clip: clip_rect,
                }));
                for at in first..texts.len() {
                    let seen = texts[at].seen().shrink2(vec2(1.0, 3.0));
                    if !seen.is_positive() {
                        continue;
                    }
                    for other in open.iter().map(|at| &texts[*at]) {
                        let both = other.seen().shrink2(vec2(1.0, 3.0)).intersect(seen);
                        if both.width() > 1.0 && both.height() > 1.0 {
                            faults.insert(format!(
                                "text over text: {} and {}",
                                other.described(),
                                texts[at].described()
                            ));
                        }
                    }
                    open.push(at);
                }
            }
            _ => {}
        }
    }
    (texts, faults)
}

/// Where the glyphs of a text's rows are. A row may begin further left: a label
/// that wraps with others is indented.
fn rows(text: &TextShape) -> impl Iterator<Item = Rect> {
    text.galley.rows.iter().filter_map(|row| {
        let (first, last) = (row.glyphs.first()?, row.glyphs.last()?);
        let mut rect = row.rect();
        rect.min.x = row.pos.x + first.pos.x;
        rect.max.x = row.pos.x + last.pos.x + last.advance_width;
        Some(rect.translate(text.pos.to_vec2()))
    })
}

pub(crate) fn is_visible(text: &TextShape) -> bool {
    !text.galley.job.text.trim().is_empty()
        && text.opacity_factor > 0.0
        && text.angle == 0.0
        && text.override_text_color != Some(Color32::TRANSPARENT)
}

/// Each shape with its clip rectangle, in the order in which they are painted.
pub(crate) fn flat(shapes: &[ClippedShape]) -> Vec<(Rect, &Shape)> {
    fn add<'a>(clip: Rect, shape: &'a Shape, all: &mut Vec<(Rect, &'a Shape)>) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| add(clip, shape, all)),
            shape => all.push((clip, shape)),
        }
    }
    let mut all = Vec::new();
    for clipped in shapes {
        add(clipped.clip_rect, &clipped.shape, &mut all);
    }
    all
}

/// Hovers over each shortened text, and looks for the whole one.
fn without_tooltip<State>(
    harness: &mut Harness<'_, State>,
    texts: &[Text],
    faults: &mut BTreeSet<String>,
) {
    let mut tried = BTreeSet::new();
    for text in texts.iter().filter(|text| text.elided) {
        let seen = text.seen();
        if !seen.is_positive() || !tried.insert(text.text.clone()) {
            continue;
        }
        harness.hover_at(seen.center());
        harness.run_steps(6);
        let (now, _) = self::texts(harness);
        let whole = squeezed(&text.text);
        let is_told = now
            .iter()
            .any(|now| !now.elided && squeezed(&now.text).contains(&whole));
        if !is_told {
            faults.insert(format!("shortened without a tooltip: {}", text.described()));
        }
        harness.hover_at(Pos2::new(1.0, 1.0));
        harness.run_steps(2);
    }
}

/// Without the white space, which a tooltip may have in other places.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}
