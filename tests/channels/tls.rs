//! TLS: a certificate of one's own by file, one that nobody trusts, and one of another host.

use std::{path::PathBuf, sync::Arc};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use switchboard::channel::{Cause, Host, Settings};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use crate::command::channel;
use crate::server::{Manner, Server, Waiting, text};

/// A server with a certificate for these names, and the certificate as a file.
fn server(names: &[&str], file: &str) -> (Server, PathBuf) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a configuration");
    let path = std::env::temp_dir().join(format!("switchboard-{file}-{}.pem", std::process::id()));
    std::fs::write(&path, cert.pem()).expect("a file");
    (Server::with(Manner::Echo, Some(Arc::new(config))), path)
}

fn settings(host: &str, server: &Server) -> Settings {
    Settings::new(format!("wss://{host}:{}/", server.address.port()).parse().expect("an address"))
}

#[test]
fn a_certificate_of_ones_own_is_trusted_by_file_and_not_without() {
    let (server, path) = server(&["localhost"], "own");
    let host = Host::start().expect("a thread");
    let trusting = Settings { certificates: Some(path.clone()), ..settings("localhost", &server) };
    let mut waiting = Waiting::open(&host, trusting);
    waiting.is_open();
    waiting.channel.send(text("hello")).expect("it is open");
    waiting.hears("hello");
    let url = settings("localhost", &server).place.to_string();
    let ca = path.display().to_string();
    let told = channel(&[&url, "--ca", &ca, "--send", "hello", "--count", "1"], "");
    assert_eq!((told.status.code(), told.stdout.as_slice()), (Some(0), &b"hello\n"[..]));
    let cause = Waiting::open(&host, settings("localhost", &server)).end(0);
    let words = cause.to_string();
    assert!(matches!(cause, Cause::Tls(_)) && words.contains("one of your own that is given as a file"), "{words}");
    std::fs::remove_file(path).expect("it is there");
}

#[test]
fn a_certificate_of_another_host_is_refused() {
    let (server, path) = server(&["elsewhere.example"], "elsewhere");
    let trusting = Settings { certificates: Some(path.clone()), ..settings("localhost", &server) };
    let cause = Waiting::open(&Host::start().expect("a thread"), trusting).end(0);
    let words = cause.to_string();
    assert!(matches!(cause, Cause::Tls(_)) && words.contains("elsewhere.example"), "{words}");
    std::fs::remove_file(path).expect("it is there");
}

#[test]
fn what_speaks_no_tls_and_a_file_without_a_certificate_are_told() {
    let host = Host::start().expect("a thread");
    let plain = Server::start(Manner::Echo);
    assert!(matches!(Waiting::open(&host, settings("127.0.0.1", &plain)).end(0), Cause::Tls(_)));
    let path = std::env::temp_dir().join(format!("switchboard-none-{}.pem", std::process::id()));
    std::fs::write(&path, "nothing").expect("a file");
    let settings = Settings { certificates: Some(path.clone()), ..settings("127.0.0.1", &plain) };
    let cause = Waiting::open(&host, settings).end(0);
    assert!(matches!(&cause, Cause::Certificates(words) if words.contains("BEGIN CERTIFICATE")), "{cause:?}");
    std::fs::remove_file(path).expect("it is there");
}
