//! Which certificates are trusted: those of the system, Mozilla's list, and those of a file.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem, pem::PemObject},
};

/// Certificates that are trusted.
#[derive(Clone)]
pub struct Trust(Whose);

#[derive(Clone)]
enum Whose {
    /// Those of the system and Mozilla's. They are read when the first connection needs them.
    Usual,
    /// Others, or others too.
    Own(Arc<ClientConfig>),
}

impl Trust {
    /// Those of the system, where it has any, and Mozilla's. They are read once, and only for a connection with TLS.
    pub fn usual() -> Self {
        Self(Whose::Usual)
    }

    /// The usual ones and those of a file in the PEM format (RFC 7468).
    ///
    /// # Errors
    /// Where the file cannot be read or no certificate is in it.
    pub fn with_file(path: &Path) -> Result<Self, TrustError> {
        let unreadable = |source| TrustError::Unreadable { path: path.to_owned(), source };
        let bytes = std::fs::read(path).map_err(unreadable)?;
        // A byte order mark would hide the first certificate. PEM may have other text around it, in any encoding.
        let text = files::text(&bytes).map_or_else(|_| bytes.clone(), |text| text.into_owned().into_bytes());
        let mut roots = usual_roots();
        let mut added = 0;
        for certificate in CertificateDer::pem_slice_iter(&text) {
            let broken = |why: String| TrustError::Broken { path: path.to_owned(), why };
            let certificate = certificate.map_err(|error: pem::Error| broken(error.to_string()))?;
            roots.add(certificate).map_err(|error| broken(error.to_string()))?;
            added += 1;
        }
        if added == 0 {
            return Err(TrustError::Empty { path: path.to_owned() });
        }
        Ok(Self(Whose::Own(config(roots))))
    }

    /// Only this one.
    pub(crate) fn only(certificate: CertificateDer<'static>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates([certificate]);
        Self(Whose::Own(config(roots)))
    }

    pub(super) fn client(&self) -> Arc<ClientConfig> {
        static USUAL: OnceLock<Arc<ClientConfig>> = OnceLock::new();
        match &self.0 {
            Whose::Usual => Arc::clone(USUAL.get_or_init(|| config(usual_roots()))),
            Whose::Own(config) => Arc::clone(config),
        }
    }
}

fn config(roots: RootCertStore) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    #[expect(clippy::expect_used, reason = "ring has suites for both versions of TLS that are compiled in")]
    let builder = builder.with_safe_default_protocol_versions().expect("TLS 1.2 and 1.3");
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

fn usual_roots() -> RootCertStore {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        log::warn!("certificates of the system: {error}");
    }
    let (_, unreadable) = roots.add_parsable_certificates(system.certs);
    if unreadable > 0 {
        log::debug!("{unreadable} certificates of the system cannot be read");
    }
    roots
}

impl fmt::Debug for Trust {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Trust")
    }
}

/// Why certificates of a file cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It is not there, for example.
    #[error("{path} cannot be read: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is in it is no certificate.
    #[error("{path}: {why}. Accepted: certificates as text, each from BEGIN CERTIFICATE to END CERTIFICATE", path = path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Nothing is in it.
    #[error("no certificate is in {path}. Accepted: certificates as text, each from BEGIN CERTIFICATE to END CERTIFICATE", path = path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}
