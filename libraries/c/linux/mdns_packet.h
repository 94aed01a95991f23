/*
 * Packets of multicast DNS (RFC 6762) for one service of one host: encodes what
 * is announced, and finds in a received packet what concerns it. Owns no
 * socket. Host addresses are IPv4.
 */
#ifndef MDNS_PACKET_H
#define MDNS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the longest name, in DNS's encoding (RFC 1035, section 3.1). */
#define MDNS_NAME 256

/* Bytes of the longest packet that is sent: the payload of one Ethernet
   frame. */
#define MDNS_PACKET 1472

/* Bytes of the longest TXT record. */
#define MDNS_TXT_BYTES 640

/* The records, as bits. */
enum {
    MDNS_PTR = 1,  /* of the service type: the instance */
    MDNS_SRV = 2,  /* of the instance: host and port */
    MDNS_TXT = 4,  /* of the instance */
    MDNS_A = 8,    /* of the host */
    MDNS_TYPES = 16, /* of _services._dns-sd._udp.local: the service type */
    MDNS_ALL = 31
};

/* What is announced. Names are in DNS's encoding. */
typedef struct mdns_records {
    uint8_t service[MDNS_NAME];
    uint8_t instance[MDNS_NAME];
    uint8_t host[MDNS_NAME];
    uint8_t txt[MDNS_TXT_BYTES];
    size_t txt_length;
    uint16_t port;
} mdns_records;

/* What a received packet says. */
typedef struct mdns_incoming {
    bool response;
    uint16_t id;
    unsigned asked;  /* the records that it asks for */
    unsigned known;  /* those that it lists as known */
    bool probes;     /* it claims our names itself */
    bool other_srv;  /* another host or port has our instance */
    int srv_order;   /* 1 if that record is later than ours, -1 if earlier */
    bool has_address; /* someone has our host name, at `address` */
    uint8_t address[4];
    const uint8_t *questions; /* as received, for answers to old resolvers */
    size_t questions_length;
} mdns_incoming;

/* Encodes a dotted name, "_x._tcp.local." with or without the last dot; false
   if it is not one. */
bool mdns_name(uint8_t name[MDNS_NAME], const char *dotted);

/* Encodes a name with this first label. */
bool mdns_name_below(uint8_t name[MDNS_NAME], const char *label, const uint8_t *parent);

/* Adds "key=value" to the TXT record, if it fits. */
void mdns_add_txt(mdns_records *records, const char *key, const char *value);

/* Encodes a probe (RFC 6762, section 8.1) and returns its length. */
size_t mdns_probe(uint8_t packet[MDNS_PACKET], const mdns_records *records, const uint8_t ip[4]);

/*
 * Encodes a response with these records, followed by those in `more` as
 * additional ones, and returns its length. `goodbye`: they are no longer valid.
 */
size_t mdns_response(uint8_t packet[MDNS_PACKET], const mdns_records *records,
                     const uint8_t ip[4], unsigned answers, unsigned more, bool goodbye);

/* The same as an answer to an old resolver, which repeats its question (RFC
   6762, section 6.7). */
size_t mdns_legacy_response(uint8_t packet[MDNS_PACKET], const mdns_records *records,
                            const uint8_t ip[4], unsigned answers, unsigned more,
                            const mdns_incoming *query);

/* Reads a packet; false if it is malformed. */
bool mdns_parse(const uint8_t *packet, size_t length, const mdns_records *records,
                mdns_incoming *incoming);

#endif
