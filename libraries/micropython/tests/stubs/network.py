"""A stand-in for the chip's module: Wi-Fi that is connected."""

STA_IF, AP_IF = 0, 1


class WLAN:
    def __init__(self, interface):
        pass

    def active(self, on=True):
        return True

    def connect(self, name, password):
        assert name and password

    def ifconfig(self):
        return "127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1"
