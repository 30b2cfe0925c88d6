/* tcp.c: TCP of the host: connecting, listening, accepting. */
#define _GNU_SOURCE
#include "host.h"

#include <mir/fiber.h>
#include <mir/log.h>
#include <mir/timer.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

MIR_LOG_SOURCE(sockets);

enum { BURST = 64, BACKLOG = 1024 };

struct host_listener {
	struct mir_tcp_listener listener;
	struct mir_poll_fd poll;
	struct mir_timer retry;
	mir_tcp_accept *accept;
	void *arg;
	bool paused, starved;
	unsigned burst; /* connections taken in one turn: as many as came in the last ones */
	int64_t told;   /* when the log last said that descriptors are used up */
};

static void set(int fd, int level, int name, int value)
{
	setsockopt(fd, level, name, &value, sizeof(value));
}

void mir_host_tcp_options(int fd, const struct mir_tcp_options *o)
{
	if (!o)
		return;
	if (o->nodelay)
		set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (o->keepalive_idle_ns) {
		int64_t every = o->keepalive_interval_ns;

		set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
		set(fd, IPPROTO_TCP, TCP_KEEPIDLE,
		    (int)MIR_MAX(o->keepalive_idle_ns / MIR_SECOND(1), 1));
		set(fd, IPPROTO_TCP, TCP_KEEPINTVL,
		    every ? (int)MIR_MAX(every / MIR_SECOND(1), 1) : 75);
		set(fd, IPPROTO_TCP, TCP_KEEPCNT,
		    o->keepalive_probes ? (int)o->keepalive_probes : 9);
	}
	set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
	    o->user_timeout_ns ? (int)(o->user_timeout_ns / MIR_MS(1)) : 300000);
	if (o->congestion)
		setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, o->congestion,
		    (socklen_t)strlen(o->congestion));
	if (o->send_buffer)
		set(fd, SOL_SOCKET, SO_SNDBUF, (int)MIR_MIN(o->send_buffer, 1u << 30));
	if (o->receive_buffer)
		set(fd, SOL_SOCKET, SO_RCVBUF, (int)MIR_MIN(o->receive_buffer, 1u << 30));
}

static struct mir_endpoint local_of(int fd)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	struct mir_endpoint any = { MIR_IPADDR_ANY, 0 };

	if (getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		return any;
	if (a.sin_addr.s_addr == 0) {
		any.port = ntohs(a.sin_port);
		return any;
	}
	return mir_host_endpoint(&a);
}

/* A descriptor that becomes connected, and the fiber that waits for it. */
struct attempt {
	struct mir_poll_fd poll;
	struct mir_waitq wait;
	bool done;
};

static void attempt_ready(struct mir_poll_fd *p, unsigned events)
{
	struct attempt *a = mir_container(p, struct attempt, poll);

	(void)events;
	a->done = true;
	mir_wake_all(&a->wait);
}

static int finish_connect(int fd)
{
	struct attempt a = { { fd, MIR_POLL_OUT, attempt_ready }, { NULL, NULL }, false };
	socklen_t len = sizeof(int);
	int rc = mir_poll_add(&a.poll), error = 0;

	if (rc < 0)
		return rc;
	while (!a.done && rc == 0)
		rc = mir_wait(&a.wait);
	mir_poll_remove(&a.poll);
	if (rc < 0)
		return rc;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	return error ? mir_host_error(error) : 0;
}

static int bound_socket(const struct mir_endpoint *local, int *out)
{
	struct sockaddr_in a;
	int rc, fd;

	if ((rc = mir_host_address(local, &a)) < 0)
		return rc;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return mir_host_error(errno);
	set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if ((a.sin_port || a.sin_addr.s_addr) && bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		rc = mir_host_error(errno);
		close(fd);
		return rc;
	}
	*out = fd;
	return 0;
}

static int tcp_connect(struct mir_tcp *t, const struct mir_endpoint *local,
    const struct mir_endpoint *peer, const struct mir_tcp_options *o, struct mir_tcp_flow **out)
{
	static const struct mir_endpoint any;
	struct sockaddr_in a;
	struct mir_endpoint bound;
	int fd, rc;

	if ((rc = mir_host_address(peer, &a)) < 0 ||
	    (rc = bound_socket(local ? local : &any, &fd)) < 0)
		return rc;
	mir_host_tcp_options(fd, o);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		rc = errno == EINPROGRESS ? finish_connect(fd) : mir_host_error(errno);
	/* The host's word for a lack of local ports is another one than ours. */
	if (rc == MIR_EAGAIN)
		rc = MIR_EADDRNOTAVAIL;
	if (rc < 0) {
		close(fd);
		return rc;
	}
	bound = local_of(fd);
	*out = mir_host_flow_new(mir_host_of_tcp(t), fd, &bound, peer);
	if (*out && o && o->first.len) {
		struct mir_slice first = mir_slice_sub(&o->first, 0, o->first.len);

		rc = mir_flow_write(&(*out)->flow, &first, 1);
		if (rc < 0)
			mir_flow_abort(&(*out)->flow);
	}
	return *out ? rc : MIR_ENOMEM;
}

