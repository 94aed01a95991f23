//! The live preview: the colors that the LEDs of a light show at this moment,
//! about 25 times per second. Of the families, only WLED has one, and sends it
//! to one client at a time.

/// The request for it; takes `on`, `false` to end it.
pub const FOLLOW: &str = "Live.Follow";

/// The notification with the colors: `rgb`, six hexadecimal digits per LED; for
/// a matrix also `width` and `height`, row by row. At most 256 LEDs.
pub const NOTIFY: &str = "NotifyLive";
