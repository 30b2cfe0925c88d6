/* Datagram sockets, AF_UNIX, the interfaces that netlink and ioctl tell of. */
#include "net.h"

#include <net/if.h>

static int udp_on(uint16_t port)
{
	struct sockaddr_in a = inet("0.0.0.0", port);
	int fd = (int)mir_sys_socket(AF_INET, SOCK_DGRAM, 0);

	return mir_sys_bind(fd, SA(a), sizeof(a)) == 0 ? fd : -1;
}

static unsigned echoes;
static struct mir_udp_port *bob_port;

static void echo(
    void *arg, struct mir_packet *p, const struct mir_endpoint *src, const struct mir_endpoint *dst)
{
	struct mir_slice s[MIR_PACKET_SLICES + 1];
	unsigned n = mir_packet_into_slices(p, s);

	(void)arg;
	(void)dst;
	echoes++;
	mir_udp_send(bob_port, NULL, src, s, n);
}

static void bob_echoes(void)
{
	static const struct mir_udp_handler handler = { echo, NULL };
	const struct mir_endpoint at = { MIR_IPADDR_ANY, 7 };

	ok(mir_udp_bind(&bob.udp.udp, &at, &handler, NULL, &bob_port) == 0, "Bob echoes");
}

static void datagrams(void)
{
	struct sockaddr_in a = inet("10.0.0.2", 7), from = inet("0.0.0.0", 0);
	unsigned len = sizeof(from);
	static char big[8000];
	char buf[8];
	int fd, other, n = 0;

	net_start();
	bob_echoes();
	fd = (int)mir_sys_socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ok(mir_sys_sendto(fd, "ping", 4, 0, NULL, 0) == -EDESTADDRREQ, "to nobody");
	ok(mir_sys_recvfrom(fd, buf, 8, 0, NULL, NULL) == -EAGAIN, "nothing");
	ok(mir_sys_sendto(fd, "ping", 4, 0, SA(a), sizeof(a)) == 4, "sent");
	mir_sys_fcntl(fd, F_SETFL, 0);
	ok(mir_sys_recvfrom(fd, buf, 8, MSG_PEEK, SA(from), &len) == 4 && len == sizeof(from) &&
		from.sin_port == htons(7) && from.sin_addr.s_addr == a.sin_addr.s_addr,
	    "the answer, and from whom");
	ok(mir_sys_ioctl(fd, FIONREAD, &n) == 0 && n == 4, "FIONREAD");
	ok(mir_sys_recvfrom(fd, buf, 2, MSG_TRUNC, NULL, NULL) == 4, "cut, the whole length told");
	ok(mir_sys_sendto(fd, "", 0, 0, SA(a), sizeof(a)) == 0 &&
		mir_sys_recvfrom(fd, buf, 8, 0, NULL, NULL) == 0,
	    "an empty one");
	ok(mir_sys_sendto(fd, big, sizeof(big), 0, SA(a), sizeof(a)) == (long)sizeof(big) &&
		mir_sys_recvfrom(fd, big, sizeof(big), 0, NULL, NULL) == (long)sizeof(big),
	    "a long one");
	ok(mir_sys_sendto(fd, big, 70000, 0, SA(a), sizeof(a)) == -EMSGSIZE, "too long");
	ok(mir_sys_connect(fd, SA(a), sizeof(a)) == 0 && send_text(fd, "x", 0) == 1 &&
		got(fd, "x", 0),
	    "connected");
	ok(mir_sys_getsockname(fd, SA(from), &len) == 0 &&
		from.sin_addr.s_addr == htonl(0x0a000001) && from.sin_port,
	    "its own address");
	other = udp_on(9);
	ok(mir_sys_sendto(other, "no", 2, 0, SA(from), sizeof(from)) == 2, "a stranger");
	mir_sleep(MIR_MS(5));
	ok(ready(fd, POLLIN) == 0, "is not heard");
	ok(udp_on(9) == -1, "a port that is taken");
	a.sin_port = htons(99);
	ok(mir_sys_connect(fd, SA(a), sizeof(a)) == 0 && send_text(fd, "x", 0) == 1,
	    "nobody there");
	mir_sleep(MIR_MS(10));
	ok(ready(fd, POLLIN) & POLLERR && mir_sys_read(fd, buf, 8) == -ECONNREFUSED, "is told");
	a = inet("10.0.0.255", 7);
	ok(mir_sys_sendto(other, "x", 1, 0, SA(a), sizeof(a)) == -EACCES, "not to all");
	set_option(other, SOL_SOCKET, SO_BROADCAST, 1);
	ok(mir_sys_sendto(other, "x", 1, 0, SA(a), sizeof(a)) == 1, "unless asked for");
	for (int i = 3; i < 10; i++)
		mir_sys_close(i);
	mir_udp_close(bob_port);
	net_stop();
}

