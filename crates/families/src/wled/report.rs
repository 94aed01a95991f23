//! What a WLED board reports: `state` and `info` of its JSON API
//! (<https://kno.wled.ge/interfaces/json-api/>). Fields that are missing or of
//! an unexpected type are unknown; the number of segments and the length of
//! texts are bounded.

use sanitize::bounds;
use serde_json::Value;

use crate::announced::mac;

use super::components::LAST_SEGMENT;

/// Segments that are read. WLED has at most 64 (`MAX_NUM_SEGMENTS`).
const SEGMENTS: usize = 64;

/// What a segment's light can do: bits of `lc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Capabilities(u8);

impl Capabilities {
    const RGB: u8 = 1;
    const WHITE: u8 = 2;
    const CCT: u8 = 4;

    pub(super) const fn rgb(self) -> bool {
        self.0 & Self::RGB != 0
    }

    /// A white channel that can be set.
    pub(super) const fn white(self) -> bool {
        self.0 & Self::WHITE != 0
    }

    pub(super) const fn cct(self) -> bool {
        self.0 & Self::CCT != 0
    }

    /// Outputs that are only on or off have none.
    pub(super) const fn dimmable(self) -> bool {
        self.0 != 0
    }
}

/// A part of the strip.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Segment {
    pub(super) id: u16,
    /// The name that someone gave it.
    pub(super) name: Option<String>,
    /// Its own switch; dark all the same if the whole strip is off.
    pub(super) on: bool,
    pub(super) bri: u8,
    /// The first of three colors: red, green, blue, white.
    pub(super) color: Option<[u8; 4]>,
    pub(super) cct: Option<u8>,
    pub(super) effect: Option<u8>,
    pub(super) palette: Option<u8>,
    pub(super) speed: Option<u8>,
    pub(super) intensity: Option<u8>,
    pub(super) capabilities: Capabilities,
}

/// The state of everything.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Report {
    /// The switch of the whole strip.
    pub(super) on: bool,
    /// The brightness of the whole strip, also while it is off.
    pub(super) bri: u8,
    /// The preset that was applied last, if nothing was changed since.
    pub(super) preset: Option<u8>,
    /// The playlist that plays.
    pub(super) playlist: Option<u8>,
    pub(super) nightlight: Option<bool>,
    /// Whether changes are sent to other boards.
    pub(super) sync_send: Option<bool>,
    /// Whether changes of other boards are followed.
    pub(super) sync_receive: Option<bool>,
    /// The groups whose changes are followed, as bits: newer boards follow none
    /// if it is 0, and cannot set `recv`.
    pub(super) receive_groups: Option<u8>,
    pub(super) segments: Vec<Segment>,
}

/// What the board says about itself.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Info {
    /// Twelve lowercase hexadecimal digits.
    pub(super) mac: String,
    pub(super) name: String,
    pub(super) version: String,
    /// The product, or the chip that the firmware is made for.
    pub(super) board: String,
    pub(super) is_esp8266: bool,
    /// In seconds.
    pub(super) uptime: Option<u64>,
    /// The estimated current of the LEDs, in milliamperes.
    pub(super) current: Option<u64>,
    /// In dBm.
    pub(super) rssi: Option<i64>,
    /// In bytes.
    pub(super) free_heap: Option<u64>,
    /// When the presets were changed.
    pub(super) presets_changed: Option<u64>,
    pub(super) effects: Option<u64>,
    pub(super) palettes: Option<u64>,
}

/// Reads `state`; `None` if it is not an object. The light capabilities of
/// older boards are in `info`.
pub(super) fn report(state: &Value, info: &Value) -> Option<Report> {
    state.as_object()?;
    let listed = state.get("seg").and_then(Value::as_array);
    let segments = listed.into_iter().flatten().enumerate().take(SEGMENTS);
    let mut segments: Vec<Segment> = segments
        .filter_map(|(position, value)| segment(position, value, info))
        .collect();
    segments.sort_by_key(|segment| segment.id);
    segments.dedup_by_key(|segment| segment.id);
    let flag = |pointer| state.pointer(pointer).and_then(Value::as_bool);
    Some(Report {
        on: flag("/on").unwrap_or(false),
        bri: byte(state, "bri").unwrap_or(0),
        preset: byte(state, "ps"),
        playlist: byte(state, "pl"),
        nightlight: flag("/nl/on"),
        sync_send: flag("/udpn/send"),
        sync_receive: flag("/udpn/recv"),
        receive_groups: state.get("udpn").and_then(|sync| byte(sync, "rgrp")),
        segments,
    })
}

