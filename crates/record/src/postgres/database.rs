//! The connection to PostgreSQL, the tables and the statements.

use std::{error::Error as _, time::Duration};

use tokio::{task::JoinHandle, time::timeout};
use tokio_postgres::{Client, Config, Error, types::ToSql};

use super::{queue::Row, tls::Tls};
use crate::format::{FORMAT, Header};

/// How long the database may take to answer.
const ANSWER: Duration = Duration::from_secs(30);

/// How long connecting may take, over all addresses.
const CONNECT: Duration = Duration::from_secs(15);

/// `docs/recording.md` documents the tables.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS switchboard_sessions (
    session text PRIMARY KEY,
    started timestamptz NOT NULL,
    format integer NOT NULL,
    header jsonb NOT NULL
);
CREATE TABLE IF NOT EXISTS switchboard_records (
    session text NOT NULL,
    number bigint NOT NULL,
    at timestamptz NOT NULL,
    t double precision NOT NULL,
    board text,
    what text NOT NULL,
    record jsonb NOT NULL,
    PRIMARY KEY (session, number, at)
);
CREATE INDEX IF NOT EXISTS switchboard_records_board_at
    ON switchboard_records (board, at);
";

/// A batch that was sent before is not added twice: the answer may have been
/// lost with the connection.
const INSERT: &str = "
INSERT INTO switchboard_records (session, number, at, t, board, what, record)
SELECT $1, number, to_timestamp(at), t, board, what, record::jsonb
FROM unnest($2::bigint[], $3::float8[], $4::float8[], $5::text[], $6::text[], $7::text[])
    AS rows (number, at, t, board, what, record)
ON CONFLICT DO NOTHING";

/// Why rows were not inserted.
#[derive(Debug)]
pub(crate) enum InsertError {
    /// The database does not accept them.
    Rejected(String),
    /// The database is away, or cannot store anything at the moment.
    Away(String),
}

/// A connection.
pub(crate) struct Database {
    client: Client,
    connection: JoinHandle<()>,
}

impl Database {
    /// Connects.
    ///
    /// # Errors
    /// Why that is impossible, in a sentence.
    pub(crate) async fn connect(config: &Config, tls: &Tls) -> Result<Self, String> {
        let connecting = timeout(CONNECT, config.connect(tls.clone()));
        let (client, connection) = connecting
            .await
            .map_err(|_| {
                format!(
                    "the database does not answer within {} s",
                    CONNECT.as_secs()
                )
            })?
            .map_err(|error| sentence(&error))?;
        let connection = tokio::spawn(async move {
            if let Err(error) = connection.await {
                log::debug!("the connection to PostgreSQL: {error}");
            }
        });
        Ok(Self { client, connection })
    }

    /// Creates the tables if they are missing, and adds the session.
    ///
    /// # Errors
    /// Why that is impossible, in a sentence.
    pub(crate) async fn prepare(&self, header: &Header) -> Result<(), String> {
        within(self.create(header))
            .await?
            .map_err(|error| sentence(&error))
    }

    async fn create(&self, header: &Header) -> Result<(), Error> {
        // Without the right to create tables, existing ones can be used.
        let exist = "SELECT to_regclass('switchboard_records') IS NOT NULL
            AND to_regclass('switchboard_sessions') IS NOT NULL";
        if !self.client.query_one(exist, &[]).await?.get::<_, bool>(0) {
            self.client.batch_execute(TABLES).await?;
            self.create_hypertable().await?;
        }
        let text = serde_json::to_string(header).unwrap_or_default();
        let format = i32::try_from(FORMAT).unwrap_or(i32::MAX);
        let session = "INSERT INTO switchboard_sessions (session, started, format, header)
            VALUES ($1, to_timestamp($2::float8), $3, $4::text::jsonb) ON CONFLICT DO NOTHING";
        self.client
            .execute(session, &[&header.session, &header.started, &format, &text])
            .await?;
        Ok(())
    }

    /// With TimescaleDB, the table is divided by time.
    async fn create_hypertable(&self) -> Result<(), Error> {
        let installed = "SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'";
        if self.client.query_opt(installed, &[]).await?.is_some() {
            let create = "SELECT create_hypertable('switchboard_records', 'at',
                if_not_exists => true)";
            self.client.batch_execute(create).await?;
        }
        Ok(())
    }

    /// Inserts rows, in one statement.
    ///
    /// # Errors
    /// If they are rejected, or the database is away.
    pub(crate) async fn insert(&self, session: &str, rows: &[Row]) -> Result<(), InsertError> {
        let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
        let at: Vec<f64> = rows.iter().map(|row| row.at).collect();
        let t: Vec<f64> = rows.iter().map(|row| row.t).collect();
        let boards: Vec<Option<&str>> = rows.iter().map(|row| row.board.as_deref()).collect();
        let what: Vec<&str> = rows.iter().map(|row| row.what.as_str()).collect();
        let records: Vec<&str> = rows.iter().map(|row| row.record.as_str()).collect();
        let columns: [&(dyn ToSql + Sync); 7] =
            [&session, &numbers, &at, &t, &boards, &what, &records];
        let inserted = within(self.client.execute(INSERT, &columns))
            .await
            .map_err(InsertError::Away)?;
        inserted.map(|_| ()).map_err(|error| {
            let sentence = sentence(&error);
            // PostgreSQL's manual, appendix A: data exceptions, violated
            // constraints and exceeded limits of a row.
            let class = error
                .code()
                .map(|code| code.code().get(..2).unwrap_or_default());
            match class {
                Some("22" | "23" | "54") => InsertError::Rejected(sentence),
                _ => InsertError::Away(sentence),
            }
        })
    }

    /// Tells the database that the connection ends.
    pub(crate) async fn close(self) {
        drop(self.client);
        let _ = timeout(Duration::from_secs(1), self.connection).await;
    }
}

/// Waits for an answer.
async fn within<T>(answer: impl Future<Output = T>) -> Result<T, String> {
    timeout(ANSWER, answer)
        .await
        .map_err(|_| format!("the database does not answer within {} s", ANSWER.as_secs()))
}

/// An error with what the database or the system said.
fn sentence(error: &Error) -> String {
    if let Some(said) = error.as_db_error() {
        return match said.detail() {
            Some(detail) => format!("the database refuses: {} ({detail})", said.message()),
            None => format!("the database refuses: {}", said.message()),
        };
    }
    match error.source() {
        Some(source) => format!("cannot reach the database: {source}"),
        None => format!("cannot reach the database: {error}"),
    }
}
