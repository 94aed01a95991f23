//! A dashboard: components on one page, as tiles on a grid of [`COLUMNS`]. A
//! dashboard of version 0.1.0, whose tiles are nested in rows and columns, is
//! read too, and the same nesting is written so that 0.1.0 can show the tiles.

mod parts;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use self::parts::Part;
use super::{Pin, Shelved, check_name};

/// The columns of the grid.
pub const COLUMNS: u16 = 12;

/// The most rows that a tile can have.
pub const ROWS_MOST: u16 = 24;

/// The most tiles on a dashboard.
const TILES: usize = 500;

/// The lowest row at which a tile can begin.
const LOWEST: u16 = 12_000;

/// Components on one page.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Dashboard {
    /// Its name.
    pub name: String,
    /// The components, in the order in which they were added.
    pub tiles: Vec<Tile>,
    /// Fields of a newer version, unchanged.
    newer: Map<String, Value>,
}

/// A component on the grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tile {
    /// The component.
    #[serde(flatten)]
    pub pin: Pin,
    /// Its cells.
    #[serde(flatten)]
    pub place: Place,
    /// Fields of a newer version, unchanged.
    #[serde(flatten)]
    newer: Map<String, Value>,
}

/// The cells of a tile, from the upper left corner of the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The first column, from 0.
    pub x: u16,
    /// The first row, from 0.
    pub y: u16,
    /// The width in columns.
    pub w: u16,
    /// The height in rows.
    pub h: u16,
}

impl Tile {
    /// A tile.
    pub fn new(pin: Pin, place: Place) -> Self {
        Self {
            pin,
            place,
            newer: Map::new(),
        }
    }

    fn check(&self) -> Result<(), String> {
        self.pin.check()?;
        let Place { x, y, w, h } = self.place;
        let words = self.pin.words();
        if w == 0 || w > COLUMNS || x > COLUMNS - w {
            return Err(format!(
                "{words}: columns {x} and following ({w} of them) are not within 0 to {}",
                COLUMNS - 1
            ));
        }
        if h == 0 || h > ROWS_MOST || y > LOWEST {
            return Err(format!(
                "{words}: it begins in row {y} and has {h} rows; the limits are {LOWEST}, and 1 \
                 to {ROWS_MOST} rows"
            ));
        }
        Ok(())
    }
}

impl Shelved for Dashboard {
    fn new(name: String) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn rename(&mut self, name: String) {
        self.name = name;
    }
}

impl Dashboard {
    /// Every component on it.
    pub fn pins(&self) -> Vec<&Pin> {
        self.tiles.iter().map(|tile| &tile.pin).collect()
    }

    /// Validates the dashboard.
    ///
    /// # Errors
    ///
    /// A message about what is wrong and what is accepted.
    pub(super) fn check(&self) -> Result<(), String> {
        check_name(&self.name)?;
        let tiles = self.tiles.len();
        if tiles > TILES {
            return Err(format!("it has {tiles} tiles; the limit is {TILES}"));
        }
        self.tiles.iter().try_for_each(Tile::check)
    }
}

/// A dashboard in a file.
#[derive(Serialize, Deserialize)]
struct Stored {
    name: String,
    /// Absent in a file of 0.1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tiles: Option<Vec<Tile>>,
    /// The tiles for 0.1.0; absent for an empty page, and not read if there are
    /// `tiles`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layout: Option<Value>,
    #[serde(flatten)]
    newer: Map<String, Value>,
}

impl TryFrom<Stored> for Dashboard {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        let tiles = match (stored.tiles, stored.layout) {
            (Some(tiles), _) => tiles,
            (None, Some(layout)) => {
                let layout: Part =
                    serde_json::from_value(layout).map_err(|error| error.to_string())?;
                layout.check()?;
                layout.tiles()
            }
            (None, None) => Vec::new(),
        };
        Ok(Self {
            name: stored.name,
            tiles,
            newer: stored.newer,
        })
    }
}

impl From<Dashboard> for Stored {
    fn from(dashboard: Dashboard) -> Self {
        let layout = Part::of(&dashboard.tiles);
        Self {
            name: dashboard.name,
            // A part has only string keys, so serialization cannot fail.
            layout: layout.and_then(|layout| serde_json::to_value(layout).ok()),
            tiles: Some(dashboard.tiles),
            newer: dashboard.newer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Document;
    use super::*;

    const BENCH: &str = r#"{"switchboard":"dashboard","version":1,"name":"Bench","tiles":[
        {"board":"lamp-1","component":"light:0","name":"Desk lamp: Light","x":0,"y":0,"w":6,"h":3},
        {"board":"strip-1","component":"switch:0","x":6,"y":0,"w":3,"h":1,"tint":"red"}],"wall":true}"#;

    fn parsed(text: &str) -> Dashboard {
        match Document::parse(text.as_bytes()) {
            Ok(Document::Dashboard(dashboard)) => dashboard,
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn a_dashboard_round_trips_with_what_a_newer_version_added() {
        let bench = Document::parse(BENCH.as_bytes()).expect("a document");
        assert!(matches!(&bench, Document::Dashboard(bench) if bench.tiles.len() == 2));
        let text = bench.text();
        assert!(
            text.contains("\"tint\": \"red\"") && text.contains("\"wall\": true"),
            "{text}"
        );
        assert_eq!(Document::parse(text.as_bytes()), Ok(bench));
        let empty = Document::Dashboard(Dashboard::new("Empty".to_owned()));
        assert_eq!(Document::parse(empty.text().as_bytes()), Ok(empty));
    }

    #[test]
    fn the_grid_wins_over_the_layout_for_0_1_0() {
        let with_both = BENCH.replace(r#""wall":true"#, r#""layout":{"grid":[]}"#);
        assert_eq!(parsed(&with_both).tiles, parsed(BENCH).tiles);
    }

    #[test]
    fn a_tile_outside_of_the_grid_is_refused() {
        for (place, said) in [
            (r#""x":10,"y":0,"w":3,"h":1"#, "columns 10"),
            (r#""x":0,"y":0,"w":0,"h":1"#, "columns 0"),
            (r#""x":0,"y":0,"w":3,"h":0"#, "has 0 rows"),
            (r#""x":0,"y":60000,"w":3,"h":1"#, "row 60000"),
            (r#""x":-1,"y":0,"w":3,"h":1"#, "invalid value"),
            (r#""x":0,"y":0,"w":3"#, "missing field `h`"),
        ] {
            let text = format!(
                r#"{{"switchboard":"dashboard","name":"x","tiles":[{{"board":"a","component":"light:0",{place}}}]}}"#
            );
            let problem = Document::parse(text.as_bytes()).expect_err(place);
            assert!(problem.contains(said), "{problem}");
        }
    }
}
