//! A relay that delays every byte, for a network with a round trip. The
//! kernel's netem would need root.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// A relay to one address, until it is dropped.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// Each direction takes `delay`; the connection itself is established at
    /// once.
    pub(crate) fn to(board: &str, delay: Duration) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let (over, board) = (Arc::new(AtomicBool::new(false)), board.to_owned());
        let ended = Arc::clone(&over);
        let thread = thread::spawn(move || {
            for near in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let Ok((near, far)) = near.and_then(|near| Ok((near, TcpStream::connect(&board)?)))
                else {
                    continue;
                };
                let (back_from, back_to) = (far.try_clone(), near.try_clone());
                thread::spawn(move || carry(Ok(near), Ok(far), delay));
                thread::spawn(move || carry(back_from, back_to, delay));
            }
        });
        Self {
            address,
            over,
            thread: Some(thread),
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // So that it looks.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Until either end is gone.
fn carry(from: io::Result<TcpStream>, to: io::Result<TcpStream>, delay: Duration) {
    let (Ok(mut from), Ok(mut to)) = (from, to) else {
        return;
    };
    let _ = to.set_nodelay(true);
    let mut bytes = [0; 16 * 1_024];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        // Only one message at a time is in transit, which is enough for a
        // handshake.
        thread::sleep(delay);
        if to.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
