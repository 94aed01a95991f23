#include "SwitchboardWiFi.h"

#include <ESPmDNS.h>
#include <esp_system.h>
#include <sdkconfig.h>

#include <new>

#include "sb_esp_chip.h"
#include "sb_sockets.h"

/* The core has no option for it; a define for the whole program changes it. */
#ifndef SWITCHBOARD_PORT
#define SWITCHBOARD_PORT 80
#endif

static sb_board the_board;
/* On the heap: the core leaves 124,580 bytes for the variables of a program on a
 * classic ESP32, and part of its heap cannot be used for them. */
static sb_sockets *sockets;
static sb_sockets_config server_config;

/* Whether the board is being served, and a callback may be running: the board
 * is not told the time then. */
static bool serving;

SwitchboardWiFi::SwitchboardWiFi(const char *name, const sb_component *components, unsigned count) {
    config_.name = name;
    config_.version = "0.1.0";
    config_.product = ARDUINO_BOARD;
    config_.components = components;
    config_.component_count = count;
    config_.connection_bytes = sizeof(sb_conn);
    config_.context = this;
    config_.command = command;
    config_.output = output;
    config_.pressed = pressed;
    config_.renamed = renamed;
}

static uint64_t now_of(void *context) {
    (void)context;
    return sb_esp_now();
}

/* Opens the server; writes why, if that fails. */
static bool open_server() {
    int error = sb_sockets_open(sockets, &the_board, &server_config);
    if (error != 0) {
        Serial.printf("Switchboard: port %d: %s\n", SWITCHBOARD_PORT, strerror(error));
    }
    return error == 0;
}

void SwitchboardWiFi::start() {
    state_ = State::Failed;
    sb_esp_describe(&config_);
    if (sb_init(&the_board, &config_, sb_esp_now()) != SB_OK) {
        Serial.printf("Switchboard: %s\n", sb_problem(&the_board));
        return;
    }
    sockets = new (std::nothrow) sb_sockets();
    if (sockets == nullptr) {
        Serial.println("Switchboard: no memory for the server");
        return;
    }
    server_config.port = SWITCHBOARD_PORT;
    server_config.now = now_of;
    if (!open_server()) {
        return;
    }
    if (!MDNS.begin(config_.id) || !sb_esp_announce(&the_board, sb_sockets_port(sockets))) {
        Serial.println("Switchboard: mDNS cannot announce the board");
    }
    Serial.printf("Switchboard: %s (%s) on port %u\n", sb_name(&the_board), config_.id,
                  sb_sockets_port(sockets));
    state_ = State::Started;
}

void SwitchboardWiFi::loop(uint32_t wait_ms) {
    if (state_ == State::Waiting && WiFi.status() == WL_CONNECTED) {
        /* With it, commands wait for the next beacon, and multicast gets
         * lost. */
        WiFi.setSleep(false);
        start();
    }
    if (state_ != State::Started) {
        delay(wait_ms > 0 ? wait_ms : 1);
        return;
    }
    uint64_t end = sb_esp_now() + wait_ms;
    uint64_t left = wait_ms;
    do {
        serving = true;
        sb_sockets_status status = sb_sockets_step(sockets, static_cast<uint32_t>(left));
        serving = false;
        switch (status) {
        case SB_SOCKETS_RUNNING:
            break;
        case SB_SOCKETS_REBOOT:
            sb_esp_withdraw();
            sb_sockets_close(sockets);
            /* lwIP still has to send what was written last. */
            delay(100);
            esp_restart();
        case SB_SOCKETS_FAILED:
            sb_sockets_close(sockets);
            delay(100);
            (void)open_server();
            break;
        }
        uint64_t now = sb_esp_now();
        left = now < end ? end - now : 0;
    } while (left > 0);
}

sb_board *SwitchboardWiFi::board() {
    if (started() && !serving) {
        /* What is due is left to `loop`, after all changes of this pass. */
        sb_set_time(&the_board, sb_esp_now());
    }
    return &the_board;
}

bool SwitchboardWiFi::set(unsigned component, bool on) {
    return started() && sb_set_on(board(), component, on) == SB_OK;
}

bool SwitchboardWiFi::set(unsigned component, double value) {
    return started() && sb_set_value(board(), component, value) == SB_OK;
}

bool SwitchboardWiFi::set(unsigned component, const char *text) {
    return started() && sb_set_text(board(), component, text) == SB_OK;
}

bool SwitchboardWiFi::press(unsigned component, const char *event) {
    return started() && sb_press(board(), component, event) == SB_OK;
}

bool SwitchboardWiFi::event(unsigned component, const char *event) {
    return started() && sb_event(board(), component, event) == SB_OK;
}

void SwitchboardWiFi::log(const char *message) {
    if (started()) {
        sb_log(board(), SB_INFO, message);
    }
}

bool SwitchboardWiFi::refuse(const char *reason, const char *message) {
    return sb_refuse(&the_board, reason, message);
}

bool SwitchboardWiFi::command(sb_board *board, const sb_command *command, void *context) {
    (void)board;
    auto *self = static_cast<SwitchboardWiFi *>(context);
    return self->command_ == nullptr || self->command_(*command);
}

void SwitchboardWiFi::output(sb_board *board, unsigned component, const sb_state *shown,
                             void *context) {
    (void)board;
    auto *self = static_cast<SwitchboardWiFi *>(context);
    if (self->output_ != nullptr) {
        self->output_(component, *shown);
    }
}

void SwitchboardWiFi::pressed(sb_board *board, unsigned component, const char *event,
                              void *context) {
    (void)board;
    auto *self = static_cast<SwitchboardWiFi *>(context);
    if (self->pressed_ != nullptr) {
        self->pressed_(component, event);
    }
}

void SwitchboardWiFi::renamed(sb_board *board, const char *name, void *context) {
    (void)context;
    if (!sb_esp_store_name(name)) {
        sb_log(board, SB_ERROR, "the name could not be stored");
    }
    (void)sb_esp_announce(board, sb_sockets_port(sockets));
}
