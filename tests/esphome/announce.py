#!/usr/bin/env python3
"""Announces the program of scripts/esphome-host by mDNS, as a chip would.

    tests/esphome/announce.py PORT [ADDRESS]

ESPHome announces nothing on this platform. Needs the package zeroconf; runs
until its standard input is closed.
"""

import socket
import sys

from zeroconf import ServiceInfo, Zeroconf

SERVICE = "_esphomelib._tcp.local."

# The keys of ESPHome's component mdns, for tests/esphome/board.yaml.
TXT = {
    "friendly_name": "Desk",
    "version": "2026.6.5",
    "mac": "0200000a1b2c",
    "platform": "HOST",
    "board": "host",
    "network": "ethernet",
}


def main():
    port = int(sys.argv[1])
    address = sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1"
    info = ServiceInfo(
        SERVICE, f"desk.{SERVICE}", addresses=[socket.inet_aton(address)], port=port,
        properties=TXT, server="desk.local.",
    )
    zeroconf = Zeroconf(interfaces=[address])
    zeroconf.register_service(info)
    print("announced", flush=True)
    sys.stdin.read()
    zeroconf.unregister_service(info)
    zeroconf.close()


if __name__ == "__main__":
    main()
