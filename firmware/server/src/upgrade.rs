//! The client's side of a WebSocket's opening handshake (RFC 6455, section
//! 4.1): makes the request and checks the response. Owns no socket.

use alloc::{
    format,
    string::{String, ToString},
};

use board::Identity;
use edge_http::ws::{MAX_BASE64_KEY_RESPONSE_LEN, sec_key_response};
use protocol::{
    SUBPROTOCOL,
    ota::base64,
    outbound::{ENCRYPTION_FIELD, ID_FIELD, OutboundUrl},
};

/// A request, with what is needed to check its response.
pub(crate) struct UpgradeRequest {
    key: String,
}

impl UpgradeRequest {
    /// Makes a request with a random nonce, and returns also the bytes to send.
    /// A locked board's request reveals no more than its TXT record does.
    pub(crate) fn new(
        nonce: [u8; 16],
        url: &OutboundUrl,
        identity: &Identity,
        locked: bool,
    ) -> (Self, String) {
        let key = base64(&nonce);
        let mut head = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\n",
            url.path(),
            url.authority()
        );
        head += "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
        head += &format!("Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n");
        head += &format!("{ID_FIELD}: {}\r\n", identity.id);
        if locked {
            head += &format!("{ENCRYPTION_FIELD}: {}\r\n", noise::SUITE);
        }
        head += "\r\n";
        (Self { key }, head)
    }

    /// Checks that this head, which ends with an empty line, makes the
    /// connection a WebSocket.
    ///
    /// # Errors
    /// The reason why not, in words.
    pub(crate) fn check_response(&self, head: &[u8]) -> Result<(), String> {
        let head = core::str::from_utf8(head).map_err(|_| NO_HTTP)?;
        let (status, fields) = head.split_once("\r\n").ok_or(NO_HTTP)?;
        // RFC 9112, section 4: version, three digits, a phrase that may be
        // empty.
        let status = status
            .strip_prefix("HTTP/1.")
            .and_then(|rest| rest.get(2..5))
            .ok_or(NO_HTTP)?;
        if !status.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NO_HTTP.to_string());
        }
        if status != "101" {
            return Err(format!(
                "the server responded with HTTP {status} instead of a WebSocket"
            ));
        }
        let values = |name: &'static str| {
            fields
                .split("\r\n")
                .filter_map(|line| line.split_once(':'))
                .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim())
        };
        let has = |name, token: &str| {
            values(name)
                .flat_map(|value| value.split(','))
                .any(|value| value.trim().eq_ignore_ascii_case(token))
        };
        if !has("Upgrade", "websocket") || !has("Connection", "upgrade") {
            return Err("the server responded with HTTP 101 but names no WebSocket".to_string());
        }
        let mut buffer = [0; MAX_BASE64_KEY_RESPONSE_LEN];
        let mut accepted = values("Sec-WebSocket-Accept");
        if accepted.next() != Some(sec_key_response(&self.key, &mut buffer))
            || accepted.next().is_some()
        {
            return Err(
                "the server is no WebSocket server: its Sec-WebSocket-Accept does not match"
                    .to_string(),
            );
        }
        if values("Sec-WebSocket-Extensions").any(|value| !value.is_empty()) {
            return Err(
                "the server uses a WebSocket extension although none was offered".to_string(),
            );
        }
        // A server that names no subprotocol has ignored the offer and is
        // assumed to speak version 1.
        match values("Sec-WebSocket-Protocol").find(|value| *value != SUBPROTOCOL) {
            Some(_) => Err(format!(
                "the server speaks another subprotocol than {SUBPROTOCOL}"
            )),
            None => Ok(()),
        }
    }
}

const NO_HTTP: &str = "the response is not HTTP/1.1";

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// The example of RFC 6455, section 1.3.
    fn request() -> (UpgradeRequest, String) {
        let url = "ws://bench:7433/boards?room=4".parse().ok();
        let identity = Identity {
            id: "sb-1".into(),
            name: "Desk lamp".into(),
            mac: "02:00:00:00:00:01".into(),
            version: "0.1.0".into(),
            platform: "virtual".into(),
            board: "bench".into(),
        };
        match url {
            Some(url) => UpgradeRequest::new(*b"the sample nonce", &url, &identity, true),
            None => (UpgradeRequest { key: String::new() }, String::new()),
        }
    }

    #[test]
    fn the_request_follows_rfc_6455_and_reveals_only_the_id() {
        let (_, head) = request();
        assert_eq!(
            head,
            "GET /boards?room=4 HTTP/1.1\r\nHost: bench:7433\r\nConnection: Upgrade\r\nUpgrade: \
                 websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: switchboard.v1\r\nSwitchboard-Id: sb-1\r\n\
             Switchboard-Encryption: Noise_NNpsk0_25519_ChaChaPoly_SHA256\r\n\r\n"
        );
    }

    proptest! {
        #[test]
        fn no_random_head_passes_for_a_response(head in prop_oneof![
            vec(any::<u8>(), 0..200),
            "HTTP/1\\.1 [0-9é]{0,4}[ -~é]{0,20}(\r\n[A-Za-z:, \
                 é-]{0,30}){0,6}\r\n\r\n".prop_map(String::into_bytes),
        ]) {
            prop_assert!(request().0.check_response(&head).is_err());
        }
    }

    #[test]
    fn only_the_response_to_this_request_passes() {
        let (request, _) = request();
        let answer = |fields: &str| {
            request.check_response(format!("HTTP/1.1 101 \r\n{fields}\r\n").as_bytes())
        };
        let upgrade = "Upgrade: WebSocket\r\nconnection: keep-alive, Upgrade\r\n";
        let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
        assert_eq!(answer(&format!("{upgrade}{accept}")), Ok(()));
        assert_eq!(
            answer(&format!(
                "{upgrade}{accept}Sec-WebSocket-Protocol: switchboard.v1\r\n"
            )),
            Ok(())
        );
        for bad in [
            upgrade.to_string(),
            accept.to_string(),
            format!("{upgrade}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOp=\r\n"),
            format!("{upgrade}{accept}{accept}"),
            format!("{upgrade}{accept}Sec-WebSocket-Extensions: permessage-deflate\r\n"),
            format!("{upgrade}{accept}Sec-WebSocket-Protocol: chat\r\n"),
        ] {
            assert!(answer(&bad).is_err(), "{bad}");
        }
        for (head, expected) in [
            (&b"HTTP/1.1 401 Unauthorized\r\n\r\n"[..], "HTTP 401"),
            (b"HTTP/1.1 200 OK\r\n\r\n", "HTTP 200"),
            (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1"),
            (b"HTTP/1.1 \xff01\r\n\r\n", "HTTP/1.1"),
            (b"HTTP/1.1 1\r\n\r\n", "HTTP/1.1"),
            (b"HTTP/1.1\r\n\r\n", "HTTP/1.1"),
            (b"\r\n\r\n", "HTTP/1.1"),
        ] {
            let said = request.check_response(head);
            assert!(
                said.as_ref().is_err_and(|why| why.contains(expected)),
                "{said:?}"
            );
        }
    }
}
