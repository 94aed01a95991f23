//! Places cards in columns of equal width. Each card keeps its natural height
//! and goes into the shortest column, in the order of the board, which is also
//! the order of the Tab key.

use eframe::egui::{Rect, Sense, Ui, pos2, vec2};

use super::{
    card::{Card, CardContext, card, labels},
    contents::{frame, heights},
};
use crate::{
    model::{metering::Metering, parts},
    widgets::{
        layout::left_of,
        theme::{self, UNIT},
    },
};
use fleet::ComponentView;

const GAP: f32 = UNIT * 1.5;

/// The least width of a card if there are more than two columns.
const WIDE: f32 = 320.0;

/// Shows the components as cards, except the meters of an outlet and the parts
/// of a light, which are on its card.
pub(crate) fn show(ui: &mut Ui, page: &CardContext<'_>, components: &[&ComponentView]) {
    let labels = labels(page.board);
    let metering = Metering::of(&page.board.components);
    let cards: Vec<Card<'_>> = components
        .iter()
        .filter(|component| !metering.is_meter(component))
        .filter(|component| !parts::is_part(page.board, component))
        .map(|component| {
            card(page, component, &labels)
                .with_meters(&metering)
                .with_parts()
        })
        .collect();
    let width = ui.available_width();
    let (columns, card_width) = columns(width, cards.len());
    let inner = left_of(card_width, 2.0 * theme::CARD_PADDING);
    let heights: Vec<[f32; 2]> = cards.iter().map(|card| heights(ui, card, inner)).collect();
    let (places, total) = place(&heights, columns);
    let (rect, _) = ui.allocate_exact_size(vec2(width, total), Sense::hover());
    for ((card, (column, top)), [_, height]) in cards.iter().zip(places).zip(heights) {
        let left = rect.left() + column as f32 * (card_width + GAP);
        let place = Rect::from_min_size(pos2(left, rect.top() + top), vec2(card_width, height));
        if page.reveal.is_some_and(|key| card.shows(key)) {
            ui.scroll_to_rect(place, None);
        }
        frame(ui, card, place);
    }
}

/// How many columns there are, and how wide a card is. Where there is room for
/// several, a card is wider than it has to be.
fn columns(width: f32, cards: usize) -> (usize, f32) {
    let fit = |card: f32| {
        let fits = |columns: &usize| *columns as f32 * (card + GAP) - GAP <= width;
        (1..=cards.max(1)).take_while(fits).last().unwrap_or(1)
    };
    let columns = fit(theme::CARD_WIDTH).min(fit(WIDE).max(2));
    let card_width = left_of((width + GAP) / columns as f32, GAP).floor();
    (columns, card_width.min(theme::CARD_WIDTH_MOST))
}

/// The column and the top of each card, and the height of all. The usual
/// heights decide the column, so that a longer message moves no card to another
/// one.
fn place(heights: &[[f32; 2]], columns: usize) -> (Vec<(usize, f32)>, f32) {
    let mut usual = vec![0.0_f32; columns];
    let mut actual = vec![0.0_f32; columns];
    let mut places = Vec::with_capacity(heights.len());
    for [usually, now] in heights {
        let shortest = (0..columns)
            .min_by(|a, b| usual[*a].total_cmp(&usual[*b]))
            .unwrap_or(0);
        places.push((shortest, actual[shortest]));
        usual[shortest] += usually + GAP;
        actual[shortest] += now + GAP;
    }
    let total = actual.iter().copied().fold(0.0, f32::max);
    (places, left_of(total, GAP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_goes_into_the_shortest_column() {
        let (places, total) = place(&[[200.0; 2], [72.0; 2], [72.0; 2], [72.0; 2]], 2);
        assert_eq!(
            places,
            [(0, 0.0), (1, 0.0), (1, 72.0 + GAP), (1, 2.0 * (72.0 + GAP))]
        );
        assert_eq!(total, 3.0 * 72.0 + 2.0 * GAP);
    }

    #[test]
    fn a_longer_message_moves_no_card_to_another_column() {
        let columns = |heights: &[[f32; 2]]| {
            let (places, _) = place(heights, 2);
            places
                .into_iter()
                .map(|(column, _)| column)
                .collect::<Vec<_>>()
        };
        let quiet = columns(&[[72.0, 72.0], [72.0, 72.0], [72.0, 72.0]]);
        assert_eq!(columns(&[[72.0, 172.0], [72.0, 72.0], [72.0, 72.0]]), quiet);
    }

    #[test]
    fn there_are_as_many_columns_as_fit() {
        let two = 2.0 * theme::CARD_WIDTH + GAP;
        assert_eq!(columns(100.0, 9).0, 1);
        assert_eq!(columns(two, 9).0, 2);
        assert_eq!(columns(two - 1.0, 9).0, 1);
        assert_eq!(columns(3.0 * theme::CARD_WIDTH + 2.0 * GAP, 9).0, 2);
        assert_eq!(columns(3.0 * WIDE + 2.0 * GAP, 9).0, 3);
        assert_eq!(columns(3_000.0, 2), (2, theme::CARD_WIDTH_MOST));
    }
}
