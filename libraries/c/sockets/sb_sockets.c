/* For ssize_t, fcntl and others with -std=c11; newlib would hide what lwIP
 * uses. */
#if !defined(_POSIX_C_SOURCE) && !defined(ESP_PLATFORM)
#define _POSIX_C_SOURCE 200809L
#endif

#include "sb_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sb_address.h"
#include "sb_wait.h"

/* lwIP defines AF_INET6 without IPv6, too. */
#ifdef LWIP_IPV6
#define HAS_IPV6 LWIP_IPV6
#else
#define HAS_IPV6 1
#endif

/* Without it Linux ends the program when a peer is gone. */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

/* Connections that wait to be accepted. */
#define BACKLOG 16

/* The pause after accepting has failed, most likely for lack of sockets. */
#define ACCEPT_PAUSE_MS 100

/* Reads from one connection per step: others have their turn, too. */
#define READS 8

static uint64_t now_of(const sb_sockets *sockets) {
    return sockets->config->now(sockets->config->context);
}

static bool set_non_blocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL, 0);
    return flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) >= 0;
}

static bool would_block(int error) {
#if EAGAIN != EWOULDBLOCK
    if (error == EWOULDBLOCK) {
        return true;
    }
#endif
    return error == EAGAIN || error == EINTR;
}

static void close_connection(sb_sockets *sockets, uint64_t now, int index) {
    if (sockets->sockets[index] >= 0) {
        close(sockets->sockets[index]);
        sockets->sockets[index] = -1;
    }
    sb_server_closed(&sockets->server, now, index);
}

/* Sends what can be sent, and ends what has ended. */
static void service(sb_sockets *sockets, uint64_t now, int index) {
    sb_server *server = &sockets->server;
    int descriptor = sockets->sockets[index];
    if (descriptor < 0) {
        return;
    }
    for (;;) {
        size_t length = 0;
        const uint8_t *bytes = sb_server_output(server, index, &length);
        if (length == 0) {
            break;
        }
        ssize_t sent = send(descriptor, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && !would_block(errno)) {
            close_connection(sockets, now, index);
            return;
        }
        if (sent <= 0) {
            break;
        }
        sb_server_sent(server, now, index, (size_t)sent);
    }
    if (sb_server_has_to_shut_down(server, index)) {
        shutdown(descriptor, SHUT_WR);
    }
    if (sb_server_has_to_close(server, index)) {
        close_connection(sockets, now, index);
    }
}

static void receive(sb_sockets *sockets, uint64_t now, int index) {
    for (int reads = 0; reads < READS && sockets->sockets[index] >= 0; reads++) {
        size_t size = 0;
        uint8_t *buffer = sb_server_buffer(&sockets->server, index, &size);
        if (size == 0) {
            return;
        }
        ssize_t length = recv(sockets->sockets[index], buffer, size, 0);
        if (length < 0 && would_block(errno)) {
            return;
        }
        sb_server_received(&sockets->server, now, index, length > 0 ? (size_t)length : 0);
        service(sockets, now, index);
        if (length < (ssize_t)size) {
            return;
        }
    }
}

static sb_address address_of(const struct sockaddr_storage *from) {
    sb_address address = {{0}, 0};
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)from;
        address = sb_address_v4((const uint8_t *)&v4->sin_addr, ntohs(v4->sin_port));
    }
#if HAS_IPV6
    if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)from;
        memcpy(address.ip, &v6->sin6_addr, sizeof address.ip);
        address.port = ntohs(v6->sin6_port);
    }
#endif
    return address;
}

