//! The live preview of a light: the colors of its LEDs, bounded in number.

use std::time::Duration;

use families::preview;
use serde_json::Value;
use web_time::Instant;

/// The most LEDs; the rest of a longer preview is left out.
const LEDS: usize = 256;

/// What the LEDs of a light show, as the board reported it last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Red, green and blue of each LED, row by row; at least one.
    colors: Vec<[u8; 3]>,
    /// How many LEDs a row has; a strip is one row.
    columns: usize,
    /// When it arrived, within [`Self::RENEWED`].
    at: Instant,
}

impl Preview {
    /// One that did not change is renewed this often.
    pub const RENEWED: Duration = Duration::from_secs(2);

    /// The board sends several per second. One that is older than this has
    /// ended: the board sends it to one client at a time, and another took it.
    pub const LASTS: Duration = Duration::from_secs(5);

    /// A preview of these colors, if there are any: rows of `columns` LEDs if
    /// they fill such rows, otherwise one row.
    pub fn new(mut colors: Vec<[u8; 3]>, columns: Option<usize>, at: Instant) -> Option<Self> {
        colors.truncate(LEDS);
        let all = colors.len();
        let fits = |columns: &usize| *columns > 0 && all.is_multiple_of(*columns);
        (all > 0).then(|| Self {
            columns: columns.filter(fits).unwrap_or(all),
            colors,
            at,
        })
    }

    /// Reads a notification; `None` if it is not a preview.
    pub fn read(at: Instant, method: &str, params: &Value) -> Option<Self> {
        if method != preview::NOTIFY {
            return None;
        }
        let digits = params.get("rgb")?.as_str()?.as_bytes();
        let colors = digits.chunks_exact(6).take(LEDS).map(color);
        let columns = params.get("width").and_then(Value::as_u64);
        let columns = columns.and_then(|columns| usize::try_from(columns).ok());
        Self::new(colors.collect::<Option<Vec<_>>>()?, columns, at)
    }

    /// The LEDs, row by row, all of the same length.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[[u8; 3]]> {
        self.colors.chunks(self.columns)
    }

    /// When it arrived, within [`Self::RENEWED`].
    pub fn at(&self) -> Instant {
        self.at
    }

    /// Whether this one need not be replaced by another: it shows the same, and
    /// is new enough.
    pub fn covers(&self, newer: &Self) -> bool {
        (self.columns, &self.colors) == (newer.columns, &newer.colors)
            && newer.at.saturating_duration_since(self.at) < Self::RENEWED
    }
}

/// The color of six hexadecimal digits.
fn color(digits: &[u8]) -> Option<[u8; 3]> {
    let digits = std::str::from_utf8(digits).ok()?;
    let number = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(params: &Value) -> Option<Vec<Vec<[u8; 3]>>> {
        let preview = Preview::read(Instant::now(), preview::NOTIFY, params)?;
        Some(preview.rows().map(<[_]>::to_vec).collect())
    }

    #[test]
    fn a_strip_is_one_row_and_a_matrix_several() {
        let red = [255, 0, 0];
        let strip = json!({ "rgb": "ff0000000010" });
        assert_eq!(rows(&strip), Some(vec![vec![red, [0, 0, 16]]]));
        let matrix = json!({ "rgb": "ff0000".repeat(6), "width": 3, "height": 2 });
        assert_eq!(rows(&matrix), Some(vec![vec![red; 3]; 2]));
        // A size that the colors do not have is ignored.
        for width in [json!(0), json!(4), json!(-1), json!(u64::MAX), json!("3")] {
            let odd = json!({ "rgb": "ff0000".repeat(6), "width": width });
            assert_eq!(rows(&odd), Some(vec![vec![red; 6]]), "{odd}");
        }
    }

    #[test]
    fn what_is_no_preview_is_ignored_and_a_long_one_is_cut() {
        for params in [
            json!({}),
            json!({ "rgb": "" }),
            json!({ "rgb": "ff00" }),
            json!({ "rgb": "gg0000" }),
            json!({ "rgb": "€€" }),
            json!({ "rgb": 7 }),
        ] {
            assert_eq!(rows(&params), None, "{params}");
        }
        let other = Preview::read(Instant::now(), "NotifyOther", &json!({ "rgb": "ff0000" }));
        assert_eq!(other, None);
        let long = rows(&json!({ "rgb": "010203".repeat(100_000) })).expect("a preview");
        assert_eq!(long[0].len(), LEDS);
    }

    #[test]
    fn an_equal_preview_replaces_only_an_old_one() {
        let now = Instant::now();
        let red = |at| Preview::new(vec![[255, 0, 0]], None, at).expect("a preview");
        assert!(red(now).covers(&red(now + Preview::RENEWED / 2)));
        assert!(!red(now).covers(&red(now + Preview::RENEWED)));
        let blue = Preview::new(vec![[0, 0, 255]], None, now).expect("a preview");
        assert!(!red(now).covers(&blue));
    }
}
