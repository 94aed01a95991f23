//! Several bridges at one broker that delivers in order, step by step.

use super::*;

/// Bridges and the retained claim.
struct Site {
    bridges: Vec<Claim>,
    retained: Vec<u8>,
    /// Who has a connection with a will.
    connected: Vec<bool>,
    active: Vec<bool>,
    now: Instant,
}

impl Site {
    fn new(count: u64) -> Self {
        let bridges = (0..count)
            .map(|n| Claim::new(&format!("bridge {n}"), n * 77))
            .collect();
        let none = vec![false; usize::try_from(count).unwrap_or_default()];
        let mut site = Self {
            bridges,
            retained: Vec::new(),
            connected: none.clone(),
            active: none,
            now: Instant::now(),
        };
        for at in 0..site.bridges.len() {
            site.join(at);
        }
        site
    }

    fn join(&mut self, at: usize) {
        let now = self.now;
        self.bridges[at].subscribed(now);
        if !self.retained.is_empty() {
            let retained = self.retained.clone();
            self.bridges[at].message(&retained, now);
        }
    }

    fn publish(&mut self, payload: Vec<u8>) {
        for bridge in &mut self.bridges {
            bridge.message(&payload, self.now);
        }
        self.retained = payload;
    }

    /// Carries out the steps of all bridges.
    fn settle(&mut self) {
        loop {
            let mut idle = true;
            for at in 0..self.bridges.len() {
                for step in self.bridges[at].steps() {
                    idle = false;
                    match step {
                        Step::Claim => {
                            self.connected[at] = true;
                            let claim = self.bridges[at].payload();
                            self.publish(claim);
                        }
                        Step::Repeat => {
                            let claim = self.bridges[at].payload();
                            self.publish(claim);
                        }
                        Step::Activate => self.active[at] = true,
                        Step::Yield { .. } | Step::Stop => {
                            self.connected[at] = false;
                            self.active[at] = false;
                        }
                        Step::StandBy { .. } => {}
                    }
                }
            }
            if idle {
                return;
            }
        }
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += Duration::from_millis(10);
            for bridge in &mut self.bridges {
                bridge.passed(self.now);
            }
            self.settle();
            let active = self.active.iter().filter(|active| **active).count();
            assert!(active <= 1, "{active} are active");
        }
    }

    fn active(&self) -> Option<usize> {
        self.active.iter().position(|active| *active)
    }

    /// A bridge is killed: the broker publishes its will.
    fn kill(&mut self, at: usize) {
        self.bridges[at] = Claim::new("dead", 0);
        self.active[at] = false;
        if std::mem::take(&mut self.connected[at]) {
            self.publish(Vec::new());
        }
    }
}

#[test]
fn one_of_several_bridges_becomes_active_within_seconds() {
    let mut site = Site::new(5);
    site.run(Duration::from_secs(3));
    assert!(site.active().is_some());
}

#[test]
fn another_takes_over_within_two_seconds_when_the_active_one_is_killed() {
    let mut site = Site::new(3);
    site.run(Duration::from_secs(4));
    let first = site.active();
    site.kill(first.unwrap_or_default());
    site.run(Duration::from_secs(2));
    assert!(site.active().is_some() && site.active() != first);
}

#[test]
fn a_bridge_that_joins_later_stands_by() {
    let mut site = Site::new(2);
    site.bridges[1] = Claim::new("later", 12);
    site.run(Duration::from_secs(4));
    assert_eq!(site.active(), Some(0));
    site.join(1);
    site.run(Duration::from_secs(60));
    assert_eq!(site.active(), Some(0));
}

#[test]
fn a_broker_that_restarts_empty_leaves_the_same_bridge_active() {
    let mut site = Site::new(3);
    site.run(Duration::from_secs(4));
    let before = site.active();
    for bridge in &mut site.bridges {
        bridge.disconnected();
    }
    site.settle();
    assert_eq!(site.active(), None);
    site.retained.clear();
    for at in 0..3 {
        site.join(at);
    }
    site.run(Duration::from_secs(4));
    assert_eq!(site.active(), before);
}

#[test]
fn a_claim_that_a_restarted_broker_kept_is_void_after_a_while() {
    let mut site = Site::new(1);
    site.bridges[0] = Claim::new("new", 3);
    site.retained = Claim::new("gone", 9).payload();
    site.join(0);
    site.run(VOID - Duration::from_secs(1));
    assert_eq!(site.active(), None);
    site.run(Duration::from_secs(3));
    assert_eq!(site.active(), Some(0));
}

#[test]
fn the_late_will_of_an_own_connection_does_not_end_the_claim() {
    let mut site = Site::new(2);
    site.run(Duration::from_secs(4));
    let before = site.active();
    site.publish(Vec::new());
    site.settle();
    site.run(Duration::from_secs(4));
    assert_eq!(site.active(), before);
    assert!(!site.retained.is_empty());
}

#[test]
fn a_bridge_whose_connection_is_lost_claims_again() {
    let mut site = Site::new(1);
    site.run(Duration::from_secs(4));
    let now = site.now;
    site.bridges[0].lost(now);
    site.settle();
    assert_eq!(site.active(), None);
    site.run(Duration::from_secs(2));
    assert_eq!(site.active(), Some(0));
}

#[test]
fn what_is_not_a_claim_counts_as_none() {
    for payload in [
        &b""[..],
        b"{}",
        b"\xff",
        b"[1]",
        br#"{"bridge":1,"instance":"a"}"#,
    ] {
        assert_eq!(read(payload), None);
    }
}
