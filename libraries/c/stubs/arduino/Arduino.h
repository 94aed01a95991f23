/* Arduino core for the ESP32, 3.x: cores/esp32/Arduino.h, Print.h,
 * IPAddress.h */
#pragma once

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define HIGH 0x1
#define LOW 0x0
#define INPUT 0x01
#define OUTPUT 0x03
#define INPUT_PULLUP 0x05

#define ARDUINO_BOARD "ESP32C3_DEV"
#define ESP_ARDUINO_VERSION_MAJOR 3

extern "C" {
void pinMode(uint8_t pin, uint8_t mode);
void digitalWrite(uint8_t pin, uint8_t val);
int digitalRead(uint8_t pin);
void delay(uint32_t ms);
unsigned long millis();
}

void analogWrite(uint8_t pin, int value);
float temperatureRead();

class IPAddress {
  public:
    const char *text = "127.0.0.1";
};

class HardwareSerial {
  public:
    void begin(unsigned long baud);
    size_t print(const char text[]);
    size_t println(const char text[]);
    size_t println(const IPAddress &address);
    size_t printf(const char *format, ...) __attribute__((format(printf, 2, 3)));
};

extern HardwareSerial Serial;

void setup();
void loop();
