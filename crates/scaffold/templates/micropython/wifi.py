"""Joins the Wi-Fi network that the file wifi.json names, and stays in it."""

import json
import network
import time


def connect():
    with open("wifi.json") as file:
        wanted = json.load(file)
    station = network.WLAN(network.STA_IF)
    station.active(True)
    # Asleep, the radio misses the multicast by which the board is found.
    try:
        station.config(pm=network.WLAN.PM_NONE)
    except (AttributeError, ValueError):
        pass  # this port has no power saving
    station.connect(wanted["ssid"], wanted["password"])
    print("Joining", wanted["ssid"])
    while not station.isconnected():
        time.sleep_ms(200)
    print("Connected:", station.ifconfig()[0])
