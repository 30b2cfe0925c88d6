/* answers.h: what a name server says, put together record by record: for tests and seeds. */
#ifndef MIR_RESOLVER_TESTS_ANSWERS_H
#define MIR_RESOLVER_TESTS_ANSWERS_H

#include <mir/test.h>
#include <string.h>

#include "../lookup.h"

struct dns_reply {
	uint8_t b[4096];
	size_t len;
};

static inline void dns_bytes(struct dns_reply *r, const void *p, size_t n)
{
	memcpy(r->b + r->len, p, n);
	r->len += n;
}

static inline void dns_16(struct dns_reply *r, unsigned v)
{
	mir_put_be16(r->b + r->len, (uint16_t)v);
	r->len += 2;
}

static inline void dns_32(struct dns_reply *r, uint32_t v)
{
	mir_put_be32(r->b + r->len, v);
	r->len += 4;
}

/* "*": a pointer to the question's name. */
static inline void dns_name(struct dns_reply *r, const char *name)
{
	if (strcmp(name, "*") == 0) {
		dns_16(r, 0xc00c);
		return;
	}
	while (*name) {
		size_t n = strcspn(name, ".");

		r->b[r->len++] = (uint8_t)n;
		dns_bytes(r, name, n);
		name += n + (name[n] == '.');
	}
	r->b[r->len++] = 0;
}

/* An answer to the question in q, with no records yet. */
static inline void dns_begin(struct dns_reply *r, const uint8_t *q, unsigned flags)
{
	size_t end = 12;

	r->len = 0;
	dns_bytes(r, q, 2);
	dns_16(r, 0x8180 | flags);
	dns_16(r, 1);
	dns_16(r, 0);
	dns_16(r, 0);
	dns_16(r, 0);
	while (q[end])
		end += q[end] + 1u;
	dns_bytes(r, q + 12, end + 5 - 12);
}

/* section: 0 answer, 1 authority, 2 additional; data follows. */
static inline void dns_record(
    struct dns_reply *r, unsigned section, const char *owner, unsigned type, uint32_t ttl)
{
	uint8_t *count = r->b + 6 + 2 * section;

	mir_put_be16(count, (uint16_t)(mir_be16(count) + 1));
	dns_name(r, owner);
	dns_16(r, type);
	dns_16(r, 1);
	dns_32(r, ttl);
}

static inline void dns_a(struct dns_reply *r, const char *owner, uint32_t ttl, uint32_t address)
{
	dns_record(r, 0, owner, MIR_DNS_A, ttl);
	dns_16(r, 4);
	dns_32(r, address);
}

static inline void dns_cname(
    struct dns_reply *r, const char *owner, uint32_t ttl, const char *target)
{
	size_t at;

	dns_record(r, 0, owner, MIR_DNS_CNAME, ttl);
	at = r->len;
	dns_16(r, 0);
	dns_name(r, target);
	mir_put_be16(r->b + at, (uint16_t)(r->len - at - 2));
}

static inline void dns_soa(struct dns_reply *r, uint32_t ttl, uint32_t minimum)
{
	dns_record(r, 1, "test", MIR_DNS_SOA, ttl);
	dns_16(r, 22);
	dns_16(r, 0); /* two empty names */
	for (unsigned i = 0; i < 4; i++)
		dns_32(r, i);
	dns_32(r, minimum);
}

#endif
