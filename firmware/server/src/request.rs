//! Reads requests from a socket, within limits of size and time.

use alloc::vec::Vec;

use crate::{
    clock::{Clock, within},
    http::{self, BadHead, Request},
    response::Refusal,
    serve::ServerSettings,
    socket::{Gone, Socket},
};

/// Why there is no request.
pub(crate) enum RequestError {
    /// The connection is gone.
    Gone,
    /// The client sent nothing in time; it is not told why it is disconnected.
    Silent,
    /// The client is told why.
    Refused(Refusal),
}

/// Bytes that were received and not used yet.
#[derive(Default)]
pub(crate) struct Input(Vec<u8>);

impl Input {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// All of it, for the channel that the connection becomes.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.0)
    }

    /// Reads a request's head. A client that `was_served` may be silent for
    /// longer before the next request starts; every request, once started, has
    /// to be complete in time.
    pub(crate) async fn read_request<S: Socket>(
        &mut self,
        socket: &mut S,
        was_served: bool,
        settings: &ServerSettings,
        clock: &impl Clock,
    ) -> Result<Request, RequestError> {
        if was_served && self.0.is_empty() {
            match within(
                clock,
                settings.keep_alive,
                self.read_more(socket, settings.head_limit),
            )
            .await
            {
                Some(Ok(())) => {}
                Some(Err(Gone)) => return Err(RequestError::Gone),
                None => return Err(RequestError::Silent),
            }
        }
        let read = within(
            clock,
            settings.head_timeout,
            self.read_head(socket, settings.head_limit),
        )
        .await;
        match read {
            Some(read) => read,
            None if self.0.is_empty() => Err(RequestError::Silent),
            None => Err(RequestError::Refused(Refusal::Timeout)),
        }
    }

    /// Reads until a head is complete and removes it; what follows it stays.
    async fn read_head<S: Socket>(
        &mut self,
        socket: &mut S,
        limit: usize,
    ) -> Result<Request, RequestError> {
        let mut searched = 0;
        loop {
            // RFC 9112, section 2.2: empty lines before a request are ignored.
            while self.0.starts_with(b"\r\n") {
                self.0.drain(..2);
                searched = 0;
            }
            if http::is_no_request(&self.0) && self.0 != b"\r" {
                return Err(RequestError::Refused(Refusal::BadRequest));
            }
            if let Some(end) = http::end_of_head(&self.0, searched) {
                let request = http::parse(&self.0[..end]);
                self.0.drain(..end);
                return request.map_err(|bad| {
                    RequestError::Refused(match bad {
                        BadHead::TooManyFields => Refusal::HeadTooLong,
                        BadHead::Malformed => Refusal::BadRequest,
                    })
                });
            }
            searched = self.0.len();
            if searched >= limit {
                return Err(RequestError::Refused(Refusal::HeadTooLong));
            }
            self.read_more(socket, limit - searched)
                .await
                .map_err(|_| RequestError::Gone)?;
        }
    }

    /// Reads a body of this length and removes it.
    pub(crate) async fn read_body<S: Socket>(
        &mut self,
        socket: &mut S,
        length: usize,
    ) -> Result<Vec<u8>, Gone> {
        while self.0.len() < length {
            let missing = length - self.0.len();
            self.read_more(socket, missing).await?;
        }
        let rest = self.0.split_off(length);
        Ok(core::mem::replace(&mut self.0, rest))
    }

    /// Reads once, at most `limit` bytes.
    async fn read_more<S: Socket>(&mut self, socket: &mut S, limit: usize) -> Result<(), Gone> {
        let mut chunk = [0; 256];
        let room = limit.min(chunk.len());
        match socket.read(&mut chunk[..room]).await {
            Ok(0) | Err(_) => Err(Gone),
            Ok(read) => {
                self.0.extend_from_slice(&chunk[..read]);
                Ok(())
            }
        }
    }
}
