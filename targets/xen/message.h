/* message.h: messages of xenstore, from bytes: a pure engine. */
#ifndef MIR_XEN_MESSAGE_H
#define MIR_XEN_MESSAGE_H

#include "xen.h"

struct mir_xen_message {
	struct mir_xenstore_head head;
	size_t have;                         /* bytes of head and body so far */
	char body[MIR_XENSTORE_PAYLOAD + 1]; /* with a NUL behind it when it is whole */
};

/* Takes at most n bytes; how many of them.  MIR_EPROTO: a body longer than the limit, after which
 * nothing of the stream makes sense. */
int mir_xen_message_feed(struct mir_xen_message *, const void *p, size_t n);

static inline bool mir_xen_message_whole(const struct mir_xen_message *m)
{
	return m->have >= sizeof(m->head) && m->have == sizeof(m->head) + m->head.len;
}

/* Ready for the next. */
static inline void mir_xen_message_clear(struct mir_xen_message *m)
{
	m->have = 0;
}

/* The error that a body of type MIR_XENSTORE_ERROR names. */
int mir_xen_message_error(const char *body);

/* The token of a watch event's body, a number; false: it has none. */
bool mir_xen_message_token(const char *body, size_t len, uint32_t *token);

/* A number in decimal, all of the text; false: it is none. */
bool mir_xen_number(const char *text, uint64_t *value);

#endif
