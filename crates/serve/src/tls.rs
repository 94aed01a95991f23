//! TLS: a certificate of the user's, or one that this program makes once.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{CertificateParams, KeyPair};
use sha2::{Digest, Sha256};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::ring,
        pki_types::{
            CertificateDer, PrivateKeyDer,
            pem::{self, PemObject},
        },
    },
};
use zeroize::Zeroizing;

/// The largest PEM file, in bytes.
const LARGEST: u64 = 1 << 20;

/// How long a certificate of this program is valid. It must be renewed by
/// deleting it, which every client that trusts it notices.
const VALID: Duration = Duration::from_secs(10 * 365 * 86_400);

/// The certificate of a server, and its key.
pub struct Tls {
    acceptor: TlsAcceptor,
    fingerprint: Fingerprint,
}

/// The SHA-256 hash of a certificate, as browsers show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let colon = if at == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's message.
        source: io::Error,
    },
    /// Other users can read a key.
    #[error("other users can access {path}; run: chmod 600 {path}", path = path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// A file contains no certificate or no key.
    #[error("{path}: {source}", path = path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: pem::Error,
    },
    /// They do not fit each other, or are not supported.
    #[error("the certificate cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// No certificate can be made.
    #[error("no certificate can be made: {0}")]
    Make(#[from] rcgen::Error),
}

impl Tls {
    /// With the certificates and the key in two PEM files.
    ///
    /// # Errors
    /// A file cannot be read, or they cannot be used together.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        Self::new(certificate, &read(certificate)?, key, &read(key)?)
    }

    /// With a certificate for `names` in a file of this program's own, which is
    /// made if it does not exist.
    ///
    /// # Errors
    /// The file cannot be read or created, or its certificate cannot be used.
    pub fn self_signed(path: &Path, names: Vec<String>) -> Result<Self, TlsError> {
        let failed = |source| TlsError::File {
            path: path.to_owned(),
            source,
        };
        if !path.exists() {
            let folder = path.parent().unwrap_or(Path::new(""));
            files::create_private_folder(folder).map_err(failed)?;
            match files::create_private(path, make(names)?.as_bytes()) {
                // Another process was faster.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made.map_err(failed)?,
            }
        }
        let both = files::read_private(path, LARGEST).map_err(failed)?;
        let both = Zeroizing::new(both.ok_or_else(|| TlsError::Exposed {
            path: path.to_owned(),
        })?);
        Self::new(path, &both, path, &both)
    }

    fn new(certificate: &Path, chain: &[u8], key: &Path, secret: &[u8]) -> Result<Self, TlsError> {
        let pem = |path: &Path, source| TlsError::Pem {
            path: path.to_owned(),
            source,
        };
        let chain = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|source| pem(certificate, source))?;
        let first = chain
            .first()
            .ok_or_else(|| pem(certificate, pem::Error::NoItemsFound))?;
        let fingerprint = Fingerprint(Sha256::digest(first).into());
        let secret = PrivateKeyDer::from_pem_slice(secret).map_err(|source| pem(key, source))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, secret)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self {
            acceptor,
            fingerprint,
        })
    }

    /// The fingerprint of the certificate, for people to compare.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let failed = |source| TlsError::File {
        path: path.to_owned(),
        source,
    };
    let bytes = files::read_at_most(path, LARGEST).map_err(failed)?;
    let too_large = || failed(io::Error::other("the file is larger than a certificate"));
    bytes.map(Zeroizing::new).ok_or_else(too_large)
}

/// A new certificate and its key, as PEM.
fn make(names: Vec<String>) -> Result<Zeroizing<String>, TlsError> {
    let mut params = CertificateParams::new(names)?;
    let now = SystemTime::now();
    // A clock may be a day behind.
    params.not_before = (now - Duration::from_secs(86_400)).into();
    params.not_after = (now + VALID).into();
    let mut name = rcgen::DistinguishedName::new();
    name.push(rcgen::DnType::CommonName, "Switchboard");
    params.distinguished_name = name;
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let secret = Zeroizing::new(key.serialize_pem());
    Ok(Zeroizing::new(format!(
        "{}{}",
        certificate.pem(),
        secret.as_str()
    )))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn a_certificate_is_made_once_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings").join("certificate.pem");
        let names = || vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = Tls::self_signed(&path, names()).unwrap();
        let again = Tls::self_signed(&path, names()).unwrap();
        assert_eq!(made.fingerprint(), again.fingerprint());
        let shown = made.fingerprint().to_string();
        assert_eq!(shown.split(':').count(), 32);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
            assert!(matches!(
                Tls::self_signed(&path, names()),
                Err(TlsError::Exposed { .. })
            ));
        }
    }

    #[test]
    fn an_unusable_certificate_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (
            folder.path().join("one.pem"),
            folder.path().join("other.pem"),
        );
        for path in [&one, &other] {
            assert!(Tls::self_signed(path, vec!["localhost".to_owned()]).is_ok());
        }
        assert!(Tls::from_files(&one, &one).is_ok());
        assert!(matches!(
            Tls::from_files(&one, &other),
            Err(TlsError::Unusable(_))
        ));
        let empty = folder.path().join("empty.pem");
        std::fs::write(&empty, "").unwrap();
        let error = |certificate: &Path, key: &Path| {
            Tls::from_files(certificate, key).err().unwrap().to_string()
        };
        assert!(
            error(&empty, &one).contains("empty.pem"),
            "{}",
            error(&empty, &one)
        );
        assert!(error(&one, &empty).contains("empty.pem"));
        assert!(error(&one, &folder.path().join("absent.pem")).contains("absent.pem"));
    }
}
