#include "mdns.h"

#include <stdio.h>
#include <string.h>

#define PORT 5353

/* RFC 6762, section 8.1: three probes, 250 ms apart. */
#define PROBES 3
#define PROBE_MS 250

/* Section 8.3: two or more announcements, the pause doubling from 1 s. */
#define ANNOUNCEMENTS 3

/* Section 6: a record that others may have too is sent after 20 to 120 ms, and
   no record more than once per second, or 250 ms against a probe. */
#define SHARED_MS 20
#define SHARED_SPREAD_MS 100
#define REPEAT_MS 1000
#define DEFEND_MS 250

static bool is_announced(const mdns_responder *mdns) {
    return mdns->probes >= PROBES;
}

static uint32_t draw(const mdns_responder *mdns, uint32_t end) {
    return mdns->random(mdns->context) % end;
}

static void write_txt(mdns_responder *mdns) {
    const sb_config *config = sb_configuration(mdns->board);
    mdns_records *records = &mdns->records;
    records->txt_length = 0;
    mdns_add_txt(records, "txtvers", "1");
    mdns_add_txt(records, "id", config->id);
    mdns_add_txt(records, "mac", config->mac);
    mdns_add_txt(records, "friendly_name", sb_name(mdns->board));
    mdns_add_txt(records, "version", config->version);
    mdns_add_txt(records, "platform", config->platform);
    mdns_add_txt(records, "board", config->product);
    mdns_add_txt(records, "proto", "1");
    mdns_add_txt(records, "path", "/rpc");
}

/* The instance and the host are named after the id, because two boards may have
   the same name. After a conflict a number follows. */
static bool write_names(mdns_responder *mdns) {
    static const uint8_t local[] = "\x05local";
    const char *id = sb_configuration(mdns->board)->id;
    char label[64];
    if (mdns->attempt == 1) {
        snprintf(label, sizeof label, "%s", id);
    } else {
        snprintf(label, sizeof label, "%.52s-%u", id, mdns->attempt);
    }
    return mdns_name_below(mdns->records.instance, label, mdns->records.service) &&
           mdns_name_below(mdns->records.host, label, local);
}

/* Probes from the start. */
static void probe_after(mdns_responder *mdns, uint64_t at) {
    mdns->probes = 0;
    mdns->announced = 0;
    mdns->next = at;
    for (unsigned i = 0; i < mdns->link_count; i++) {
        mdns->links[i].pending = 0;
    }
}

/* Bytes by which the records may grow: a name of the largest length, and after a
   conflict a number behind five names. */
#define GROWTH (SB_NAME_BYTES + 5 * 11)

/* Whether all records fit into one packet, also later. */
static bool records_fit(const mdns_records *records) {
    static const uint8_t ip[4] = {0, 0, 0, 0};
    uint8_t packet[MDNS_PACKET];
    size_t length = mdns_response(packet, records, ip, MDNS_ALL, 0, false);
    return length > 0 && length + GROWTH <= MDNS_PACKET;
}

bool mdns_start(mdns_responder *mdns, uint64_t now, const sb_board *board, const char *service,
                uint16_t port) {
    mdns->board = board;
    mdns->attempt = 1;
    mdns->conflicts = 0;
    mdns->link_count = 0;
    mdns->records.port = port;
    if (!mdns_name(mdns->records.service, service) || !write_names(mdns)) {
        return false;
    }
    write_txt(mdns);
    if (!records_fit(&mdns->records)) {
        return false;
    }
    /* Section 8.1: after a random time, so that boards that were switched on
       together do not probe together. */
    probe_after(mdns, now + draw(mdns, PROBE_MS));
    return true;
}

bool mdns_add_link(mdns_responder *mdns, uint64_t now, unsigned interface, const uint8_t ip[4]) {
    if (mdns->link_count == MDNS_LINKS) {
        return false;
    }
    mdns_link *link = &mdns->links[mdns->link_count++];
    memset(link, 0, sizeof *link);
    link->interface = interface;
    memcpy(link->ip, ip, 4);
    if (is_announced(mdns)) {
        mdns->announced = 0;
        mdns->next = now;
    }
    return true;
}

void mdns_remove_link(mdns_responder *mdns, unsigned at) {
    mdns->link_count--;
    memmove(mdns->links + at, mdns->links + at + 1,
            (mdns->link_count - at) * sizeof mdns->links[0]);
}

void mdns_renamed(mdns_responder *mdns, uint64_t now) {
    write_txt(mdns);
    if (is_announced(mdns)) {
        mdns->announced = 0;
        mdns->next = now;
    }
}

void mdns_restart_clock(mdns_responder *mdns) {
    for (unsigned i = 0; i < mdns->link_count; i++) {
        memset(mdns->links[i].sent, 0, sizeof mdns->links[i].sent);
        mdns->links[i].due = 0;
    }
    mdns->announced = 0;
    mdns->next = 0;
    write_txt(mdns);
}

/* Notes when records were sent on a link. */
static void note_sent(mdns_link *link, uint64_t now, unsigned records) {
    for (unsigned i = 0; i < 5; i++) {
        if ((records & 1u << i) != 0) {
            link->sent[i] = now + 1;
        }
    }
    link->pending &= ~records;
}

static void send_records(mdns_responder *mdns, uint64_t now, mdns_link *link, unsigned records) {
    uint8_t packet[MDNS_PACKET];
    unsigned more = MDNS_A;
    if ((records & MDNS_PTR) != 0) {
        more |= MDNS_SRV | MDNS_TXT;
    }
    size_t length = mdns_response(packet, &mdns->records, link->ip, records, more, false);
    note_sent(link, now, records);
    mdns->send(mdns->context, link, packet, length, NULL, 0);
}

