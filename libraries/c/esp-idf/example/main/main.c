/*
 * A lamp with a button and a thermometer.
 */
#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "hardware.h"
#include "sb_esp.h"

static const char *const TAG = "lamp";

/* The order of the table. */
enum { LAMP, BUTTON, TEMPERATURE };

static const sb_component components[] = {
    [LAMP] = SB_DIMMABLE_LIGHT(0, "Lamp"),
    [BUTTON] = SB_BUTTON(0, "Button", "light:0"), /* a press toggles the lamp */
    [TEMPERATURE] = SB_SENSOR(0, "Temperature", "temperature", "°C", 1),
};

static void show(sb_board *board, unsigned component, const sb_state *shown, void *context) {
    (void)board;
    (void)context;
    if (component == LAMP) {
        hardware_light(shown->on, shown->brightness);
    }
}

/* How often the button is looked at, which also debounces it. */
#define INTERVAL_MS 20
/* A press held this long is a long press. */
#define LONG_PRESS_MS 1000
#define MEASURE_MS 5000

/* Reports a press when the button is released. */
static void watch_button(void) {
    static unsigned held_ms;
    if (hardware_button()) {
        held_ms += INTERVAL_MS;
        return;
    }
    if (held_ms > 0) {
        const char *event = held_ms >= LONG_PRESS_MS ? "long_press" : "press";
        ESP_LOGI(TAG, "the button was held for %u ms", held_ms);
        sb_press(sb_esp_lock(), BUTTON, event);
        sb_esp_unlock();
    }
    held_ms = 0;
}

static void measure(void) {
    float celsius = hardware_temperature();
    sb_set_value(sb_esp_lock(), TEMPERATURE, celsius);
    sb_esp_unlock();
}

void app_main(void) {
    static const sb_config config = {
        .name = "Desk lamp",
        .product = "lamp",
        .components = components,
        .component_count = sizeof components / sizeof components[0],
        .output = show,
    };
    hardware_start();
    ESP_ERROR_CHECK(sb_wifi_start());
    ESP_ERROR_CHECK(sb_esp_start(&config));

    for (unsigned steps = 0;; steps = (steps + 1) % (MEASURE_MS / INTERVAL_MS)) {
        watch_button();
        if (steps == 0) {
            measure();
        }
        vTaskDelay(pdMS_TO_TICKS(INTERVAL_MS));
    }
}
