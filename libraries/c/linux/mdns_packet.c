#include "mdns_packet.h"

#include <string.h>

/* RFC 1035, section 3.2, and RFC 2782. */
enum { TYPE_A = 1, TYPE_PTR = 12, TYPE_TXT = 16, TYPE_SRV = 33, TYPE_ANY = 255 };

/* The class IN, and its highest bit: in a record, "replace what you know"; in a
   question, "answer to me alone". */
enum { CLASS_IN = 1, CLASS_ANY = 255, TOP_BIT = 0x8000 };

/* RFC 6762, section 10: 120 s for records that contain a host, 75 min for
   others. */
enum { TTL_HOST = 120, TTL_OTHER = 4500, TTL_LEGACY = 10 };

#define HEADER 12

/* _services._dns-sd._udp.local: RFC 6763, section 9. */
static const uint8_t types_name[] = "\x09_services\x07_dns-sd\x04_udp\x05local";

static uint8_t lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static size_t name_size(const uint8_t *name) {
    size_t at = 0;
    while (name[at] != 0) {
        at += name[at] + 1u;
    }
    return at + 1;
}

static bool is_same_name(const uint8_t *one, const uint8_t *other) {
    size_t size = name_size(one);
    if (size != name_size(other)) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (lower(one[i]) != lower(other[i])) {
            return false;
        }
    }
    return true;
}

bool mdns_name(uint8_t name[MDNS_NAME], const char *dotted) {
    size_t at = 0;
    while (*dotted != '\0') {
        size_t length = strcspn(dotted, ".");
        if (length == 0 || length > 63 || at + length + 2 > MDNS_NAME - 1) {
            return false;
        }
        name[at++] = (uint8_t)length;
        memcpy(name + at, dotted, length);
        at += length;
        dotted += length + (dotted[length] == '.' ? 1 : 0);
    }
    name[at] = 0;
    return at > 0;
}

bool mdns_name_below(uint8_t name[MDNS_NAME], const char *label, const uint8_t *parent) {
    size_t length = strlen(label), rest = name_size(parent);
    if (length == 0 || length > 63 || 1 + length + rest > MDNS_NAME - 1) {
        return false;
    }
    name[0] = (uint8_t)length;
    memcpy(name + 1, label, length);
    memcpy(name + 1 + length, parent, rest);
    return true;
}

void mdns_add_txt(mdns_records *records, const char *key, const char *value) {
    size_t length = strlen(key) + 1 + strlen(value);
    if (length > 255 || 1 + length > MDNS_TXT_BYTES - records->txt_length) {
        return;
    }
    uint8_t *at = records->txt + records->txt_length;
    *at++ = (uint8_t)length;
    memcpy(at, key, strlen(key));
    at += strlen(key);
    *at++ = '=';
    memcpy(at, value, strlen(value));
    records->txt_length += 1 + length;
}

/* A packet that is being written. What does not fit is left out. */
typedef struct {
    uint8_t *bytes;
    size_t length;
    bool full;
} packet_out;

static void put(packet_out *out, const void *bytes, size_t length) {
    if (out->full || length > MDNS_PACKET - out->length) {
        out->full = true;
        return;
    }
    memcpy(out->bytes + out->length, bytes, length);
    out->length += length;
}

static void put16(packet_out *out, unsigned value) {
    uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    put(out, bytes, 2);
}

static void put_header(packet_out *out, unsigned id, unsigned flags, const uint16_t counts[4]) {
    put16(out, id);
    put16(out, flags);
    for (size_t i = 0; i < 4; i++) {
        put16(out, counts[i]);
    }
}

/* Puts what precedes a record's data; `unique` sets the cache-flush bit. */
static void put_record(packet_out *out, const uint8_t *name, unsigned type, bool unique,
                       uint32_t ttl, size_t length) {
    put(out, name, name_size(name));
    put16(out, type);
    put16(out, CLASS_IN | (unique ? TOP_BIT : 0));
    put16(out, ttl >> 16);
    put16(out, ttl & 0xffff);
    put16(out, (unsigned)length);
}

/* How records are written: all with this TTL, or with their own. */
typedef struct {
    bool fixed_ttl;
    uint32_t ttl;
    bool flush;
} style;

static uint32_t ttl_of(const style *how, uint32_t usual) {
    return how->fixed_ttl ? how->ttl : usual;
}

