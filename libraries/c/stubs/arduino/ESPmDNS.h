/* Arduino core for the ESP32, 3.x: libraries/ESPmDNS/src/ESPmDNS.h */
#pragma once

#include "Arduino.h"
#include "mdns.h"

class MDNSResponder {
  public:
    bool begin(const char *hostName);
};

extern MDNSResponder MDNS;
