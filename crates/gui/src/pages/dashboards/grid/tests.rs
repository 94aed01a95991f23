//! The grid of a dashboard: examples, and random moves.

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
