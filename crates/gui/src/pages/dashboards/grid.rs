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

/// Places of a file: within the grid, apart, and without
/// gaps above them.
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
mod tests {
    use super::*;

    fn place(x: u16, y: u16, w: u16, h: u16) -> Place {
        Place { x, y, w, h }
    }

    /// Two switches, a sensor and a light in a row, and a switch below them.
    fn bench() -> Vec<Place> {
        vec![
            place(0, 0, 3, 1),
            place(3, 0, 3, 1),
            place(6, 0, 3, 2),
            place(9, 0, 3, 3),
            place(0, 1, 3, 1),
        ]
    }

    /// Whether there is no gap above a place.
    fn rests(places: &[Place], place: Place) -> bool {
        let beneath = |other: &&Place| bottom(**other) == place.y;
        place.y == 0
            || places.iter().filter(beneath).any(|other| {
                overlap(
                    *other,
                    Place {
                        y: other.y,
                        ..place
                    },
                )
            })
    }

    /// Panics if tiles overlap, leave the grid, hang in the air or have
    /// changed in size or number.
    fn check(before: &[Place], after: &[Place], columns: u16, resized: Option<usize>) {
        assert_eq!(before.len(), after.len());
        for (at, place) in after.iter().enumerate() {
            assert!(place.x + place.w <= columns, "{place:?} in {after:?}");
            if resized != Some(at) && width(before) <= columns {
                assert_eq!([place.w, place.h], [before[at].w, before[at].h]);
            }
            assert!(rests(after, *place), "{place:?} hangs in {after:?}");
            let others = after.iter().skip(at + 1);
            for other in others {
                assert!(!overlap(*place, *other), "{place:?} and {other:?}");
            }
        }
        assert_eq!(settled(after), after, "stable");
        assert_eq!(folded(after, columns), after, "stable");
    }

    #[test]
    fn tiles_are_added_at_the_first_free_place() {
        let mut places = Vec::new();
        for (size, expected) in [
            ([3, 1], place(0, 0, 3, 1)),
            ([3, 2], place(3, 0, 3, 2)),
            ([3, 3], place(6, 0, 3, 3)),
            ([3, 1], place(9, 0, 3, 1)),
            ([3, 1], place(0, 1, 3, 1)),
            ([6, 1], place(0, 2, 6, 1)),
            ([3, 1], place(9, 1, 3, 1)),
            ([3, 1], place(9, 2, 3, 1)),
            ([12, 1], place(0, 3, 12, 1)),
        ] {
            let new = free(&places, size, COLUMNS);
            assert_eq!(new, expected);
            places.push(new);
            assert_eq!(settled(&places), places);
        }
    }

    #[test]
    fn a_tile_moved_onto_one_of_its_size_exchanges_with_it() {
        let after = moved(&bench(), 0, [3, 0], COLUMNS);
        let expected = [
            place(3, 0, 3, 1),
            place(0, 0, 3, 1),
            place(6, 0, 3, 2),
            place(9, 0, 3, 3),
            place(0, 1, 3, 1),
        ];
        assert_eq!(after, expected);
    }

    #[test]
    fn a_tile_moved_onto_a_larger_one_pushes_it_down() {
        let after = moved(&bench(), 0, [9, 0], COLUMNS);
        let expected = [
            place(9, 0, 3, 1),
            place(3, 0, 3, 1),
            place(6, 0, 3, 2),
            place(9, 1, 3, 3),
            place(0, 0, 3, 1),
        ];
        assert_eq!(after, expected);
    }

    #[test]
    fn a_tile_moved_into_the_air_falls_up() {
        let after = moved(&bench(), 4, [3, 5], COLUMNS);
        assert_eq!(after[4], place(3, 1, 3, 1));
        let after = moved(&bench(), 4, [40, 40], COLUMNS);
        assert_eq!(after[4], place(9, 3, 3, 1));
    }

    #[test]
    fn a_tile_moved_past_a_higher_one_below_it_lets_it_up() {
        let places = [place(0, 0, 3, 1), place(0, 1, 3, 3)];
        assert_eq!(moved(&places, 0, [0, 1], COLUMNS), places);
        let after = moved(&places, 0, [0, 3], COLUMNS);
        assert_eq!(after, [place(0, 3, 3, 1), place(0, 0, 3, 3)]);
    }