static void limits(void)
{
	struct sockaddr_in a = inet("127.0.0.1", 9);
	uint64_t before = mir_socket_stats.dropped;
	int fd, from, n = 0;
	char buf[8];

	net_start();
	fd = udp_on(9);
	from = (int)mir_sys_socket(AF_INET, SOCK_DGRAM, 0);
	set_option(fd, SOL_SOCKET, SO_RCVBUF, 5000);
	for (int i = 0; i < 500; i++) {
		mir_sys_sendto(from, "12345", 5, 0, SA(a), sizeof(a));
		if (i % 50 == 0)
			mir_sleep(MIR_MS(1));
	}
	mir_sleep(MIR_MS(5));
	while (mir_sys_recvfrom(fd, buf, 8, MSG_DONTWAIT, NULL, NULL) == 5)
		n++;
	ok(n > 10 && n < 150, "%d are kept", n);
	ok(mir_socket_stats.dropped - before == 500 - (unsigned)n, "the others are counted");
	mir_sys_close(fd);
	mir_sys_close(from);
	net_stop();
}

static void messages(void)
{
	struct sockaddr_in a = inet("127.0.0.1", 9), name;
	char text[3][4], control[64];
	struct iovec iov[3] = { { text[0], 1 }, { text[1], 2 }, { text[2], 4 } };
	struct msghdr m = { .msg_name = &name,
		.msg_namelen = sizeof(name),
		.msg_iov = iov,
		.msg_iovlen = 3,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct mmsghdr many[3] = { { .msg_hdr = { .msg_iov = iov, .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = iov + 1, .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = iov + 2, .msg_iovlen = 1 } } };
	struct cmsghdr *c;
	struct in_pktinfo info;
	int fd, from;

	net_start();
	fd = udp_on(9);
	from = (int)mir_sys_socket(AF_INET, SOCK_DGRAM, 0);
	ok(set_option(fd, IPPROTO_IP, IP_PKTINFO, 1) == 0 &&
		option(fd, IPPROTO_IP, IP_PKTINFO) == 1,
	    "IP_PKTINFO");
	mir_sys_sendto(from, "abcdefgh", 8, 0, SA(a), sizeof(a));
	ok(mir_sys_recvmsg(fd, &m, 0) == 7 && m.msg_flags == MSG_TRUNC &&
		m.msg_namelen == sizeof(name) && name.sin_addr.s_addr == a.sin_addr.s_addr,
	    "in three pieces, cut");
	ok(text[0][0] == 'a' && memcmp(text[1], "bc", 2) == 0 && memcmp(text[2], "defg", 4) == 0,
	    "each has its part");
	c = CMSG_FIRSTHDR(&m);
	ok(c && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO, "a control message");
	memcpy(&info, CMSG_DATA(c), sizeof(info));
	ok(info.ipi_ifindex == 1 && info.ipi_addr.s_addr == a.sin_addr.s_addr,
	    "says where it came");
	info.ipi_spec_dst.s_addr = htonl(0x0a000001);
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	m.msg_name = &a;
	m.msg_namelen = sizeof(a);
	ok(mir_sys_sendmsg(from, &m, 0) == 7, "with a source of our choice");
	m.msg_controllen = 4;
	m.msg_name = &name;
	ok(mir_sys_recvmsg(fd, &m, 0) == 7 && name.sin_addr.s_addr == htonl(0x0a000001), "is seen");
	ok(m.msg_flags & MSG_CTRUNC, "no room for the control message");
	c->cmsg_len = 3;
	m.msg_controllen = sizeof(control);
	m.msg_name = &a;
	ok(mir_sys_sendmsg(from, &m, 0) == -EINVAL, "a broken control message");
	m.msg_iovlen = 1025;
	ok(mir_sys_sendmsg(from, &m, 0) == -EMSGSIZE, "too many pieces");
	mir_sys_connect(from, SA(a), sizeof(a));
	ok(mir_sys_sendmmsg(from, many, 3, 0) == 3 && many[2].msg_len == 4, "three messages");
	mir_sleep(MIR_MS(5));
	ok(mir_sys_recvmmsg(fd, many, 3, MSG_WAITFORONE, NULL) == 3 && many[1].msg_len == 2,
	    "at once");
	ok(mir_sys_recvmmsg(fd, many, 3, MSG_DONTWAIT, NULL) == -EAGAIN, "no more");
	mir_sys_close(fd);
	mir_sys_close(from);
	net_stop();
}

static struct sockaddr_un path(const char *text, unsigned *len)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	memcpy(a.sun_path, text, strlen(text + 1) + 1);
	*len = (unsigned)(offsetof(struct sockaddr_un, sun_path) + strlen(text + 1) + 1);
	return a;
}

