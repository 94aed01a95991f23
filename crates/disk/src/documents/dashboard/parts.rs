//! The dashboards of version 0.1.0, whose tiles are nested in rows, columns and
//! tabs with shares: what becomes of them on the grid, and how the grid is
//! written for 0.1.0.

use protocol::Kind;
use serde::{Deserialize, Serialize};

use super::{COLUMNS, Pin, Place, TILES, Tile};

/// The deepest nesting of rows, columns and tabs.
const DEEP: usize = 32;

/// The least columns of a tile that was in a row.
const NARROW: u16 = 3;

/// A part of a dashboard, and its share of its row or column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Part {
    /// Relative to the others: 2 next to 1 and 1 is half.
    #[serde(default = "one")]
    share: f32,
    #[serde(flatten)]
    content: Content,
}

/// The contents of a part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Content {
    /// A component.
    Tile(Pin),
    /// Side by side.
    Row(Vec<Part>),
    /// In a column.
    Column(Vec<Part>),
    /// As tabs.
    Tabs(Vec<Part>),
}

fn one() -> f32 {
    1.0
}

impl Part {
    /// Validates the layout.
    ///
    /// # Errors
    ///
    /// A message about what is wrong and what is accepted.
    pub(super) fn check(&self) -> Result<(), String> {
        self.check_to(DEEP)?;
        match self.count() {
            0 => Err("\"layout\" has no tile; leave it out for an empty page".to_owned()),
            tiles if tiles > TILES => Err(format!("it has {tiles} tiles; the limit is {TILES}")),
            _ => Ok(()),
        }
    }

    fn check_to(&self, deep: usize) -> Result<(), String> {
        if !(self.share.is_finite() && self.share > 0.0 && self.share <= 1e6) {
            return Err(format!(
                "a share is {}; it must be more than 0 and at most 1000000",
                self.share
            ));
        }
        match &self.content {
            Content::Tile(pin) => pin.check(),
            Content::Row(parts) | Content::Column(parts) | Content::Tabs(parts) => {
                match deep.checked_sub(1) {
                    Some(deep) => parts.iter().try_for_each(|part| part.check_to(deep)),
                    None => Err(format!("rows and columns are nested more than {DEEP} deep")),
                }
            }
        }
    }

    fn count(&self) -> usize {
        match &self.content {
            Content::Tile(_) => 1,
            Content::Row(parts) | Content::Column(parts) | Content::Tabs(parts) => {
                parts.iter().map(Self::count).sum()
            }
        }
    }

    /// The tiles on the grid: in the same order, as wide as their shares of
    /// their rows, as high as their kinds usually need.
    pub(super) fn tiles(&self) -> Vec<Tile> {
        let mut filling = Filling::default();
        filling.add(self, 0, COLUMNS);
        filling.tiles
    }

    /// The layout of tiles that do not overlap; `None` without tiles.
    pub(super) fn of(tiles: &[Tile]) -> Option<Self> {
        let mut tiles: Vec<&Tile> = tiles.iter().collect();
        tiles.sort_by_key(|tile| (tile.place.y, tile.place.x));
        (!tiles.is_empty()).then(|| cut(&tiles, DEEP, 1))
    }

    fn new(share: u16, content: Content) -> Self {
        Self {
            share: f32::from(share.max(1)),
            content,
        }
    }
}

/// The grid while it is filled from above.
#[derive(Default)]
struct Filling {
    tiles: Vec<Tile>,
    /// The first free row of each column.
    tops: [u16; COLUMNS as usize],
}

impl Filling {
    /// Adds a part within `w` columns from `x`.
    fn add(&mut self, part: &Part, x: u16, w: u16) {
        match &part.content {
            Content::Tile(pin) => {
                let h = usual_height(&pin.component.kind);
                let columns = &mut self.tops[usize::from(x)..usize::from(x + w)];
                let y = columns.iter().copied().max().unwrap_or_default();
                columns.fill(y + h);
                self.tiles
                    .push(Tile::new(pin.clone(), Place { x, y, w, h }));
            }
            Content::Column(parts) | Content::Tabs(parts) => {
                parts.iter().for_each(|part| self.add(part, x, w));
            }
            Content::Row(parts) => {
                let most = usize::from((w / NARROW).max(1));
                let lines = parts.len().div_ceil(most).max(1);
                for line in parts.chunks(parts.len().div_ceil(lines).max(1)) {
                    let mut left = x;
                    for (part, width) in line.iter().zip(widths(line, w)) {
                        self.add(part, left, width);
                        left += width;
                    }
                }
            }
        }
    }
}

