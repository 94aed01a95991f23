//! The mDNS responder over a network of two queues: multicast needs permissions
//! and routes that a test may not have.

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::mpsc,
    time::Instant,
};

use async_channel::{Receiver, Sender};
use edge_nal::{Readable, UdpReceive, UdpSend, io::ErrorType};
use embassy_futures::select::{Either, select};
use protocol::Epoch;
use switchboard_server::{Shared, mdns::respond};

use crate::served::{DeskClock, Outcome, PATIENCE, Willing, plan};

struct Incoming(Receiver<(Vec<u8>, SocketAddr)>);
struct Outgoing(Sender<(Vec<u8>, SocketAddr)>);

impl ErrorType for Incoming {
    type Error = Infallible;
}

impl ErrorType for Outgoing {
    type Error = Infallible;
}

impl UdpReceive for Incoming {
    async fn receive(&mut self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), Infallible> {
        match self.0.recv().await {
            Ok((packet, from)) => {
                buffer[..packet.len()].copy_from_slice(&packet);
                Ok((packet.len(), from))
            }
            Err(_) => std::future::pending().await,
        }
    }
}

impl Readable for Incoming {
    async fn readable(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl UdpSend for Outgoing {
    async fn send(&mut self, to: SocketAddr, packet: &[u8]) -> Result<(), Infallible> {
        let _ = self.0.send((packet.to_vec(), to)).await;
        Ok(())
    }
}

/// Always the same number, which determines the delay of an answer.
struct Constant;

impl rand_core::TryRng for Constant {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(0);
        Ok(())
    }
}

/// A query for `_switchboard._tcp.local PTR` (RFC 1035, section 4).
const QUESTION: &[u8] =
    b"\0\x01\0\0\0\x01\0\0\0\0\0\0\x0c_switchboard\x04_tcp\x05local\0\0\x0c\0\x01";

fn has(packet: &[u8], part: &str) -> bool {
    packet
        .windows(part.len())
        .any(|window| window == part.as_bytes())
}

#[test]
fn a_chip_announces_itself_answers_queries_and_announces_its_new_name() -> Outcome {
    let hardware = Willing::new(mpsc::channel().0, mpsc::channel().0);
    let shared = Shared::new(plan(4)?, &[], Epoch(1), hardware, DeskClock(Instant::now()))?;
    let (ask, asked) = async_channel::unbounded();
    let (tell, told) = async_channel::unbounded();
    let responding = respond(
        Incoming(asked),
        Outgoing(tell),
        Ipv4Addr::new(192, 0, 2, 7),
        80,
        &shared,
        Constant,
    );
    let client = async {
        let (announced, to) = told.recv().await?;
        assert_eq!(to, SocketAddr::from(([224, 0, 0, 251], 5353)));
        for part in [
            "_switchboard",
            "bench-1",
            "id=bench-1",
            "friendly_name=Bench <1>",
            "path=/rpc",
            "proto=1",
        ] {
            assert!(has(&announced, part), "{part}");
        }
        assert!(
            announced.windows(4).any(|window| window == [192, 0, 2, 7]),
            "no address"
        );

        // RFC 6762, section 6.7: a query from another port gets a unicast
        // response.
        let peer = SocketAddr::from(([192, 0, 2, 9], 40_000));
        ask.send((b"rubbish".to_vec(), peer)).await?;
        ask.send((QUESTION.to_vec(), peer)).await?;
        let (answer, to) = told.recv().await?;
        assert_eq!(to, peer);
        assert!(has(&answer, "id=bench-1"));

        shared.call(
            r#"{"jsonrpc":"2.0","id":1,"method":"Device.SetName","params":{"name":"Window lamp"}}"#,
        );
        let (renamed, _) = told.recv().await?;
        assert!(has(&renamed, "friendly_name=Window lamp"));
        Outcome::Ok(())
    };
    let late = async {
        async_io::Timer::after(PATIENCE).await;
    };
    match async_io::block_on(select(select(responding, client), late)) {
        Either::First(Either::Second(outcome)) => outcome,
        Either::First(Either::First(ended)) => {
            Err(format!("the responder ended: {ended:?}").into())
        }
        Either::Second(()) => Err("nothing came".into()),
    }
}
