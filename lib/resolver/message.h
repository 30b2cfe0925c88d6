/* message.h: questions to name servers and their answers as bytes (RFC 1035 section 4, RFC 6891).
 *
 * Names are texts in small letters, without a dot at the end: "www.example.com".
 */
#ifndef MIR_RESOLVER_MESSAGE_H
#define MIR_RESOLVER_MESSAGE_H

#include <mir/resolver.h>

enum {
	MIR_DNS_NAME = MIR_RESOLVER_NAME,
	MIR_DNS_QUESTION = 512, /* bytes that a question has at most */
	MIR_DNS_UDP = 1232, /* bytes of an answer over UDP that we ask for (DNS flag day 2020) */
	MIR_DNS_CHAIN = 12, /* aliases of one answer that are followed */
};

enum mir_dns_type { MIR_DNS_A = 1, MIR_DNS_CNAME = 5, MIR_DNS_SOA = 6, MIR_DNS_AAAA = 28 };

/* Writes `host` into name in our form; MIR_EINVAL: labels of other than 1..63 letters, digits, "-"
 * and "_", a last one of digits (an address gone wrong), or more than 253 characters. */
int mir_dns_name(const char *host, char name[static MIR_DNS_NAME]);

/* A question; edns: with what says how large an answer may be.  Its length. */
size_t mir_dns_question(uint16_t id, const char *name, enum mir_dns_type type, bool edns,
    uint8_t out[static MIR_DNS_QUESTION]);

enum mir_dns_verdict {
	MIR_DNS_OTHER,     /* no answer to that question: as if it had not come */
	MIR_DNS_FOUND,     /* addresses */
	MIR_DNS_NOTHING,   /* there is no such name, or it has none of that type */
	MIR_DNS_ALIAS,     /* another name must be asked for */
	MIR_DNS_TRUNCATED, /* ask again over TCP */
	MIR_DNS_OLD,       /* a server that does not know EDNS: ask again without */
	MIR_DNS_FAILED,    /* the server cannot or will not say, or broke the rules */
};

struct mir_dns_answer {
	struct mir_ipaddr address[MIR_RESOLVER_ADDRESSES];
	unsigned n;
	uint32_t ttl;             /* seconds that it holds; 0: not to be kept */
	char alias[MIR_DNS_NAME]; /* of MIR_DNS_ALIAS */
};

/* Reads any bytes. */
enum mir_dns_verdict mir_dns_read(const uint8_t *p, size_t len, uint16_t id, const char *name,
    enum mir_dns_type type, bool edns, struct mir_dns_answer *out);

#endif
