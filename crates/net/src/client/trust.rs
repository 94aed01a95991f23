//! The trusted certificates: those of the system, Mozilla's list, and those of
//! a file.
//!
//! A certificate in the file that the server presents unchanged is trusted
//! regardless of its issuer and key usage, because the server proves that it
//! has the key. `openssl req -x509` makes such certificates; they are marked as
//! a CA, which webpki refuses as a server certificate (RFC 5280, 4.2.1.9). The
//! certificate must still be valid now and, if it names hosts (subject
//! alternative names), be for this host. A certificate without any, as `-subj
//! /CN=...` alone makes it, is accepted for every host.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, UnixTime, pem, pem::PemObject},
    server::ParsedCertificate,
};

use super::problem::TlsProblem;

/// Trusted certificates.
#[derive(Clone)]
pub struct Trust(Whose);

#[derive(Clone)]
enum Whose {
    /// Those of the system and Mozilla's, loaded when the first connection
    /// needs them.
    Usual,
    /// Others, or additional ones.
    Own(Arc<ClientConfig>),
}

impl Trust {
    /// The system's certificates, if there are any, and Mozilla's. They are
    /// loaded once, and only for a TLS connection.
    pub fn usual() -> Self {
        Self(Whose::Usual)
    }

    /// The usual certificates and those in a PEM file (RFC 7468).
    ///
    /// # Errors
    /// If the file cannot be read or contains no certificate.
    pub fn with_file(path: &Path) -> Result<Self, TrustError> {
        let unreadable = |source| TrustError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let bytes = std::fs::read(path).map_err(unreadable)?;
        // A byte order mark would hide the first certificate. PEM files may
        // contain other text in any encoding.
        let text = files::text(&bytes)
            .map_or_else(|_| bytes.clone(), |text| text.into_owned().into_bytes());
        let mut roots = usual_roots();
        let mut own = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(&text) {
            let broken = |why: String| TrustError::Broken {
                path: path.to_owned(),
                why,
            };
            let certificate = certificate.map_err(|error: pem::Error| broken(error.to_string()))?;
            roots
                .add(certificate.clone())
                .map_err(|error| broken(error.to_string()))?;
            own.push(certificate);
        }
        if own.is_empty() {
            return Err(TrustError::Empty {
                path: path.to_owned(),
            });
        }
        Ok(Self(Whose::Own(config(roots, own))))
    }

    /// Only this certificate.
    pub fn only(certificate: CertificateDer<'static>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates([certificate.clone()]);
        Self(Whose::Own(config(roots, vec![certificate])))
    }

    pub(super) fn client(&self) -> Arc<ClientConfig> {
        static USUAL: OnceLock<Arc<ClientConfig>> = OnceLock::new();
        match &self.0 {
            Whose::Usual => Arc::clone(USUAL.get_or_init(|| config(usual_roots(), Vec::new()))),
            Whose::Own(config) => Arc::clone(config),
        }
    }
}

fn config(roots: RootCertStore, own: Vec<CertificateDer<'static>>) -> Arc<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(Verifier {
        roots: Arc::new(roots),
        own,
        provider: Arc::clone(&provider),
    });
    let builder = ClientConfig::builder_with_provider(provider);
    #[expect(
        clippy::expect_used,
        reason = "ring has suites for both versions of TLS that are compiled in"
    )]
    let builder = builder
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3");
    Arc::new(
        builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth(),
    )
}

/// Verifies like webpki, except for the certificates of the file, and
/// translates its errors.
#[derive(Debug)]
struct Verifier {
    roots: Arc<RootCertStore>,
    own: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn webpki(&self) -> Result<Arc<WebPkiServerVerifier>, Error> {
        let builder = WebPkiServerVerifier::builder_with_provider(
            Arc::clone(&self.roots),
            Arc::clone(&self.provider),
        );
        builder
            .build()
            .map_err(|error| Error::General(error.to_string()))
    }

    /// Verifies a certificate in the file: its issuer and key usage do not
    /// matter.
    fn check_own(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        use CertificateError::{
            Expired, ExpiredContext, NotValidForNameContext, NotValidYet, NotValidYetContext,
        };
        let certificate = ParsedCertificate::try_from(certificate)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        // webpki checks the validity period first.
        if let Err(Error::InvalidCertificate(error)) = verify_server_cert_signed_by_trust_anchor(
            &certificate,
            &self.roots,
            intermediates,
            now,
            algorithms,
        ) && matches!(
            error,
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }
        ) {
            return Err(error.into());
        }
        match verify_server_name(&certificate, host) {
            Err(Error::InvalidCertificate(NotValidForNameContext { presented, .. }))
                if presented.is_empty() =>
            {
                Ok(())
            }
            checked => checked,
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let checked = if self.own.iter().any(|own| own == certificate) {
            self.check_own(certificate, intermediates, host, now)
                .map(|()| ServerCertVerified::assertion())
        } else {
            self.webpki()?
                .verify_server_cert(certificate, intermediates, host, ocsp, now)
        };
        checked.map_err(|error| match error {
            Error::InvalidCertificate(error) => {
                let problem = TlsProblem::of_certificate(&error, certificate, host);
                CertificateError::Other(OtherError(Arc::new(problem))).into()
            }
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki()?
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki()?
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

fn usual_roots() -> RootCertStore {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
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

/// Why the certificates in a file cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The contents are not a certificate.
    #[error("{path}: {why}. Accepted: PEM certificates, each from BEGIN CERTIFICATE to END \
         CERTIFICATE", path = path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The file contains no certificate.
    #[error("{path} contains no certificate. Accepted: PEM certificates, each from BEGIN \
         CERTIFICATE to END CERTIFICATE", path = path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}
