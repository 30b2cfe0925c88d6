/* libbad.h: the tables of badpackets: what no well-meaning host sends. */
#ifndef MIR_TESTS_LIBBAD_H
#define MIR_TESTS_LIBBAD_H

#include "libpacket.h"

enum mir_bad_answer {
	MIR_BAD_ANY,   /* an answer is allowed */
	MIR_BAD_SILENT /* none may come */
};

struct mir_bad_case {
	const char *name; /* NULL ends the table */
	enum mir_bad_answer answer;
	void (*send)(struct mir_raw *);
	const char *about;
};

extern const struct mir_bad_case mir_bad_link[]; /* libbadlink.c: Ethernet and ARP */
extern const struct mir_bad_case mir_bad_ip[];   /* libbadip.c: IPv4 and fragments */
extern const struct mir_bad_case mir_bad_icmp[]; /* libbadicmp.c: ICMP and UDP */
extern const struct mir_bad_case mir_bad_tcp[];  /* libbadtcp.c */

/* Send as it is. */
static inline void mir_bad_send(struct mir_raw *r, const struct mir_packet *p)
{
	mir_raw_send(r, p->data, p->len);
}

/* Send every beginning of the frame from `least` bytes on, lengths untouched. */
static inline void mir_bad_truncate(struct mir_raw *r, const struct mir_packet *p, size_t least)
{
	for (size_t len = least; len < p->len; len++)
		mir_raw_send(r, p->data, len);
}

/* An echo request, closed, of `payload` bytes. */
static inline void mir_bad_echo(struct mir_packet *p, struct mir_raw *r, size_t payload)
{
	mir_packet_init(p, r);
	mir_packet_ip(p, r, 1);
	mir_packet_echo(p, 0x6261);
	mir_packet_fill(p, payload);
	mir_packet_close(p);
}

#endif
