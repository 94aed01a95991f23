//! The layout of a dashboard in egui_tiles: conversion from and to the stored
//! layout, and edits without dragging. Draws nothing.

use eframe::egui::{Id, Rect, Vec2, vec2};
use egui_tiles::{
    Container, Linear, LinearDir, SimplificationOptions, Tile, TileId, Tiles as Arena, Tree,
};

use disk::documents::{Part, Tiles};

use crate::{
    model::pin::Pin,
    widgets::theme::{self, UNIT},
};

/// A direction on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Left,
    Right,
    Up,
    Down,
}

impl Direction {
    fn dir(self) -> LinearDir {
        match self {
            Self::Left | Self::Right => LinearDir::Horizontal,
            Self::Up | Self::Down => LinearDir::Vertical,
        }
    }

    fn is_back(self) -> bool {
        matches!(self, Self::Left | Self::Up)
    }
}

/// How egui_tiles simplifies the tree after a change.
pub(super) fn rules() -> SimplificationOptions {
    SimplificationOptions {
        all_panes_must_have_tabs: false,
        ..SimplificationOptions::default()
    }
}

/// Makes the tree of a stored layout; `number` distinguishes it from other
/// trees of the window.
pub(super) fn plant(number: usize, layout: Option<&Part>) -> Tree<Pin> {
    let id = Id::unique(("dashboard", number));
    let Some(layout) = layout else {
        return Tree::empty(id);
    };
    let mut tiles = Arena::default();
    let root = insert(&mut tiles, layout);
    let mut tree = Tree::new(id, root, tiles);
    tree.simplify(&rules());
    tree
}

fn insert(tiles: &mut Arena<Pin>, part: &Part) -> TileId {
    match &part.tiles {
        Tiles::Tile(pin) => tiles.insert_pane(pin.clone()),
        Tiles::Row(parts) => insert_linear(tiles, LinearDir::Horizontal, parts),
        Tiles::Column(parts) => insert_linear(tiles, LinearDir::Vertical, parts),
        Tiles::Tabs(parts) => {
            let children = parts.iter().map(|part| insert(tiles, part)).collect();
            tiles.insert_tab_tile(children)
        }
    }
}

fn insert_linear(tiles: &mut Arena<Pin>, dir: LinearDir, parts: &[Part]) -> TileId {
    let children: Vec<TileId> = parts.iter().map(|part| insert(tiles, part)).collect();
    let mut linear = Linear::new(dir, children.clone());
    for (child, part) in children.into_iter().zip(parts) {
        linear.shares.set_share(child, part.share);
    }
    tiles.insert_container(linear)
}

/// The layout to store; `None` for an empty tree.
pub(super) fn layout(tree: &Tree<Pin>) -> Option<Part> {
    part(&tree.tiles, tree.root?, 1.0)
}

fn part(tiles: &Arena<Pin>, id: TileId, share: f32) -> Option<Part> {
    let tiles = match tiles.get(id)? {
        Tile::Pane(pin) => Tiles::Tile(pin.clone()),
        Tile::Container(Container::Linear(linear)) => {
            // Around 1, so that a person who reads the file can compare them.
            let shares = linear.children.iter().map(|child| linear.shares[*child]);
            let mean = shares.sum::<f32>() / linear.children.len().max(1) as f32;
            let share = |child| {
                (linear.shares[child] / mean.max(f32::MIN_POSITIVE) * 1_000.0).round() / 1_000.0
            };
            let parts = linear
                .children
                .iter()
                .filter_map(|child| part(tiles, *child, share(*child).max(0.001)));
            match linear.dir {
                LinearDir::Horizontal => Tiles::Row(parts.collect()),
                LinearDir::Vertical => Tiles::Column(parts.collect()),
            }
        }
        Tile::Container(Container::Tabs(tabs)) => Tiles::Tabs(
            tabs.children
                .iter()
                .filter_map(|child| part(tiles, *child, 1.0))
                .collect(),
        ),
        Tile::Container(Container::Grid(grid)) => Tiles::Row(
            grid.children()
                .filter_map(|child| part(tiles, *child, 1.0))
                .collect(),
        ),
    };
    Some(Part { share, tiles })
}

