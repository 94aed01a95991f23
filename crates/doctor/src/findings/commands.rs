//! The commands that findings advise, for each system. Those for Windows are
//! for PowerShell, the default shell of its terminal.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use platform::Platform;

use super::Advice;

/// Shows the interfaces of this computer.
pub(super) fn interfaces(platform: Platform) -> Advice {
    let command = match platform {
        Platform::Linux => "ip -br address",
        Platform::MacOs => "ifconfig -a",
        Platform::Windows => "ipconfig /all",
    };
    Advice::run("Show this computer's interfaces and their state.", command)
}

/// Shows what may follow the % of a link-local address.
pub(super) fn zones(platform: Platform) -> Advice {
    match platform {
        Platform::Linux => Advice::run("Show this computer's interfaces.", "ip -br link"),
        Platform::MacOs => Advice::run("Show this computer's interfaces.", "ifconfig -l"),
        Platform::Windows => Advice::run(
            "Show this computer's interfaces. Enter the number in the column Idx.",
            "netsh interface ipv6 show interfaces",
        ),
    }
}

pub(super) fn end_process(platform: Platform, pid: u32) -> String {
    match platform {
        Platform::Linux | Platform::MacOs => format!("kill {pid}"),
        Platform::Windows => format!("taskkill /PID {pid}"),
    }
}

/// Shows which program uses the mDNS port.
pub(super) fn users_of_the_port(platform: Platform) -> Advice {
    match platform {
        Platform::Linux => Advice::run(
            "Show which program uses the port.",
            "sudo ss -ulpn 'sport = :5353'",
        ),
        Platform::MacOs => Advice::run(
            "Show which program uses the port.",
            "sudo lsof -nP -iUDP:5353",
        ),
        Platform::Windows => Advice::run(
            "Show which process uses the port. Task Manager shows its name on the Details page.",
            "netstat -ano -p UDP | findstr :5353",
        ),
    }
}

/// Shows the programs that are connected to a board.
pub(super) fn connections(platform: Platform, address: &str) -> Advice {
    let command = match platform {
        Platform::Linux => format!("ss -tnp dst {address}"),
        // In quotation marks, because brackets are a pattern to zsh.
        Platform::MacOs if address.parse::<Ipv6Addr>().is_ok() => {
            format!("lsof -nP '-iTCP@[{address}]'")
        }
        Platform::MacOs => format!("lsof -nP -iTCP@{address}"),
        // With the colon before the port: 10.0.0.1 is also part of 10.0.0.17.
        Platform::Windows if address.parse::<Ipv4Addr>().is_ok() => {
            format!("netstat -ano | findstr /C:\"{address}:\"")
        }
        Platform::Windows => format!("netstat -ano | findstr {address}"),
    };
    Advice::run(
        "Show the programs on this computer that are connected to it.",
        command,
    )
}

/// Shows the route to an address.
pub(super) fn route(platform: Platform, what: &str, to: IpAddr) -> Advice {
    let command = match platform {
        Platform::Linux => format!("ip route get {to}"),
        Platform::MacOs if to.is_ipv6() => format!("route -n get -inet6 {to}"),
        Platform::MacOs => format!("route -n get {to}"),
        Platform::Windows => format!("Find-NetRoute -RemoteIPAddress {to}"),
    };
    Advice::run(format!("Show the route to {what}."), command)
}

/// `target` is the address as the command accepts it.
pub(super) fn ping(platform: Platform, ip: IpAddr, target: &str) -> String {
    match platform {
        Platform::Linux => format!("ping -c 3 {target}"),
        Platform::MacOs if ip.is_ipv6() => format!("ping6 -c 3 {target}"),
        Platform::MacOs => format!("ping -c 3 {target}"),
        Platform::Windows => format!("ping -n 3 {target}"),
    }
}

/// Shows what the system's own mDNS service knows of a board.
pub(super) fn cached(platform: Platform, id: &str) -> Advice {
    let command = match platform {
        Platform::Linux => format!("avahi-resolve -n {id}.local"),
        Platform::MacOs => format!("dns-sd -t 3 -G v4 {id}.local"),
        Platform::Windows => format!("Resolve-DnsName {id}.local -CacheOnly"),
    };
    Advice::run(
        "Show what this computer's mDNS service has cached for it.",
        command,
    )
}

/// Lets mDNS through the firewall.
pub(super) fn firewall(platform: Platform) -> Vec<Advice> {
    match platform {
        Platform::Linux => vec![
            Advice::run("Show the firewall rules.", "sudo nft list ruleset"),
            Advice::run(
                "Allow the port with nftables, if the table has this name.",
                "sudo nft insert rule inet filter input udp dport 5353 accept",
            ),
            Advice::run("Or with ufw (Ubuntu, Debian).", "sudo ufw allow 5353/udp"),
            Advice::run(
                "Or with firewalld (Fedora).",
                "sudo firewall-cmd --permanent --add-service=mdns && sudo firewall-cmd --reload",
            ),
        ],
        Platform::MacOs => vec![
            Advice::words(
                "Open System Settings > Privacy & Security > Local Network, and allow Switchboard. \
                 macOS asks only once; a program in Terminal needs no permission.",
            ),
            Advice::words(
                "Open System Settings > Network > Firewall > Options, allow incoming connections \
                 for Switchboard, and turn off Block all incoming connections.",
            ),
            Advice::run(
                "Show whether the firewall is on.",
                "/usr/libexec/ApplicationFirewall/socketfilterfw --getglobalstate",
            ),
        ],
        Platform::Windows => vec![
            Advice::words(
                "Windows asks once whether Switchboard may use the network, and blocks it if you \
                 choose Cancel. To allow it later, open Windows Security > Firewall & network \
                 protection > Allow an app through firewall, and select Switchboard for private \
                 networks.",
            ),
            Advice::run(
                "Show whether this network is private. If you trust it and it is public, set it \
                 to private in Settings > Network & internet > Properties.",
                "Get-NetConnectionProfile",
            ),
            Advice::run(
                "Or allow the port on private networks. Run this in a terminal that was started \
                 as administrator.",
                "New-NetFirewallRule -DisplayName 'mDNS for Switchboard' -Direction Inbound \
                 -Protocol UDP -LocalPort 5353 -Profile Private -Action Allow",
            ),
            Advice::words(
                "If another security program is installed, it has a firewall of its own: allow \
                 Switchboard there.",
            ),
        ],
    }
}

/// Turns on multicast for an interface. Only Linux reports that it is off.
pub(super) fn multicast_on(interface: &str) -> Advice {
    Advice::run(
        format!("Turn on multicast for {interface}."),
        format!("sudo ip link set dev {interface} multicast on"),
    )
}
