/* lookup.h: one question from its beginning to its end: which server is asked, how, how long, and
 * what the answers mean.  Pure: answers and the time in, a question and a deadline out.
 */
#ifndef MIR_RESOLVER_LOOKUP_H
#define MIR_RESOLVER_LOOKUP_H

#include <mir/time.h>

#include "message.h"

enum {
	MIR_DNS_SERVERS = 4,
	MIR_DNS_ALIASES = 8, /* names asked for one after the other */
	MIR_DNS_OTHERS = 16, /* what is no answer to us, until TCP is asked */
	MIR_DNS_ASKED = 24,  /* questions of one lookup at most */
};

struct mir_dns_plan {
	struct mir_endpoint server[MIR_DNS_SERVERS];
	unsigned n;
	int64_t timeout_ns; /* for an answer in the first round; twice that in each after */
	unsigned rounds;
};

enum mir_dns_step { MIR_DNS_ASK_UDP, MIR_DNS_ASK_TCP, MIR_DNS_DONE };

struct mir_dns_lookup {
	struct mir_dns_plan plan;
	enum mir_dns_type type;
	enum mir_dns_step step;
	/* Until it is done: what to ask whom, from a port that nobody knows, and until when an
	 * answer is waited for. */
	unsigned server;
	uint8_t question[MIR_DNS_QUESTION];
	size_t question_len;
	int64_t deadline;
	unsigned asked; /* questions so far: a change means that a new one is to be sent */
	/* Then: */
	int result;                   /* addresses, or as mir_resolver_addresses */
	struct mir_dns_answer answer; /* ttl: of the result, a negative one too */

	char name[MIR_DNS_NAME]; /* that is asked for now */
	uint16_t id;
	uint32_t ttl; /* of the aliases so far */
	unsigned round, aliases, others;
	bool no_edns[MIR_DNS_SERVERS], heard;
};

/* name: as mir_dns_name writes it; id: a random number. */
void mir_dns_lookup_begin(struct mir_dns_lookup *, const struct mir_dns_plan *, const char *name,
    enum mir_dns_type type, uint16_t id, int64_t now);

/* Any bytes from the server that was asked.  id: a random number for the next question. */
void mir_dns_lookup_reply(
    struct mir_dns_lookup *, const uint8_t *p, size_t len, uint16_t id, int64_t now);

/* The deadline has passed, or the server cannot be reached (heard: it said so itself). */
void mir_dns_lookup_failed(struct mir_dns_lookup *, bool heard, uint16_t id, int64_t now);

#endif