/// Whether the tree contains a component.
pub(super) fn has(tree: &Tree<Pin>, pin: &Pin) -> bool {
    tree.tiles.find_pane(pin).is_some()
}

/// Adds a tile: in a new column while there are fewer than `columns`, then
/// below the lowest column. `height` is the height that a component needs.
pub(super) fn add(tree: &mut Tree<Pin>, pin: Pin, columns: usize, height: &dyn Fn(&Pin) -> f32) {
    let needs = height(&pin);
    let new = tree.tiles.insert_pane(pin);
    let Some(root) = tree.root else {
        tree.root = Some(new);
        return;
    };
    let row = match linear(tree, root) {
        Some(linear) if linear.dir == LinearDir::Horizontal => root,
        _ => {
            let row = tree.tiles.insert_horizontal_tile(vec![root]);
            tree.root = Some(row);
            row
        }
    };
    let children = linear(tree, row)
        .map(|linear| linear.children.clone())
        .unwrap_or_default();
    if children.len() < columns {
        if let Some(row) = linear_mut(tree, row) {
            let mean = children.iter().map(|child| row.shares[*child]).sum::<f32>()
                / children.len().max(1) as f32;
            row.children.push(new);
            row.shares.set_share(new, mean);
        }
        return;
    }
    let size = |pin: &Pin| vec2(0.0, height(pin));
    let heights = children
        .iter()
        .map(|child| (*child, needed(tree, *child, &size).y));
    let Some((lowest, used)) = heights.min_by(|one, other| one.1.total_cmp(&other.1)) else {
        return;
    };
    match linear_mut(tree, lowest) {
        Some(column) if column.dir == LinearDir::Vertical => {
            let shares: f32 = column
                .children
                .iter()
                .map(|child| column.shares[*child])
                .sum();
            column.children.push(new);
            column.shares.set_share(new, needs * shares / used.max(1.0));
        }
        _ => {
            let mut column = Linear::new(LinearDir::Vertical, vec![lowest, new]);
            column.shares.set_share(lowest, used);
            column.shares.set_share(new, needs);
            let column = tree.tiles.insert_container(column);
            if let Some(row) = linear_mut(tree, row) {
                row.children
                    .iter_mut()
                    .filter(|child| **child == lowest)
                    .for_each(|child| *child = column);
                row.shares.replace_with(lowest, column);
            }
        }
    }
}

/// Removes a tile.
pub(super) fn remove(tree: &mut Tree<Pin>, id: TileId) {
    tree.remove_recursively(id);
    tree.simplify(&rules());
}

/// The minimum size of a part, where `size` gives that of a component.
pub(super) fn needed(tree: &Tree<Pin>, id: TileId, size: &dyn Fn(&Pin) -> Vec2) -> Vec2 {
    match tree.tiles.get(id) {
        None => Vec2::ZERO,
        Some(Tile::Pane(pin)) => size(pin),
        Some(Tile::Container(container)) => {
            let parts: Vec<Vec2> = container
                .children()
                .map(|child| needed(tree, *child, size))
                .collect();
            let most = parts.iter().fold(Vec2::ZERO, |most, part| most.max(*part));
            let sum = parts.iter().fold(Vec2::ZERO, |sum, part| sum + *part);
            let gaps = parts.len().saturating_sub(1) as f32 * UNIT;
            match container {
                Container::Linear(linear) if linear.dir == LinearDir::Horizontal => {
                    vec2(sum.x + gaps, most.y)
                }
                Container::Linear(_) => vec2(most.x, sum.y + gaps),
                Container::Tabs(_) => most + vec2(0.0, theme::LINE),
                Container::Grid(_) => sum,
            }
        }
    }
}

