//! The pages of `GET /`, with the fields that keep other pages from using them.
//!
//! A browser gets the control page, which is compressed and sent from flash. A
//! client without gzip (curl) gets a description in text. A locked board has
//! one page for both, which does not reveal even its name.

mod built;
mod description;

use alloc::string::String;

use crate::response::{Body, Response};
use built::{CONTROL_ETAG, CONTROL_POLICY, LOCKED_POLICY};

pub(crate) use description::description;

/// `scripts/control-page` makes it from the sources in `control`.
static CONTROL: &[u8] = include_bytes!("built/control.html.gz");
static LOCKED: &[u8] = include_bytes!("built/locked.html");

const HTML: &str = "text/html; charset=utf-8";

/// What every page has: no other page may embed it, as a frame (the policies
/// say that too) or as a resource, and a link does not tell where it is.
macro_rules! page_fields {
    ($($field:expr),*) => {
        &[
            ("X-Frame-Options", "DENY"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Referrer-Policy", "no-referrer"),
            ("Vary", "Accept-Encoding"),
            $($field),*
        ]
    };
}

/// Kept by browsers, and asked for each time: the firmware may have changed, or
/// the board been locked.
const REVALIDATE: (&str, &str) = ("Cache-Control", "no-cache");
const NO_STORE: (&str, &str) = ("Cache-Control", "no-store");

/// The description has a style and nothing else.
const DESCRIPTION_POLICY: &str = "default-src 'none'; \
     style-src 'unsafe-inline'; \
     base-uri 'none'; \
     form-action 'none'; \
     frame-ancestors 'none'";

/// The page that controls an open board.
pub(crate) fn control() -> Response {
    Response {
        status: (200, "OK"),
        fields: page_fields![
            ("Content-Encoding", "gzip"),
            ("ETag", CONTROL_ETAG),
            ("Content-Security-Policy", CONTROL_POLICY),
            REVALIDATE
        ],
        content_type: HTML,
        body: Body::Flash(CONTROL),
    }
}

/// The client has the control page already (RFC 9110, section 15.4.5).
pub(crate) fn control_unchanged() -> Response {
    Response {
        status: (304, "Not Modified"),
        fields: page_fields![
            ("ETag", CONTROL_ETAG),
            ("Content-Security-Policy", CONTROL_POLICY),
            REVALIDATE
        ],
        content_type: "",
        body: Body::None,
    }
}

/// The page for a client without gzip.
pub(crate) fn described(html: String) -> Response {
    Response {
        status: (200, "OK"),
        fields: page_fields![("Content-Security-Policy", DESCRIPTION_POLICY), NO_STORE],
        content_type: HTML,
        body: Body::Text(html),
    }
}

/// The page of a locked board.
pub(crate) fn locked() -> Response {
    Response {
        status: (200, "OK"),
        fields: page_fields![("Content-Security-Policy", LOCKED_POLICY), NO_STORE],
        content_type: HTML,
        body: Body::Flash(LOCKED),
    }
}

/// Whether a field `If-None-Match` names the control page (RFC 9110, section
/// 13.1.2: weak comparison).
pub(crate) fn is_control(if_none_match: &str) -> bool {
    if_none_match.split(',').any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == CONTROL_ETAG
    })
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn an_entity_tag_is_compared_weakly_and_among_others() {
        for field in [
            CONTROL_ETAG,
            &format!("W/{CONTROL_ETAG}"),
            &format!("\"a\", {CONTROL_ETAG} ,\"b\""),
            "*",
        ] {
            assert!(is_control(field), "{field}");
        }
        for field in ["", "\"\"", "W/", &CONTROL_ETAG[1..], "\"stale\""] {
            assert!(!is_control(field), "{field}");
        }
    }

    #[test]
    fn the_control_page_is_gzip_of_at_most_8_kilobytes() {
        assert!(CONTROL.starts_with(&[0x1f, 0x8b, 8]), "RFC 1952");
        assert!(CONTROL.len() <= 8_000, "{}", CONTROL.len());
    }
}
