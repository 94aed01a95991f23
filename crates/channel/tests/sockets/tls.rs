//! TLS: certificates given as a file, untrusted ones, and the error message for
//! each kind of refusal.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, SystemTime},
};

use channel::{Cause, Host, Settings};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedKey, DnType, IsCa, Issuer, KeyPair,
    generate_simple_self_signed,
};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject},
};

use crate::client::{Waiting, text};
use crate::server::{Manner, Server};

/// A server that presents these certificates.
fn presenting(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Server {
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

/// A file with this in it.
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
        presenting(vec![cert.der().clone()], private(&signing_key)),
        file(name, &cert.pem()),
    )
}

/// What `openssl req -x509` makes: self-signed, and an authority.
fn authority(names: &[&str], common_name: &str) -> (CertificateParams, KeyPair) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    (params, KeyPair::generate().expect("a key"))
}

fn settings(host: &str, server: &Server) -> Settings {
    Settings::new(
        format!("wss://{host}:{}/", server.address.port())
            .parse()
            .expect("an address"),
    )
}

fn trusting(host: &str, server: &Server, path: &Path) -> Settings {
    Settings {
        certificates: Some(path.to_path_buf()),
        ..settings(host, server)
    }
}

/// It opens, and what is sent comes back.
fn assert_opens(settings: Settings) {
    let host = Host::start().expect("a thread");
    let mut waiting = Waiting::open(&host, settings);
    waiting.is_open();
    waiting.channel.send(text("hello")).expect("it is open");
    waiting.hears("hello");
}

/// It is refused, and this is said of it.
fn assert_refused(settings: Settings, expected: &[&str]) {
    let cause = Waiting::open(&Host::start().expect("a thread"), settings).end(0);
    let words = cause.to_string();
    assert!(matches!(cause, Cause::Tls(_)), "{cause:?}");
    assert!(expected.iter().all(|part| words.contains(part)), "{words}");
}

#[test]
fn a_certificate_of_ones_own_is_trusted_by_file_and_not_without() {
    let (server, path) = server(&["localhost"], "own");
    assert_opens(trusting("localhost", &server, &path));
    assert_refused(
        settings("localhost", &server),
        &[
            "self-signed by \"rcgen self signed cert\"",
            "--ca FILE (PEM)",
        ],
    );
    std::fs::remove_file(path).expect("it is there");
}

#[test]
fn a_certificate_that_says_it_is_an_authority_is_trusted_where_it_is_the_one_that_was_given() {
    let (params, key) = authority(&["localhost"], "localhost");
    let certificate = params.self_signed(&key).expect("a certificate");
    let server = presenting(vec![certificate.der().clone()], private(&key));
    let path = file("authority", &certificate.pem());
    assert_opens(trusting("localhost", &server, &path));
    // It names a host, and this is another.
    assert_refused(
        trusting("127.0.0.1", &server, &path),
        &["not for 127.0.0.1", "it is for localhost"],
    );
    assert_refused(
        settings("localhost", &server),
        &["self-signed by \"localhost\"", "--ca FILE"],
    );
    // One that looks the same and has another key.
    let (params, other) = authority(&["localhost"], "localhost");
    let double = params.self_signed(&other).expect("a certificate");
    let double = file("double", &double.pem());
    assert_refused(trusting("localhost", &server, &double), &["self-signed"]);
    for path in [path, double] {
        std::fs::remove_file(path).expect("it is there");
    }
}

#[test]
fn a_certificate_made_by_openssl_is_trusted_where_it_is_the_one_that_was_given() {
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
            eprintln!("SKIPPED: a certificate made by openssl needs openssl");
            return;
        };
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let chain = vec![CertificateDer::from_pem_file(&certificate).expect("a certificate")];
        let server = presenting(chain, PrivateKeyDer::from_pem_file(&key).expect("a key"));
        assert_opens(trusting("localhost", &server, &certificate));
        assert_refused(settings("localhost", &server), &["self-signed"]);
    }
    for path in [key, certificate] {
        std::fs::remove_file(path).expect("it is there");
    }
}

#[test]
fn a_certificate_of_another_host_is_refused_with_the_names_that_it_has() {
    let (server, path) = server(&["elsewhere.example", "10.1.2.3"], "elsewhere");
    for host in ["localhost", "127.0.0.1"] {
        let expected = format!("not for {host}: it is for elsewhere.example, 10.1.2.3");
        assert_refused(trusting(host, &server, &path), &[&expected]);
    }
    std::fs::remove_file(path).expect("it is there");
}

#[test]
fn a_certificate_of_an_issuer_is_trusted_with_the_issuers_and_refused_with_its_name_otherwise() {
    let (authority, authority_key) = authority(&[], "Workshop authority");
    let root = authority
        .self_signed(&authority_key)
        .expect("a certificate");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    let leaf = leaf
        .signed_by(&key, &Issuer::new(authority, &authority_key))
        .expect("a certificate");
    let server = presenting(vec![leaf.der().clone()], private(&key));
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
fn a_certificate_that_has_expired_or_is_not_valid_yet_is_refused_with_its_day_and_todays() {
    const DAY: Duration = Duration::from_secs(86_400);
    let now = SystemTime::now();
    for is_authority in [false, true] {
        for (begin, end, expected) in [
            (now - 20 * DAY, now - 10 * DAY, "expired on 20"),
            (now + 10 * DAY, now + 20 * DAY, "is valid from 20"),
        ] {
            let (mut params, key) = authority(&["localhost"], "localhost");
            if !is_authority {
                params.is_ca = IsCa::NoCa;
            }
            (params.not_before, params.not_after) = (begin.into(), end.into());
            let certificate = params.self_signed(&key).expect("a certificate");
            let server = presenting(vec![certificate.der().clone()], private(&key));
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
fn what_speaks_no_tls_and_a_file_without_a_certificate_are_told() {
    let host = Host::start().expect("a thread");
    let plain = Server::start(Manner::Http(
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    ));
    assert_refused(
        settings("127.0.0.1", &plain),
        &["does not speak TLS", "ws:// in place of wss://"],
    );
    let ends = Server::start(Manner::Http(""));
    assert_refused(
        settings("127.0.0.1", &ends),
        &["ended the connection during the handshake", "ws://"],
    );
    let path = file("none", "nothing");
    let cause = Waiting::open(&host, trusting("127.0.0.1", &plain, &path)).end(0);
    assert!(
        matches!(&cause, Cause::Certificates(words) if words.contains("BEGIN CERTIFICATE")),
        "{cause:?}"
    );
    std::fs::remove_file(path).expect("it is there");
}