static void pairs(void)
{
	static char big[300000];
	int fd[2];
	long n = 0, all = 0;
	char buf[8];

	ok(mir_sys_socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == 0, "a pair");
	ok(send_text(fd[0], "ab", 0) == 2 && send_text(fd[0], "cd", 0) == 2 &&
		got(fd[1], "abcd", MSG_PEEK) && got(fd[1], "abcd", 0),
	    "a stream");
	ok(mir_sys_read(fd[1], buf, 8) == -EAGAIN, "empty");
	while ((n = mir_sys_write(fd[0], big, sizeof(big))) > 0)
		all += n;
	ok(n == -EAGAIN && all == 212992 && ready(fd[0], POLLOUT) == 0, "full after %ld", all);
	ok(mir_sys_read(fd[1], big, 1000) == 1000 && ready(fd[0], POLLOUT) == POLLOUT, "room");
	ok(mir_sys_shutdown(fd[1], SHUT_RD) == 0 && mir_sys_write(fd[0], "x", 1) == -EPIPE,
	    "nobody reads");
	ok(send_text(fd[1], "x", 0) == 1, "the other way still works");
	ok(mir_sys_close(fd[1]) == 0 && got(fd[0], "x", 0), "to the last byte");
	ok(mir_sys_read(fd[0], buf, 8) == -ECONNRESET && mir_sys_read(fd[0], buf, 8) == 0,
	    "unread bytes were lost, then the end");
	ok(ready(fd[0], POLLIN) == (POLLIN | POLLHUP), "hung up");
	mir_sys_close(fd[0]);
	ok(mir_sys_socketpair(AF_UNIX, SOCK_DGRAM, 0, fd) == 0, "of datagrams");
	ok(send_text(fd[0], "ab", 0) == 2 && send_text(fd[0], "", 0) == 0 && got(fd[1], "ab", 0) &&
		got(fd[1], "", 0),
	    "which stay apart");
	ok(mir_sys_write(fd[0], big, sizeof(big)) == -EMSGSIZE, "too long");
	mir_sys_close(fd[0]);
	ok(send_text(fd[1], "x", 0) == -ECONNREFUSED, "nobody is there");
	mir_sys_close(fd[1]);
	ok(mir_sys_socketpair(AF_INET, SOCK_STREAM, 0, fd) == -EOPNOTSUPP, "only AF_UNIX");
	ok(mir_socket_stats.sockets == 0, "all closed");
}

static void unix_server(void *arg)
{
	int fd = (int)mir_sys_accept(*(int *)arg, NULL, NULL);
	char buf[16];
	long n;

	while ((n = mir_sys_read(fd, buf, sizeof(buf))) > 0)
		mir_sys_write(fd, buf, (size_t)n);
	mir_sys_close(fd);
}

static void connect_more(void *arg)
{
	unsigned len;
	struct sockaddr_un a = path("/tmp/full", &len);

	*(long *)arg = mir_sys_connect((int)*(long *)arg, SA(a), len);
}

static void options(void)
{
	int fd = (int)mir_sys_socket(AF_UNIX, SOCK_DGRAM, 0);

	ok(set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) == -ENOPROTOOPT &&
		set_option(fd, SOL_SOCKET, SO_REUSEPORT, 0) == 0 &&
		option(fd, SOL_SOCKET, SO_REUSEPORT) == 0 &&
		option(fd, SOL_SOCKET, SO_BROADCAST) == 0,
	    "no port is shared");
	mir_sys_close(fd);
}

