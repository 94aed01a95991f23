// Your network, and how the board is wired.
#pragma once

const char *const WIFI_SSID = "network";
const char *const WIFI_PASSWORD = "password";

// Pins; -1 is not connected.
{{each pin}}
