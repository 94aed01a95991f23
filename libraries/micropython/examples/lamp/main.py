"""A lamp that is dimmed, and toggled by a button: an LED at pin 8 and the BOOT
button at pin 9, as on many ESP32-C3 boards. wifi.py has NAME and PASSWORD."""

import network
import wifi
from machine import PWM, Pin
from switchboard import Board, Button, Light

led = PWM(Pin(8), freq=1000)
light = Light("Light", brightness=60)
button = Button("Button", pin=Pin(9, Pin.IN, Pin.PULL_UP))
board = Board("Desk lamp", light, button)  # before Wi-Fi, see README.md


@light.changed
def show(light):
    led.duty_u16(light.brightness * 655 if light.on else 0)


@button.pressed
def toggle(event):
    light.on = not light.on


wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect(wifi.NAME, wifi.PASSWORD)
board.run()