/* False if the listener is broken. */
static bool accept_one(sb_sockets *sockets, uint64_t now, bool *again) {
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    int one = 1;
    memset(&from, 0, sizeof from);
    int descriptor = accept(sockets->listener, (struct sockaddr *)&from, &size);
    *again = descriptor >= 0;
    if (descriptor < 0) {
        if (errno == EBADF || errno == EINVAL || errno == ENOTSOCK) {
            return false;
        }
        if (!would_block(errno) && errno != ECONNABORTED) {
            sockets->accept_after = now + ACCEPT_PAUSE_MS;
        }
        return true;
    }
    sb_address address = address_of(&from);
    bool evicted = false;
    int index = set_non_blocking(descriptor)
                    ? sb_server_accept(&sockets->server, now, &address, &evicted)
                    : SB_NO_CONNECTION;
    if (index == SB_NO_CONNECTION) {
        close(descriptor);
        return true;
    }
    if (evicted) {
        close(sockets->sockets[index]);
    }
    /* A push has to leave at once. */
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    sockets->sockets[index] = descriptor;
    receive(sockets, now, index);
    service(sockets, now, index);
    return true;
}

static bool accept_all(sb_sockets *sockets, uint64_t now) {
    bool again = true;
    for (int i = 0; again && i < BACKLOG; i++) {
        if (!accept_one(sockets, now, &again)) {
            return false;
        }
    }
    return true;
}

static void service_all(sb_sockets *sockets, uint64_t now) {
    sb_server_tick(&sockets->server, now);
    for (int index = 0; index <= SB_CONNECTIONS; index++) {
        service(sockets, now, index);
    }
}

static void collect(sb_sockets *sockets, uint64_t now, sb_wait *wait) {
    if (now >= sockets->accept_after) {
        sb_wait_add(wait, sockets->listener, true, false);
    }
    for (int index = 0; index <= SB_CONNECTIONS; index++) {
        if (sockets->sockets[index] >= 0) {
            size_t size = 0, length = 0;
            sb_server_buffer(&sockets->server, index, &size);
            sb_server_output(&sockets->server, index, &length);
            sb_wait_add(wait, sockets->sockets[index], size > 0, length > 0);
        }
    }
    for (int i = 0; i < SB_WATCHES; i++) {
        if (sockets->watches[i].descriptor >= 0) {
            sb_wait_add(wait, sockets->watches[i].descriptor, true, false);
        }
    }
}

static uint32_t patience(const sb_sockets *sockets, uint64_t now, uint32_t timeout_ms) {
    uint64_t deadline = sb_server_deadline(&sockets->server);
    if (now < sockets->accept_after && sockets->accept_after < deadline) {
        deadline = sockets->accept_after;
    }
    if (deadline <= now) {
        return 0;
    }
    return deadline - now < timeout_ms ? (uint32_t)(deadline - now) : timeout_ms;
}

static void use(sb_sockets *sockets, uint64_t now, const sb_wait *wait) {
    for (int i = 0; i < SB_WATCHES; i++) {
        sb_watch *watch = &sockets->watches[i];
        if (watch->descriptor >= 0 && sb_wait_is_ready(wait, watch->descriptor)) {
            watch->ready(watch->context);
        }
    }
    for (int index = 0; index <= SB_CONNECTIONS; index++) {
        int descriptor = sockets->sockets[index];
        if (descriptor < 0 || !sb_wait_is_ready(wait, descriptor)) {
            continue;
        }
        size_t size = 0, length = 0;
        sb_server_buffer(&sockets->server, index, &size);
        sb_server_output(&sockets->server, index, &length);
        if (size == 0 && length == 0) {
            /* Neither was waited for: the connection is broken. */
            close_connection(sockets, now, index);
            continue;
        }
        receive(sockets, now, index);
        service(sockets, now, index);
    }
}

static void tell_of_wait(const sb_sockets *sockets, bool waiting) {
    if (sockets->config->on_wait != NULL) {
        sockets->config->on_wait(waiting, sockets->config->context);
    }
}

