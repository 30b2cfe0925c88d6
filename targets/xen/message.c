/* message.c: messages of xenstore. */
#include "message.h"

#include <mir/err.h>
#include <string.h>

int mir_xen_message_feed(struct mir_xen_message *m, const void *p, size_t n)
{
	size_t size = sizeof(m->head), part;

	if (m->have < size) {
		part = MIR_MIN(n, size - m->have);
		memcpy((uint8_t *)&m->head + m->have, p, part);
	} else {
		part = MIR_MIN(n, size + m->head.len - m->have);
		memcpy(m->body + (m->have - size), p, part);
	}
	m->have += part;
	if (m->have < size)
		return (int)part;
	if (m->head.len > MIR_XENSTORE_PAYLOAD)
		return MIR_EPROTO;
	if (mir_xen_message_whole(m))
		m->body[m->head.len] = '\0';
	return (int)part;
}

int mir_xen_message_error(const char *body)
{
	static const struct {
		const char *name;
		int err;
	} table[] = { { "ENOENT", MIR_ENOENT }, { "EAGAIN", MIR_EAGAIN }, { "EACCES", MIR_EACCES },
		{ "EEXIST", MIR_EEXIST }, { "EINVAL", MIR_EINVAL }, { "ENOSPC", MIR_ENOSPC },
		{ "EISDIR", MIR_EISDIR }, { "EBUSY", MIR_EBUSY }, { "EPERM", MIR_EPERM },
		{ "ENOSYS", MIR_ENOSYS }, { "EROFS", MIR_EROFS }, { "ENOMEM", MIR_ENOMEM },
		{ "E2BIG", MIR_EFBIG } };

	for (unsigned i = 0; i < MIR_COUNT(table); i++) {
		if (strcmp(body, table[i].name) == 0)
			return table[i].err;
	}
	return MIR_EIO;
}

bool mir_xen_number(const char *text, uint64_t *value)
{
	uint64_t v = 0;

	if (*text == '\0')
		return false;
	for (; *text; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*value = v;
	return true;
}

bool mir_xen_message_token(const char *body, size_t len, uint32_t *token)
{
	const char *second = memchr(body, '\0', len);
	uint64_t v;

	if (!second || second == body + len || !mir_xen_number(second + 1, &v) || v > UINT32_MAX)
		return false;
	*token = (uint32_t)v;
	return true;
}