static uint16_t put_records(packet_out *out, const mdns_records *records, const uint8_t ip[4],
                            unsigned which, const style *how) {
    uint16_t count = 0;
    if ((which & MDNS_TYPES) != 0) {
        put_record(out, types_name, TYPE_PTR, false, ttl_of(how, TTL_OTHER),
                   name_size(records->service));
        put(out, records->service, name_size(records->service));
        count++;
    }
    if ((which & MDNS_PTR) != 0) {
        put_record(out, records->service, TYPE_PTR, false, ttl_of(how, TTL_OTHER),
                   name_size(records->instance));
        put(out, records->instance, name_size(records->instance));
        count++;
    }
    if ((which & MDNS_SRV) != 0) {
        put_record(out, records->instance, TYPE_SRV, how->flush, ttl_of(how, TTL_HOST),
                   6 + name_size(records->host));
        put16(out, 0);
        put16(out, 0);
        put16(out, records->port);
        put(out, records->host, name_size(records->host));
        count++;
    }
    if ((which & MDNS_TXT) != 0) {
        put_record(out, records->instance, TYPE_TXT, how->flush, ttl_of(how, TTL_OTHER),
                   records->txt_length);
        put(out, records->txt, records->txt_length);
        count++;
    }
    if ((which & MDNS_A) != 0) {
        put_record(out, records->host, TYPE_A, how->flush, ttl_of(how, TTL_HOST), 4);
        put(out, ip, 4);
        count++;
    }
    return count;
}

static void put_count(packet_out *out, size_t section, uint16_t count) {
    out->bytes[4 + 2 * section] = (uint8_t)(count >> 8);
    out->bytes[5 + 2 * section] = (uint8_t)count;
}

static size_t finish(const packet_out *out) {
    return out->full ? 0 : out->length;
}

size_t mdns_probe(uint8_t packet[MDNS_PACKET], const mdns_records *records, const uint8_t ip[4]) {
    static const uint16_t counts[4] = {2, 0, 0, 0};
    const style how = {false, 0, false};
    packet_out out = {packet, 0, false};
    put_header(&out, 0, 0, counts);
    put(&out, records->instance, name_size(records->instance));
    put16(&out, TYPE_ANY);
    put16(&out, CLASS_IN);
    put(&out, records->host, name_size(records->host));
    put16(&out, TYPE_ANY);
    put16(&out, CLASS_IN);
    /* The records that are to be unique are the authorities. */
    put_count(&out, 2, put_records(&out, records, ip, MDNS_SRV | MDNS_TXT | MDNS_A, &how));
    return finish(&out);
}

size_t mdns_response(uint8_t packet[MDNS_PACKET], const mdns_records *records,
                     const uint8_t ip[4], unsigned answers, unsigned more, bool goodbye) {
    static const uint16_t counts[4] = {0, 0, 0, 0};
    const style how = {goodbye, 0, true};
    packet_out out = {packet, 0, false};
    /* An authoritative response (section 18). */
    put_header(&out, 0, 0x8400, counts);
    put_count(&out, 1, put_records(&out, records, ip, answers, &how));
    put_count(&out, 3, put_records(&out, records, ip, more & ~answers, &how));
    return finish(&out);
}

size_t mdns_legacy_response(uint8_t packet[MDNS_PACKET], const mdns_records *records,
                            const uint8_t ip[4], unsigned answers, unsigned more,
                            const mdns_incoming *query) {
    static const uint16_t counts[4] = {1, 0, 0, 0};
    const style how = {true, TTL_LEGACY, false};
    packet_out out = {packet, 0, false};
    put_header(&out, query->id, 0x8400, counts);
    put(&out, query->questions, query->questions_length);
    put_count(&out, 1, put_records(&out, records, ip, answers, &how));
    put_count(&out, 3, put_records(&out, records, ip, more & ~answers, &how));
    return finish(&out);
}

/* A packet that is being read. */
typedef struct {
    const uint8_t *bytes;
    size_t length;
    size_t at;
} packet_in;

static bool get16(packet_in *in, uint16_t *value) {
    if (in->length - in->at < 2) {
        return false;
    }
    *value = (uint16_t)(in->bytes[in->at] << 8 | in->bytes[in->at + 1]);
    in->at += 2;
    return true;
}

/* Most references in one name. One suffices in each name that is written. */
#define REFERENCES 32

/* Reads a name, which may refer to earlier ones (RFC 1035, section 4.1.4). Each
   reference has to point further back, so that it ends. */
static bool get_name(packet_in *in, uint8_t name[MDNS_NAME]) {
    size_t at = in->at, size = 0, before = in->length;
    unsigned references = 0;
    for (;;) {
        if (at >= in->length) {
            return false;
        }
        uint8_t length = in->bytes[at];
        if ((length & 0xc0) == 0xc0) {
            if (at + 1 >= in->length) {
                return false;
            }
            size_t to = (size_t)(length & 0x3f) << 8 | in->bytes[at + 1];
            if (references++ == 0) {
                in->at = at + 2;
            }
            if (references > REFERENCES || to >= before || to >= at) {
                return false;
            }
            before = to;
            at = to;
            continue;
        }
        if (length > 63 || at + 1 + length > in->length || size + 1 + length > MDNS_NAME - 1) {
            return false;
        }
        memcpy(name + size, in->bytes + at, 1u + length);
        size += 1u + length;
        at += 1u + length;
        if (length == 0) {
            if (references == 0) {
                in->at = at;
            }
            return true;
        }
    }
}

