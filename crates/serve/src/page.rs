//! The files of the window: which are embedded, in which encoding a client gets
//! one, and how long it may keep it.

use std::collections::BTreeMap;

use http_body_util::Full;
use hyper::{
    HeaderMap, Response, StatusCode,
    body::Bytes,
    header::{self, HeaderValue},
};
use sha2::{Digest, Sha256};

use crate::refusal::RequestRefusal;

/// A file of the window.
#[derive(Debug, Clone, Copy)]
pub struct Embedded {
    /// Its name below `/`.
    pub name: &'static str,
    /// Its bytes; `None` if it is large and exists compressed.
    pub plain: Option<&'static [u8]>,
    /// Compressed with Brotli.
    pub brotli: Option<&'static [u8]>,
    /// Compressed with gzip.
    pub gzip: Option<&'static [u8]>,
}

/// The files that this program was built with; none if there were none.
pub static EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// What `/` answers in a program without the window.
const WITHOUT_WINDOW: Embedded = Embedded {
    name: INDEX,
    plain: Some(include_bytes!("without_window.html")),
    brotli: None,
    gzip: None,
};

const INDEX: &str = "index.html";

/// The files by name.
pub(crate) struct Pages(BTreeMap<&'static str, Page>);

struct Page {
    file: Embedded,
    /// Identifies the content.
    hash: String,
}

/// How a file is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Brotli,
    Gzip,
    Plain,
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Plain => "identity",
        }
    }
}

impl Pages {
    pub(crate) fn new(files: &[Embedded]) -> Self {
        let files = match files {
            [] => &[WITHOUT_WINDOW],
            files => files,
        };
        let page = |file: &Embedded| {
            let bytes = file.plain.or(file.gzip).or(file.brotli).unwrap_or_default();
            let digest = Sha256::digest(bytes);
            let hash = digest
                .iter()
                .take(8)
                .map(|byte| format!("{byte:02x}"))
                .collect();
            (file.name, Page { file: *file, hash })
        };
        Self(files.iter().map(page).collect())
    }

    /// The response to a request for a path, without the headers that all
    /// responses have.
    ///
    /// # Errors
    /// There is no such file, or not in a form that the client accepts.
    pub(crate) fn respond(
        &self,
        path: &str,
        request: &HeaderMap,
    ) -> Result<Response<Full<Bytes>>, RequestRefusal> {
        let name = match path {
            "/" => INDEX,
            path => path.strip_prefix('/').unwrap_or(path),
        };
        let page = self.0.get(name).ok_or(RequestRefusal::NotFound)?;
        let (encoding, bytes) = page.choose(request).ok_or(RequestRefusal::NotAcceptable)?;
        let tag = format!("\"{}-{}\"", page.hash, encoding.name());
        let mut response = Response::new(Full::new(Bytes::from_static(bytes)));
        let headers = response.headers_mut();
        let caching = match is_hashed(name) {
            true => "public, max-age=31536000, immutable",
            false => "no-cache",
        };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        let unchanged = has_tag(request, &tag);
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(header::ETAG, tag);
        }
        if unchanged {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.body_mut() = Full::default();
            return Ok(response);
        }
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(content_type(name)),
        );
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        if encoding != Encoding::Plain {
            let name = HeaderValue::from_static(encoding.name());
            headers.insert(header::CONTENT_ENCODING, name);
        }
        Ok(response)
    }
}

impl Page {
    /// The smallest form that the client accepts.
    fn choose(&self, request: &HeaderMap) -> Option<(Encoding, &'static [u8])> {
        let forms = [
            (Encoding::Brotli, self.file.brotli),
            (Encoding::Gzip, self.file.gzip),
            (Encoding::Plain, self.file.plain),
        ];
        let there = forms
            .into_iter()
            .filter_map(|(encoding, bytes)| Some((encoding, bytes?)));
        let mut accepted = there.filter(|(encoding, _)| accepts(request, *encoding));
        match request.contains_key(header::ACCEPT_ENCODING) {
            true => accepted.next(),
            // RFC 9110, section 12.5.3: then any encoding is acceptable. Plain
            // bytes are what a simple client expects.
            false => accepted.next_back(),
        }
    }
}

