//! Places labels next to the ends of curves so that they do not overlap.

/// The tops of labels of this height, as near as possible to where each is
/// wanted (its middle), between `top` and `bottom`, in the order of `wanted`.
/// Labels that want nearly the same place are spread around it. If there are
/// more than fit, they are as far apart as is possible.
pub(crate) fn place(wanted: &[f32], height: f32, top: f32, bottom: f32) -> Vec<f32> {
    let room = (bottom - top).max(0.0);
    let count = wanted.len() as f32;
    let height = if height * count > room {
        room / count.max(1.0)
    } else {
        height
    };
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    let want = |at: &usize| wanted.get(*at).copied().unwrap_or(top);
    order.sort_by(|one, other| want(one).total_cmp(&want(other)));
    // Groups of labels that touch: the sum of what they want for their first,
    // and how many they are.
    let mut groups: Vec<(f32, f32)> = Vec::new();
    let first = |(sum, count): (f32, f32)| {
        let highest = (bottom - count * height).max(top);
        (sum / count).clamp(top, highest)
    };
    for at in &order {
        let mut group = (want(at) - height / 2.0, 1.0);
        while let Some(before) = groups.last().copied() {
            if first(before) + before.1 * height <= first(group) {
                break;
            }
            groups.pop();
            group = (
                before.0 + group.0 - before.1 * height * group.1,
                before.1 + group.1,
            );
        }
        groups.push(group);
    }
    let mut placed = vec![top; wanted.len()];
    let tops = groups.into_iter().flat_map(|group| {
        let mut next = first(group);
        std::iter::from_fn(move || {
            let top = next;
            next += height;
            Some(top)
        })
        .take(members(group.1))
    });
    for (at, label_top) in order.into_iter().zip(tops) {
        if let Some(place) = placed.get_mut(at) {
            *place = label_top;
        }
    }
    placed
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small count"
)]
fn members(count: f32) -> usize {
    count.round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_has_room_is_where_it_is_wanted() {
        assert_eq!(place(&[80.0, 20.0], 14.0, 0.0, 100.0), [73.0, 13.0]);
    }

    #[test]
    fn labels_at_one_place_are_spread_around_it_in_order() {
        let placed = place(&[50.0, 50.0, 50.0], 10.0, 0.0, 100.0);
        assert_eq!(placed, [35.0, 45.0, 55.0]);
    }

    #[test]
    fn labels_at_an_edge_stay_within_it() {
        assert_eq!(place(&[1.0, 2.0], 10.0, 0.0, 100.0), [0.0, 10.0]);
        assert_eq!(place(&[99.0, 98.0], 10.0, 0.0, 100.0), [90.0, 80.0]);
    }

    #[test]
    fn labels_never_overlap_while_there_is_room() {
        let mut random = 7_u32;
        for count in 1..13 {
            for _ in 0..200 {
                let mut next = || {
                    random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (random >> 8) as f32 / 16_777_216.0 * 300.0 - 50.0
                };
                let wanted: Vec<f32> = (0..count).map(|_| next()).collect();
                let placed = place(&wanted, 14.0, 10.0, 190.0);
                let mut tops = placed.clone();
                tops.sort_by(f32::total_cmp);
                for pair in tops.windows(2) {
                    assert!(pair[1] - pair[0] >= 14.0 - 1e-2, "{tops:?}");
                }
                let within = 10.0 - 1e-2..=176.0 + 1e-2;
                assert!(tops.iter().all(|top| within.contains(top)), "{tops:?}");
                // The order of the labels is the order of the curves.
                for (one, one_top) in wanted.iter().zip(&placed) {
                    for (other, other_top) in wanted.iter().zip(&placed) {
                        assert!(one >= other || one_top <= other_top, "{placed:?}");
                    }
                }
            }
        }
    }
}