static void arm(struct host_listener *l)
{
	mir_poll_set(&l->poll, l->paused || l->starved ? 0 : MIR_POLL_IN);
}

static void retry(struct mir_timer *t)
{
	struct host_listener *l = mir_container(t, struct host_listener, retry);

	l->starved = false;
	arm(l);
}

/* No descriptor or memory is left: connections wait at the host until some come back. */
static void starve(struct host_listener *l, int number)
{
	mir_host_of_tcp(l->listener.tcp)->stats.starved++;
	if (!l->told || mir_now() - l->told > MIR_SECOND(10))
		mir_warn("port %u: cannot accept more connections: %s; 'ulimit -n' sets the limit "
			 "of open files",
		    l->listener.local.port,
		    number == EMFILE || number == ENFILE ? "all descriptors are in use"
							 : mir_strerror(MIR_ENOMEM));
	l->told = mir_now();
	l->starved = true;
	arm(l);
	mir_timer_set(&l->retry, mir_time_add(mir_now(), MIR_MS(100)));
}

static void accept_ready(struct mir_poll_fd *p, unsigned events)
{
	struct host_listener *l = mir_container(p, struct host_listener, poll);
	struct mir_host_stack *h = mir_host_of_tcp(l->listener.tcp);
	unsigned burst = l->burst;

	(void)events;
	l->burst = MIR_MIN(2 * burst, (unsigned)BURST);
	for (unsigned i = 0; i < burst && !l->paused; i++) {
		struct sockaddr_in a = { .sin_family = AF_INET };
		socklen_t len = sizeof(a);
		int fd = accept4(p->fd, (struct sockaddr *)&a, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct mir_endpoint local, peer;
		struct mir_tcp_flow *flow;

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			    errno == ENOMEM)
				starve(l, errno);
			if (errno == ECONNABORTED || errno == EINTR || errno == EPROTO)
				continue;
			l->burst = MIR_MAX(i, 1u); /* asking in vain costs a system call */
			return;
		}
		local =
		    mir_ipaddr_is_any(&l->listener.local.addr) ? local_of(fd) : l->listener.local;
		peer = mir_host_endpoint(&a);
		h->stats.accepted++;
		if ((flow = mir_host_flow_new(h, fd, &local, &peer)))
			l->accept(l->arg, flow);
	}
}

static int tcp_listen(struct mir_tcp *t, const struct mir_endpoint *local, unsigned backlog,
    const struct mir_tcp_options *o, mir_tcp_accept *accept, void *arg,
    struct mir_tcp_listener **out)
{
	struct host_listener *l;
	int fd, rc;

	if ((rc = bound_socket(local, &fd)) < 0)
		return rc;
	mir_host_tcp_options(fd, o);
	rc = listen(fd, backlog ? (int)MIR_MIN(backlog, 65535u) : BACKLOG) < 0
		 ? mir_host_error(errno)
		 : 0;
	l = rc == 0 ? calloc(1, sizeof(*l)) : NULL;
	if (!l) {
		close(fd);
		return rc ? rc : MIR_ENOMEM;
	}
	l->listener = (struct mir_tcp_listener){ t, local_of(fd) };
	l->poll = (struct mir_poll_fd){ fd, MIR_POLL_IN, accept_ready };
	l->accept = accept;
	l->burst = 1;
	l->arg = arg;
	mir_timer_init(&l->retry, retry);
	if ((rc = mir_poll_add(&l->poll)) < 0) {
		close(fd);
		free(l);
		return rc;
	}
	mir_host_of_tcp(t)->stats.listeners++;
	*out = &l->listener;
	return 0;
}

static struct host_listener *host_listener(struct mir_tcp_listener *l)
{
	return mir_container(l, struct host_listener, listener);
}

static void tcp_unlisten(struct mir_tcp_listener *listener)
{
	struct host_listener *l = host_listener(listener);

	mir_poll_remove(&l->poll);
	mir_timer_stop(&l->retry);
	close(l->poll.fd);
	mir_host_of_tcp(listener->tcp)->stats.listeners--;
	free(l);
}

static void tcp_pause(struct mir_tcp_listener *listener, bool paused)
{
	struct host_listener *l = host_listener(listener);

	l->paused = paused;
	arm(l);
}

const struct mir_tcp_ops mir_host_tcp_ops = {
	.name = "host",
	.connect = tcp_connect,
	.listen = tcp_listen,
	.unlisten = tcp_unlisten,
	.pause = tcp_pause,
	.set = mir_host_tcp_set,
};
