//! Servers like tokio-tungstenite's own examples: a task for each connection.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::TcpStream,
    sync::mpsc::{UnboundedSender, unbounded_channel},
    task::spawn_local,
};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    Outcome,
    sockets::{SMALL_BUFFER, accept, listen},
};

/// Sends back what it receives.
pub(super) async fn echo() -> Outcome<()> {
    let listener = listen().await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        spawn_local(async move {
            let Some(mut socket) = accept(stream, Some(SMALL_BUFFER)).await else {
                return;
            };
            while let Some(Ok(message)) = socket.next().await {
                if message.is_text() && socket.send(message).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// The connected clients.
type Others = Rc<RefCell<BTreeMap<u64, UnboundedSender<Message>>>>;

/// Sends each message to all other clients.
pub(super) async fn broadcast(read_buffer: Option<usize>) -> Outcome<()> {
    let listener = listen().await?;
    let others = Others::default();
    let number = Cell::new(0);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        number.set(number.get() + 1);
        spawn_local(one_of_many(
            stream,
            read_buffer,
            number.get(),
            Rc::clone(&others),
        ));
    }
}

async fn one_of_many(stream: TcpStream, read_buffer: Option<usize>, number: u64, others: Others) {
    let Some(socket) = accept(stream, read_buffer).await else {
        return;
    };
    let (mut outgoing, mut incoming) = socket.split();
    let (queue, mut queued) = unbounded_channel();
    others.borrow_mut().insert(number, queue);
    let talk = async {
        while let Some(message) = queued.recv().await {
            if outgoing.send(message).await.is_err() {
                return;
            }
        }
    };
    let listen = async {
        while let Some(Ok(message)) = incoming.next().await {
            if !message.is_text() {
                continue;
            }
            for (_, other) in others
                .borrow()
                .iter()
                .filter(|(other, _)| **other != number)
            {
                // The text is shared, not copied. A client that has gone is
                // removed below.
                let _ = other.send(message.clone());
            }
        }
    };
    tokio::select! { () = talk => {} () = listen => {} }
    others.borrow_mut().remove(&number);
}