static void full_queue(void)
{
	unsigned len;
	struct sockaddr_un a = path("/tmp/full", &len);
	const struct timeval moment = { 0, 1000 };
	int l = (int)mir_sys_socket(AF_UNIX, SOCK_STREAM, 0), fd[5];
	struct mir_fiber *f;
	long rc;
	int limit;

	for (int i = 0; i < 5; i++)
		fd[i] = (int)mir_sys_socket(AF_UNIX, SOCK_STREAM, 0);
	mir_sys_bind(l, SA(a), len);
	mir_sys_listen(l, 1);
	ok(mir_sys_connect(fd[0], SA(a), len) == 0, "one waits");
	mir_sys_fcntl(fd[1], F_SETFL, O_NONBLOCK);
	ok(mir_sys_connect(fd[1], SA(a), len) == -EAGAIN, "another may not");
	mir_sys_setsockopt(fd[1], SOL_SOCKET, SO_SNDTIMEO, &moment, sizeof(moment));
	mir_sys_fcntl(fd[1], F_SETFL, 0);
	ok(mir_sys_connect(fd[1], SA(a), len) == -EAGAIN, "or not longer");
	rc = fd[2];
	f = mir_spawn_joinable("connects", connect_more, &rc);
	mir_sleep(MIR_MS(1));
	ok(rc == fd[2], "blocks");
	fd[4] = (mir_sys_close(fd[4]), (int)mir_sys_accept(l, NULL, NULL));
	mir_join(f);
	ok(rc == 0, "until one is taken");
	limit = mir_fd_limit;
	mir_fd_limit = 3;
	ok(mir_sys_accept(l, NULL, NULL) == -EMFILE && (ready(l, POLLIN) & POLLIN),
	    "without a number for it, one goes on waiting");
	mir_fd_limit = limit;
	rc = fd[3];
	f = mir_spawn_joinable("connects", connect_more, &rc);
	mir_sleep(MIR_MS(1));
	mir_cancel(f);
	mir_join(f);
	ok(rc == -EINTR, "or it is interrupted");
	rc = fd[3];
	f = mir_spawn_joinable("connects", connect_more, &rc);
	mir_sleep(MIR_MS(1));
	mir_sys_close(l);
	mir_join(f);
	ok(rc == -ENOENT, "or nobody listens any more");
	for (int i = 0; i < 5; i++)
		mir_sys_close(fd[i]);
	ok(mir_socket_stats.sockets == 0, "all closed");
}

static void names(void)
{
	unsigned len, out_len = sizeof(struct sockaddr_un);
	struct sockaddr_un a = path("/tmp/x", &len), out;
	int l = (int)mir_sys_socket(AF_UNIX, SOCK_STREAM, 0);
	int fd = (int)mir_sys_socket(AF_UNIX, SOCK_STREAM, 0), d[2];

	ok(mir_sys_connect(fd, SA(a), len) == -ENOENT, "no such name");
	ok(mir_sys_bind(l, SA(a), len) == 0 && mir_sys_connect(fd, SA(a), len) == -ECONNREFUSED,
	    "nobody listens");
	ok(mir_sys_listen(l, 1) == 0, "listens");
	mir_spawn("server", unix_server, &l);
	ok(mir_sys_connect(fd, SA(a), len) == 0 && send_text(fd, "hi", 0) == 2 && got(fd, "hi", 0),
	    "echo");
	ok(mir_sys_getpeername(fd, SA(out), &out_len) == 0 && out_len == len + 1 &&
		strcmp(out.sun_path, "/tmp/x") == 0,
	    "the peer's name");
	ok(mir_sys_getsockname(fd, SA(out), &out_len) == 0 && out_len == 2, "none of its own");
	mir_sys_close(fd);
	mir_sleep(1);
	fd = (int)mir_sys_socket(AF_UNIX, SOCK_DGRAM, 0);
	ok(mir_sys_connect(fd, SA(a), len) == -EPROTOTYPE, "of another kind");
	ok(mir_sys_bind(fd, SA(a), len) == -EADDRINUSE, "the name is taken");
	mir_sys_close(fd);
	mir_sys_close(l);
	a = path("\0abc", &len);
	d[0] = (int)mir_sys_socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	d[1] = (int)mir_sys_socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ok(mir_sys_bind(d[0], SA(a), len) == 0 && mir_sys_bind(d[1], SA(a), 2) == 0,
	    "abstract, and chosen");
	ok(mir_sys_sendto(d[1], "x", 1, 0, SA(a), len) == 1, "sent");
	out_len = sizeof(out);
	ok(mir_sys_recvfrom(d[0], &out, 0, MSG_PEEK, SA(out), &out_len) == 0 && out_len == 8 &&
		out.sun_path[0] == 0,
	    "and from whom");
	ok(mir_sys_connect(d[1], SA(a), len) == 0 && send_text(d[1], "y", 0) == 1, "connected");
	mir_sys_close(d[0]);
	ok(send_text(d[1], "y", 0) == -ECONNREFUSED, "gone");
	mir_sys_close(d[1]);
	ok(mir_socket_stats.sockets == 0, "all closed");
}

