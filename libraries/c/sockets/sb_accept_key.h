/*
 * The value of Sec-WebSocket-Accept (RFC 6455, section 4.2.2). Contains its own
 * SHA-1 (FIPS 180-4) and base64 (RFC 4648), because lwIP without mbedTLS has
 * neither. SHA-1 is no longer a secure hash; here it only proves that the
 * server has read the request.
 */
#ifndef SB_ACCEPT_KEY_H
#define SB_ACCEPT_KEY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Characters of a Sec-WebSocket-Key: 16 bytes in base64. */
#define SB_KEY_LENGTH 24

/* Characters of a Sec-WebSocket-Accept: 20 bytes in base64. */
#define SB_ACCEPT_LENGTH 28

/*
 * The SHA-1 of a message of at most 119 bytes (two blocks). `digest` receives
 * zeros if it is longer.
 */
void sb_sha1(const uint8_t *bytes, size_t length, uint8_t digest[20]);

/*
 * The accept value for a client's key, which is not terminated. `accept`
 * receives the value and a terminating zero.
 */
void sb_accept_key(const char key[SB_KEY_LENGTH], char accept[SB_ACCEPT_LENGTH + 1]);

#ifdef __cplusplus
}
#endif

#endif
