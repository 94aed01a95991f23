/*
 * The hardware on the chip. A pin of -1 is not connected.
 */
#include "hardware.h"

#include <math.h>

#include "driver/gpio.h"
#include "driver/ledc.h"
#include "esp_err.h"

{{each pin}}

/* A pin that is driven high or low. */
__attribute__((unused)) static void start_output(int pin) {
    if (pin >= 0) {
        const gpio_config_t config = {
            .pin_bit_mask = UINT64_C(1) << pin,
            .mode = GPIO_MODE_OUTPUT,
        };
        ESP_ERROR_CHECK(gpio_config(&config));
    }
}

/* A pin that a button or contact connects to ground. */
__attribute__((unused)) static void start_input(int pin) {
    if (pin >= 0) {
        const gpio_config_t config = {
            .pin_bit_mask = UINT64_C(1) << pin,
            .mode = GPIO_MODE_INPUT,
            .pull_up_en = GPIO_PULLUP_ENABLE,
        };
        ESP_ERROR_CHECK(gpio_config(&config));
    }
}

__attribute__((unused)) static bool is_closed(int pin) {
    return pin >= 0 && gpio_get_level(pin) == 0;
}

/* A pin with pulses of 1 kHz, for the brightness of an LED. */
__attribute__((unused)) static void start_pulses(int pin, ledc_channel_t channel) {
    if (pin >= 0) {
        const ledc_timer_config_t timer = {
            .speed_mode = LEDC_LOW_SPEED_MODE,
            .duty_resolution = LEDC_TIMER_10_BIT,
            .timer_num = LEDC_TIMER_0,
            .freq_hz = 1000,
            .clk_cfg = LEDC_AUTO_CLK,
        };
        const ledc_channel_config_t output = {
            .gpio_num = pin,
            .speed_mode = LEDC_LOW_SPEED_MODE,
            .channel = channel,
            .timer_sel = LEDC_TIMER_0,
        };
        ESP_ERROR_CHECK(ledc_timer_config(&timer));
        ESP_ERROR_CHECK(ledc_channel_config(&output));
    }
}

/* Sets the duty cycle in percent. */
__attribute__((unused)) static void set_pulses(int pin, ledc_channel_t channel, uint32_t percent) {
    if (pin >= 0) {
        (void)ledc_set_duty(LEDC_LOW_SPEED_MODE, channel, 1023 * percent / 100);
        (void)ledc_update_duty(LEDC_LOW_SPEED_MODE, channel);
    }
}

void hardware_start(void) {
    {{each start}}
}
{{each chip}}