/// Divides `w` columns among the parts of a row, none of them narrower than
/// [`NARROW`] unless there is only one.
fn widths(parts: &[Part], w: u16) -> Vec<u16> {
    let sum: f32 = parts.iter().map(|part| part.share).sum();
    let ideal = |part: &Part| part.share / sum.max(f32::MIN_POSITIVE) * f32::from(w);
    let mut widths = vec![NARROW.min(w); parts.len()];
    let mut rest = w.saturating_sub(widths.iter().sum());
    while rest > 0 {
        let lacks = |at: &usize| ideal(&parts[*at]) - f32::from(widths[*at]);
        let neediest = (0..parts.len()).max_by(|a, b| {
            // Of equal ones the first.
            lacks(a).total_cmp(&lacks(b)).then(b.cmp(a))
        });
        let Some(neediest) = neediest else { break };
        widths[neediest] += 1;
        rest -= 1;
    }
    widths
}

/// The rows that a component usually needs.
fn usual_height(kind: &Kind) -> u16 {
    match kind {
        Kind::Light => 3,
        Kind::Sensor | Kind::Number | Kind::Text | Kind::Cover | Kind::Event | Kind::Update => 2,
        _ => 1,
    }
}

/// Cuts tiles, in order of row and column, into rows or columns as often as no
/// tile is in the way.
fn cut(tiles: &[&Tile], deep: usize, share: u16) -> Part {
    if let [alone] = tiles {
        return Part::new(share, Content::Tile(alone.pin.clone()));
    }
    if deep > 1 {
        let rows = bands(tiles, |place| (place.y, place.h));
        if rows.len() > 1 {
            let parts = rows.iter().map(|(tiles, h)| cut(tiles, deep - 1, *h));
            return Part::new(share, Content::Column(parts.collect()));
        }
        let columns = bands(tiles, |place| (place.x, place.w));
        if columns.len() > 1 {
            let parts = columns.iter().map(|(tiles, w)| cut(tiles, deep - 1, *w));
            return Part::new(share, Content::Row(parts.collect()));
        }
    }
    let parts = tiles.iter().map(|tile| cut(&[tile], 0, tile.place.h));
    Part::new(share, Content::Column(parts.collect()))
}

/// The groups of tiles that can be separated along one direction, and their
/// lengths.
fn bands<'a>(tiles: &[&'a Tile], span: fn(Place) -> (u16, u16)) -> Vec<(Vec<&'a Tile>, u16)> {
    let mut tiles = tiles.to_vec();
    tiles.sort_by_key(|tile| span(tile.place).0);
    let mut bands: Vec<(Vec<&Tile>, u16)> = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for tile in tiles {
        let (from, length) = span(tile.place);
        let to = from.saturating_add(length);
        match bands.last_mut() {
            Some((band, long)) if from < end => {
                band.push(tile);
                end = end.max(to);
                *long = end - begin;
            }
            _ => {
                (begin, end) = (from, to);
                bands.push((vec![tile], length));
            }
        }
    }
    for (band, _) in &mut bands {
        band.sort_by_key(|tile| (tile.place.y, tile.place.x));
    }
    bands
}

#[cfg(test)]
mod tests {
    use super::super::super::Document;
    use super::*;