static void passing(void)
{
	char control[CMSG_SPACE(2 * sizeof(int))], byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int fd[2], other[2], come[2];

	mir_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	mir_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, other);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(c), other, sizeof(other));
	ok(mir_sys_sendmsg(fd[0], &m, 0) == 1, "two descriptors");
	mir_sys_close(other[0]);
	mir_sys_close(other[1]);
	memset(control, 0, sizeof(control));
	m.msg_controllen = sizeof(control);
	ok(mir_sys_recvmsg(fd[1], &m, 0) == 1 && c->cmsg_type == SCM_RIGHTS &&
		c->cmsg_len == CMSG_LEN(2 * sizeof(int)),
	    "arrive");
	memcpy(come, CMSG_DATA(c), sizeof(come));
	ok(send_text(come[0], "hi", 0) == 2 && got(come[1], "hi", 0), "and work");
	ok(mir_sys_sendmsg(fd[0], &m, 0) == 1, "once more");
	mir_sys_close(come[0]);
	mir_sys_close(come[1]);
	ok(mir_sys_sendmsg(fd[0], &m, 0) == -EBADF, "closed ones do not go");
	mir_sys_close(fd[0]);
	mir_sys_close(fd[1]);
	ok(mir_socket_stats.sockets == 0, "what nobody took is closed");
}

/* Passes a file on; the descriptor is closed. */
static long pass(int fd, int file)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	long rc;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &file, sizeof(file));
	rc = mir_sys_sendmsg(fd, &m, 0);
	mir_sys_close(file);
	return rc;
}

static unsigned slow_closed;

static void slow_close(struct mir_file *f)
{
	mir_sleep(MIR_MS(1));
	slow_closed++;
	free(f);
}

/* A file whose closing blocks. */
static int slow(void)
{
	static const struct mir_file_ops ops = { .close = slow_close };
	struct mir_file *f = calloc(1, sizeof(*f));

	mir_file_init(f, &ops, O_RDWR);
	return mir_fd_new(f, 0, 0);
}

static void close_one(void *arg)
{
	mir_sys_close(*(int *)arg);
}

static void read_one(void *arg)
{
	char byte;

	mir_sys_read(*(int *)arg, &byte, 1);
}

static void slow_ends(void)
{
	int fd[2], last;

	slow_closed = 0;
	mir_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	pass(fd[0], slow());
	mir_spawn("closes", close_one, &fd[1]);
	mir_yield();
	ok(send_text(fd[0], "x", MSG_NOSIGNAL) == -ECONNRESET,
	    "nothing goes to one that is being closed");
	mir_sleep(MIR_MS(5));
	ok(slow_closed == 1, "what was passed to it is closed");
	mir_sys_close(fd[0]);
	mir_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	pass(fd[0], slow());
	send_text(fd[0], "y", 0);
	mir_spawn("reads", read_one, &fd[1]);
	mir_yield();
	ok(got(fd[1], "y", 0), "another reads while a file is closed that nobody has taken");
	mir_sleep(MIR_MS(5));
	ok(slow_closed == 2, "it is");
	mir_sys_close(fd[0]);
	mir_sys_close(fd[1]);
	/* A socket in a socket in a socket, ... */
	mir_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	last = fd[1];
	for (int i = 0; i < 1000; i++) {
		int more[2];

		mir_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, more);
		if (pass(fd[0], more[1]) != 1)
			break;
		mir_sys_close(fd[0]);
		fd[0] = more[0];
	}
	ok(pass(fd[0], (int)mir_sys_dup(last)) == -ETOOMANYREFS, "not the first in the last");
	mir_sys_close(fd[0]);
	ok(mir_socket_stats.sockets == 1001, "a thousand");
	mir_join(mir_spawn_joinable("closes", close_one, &last));
	ok(mir_socket_stats.sockets == 0, "are closed on a small stack");
	mir_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	ok(pass(fd[0], (int)mir_sys_dup(fd[1])) == -ETOOMANYREFS, "none in itself");
	mir_sys_close(fd[0]);
	mir_sys_close(fd[1]);
	ok(mir_socket_stats.sockets == 0, "so that all can be closed");
}

