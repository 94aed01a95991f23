//! A bare client of a server.

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_tungstenite::tungstenite::Message;

use super::{Commander, Pace};
use crate::{
    Outcome,
    figures::median_and_p99,
    rows::linked::TIMEOUT,
    sockets::{self, WebSocket, connect},
};

/// Sends from the thread that waits for the response.
#[derive(Clone)]
pub(super) struct Bare {
    pub(super) address: String,
    pub(super) path: &'static str,
    pub(super) message: fn() -> String,
}

/// A command that changes a lamp's light, as the fleet sends it.
pub(super) fn command() -> String {
    let brightness = fastrand::u8(..=100);
    format!(
        r#"{{"id":1000,"jsonrpc":"2.0","method":"Light.Set","params":{{"brightness":{brightness},"ct_k":3000,"id":0,"on":true}}}}"#
    )
}

impl Bare {
    /// The same with a thread of its own for the socket, which every program
    /// needs that also draws.
    pub(super) fn on_a_thread(&self) -> OnAThread {
        OnAThread(self.clone())
    }
}

impl Commander for &Bare {
    fn round(&self, pace: Pace, messages: u32) -> Outcome<(f64, f64)> {
        sockets::run(async {
            let mut socket = connect(&self.address, self.path).await?;
            let mut times = Vec::new();
            for _ in 0..messages {
                pace.wait();
                let begun = Instant::now();
                there_and_back(&mut socket, (self.message)()).await?;
                times.push(begun.elapsed());
            }
            Ok(median_and_p99(times).ok_or("no messages")?)
        })
    }
}

pub(super) struct OnAThread(Bare);

impl Commander for OnAThread {
    fn round(&self, pace: Pace, messages: u32) -> Outcome<(f64, f64)> {
        let (calls, called) = unbounded_channel();
        let (tell, told) = mpsc::channel();
        let Bare {
            address,
            path,
            message,
        } = self.0.clone();
        // It ends with the channel; an earlier end is noticed below.
        thread::spawn(move || drop(sockets::run(serve(address, path, called, tell))));
        let mut times = Vec::new();
        for number in 0..=messages {
            pace.wait();
            calls
                .send((Instant::now(), message()))
                .map_err(|_| "the socket's thread has ended")?;
            let took = told
                .recv_timeout(TIMEOUT)
                .map_err(|_| "a message was not answered")?;
            // The first has waited for the connection.
            if number > 0 {
                times.push(took);
            }
        }
        Ok(median_and_p99(times).ok_or("no messages")?)
    }
}

/// Reports for each request how long it took until the response arrived, as the
/// fleet's reply does.
async fn serve(
    address: String,
    path: &'static str,
    mut called: UnboundedReceiver<(Instant, String)>,
    tell: mpsc::Sender<Duration>,
) -> Outcome<()> {
    let mut socket = connect(&address, path).await?;
    while let Some((begun, message)) = called.recv().await {
        there_and_back(&mut socket, message).await?;
        tell.send(begun.elapsed())?;
    }
    Ok(())
}

async fn there_and_back(socket: &mut WebSocket, message: String) -> Outcome<()> {
    socket.send(Message::text(message)).await?;
    socket.next().await.ok_or("the server has ended")??;
    Ok(())
}
