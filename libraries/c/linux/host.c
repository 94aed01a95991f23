/* Everything runs in one thread. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "host.h"
#include "mdns_sockets.h"
#include "options.h"
#include "sb_sockets.h"

/* How often interfaces are looked for that were added later. */
#define LINKS_MS 5000

/* The version that the board reports. */
#define VERSION "0.1.0"

static sb_board board;
static sb_config config;
static sb_sockets sockets;
static sb_sockets_config sockets_config;
static mdns_responder responder;
static host_options given;
static const host_program *host;

static struct {
    uint64_t boot_ms;  /* on the monotonic clock */
    int mdns;          /* the responder's socket, or -1 */
    uint64_t links_at; /* when interfaces are looked for next */
    uint64_t stepped_at;
    bool quit;
    bool name_changed; /* since it was announced last */
    size_t line_length;
    bool line_too_long;
    char line[COMMAND_LINE];
    /* One byte more than is valid: what is too long is refused, not cut. */
    char id[65];
    char name[SB_NAME_BYTES + 2];
    char mac[18];
} program;

static volatile sig_atomic_t interrupted;

static void interrupt(int signal) {
    (void)signal;
    interrupted = 1;
}

static uint64_t monotonic_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static uint64_t now_ms(void *context) {
    (void)context;
    return monotonic_ms() - program.boot_ms;
}

static uint32_t random_bits(void *context) {
    uint32_t bits = 0;
    (void)context;
    int file = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, &bits, sizeof bits);
    if (file >= 0) {
        close(file);
    }
    if (length != (ssize_t)sizeof bits) {
        bits = (uint32_t)monotonic_ms() * 2654435761u ^ (uint32_t)getpid();
    }
    return bits;
}

/* An id and a hardware address: from the options, or random. */
static void identify(void) {
    uint32_t bits = random_bits(NULL);
    unsigned a = bits & 255, b = bits >> 8 & 255, c = bits >> 16 & 255;
    const char *id = given.id != NULL ? given.id : host->id;
    const char *name = given.name != NULL ? given.name : host->config->name;
    if (id != NULL) {
        /* The same id has the same address. */
        a = b = c = 0;
        for (const char *at = id; *at != '\0'; at++) {
            c = (c * 31 + (unsigned char)*at) & 255;
            b = (b * 37 + c) & 255;
            a = (a * 41 + b) & 255;
        }
        snprintf(program.id, sizeof program.id, "%s", id);
    } else {
        snprintf(program.id, sizeof program.id, "sb-%02x%02x%02x", a, b, c);
    }
    snprintf(program.mac, sizeof program.mac, "02:53:42:%02x:%02x:%02x", a, b, c);
    snprintf(program.name, sizeof program.name, "%s", name != NULL ? name : program.id);
}

static void renamed(sb_board *renamed_board, const char *name, void *context) {
    snprintf(program.name, sizeof program.name, "%s", name);
    program.name_changed = true;
    if (host->config->renamed != NULL) {
        host->config->renamed(renamed_board, name, context);
    }
}

static void configure(const char *reset_reason) {
    config = *host->config;
    config.id = program.id;
    config.name = program.name;
    config.mac = config.mac != NULL ? config.mac : program.mac;
    config.version = config.version != NULL ? config.version : VERSION;
    config.platform = config.platform != NULL ? config.platform : "linux";
    config.product = config.product != NULL ? config.product : "computer";
    config.reset_reason = reset_reason;
    config.random = config.random != NULL ? config.random : random_bits;
    config.renamed = renamed;
    config.connection_bytes = sizeof(sb_conn);
    config.controllers = given.controllers;
    sockets_config = (sb_sockets_config){
        .server = {.origins = given.origins,
                   .origin_count = given.origin_count,
                   .connections = given.controllers + 4,
                   .page = host->page,
                   .page_length = host->page_length,
                   .page_policy = host->page_policy},
        .address = given.bind,
        .port = given.port,
        .now = now_ms,
    };
}

static void send_packet(void *context, const mdns_link *link, const uint8_t *packet,
                        size_t length, const uint8_t to_ip[4], uint16_t to_port) {
    (void)context;
    mdns_write(program.mdns, link, packet, length, to_ip, to_port);
}

static void packets_arrived(void *context) {
    (void)context;
    /* A bounded number at once: others have their turn, too. */
    for (int i = 0; i < 64 && mdns_read(&responder, now_ms(NULL), program.mdns); i++) {
    }
}

static bool announce(void) {
    uint64_t now = now_ms(NULL);
    if (!given.mdns) {
        return true;
    }
    program.mdns = mdns_open();
    if (program.mdns < 0) {
        fprintf(stderr, "%s: cannot announce by mDNS: %s\n", given.program, strerror(errno));
        return false;
    }
    responder.random = random_bits;
    responder.send = send_packet;
    if (!mdns_start(&responder, now, &board, given.service, sb_sockets_port(&sockets))) {
        fprintf(stderr, "%s: --service: expected a short type such as _switchboard._tcp.local.\n",
                given.program);
        return false;
    }
    if (mdns_update_links(&responder, now, program.mdns, given.bind) == 0) {
        fprintf(stderr, "%s: no interface to announce on yet; it announces over IPv4 only\n",
                given.program);
    }
    program.links_at = now + LINKS_MS;
    return true;
}

