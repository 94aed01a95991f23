#include "sb_origin.h"

#include "sb_span.h"

/* A host, an IPv6 address still in its brackets, and its port. */
typedef struct {
    sb_span host;
    int32_t port; /* -1 if it is absent */
} authority;

/* False if it is not one host and at most one port. */
static bool split(sb_span text, authority *parts) {
    size_t end = sb_span_find(text, ':');
    if (text.length > 0 && text.at[0] == '[') {
        end = sb_span_find(text, ']') + 1;
        if (end > text.length) {
            return false;
        }
    }
    parts->host = (sb_span){text.at, end};
    parts->port = -1;
    sb_span rest = sb_span_from(text, end);
    if (rest.length == 0) {
        return true;
    }
    if (rest.at[0] != ':') {
        return false;
    }
    rest = sb_span_from(rest, 1);
    /* RFC 3986, section 3.2.3: an empty port is the usual one. */
    int32_t port = rest.length == 0 ? -1 : 0;
    for (size_t i = 0; i < rest.length; i++) {
        if (!sb_is_digit(rest.at[i]) || port > 6553) {
            return false;
        }
        port = port * 10 + (rest.at[i] - '0');
    }
    parts->port = port;
    return port <= 65535;
}

static bool is_ipv4(sb_span text) {
    unsigned groups = 0, digits = 0, value = 0;
    for (size_t i = 0; i <= text.length; i++) {
        if (i < text.length && sb_is_digit(text.at[i])) {
            value = value * 10 + (unsigned)(text.at[i] - '0');
            if (++digits > 3 || value > 255 || (digits > 1 && text.at[i + 1 - digits] == '0')) {
                return false;
            }
        } else if ((i == text.length || text.at[i] == '.') && digits > 0) {
            groups++;
            digits = 0;
            value = 0;
        } else {
            return false;
        }
    }
    return groups == 4;
}