static void probe_or_announce(mdns_responder *mdns, uint64_t now) {
    uint8_t packet[MDNS_PACKET];
    bool probing = !is_announced(mdns);
    for (unsigned i = 0; i < mdns->link_count; i++) {
        mdns_link *link = &mdns->links[i];
        if (probing) {
            size_t length = mdns_probe(packet, &mdns->records, link->ip);
            mdns->send(mdns->context, link, packet, length, NULL, 0);
        } else {
            send_records(mdns, now, link, MDNS_PTR | MDNS_SRV | MDNS_TXT | MDNS_A);
        }
    }
    if (probing) {
        mdns->probes++;
        mdns->next = now + PROBE_MS;
        return;
    }
    mdns->conflicts = 0;
    mdns->announced++;
    mdns->next = mdns->announced < ANNOUNCEMENTS ? now + (500u << mdns->announced) : SB_NEVER;
}

void mdns_tick(mdns_responder *mdns, uint64_t now) {
    if (mdns->next <= now) {
        probe_or_announce(mdns, now);
    }
    for (unsigned i = 0; i < mdns->link_count; i++) {
        mdns_link *link = &mdns->links[i];
        if (link->pending != 0 && link->due <= now) {
            send_records(mdns, now, link, link->pending);
        }
    }
}

uint64_t mdns_deadline(const mdns_responder *mdns) {
    uint64_t deadline = mdns->next;
    for (unsigned i = 0; i < mdns->link_count; i++) {
        if (mdns->links[i].pending != 0 && mdns->links[i].due < deadline) {
            deadline = mdns->links[i].due;
        }
    }
    return deadline;
}

static bool is_own_address(const mdns_responder *mdns, const uint8_t ip[4]) {
    for (unsigned i = 0; i < mdns->link_count; i++) {
        if (memcmp(mdns->links[i].ip, ip, 4) == 0) {
            return true;
        }
    }
    return false;
}

/* Another host has one of our names: take others (section 9). */
static void rename_after_conflict(mdns_responder *mdns, uint64_t now) {
    mdns->attempt++;
    mdns->conflicts++;
    write_names(mdns);
    /* Section 8.1: after fifteen conflicts at most one attempt in 5 s. */
    probe_after(mdns, now + (mdns->conflicts >= 15 ? 5000 : draw(mdns, PROBE_MS)));
}

/* Answers a query to everyone. */
static void plan_answer(mdns_responder *mdns, uint64_t now, mdns_link *link, unsigned records,
                        bool urgently) {
    uint64_t due = now;
    if ((records & (MDNS_PTR | MDNS_TYPES)) != 0) {
        due += SHARED_MS + draw(mdns, SHARED_SPREAD_MS);
    }
    unsigned pause = urgently ? DEFEND_MS : REPEAT_MS;
    for (unsigned i = 0; i < 5; i++) {
        if ((records & 1u << i) != 0 && link->sent[i] != 0 && link->sent[i] - 1 + pause > due) {
            due = link->sent[i] - 1 + pause;
        }
    }
    link->due = link->pending == 0 || due < link->due ? due : link->due;
    link->pending |= records;
}

static void answer(mdns_responder *mdns, uint64_t now, mdns_link *link, const mdns_incoming *query,
                   const uint8_t from_ip[4], uint16_t from_port) {
    unsigned records = query->asked & ~query->known;
    if (records == 0) {
        return;
    }
    if (from_port == PORT) {
        /* To everyone also if only the asker wants it (section 5.4): several
           programs of one computer share the port, and a packet to one address
           reaches only one of them. */
        plan_answer(mdns, now, link, records, query->probes);
        return;
    }
    uint8_t packet[MDNS_PACKET];
    size_t length = mdns_legacy_response(packet, &mdns->records, link->ip, records,
                                         MDNS_SRV | MDNS_TXT | MDNS_A, query);
    mdns->send(mdns->context, link, packet, length, from_ip, from_port);
}

void mdns_received(mdns_responder *mdns, uint64_t now, unsigned interface, const uint8_t *packet,
                   size_t length, const uint8_t from_ip[4], uint16_t from_port) {
    mdns_incoming incoming;
    mdns_link *link = NULL;
    for (unsigned i = 0; i < mdns->link_count && link == NULL; i++) {
        link = mdns->links[i].interface == interface ? &mdns->links[i] : NULL;
    }
    if (link == NULL || !mdns_parse(packet, length, &mdns->records, &incoming)) {
        return;
    }
    bool other_address = incoming.has_address && !is_own_address(mdns, incoming.address);
    bool conflict = incoming.other_srv || other_address;
    if (incoming.response) {
        if (conflict) {
            rename_after_conflict(mdns, now);
        }
        return;
    }
    if (is_announced(mdns)) {
        answer(mdns, now, link, &incoming, from_ip, from_port);
        return;
    }
    /* Two probe for the same name at once (section 8.2): the one whose record
       is earlier waits, and finds the other announced. */
    if (incoming.other_srv && incoming.srv_order > 0 && mdns->probes > 0) {
        probe_after(mdns, now + REPEAT_MS);
    }
}

void mdns_goodbye(mdns_responder *mdns) {
    uint8_t packet[MDNS_PACKET];
    if (!is_announced(mdns)) {
        return;
    }
    for (unsigned i = 0; i < mdns->link_count; i++) {
        const mdns_link *link = &mdns->links[i];
        size_t length =
            mdns_response(packet, &mdns->records, link->ip,
                          MDNS_PTR | MDNS_SRV | MDNS_TXT | MDNS_A, 0, true);
        mdns->send(mdns->context, link, packet, length, NULL, 0);
    }
    mdns->next = SB_NEVER;
    mdns->probes = 0;
}
