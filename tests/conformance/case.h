/* case.h: what RFCs require of TCP, as data: each requirement with the script that shows it on the
 * wire, or with the reason why there is none. */
#ifndef MIR_TESTS_CASE_H
#define MIR_TESTS_CASE_H

#include <stddef.h>

enum level { MUST, MUST_NOT, SHOULD, SHOULD_NOT };

enum verdict {
	MET,       /* the script shows it */
	UNSEEN,    /* met, and no peer can see it: why says where it is */
	DIFFERENT, /* the script shows what is done instead: why says why */
	NOT_MET,   /* why says why */
	NO_MATTER, /* the system has nothing that it speaks of: why says what */
};

struct requirement {
	const char *id;      /* the RFC's own, or made from the section; NULL ends a list */
	const char *section; /* of the RFC */
	enum level level;
	const char *text; /* in our own words */
	void (*run)(void);
	enum verdict verdict;
	const char *why;
};

/* Rows of a list: one that its script shows to be met, and the end. */
#define SHOWN(ID, SECTION, LEVEL, TEXT, RUN)                                                       \
	{                                                                                          \
		.id = (ID), .section = (SECTION), .level = (LEVEL), .text = (TEXT), .run = (RUN)   \
	}
#define LAST                                                                                       \
	{                                                                                          \
		.id = NULL                                                                         \
	}

struct chapter {
	unsigned rfc;
	const char *title;
	const struct requirement *list;
};

extern const struct requirement rfc9293_header[], rfc9293_opening[], rfc9293_closing[],
    rfc9293_window[], rfc9293_acks[], rfc9293_failures[], rfc9293_interface[], rfc9293_events[];
extern const struct requirement rfc5961[], rfc7323[], rfc2018[], rfc2883[], rfc5681[], rfc3042[],
    rfc6582[], rfc6298[], rfc8985[], rfc3168[], rfc5927[], rfc8899[], rfc6691[], rfc6191[],
    rfc1337[], rfc4987[], rfc7413[], rfc5682[], rfc4015[], rfc5482[], rfc7413_client[], rfc6937[],
    rfc9406[], rfc9438[];

#endif
