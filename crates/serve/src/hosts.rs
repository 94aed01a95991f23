//! Which names of this server a request may use, and from which pages it may
//! come. A web page of another site can make its own name lead to this server
//! (DNS rebinding); its requests then contain that name.

use std::net::IpAddr;

use hyper::{
    HeaderMap, Uri, header,
    http::{HeaderValue, uri::Authority},
};

use crate::refusal::RequestRefusal;

/// The names of this server.
#[derive(Debug)]
pub(crate) struct Hosts(Vec<String>);

/// The names of this computer: `localhost`, its own name, and the same with
/// `.local`, all in lower case.
pub fn own_names() -> Vec<String> {
    let own = gethostname::gethostname().to_string_lossy().to_lowercase();
    let short = own.split('.').next().unwrap_or_default().to_owned();
    let mut names = vec!["localhost".to_owned(), format!("{short}.local"), short, own];
    names.dedup();
    names.retain(|name| !name.is_empty() && name != ".local");
    names
}

impl Hosts {
    /// This computer's own names, and more.
    pub(crate) fn new(more: &[String]) -> Self {
        let mut names = own_names();
        names.extend(more.iter().map(|name| name.to_lowercase()));
        Self(names)
    }

    /// The host that a request names, if it is this server.
    ///
    /// # Errors
    /// Why the request is refused.
    pub(crate) fn check(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Authority, RequestRefusal> {
        let host = one(headers, header::HOST).ok_or(RequestRefusal::NoHost)?;
        let host: Authority = host
            .to_str()
            .ok()
            .and_then(|host| host.parse().ok())
            .ok_or(RequestRefusal::NoHost)?;
        // RFC 9112, section 3.2.2: a target in absolute form names the host
        // too.
        let is_other = |authority: &Authority| *authority != host;
        if !is_plain(&host) || uri.authority().is_some_and(is_other) {
            return Err(RequestRefusal::NoHost);
        }
        let name = host.host().trim_end_matches('.').to_lowercase();
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        // An address cannot be redirected.
        if bare.parse::<IpAddr>().is_ok() || self.0.contains(&name) {
            Ok(host)
        } else {
            Err(RequestRefusal::ForeignHost(name))
        }
    }
}

/// Refuses pages of other sites. Browsers always send `Origin` when a page
/// opens a WebSocket (RFC 6455, section 10.2); other programs need not.
///
/// # Errors
/// The origin is not the host that the request names.
pub(crate) fn check_origin(headers: &HeaderMap, host: &Authority) -> Result<(), RequestRefusal> {
    if !headers.contains_key(header::ORIGIN) {
        return Ok(());
    }
    let origin = one(headers, header::ORIGIN);
    if origin.and_then(|origin| is_same(origin, host)) == Some(true) {
        return Ok(());
    }
    let origin = origin.map(HeaderValue::as_bytes).unwrap_or_default();
    let origin = String::from_utf8_lossy(origin).into_owned();
    Err(RequestRefusal::ForeignOrigin(origin))
}

/// Whether an origin has the host and the port that a request names. The
/// scheme determines the default port of both: a proxy in front of this server
/// may have added TLS. `None` if it cannot be parsed.
fn is_same(origin: &HeaderValue, host: &Authority) -> Option<bool> {
    let (scheme, origin) = origin.to_str().ok()?.split_once("://")?;
    let default = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let origin: Authority = origin.parse().ok()?;
    if !is_plain(&origin) || !is_plain(host) {
        return None;
    }
    let port = |authority: &Authority| authority.port_u16().unwrap_or(default);
    let same_name = origin.host().eq_ignore_ascii_case(host.host());
    Some(same_name && port(&origin) == port(host))
}

/// Whether this is a host with or without a port. `Authority` can also contain
/// a user, and any text in place of the port.
fn is_plain(authority: &Authority) -> bool {
    let host = authority.host();
    match authority.port_u16() {
        Some(port) => authority.as_str() == format!("{host}:{port}"),
        None => authority.as_str() == host,
    }
}

/// The value of a header that must not be repeated.
fn one(headers: &HeaderMap, name: header::HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        let pair =
            |(name, value): &(header::HeaderName, &str)| (name.clone(), value.parse().unwrap());
        HeaderMap::from_iter(pairs.iter().map(pair))
    }

    #[test]
    fn this_server_is_an_address_or_one_of_its_names() {
        let hosts = Hosts::new(&["Boards.School.example".to_owned()]);
        let own = gethostname::gethostname().to_string_lossy().into_owned();
        let check =
            |host: &str| hosts.check(&"/".parse().unwrap(), &headers(&[(header::HOST, host)]));
        for host in [
            "127.0.0.1:8080",
            "192.168.1.5",
            "[::1]:8080",
            "[fe80::1]",
            "localhost",
            "LocalHost:8080",
            "boards.school.example",
            "boards.school.example.:443",
            &own,
        ] {
            assert!(check(host).is_ok(), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "school.example",
            "0x7f000001",
            "2130706433",
        ] {
            assert!(
                matches!(check(host), Err(RequestRefusal::ForeignHost(_))),
                "{host}"
            );
        }
        for host in [
            "",
            "user@127.0.0.1",
            "a b",
            "localhost:",
            "localhost:99999",
            "localhost:80;script-src",
        ] {
            assert_eq!(check(host), Err(RequestRefusal::NoHost), "{host}");
        }
    }

    #[test]
    fn a_request_names_one_host() {
        let hosts = Hosts::new(&[]);
        let none = hosts.check(&"/".parse().unwrap(), &HeaderMap::new());
        assert_eq!(none, Err(RequestRefusal::NoHost));
        let mut twice = headers(&[(header::HOST, "127.0.0.1")]);
        twice.append(header::HOST, "127.0.0.1".parse().unwrap());
        assert_eq!(
            hosts.check(&"/".parse().unwrap(), &twice),
            Err(RequestRefusal::NoHost)
        );
        let absolute = "http://evil.example/".parse().unwrap();
        let host = headers(&[(header::HOST, "127.0.0.1")]);
        assert_eq!(hosts.check(&absolute, &host), Err(RequestRefusal::NoHost));
    }

    #[test]
    fn only_the_servers_own_page_may_use_it() {
        for (host, origin, expected) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080", true),
            ("pi:8080", "https://pi:8080", true),
            ("pi", "http://pi", true),
            ("pi", "https://pi", true),
            ("pi:443", "https://pi", true),
            ("[::1]:8080", "http://[::1]:8080", true),
            ("PI.local:8080", "http://pi.local:8080", true),
            ("pi:8080", "http://pi", false),
            ("pi:8080", "http://pi:8081", false),
            ("pi:8080", "http://evil.example:8080", false),
            ("pi:8080", "http://pi:8080.evil.example", false),
            ("pi:8080", "http://user@pi:8080", false),
            ("pi:8080", "http://pi:8080/", false),
            ("pi:8080", "file://", false),
            ("pi:8080", "null", false),
            ("pi:8080", "", false),
        ] {
            let checked = check_origin(
                &headers(&[(header::ORIGIN, origin)]),
                &host.parse().unwrap(),
            );
            assert_eq!(checked.is_ok(), expected, "{host} {origin}: {checked:?}");
        }
        let host = "pi".parse().unwrap();
        assert!(check_origin(&HeaderMap::new(), &host).is_ok());
        let mut twice = headers(&[(header::ORIGIN, "http://pi")]);
        twice.append(header::ORIGIN, "http://pi".parse().unwrap());
        assert!(check_origin(&twice, &host).is_err());
    }
}
