//! `switchboard serve`: serves the window and the boards until interrupted, and
//! says where.

use std::{
    io::{self, IsTerminal, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use clap::Args;
use engine::{Lookout, Settings};
use record::Destination;
use serve::{Access, Limits, Options, RunError, Tls, TlsError, Token, TokenFileError, token_file};

use super::{
    Failure, output,
    record::{finish, record_all},
    watching::{Reach, held},
};

/// The file of a self-signed certificate and its key, in the settings folder.
const CERTIFICATE: &str = "serve-certificate.pem";

/// The arguments.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Boards as host:port; only these are served. By default, all boards of
    /// the network.
    #[arg(value_name = "BOARD")]
    boards: Vec<String>,
    /// Where to listen for browsers and windows: an address of this computer
    /// and a port, or a port alone, which only this computer can reach; port 0
    /// picks a free port.
    ///
    /// 0.0.0.0 means every interface. Other computers then need a token.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = address)]
    listen: SocketAddr,
    /// Require the token in this file. If the file does not exist, it is
    /// created with a new token.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Those with the token in this file can see everything and control
    /// nothing, unless someone who controls allows it. The file is created like
    /// the other one.
    #[arg(long, value_name = "FILE")]
    view_token_file: Option<PathBuf>,
    /// Use TLS with the certificates in this PEM file.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Use TLS with a certificate that is created once and kept in the settings
    /// folder. Browsers ask whether to trust it; compare the fingerprint that
    /// is printed.
    #[arg(long, conflicts_with = "tls_cert")]
    tls_self_signed: bool,
    /// Another name of this computer in the address bar, for example of a DNS
    /// server. Its own name, also with .local, and its IP addresses are always
    /// accepted. Can be given several times.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// The most browsers and windows at the same time.
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 64,
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1000)
    )]
    max_clients: usize,
    /// Also record all boards, as `switchboard record --to` does, but without
    /// their own logs: a file, for example lab.jsonl.gz, or a PostgreSQL
    /// database.
    #[arg(long, value_name = "FILE|URL")]
    record: Option<Destination>,
}

/// Parses where to listen.
fn address(text: &str) -> Result<SocketAddr, &'static str> {
    let port = || Some(SocketAddr::from((Ipv4Addr::LOCALHOST, text.parse().ok()?)));
    text.parse().ok().or_else(port).ok_or(
        "expected an IP address of this computer and a port, or a port; for example \
         0.0.0.0:8080 (every interface) or 127.0.0.1:8080",
    )
}

/// A token, where it is from, and whether it was just made.
struct Given {
    token: Token,
    file: PathBuf,
    is_new: bool,
}

impl Given {
    fn from_file(file: Option<PathBuf>) -> Result<Option<Self>, Failure> {
        let Some(file) = file else { return Ok(None) };
        let (token, is_new) = token_file(&file)?;
        Ok(Some(Self {
            token,
            file,
            is_new,
        }))
    }
}

/// Runs the command.
pub(super) fn serve(reach: Reach<'_>, args: ServeArgs) -> Result<(), Failure> {
    let listen = args.listen;
    for board in &args.boards {
        if let Err(error) = fleet::typed_board(board) {
            return Err(Failure::Usage(error.to_string()));
        }
    }
    let same_port = |boards: SocketAddr| boards.port() == listen.port() && listen.port() != 0;
    if reach.listen.is_some_and(same_port) {
        let why = "--listen before the command is where boards connect, and after it where \
                   browsers and windows do; use two ports";
        return Err(Failure::Usage(why.to_owned()));
    }
    if !listen.ip().to_canonical().is_loopback()
        && args.token_file.is_none()
        && args.view_token_file.is_none()
    {
        return Err(serve::StartError::Open(listen).into());
    }
    let control = Given::from_file(args.token_file)?;
    let view = Given::from_file(args.view_token_file)?;
    if let (Some(control), Some(view)) = (&control, &view)
        && control.token.text() == view.token.text()
    {
        let why = "the token to view is the same as the token to control";
        return Err(Failure::Usage(why.to_owned()));
    }
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls::from_files(certificate, key)?),
        _ if args.tls_self_signed => Some(self_signed(&args.hosts)?),
        _ => None,
    };
    let fingerprint = args
        .tls_self_signed
        .then(|| tls.as_ref().map(Tls::fingerprint));
    let scheme = if tls.is_some() { "https" } else { "http" };
    let fleet = engine::start(Settings {
        discovery: args.boards.is_empty().then(Lookout::default),
        addresses: args.boards,
        keys: Some(held(reach.keys)?),
        listen: reach.listen,
        brokers: reach.brokers.to_vec(),
        ..Settings::default()
    })?;
    let options = Options {
        listen,
        access: Access {
            control: control.as_ref().map(|given| given.token.clone()),
            view: view.as_ref().map(|given| given.token.clone()),
        },
        tls,
        hosts: args.hosts,
        limits: Limits {
            clients: args.max_clients,
            ..Limits::default()
        },
        files: serve::EMBEDDED,
    };
    let fleet = Arc::new(fleet);
    let recording = args.record.map(|to| record_all(&fleet, &to)).transpose()?;
    let say = |address| {
        // A reader that is gone does not end a service.
        let _ = announce(scheme, address, control.as_ref(), view.as_ref());
        if let Some(Some(fingerprint)) = fingerprint {
            let _ = writeln!(
                output::out(),
                "SHA-256 fingerprint of the certificate: {fingerprint}"
            );
        }
        let _ = output::out().flush();
    };
    serve::run(options, fleet, say)?;
    recording.map_or(Ok(()), |recording| finish(recording, false))
}