/// Swaps a tile with its neighbor in that direction; a tile without one becomes
/// a row or column of its own there.
pub(super) fn shift(tree: &mut Tree<Pin>, id: TileId, to: Direction) {
    if let Some(other) = neighbor(tree, id, to) {
        if let (Some(one), Some(two)) = (
            tree.tiles.get_pane(&id).cloned(),
            tree.tiles.get_pane(&other).cloned(),
        ) {
            tree.tiles.insert(id, Tile::Pane(two));
            tree.tiles.insert(other, Tile::Pane(one));
        }
        return;
    }
    let Some(root) = tree.root.filter(|root| *root != id) else {
        return;
    };
    let edge = match linear(tree, root) {
        Some(linear) if linear.dir == to.dir() => root,
        _ => {
            let edge = tree
                .tiles
                .insert_container(Linear::new(to.dir(), vec![root]));
            tree.root = Some(edge);
            edge
        }
    };
    tree.move_tile_to_container(id, edge, if to.is_back() { 0 } else { usize::MAX }, true);
    tree.simplify(&rules());
}

/// Makes a tile, or the row or column that it is in, larger or smaller.
pub(super) fn resize(tree: &mut Tree<Pin>, id: TileId, dir: LinearDir, factor: f32) {
    let mut child = id;
    while let Some(parent) = tree.tiles.parent_of(child) {
        if let Some(linear) =
            linear_mut(tree, parent).filter(|linear| linear.dir == dir && linear.children.len() > 1)
        {
            let share = linear.shares[child];
            linear.shares.set_share(child, share * factor);
            return;
        }
        child = parent;
    }
}

/// The nearest tile in that direction, in the last frame.
fn neighbor(tree: &Tree<Pin>, id: TileId, to: Direction) -> Option<TileId> {
    let from = tree.tiles.rect(id)?;
    let others = tree
        .tiles
        .iter()
        .filter(|(other, tile)| **other != id && tile.is_pane());
    let drawn = others.filter_map(|(other, _)| Some((*other, tree.tiles.rect(*other)?)));
    let distances = drawn.filter_map(|(other, rect)| Some((other, distance(from, rect, to)?)));
    distances
        .min_by(|one, other| one.1.total_cmp(&other.1))
        .map(|(other, _)| other)
}

/// The distance to `other` in that direction; `None` if it lies elsewhere.
fn distance(from: Rect, other: Rect, to: Direction) -> Option<f32> {
    let (ahead, aside) = match to {
        Direction::Left => (
            from.left() - other.right(),
            from.y_range().intersection(other.y_range()).span(),
        ),
        Direction::Right => (
            other.left() - from.right(),
            from.y_range().intersection(other.y_range()).span(),
        ),
        Direction::Up => (
            from.top() - other.bottom(),
            from.x_range().intersection(other.x_range()).span(),
        ),
        Direction::Down => (
            other.top() - from.bottom(),
            from.x_range().intersection(other.x_range()).span(),
        ),
    };
    // Of two equally near ones, the one that overlaps more; then the first.
    let corner = match to.dir() {
        LinearDir::Horizontal => (other.top() - from.top()).abs(),
        LinearDir::Vertical => (other.left() - from.left()).abs(),
    };
    (ahead > -1.0 && aside > 1.0).then_some(ahead + corner * 0.001)
}

fn linear(tree: &Tree<Pin>, id: TileId) -> Option<&Linear> {
    match tree.tiles.get(id)? {
        Tile::Container(Container::Linear(linear)) => Some(linear),
        _ => None,
    }
}

