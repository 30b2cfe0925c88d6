/* socket_tcp_options.c: options of TCP and IP. */
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <string.h>

#include "socket.h"
#include "socket_tcp.h"

enum { TTL = 64, KEEP_IDLE = 7200, KEEP_INTERVAL = 75, KEEP_PROBES = 9, KEEP_MOST = 32767 };

/* To the connection, if there is one, else for the one to come. */
static int tell(struct mir_socket_tcp *t, enum mir_tcp_option option, int64_t value)
{
	t->changed = true;
	return t->flow ? mir_socket_error(mir_tcp_set(t->flow, option, value)) : 0;
}

static int set_nodelay(struct mir_socket_tcp *t, bool nodelay)
{
	t->options.nodelay = nodelay;
	return tell(t, MIR_TCP_SET_NODELAY, nodelay && !t->cork);
}

/* Held back by Nagle: what is written in one turn leaves together anyway. */
static int set_cork(struct mir_socket_tcp *t, bool cork)
{
	t->cork = cork;
	return tell(t, MIR_TCP_SET_NODELAY, t->options.nodelay && !cork);
}

static int64_t idle_of(const struct mir_socket_tcp *t)
{
	return t->idle ? t->idle : MIR_SECOND(KEEP_IDLE);
}

static int set_keepalive(struct mir_socket_tcp *t)
{
	t->options.keepalive_idle_ns = t->socket.keepalive ? idle_of(t) : 0;
	return tell(t, MIR_TCP_SET_KEEPALIVE_IDLE, t->options.keepalive_idle_ns);
}

static int set_keep(struct mir_socket_tcp *t, int name, int n)
{
	if (n < 1 || n > (name == TCP_KEEPCNT ? 127 : KEEP_MOST))
		return -EINVAL;
	switch (name) {
	case TCP_KEEPIDLE: t->idle = MIR_SECOND(n); return set_keepalive(t);
	case TCP_KEEPINTVL:
		t->options.keepalive_interval_ns = MIR_SECOND(n);
		return tell(t, MIR_TCP_SET_KEEPALIVE_INTERVAL, MIR_SECOND(n));
	}
	t->options.keepalive_probes = (unsigned)n;
	return tell(t, MIR_TCP_SET_KEEPALIVE_PROBES, n);
}

struct mir_tcp_options mir_socket_tcp_options(const struct mir_socket_tcp *t)
{
	struct mir_tcp_options o = t->options;
	const struct mir_socket *s = &t->socket;

	o.nodelay = o.nodelay && !t->cork;
	if (s->send_buffer != MIR_SOCKET_BUFFER)
		o.send_buffer = (uint32_t)s->send_buffer;
	if (s->receive_buffer != MIR_SOCKET_BUFFER)
		o.receive_buffer = (uint32_t)s->receive_buffer;
	return o;
}

void mir_socket_tcp_apply(struct mir_socket_tcp *t)
{
	const struct mir_tcp_options *o = &t->options;

	tell(t, MIR_TCP_SET_NODELAY, o->nodelay && !t->cork);
	if (o->keepalive_interval_ns)
		tell(t, MIR_TCP_SET_KEEPALIVE_INTERVAL, o->keepalive_interval_ns);
	if (o->keepalive_probes)
		tell(t, MIR_TCP_SET_KEEPALIVE_PROBES, o->keepalive_probes);
	tell(t, MIR_TCP_SET_KEEPALIVE_IDLE, o->keepalive_idle_ns);
	if (o->user_timeout_ns)
		tell(t, MIR_TCP_SET_USER_TIMEOUT, o->user_timeout_ns);
}

static int set_tcp(struct mir_socket_tcp *t, int name, int n)
{
	switch (name) {
	case TCP_NODELAY: return set_nodelay(t, n != 0);
	case TCP_CORK: return set_cork(t, n != 0);
	case TCP_KEEPIDLE:
	case TCP_KEEPINTVL:
	case TCP_KEEPCNT: return set_keep(t, name, n);
	case TCP_USER_TIMEOUT:
		if (n < 0)
			return -EINVAL;
		t->options.user_timeout_ns = MIR_MS(n);
		return tell(t, MIR_TCP_SET_USER_TIMEOUT, MIR_MS(n));
	}
	return -ENOPROTOOPT;
}

int mir_socket_tcp_set(struct mir_socket *s, int level, int name, const void *value, socklen_t len)
{
	struct mir_socket_tcp *t = mir_socket_tcp_of(s);
	int n, rc;

	if (level == SOL_SOCKET)
		return name == SO_KEEPALIVE ? set_keepalive(t) : -ENOPROTOOPT;
	if (level == IPPROTO_IP)
		return mir_socket_ip_set(s, name, value, len);
	if (level != IPPROTO_TCP)
		return -ENOPROTOOPT;
	rc = mir_option_int(value, len, &n);
	return rc < 0 ? rc : set_tcp(t, name, n);
}

static int get_tcp(const struct mir_socket_tcp *t, int name, int *n)
{
	const struct mir_tcp_options *o = &t->options;

	switch (name) {
	case TCP_NODELAY: *n = o->nodelay; return 0;
	case TCP_CORK: *n = t->cork; return 0;
	case TCP_KEEPIDLE: *n = (int)(idle_of(t) / MIR_SECOND(1)); return 0;
	case TCP_KEEPINTVL:
		*n = (int)(o->keepalive_interval_ns / MIR_SECOND(1));
		*n = *n ? *n : KEEP_INTERVAL;
		return 0;
	case TCP_KEEPCNT:
		*n = o->keepalive_probes ? (int)o->keepalive_probes : KEEP_PROBES;
		return 0;
	case TCP_USER_TIMEOUT: *n = (int)(o->user_timeout_ns / MIR_MS(1)); return 0;
	}
	return -ENOPROTOOPT;
}

int mir_socket_tcp_get(struct mir_socket *s, int level, int name, void *value, socklen_t *len)
{
	int n = 0, rc;

	if (level == IPPROTO_IP)
		return mir_socket_ip_get(s, name, value, len);
	if (level != IPPROTO_TCP)
		return -ENOPROTOOPT;
	rc = get_tcp(mir_socket_tcp_of(s), name, &n);
	return rc < 0 ? rc : mir_option_put(value, len, &n, sizeof(n));
}

/* What a datagram leaves with cannot be chosen: only what it has anyway is agreed to. */
int mir_socket_ip_set(struct mir_socket *s, int name, const void *value, socklen_t len)
{
	int n = 0, rc;
	uint8_t byte;

	if (value && len >= 1 && len < sizeof(n)) {
		memcpy(&byte, value, 1);
		n = byte;
	} else if ((rc = mir_option_int(value, len, &n)) < 0) {
		return rc;
	}
	switch (name) {
	case IP_TTL: return n == TTL || n == -1 ? 0 : -ENOPROTOOPT;
	case IP_TOS: return n == 0 ? 0 : -ENOPROTOOPT;
	case IP_PKTINFO:
		if (s->type != SOCK_DGRAM)
			return -ENOPROTOOPT;
		s->packet_info = n != 0;
		return 0;
	}
	return -ENOPROTOOPT;
}

int mir_socket_ip_get(struct mir_socket *s, int name, void *value, socklen_t *len)
{
	int n;

	switch (name) {
	case IP_TTL: n = TTL; break;
	case IP_TOS: n = 0; break;
	case IP_PKTINFO: n = s->packet_info; break;
	default: return -ENOPROTOOPT;
	}
	return mir_option_put(value, len, &n, sizeof(n));
}