static unsigned asked_by(const uint8_t *name, uint16_t type, const mdns_records *records) {
    bool any = type == TYPE_ANY;
    if (is_same_name(name, records->service)) {
        return any || type == TYPE_PTR ? MDNS_PTR : 0;
    }
    if (is_same_name(name, records->instance)) {
        return (any || type == TYPE_SRV ? (unsigned)MDNS_SRV : 0) |
               (any || type == TYPE_TXT ? (unsigned)MDNS_TXT : 0);
    }
    if (is_same_name(name, records->host)) {
        return any || type == TYPE_A ? MDNS_A : 0;
    }
    if (is_same_name(name, types_name)) {
        return any || type == TYPE_PTR ? MDNS_TYPES : 0;
    }
    return 0;
}

static bool get_question(packet_in *in, const mdns_records *records, mdns_incoming *incoming) {
    uint8_t name[MDNS_NAME];
    uint16_t type, class;
    if (!get_name(in, name) || !get16(in, &type) || !get16(in, &class)) {
        return false;
    }
    class &= (uint16_t)~TOP_BIT;
    if (class == CLASS_IN || class == CLASS_ANY) {
        incoming->asked |= asked_by(name, type, records);
    }
    return true;
}

/* Compares the SRV record of someone else with ours (section 8.2.1). */
static bool compare_srv(packet_in *in, const mdns_records *records, mdns_incoming *incoming) {
    uint8_t target[MDNS_NAME];
    uint16_t priority, weight, port;
    if (!get16(in, &priority) || !get16(in, &weight) || !get16(in, &port) ||
        !get_name(in, target)) {
        return false;
    }
    int order = priority != 0 || weight != 0 ? 1
                : port != records->port      ? (port > records->port ? 1 : -1)
                : is_same_name(target, records->host)
                    ? 0
                    : memcmp(target, records->host, name_size(records->host));
    if (order != 0) {
        incoming->other_srv = true;
        incoming->srv_order = order > 0 ? 1 : -1;
    }
    return true;
}

static bool get_record(packet_in *in, const mdns_records *records, mdns_incoming *incoming) {
    uint8_t name[MDNS_NAME], target[MDNS_NAME];
    uint16_t type, class, ttl_high, ttl_low, length;
    if (!get_name(in, name) || !get16(in, &type) || !get16(in, &class) || !get16(in, &ttl_high) ||
        !get16(in, &ttl_low) || !get16(in, &length) || length > in->length - in->at) {
        return false;
    }
    packet_in data = {in->bytes, in->at + length, in->at};
    uint32_t ttl = (uint32_t)ttl_high << 16 | ttl_low;
    in->at += length;
    if ((class & (uint16_t)~TOP_BIT) != CLASS_IN || ttl == 0) {
        return true;
    }
    if (type == TYPE_PTR && is_same_name(name, records->service)) {
        /* Section 7.1: known if half of its time is left. */
        if (get_name(&data, target) && is_same_name(target, records->instance) &&
            ttl >= TTL_OTHER / 2) {
            incoming->known |= MDNS_PTR;
        }
    } else if (type == TYPE_SRV && is_same_name(name, records->instance)) {
        incoming->probes = true;
        return compare_srv(&data, records, incoming);
    } else if (type == TYPE_A && length == 4 && is_same_name(name, records->host)) {
        incoming->probes = true;
        incoming->has_address = true;
        memcpy(incoming->address, in->bytes + data.at, 4);
    }
    return true;
}

bool mdns_parse(const uint8_t *packet, size_t length, const mdns_records *records,
                mdns_incoming *incoming) {
    packet_in in = {packet, length, 0};
    uint16_t flags, counts[4];
    memset(incoming, 0, sizeof *incoming);
    if (!get16(&in, &incoming->id) || !get16(&in, &flags)) {
        return false;
    }
    for (size_t i = 0; i < 4; i++) {
        if (!get16(&in, &counts[i])) {
            return false;
        }
    }
    /* Section 18.3 and 18.11: other operations and errors are ignored. */
    if ((flags & 0x780f) != 0) {
        return false;
    }
    incoming->response = (flags & 0x8000) != 0;
    for (uint16_t i = 0; i < counts[0]; i++) {
        if (!get_question(&in, records, incoming)) {
            return false;
        }
        if (i == 0) {
            incoming->questions = packet + HEADER;
            incoming->questions_length = in.at - HEADER;
        }
    }
    uint32_t rest = (uint32_t)counts[1] + counts[2] + counts[3];
    for (uint32_t i = 0; i < rest; i++) {
        if (!get_record(&in, records, incoming)) {
            return false;
        }
    }
    return true;
}
