/*
 * A test that runs on Linux: the board cannot start while its port is in use,
 * and starts once it is free.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "esp_log.h"
#include "sb_esp.h"

static const char *const TAG = "test";

static const sb_component components[] = {SB_SWITCH(0, "Relay")};

static void expect(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
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

void app_main(void) {
    static const sb_config misnamed = {
        .id = "Not an id", .components = components, .component_count = 1};
    static const sb_config config = {
        .name = "Relay", .components = components, .component_count = 1};
    int listener = occupy_port();
    expect(sb_esp_start(&misnamed) == ESP_ERR_INVALID_ARG, "the id is not one");
    expect(sb_esp_start(&config) == ESP_FAIL, "the port is in use");
    close(listener);
    expect(sb_esp_start(&config) == ESP_OK, "the port is free");
    expect(sb_esp_start(&config) == ESP_ERR_INVALID_STATE, "the board runs already");
    ESP_LOGI(TAG, "started again");
}
