//! The server over TLS.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "each test uses a part")]
mod support;

use std::sync::Arc;

use serve::Options;
use support::{CONTROL, Client, Lab, certificate, exchange, hello, options};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};
use tokio_tungstenite::tungstenite::Message;

/// A connection that trusts only the certificate in this file.
async fn connect(lab: &Lab, certificate: &std::path::Path) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(certificate).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(lab.address).await.unwrap();
    let name = ServerName::from(lab.address.ip());
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap()
}

#[tokio::test]
async fn pages_and_clients_are_served_over_tls() {
    let (_folder, path, tls) = certificate();
    let lab = Lab::with(Options {
        tls: Some(tls),
        ..options()
    })
    .await;
    let host = lab.address;
    let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    let page = exchange(connect(&lab, &path).await, &request).await;
    assert!(page.ends_with("<p>the window</p>"), "{page}");

    let request = format!("wss://{host}/fleet");
    let stream = connect(&lab, &path).await;
    let (socket, _) = tokio_tungstenite::client_async(request, stream)
        .await
        .unwrap();
    let mut client = Client(socket);
    client.send(Message::binary(hello(Some(CONTROL)))).await;
    client.binary().await;
}

#[tokio::test]
async fn plain_http_is_told_to_use_https() {
    let (_folder, _path, tls) = certificate();
    let lab = Lab::with(Options {
        tls: Some(tls),
        ..options()
    })
    .await;
    let page = lab.get("/", "").await;
    assert!(page.starts_with("HTTP/1.1 400"), "{page}");
    assert!(page.contains("https://"), "{page}");
}
