/* icmp.c: ICMP echo by the host: its sockets for unprivileged pings, or a raw socket. */
#define _GNU_SOURCE
#include "host.h"

#include <mir/checksum.h>
#include <mir/fiber.h>
#include <mir/hash.h>
#include <mir/log.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

MIR_LOG_SOURCE(sockets);

enum { HEADER = 8, ECHO_MAX = 65507, TOKEN = 8 };

struct ping {
	struct mir_poll_fd poll;
	struct mir_waitq wait;
	bool raw, ready;
	uint16_t id, seq;
	uint8_t token[TOKEN]; /* at the front of the payload: ours, not another's */
	size_t token_len;
};

static void on_event(struct mir_poll_fd *p, unsigned events)
{
	struct ping *g = mir_container(p, struct ping, poll);

	(void)events;
	g->ready = true;
	mir_wake_all(&g->wait);
}

static int open_socket(struct ping *g)
{
	int kind = SOCK_NONBLOCK | SOCK_CLOEXEC, fd, one = 1;

	fd = socket(AF_INET, SOCK_DGRAM | kind, IPPROTO_ICMP);
	if (fd < 0) {
		fd = socket(AF_INET, SOCK_RAW | kind, IPPROTO_ICMP);
		g->raw = true;
	}
	if (fd < 0 && (errno == EACCES || errno == EPERM)) {
		mir_warn(
		    "not allowed to ping: as root set net.ipv4.ping_group_range=\"0 2147483647\" "
		    "with sysctl, or give the image CAP_NET_RAW");
		return MIR_EACCES;
	}
	if (fd < 0)
		return mir_host_error(errno);
	setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof(one));
	g->poll = (struct mir_poll_fd){ fd, MIR_POLL_IN, on_event };
	return 0;
}

static void build(const struct ping *g, uint8_t *p, uint16_t len)
{
	for (unsigned i = 0; i < len; i++)
		p[HEADER + i] = (uint8_t)i;
	memcpy(p + HEADER, g->token, g->token_len);
	p[0] = ICMP_ECHO;
	p[1] = 0;
	mir_put_be16(p + 2, 0);
	mir_put_be16(p + 4, g->id);
	mir_put_be16(p + 6, g->seq);
	mir_put_be16(p + 2, mir_sum_finish(mir_sum(p, HEADER + (size_t)len, 0)));
}

static uint8_t ttl_of(struct msghdr *m)
{
	int ttl = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL)
			memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
	return (uint8_t)ttl;
}

/* Whether n bytes from the socket answer our request; the payload's length in out->len. */
static bool is_answer(const struct ping *g, const uint8_t *p, size_t n, struct mir_icmp_reply *out)
{
	if (g->raw) {
		size_t header = n ? (size_t)(p[0] & 15) * 4 : 0;

		if (header < 20 || n < header)
			return false;
		p += header;
		n -= header;
	}
	if (n < HEADER + g->token_len || p[0] != ICMP_ECHOREPLY || mir_be16(p + 6) != g->seq)
		return false;
	if (g->raw && mir_be16(p + 4) != g->id)
		return false;
	out->len = (uint16_t)MIR_MIN(n - HEADER, 65535u);
	return memcmp(p + HEADER, g->token, g->token_len) == 0;
}

/* 1: answered; 0: not yet; or an error. */
static int receive(struct ping *g, uint8_t *buf, size_t cap, struct mir_icmp_reply *out)
{
	union {
		struct cmsghdr align;
		char bytes[256];
	} control;
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct iovec v = { buf, cap };
	struct msghdr m = { &from, sizeof(from), &v, 1, &control, sizeof(control), 0 };
	ssize_t n = recvmsg(g->poll.fd, &m, MSG_DONTWAIT);

	if (n < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
			g->ready = false;
			return 0;
		}
		return mir_host_error(errno);
	}
	if (!is_answer(g, buf, (size_t)n, out))
		return 0;
	out->from = mir_host_endpoint(&from).addr;
	out->ttl = ttl_of(&m);
	return 1;
}

static int exchange(
    struct ping *g, uint8_t *buf, size_t cap, uint16_t len, struct mir_icmp_reply *out)
{
	int64_t sent = mir_now_precise();
	int rc = 0;

	build(g, buf, len);
	if (send(g->poll.fd, buf, HEADER + (size_t)len, MSG_DONTWAIT) < 0)
		return mir_host_error(errno);
	while (rc == 0) {
		if (!g->ready && (rc = mir_wait(&g->wait)) < 0)
			return rc;
		rc = g->ready ? receive(g, buf, cap, out) : 0;
	}
	out->rtt_ns = mir_now_precise() - sent;
	return rc < 0 ? rc : 0;
}

static int host_echo(struct mir_icmp *icmp, struct mir_ipaddr dst, uint16_t seq, uint16_t len,
    struct mir_icmp_reply *out)
{
	struct mir_endpoint to = { dst, 0 };
	struct ping g = { .seq = seq, .id = (uint16_t)mir_random_u32() };
	size_t cap = HEADER + (size_t)len + 64;
	struct sockaddr_in a;
	uint8_t *buf;
	int rc;

	(void)icmp;
	if (len > ECHO_MAX - HEADER)
		return MIR_EMSGSIZE;
	if ((rc = mir_host_address(&to, &a)) < 0 || (rc = open_socket(&g)) < 0)
		return rc;
	g.token_len = MIR_MIN(len, (uint16_t)TOKEN);
	mir_random(g.token, sizeof(g.token));
	buf = malloc(cap);
	rc = !buf                                                       ? MIR_ENOMEM
	     : connect(g.poll.fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? mir_host_error(errno)
									: mir_poll_add(&g.poll);
	if (rc == 0) {
		*out = (struct mir_icmp_reply){ 0 };
		rc = exchange(&g, buf, cap, len, out);
		mir_poll_remove(&g.poll);
	}
	free(buf);
	close(g.poll.fd);
	return rc;
}

const struct mir_icmp_ops mir_host_icmp_ops = { "host", host_echo };
