//! The address of a database, without its password.

use std::{env, fmt, str::FromStr, time::Duration};

use tokio_postgres::config::SslMode;

/// The environment variable with the password, as `psql` has it.
const PASSWORD: &str = "PGPASSWORD";

/// A database: `postgres://user@host:5432/database`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseAddress(String);

/// Why a text is not the address of a database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseAddressError {
    /// It has another form.
    #[error("expected postgres://user@host:5432/database: {0}")]
    Form(String),
    /// It contains a password.
    #[error(
        "a password in the address is visible to all users of this computer; set {PASSWORD} \
         instead"
    )]
    Password,
    /// It asks for another kind of TLS.
    #[error(
        "expected sslmode=disable (no TLS, the default), sslmode=require or sslmode=verify-full; \
         the last two both verify the certificate and the host name"
    )]
    SslMode,
    /// It names certificates.
    #[error(
        "certificates do not belong in the address: pass the server's with --ca FILE; client \
         certificates are not supported"
    )]
    Certificate,
}

impl FromStr for DatabaseAddress {
    type Err = DatabaseAddressError;

    fn from_str(text: &str) -> Result<Self, DatabaseAddressError> {
        let form = |why: String| DatabaseAddressError::Form(why);
        let rest = ["postgres://", "postgresql://"]
            .iter()
            .find_map(|scheme| text.strip_prefix(scheme))
            .ok_or_else(|| form("another scheme".to_owned()))?;
        // As tokio-postgres has it: a password may contain slashes. Errors of
        // what follows may quote a part of the text.
        if rest
            .split_once('@')
            .is_some_and(|(credentials, _)| credentials.contains(':'))
        {
            return Err(DatabaseAddressError::Password);
        }
        let query = rest.split_once('?').map_or("", |(_, query)| query);
        for pair in query.split('&') {
            match pair.split_once('=').unwrap_or_default() {
                ("password", _) => return Err(DatabaseAddressError::Password),
                ("sslmode", "disable" | "require" | "verify-full") => {}
                ("sslmode" | "sslnegotiation", _) => return Err(DatabaseAddressError::SslMode),
                ("sslrootcert" | "sslcert" | "sslkey", _) => {
                    return Err(DatabaseAddressError::Certificate);
                }
                _ => {}
            }
        }
        let config = parsed(text).map_err(|error| form(error.to_string()))?;
        // Percent signs may hide the name of a parameter.
        if config.get_password().is_some() {
            return Err(DatabaseAddressError::Password);
        }
        if config.get_hosts().is_empty() {
            return Err(form("a host is missing".to_owned()));
        }
        if config.get_user().is_none() {
            return Err(form("a user is missing".to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What tokio-postgres reads in an address.
fn parsed(text: &str) -> Result<tokio_postgres::Config, tokio_postgres::Error> {
    let (start, query) = text.split_once('?').unwrap_or((text, ""));
    // It has no name for verification: that is its connector's business, and
    // ours always verifies.
    let pairs = query.split('&').map(|pair| match pair {
        "sslmode=verify-full" => "sslmode=require",
        other => other,
    });
    let query = pairs.collect::<Vec<_>>().join("&");
    let mut config: tokio_postgres::Config = format!("{start}?{query}").parse()?;
    if config.get_ssl_mode() == SslMode::Prefer {
        // The default. Many servers have a certificate that nothing can verify.
        config.ssl_mode(SslMode::Disable);
    }
    Ok(config)
}

impl DatabaseAddress {
    /// What tokio-postgres needs to connect, with the password.
    pub(super) fn config(&self) -> Result<tokio_postgres::Config, String> {
        let mut config = parsed(&self.0).map_err(|error| error.to_string())?;
        if let Ok(password) = env::var(PASSWORD)
            && !password.is_empty()
        {
            config.password(password);
        }
        config.application_name("switchboard record");
        config.connect_timeout(Duration::from_secs(10));
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_user_and_a_host_and_no_password() {
        for text in [
            "postgres://me@localhost/lab",
            "postgresql://me@db.example:5433/lab",
            "postgres://me@/lab?host=/var/run/postgresql",
            "postgres://me@localhost/lab?sslmode=disable",
            "postgres://me@localhost/lab?sslmode=require",
            "postgres://me@localhost/lab?sslmode=verify-full",
        ] {
            assert!(text.parse::<DatabaseAddress>().is_ok(), "{text}");
        }
        let failed = |text: &str| text.parse::<DatabaseAddress>().expect_err(text);
        for text in [
            "postgres://me:secret@localhost/lab",
            "postgres://me@localhost/lab?password=secret",
            "postgres://me:se/cret@localhost/lab",
            "postgres://me:se?cret@localhost/lab",
            "postgres://me:se/cr@et?sslmode=x@localhost/lab",
            "postgres://me@localhost/lab?pass%77ord=secret",
        ] {
            assert_eq!(failed(text), DatabaseAddressError::Password, "{text}");
        }
        for text in [
            "sslmode=prefer",
            "sslmode=verify-ca",
            "sslnegotiation=direct",
        ] {
            let text = format!("postgres://me@localhost/lab?connect_timeout=3&{text}");
            assert_eq!(failed(&text), DatabaseAddressError::SslMode);
        }
        assert_eq!(
            failed("postgres://me@localhost/lab?sslmode=require&sslrootcert=ca.pem"),
            DatabaseAddressError::Certificate
        );
        for text in [
            "postgres://",
            "postgres://localhost/lab",
            "mysql://me@localhost/lab",
        ] {
            let error = failed(text).to_string();
            assert!(
                error.starts_with("expected postgres://user@host"),
                "{error}"
            );
        }
    }
}
