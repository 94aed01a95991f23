/*
 * The program on the chip: joins the network, and runs the board.
 */
#include "board.h"
#include "esp_err.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "hardware.h"
#include "sb_esp.h"

void app_main(void) {
    hardware_start();
    /* The network is that of menuconfig. */
    ESP_ERROR_CHECK(sb_wifi_start());
    ESP_ERROR_CHECK(sb_esp_start(&board_config));
    for (;;) {
        board_step(sb_esp_lock(), (uint64_t)esp_timer_get_time() / 1000);
        sb_esp_unlock();
        vTaskDelay(pdMS_TO_TICKS(BOARD_STEP_MS));
    }
}
