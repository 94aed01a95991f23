//! Parses and prints the address of a broker.

use std::{fmt, str::FromStr};

use crate::Address;

/// The environment variable that has the password.
pub const PASSWORD_VARIABLE: &str = "SWITCHBOARD_MQTT_PASSWORD";

/// What the command line advises if a broker refuses the user.
pub const LOGIN_ADVICE: &str = "The user is part of the address; the password is read from \
                                SWITCHBOARD_MQTT_PASSWORD.";

/// The ports that IANA registered for MQTT.
const PLAIN: u16 = 1883;
const SECURE: u16 = 8883;

/// The address of a broker, without a password.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BrokerAddress {
    secure: bool,
    user: Option<String>,
    address: Address,
}

impl BrokerAddress {
    /// Whether TLS is used.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The user.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The host and the port.
    pub fn address(&self) -> &Address {
        &self.address
    }
}

/// Why a text is not the address of a broker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not the address of an MQTT broker: {why}. Accepted: mqtt://[USER@]HOST[:PORT] \
     or, with TLS, mqtts://[USER@]HOST[:PORT]"
)]
pub struct BrokerAddressError {
    text: String,
    why: String,
}

impl FromStr for BrokerAddress {
    type Err = BrokerAddressError;

    fn from_str(text: &str) -> Result<Self, BrokerAddressError> {
        let text = text.trim();
        let error = |why: &str| BrokerAddressError {
            text: without_password(text),
            why: why.to_owned(),
        };
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| error("it has no scheme"))?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "mqtt" => false,
            "mqtts" => true,
            "ws" | "wss" => return Err(error("MQTT over WebSocket is not supported")),
            _ => return Err(error("its scheme is not supported")),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (user, host) = match rest.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, rest),
        };
        if user.is_some_and(|user| user.contains(':')) {
            return Err(error(&format!(
                "a password does not belong in an address, which others can read. Leave it out: \
                 the window asks for it, and the command line reads the environment variable \
                 {PASSWORD_VARIABLE}"
            )));
        }
        if user.is_some_and(|user| user.is_empty() || user.chars().any(char::is_control)) {
            return Err(error("its user is empty or has control characters"));
        }
        if host.contains(['/', '?', '#']) {
            return Err(error("the address of a broker has no path"));
        }
        let (host, port) = match (host.rfind(']'), host.rfind(':')) {
            (bracket, Some(colon)) if bracket.is_none_or(|bracket| colon > bracket) => {
                (&host[..colon], Some(&host[colon + 1..]))
            }
            _ => (host, None),
        };
        if host.is_empty() || host.chars().any(char::is_whitespace) {
            return Err(error("it has no host"));
        }
        if !host.starts_with('[') && host.contains(':') {
            return Err(error("an IPv6 address must be in brackets"));
        }
        let port = match port.map(str::parse::<u16>) {
            None if secure => SECURE,
            None => PLAIN,
            Some(Ok(port)) if port > 0 => port,
            Some(_) => return Err(error("its port is not from 1 to 65535")),
        };
        let (host, zone) = match host.split_once('%') {
            Some((ip, zone)) => (format!("{ip}]"), zone.strip_suffix(']')),
            None => (host.to_owned(), None),
        };
        let address = Address::in_url(&host, zone, port).map_err(error)?;
        Ok(Self {
            secure,
            user: user.map(str::to_owned),
            address,
        })
    }
}

/// The text without what looks like a password, also if it has no scheme.
pub fn without_password(text: &str) -> String {
    // What has a colon before it is part of a password, not a scheme.
    let scheme = text.find("://").filter(|at| !text[..*at].contains(':'));
    let (scheme, rest) = text.split_at(scheme.map_or(0, |at| at + 3));
    let masked = || {
        let (login, host) = rest.rsplit_once('@')?;
        let (user, _) = login.split_once(':')?;
        Some(format!("{scheme}{user}:…@{host}"))
    };
    masked().unwrap_or_else(|| text.to_owned())
}

impl fmt::Display for BrokerAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "mqtts" } else { "mqtt" };
        write!(formatter, "{scheme}://")?;
        if let Some(user) = &self.user {
            write!(formatter, "{user}@")?;
        }
        write!(formatter, "{}", self.address)
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_a_user_a_host_and_a_port() {
        for (text, secure, user, shown) in [
            ("mqtt://broker", false, None, "mqtt://broker:1883"),
            (
                "MQTTS://ann@Broker.local/",
                true,
                Some("ann"),
                "mqtts://ann@broker.local:8883",
            ),
            (
                "mqtt://a@b@[::1]:1884",
                false,
                Some("a@b"),
                "mqtt://a@b@[::1]:1884",
            ),
            (
                "mqtt://[fe80::1%eth0]",
                false,
                None,
                "mqtt://[fe80::1%eth0]:1883",
            ),
            (
                " mqtt://192.168.1.2:9 ",
                false,
                None,
                "mqtt://192.168.1.2:9",
            ),
        ] {
            let broker: BrokerAddress = text.parse().expect("an address");
            assert_eq!(
                (broker.is_secure(), broker.user()),
                (secure, user),
                "{text}"
            );
            assert_eq!(broker.to_string(), shown);
            assert_eq!(shown.parse(), Ok(broker));
        }
    }

    #[test]
    fn an_invalid_address_is_refused_with_what_is_accepted() {
        for (text, why) in [
            ("broker", "no scheme"),
            ("http://broker", "scheme is not supported"),
            ("wss://broker", "over WebSocket"),
            ("mqtt://", "no host"),
            ("mqtt://a:0", "port"),
            ("mqtt://a:b", "port"),
            ("mqtt://a:70000", "port"),
            ("mqtt://::1", "brackets"),
            ("mqtt://@a", "user is empty"),
            ("mqtt://a/b", "no path"),
        ] {
            let error = text.parse::<BrokerAddress>().expect_err(text).to_string();
            assert!(
                error.contains(why) && error.contains("mqtts://[USER@]HOST"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_repeated() {
        for (text, why) in [
            ("mqtt://ann:secret@broker", PASSWORD_VARIABLE),
            ("mqtt://ann:sec://ret@broker", PASSWORD_VARIABLE),
            ("ann:secret@broker", "no scheme"),
            ("mqtt:ann:secret@broker", "no scheme"),
            ("ann:sec://ret@broker", "scheme is not supported"),
        ] {
            let error = text.parse::<BrokerAddress>().expect_err(text).to_string();
            assert!(error.contains(why), "{error}");
            assert!(!error.contains("sec") && !error.contains("ret"), "{error}");
        }
    }
}
