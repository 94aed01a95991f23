//! The grid of a dashboard: where tiles are after one was moved, resized,
//! added or removed, and in a window that is too narrow for all columns. Draws
//! nothing.
//!
//! Tiles never overlap and rest on the tile above them: there are gaps on their
//! left and right, but none above.

use disk::documents::{COLUMNS, Place, ROWS_MOST};

/// The least width and height of a tile.
pub(super) const LEAST: [u16; 2] = [2, 1];

/// A direction on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Left,
    Right,
    Up,
    Down,
}

/// Places of a file: within the grid, apart, and without gaps above them.
pub(super) fn settled(places: &[Place]) -> Vec<Place> {
    let mut places: Vec<Place> = places.iter().map(|place| clamped(*place)).collect();
    settle(&mut places, None);
    places
}

/// The places in a window with only `columns` columns: unchanged if they fit,
/// and otherwise one after the other in the same order.
pub(super) fn folded(places: &[Place], columns: u16) -> Vec<Place> {
    if width(places) <= columns {
        return places.to_vec();
    }
    let mut folded = places.to_vec();
    let mut done: Vec<Place> = Vec::with_capacity(places.len());
    for at in in_order(places) {
        let Place { w, h, .. } = places[at];
        folded[at] = free(&done, [w, h], columns);
        done.push(folded[at]);
    }
    settle(&mut folded, None);
    folded
}

/// The first free place for a tile of this size: row by row, from the left.
pub(super) fn free(places: &[Place], [w, h]: [u16; 2], columns: u16) -> Place {
    let w = w.clamp(1, columns.max(1));
    for y in 0..height(places) {
        for x in 0..=columns - w {
            let place = Place { x, y, w, h };
            if !places.iter().any(|other| overlap(place, *other)) {
                return place;
            }
        }
    }
    let y = height(places);
    Place { x: 0, y, w, h }
}

/// The places after the tile with this index was moved with its upper left
/// corner to this cell. A tile that is in the way takes the place that became
/// free or goes above, if it fits there, and is pushed down otherwise.
pub(super) fn moved(places: &[Place], at: usize, to: [u16; 2], columns: u16) -> Vec<Place> {
    let mut moved = places.to_vec();
    let Some(was) = places.get(at).copied() else {
        return moved;
    };
    let now = Place {
        x: to[0].min(columns.saturating_sub(was.w)),
        y: to[1].min(height(places)),
        ..was
    };
    moved[at] = now;
    for other in in_order(places) {
        if other == at || !overlap(moved[other], now) {
            continue;
        }
        let Place { w, h, .. } = moved[other];
        let vacated = (w <= was.w && h <= was.h).then_some(Place { w, h, ..was });
        let above = now.y.checked_sub(h).map(|y| Place { y, ..moved[other] });
        let free = |place: &Place| {
            let mut others = (0..).zip(&moved).filter(|(at, _)| *at != other);
            others.all(|(_, taken)| !overlap(*place, *taken))
        };
        if let Some(place) = vacated.into_iter().chain(above).find(free) {
            moved[other] = place;
        }
    }
    settle(&mut moved, Some(at));
    moved
}

/// The places after the tile with this index got this size, as far as the grid
/// allows.
pub(super) fn resized(places: &[Place], at: usize, size: [u16; 2], columns: u16) -> Vec<Place> {
    let mut resized = places.to_vec();
    if let Some(place) = resized.get_mut(at) {
        let most = columns.saturating_sub(place.x).max(1);
        place.w = size[0].clamp(LEAST[0].min(most), most);
        place.h = size[1].clamp(LEAST[1], ROWS_MOST);
        settle(&mut resized, Some(at));
    }
    resized
}