static void run_line(void) {
    char problem[256];
    program.line[program.line_length] = '\0';
    switch (command_run(&board, program.line, problem)) {
    case COMMAND_QUIT:
        program.quit = true;
        break;
    case COMMAND_FAILED:
        fprintf(stderr, "%s: %s\n", given.program, problem);
        break;
    case COMMAND_DONE:
        break;
    }
}

static void take_input(const char *bytes, size_t length) {
    for (size_t i = 0; i < length && !program.quit; i++) {
        if (bytes[i] == '\n') {
            if (program.line_too_long) {
                fprintf(stderr, "%s: a line has at most %d bytes\n", given.program,
                        COMMAND_LINE - 1);
            } else {
                run_line();
            }
            program.line_length = 0;
            program.line_too_long = false;
        } else if (program.line_length < COMMAND_LINE - 1) {
            program.line[program.line_length++] = bytes[i];
        } else {
            program.line_too_long = true;
        }
    }
}

static void input_arrived(void *context) {
    char bytes[512];
    (void)context;
    ssize_t length = read(STDIN_FILENO, bytes, sizeof bytes);
    if (length < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    if (length <= 0) {
        /* The last line may have no end. */
        take_input("\n", 1);
        program.quit = true;
        return;
    }
    sb_tick(&board, now_ms(NULL));
    take_input(bytes, (size_t)length);
}

/* Boots the board; false after a message. */
static bool boot(const char *reset_reason) {
    program.boot_ms = monotonic_ms();
    configure(reset_reason);
    if (host->boot != NULL) {
        host->boot();
    }
    if (sb_init(&board, &config, 0) != SB_OK) {
        fprintf(stderr, "%s: %s\n", given.program, sb_problem(&board));
        return false;
    }
    int error = sb_sockets_open(&sockets, &board, &sockets_config);
    if (error != 0) {
        fprintf(stderr, "%s: cannot listen on %s:%u: %s\n", given.program, given.bind,
                given.port, strerror(error));
        return false;
    }
    /* A restart listens on the same port. */
    given.port = sb_sockets_port(&sockets);
    sb_sockets_watch(&sockets, STDIN_FILENO, input_arrived, NULL);
    if (program.mdns >= 0) {
        sb_sockets_watch(&sockets, program.mdns, packets_arrived, NULL);
    }
    return true;
}

/* Prints a text as a JSON string. */
static void print_string(const char *text) {
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            putchar('\\');
        }
        putchar(*text);
    }
    putchar('"');
}

static void print_address(void) {
    const char *form = strchr(given.bind, ':') == NULL ? "%s:%u" : "[%s]:%u";
    fputs("{\"id\":", stdout);
    print_string(program.id);
    fputs(",\"name\":", stdout);
    print_string(program.name);
    fputs(",\"address\":\"", stdout);
    printf(form, given.bind, given.port);
    fputs("\"}\n", stdout);
    fflush(stdout);
}

static uint32_t patience(uint64_t now) {
    uint64_t deadline = host->deadline == NULL ? SB_NEVER : host->deadline(&board);
    if (host->step_ms != 0 && program.stepped_at + host->step_ms < deadline) {
        deadline = program.stepped_at + host->step_ms;
    }
    if (program.mdns >= 0) {
        uint64_t of_mdns = mdns_deadline(&responder);
        deadline = of_mdns < deadline ? of_mdns : deadline;
        deadline = program.links_at < deadline ? program.links_at : deadline;
    }
    return deadline <= now ? 0 : deadline - now < 60000 ? (uint32_t)(deadline - now) : 60000;
}

static void tick(uint64_t now) {
    sb_tick(&board, now);
    if (host->step != NULL) {
        program.stepped_at = now;
        host->step(&board, now);
    }
    if (program.name_changed) {
        program.name_changed = false;
        if (program.mdns >= 0) {
            mdns_renamed(&responder, now);
        }
    }
    if (program.mdns >= 0) {
        if (now >= program.links_at) {
            program.links_at = now + LINKS_MS;
            mdns_update_links(&responder, now, program.mdns, given.bind);
        }
        mdns_tick(&responder, now);
    }
}

/* Restarts within the process, with a new epoch. */
static bool reboot(void) {
    sb_sockets_close(&sockets);
    if (!boot("software")) {
        return false;
    }
    /* The responder goes on, on the new clock. */
    if (program.mdns >= 0) {
        mdns_restart_clock(&responder);
        program.links_at = LINKS_MS;
    }
    return true;
}

int host_run(int count, char **arguments, const host_program *run) {
    host = run;
    int status = options_read(&given, count, arguments);
    if (status >= 0) {
        return status;
    }
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = interrupt;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    program.mdns = -1;
    identify();
    if (!boot("power_on") || !announce()) {
        return 1;
    }
    if (program.mdns >= 0) {
        sb_sockets_watch(&sockets, program.mdns, packets_arrived, NULL);
    }
    print_address();
    while (!program.quit && !interrupted) {
        uint64_t now = now_ms(NULL);
        tick(now);
        sb_sockets_status step = sb_sockets_step(&sockets, patience(now));
        if (step == SB_SOCKETS_FAILED || (step == SB_SOCKETS_REBOOT && !reboot())) {
            return 1;
        }
    }
    if (program.mdns >= 0) {
        mdns_goodbye(&responder);
    }
    sb_sockets_close(&sockets);
    return 0;
}