fn linear_mut(tree: &mut Tree<Pin>, id: TileId) -> Option<&mut Linear> {
    match tree.tiles.get_mut(id)? {
        Tile::Container(Container::Linear(linear)) => Some(linear),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(number: u16) -> Pin {
        let component = format!("switch:{number}").parse().expect("a key");
        Pin {
            board: "strip-1".to_owned(),
            component,
            name: String::new(),
        }
    }

    /// Rows in brackets, columns in braces, tabs in parentheses.
    fn drawn(part: &Part) -> String {
        let inner = |parts: &[Part]| parts.iter().map(drawn).collect::<Vec<_>>().join(" ");
        match &part.tiles {
            Tiles::Tile(pin) => pin.component.id.to_string(),
            Tiles::Row(parts) => format!("[{}]", inner(parts)),
            Tiles::Column(parts) => format!("{{{}}}", inner(parts)),
            Tiles::Tabs(parts) => format!("({})", inner(parts)),
        }
    }

    fn with(tiles: u16, columns: usize) -> Tree<Pin> {
        let mut tree = plant(0, None);
        // The first is higher than two others.
        let height = |pin: &Pin| if pin.component.id == 0 { 250.0 } else { 100.0 };
        (0..tiles).for_each(|number| add(&mut tree, pin(number), columns, &height));
        tree
    }

    fn is(tree: &Tree<Pin>) -> String {
        layout(tree).as_ref().map(drawn).unwrap_or_default()
    }

    #[test]
    fn tiles_fill_columns_and_then_the_lowest_one() {
        assert_eq!(is(&with(0, 3)), "");
        assert_eq!(is(&with(1, 3)), "0");
        assert_eq!(is(&with(3, 3)), "[0 1 2]");
        assert_eq!(is(&with(6, 3)), "[0 {1 3 5} {2 4}]");
        let tree = with(6, 3);
        let needs = needed(&tree, tree.root.expect("a root"), &|_| vec2(100.0, 100.0));
        assert_eq!(
            needs,
            vec2(3.0 * 100.0 + 2.0 * UNIT, 3.0 * 100.0 + 2.0 * UNIT)
        );
    }

    #[test]
    fn what_is_remembered_becomes_the_same_tiles_again() {
        let part = |json: &str| serde_json::from_str::<Part>(json).expect("a part");
        let tile = |number: u16| {
            format!(r#"{{"tile":{{"board":"strip-1","component":"switch:{number}"}}}}"#)
        };
        let [a, b, c, d] = [tile(0), tile(1), tile(2), tile(3)];
        let kept = part(&format!(
            r#"{{"row":[{{"share":1.5,"column":[{a},{b}]}},{{"share":0.5,"tabs":[{c},{d}]}}]}}"#
        ));
        let back = layout(&plant(0, Some(&kept))).expect("a layout");
        assert_eq!(back, kept);
    }

    #[test]
    fn a_tile_that_is_taken_away_leaves_no_empty_column() {
        let mut tree = with(4, 2);
        assert_eq!(is(&tree), "[0 {1 2 3}]");
        let first = tree.tiles.find_pane(&pin(0)).expect("it is there");
        remove(&mut tree, first);
        assert_eq!(is(&tree), "{1 2 3}");
        for number in 1..4 {
            let id = tree.tiles.find_pane(&pin(number)).expect("it is there");
            remove(&mut tree, id);
        }
        assert_eq!(is(&tree), "");
        assert!(!has(&tree, &pin(1)));
    }

    #[test]
    fn without_a_neighbor_a_tile_gets_a_row_or_a_column_of_its_own() {
        let mut tree = with(3, 3);
        let id = tree.tiles.find_pane(&pin(1)).expect("it is there");
        shift(&mut tree, id, Direction::Down);
        assert_eq!(is(&tree), "{[0 2] 1}");
        let id = tree.tiles.find_pane(&pin(2)).expect("it is there");
        shift(&mut tree, id, Direction::Left);
        assert_eq!(is(&tree), "[2 {0 1}]");
    }

    #[test]
    fn neighbors_are_adjacent_tiles_not_those_across() {
        let at = |x: f32, y: f32| Rect::from_min_size(eframe::egui::pos2(x, y), vec2(100.0, 100.0));
        let from = at(0.0, 0.0);
        assert!(
            distance(from, at(108.0, 0.0), Direction::Right)
                < distance(from, at(216.0, 0.0), Direction::Right)
        );
        assert_eq!(distance(from, at(108.0, 108.0), Direction::Right), None);
        assert_eq!(distance(from, at(108.0, 0.0), Direction::Left), None);
        assert!(distance(from, at(0.0, 108.0), Direction::Down).is_some());
    }

    #[test]
    fn a_tile_in_a_column_is_made_wider_with_its_column() {
        let mut tree = with(4, 2);
        let id = tree.tiles.find_pane(&pin(2)).expect("it is there");
        resize(&mut tree, id, LinearDir::Horizontal, 2.0);
        let row = layout(&tree).expect("a layout");
        let twice = |columns: &[Part]| (columns[1].share / columns[0].share - 2.0).abs() < 0.01;
        assert!(
            matches!(&row.tiles, Tiles::Row(columns) if twice(columns)),
            "{row:?}"
        );
    }
}