    /// Written by 0.1.0.
    const BENCH: &str = r#"{"switchboard":"dashboard","version":1,"name":"Bench","layout":{"row":[
        {"share":2.0,"tile":{"board":"lamp-1","component":"light:0","name":"Desk lamp: Light"}},
        {"column":[{"tile":{"board":"strip-1","component":"switch:0"}},{"tile":{"board":"strip-1","component":"sensor:1"}}]}]}}"#;

    fn places(text: &str) -> Vec<(String, Place)> {
        let Ok(Document::Dashboard(dashboard)) = Document::parse(text.as_bytes()) else {
            unreachable!("{text}");
        };
        let place = |tile: &Tile| (tile.pin.component.to_string(), tile.place);
        dashboard.tiles.iter().map(place).collect()
    }

    fn place(x: u16, y: u16, w: u16, h: u16) -> Place {
        Place { x, y, w, h }
    }

    #[test]
    fn a_dashboard_of_0_1_0_keeps_its_order_and_proportions() {
        let expected = [
            ("light:0".to_owned(), place(0, 0, 8, 3)),
            ("switch:0".to_owned(), place(8, 0, 4, 1)),
            ("sensor:1".to_owned(), place(8, 1, 4, 2)),
        ];
        assert_eq!(places(BENCH), expected);
    }

    #[test]
    fn a_long_row_of_0_1_0_becomes_several_and_tabs_a_column() {
        let tile = |at: usize| format!(r#"{{"tile":{{"board":"a","component":"switch:{at}"}}}}"#);
        let row: Vec<String> = (0..6).map(tile).collect();
        let tabs = format!("{},{}", tile(6), tile(7));
        let text = format!(
            r#"{{"switchboard":"dashboard","name":"x","layout":{{"column":[{{"row":[{}]}},{{"tabs":[{tabs}]}}]}}}}"#,
            row.join(",")
        );
        let places: Vec<Place> = places(&text).into_iter().map(|(_, place)| place).collect();
        let expected = [
            place(0, 0, 4, 1),
            place(4, 0, 4, 1),
            place(8, 0, 4, 1),
            place(0, 1, 4, 1),
            place(4, 1, 4, 1),
            place(8, 1, 4, 1),
            place(0, 2, 12, 1),
            place(0, 3, 12, 1),
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn the_grid_is_written_for_0_1_0_too() {
        let Ok(document) = Document::parse(BENCH.as_bytes()) else {
            unreachable!("not read");
        };
        let text = document.text();
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let row = &value["layout"]["row"];
        assert_eq!(row[0]["share"], 8.0);
        assert_eq!(row[0]["tile"]["component"], "light:0");
        assert_eq!(row[1]["column"][1]["tile"]["component"], "sensor:1");
        // What 0.1.0 leaves of it is read with the same places.
        let mut old = value.clone();
        old.as_object_mut().expect("an object").remove("tiles");
        assert_eq!(places(&old.to_string()), places(&text));
    }

    #[test]
    fn tiles_that_cannot_be_cut_apart_are_all_written() {
        // Four tiles around a fifth.
        let around = [
            place(0, 0, 8, 1),
            place(8, 0, 4, 2),
            place(4, 2, 8, 1),
            place(0, 1, 4, 2),
            place(4, 1, 4, 1),
        ];
        let tiles: Vec<Tile> = (0..)
            .zip(around)
            .map(|(at, place)| {
                let pin = Pin {
                    board: "a".to_owned(),
                    component: protocol::ComponentKey::new(Kind::Switch, at),
                    name: String::new(),
                };
                Tile::new(pin, place)
            })
            .collect();
        let part = Part::of(&tiles).expect("a layout");
        assert_eq!((part.count(), part.check()), (5, Ok(())));
    }

    #[test]
    fn an_invalid_layout_is_refused() {
        let deep = (0..40).fold(
            r#"{"tile":{"board":"a","component":"light:0"}}"#.to_owned(),
            |inner, _| format!(r#"{{"row":[{inner}]}}"#),
        );
        for (layout, said) in [
            (
                r#"{"share":0,"tile":{"board":"a","component":"light:0"}}"#,
                "a share is 0",
            ),
            (r#"{"row":[]}"#, "has no tile"),
            (deep.as_str(), "32 deep"),
            (r#"{"tile":{"board":"a"}}"#, "missing field `component`"),
        ] {
            let text = format!(r#"{{"switchboard":"dashboard","name":"x","layout":{layout}}}"#);
            let problem = Document::parse(text.as_bytes()).expect_err(layout);
            assert!(problem.contains(said), "{problem}");
        }
    }
}
