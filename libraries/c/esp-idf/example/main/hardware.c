#include "hardware.h"

#include <math.h>

#include "driver/gpio.h"
#include "driver/ledc.h"
#include "esp_err.h"
#include "soc/soc_caps.h"
#if SOC_TEMP_SENSOR_SUPPORTED
#include "driver/temperature_sensor.h"
#endif

/* Change these to how your board is wired. The button BOOT of most boards is on
 * GPIO 9 (ESP32-C3, -C6) or GPIO 0 (ESP32, -S3); it connects to ground. */
#define LED_PIN 8
#define BUTTON_PIN 9

#define DUTY_MAX 1023u /* of ten bits */

#if SOC_TEMP_SENSOR_SUPPORTED
static temperature_sensor_handle_t thermometer;
#endif

void hardware_start(void) {
    const ledc_timer_config_t timer = {
        .speed_mode = LEDC_LOW_SPEED_MODE,
        .duty_resolution = LEDC_TIMER_10_BIT,
        .timer_num = LEDC_TIMER_0,
        .freq_hz = 1000,
        .clk_cfg = LEDC_AUTO_CLK,
    };
    const ledc_channel_config_t channel = {
        .gpio_num = LED_PIN,
        .speed_mode = LEDC_LOW_SPEED_MODE,
        .channel = LEDC_CHANNEL_0,
        .timer_sel = LEDC_TIMER_0,
    };
    const gpio_config_t button = {
        .pin_bit_mask = UINT64_C(1) << BUTTON_PIN,
        .mode = GPIO_MODE_INPUT,
        .pull_up_en = GPIO_PULLUP_ENABLE,
        .pull_down_en = GPIO_PULLDOWN_DISABLE,
        .intr_type = GPIO_INTR_DISABLE,
    };
    ESP_ERROR_CHECK(ledc_timer_config(&timer));
    ESP_ERROR_CHECK(ledc_channel_config(&channel));
    ESP_ERROR_CHECK(gpio_config(&button));
#if SOC_TEMP_SENSOR_SUPPORTED
    const temperature_sensor_config_t range = TEMPERATURE_SENSOR_CONFIG_DEFAULT(-10, 80);
    ESP_ERROR_CHECK(temperature_sensor_install(&range, &thermometer));
    ESP_ERROR_CHECK(temperature_sensor_enable(thermometer));
#endif
}

void hardware_light(bool on, uint8_t brightness) {
    uint32_t duty = on ? DUTY_MAX * brightness / 100 : 0;
    (void)ledc_set_duty(LEDC_LOW_SPEED_MODE, LEDC_CHANNEL_0, duty);
    (void)ledc_update_duty(LEDC_LOW_SPEED_MODE, LEDC_CHANNEL_0);
}

bool hardware_button(void) {
    return gpio_get_level(BUTTON_PIN) == 0;
}

float hardware_temperature(void) {
    float celsius = NAN;
#if SOC_TEMP_SENSOR_SUPPORTED
    if (temperature_sensor_get_celsius(thermometer, &celsius) != ESP_OK) {
        celsius = NAN;
    }
#endif
    return celsius;
}