static int hex(char c) {
    c = sb_lower(c);
    return sb_is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads the last 32 bits of an IPv6 address in IPv4 notation. */
static void ipv4_groups(sb_span text, uint16_t to[2]) {
    unsigned group = 0, value = 0;
    to[0] = to[1] = 0;
    for (size_t i = 0; i <= text.length; i++) {
        if (i < text.length && text.at[i] != '.') {
            value = value * 10 + (unsigned)(text.at[i] - '0');
        } else {
            to[group / 2] = (uint16_t)((unsigned)to[group / 2] << 8 | value);
            group++;
            value = 0;
        }
    }
}

/* Reads an IPv6 address (RFC 4291, section 2.2). */
static bool read_ipv6(sb_span text, uint16_t groups[8]) {
    size_t count = 0, gap = 9, i = 0;
    memset(groups, 0, 8 * sizeof *groups);
    if (text.length >= 2 && text.at[0] == ':' && text.at[1] == ':') {
        gap = 0;
        i = 2;
    }
    while (i < text.length) {
        sb_span rest = sb_span_from(text, i);
        size_t end = sb_span_find(rest, ':');
        sb_span part = {rest.at, end};
        if (end == rest.length && count <= 6 && is_ipv4(part)) {
            ipv4_groups(part, groups + count);
            count += 2;
            break;
        }
        if (part.length == 0 || part.length > 4 || count == 8) {
            return false;
        }
        for (size_t digit = 0; digit < part.length; digit++) {
            if (hex(part.at[digit]) < 0) {
                return false;
            }
            groups[count] = (uint16_t)(groups[count] << 4 | hex(part.at[digit]));
        }
        count++;
        i += end;
        if (i == text.length) {
            break;
        }
        i++;
        if (i == text.length) {
            return false;
        }
        if (text.at[i] == ':') {
            if (gap != 9) {
                return false;
            }
            gap = count;
            i++;
        }
    }
    if (gap == 9) {
        return count == 8;
    }
    if (count > 7) {
        return false;
    }
    for (size_t moved = 0; moved < count - gap; moved++) {
        groups[7 - moved] = groups[count - 1 - moved];
        groups[count - 1 - moved] = 0;
    }
    return true;
}

static bool is_bracketed(sb_span host) {
    return host.length >= 2 && host.at[0] == '[' && host.at[host.length - 1] == ']';
}

static sb_span in_brackets(sb_span host) {
    return (sb_span){host.at + 1, host.length - 2};
}

/* A name may end with a dot, the root of DNS. */
static sb_span without_root(sb_span name) {
    if (name.length > 0 && name.at[name.length - 1] == '.') {
        name.length--;
    }
    return name;
}

static bool ends_with(sb_span text, const char *end) {
    size_t length = strlen(end);
    return text.length > length &&
           sb_span_is_like(sb_span_from(text, text.length - length), sb_span_of(end));
}

bool sb_is_host_of_board(const char *text, size_t length, const char *board_id) {
    authority parts;
    uint16_t groups[8];
    if (!split((sb_span){text, length}, &parts)) {
        return false;
    }
    if (is_bracketed(parts.host)) {
        sb_span address = in_brackets(parts.host);
        /* RFC 6874: the zone of a link-local address. */
        address.length = sb_span_find(address, '%');
        return read_ipv6(address, groups);
    }
    sb_span name = without_root(parts.host);
    return is_ipv4(parts.host) || sb_span_is_like(name, sb_span_of("localhost")) ||
           ends_with(name, ".local") || sb_span_is_like(name, sb_span_of(board_id));
}

/* Equal apart from case, a dot at the end, and the notation of an IPv6
   address. */
static bool is_same_host(sb_span one, sb_span other) {
    uint16_t a[8], b[8];
    if (is_bracketed(one) && is_bracketed(other) && read_ipv6(in_brackets(one), a) &&
        read_ipv6(in_brackets(other), b)) {
        return memcmp(a, b, sizeof a) == 0;
    }
    return sb_span_is_like(without_root(one), without_root(other));
}

static int32_t port_or(const authority *parts, int32_t usual) {
    return parts->port < 0 ? usual : parts->port;
}

/* Whether an origin is the board itself: `http` with the host and port of the
   request's own `Host`, which was checked to be the board's. */
static bool is_own(sb_span origin, sb_span host) {
    static const char scheme[] = "http://";
    authority from, own;
    size_t length = sizeof scheme - 1;
    if (origin.length < length ||
        !sb_span_is_like((sb_span){origin.at, length}, sb_span_of(scheme))) {
        return false;
    }
    return split(sb_span_from(origin, length), &from) && split(host, &own) &&
           port_or(&from, 80) == port_or(&own, 80) && is_same_host(from.host, own.host);
}

/* An origin of web pages: neither a path nor a query, nor anything else that a
   browser would not write there. */
static bool read_origin(sb_span text, sb_span *scheme, authority *parts) {
    size_t end = sb_span_find(text, ':');
    sb_span rest = sb_span_from(text, end);
    *scheme = (sb_span){text.at, end};
    if (end == 0 || !sb_is_alpha(text.at[0]) || rest.length < 3 ||
        memcmp(rest.at, "://", 3) != 0 || !split(sb_span_from(rest, 3), parts) ||
        parts->host.length == 0) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        const char *others = i < end ? "+-." : "-._[]:";
        bool slash = i == end || i == end + 1 || i == end + 2;
        if (!slash && !sb_is_alpha(c) && !sb_is_digit(c) &&
            (c == '\0' || strchr(others, c) == NULL)) {
            return false;
        }
    }
    int32_t usual = sb_span_is_like(*scheme, sb_span_of("http"))    ? 80
                    : sb_span_is_like(*scheme, sb_span_of("https")) ? 443
                                                                    : -1;
    parts->port = port_or(parts, usual);
    return true;
}

bool sb_is_origin(const char *text) {
    sb_span scheme;
    authority parts;
    return read_origin(sb_span_of(text), &scheme, &parts);
}

/* Compares whole origins (RFC 6454, section 5). `null` belongs to no site. */
static bool is_allowed(sb_span origin, const sb_origins *allowed) {
    sb_span scheme, other_scheme;
    authority parts, other;
    if (!read_origin(origin, &scheme, &parts)) {
        return false;
    }
    for (size_t i = 0; i < allowed->count; i++) {
        if (read_origin(sb_span_of(allowed->origins[i]), &other_scheme, &other) &&
            sb_span_is_like(scheme, other_scheme) && parts.port == other.port &&
            sb_span_is_like(parts.host, other.host)) {
            return true;
        }
    }
    return false;
}

sb_origin_check sb_origin_of(const sb_http *head, const char *board_id,
                             const sb_origins *allowed) {
    const sb_http_value *host = sb_http_host(head);
    if (host != NULL &&
        (host->overflow || !sb_is_host_of_board(host->text, host->length, board_id))) {
        return SB_ORIGIN_OTHER_HOST;
    }
    bool acts = sb_http_upgrade_of(head) != SB_UPGRADE_NONE || head->method == SB_HTTP_POST;
    if (head->origins == 0 || !acts) {
        return SB_ORIGIN_GOOD;
    }
    sb_span origin = {head->origin.text, head->origin.length};
    /* A request with two origins has none. */
    if (head->origins > 1 || head->origin.overflow) {
        return SB_ORIGIN_NOT_ALLOWED;
    }
    bool own = host != NULL && is_own(origin, (sb_span){host->text, host->length});
    return own || is_allowed(origin, allowed) ? SB_ORIGIN_GOOD : SB_ORIGIN_NOT_ALLOWED;
}
