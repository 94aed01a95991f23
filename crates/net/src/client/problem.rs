//! Why a TLS connection failed, with what to do about it. Translates the errors
//! of rustls.

use std::io;

use jiff::Timestamp;
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, Error, InvalidMessage,
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::certificate::issued;

/// Why a TLS connection failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsProblem {
    /// The certificate is self-signed and not trusted.
    #[error(
        "its certificate is self-signed{} and not trusted. If it is yours, add it to this system's \
             certificates. Commands with the option --ca FILE also accept it as a PEM file",
        by(.name)
    )]
    SelfSigned {
        /// Its common name.
        name: Option<String>,
    },
    /// The issuer of the certificate is not trusted.
    #[error(
        "its certificate was issued{}, and neither this system nor Mozilla's list trusts that \
             issuer. If you do, add the issuer's certificate to this system's. Commands with the \
             option --ca FILE also accept it as a PEM file",
        by(.issuer)
    )]
    UnknownIssuer {
        /// The common name of the issuer.
        issuer: Option<String>,
    },
    /// The certificate has expired.
    #[error(
        "its certificate expired on {}; by this computer's clock it is {}. Renew it at the \
             server, or set the clock",
        date(*.end), date(*.now)
    )]
    Expired {
        /// When it expired, in seconds since 1970.
        end: u64,
        /// The time of the check.
        now: u64,
    },
    /// The certificate is not valid yet.
    #[error(
        "its certificate is not valid before {}; by this computer's clock it is {}. Set the clock, \
             here or where the certificate was made",
        date(*.begin), date(*.now)
    )]
    NotYetValid {
        /// The start of its validity, in seconds since 1970.
        begin: u64,
        /// The time of the check.
        now: u64,
    },
    /// The certificate is for other hosts.
    #[error("its certificate is not for {host}: {}", names_of(.names))]
    WrongName {
        /// The host that was connected to.
        host: String,
        /// The hosts that the certificate names.
        names: Vec<String>,
    },
    /// A certificate cannot contain the host.
    #[error(
        "{host:?} is neither a host name nor an IP address, so no certificate can be valid for it"
    )]
    NoName {
        /// The host.
        host: String,
    },
    /// The server does not speak TLS.
    #[error("the server does not speak TLS on this port")]
    NotTls,
    /// The connection ended during the handshake.
    #[error("the server closed the connection during the handshake. It may not speak TLS")]
    Ended,
    /// No common TLS version or cipher suite.
    #[error(
        "the server supports none of this program's TLS versions and cipher suites; this program \
         supports TLS 1.2 and 1.3"
    )]
    NothingInCommon,
    /// The server does not know the name of the host.
    #[error("the server does not know this host name. Use the name that it is configured for")]
    UnknownHost,
    /// The server requires a client certificate.
    #[error("the server requires a client certificate, which this program does not support")]
    WantsCertificate,
    /// Something else.
    #[error("{0}")]
    Other(String),
}

fn by(name: &Option<String>) -> String {
    name.as_ref()
        .map_or_else(String::new, |name| format!(" by {name:?}"))
}

fn names_of(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let more = if names.len() > SHOWN {
        format!(" and {} more", names.len() - SHOWN)
    } else {
        String::new()
    };
    match &names[..names.len().min(SHOWN)] {
        [] => "it names no host. Create a certificate with this host as a subject alternative name"
            .to_owned(),
        names => format!(
            "it is for {}{more}. Use one of these, or create a certificate with this host as a \
                 subject alternative name",
            names.join(", ")
        ),
    }
}

fn date(seconds: u64) -> String {
    let stamp = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    stamp.map_or_else(
        || "an unknown day".to_owned(),
        |stamp| stamp.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

impl TlsProblem {
    /// The problem, and if the server may not speak TLS, to use an address that
    /// begins with `plain` instead of `secure`.
    pub fn with_advice(&self, plain: &str, secure: &str) -> String {
        match self {
            Self::NotTls => {
                format!("{self}. To connect without TLS, use {plain} instead of {secure}")
            }
            Self::Ended => format!("{self}; if so, use {plain} instead of {secure}"),
            _ => self.to_string(),
        }
    }

    /// Translates an error about the certificate that `host` presented.
    pub(super) fn of_certificate(
        error: &CertificateError,
        certificate: &CertificateDer<'_>,
        host: &ServerName<'_>,
    ) -> Self {
        let seconds = UnixTime::as_secs;
        match error {
            CertificateError::ExpiredContext { time, not_after } => Self::Expired {
                end: seconds(not_after),
                now: seconds(time),
            },
            CertificateError::NotValidYetContext { time, not_before } => Self::NotYetValid {
                begin: seconds(not_before),
                now: seconds(time),
            },
            CertificateError::NotValidForNameContext { presented, .. } => Self::WrongName {
                host: host.to_str().into_owned(),
                names: presented.iter().map(|name| bare(name)).collect(),
            },
            error => match issued(certificate) {
                // For a CA certificate, as `openssl req -x509` makes it, webpki
                // reports `CaUsedAsEndEntity` instead of `UnknownIssuer`.
                Some(issued) if issued.by_itself => Self::SelfSigned { name: issued.by },
                Some(issued) if *error == CertificateError::UnknownIssuer => {
                    Self::UnknownIssuer { issuer: issued.by }
                }
                _ => Self::Other(format!("its certificate was rejected: {error}")),
            },
        }
    }

    /// Translates an error of the handshake.
    pub(super) fn of_handshake(error: &io::Error) -> Self {
        let Some(tls) = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Error>())
        else {
            return match error.kind() {
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe => Self::Ended,
                _ => Self::Other(error.to_string()),
            };
        };
        match tls {
            Error::InvalidCertificate(CertificateError::Other(other)) => {
                let own = (&*other.0 as &(dyn std::error::Error + 'static)).downcast_ref::<Self>();
                own.cloned().unwrap_or_else(|| Self::Other(tls.to_string()))
            }
            // The first byte is not a TLS record's (RFC 8446, 5.1): the server
            // speaks another protocol.
            Error::InvalidMessage(
                InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
            ) => Self::NotTls,
            Error::AlertReceived(
                AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion,
            )
            | Error::PeerIncompatible(_) => Self::NothingInCommon,
            Error::AlertReceived(AlertDescription::UnrecognisedName) => Self::UnknownHost,
            Error::AlertReceived(AlertDescription::CertificateRequired) => Self::WantsCertificate,
            other => Self::Other(other.to_string()),
        }
    }
}

/// A name without rustls's notation around it: `DnsName("localhost")`.
fn bare(name: &str) -> String {
    let inner = name
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'))
        .unwrap_or(name);
    // RFC 1035, section 3.1: no name is longer.
    inner.trim_matches('"').chars().take(255).collect()
}
