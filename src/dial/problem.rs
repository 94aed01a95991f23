//! Why there is no TLS with a server, in words that say what to do about it. Read from what the library reports.

use std::io;

use jiff::Timestamp;
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, Error, InvalidMessage,
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::certificate::issued;

/// Why there is no TLS with a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsProblem {
    /// Its certificate was not issued by somebody else.
    #[error(
        "its certificate is self-signed{}, and not one that is trusted. If it is your own, it can be one of your own that is given as a file \
         (--ca FILE, in the PEM format)", by(.name)
    )]
    SelfSigned {
        /// The common name that it gives itself.
        name: Option<String>,
    },
    /// Its certificate was issued by somebody who is not trusted.
    #[error(
        "its certificate was issued{}, whom neither this system nor Mozilla's list trusts. If you trust it: the issuer's certificate can be one \
         of your own that is given as a file (--ca FILE, in the PEM format)", by(.issuer)
    )]
    UnknownIssuer {
        /// The common name of the issuer.
        issuer: Option<String>,
    },
    /// Its certificate is not valid any more.
    #[error(
        "its certificate expired on {}; by this computer's clock it is {}. Renew it at the server, or set the clock",
        date(*.end), date(*.now)
    )]
    Expired {
        /// When it expired, in seconds since 1970.
        end: u64,
        /// When that was looked at.
        now: u64,
    },
    /// Its certificate is not valid yet.
    #[error(
        "its certificate is valid from {} on; by this computer's clock it is {}. Set the clock, here or where the certificate was made",
        date(*.begin), date(*.now)
    )]
    NotYetValid {
        /// From when on it is valid, in seconds since 1970.
        begin: u64,
        /// When that was looked at.
        now: u64,
    },
    /// Its certificate is another host's.
    #[error("its certificate is not for {host}: {}", names_of(.names))]
    WrongName {
        /// Whom it should be for.
        host: String,
        /// Whom it is for.
        names: Vec<String>,
    },
    /// What answers is no TLS.
    #[error("the server does not speak TLS on this port. One without TLS is reached with ws:// in place of wss://")]
    NotTls,
    /// The connection ended during the handshake.
    #[error(
        "the server ended the connection during the handshake. Perhaps it does not speak TLS: then ws:// is right in place of wss://"
    )]
    Ended,
    /// There is no version of TLS, or no cipher suite, that both know.
    #[error(
        "the server and this program have no version of TLS or no cipher suite in common; TLS 1.2 and 1.3 are spoken here"
    )]
    NothingInCommon,
    /// The server does not know the name of the host.
    #[error("the server does not answer for this host name. Use the name that it is set up for")]
    UnknownHost,
    /// The server wants a certificate of this program's.
    #[error("the server wants a certificate of its client, and this program has none to give")]
    WantsCertificate,
    /// Something else.
    #[error("{0}")]
    Other(String),
}

fn by(name: &Option<String>) -> String {
    name.as_ref().map_or_else(String::new, |name| format!(" by {name:?}"))
}

fn names_of(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    match &names[..names.len().min(SHOWN)] {
        [] => "it names no host. Make one with the host as its subject alternative name".to_owned(),
        names => format!(
            "it is for {}{more}. Use one of these, or make a certificate with this host as a subject alternative name",
            names.join(", ")
        ),
    }
}

fn date(seconds: u64) -> String {
    let stamp = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    stamp.map_or_else(|| "an unknown day".to_owned(), |stamp| stamp.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

impl TlsProblem {
    /// What is wrong with this certificate of a server that is called so.
    pub(super) fn of_certificate(
        error: &CertificateError,
        certificate: &CertificateDer<'_>,
        host: &ServerName<'_>,
    ) -> Self {
        let seconds = UnixTime::as_secs;
        match error {
            CertificateError::ExpiredContext { time, not_after } => {
                Self::Expired { end: seconds(not_after), now: seconds(time) }
            }
            CertificateError::NotValidYetContext { time, not_before } => {
                Self::NotYetValid { begin: seconds(not_before), now: seconds(time) }
            }
            CertificateError::NotValidForNameContext { presented, .. } => Self::WrongName {
                host: host.to_str().into_owned(),
                names: presented.iter().map(|name| bare(name)).collect(),
            },
            error => match issued(certificate) {
                // Of one that is an authority itself, as `openssl req -x509` makes it, the library says something else.
                Some(issued) if issued.by_itself => Self::SelfSigned { name: issued.by },
                Some(issued) if *error == CertificateError::UnknownIssuer => Self::UnknownIssuer { issuer: issued.by },
                _ => Self::Other(format!("its certificate is not accepted: {error}")),
            },
        }
    }

    /// What the library reports of a handshake.
    pub(super) fn of_handshake(error: &io::Error) -> Self {
        let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
            return match error.kind() {
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                    Self::Ended
                }
                _ => Self::Other(error.to_string()),
            };
        };
        match tls {
            Error::InvalidCertificate(CertificateError::Other(other)) => {
                let own = (&*other.0 as &(dyn std::error::Error + 'static)).downcast_ref::<Self>();
                own.cloned().unwrap_or_else(|| Self::Other(tls.to_string()))
            }
            // The first byte is that of no record of TLS: what answers speaks something else (RFC 8446, 5.1).
            Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
                Self::NotTls
            }
            Error::AlertReceived(AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion)
            | Error::PeerIncompatible(_) => Self::NothingInCommon,
            Error::AlertReceived(AlertDescription::UnrecognisedName) => Self::UnknownHost,
            Error::AlertReceived(AlertDescription::CertificateRequired) => Self::WantsCertificate,
            other => Self::Other(other.to_string()),
        }
    }
}

/// A name without what the library writes around it: `DnsName("localhost")`.
fn bare(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    // RFC 1035, section 3.1: no name is longer.
    inner.trim_matches('"').chars().take(255).collect()
}