/// Whether a client accepts an encoding (RFC 9110, section 12.5.3).
fn accepts(request: &HeaderMap, encoding: Encoding) -> bool {
    let values = request.get_all(header::ACCEPT_ENCODING).iter();
    let items = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let mut any = None;
    for item in items {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let is_zero = |q: &str| q.trim().parse::<f32>().is_ok_and(|q| q <= 0.0);
        let refused = parts
            .filter_map(|part| part.split_once('='))
            .any(|(key, q)| key.trim().eq_ignore_ascii_case("q") && is_zero(q));
        if name.eq_ignore_ascii_case(encoding.name()) {
            return !refused;
        }
        if name == "*" {
            any = Some(!refused);
        }
    }
    let unless_named =
        encoding == Encoding::Plain || !request.contains_key(header::ACCEPT_ENCODING);
    any.unwrap_or(unless_named)
}

/// Whether the client has this version (RFC 9110, section 13.1.2).
fn has_tag(request: &HeaderMap, tag: &str) -> bool {
    let values = request.get_all(header::IF_NONE_MATCH).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

/// Whether a name contains a hash of the content, at least eight hexadecimal
/// digits: what is at such a name never changes.
fn is_hashed(name: &str) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|part| part.len() >= 8 && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    fn asking(values: &[&str]) -> HeaderMap {
        let pair = |value: &&str| (header::ACCEPT_ENCODING, value.parse().unwrap());
        let mut headers = HeaderMap::new();
        values.iter().map(pair).for_each(|(name, value)| {
            headers.append(name, value);
        });
        headers
    }

    #[test]
    fn the_smallest_accepted_form_is_sent() {
        let all = Embedded {
            name: "a.js",
            plain: Some(b"plain"),
            brotli: Some(b"br"),
            gzip: Some(b"gz"),
        };
        let large = Embedded { plain: None, ..all };
        let chosen = |file: Embedded, accepted: &[&str]| {
            let page = Page {
                file,
                hash: String::new(),
            };
            page.choose(&asking(accepted))
                .map(|(encoding, _)| encoding.name())
        };
        for (accepted, form, form_of_large) in [
            (&["gzip, deflate, br, zstd"][..], Some("br"), Some("br")),
            (&["gzip", "br"], Some("br"), Some("br")),
            (&["GZIP"], Some("gzip"), Some("gzip")),
            (&["br;q=0, gzip;q=0.5"], Some("gzip"), Some("gzip")),
            (&["*"], Some("br"), Some("br")),
            (&["*;q=0, gzip"], Some("gzip"), Some("gzip")),
            (&["deflate"], Some("identity"), None),
            (&["identity"], Some("identity"), None),
            (&[""], Some("identity"), None),
            (&[], Some("identity"), Some("gzip")),
        ] {
            assert_eq!(chosen(all, accepted), form, "{accepted:?}");
            assert_eq!(chosen(large, accepted), form_of_large, "{accepted:?}");
        }
    }

    #[test]
    fn only_names_with_a_hash_are_kept_forever() {
        for name in [
            "window-1a2b3c4d.js",
            "window-0123456789abcdef_bg.wasm",
            "assets/font.0badcafe.ttf",
        ] {
            assert!(is_hashed(name), "{name}");
        }
        for name in [
            "index.html",
            "icon-256.png",
            "manifest.webmanifest",
            "window.js",
            "background.js",
        ] {
            assert!(!is_hashed(name), "{name}");
        }
    }

    #[test]
    fn a_version_that_the_client_has_is_not_sent_again() {
        let file = Embedded {
            name: "index.html",
            plain: Some(b"one"),
            brotli: None,
            gzip: None,
        };
        let pages = Pages::new(&[file]);
        let first = pages.respond("/", &HeaderMap::new()).unwrap();
        let tag = first.headers()[header::ETAG].clone();
        let with =
            |tag: &str| HeaderMap::from_iter([(header::IF_NONE_MATCH, tag.parse().unwrap())]);
        let tag = tag.to_str().unwrap();
        for known in [
            tag.to_owned(),
            format!("W/{tag}"),
            format!("\"other\", {tag}"),
            "*".to_owned(),
        ] {
            let again = pages.respond("/index.html", &with(&known)).unwrap();
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
        }
        let changed = Pages::new(&[Embedded {
            plain: Some(b"two"),
            ..file
        }]);
        assert_eq!(
            changed.respond("/", &with(tag)).unwrap().status(),
            StatusCode::OK
        );
    }
}
