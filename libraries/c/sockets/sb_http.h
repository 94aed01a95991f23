/*
 * Parses the heads of HTTP/1.1 requests (RFC 9112), byte by byte and without
 * keeping them: only the fields that a board uses are stored. Owns no socket
 * and decides nothing about the request.
 */
#ifndef SB_HTTP_H
#define SB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sb_accept_key.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Longest head of a request, in bytes; beyond it 431. */
#define SB_HTTP_HEAD 4096

/* Most fields of a head; beyond it 431. */
#define SB_HTTP_FIELDS 40

/*
 * Longest value of a field that is stored, in bytes, for example a Host (253
 * characters and a port). A longer one matches nothing.
 */
#define SB_HTTP_VALUE 287

/* The method of a request. */
typedef enum { SB_HTTP_GET, SB_HTTP_HEAD_METHOD, SB_HTTP_POST, SB_HTTP_OTHER } sb_http_method;

/* The resource that a request names. */
typedef enum {
    SB_PATH_PAGE,
    SB_PATH_RPC,
    SB_PATH_ECHO,
    SB_PATH_LOG,
    SB_PATH_TELEMETRY,
    SB_PATH_UNKNOWN
} sb_http_path;

/* How a body is delimited. */
typedef enum {
    SB_BODY_NONE,
    SB_BODY_LENGTH,
    SB_BODY_ENCODED,   /* Transfer-Encoding */
    SB_BODY_COMPRESSED /* Content-Encoding */
} sb_http_body;

/* The opening handshake of a WebSocket. */
typedef enum {
    SB_UPGRADE_NONE,
    SB_UPGRADE_GOOD,
    SB_UPGRADE_VERSION, /* a version other than 13 */
    SB_UPGRADE_KEY,     /* a key that is not 16 bytes in base64, or two */
    SB_UPGRADE_BODY     /* it has a body */
} sb_http_upgrade;

/* The result of parsing. */
typedef enum {
    SB_HTTP_MORE,
    SB_HTTP_DONE,
    SB_HTTP_BAD,      /* not a request of HTTP/1.1: 400 */
    SB_HTTP_TOO_LARGE /* too many bytes or fields: 431 */
} sb_http_result;

/* A stored value; `overflow` if it was longer. */
typedef struct {
    char text[SB_HTTP_VALUE + 1];
    uint16_t length;
    bool overflow;
} sb_http_value;

/* A head, while it is parsed and afterwards. All zeros is the start. */
typedef struct {
    /* Parsing. */
    uint8_t state;
    uint8_t field;
    uint8_t fields;
    uint16_t bytes;
    sb_http_value value;
    /* What was found. */
    uint8_t hosts, origins, versions, keys, lengths;
    bool version_is_13, key_is_valid, length_is_valid;
    bool close, connection_upgrade, upgrade_websocket, encoded, compressed;
    char key[SB_KEY_LENGTH];
    /* Valid after SB_HTTP_DONE, like the functions below. */
    sb_http_method method;
    bool http11;
    bool expects_continue;    /* the client waits for `100 Continue` */
    bool accepts_gzip;        /* it reads a compressed response */
    bool offers_protocols;    /* it offers a WebSocket subprotocol */
    bool offers_switchboard;  /* `switchboard.v1` is among them */
    bool host_from_target;    /* `host` is the authority of the target */
    uint32_t content_length;  /* if the body is SB_BODY_LENGTH; saturates */
    sb_http_value target;
    sb_http_value host;
    sb_http_value origin;
} sb_http;

/* Whether nothing but empty lines was parsed. */
bool sb_http_is_empty(const sb_http *head);

/*
 * Parses until the head is complete or refused, or all bytes are used. `used`
 * receives how many of `bytes` were used.
 */
sb_http_result sb_http_parse(sb_http *head, const uint8_t *bytes, size_t length, size_t *used);

/* The resource. */
sb_http_path sb_http_path_of(const sb_http *head);

/* How the body is delimited. */
sb_http_body sb_http_body_of(const sb_http *head);

/* The opening handshake; never one in HTTP/1.0. */
sb_http_upgrade sb_http_upgrade_of(const sb_http *head);

/* Whether the client keeps the connection for further requests. */
bool sb_http_keeps_alive(const sb_http *head);

/* The host, or NULL if it is absent, which only HTTP/1.0 allows. */
const sb_http_value *sb_http_host(const sb_http *head);

/*
 * The value of a query parameter, `name=value` between `&`, without decoding,
 * and its length; NULL if it is absent.
 */
const char *sb_http_parameter(const sb_http *head, const char *name, size_t *length);

#ifdef __cplusplus
}
#endif

#endif