/// Prints where the window opens.
fn announce(
    scheme: &str,
    address: SocketAddr,
    control: Option<&Given>,
    view: Option<&Given>,
) -> io::Result<()> {
    let mut out = output::out();
    // A log that others can read is no place for a token.
    let shown = io::stdout().is_terminal();
    let hosts = hosts(address);
    for (given, purpose) in [(control, "to control"), (view, "to view")] {
        let Some(given) = given else { continue };
        let is_shown = shown || given.is_new;
        let token = if is_shown { given.token.text() } else { "…" };
        for host in &hosts {
            writeln!(out, "{purpose}: {scheme}://{host}/#token={token}")?;
        }
        if !is_shown {
            writeln!(out, "the token is in {}", given.file.display())?;
        }
    }
    if control.is_none() && view.is_none() {
        for host in &hosts {
            writeln!(out, "{scheme}://{host}/")?;
        }
    }
    if serve::EMBEDDED.is_empty() {
        let why = "this program was built without the web window: only native windows can \
                   connect (switchboard --connect); to add it, run scripts/web and build again";
        output::say(why);
    }
    if scheme == "http" && !address.ip().is_loopback() {
        let why = "without TLS, others on the network can read the token; see --tls-self-signed";
        output::say(why);
    }
    Ok(())
}

/// The hosts and ports at which this computer is reached.
fn hosts(address: SocketAddr) -> Vec<SocketAddr> {
    let own = match address.ip() {
        ip if !ip.is_unspecified() => vec![ip],
        // Both versions, where the system's IPv6 sockets accept both.
        IpAddr::V6(_) => [true, false]
            .into_iter()
            .flat_map(doctor::own_addresses)
            .collect(),
        IpAddr::V4(_) => doctor::own_addresses(true),
    };
    let own = match own.is_empty() {
        true => vec![Ipv4Addr::LOCALHOST.into()],
        false => own,
    };
    let host = |ip| SocketAddr::new(ip, address.port());
    own.into_iter().map(host).collect()
}

/// The certificate of this computer, for all of its present names and
/// addresses.
fn self_signed(hosts: &[String]) -> Result<Tls, Failure> {
    let folder = disk::settings::folder().ok_or_else(|| {
        Failure::Usage(
            "there is no settings folder for a certificate; use --tls-cert and --tls-key"
                .to_owned(),
        )
    })?;
    let addresses = [true, false].into_iter().flat_map(doctor::own_addresses);
    let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    let mut names = serve::own_names();
    names.extend(hosts.iter().cloned());
    names.extend(addresses.chain(loopback).map(|ip: IpAddr| ip.to_string()));
    Ok(Tls::self_signed(&folder.join(CERTIFICATE), names)?)
}

impl From<TokenFileError> for Failure {
    fn from(error: TokenFileError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<serve::StartError> for Failure {
    fn from(error: serve::StartError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Start(error) => error.into(),
            RunError::Runtime(error) => Self::NoAnswer(error.to_string()),
        }
    }
}