static void interfaces(void)
{
	struct {
		uint32_t len;
		uint16_t type, flags;
		uint32_t seq, port;
		uint8_t family, pad[3];
	} request = { 20, 18, 0x301, 1, 0, AF_UNSPEC, { 0 } };
	uint8_t answer[8192], many[4000];
	struct ifreq r = { .ifr_name = "eth0" };
	struct ifreq all[8];
	struct ifconf conf = { .ifc_len = sizeof(all), .ifc_req = all };
	struct sockaddr_in in;
	int fd, n, sum = 0;

	net_start();
	fd = (int)mir_sys_socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	ok(mir_sys_recvfrom(fd, answer, sizeof(answer), MSG_DONTWAIT, NULL, NULL) == -EAGAIN,
	    "no answer yet");
	ok(mir_sys_sendto(fd, &request, sizeof(request), 0, NULL, 0) == 20, "asks for links");
	n = (int)mir_sys_recvfrom(fd, answer, sizeof(answer), MSG_DONTWAIT, NULL, NULL);
	ok(n > 100 && answer[4] == 16 && memmem(answer, (size_t)n, "eth0", 5) &&
		memmem(answer, (size_t)n, "lo", 3),
	    "two, in %d bytes", n);
	request.type = 22;
	ok(mir_sys_sendto(fd, &request, sizeof(request), 0, NULL, 0) == 20, "for addresses");
	n = (int)mir_sys_recvfrom(fd, answer, sizeof(answer), MSG_DONTWAIT, NULL, NULL);
	ok(n > 60 && answer[4] == 20 && memmem(answer, (size_t)n, "\x0a\0\0\x01", 4) &&
		memmem(answer, (size_t)n, "\x7f\0\0\x01", 4),
	    "both, in %d bytes", n);
	request.type = 24;
	mir_sys_sendto(fd, &request, sizeof(request), 0, NULL, 0);
	n = (int)mir_sys_recvfrom(fd, answer, sizeof(answer), MSG_DONTWAIT, NULL, NULL);
	ok(n == 36 && answer[4] == 2, "of others, an error");
	request.type = 18;
	for (n = 0; n < 200; n++)
		memcpy(many + n * 20, &request, sizeof(request));
	ok(mir_sys_sendto(fd, many, sizeof(many), 0, NULL, 0) == sizeof(many) &&
		mir_sys_recvfrom(fd, answer, 20, 0, NULL, NULL) == -ENOBUFS,
	    "more answers than there is room for");
	while (
	    (n = (int)mir_sys_recvfrom(fd, answer, 20, MSG_DONTWAIT | MSG_TRUNC, NULL, NULL)) > 0)
		sum += n;
	ok(n == -EAGAIN && sum > 16000 && sum <= 16384, "are cut behind a whole one");
	mir_sys_close(fd);
	fd = (int)mir_sys_socket(AF_UNIX, SOCK_DGRAM, 0);
	ok(mir_sys_ioctl(fd, SIOCGIFINDEX, &r) == 0 && r.ifr_ifindex == 2, "an index");
	ok(mir_sys_ioctl(fd, SIOCGIFNAME, &r) == 0 && strcmp(r.ifr_name, "eth0") == 0, "a name");
	ok(mir_sys_ioctl(fd, SIOCGIFADDR, &r) == 0, "an address");
	memcpy(&in, &r.ifr_addr, sizeof(in));
	ok(in.sin_addr.s_addr == htonl(0x0a000001), "it is ours");
	ok(mir_sys_ioctl(fd, SIOCGIFMTU, &r) == 0 && r.ifr_mtu == 1500, "its MTU");
	ok(mir_sys_ioctl(fd, SIOCGIFCONF, &conf) == 0 && conf.ifc_len == 2 * sizeof(r), "all");
	ok(mir_sys_ioctl(fd, 0x1234, NULL) == -ENOTTY, "nothing else");
	mir_sys_close(fd);
	net_stop();
}

int main(void)
{
	RUN(datagrams);
	RUN(limits);
	RUN(messages);
	RUN(pairs);
	RUN(names);
	RUN(full_queue);
	RUN(options);
	RUN(passing);
	RUN(slow_ends);
	RUN(interfaces);
	return mir_test_end();
}
