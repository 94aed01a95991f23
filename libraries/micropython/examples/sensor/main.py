"""A thermometer and hygrometer: a DHT22 at pin 4. wifi.py has NAME and
PASSWORD."""

import network
import wifi
from dht import DHT22
from machine import Pin
from switchboard import Board, Sensor

dht = DHT22(Pin(4))
about = {"decimals": 1, "state_class": "measurement"}
temperature = Sensor("Temperature", unit="°C", device_class="temperature", **about)
humidity = Sensor("Humidity", unit="%", device_class="humidity", **about)
board = Board("Weather station", temperature, humidity)  # before Wi-Fi, see README.md


@board.every(2)
def measure():
    try:
        dht.measure()
        temperature.value, humidity.value = dht.temperature(), dht.humidity()
    except OSError:  # it did not answer
        temperature.value = humidity.value = None


wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect(wifi.NAME, wifi.PASSWORD)
board.run()
