"""Lets prometheus-client parse what a bridge answers to a scrape.

usage: judge.py EXAMPLE

EXAMPLE is the example metrics of switchboard-bridge.
"""

import subprocess
import sys
import urllib.request

from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST
from prometheus_client.openmetrics.parser import text_string_to_metric_families

BOARD = {"site": "home", "board": "sb-0a1b2c"}


def scrape(address):
    request = urllib.request.Request(f"http://{address}/metrics", headers={"Accept": CONTENT_TYPE_LATEST})
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.headers["Content-Type"], response.read().decode()


def main(program):
    process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        kind, text = scrape(process.stdout.readline().strip())
    finally:
        process.stdin.close()
        process.wait(10)
    assert kind == CONTENT_TYPE_LATEST, f"{kind} instead of {CONTENT_TYPE_LATEST}"
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert len(families) > 20, sorted(families)
    for name, family in families.items():
        assert family.documentation, f"{name} has no help"
        assert family.type != "unknown", f"{name} has no type"
        assert family.samples, f"{name} has no samples"
        assert name.startswith("switchboard_"), name

    def value(sample, **labels):
        found = [one.value for family in families.values() for one in family.samples if one.name == sample and one.labels == {**BOARD, **labels}]
        assert len(found) == 1, f"{sample} {labels}: {found}"
        return found[0]

    assert value("switchboard_sensor_temperature_celsius", component="sensor:0") == 21.53
    assert value("switchboard_meter_energy_joules_total", component="sensor:1") == 5.4e6
    assert value("switchboard_switch_on", component="switch:0") == 1
    assert value("switchboard_link_state", switchboard_link_state="connected") == 1
    assert value("switchboard_round_trip_seconds_count") == 1
    assert value("switchboard_link_losses_total", cause="silent") == 1
    assert value("switchboard_commands_total", outcome="unconfirmed") == 1
    assert value("switchboard_command_duration_seconds_sum") == 0.008
    types = {name: families[name].type for name in ("switchboard_board", "switchboard_link_state", "switchboard_meter_energy_joules")}
    assert list(types.values()) == ["info", "stateset", "counter"], types
    assert families["switchboard_sensor_temperature_celsius"].unit == "celsius"
    print(f"prometheus-client parsed {len(families)} families of {sum(len(one.samples) for one in families.values())} samples.")


if __name__ == "__main__":
    main(sys.argv[1])