sb_sockets_status sb_sockets_step(sb_sockets *sockets, uint32_t timeout_ms) {
    sb_wait wait;
    uint64_t now = now_of(sockets);
    if (sockets->listener < 0) {
        return SB_SOCKETS_FAILED;
    }
    service_all(sockets, now);
    sb_wait_begin(&wait);
    collect(sockets, now, &wait);
    uint32_t longest_ms = patience(sockets, now, timeout_ms);
    tell_of_wait(sockets, true);
    bool any = sb_wait_for(&wait, longest_ms);
    tell_of_wait(sockets, false);
    now = now_of(sockets);
    if (any) {
        if (sb_wait_is_ready(&wait, sockets->listener) && !accept_all(sockets, now)) {
            return SB_SOCKETS_FAILED;
        }
        use(sockets, now, &wait);
    }
    service_all(sockets, now);
    return sb_server_reboot_due(&sockets->server, now) ? SB_SOCKETS_REBOOT : SB_SOCKETS_RUNNING;
}

/* Returns the size of the address, or 0. */
static socklen_t parse_address(const char *text, uint16_t port, struct sockaddr_storage *address) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)address;
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text == NULL ? "0.0.0.0" : text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        return sizeof *v4;
    }
#if HAS_IPV6
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)address;
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        return sizeof *v6;
    }
#endif
    return 0;
}

static int listen_on(const char *text, uint16_t port, int *listener) {
    struct sockaddr_storage address;
    int one = 1;
    socklen_t size = parse_address(text, port, &address);
    if (size == 0) {
        return EINVAL;
    }
    *listener = socket(address.ss_family, SOCK_STREAM, 0);
    if (*listener < 0) {
        return errno;
    }
    /* A board that restarts listens on the same port at once. */
    setsockopt(*listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(*listener, (struct sockaddr *)&address, size) < 0 || listen(*listener, BACKLOG) < 0 ||
        !set_non_blocking(*listener)) {
        int error = errno;
        close(*listener);
        *listener = -1;
        return error;
    }
    return 0;
}

int sb_sockets_open_sized(sb_sockets *sockets, size_t size, sb_board *board,
                          const sb_sockets_config *config) {
    if (size != sizeof *sockets) {
        return EINVAL;
    }
    const sb_config *of_board = sb_configuration(board);
    uint64_t secret = of_board->random(of_board->context);
    secret = secret << 32 | of_board->random(of_board->context);
    sockets->config = config;
    sockets->listener = -1;
    sockets->accept_after = 0;
    for (int index = 0; index <= SB_CONNECTIONS; index++) {
        sockets->sockets[index] = -1;
    }
    for (int i = 0; i < SB_WATCHES; i++) {
        sockets->watches[i].descriptor = -1;
    }
    if (!sb_server_init(&sockets->server, board, &config->server, secret)) {
        return EINVAL;
    }
    return listen_on(config->address, config->port, &sockets->listener);
}

uint16_t sb_sockets_port(const sb_sockets *sockets) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    if (getsockname(sockets->listener, (struct sockaddr *)&address, &size) < 0) {
        return 0;
    }
    return address_of(&address).port;
}

bool sb_sockets_watch(sb_sockets *sockets, int descriptor, void (*ready)(void *context),
                      void *context) {
    for (int i = 0; i < SB_WATCHES; i++) {
        if (sockets->watches[i].descriptor < 0) {
            sockets->watches[i] = (sb_watch){descriptor, ready, context};
            return true;
        }
    }
    return false;
}

void sb_sockets_unwatch(sb_sockets *sockets, int descriptor) {
    for (int i = 0; i < SB_WATCHES; i++) {
        if (sockets->watches[i].descriptor == descriptor) {
            sockets->watches[i].descriptor = -1;
        }
    }
}

void sb_sockets_close(sb_sockets *sockets) {
    uint64_t now = now_of(sockets);
    for (int index = 0; index <= SB_CONNECTIONS; index++) {
        close_connection(sockets, now, index);
    }
    if (sockets->listener >= 0) {
        close(sockets->listener);
        sockets->listener = -1;
    }
    for (int i = 0; i < SB_WATCHES; i++) {
        sockets->watches[i].descriptor = -1;
    }
}
