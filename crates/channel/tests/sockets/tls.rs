//! TLS: trusted and untrusted certificates, and the error message for each kind
//! of refusal.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, SystemTime},
};

use channel::{ChannelRuntime, ChannelSettings, EndCause};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedKey, DnType, IsCa, Issuer, KeyPair,
    generate_simple_self_signed,
};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject},
};

use crate::client::{TestClient, message};
use crate::server::{Manner, Server};

/// A server with this certificate chain.
fn server_with_chain(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Server {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a configuration");
    Server::with(Manner::Echo, Some(Arc::new(config)))
}

fn private(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()))
}

/// A temporary file with this content.
fn file(name: &str, content: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("switchboard-{name}-{}.pem", std::process::id()));
    std::fs::write(&path, content).expect("a file");
    path
}

/// A server with a certificate for these names, and the certificate as a file.
fn server(names: &[&str], name: &str) -> (Server, PathBuf) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(names).expect("a certificate");
    (
        server_with_chain(vec![cert.der().clone()], private(&signing_key)),
        file(name, &cert.pem()),
    )
}

/// A self-signed certificate authority, as `openssl req -x509` makes it.
fn authority(names: &[&str], common_name: &str) -> (CertificateParams, KeyPair) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    (params, KeyPair::generate().expect("a key"))
}

fn settings(host: &str, server: &Server) -> ChannelSettings {
    ChannelSettings::new(
        format!("wss://{host}:{}/", server.address.port())
            .parse()
            .expect("an address"),
    )
}

fn trusting(host: &str, server: &Server, path: &Path) -> ChannelSettings {
    ChannelSettings {
        ca_file: Some(path.to_path_buf()),
        ..settings(host, server)
    }
}

/// Expects that the channel opens and echoes a message.
fn assert_opens(settings: ChannelSettings) {
    let runtime = ChannelRuntime::start().expect("a thread");
    let mut client = TestClient::open(&runtime, settings);
    client.wait_open();
    client.channel.send(message("hello")).expect("open");
    client.receives("hello");
}

/// Expects a TLS error whose message has these parts.
fn assert_refused(settings: ChannelSettings, expected: &[&str]) {
    let cause =
        TestClient::open(&ChannelRuntime::start().expect("a thread"), settings).end_cause(0);
    let words = cause.to_string();
    assert!(matches!(cause, EndCause::Tls(_)), "{cause:?}");
    assert!(expected.iter().all(|part| words.contains(part)), "{words}");
}

#[test]
fn a_self_signed_certificate_is_trusted_only_with_its_file() {
    let (server, path) = server(&["localhost"], "own");
    assert_opens(trusting("localhost", &server, &path));
    assert_refused(
        settings("localhost", &server),
        &["self-signed by \"rcgen self signed cert\"", "--ca FILE"],
    );
    std::fs::remove_file(path).expect("it is there");
}

#[test]
fn an_authority_is_trusted_as_server_certificate_if_it_is_in_the_file() {
    let (params, key) = authority(&["localhost"], "localhost");
    let certificate = params.self_signed(&key).expect("a certificate");
    let server = server_with_chain(vec![certificate.der().clone()], private(&key));
    let path = file("authority", &certificate.pem());
    assert_opens(trusting("localhost", &server, &path));
    // The certificate is for another host.
    assert_refused(
        trusting("127.0.0.1", &server, &path),
        &["not for 127.0.0.1", "it is for localhost"],
    );
    assert_refused(
        settings("localhost", &server),
        &["self-signed by \"localhost\"", "--ca FILE"],
    );
    // The same names with another key.
    let (params, other) = authority(&["localhost"], "localhost");
    let double = params.self_signed(&other).expect("a certificate");
    let double = file("double", &double.pem());
    assert_refused(trusting("localhost", &server, &double), &["self-signed"]);
    for path in [path, double] {
        std::fs::remove_file(path).expect("it is there");
    }
}

