//! Values of arguments that have a form of their own.

use std::{net::SocketAddr, str::FromStr, time::Duration};

use protocol::ComponentKey;

/// Parses a BOARD argument. An empty one usually is an unset shell variable.
pub(super) fn board(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() {
        return Err(
            "it is empty (an unset shell variable?); a name, an id or host:port is expected",
        );
    }
    Ok(text.to_owned())
}

/// Parses the address at which a proxy listens.
pub(super) fn listen(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(
        |_| "expected a loopback IP address and a port, for example 127.0.0.1:0 or [::1]:8080",
    )
}

/// A component of a board: `BOARD/COMPONENT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) board: String,
    pub(super) component: ComponentKey,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A board's name may contain a slash; a component's key cannot.
        let (board, component) = text
            .rsplit_once('/')
            .ok_or("a component of a board is expected, for example desk-lamp/light:0")?;
        let board =
            self::board(board).map_err(|why| format!("the board before the slash: {why}"))?;
        if component.trim().is_empty() {
            return Err(
                "the component after the slash is empty; for example desk-lamp/light:0".to_owned(),
            );
        }
        let component = component
            .parse()
            .map_err(|error: protocol::KeyError| error.to_string())?;
        Ok(Self { board, component })
    }
}

/// A length of time: `500ms`, `2s`, `1m`, `2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait(pub(super) Duration);

impl FromStr for Wait {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected a number with ms, s, m or h, for example 2s";
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let seconds = match &text[digits.len()..] {
            "ms" => 0.001,
            "s" | "" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3_600.0,
            _ => return Err(EXPECTED),
        };
        let number: f64 = digits.parse().map_err(|_| EXPECTED)?;
        let wait = Duration::try_from_secs_f64(number * seconds)
            .map_err(|_| "a length of time cannot be negative or this large")?;
        if wait > Duration::from_secs(366 * 86_400) {
            Err("must be at most a year")
        } else {
            Ok(Self(wait))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_has_a_unit() {
        for (text, millis) in [
            ("2s", 2_000),
            ("500ms", 500),
            ("1m", 60_000),
            ("2", 2_000),
            ("0.5s", 500),
        ] {
            assert_eq!(
                text.parse(),
                Ok(Wait(Duration::from_millis(millis))),
                "{text}"
            );
        }
        for text in ["", "s", "-1s", "2y", "1e300h", "nans"] {
            assert!(text.parse::<Wait>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_component_follows_the_last_slash() {
        let target: Target = "Lab/Lamp/light:0".parse().expect("a target");
        assert_eq!(
            (target.board.as_str(), target.component.to_string().as_str()),
            ("Lab/Lamp", "light:0")
        );
        assert!("light:0".parse::<Target>().is_err());
        assert!("lamp/light".parse::<Target>().is_err());
    }
}
