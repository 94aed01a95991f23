//! Hosts on one switch. Each is a network namespace that ends with the test;
//! cables are unplugged at the switch.

use std::{
    io::{self, Write},
    path::Path,
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

/// The time in which the kernel detects all cables.
const SOON: Duration = Duration::from_secs(10);

/// The network. Its hosts have the addresses 10.78.0.1 and so on.
pub(crate) struct Lan {
    prefix: String,
    hosts: u8,
}

impl Lan {
    /// Creates a network of this many hosts. Returns `None`, and prints a line
    /// that says so, if this process lacks the permission.
    pub(crate) fn of(hosts: u8) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        remove_forgotten();
        let prefix = format!(
            "sbf{}-{}-",
            process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let lan = Self { prefix, hosts };
        if let Err(problem) = lan.may_be() {
            skipped("it needs root, network namespaces, tc and nft", &problem);
            return None;
        }
        lan.lay().expect("a network");
        Some(lan)
    }

    fn all(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.switch()).chain((1..=self.hosts).map(|host| self.host(host)))
    }

    /// Creates the namespaces, if that is permitted and all tools exist.
    fn may_be(&self) -> Result<(), String> {
        run("nft", &["--version"])?;
        run("tc", &["-Version"])?;
        self.all()
            .try_for_each(|name| run("ip", &["netns", "add", &name]).map(drop))
    }

    fn lay(&self) -> Result<(), String> {
        let switch = self.switch();
        run(
            "ip",
            &[
                "-n",
                &switch,
                "link",
                "add",
                "br0",
                "type",
                "bridge",
                "mcast_snooping",
                "0",
            ],
        )?;
        run("ip", &["-n", &switch, "link", "set", "br0", "up"])?;
        for number in 1..=self.hosts {
            let (host, port) = (self.host(number), format!("p{number}"));
            run(
                "ip",
                &[
                    "link", "add", "e0", "netns", &host, "type", "veth", "peer", "name", &port,
                    "netns", &switch,
                ],
            )?;
            run(
                "ip",
                &["-n", &switch, "link", "set", &port, "master", "br0", "up"],
            )?;
            run("ip", &["-n", &host, "link", "set", "lo", "up"])?;
            // Without IPv6: its addresses are not usable for several seconds.
            run(
                "ip",
                &["-n", &host, "link", "set", "e0", "addrgenmode", "none"],
            )?;
            run(
                "ip",
                &[
                    "-n",
                    &host,
                    "address",
                    "add",
                    &format!("{}/24", address(number)),
                    "dev",
                    "e0",
                ],
            )?;
            run("ip", &["-n", &host, "link", "set", "e0", "up"])?;
        }
        // The kernel takes time to detect the carrier, and mDNS ignores an
        // interface without one.
        let end = Instant::now() + SOON;
        for number in 1..=self.hosts {
            while !run(
                "ip",
                &["-n", &self.host(number), "-br", "link", "show", "dev", "e0"],
            )?
            .contains(" UP ")
            {
                if Instant::now() > end {
                    return Err("a cable never carried anything".to_owned());
                }
            }
        }
        Ok(())
    }

    fn switch(&self) -> String {
        format!("{}sw", self.prefix)
    }

    /// The namespace of a host, counted from 1.
    pub(crate) fn host(&self, number: u8) -> String {
        format!("{}{number}", self.prefix)
    }

    /// Runs a command on a host.
    pub(crate) fn on(&self, number: u8, line: &str) {
        let host = self.host(number);
        let words: Vec<_> = ["netns", "exec", &host]
            .into_iter()
            .chain(line.split_whitespace())
            .collect();
        run("ip", &words).expect(line);
    }

    /// Unplugs the cable of a host at the switch.
    pub(crate) fn cut(&self, number: u8) {
        run(
            "ip",
            &[
                "-n",
                &self.switch(),
                "link",
                "set",
                &format!("p{number}"),
                "down",
            ],
        )
        .expect("cut");
    }

    /// Plugs it in again.
    pub(crate) fn mend(&self, number: u8) {
        run(
            "ip",
            &[
                "-n",
                &self.switch(),
                "link",
                "set",
                &format!("p{number}"),
                "up",
            ],
        )
        .expect("mended");
    }

    /// A host drops this percentage of the packets that it receives, except its
    /// own.
    pub(crate) fn loses(&self, number: u8, percent: u8) {
        self.filter(
            number,
            &format!("iifname e0 numgen random mod 100 < {percent} drop"),
        );
    }

    /// Two hosts drop every packet from each other. To each, the other one is
    /// silent: no connection is refused or ended.
    pub(crate) fn silence(&self, one: u8, other: u8) {
        for (host, from) in [(one, other), (other, one)] {
            self.filter(host, &format!("ip saddr {} drop", address(from)));
        }
    }

    /// Blocks mDNS to a host.
    pub(crate) fn without_mdns(&self, number: u8) {
        self.filter(number, "iifname e0 udp dport 5353 drop");
    }

    fn filter(&self, number: u8, rule: &str) {
        self.on(number, "nft add table inet faults");
        self.on(
            number,
            "nft add chain inet faults in { type filter hook input priority 0 ; }",
        );
        self.on(number, &format!("nft add rule inet faults in {rule}"));
    }

    /// Ends [`Self::loses`], [`Self::silence`] and [`Self::without_mdns`].
    pub(crate) fn unfiltered(&self, number: u8) {
        self.on(number, "nft delete table inet faults");
    }

    /// Limits the rate at which a host sends, for example `256kbit`.
    pub(crate) fn slow(&self, number: u8, rate: &str) {
        self.on(
            number,
            &format!("tc qdisc replace dev e0 root tbf rate {rate} burst 4kb latency 2000ms"),
        );
    }

    /// Sends a host's outgoing packets through the queue of [`crate::actors`]'s
    /// delayer; `false` if iptables is missing.
    pub(crate) fn queues(&self, number: u8) -> bool {
        let host = self.host(number);
        // The legacy variant: a kernel may support NFQUEUE for it and not for
        // nft.
        let words = [
            "netns",
            "exec",
            &host,
            "iptables-legacy",
            "-A",
            "OUTPUT",
            "-o",
            "e0",
            "-j",
            "NFQUEUE",
        ];
        match run("ip", &words) {
            Ok(_) => true,
            Err(problem) => {
                skipped("it needs iptables with NFQUEUE", &problem);
                false
            }
        }
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        for host in self.all() {
            // It may not have been created.
            let _ = run("ip", &["netns", "del", &host]);
        }
    }
}

/// Removes the namespaces left behind by a killed run.
fn remove_forgotten() {
    let list = run("ip", &["netns", "list"]).unwrap_or_default();
    for name in list
        .lines()
        .filter_map(|line| line.split_whitespace().next())
    {
        let of = name
            .strip_prefix("sbf")
            .and_then(|rest| rest.split('-').next())
            .and_then(|id| id.parse::<u32>().ok());
        if of.is_some_and(|id| !Path::new(&format!("/proc/{id}")).exists()) {
            // Another test may have removed it already.
            let _ = run("ip", &["netns", "del", name]);
        }
    }
}

/// The address of a host.
pub(crate) fn address(number: u8) -> String {
    format!("10.78.0.{number}")
}

fn run(program: &str, words: &[&str]) -> Result<String, String> {
    let output = Command::new(program)
        .args(words)
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("{program} {}: {}", words.join(" "), said.trim()))
    }
}

/// Reports that the running test was skipped, in the form that `./check`
/// counts. Not printed by a macro, whose output the test runner would capture.
fn skipped(needs: &str, problem: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let _ = writeln!(io::stderr(), "SKIPPED faults: {test}: {needs}: {problem}");
}
