/*
 * A test that runs on Linux: the board cannot start while its port is in use,
 * and starts once it is free. Its callbacks run with the board locked, also
 * while it starts.
 */
#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "sb_esp.h"

static const char *const TAG = "test";

static const sb_component components[] = {SB_SWITCH(0, "Relay")};

static void expect(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "expected: %s\n", what);
        exit(1);
    }
}

/* Listens on a free port, which becomes the board's. */
static int occupy_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    char port[8];
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    expect(bind(listener, (struct sockaddr *)&address, size) == 0, "a port is free");
    expect(listen(listener, 1) == 0, "it can be listened on");
    expect(getsockname(listener, (struct sockaddr *)&address, &size) == 0, "it has a number");
    snprintf(port, sizeof port, "%u", (unsigned)ntohs(address.sin_port));
    setenv("PORT", port, 1);
    return listener;
}

/* Whether `output` starts a task that locks the board, and whether that task
 * has locked it. */
static bool contend;
static atomic_bool has_locked;

static void lock_board(void *argument) {
    (void)argument;
    (void)sb_esp_lock();
    atomic_store(&has_locked, true);
    sb_esp_unlock();
}

static void output(sb_board *board, unsigned component, const sb_state *shown, void *context) {
    (void)board;
    (void)component;
    (void)shown;
    (void)context;
    if (!contend) {
        return;
    }
    contend = false;
    expect(xTaskCreate(lock_board, "lock", 4096, NULL, 1, NULL) == pdPASS, "there is a task");
    vTaskDelay(pdMS_TO_TICKS(200));
    expect(!atomic_load(&has_locked), "the board is locked while a callback runs");
}

void app_main(void) {
    static const sb_config misnamed = {
        .id = "Not an id", .components = components, .component_count = 1};
    static const sb_config config = {
        .name = "Relay", .components = components, .component_count = 1, .output = output};
    int listener = occupy_port();
    expect(sb_esp_start(&misnamed) == ESP_ERR_INVALID_ARG, "the id is refused");
    expect(sb_esp_start(&config) == ESP_FAIL, "the port is in use");
    close(listener);
    contend = true;
    expect(sb_esp_start(&config) == ESP_OK, "the port is free");
    expect(sb_esp_start(&config) == ESP_ERR_INVALID_STATE, "the board runs already");
    expect(!contend, "`output` was called");
    while (!atomic_load(&has_locked)) {
        vTaskDelay(pdMS_TO_TICKS(10));
    }
    ESP_LOGI(TAG, "started again");
}