    #[test]
    fn a_resized_tile_pushes_others_and_keeps_within_its_limits() {
        let after = resized(&bench(), 0, [6, 1], COLUMNS);
        assert_eq!((after[0], after[1]), (place(0, 0, 6, 1), place(3, 1, 3, 1)));
        assert_eq!(resized(&bench(), 3, [9, 1], COLUMNS)[3], place(9, 0, 3, 1));
        assert_eq!(resized(&bench(), 3, [0, 0], COLUMNS)[3], place(9, 0, 2, 1));
        assert_eq!(resized(&bench(), 3, [3, 999], COLUMNS)[3].h, ROWS_MOST);
    }

    #[test]
    fn keys_move_past_what_is_in_the_way() {
        let after = stepped(&bench(), 0, Direction::Down, COLUMNS);
        assert_eq!((after[0], after[4]), (place(0, 1, 3, 1), place(0, 0, 3, 1)));
        assert_eq!(stepped(&after, 0, Direction::Up, COLUMNS), bench());
        let after = stepped(&bench(), 1, Direction::Left, COLUMNS);
        assert_eq!((after[1], after[0]), (place(0, 0, 3, 1), place(3, 0, 3, 1)));
        assert_eq!(stepped(&after, 1, Direction::Right, COLUMNS), bench());
        let alone = [place(0, 0, 3, 1)];
        let after = stepped(&alone, 0, Direction::Right, COLUMNS);
        assert_eq!(after, [place(1, 0, 3, 1)]);
        for stuck in [Direction::Up, Direction::Down, Direction::Left] {
            assert_eq!(stepped(&alone, 0, stuck, COLUMNS), alone);
        }
    }

    #[test]
    fn a_narrow_window_shows_the_tiles_in_the_same_order() {
        let after = folded(&bench(), 6);
        let expected = [
            place(0, 0, 3, 1),
            place(3, 0, 3, 1),
            place(0, 1, 3, 2),
            place(3, 1, 3, 3),
            place(0, 3, 3, 1),
        ];
        assert_eq!(after, expected);
        assert_eq!(folded(&expected, 6), expected, "what fits is left alone");
        assert_eq!(folded(&[place(0, 0, 12, 2)], 3), [place(0, 0, 3, 2)]);
    }

    #[test]
    fn impossible_places_are_put_in_order() {
        let wild = [
            place(0, 0, 0, 0),
            place(40, 9, 40, 900),
            place(11, u16::MAX, 3, 3),
            place(0, 0, 3, 1),
        ];
        let after = settled(&wild);
        check(&after, &after, COLUMNS, None);
    }

    #[test]
    fn random_moves_and_resizes_lose_nothing_and_never_overlap() {
        // A linear congruential generator (Knuth, MMIX): repeatable.
        let mut seed = 18_u64;
        let mut random = |below: u16| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            u16::try_from((seed >> 33) % u64::from(below.max(1))).expect("below u16")
        };
        for _ in 0..300 {
            let columns = [3, 6, 9, 12][usize::from(random(4))];
            let mut places = Vec::new();
            for _ in 0..=random(24) {
                let size = [1 + random(columns.min(6)), 1 + random(4)];
                places.push(free(&places, size, columns));
            }
            check(&places, &places, columns, None);
            for _ in 0..40 {
                let at = usize::from(random(u16::try_from(places.len()).expect("few")));
                let direction = [
                    Direction::Left,
                    Direction::Right,
                    Direction::Up,
                    Direction::Down,
                ][usize::from(random(4))];
                let (after, changed) = match random(4) {
                    0 => {
                        let to = [random(14), random(30)];
                        (moved(&places, at, to, columns), None)
                    }
                    1 => {
                        let size = [random(14), random(6)];
                        (resized(&places, at, size, columns), Some(at))
                    }
                    2 => {
                        let narrow = [3, 6, 9, 12][usize::from(random(4))];
                        let narrower = folded(&places, narrow);
                        check(&places, &narrower, narrow, Some(at));
                        (places.clone(), None)
                    }
                    _ => (stepped(&places, at, direction, columns), None),
                };
                check(&places, &after, columns, changed);
                places = after;
            }
            let mut rest = places.clone();
            while !rest.is_empty() {
                rest.remove(usize::from(random(u16::try_from(rest.len()).expect("few"))));
                let after = settled(&rest);
                check(&rest, &after, COLUMNS, None);
                rest = after;
            }
        }
    }
}
