//! `switchboard channel` and servers with TLS.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use crate::command::{channel, file};
use crate::server::{Manner, Server};

/// An echo server with a self-signed certificate for localhost, and the
/// certificate as PEM.
fn server() -> (Server, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a configuration");
    (
        Server::with(Manner::Echo, Some(Arc::new(config))),
        cert.pem(),
    )
}

#[test]
fn a_certificate_given_with_ca_is_trusted() {
    let (server, certificate) = server();
    let (path, ca) = file("own.pem");
    std::fs::write(&path, certificate).expect("written");
    let url = format!("wss://localhost:{}/", server.address.port());
    let output = channel(&[&url, "--ca", &ca, "--send", "hello", "--count", "1"], "");
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(0), &b"hello\n"[..])
    );
    std::fs::remove_file(path).expect("it is there");
}

#[test]
fn a_tls_server_reached_with_ws_is_reported_with_a_hint_at_wss() {
    let (server, _) = server();
    let output = channel(&[&format!("ws://localhost:{}/", server.address.port())], "");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(1) && words.contains("wss://"),
        "{words}"
    );
}
