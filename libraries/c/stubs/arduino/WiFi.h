/* Arduino core for the ESP32, 3.x: libraries/WiFi/src/WiFi.h, WiFiSTA.h,
 * WiFiGeneric.h */
#pragma once

#include "Arduino.h"
#include "esp_wifi.h"

typedef enum {
    WL_IDLE_STATUS = 0,
    WL_CONNECTED = 3,
    WL_DISCONNECTED = 6,
} wl_status_t;

#define WIFI_STA WIFI_MODE_STA

class WiFiClass {
  public:
    wl_status_t begin(const char *ssid, const char *passphrase);
    wl_status_t status();
    bool mode(wifi_mode_t m);
    bool setSleep(bool enabled);
    IPAddress localIP();
};

extern WiFiClass WiFi;
