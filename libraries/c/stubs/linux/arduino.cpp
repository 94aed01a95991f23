// Enough of the Arduino core on Linux to run sketches for tests, on top of idf.c.
#include <stdarg.h>

#include "ESPmDNS.h"
#include "WiFi.h"
#include "driver/gpio.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

HardwareSerial Serial;
WiFiClass WiFi;
MDNSResponder MDNS;

void pinMode(uint8_t pin, uint8_t mode) {
    gpio_config_t config = {};
    config.pin_bit_mask = UINT64_C(1) << pin;
    config.pull_up_en = mode == INPUT_PULLUP ? GPIO_PULLUP_ENABLE : GPIO_PULLUP_DISABLE;
    (void)gpio_config(&config);
}

void digitalWrite(uint8_t pin, uint8_t val) {
    (void)gpio_set_level(static_cast<gpio_num_t>(pin), val);
}

int digitalRead(uint8_t pin) {
    return gpio_get_level(static_cast<gpio_num_t>(pin));
}

void analogWrite(uint8_t pin, int value) {
    fprintf(stderr, "pwm %d=%d\n", pin, value);
}

float temperatureRead() {
    return 36.5F;
}

void delay(uint32_t ms) {
    vTaskDelay(pdMS_TO_TICKS(ms));
}

unsigned long millis() {
    return static_cast<unsigned long>(esp_timer_get_time() / 1000);
}

/* What is written before it begins is lost, as on a chip. */
static bool serial_begun;

void HardwareSerial::begin(unsigned long baud) {
    serial_begun = baud > 0;
}

size_t HardwareSerial::print(const char text[]) {
    return printf("%s", text);
}

size_t HardwareSerial::println(const char text[]) {
    return printf("%s\n", text);
}

size_t HardwareSerial::println(const IPAddress &address) {
    return println(address.text);
}

size_t HardwareSerial::printf(const char *format, ...) {
    if (!serial_begun) {
        return 0;
    }
    va_list arguments;
    va_start(arguments, format);
    int length = vfprintf(stderr, format, arguments);
    va_end(arguments);
    return static_cast<size_t>(length);
}

static bool joined;

wl_status_t WiFiClass::begin(const char *ssid, const char *passphrase) {
    joined = ssid != nullptr && passphrase != nullptr;
    return WL_DISCONNECTED;
}

wl_status_t WiFiClass::status() {
    static int asked;
    return joined && ++asked > 2 ? WL_CONNECTED : WL_DISCONNECTED;
}

bool WiFiClass::mode(wifi_mode_t m) {
    return m == WIFI_MODE_STA;
}

bool WiFiClass::setSleep(bool enabled) {
    return !enabled;
}

IPAddress WiFiClass::localIP() {
    return IPAddress();
}

bool MDNSResponder::begin(const char *hostName) {
    return mdns_init() == ESP_OK && mdns_hostname_set(hostName) == ESP_OK;
}

extern "C" void app_main(void) {
    setup();
    for (;;) {
        loop();
    }
}
