/* socket_options.c: options that every socket has. */
#include <errno.h>
#include <string.h>
#include <sys/time.h>

#include "socket.h"

enum { LEAST_BUFFER = 2304, LINGER_MOST = 3600 };

int mir_option_int(const void *value, socklen_t len, int *out)
{
	if (!value || len < sizeof(*out))
		return -EINVAL;
	memcpy(out, value, sizeof(*out));
	return 0;
}

int mir_option_put(void *value, socklen_t *len, const void *from, size_t size)
{
	*len = (socklen_t)MIR_MIN((size_t)*len, size);
	memcpy(value, from, *len);
	return 0;
}

static int set_timeout(int64_t *out, const void *value, socklen_t len)
{
	struct timeval t;

	if (len < sizeof(t))
		return -EINVAL;
	memcpy(&t, value, sizeof(t));
	if (t.tv_usec < 0 || t.tv_usec >= 1000000)
		return -EDOM;
	if (t.tv_sec < 0 || t.tv_sec > INT64_MAX / 1000000000 - 1)
		*out = t.tv_sec < 0 ? 1 : 0;
	else
		*out = MIR_SECOND(t.tv_sec) + t.tv_usec * 1000;
	return 0;
}

static int get_timeout(int64_t timeout, void *value, socklen_t *len)
{
	const struct timeval t = { timeout / 1000000000, timeout % 1000000000 / 1000 };

	return mir_option_put(value, len, &t, sizeof(t));
}

/* As Linux, which counts what holds the bytes too: twice what was asked for. */
static int set_buffer(int *out, int n)
{
	n = MIR_MIN(n, MIR_SOCKET_BUFFER_MOST / 2);
	*out = MIR_MAX(n, LEAST_BUFFER / 2) * 2;
	return 0;
}

static int set_linger(struct mir_socket *s, const void *value, socklen_t len)
{
	struct linger l;

	if (len < sizeof(l))
		return -EINVAL;
	memcpy(&l, value, sizeof(l));
	l.l_linger = MIR_MIN(MIR_MAX(l.l_linger, 0), (int)LINGER_MOST);
	s->linger = l;
	return 0;
}

static int kind_set(struct mir_socket *s, int level, int name, const void *value, socklen_t len)
{
	return s->ops->set ? s->ops->set(s, level, name, value, len) : -ENOPROTOOPT;
}

static int set_flag(struct mir_socket *s, int name, const void *value, socklen_t len)
{
	int n, rc = mir_option_int(value, len, &n);

	if (rc < 0)
		return rc;
	switch (name) {
	case SO_REUSEADDR: s->reuse_address = n != 0; return 0;
	case SO_BROADCAST: s->broadcast = n != 0; return 0;
	case SO_KEEPALIVE:
		s->keepalive = n != 0;
		rc = kind_set(s, SOL_SOCKET, name, value, len);
		return rc == -ENOPROTOOPT ? 0 : rc;
	case SO_RCVBUF: return set_buffer(&s->receive_buffer, n);
	case SO_SNDBUF: return set_buffer(&s->send_buffer, n);
	case SO_REUSEPORT: /* no port is shared */
	case SO_DONTROUTE: return n ? -ENOPROTOOPT : 0;
	case SO_OOBINLINE: return 0; /* there are no urgent data (RFC 6093) */
	case SO_RCVLOWAT: return n <= 1 ? 0 : -ENOPROTOOPT;
	}
	return -ENOPROTOOPT;
}

int mir_socket_set(struct mir_socket *s, int level, int name, const void *value, socklen_t len)
{
	if (level != SOL_SOCKET)
		return kind_set(s, level, name, value, len);
	switch (name) {
	case SO_RCVTIMEO: return set_timeout(&s->receive_timeout, value, len);
	case SO_SNDTIMEO: return set_timeout(&s->send_timeout, value, len);
	case SO_LINGER: return set_linger(s, value, len);
	case SO_TYPE:
	case SO_ERROR:
	case SO_DOMAIN:
	case SO_PROTOCOL:
	case SO_ACCEPTCONN: return -ENOPROTOOPT;
	}
	return set_flag(s, name, value, len);
}

/* Options that are a number; -ENOPROTOOPT. */
static int get_number(struct mir_socket *s, int name, int *n)
{
	switch (name) {
	case SO_REUSEADDR: *n = s->reuse_address; return 0;
	case SO_BROADCAST: *n = s->broadcast; return 0;
	case SO_KEEPALIVE: *n = s->keepalive; return 0;
	case SO_RCVBUF: *n = s->receive_buffer; return 0;
	case SO_SNDBUF: *n = s->send_buffer; return 0;
	case SO_TYPE: *n = s->type; return 0;
	case SO_DOMAIN: *n = s->family; return 0;
	case SO_PROTOCOL: *n = s->protocol; return 0;
	case SO_ACCEPTCONN: *n = s->listening; return 0;
	case SO_ERROR: *n = -mir_socket_take_error(s); return 0;
	case SO_RCVLOWAT:
	case SO_SNDLOWAT: *n = 1; return 0;
	case SO_REUSEPORT:
	case SO_DONTROUTE:
	case SO_OOBINLINE: *n = 0; return 0;
	}
	return -ENOPROTOOPT;
}

int mir_socket_get(struct mir_socket *s, int level, int name, void *value, socklen_t *len)
{
	int n = 0, rc;

	if (level == SOL_SOCKET) {
		switch (name) {
		case SO_RCVTIMEO: return get_timeout(s->receive_timeout, value, len);
		case SO_SNDTIMEO: return get_timeout(s->send_timeout, value, len);
		case SO_LINGER: return mir_option_put(value, len, &s->linger, sizeof(s->linger));
		}
		rc = get_number(s, name, &n);
		if (rc == 0)
			return mir_option_put(value, len, &n, sizeof(n));
	}
	return s->ops->get ? s->ops->get(s, level, name, value, len) : -ENOPROTOOPT;
}
