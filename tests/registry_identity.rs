//! A board that is found several times or at several addresses remains one
//! entry: over real sockets and mDNS on loopback, with a separate service type.

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    time::{Duration, Instant},
};

use engine::{Interfaces, Lookout, Settings, Shard};
use fleet::{BoardKey, BoardView, Fleet, LinkState, Watch};
use virtual_board::{Options, VirtualBoards};

type Tested = Result<(), Box<dyn Error>>;

/// A fleet that looks for one test's boards.
struct Bench {
    boards: VirtualBoards,
    shard: Shard,
    fleet: Fleet,
    watch: Watch,
    woken: Receiver<()>,
    seen: BTreeMap<BoardKey, Arc<BoardView>>,
    forgotten: Vec<BoardKey>,
}

impl Bench {
    fn start(test: &str, boards: usize) -> Result<Self, Box<dyn Error>> {
        Self::with_shards(test, boards, 1)
    }

    /// The fleet has that of so many shards in which the first board is.
    fn with_shards(test: &str, boards: usize, shards: u16) -> Result<Self, Box<dyn Error>> {
        let service = format!("_sb{test}._tcp.local.");
        let boards = VirtualBoards::start(Options {
            boards,
            service: service.clone(),
            ..Options::default()
        })?;
        let first = boards.list()[0].id.clone();
        let shard = (1..=shards)
            .filter_map(|number| format!("{number}/{shards}").parse().ok())
            .find(|shard: &Shard| shard.contains(&first))
            .ok_or("no shard")?;
        let discovery = Some(Lookout::only(&service, Interfaces::Loopback));
        let fleet = engine::start(Settings {
            discovery,
            shard,
            ..Settings::default()
        })?;
        let (wake, woken) = sync_channel(1);
        let watch = fleet.watch(move |_| {
            // Full: the reader will be woken anyway.
            let _ = wake.try_send(());
        });
        let mut bench = Self {
            boards,
            shard,
            fleet,
            watch,
            woken,
            seen: BTreeMap::new(),
            forgotten: Vec::new(),
        };
        let boards = bench.boards.list();
        let ours = boards.iter().filter(|board| shard.contains(&board.id));
        let number = ours.count();
        bench.until(|bench| {
            bench
                .seen
                .values()
                .filter(|board| board.link == LinkState::Connected)
                .count()
                == number
        })?;
        Ok(bench)
    }

    fn until(&mut self, there: impl Fn(&Self) -> bool) -> Tested {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let changes = self.watch.drain();
            self.seen
                .extend(changes.boards.into_iter().map(|board| (board.key, board)));
            for key in changes.forgotten {
                self.seen.remove(&key);
                self.forgotten.push(key);
            }
            if there(self) {
                return Ok(());
            }
            let left = end.saturating_duration_since(Instant::now());
            if self.woken.recv_timeout(left).is_err() {
                return Err(format!("not within 20 s; seen: {:#?}", self.seen).into());
            }
        }
    }

    fn keys(&self) -> Vec<BoardKey> {
        self.seen.keys().copied().collect()
    }
}

#[test]
fn a_found_board_that_is_added_by_its_address_keeps_its_key() -> Tested {
    let mut bench = Bench::start("same", 2)?;
    let before = bench.keys();
    let address = bench.boards.list()[0].address.to_string();
    let key = bench.fleet.add_address(&address)?;
    assert!(before.contains(&key));
    bench.until(|bench| bench.seen.get(&key).is_some_and(|board| board.by_hand))?;
    assert_eq!(bench.keys(), before);
    Ok(())
}

#[test]
fn a_found_board_that_is_added_under_another_name_is_merged() -> Tested {
    let mut bench = Bench::start("merge", 1)?;
    let before = bench.keys();
    let address = format!("localhost:{}", bench.boards.list()[0].address.port());
    let given = bench.fleet.add_address(&address)?;
    bench.until(|bench| bench.forgotten.contains(&given))?;
    assert_eq!(bench.keys(), before);
    assert_eq!(bench.fleet.add_address(&address)?, before[0]);
    Ok(())
}

#[test]
fn a_board_that_returns_on_another_port_is_the_same_board() -> Tested {
    let mut bench = Bench::start("moved", 1)?;
    let before = bench.keys();
    let id = bench.boards.list()[0].id.clone();
    bench.boards.stop(&id)?;
    bench.until(|bench| {
        bench
            .seen
            .values()
            .all(|board| matches!(board.link, LinkState::Unreachable { .. }))
    })?;
    bench.boards.start_again_on(&id, 0)?;
    let address = bench.boards.list()[0].address.to_string();
    bench.until(|bench| {
        bench
            .seen
            .values()
            .all(|board| board.link == LinkState::Connected && *board.address == *address)
    })?;
    assert_eq!(bench.keys(), before);
    Ok(())
}

#[test]
fn a_fleet_with_a_shard_keeps_no_link_to_boards_of_others() -> Tested {
    let mut bench = Bench::with_shards("shard", 12, 3)?;
    let shard = bench.shard;
    let is_ours = |board: &BoardView| board.id.as_deref().is_some_and(|id| shard.contains(id));
    assert!(bench.seen.values().all(|board| is_ours(board)));
    // One that is added by its address is connected to until it states its id.
    let foreign = bench
        .boards
        .list()
        .into_iter()
        .find(|board| !shard.contains(&board.id))
        .ok_or("all boards are in one shard")?;
    let key = bench.fleet.add_address(&foreign.address.to_string())?;
    bench.until(|bench| bench.forgotten.contains(&key))?;
    Ok(())
}