/// Reads `info`.
///
/// # Errors
/// What is missing for the board to be identified.
pub(super) fn info(info: &Value) -> Result<Info, String> {
    let text = |field: &str| {
        info.get(field)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let number = |pointer: &str| info.pointer(pointer).and_then(Value::as_u64);
    let mac = text("mac").and_then(mac).ok_or("its info lacks mac")?;
    let arch = text("arch").unwrap_or_default();
    let product = text("product").filter(|_| text("brand").is_some_and(|brand| brand != "WLED"));
    let board = product.or_else(|| text("release")).unwrap_or(arch);
    Ok(Info {
        mac,
        name: bounds::name(text("name").unwrap_or("WLED")),
        version: bounds::text(text("ver").unwrap_or_default().to_owned()),
        board: bounds::text(board.to_owned()),
        is_esp8266: arch.eq_ignore_ascii_case("esp8266"),
        uptime: number("/uptime"),
        // Without a limit, WLED does not estimate the current and reports 0.
        current: number("/leds/pwr").filter(|_| number("/leds/maxpwr") != Some(0)),
        rssi: info.pointer("/wifi/rssi").and_then(Value::as_i64),
        free_heap: number("/freeheap"),
        presets_changed: number("/fs/pmt"),
        effects: number("/fxcount"),
        palettes: number("/palcount"),
    })
}

fn segment(position: usize, value: &Value, info: &Value) -> Option<Segment> {
    value.as_object()?;
    // Where a segment was, some versions list one without length.
    if value.get("stop").and_then(Value::as_u64) == Some(0) {
        return None;
    }
    let id = match value.get("id") {
        None => u16::try_from(position).ok()?,
        Some(id) => u16::try_from(id.as_u64()?).ok()?,
    };
    let name = value.get("n").and_then(Value::as_str).map(bounds::name);
    (id <= LAST_SEGMENT).then(|| Segment {
        id,
        name: name.filter(|name| !name.is_empty()),
        on: value.get("on").and_then(Value::as_bool).unwrap_or(true),
        bri: byte(value, "bri").unwrap_or(u8::MAX),
        color: color(value),
        cct: cct(value),
        effect: byte(value, "fx"),
        palette: byte(value, "pal"),
        speed: byte(value, "sx"),
        intensity: byte(value, "ix"),
        capabilities: capabilities(position, value, info),
    })
}

/// `seglc` has an entry per listed segment. Before version 0.13 there were only
/// flags for the whole board.
fn capabilities(position: usize, segment: &Value, info: &Value) -> Capabilities {
    let leds = info.get("leds").unwrap_or(&Value::Null);
    let own = byte(segment, "lc");
    let listed = || narrow(leds.get("seglc")?.get(position)?);
    let common = || byte(leds, "lc");
    let bits = own.or_else(listed).or_else(common).unwrap_or_else(|| {
        let has_white = leds.get("rgbw").and_then(Value::as_bool) == Some(true);
        if has_white {
            Capabilities::RGB | Capabilities::WHITE
        } else {
            Capabilities::RGB
        }
    });
    Capabilities(bits & (Capabilities::RGB | Capabilities::WHITE | Capabilities::CCT))
}

fn color(segment: &Value) -> Option<[u8; 4]> {
    let channels = segment.get("col")?.get(0)?.as_array()?;
    let mut color = [0; 4];
    if !(3..=4).contains(&channels.len()) {
        return None;
    }
    for (channel, value) in color.iter_mut().zip(channels) {
        *channel = narrow(value)?;
    }
    Some(color)
}

/// 0 to 255, or kelvin.
fn cct(segment: &Value) -> Option<u8> {
    let value = segment.get("cct")?;
    narrow(value).or_else(|| Some(super::level::cct(u16::try_from(value.as_u64()?).ok()?)))
}

fn byte(object: &Value, field: &str) -> Option<u8> {
    narrow(object.get(field)?)
}

fn narrow(value: &Value) -> Option<u8> {
    u8::try_from(value.as_u64()?).ok()
}
