//! A relay that forwards every byte after a delay, like a slow network. Each of
//! the two connections acknowledges independently.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc::channel,
    task::spawn_local,
    time::{Instant, sleep_until},
};

use crate::{Outcome, sockets::listen};

/// How many reads may be in flight; a sender that writes more waits.
const ON_THE_WAY: usize = 4_096;

pub(super) async fn run(to: String, delay: Duration) -> Outcome<()> {
    let listener = listen().await?;
    loop {
        let (near, _) = listener.accept().await?;
        let far = TcpStream::connect(&to).await?;
        near.set_nodelay(true)?;
        far.set_nodelay(true)?;
        let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
        spawn_local(carry(from_near, to_far, delay));
        spawn_local(carry(from_far, to_near, delay));
    }
}

/// Runs until either end closes.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let (leave, mut arrive) = channel::<(Instant, Vec<u8>)>(ON_THE_WAY);
    spawn_local(async move {
        while let Some((due, bytes)) = arrive.recv().await {
            sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    let mut bytes = [0; 16 * 1_024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        let read = bytes.get(..length).unwrap_or_default().to_vec();
        if leave.send((Instant::now() + delay, read)).await.is_err() {
            return;
        }
    }
}