#[test]
fn a_certificate_made_by_openssl_is_trusted_if_it_is_in_the_file() {
    let folder = std::env::temp_dir();
    let (key, certificate) = (
        folder.join("switchboard-openssl.key"),
        folder.join("switchboard-openssl.crt"),
    );
    for names in [
        &[
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ][..],
        &["-subj", "/CN=workshop"],
    ] {
        let made = Command::new("openssl")
            .args([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout",
            ])
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .args(names)
            .output();
        let Ok(made) = made else {
            // Not `eprintln`, whose output the test runner would capture.
            let _ = writeln!(
                io::stderr(),
                "SKIPPED tls: a_certificate_made_by_openssl_is_trusted_if_it_is_in_the_file: \
                 openssl is not installed"
            );
            return;
        };
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let chain = vec![CertificateDer::from_pem_file(&certificate).expect("a certificate")];
        let server = server_with_chain(chain, PrivateKeyDer::from_pem_file(&key).expect("a key"));
        assert_opens(trusting("localhost", &server, &certificate));
        assert_refused(settings("localhost", &server), &["self-signed"]);
    }
    for path in [key, certificate] {
        std::fs::remove_file(path).expect("it is there");
    }
}

#[test]
fn a_certificate_for_another_host_is_refused_and_its_names_are_listed() {
    let (server, path) = server(&["elsewhere.example", "10.1.2.3"], "elsewhere");
    for host in ["localhost", "127.0.0.1"] {
        let expected = format!("not for {host}: it is for elsewhere.example, 10.1.2.3");
        assert_refused(trusting(host, &server, &path), &[&expected]);
    }
    std::fs::remove_file(path).expect("it is there");
}

#[test]
fn an_issued_certificate_is_trusted_with_its_issuer_and_otherwise_refused_with_its_name() {
    let (authority, authority_key) = authority(&[], "Workshop authority");
    let root = authority
        .self_signed(&authority_key)
        .expect("a certificate");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    let leaf = leaf
        .signed_by(&key, &Issuer::new(authority, &authority_key))
        .expect("a certificate");
    let server = server_with_chain(vec![leaf.der().clone()], private(&key));
    let (root, own) = (file("root", &root.pem()), file("leaf", &leaf.pem()));
    assert_opens(trusting("localhost", &server, &root));
    assert_opens(trusting("localhost", &server, &own));
    assert_refused(
        settings("localhost", &server),
        &["issued by \"Workshop authority\"", "--ca FILE"],
    );
    for path in [root, own] {
        std::fs::remove_file(path).expect("it is there");
    }
}

#[test]
fn an_expired_or_future_certificate_is_refused_with_its_date_and_todays() {
    const DAY: Duration = Duration::from_secs(86_400);
    let now = SystemTime::now();
    for is_authority in [false, true] {
        for (begin, end, expected) in [
            (now - 20 * DAY, now - 10 * DAY, "expired on 20"),
            (now + 10 * DAY, now + 20 * DAY, "is not valid before 20"),
        ] {
            let (mut params, key) = authority(&["localhost"], "localhost");
            if !is_authority {
                params.is_ca = IsCa::NoCa;
            }
            (params.not_before, params.not_after) = (begin.into(), end.into());
            let certificate = params.self_signed(&key).expect("a certificate");
            let server = server_with_chain(vec![certificate.der().clone()], private(&key));
            let path = file("dates", &certificate.pem());
            assert_refused(
                trusting("localhost", &server, &path),
                &[expected, "by this computer's clock it is 20", "the clock"],
            );
            std::fs::remove_file(path).expect("it is there");
        }
    }
}

#[test]
fn a_server_without_tls_and_a_file_without_certificate_are_reported() {
    let runtime = ChannelRuntime::start().expect("a thread");
    let plain = Server::start(Manner::Http(
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    ));
    assert_refused(
        settings("127.0.0.1", &plain),
        &["does not speak TLS", "ws:// instead of wss://"],
    );
    let ends = Server::start(Manner::Http(""));
    assert_refused(
        settings("127.0.0.1", &ends),
        &["closed the connection during the handshake", "ws://"],
    );
    let path = file("none", "nothing");
    let cause = TestClient::open(&runtime, trusting("127.0.0.1", &plain, &path)).end_cause(0);
    assert!(
        matches!(&cause, EndCause::Certificates(words) if words.contains("BEGIN CERTIFICATE")),
        "{cause:?}"
    );
    std::fs::remove_file(path).expect("it is there");
}
