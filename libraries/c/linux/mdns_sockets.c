/* For ip_mreqn, in_pktinfo and getifaddrs. */
#define _GNU_SOURCE

#include "mdns_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 5353

/* 224.0.0.251 */
static const uint8_t group[4] = {224, 0, 0, 251};

static struct sockaddr_in address_of(const uint8_t ip[4], uint16_t port) {
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    memcpy(&address.sin_addr, ip, 4);
    return address;
}

static bool set(int descriptor, int level, int option, int value) {
    return setsockopt(descriptor, level, option, &value, sizeof value) == 0;
}

int mdns_open(void) {
    static const uint8_t any[4] = {0, 0, 0, 0};
    struct sockaddr_in address = address_of(any, PORT);
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return -1;
    }
    /* RFC 6762, section 11: packets are sent with a TTL of 255. */
    bool good = set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) &&
                set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) &&
                set(descriptor, IPPROTO_IP, IP_PKTINFO, 1) &&
                set(descriptor, IPPROTO_IP, IP_MULTICAST_TTL, 255) &&
                set(descriptor, IPPROTO_IP, IP_MULTICAST_LOOP, 1) &&
                /* Only groups that this socket has joined. */
                set(descriptor, IPPROTO_IP, IP_MULTICAST_ALL, 0) &&
                bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0;
    if (!good) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    return descriptor;
}

static bool has_link(const mdns_responder *mdns, unsigned interface) {
    for (unsigned i = 0; i < mdns->link_count; i++) {
        if (mdns->links[i].interface == interface) {
            return true;
        }
    }
    return false;
}

static bool set_member(int descriptor, unsigned interface, int option) {
    struct ip_mreqn member;
    memset(&member, 0, sizeof member);
    memcpy(&member.imr_multiaddr, group, 4);
    member.imr_ifindex = (int)interface;
    return setsockopt(descriptor, IPPROTO_IP, option, &member, sizeof member) == 0;
}

/* An IPv4 address of an interface that is up and has multicast; NULL if it is
 * another. */
static const uint8_t *address_of_interface(const struct ifaddrs *one) {
    bool up = (one->ifa_flags & IFF_UP) != 0;
    bool multicast = (one->ifa_flags & (IFF_MULTICAST | IFF_LOOPBACK)) != 0;
    if (one->ifa_addr == NULL || one->ifa_addr->sa_family != AF_INET || !up || !multicast) {
        return NULL;
    }
    return (const uint8_t *)&((const struct sockaddr_in *)(const void *)one->ifa_addr)->sin_addr;
}

static bool is_present(const struct ifaddrs *all, const mdns_link *link) {
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        const uint8_t *ip = address_of_interface(one);
        if (ip != NULL && memcmp(ip, link->ip, 4) == 0 &&
            if_nametoindex(one->ifa_name) == link->interface) {
            return true;
        }
    }
    return false;
}

/* Removes interfaces that are gone, are down or have another address. */
static void remove_absent(mdns_responder *mdns, int descriptor, const struct ifaddrs *all) {
    for (unsigned i = mdns->link_count; i > 0; i--) {
        if (!is_present(all, &mdns->links[i - 1])) {
            /* Fails if the interface is gone, and its membership with it. */
            (void)set_member(descriptor, mdns->links[i - 1].interface, IP_DROP_MEMBERSHIP);
            mdns_remove_link(mdns, i - 1);
        }
    }
}

static void add_link(mdns_responder *mdns, uint64_t now, int descriptor, unsigned interface,
                     const uint8_t ip[4]) {
    if (set_member(descriptor, interface, IP_ADD_MEMBERSHIP) || errno == EADDRINUSE) {
        mdns_add_link(mdns, now, interface, ip);
    }
}

unsigned mdns_update_links(mdns_responder *mdns, uint64_t now, int descriptor,
                           const char *address) {
    struct ifaddrs *all = NULL;
    struct in_addr bound;
    bool every = strcmp(address, "::") == 0;
    if (!every && inet_pton(AF_INET, address, &bound) != 1) {
        return mdns->link_count;
    }
    every = every || bound.s_addr == htonl(INADDR_ANY);
    if (getifaddrs(&all) != 0) {
        return mdns->link_count;
    }
    remove_absent(mdns, descriptor, all);
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        const uint8_t *ip = address_of_interface(one);
        unsigned interface = if_nametoindex(one->ifa_name);
        if (ip != NULL && (every || memcmp(ip, &bound, 4) == 0) && interface != 0 &&
            !has_link(mdns, interface)) {
            add_link(mdns, now, descriptor, interface, ip);
        }
    }
    freeifaddrs(all);
    return mdns->link_count;
}

/* The interface on which a packet to the group arrived, or 0. */
static unsigned interface_of(struct msghdr *message) {
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL; at = CMSG_NXTHDR(message, at)) {
        if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(at), sizeof info);
            return memcmp(&info.ipi_addr, group, 4) == 0 ? (unsigned)info.ipi_ifindex : 0;
        }
    }
    return 0;
}

bool mdns_read(mdns_responder *mdns, uint64_t now, int descriptor) {
    static uint8_t packet[9000];
    struct sockaddr_in from;
    union {
        char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
        struct cmsghdr aligned;
    } control;
    struct iovec part = {packet, sizeof packet};
    struct msghdr message;
    memset(&message, 0, sizeof message);
    memset(&from, 0, sizeof from);
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    ssize_t length = recvmsg(descriptor, &message, 0);
    if (length < 0) {
        return false;
    }
    mdns_received(mdns, now, interface_of(&message), packet, (size_t)length,
                  (const uint8_t *)&from.sin_addr, ntohs(from.sin_port));
    return true;
}

void mdns_write(int descriptor, const mdns_link *link, const uint8_t *packet, size_t length,
                const uint8_t to_ip[4], uint16_t to_port) {
    if (length == 0) {
        return; /* did not fit */
    }
    struct sockaddr_in to = address_of(to_port == 0 ? group : to_ip, to_port == 0 ? PORT : to_port);
    struct ip_mreqn via;
    memset(&via, 0, sizeof via);
    via.imr_ifindex = (int)link->interface;
    memcpy(&via.imr_address, link->ip, 4);
    if (to_port == 0) {
        setsockopt(descriptor, IPPROTO_IP, IP_MULTICAST_IF, &via, sizeof via);
    }
    /* A packet that is lost is asked for again. */
    ssize_t sent = sendto(descriptor, packet, length, 0, (struct sockaddr *)&to, sizeof to);
    (void)sent;
}