/// The places after the tile with this index was moved by a key: by a column,
/// or past the tile that is in the way.
pub(super) fn stepped(
    places: &[Place],
    at: usize,
    direction: Direction,
    columns: u16,
) -> Vec<Place> {
    let Some(was) = places.get(at).copied() else {
        return places.to_vec();
    };
    let to = |x, y| moved(places, at, [x, y], columns);
    let found = match direction {
        Direction::Left if was.x > 0 => Some(sideways(places, at, was.x - 1, columns)),
        Direction::Right if was.x + was.w < columns => {
            Some(sideways(places, at, was.x + 1, columns))
        }
        Direction::Up => (0..was.y)
            .rev()
            .map(|y| to(was.x, y))
            .find(|places| places[at].y < was.y),
        Direction::Down => (was.y + 1..=height(places))
            .map(|y| to(was.x, y))
            .find(|places| places[at].y > was.y),
        Direction::Left | Direction::Right => None,
    };
    found.unwrap_or_else(|| places.to_vec())
}

/// Moves a tile to column `x`, next to where it was, or exchanges it with the
/// tile that is there.
fn sideways(places: &[Place], at: usize, x: u16, columns: u16) -> Vec<Place> {
    let was = places[at];
    let aim = Place { x, ..was };
    let mut others = (0..).zip(places).filter(|(other, _)| *other != at);
    let Some((other, neighbor)) = others.find(|(_, other)| overlap(aim, **other)) else {
        return moved(places, at, [x, was.y], columns);
    };
    let mut moved = places.to_vec();
    if x < was.x {
        moved[at].x = neighbor.x;
        moved[other].x = neighbor.x + was.w;
    } else {
        moved[other].x = was.x;
        moved[at].x = was.x + neighbor.w;
    }
    // Between them may be a gap, which remains on the far side.
    for place in [at, other] {
        moved[place].x = moved[place].x.min(columns.saturating_sub(moved[place].w));
    }
    settle(&mut moved, Some(at));
    moved
}

/// The columns that the places need.
pub(super) fn width(places: &[Place]) -> u16 {
    places
        .iter()
        .map(|place| place.x + place.w)
        .max()
        .unwrap_or_default()
}

/// The rows that the places need.
pub(super) fn height(places: &[Place]) -> u16 {
    places
        .iter()
        .map(|place| bottom(*place))
        .max()
        .unwrap_or_default()
}

fn bottom(place: Place) -> u16 {
    place.y.saturating_add(place.h)
}

/// A place within the grid.
fn clamped(place: Place) -> Place {
    let w = place.w.clamp(1, COLUMNS);
    Place {
        x: place.x.min(COLUMNS - w),
        y: place.y,
        w,
        h: place.h.clamp(1, ROWS_MOST),
    }
}

fn overlap(one: Place, other: Place) -> bool {
    one.x < other.x + other.w
        && other.x < one.x + one.w
        && one.y < bottom(other)
        && other.y < bottom(one)
}

/// The indices from the top to the bottom, and from the left to the right.
pub(super) fn in_order(places: &[Place]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_key(|at| (places[*at].y, places[*at].x));
    order
}

/// Pushes tiles down until none overlap, and then all up as far as they go. The
/// tile with the index `first` is not pushed.
fn settle(places: &mut [Place], first: Option<usize>) {
    let mut order = in_order(places);
    if let Some(first) = first {
        order.retain(|at| *at != first);
        order.insert(0, first);
    }
    for (number, at) in order.iter().enumerate() {
        let before = &order[..number];
        let blocks = |place: Place| {
            let taken = before.iter().map(|other| places[*other]);
            taken
                .filter(|taken| overlap(place, *taken))
                .map(bottom)
                .max()
        };
        let mut place = places[*at];
        while let Some(y) = blocks(place) {
            place.y = y;
        }
        places[*at] = place;
    }
    if let Some(first) = first {
        // Of two in one row, the one on the left is first.
        order.sort_by_key(|at| (places[*at].y, places[*at].x, *at != first));
    } else {
        order.sort_by_key(|at| (places[*at].y, places[*at].x));
    }
    let mut tops = [0; COLUMNS as usize];
    for at in order {
        let place = &mut places[at];
        let columns = usize::from(place.x)..usize::from(place.x + place.w);
        place.y = tops[columns.clone()]
            .iter()
            .copied()
            .max()
            .unwrap_or_default();
        tops[columns].fill(bottom(*place));
    }
}

#[cfg(test)]
mod tests;
