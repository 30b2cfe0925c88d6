/* server.h: the server's side of DHCP for tests: replies, made option by option. */
#ifndef TEST_SERVER_H
#define TEST_SERVER_H

#include <mir/bytes.h>

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE };

static uint32_t server_mask = 0xffffff00; /* 0: none is named */
static uint16_t server_mtu;               /* 0: none is named */

struct server_reply {
	uint8_t b[1472];
	size_t len;
};

static inline void server_option(struct server_reply *r, uint8_t code, const void *p, size_t n)
{
	r->b[r->len++] = code;
	r->b[r->len++] = (uint8_t)n;
	memcpy(r->b + r->len, p, n);
	r->len += n;
}

static inline void server_be32(struct server_reply *r, uint8_t code, uint32_t v)
{
	uint8_t b[4];

	mir_put_be32(b, v);
	server_option(r, code, b, 4);
}

/* A reply to the client's message, so far without an end. */
static inline void server_begin(
    struct server_reply *r, const uint8_t *client, uint8_t type, uint32_t yiaddr, uint32_t server)
{
	memset(r, 0, sizeof(*r));
	r->b[0] = 2;
	r->b[1] = 1;
	r->b[2] = 6;
	memcpy(r->b + 4, client + 4, 4);
	memcpy(r->b + 28, client + 28, 6);
	mir_put_be32(r->b + 16, yiaddr);
	memcpy(r->b + 236, client + 236, 4);
	r->len = 240;
	server_option(r, 53, &type, 1);
	server_be32(r, 54, server);
}

static inline void server_end(struct server_reply *r)
{
	r->b[r->len++] = 255;
}

/* A whole one: lease of `seconds`, /24, router .254. */
static inline void server_reply(struct server_reply *r, const uint8_t *client, uint8_t type,
    uint32_t yiaddr, uint32_t server, uint32_t seconds)
{
	server_begin(r, client, type, yiaddr, server);
	if (type != NAK) {
		server_be32(r, 51, seconds);
		if (server_mask)
			server_be32(r, 1, server_mask);
		if (server_mtu) {
			uint8_t mtu[2];

			mir_put_be16(mtu, server_mtu);
			server_option(r, 26, mtu, 2);
		}
		server_be32(r, 6, server);
		server_option(r, 15, "lan", 3);
		server_be32(r, 3, (yiaddr & 0xffffff00) | 254);
	}
	server_end(r);
}

/* The option of a client's message, or NULL. */
static inline const uint8_t *client_option(const uint8_t *m, size_t len, uint8_t code, uint8_t *n)
{
	for (size_t i = 240; i + 1 < len && m[i] != 255; i += 2u + m[i + 1]) {
		if (m[i] == code) {
			*n = m[i + 1];
			return m + i + 2;
		}
	}
	return NULL;
}

static inline uint32_t client_be32(const uint8_t *m, size_t len, uint8_t code)
{
	uint8_t n;
	const uint8_t *p = client_option(m, len, code, &n);

	return p && n == 4 ? mir_be32(p) : 0;
}

static inline uint8_t client_type(const uint8_t *m, size_t len)
{
	uint8_t n;
	const uint8_t *p = client_option(m, len, 53, &n);

	return p && n == 1 ? *p : 0;
}

#endif
