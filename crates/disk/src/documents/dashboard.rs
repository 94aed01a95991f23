//! A dashboard: components on one page, as tiles in rows and columns. The
//! window draws it.

use serde::{Deserialize, Serialize};

use super::{Pin, Shelved, check_name};

/// The most tiles on a dashboard.
const TILES: usize = 500;

/// The deepest nesting of rows, columns and tabs.
const DEEP: usize = 32;

/// Components on one page.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Dashboard {
    /// Its name.
    pub name: String,
    /// Its layout; `None` for an empty page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Part>,
}

/// A part of a dashboard, and its share of its row or column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Relative to the others: 2 next to 1 and 1 is half.
    #[serde(default = "one")]
    pub share: f32,
    /// The contents.
    #[serde(flatten)]
    pub tiles: Tiles,
}

/// The contents of a part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tiles {
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

impl Shelved for Dashboard {
    fn new(name: String) -> Self {
        Self { name, layout: None }
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
        let mut pins = Vec::new();
        if let Some(layout) = &self.layout {
            layout.pins(&mut pins);
        }
        pins
    }

    /// Validates the dashboard.
    ///
    /// # Errors
    ///
    /// A message about what is wrong and what is accepted.
    pub(super) fn check(&self) -> Result<(), String> {
        check_name(&self.name)?;
        let Some(layout) = &self.layout else {
            return Ok(());
        };
        layout.check(DEEP)?;
        let tiles = self.pins().len();
        match tiles {
            0 => Err("\"layout\" has no tile; leave it out for an empty page".to_owned()),
            tiles if tiles > TILES => Err(format!("it has {tiles} tiles; the limit is {TILES}")),
            _ => Ok(()),
        }
    }
}

impl Part {
    /// A part with the same share as others.
    pub fn new(tiles: Tiles) -> Self {
        Self { share: 1.0, tiles }
    }

    fn pins<'a>(&'a self, pins: &mut Vec<&'a Pin>) {
        match &self.tiles {
            Tiles::Tile(pin) => pins.push(pin),
            Tiles::Row(parts) | Tiles::Column(parts) | Tiles::Tabs(parts) => {
                parts.iter().for_each(|part| part.pins(pins));
            }
        }
    }

    fn check(&self, deep: usize) -> Result<(), String> {
        if !(self.share.is_finite() && self.share > 0.0 && self.share <= 1e6) {
            return Err(format!(
                "a share is {}; it must be more than 0 and at most 1000000",
                self.share
            ));
        }
        match &self.tiles {
            Tiles::Tile(pin) => pin.check(),
            Tiles::Row(parts) | Tiles::Column(parts) | Tiles::Tabs(parts) => {
                match deep.checked_sub(1) {
                    Some(deep) => parts.iter().try_for_each(|part| part.check(deep)),
                    None => Err(format!("rows and columns are nested more than {DEEP} deep")),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Document;
    use super::*;

    const BENCH: &str = r#"{"switchboard":"dashboard","version":1,"name":"Bench","layout":{"row":[
        {"share":2.0,"tile":{"board":"lamp-1","component":"light:0","name":"Desk lamp: Light"}},
        {"column":[{"tile":{"board":"strip-1","component":"switch:0"}},{"tile":{"board":"strip-1","component":"switch:1"}}]}]}}"#;

    #[test]
    fn a_dashboard_round_trips() {
        let bench = Document::parse(BENCH.as_bytes()).expect("a document");
        assert!(matches!(&bench, Document::Dashboard(bench) if bench.pins().len() == 3));
        assert_eq!(Document::parse(bench.text().as_bytes()), Ok(bench));
        let empty = Document::Dashboard(Dashboard::new("Empty".to_owned()));
        assert_eq!(Document::parse(empty.text().as_bytes()), Ok(empty));
    }

    #[test]
    fn an_invalid_dashboard_is_refused() {
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
