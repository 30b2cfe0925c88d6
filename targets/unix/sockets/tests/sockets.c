/* sockets.c: the host's sockets as a stack, on loopback. */
#include <mir/fiber.h>
#include <mir/host_stack.h>
#include <mir/http_server.h>
#include <mir/mem.h>
#include <mir/start.h>
#include <mir/test.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

static struct mir_host_stack host;
static struct mir_tcp_flow *taken[4096];
static unsigned ntaken;

static struct mir_endpoint loopback(uint16_t port)
{
	return (struct mir_endpoint){ mir_ip4(0x7f000001), port };
}

static void take(void *arg, struct mir_tcp_flow *flow)
{
	mir_wake_all(arg);
	taken[ntaken++] = flow;
}

static struct mir_waitq came;

static bool wait_taken(unsigned n)
{
	int64_t outer = mir_deadline_set(mir_now() + MIR_SECOND(20));

	while (ntaken < n && mir_wait(&came) == 0)
		;
	mir_deadline_restore(outer);
	return ntaken >= n;
}

static struct mir_tcp_listener *listen_any(void)
{
	struct mir_tcp_options o = { .nodelay = true, .keepalive_idle_ns = MIR_SECOND(10) };
	struct mir_endpoint any = loopback(0);
	struct mir_tcp_listener *l = NULL;

	ntaken = 0;
	ok(mir_tcp_listen(&host.tcp, &any, 0, &o, take, &came, &l) == 0 && l->local.port,
	    "listens on a free port");
	return l;
}

static struct mir_tcp_flow *connect_to(struct mir_tcp_listener *l)
{
	struct mir_tcp_flow *f = NULL;
	struct mir_endpoint to = loopback(l->local.port);

	return mir_tcp_connect(&host.tcp, NULL, &to, NULL, &f) == 0 ? f : NULL;
}

/* Reads to the end, comparing with the pattern; how many bytes. */
static size_t read_pattern(struct mir_flow *f, bool *good)
{
	struct mir_slice s[4];
	size_t total = 0;
	int n;

	while ((n = mir_flow_read(f, s, 4)) > 0) {
		for (int i = 0; i < n; i++) {
			for (size_t k = 0; k < s[i].len; k++)
				*good &= s[i].p[k] == (uint8_t)((total + k) % 251);
			total += s[i].len;
			mir_slice_unref(&s[i]);
		}
	}
	*good &= n == 0;
	return total;
}

enum { BULK = 8 << 20 };

static uint8_t *pattern(void)
{
	uint8_t *p = malloc(BULK);

	for (size_t i = 0; i < BULK; i++)
		p[i] = (uint8_t)(i % 251);
	return p;
}

static void send_bulk(void *arg)
{
	struct mir_flow *f = arg;
	uint8_t *p = pattern();
	size_t done = 0;

	while (done < BULK) {
		size_t len = MIR_MIN(100000u, BULK - done);
		struct mir_slice s[2] = { mir_slice_copy(p + done, len / 3),
			mir_slice_copy(p + done + len / 3, len - len / 3) };

		if (mir_flow_write(f, s, 2) < 0)
			break;
		done += len;
	}
	mir_flow_shutdown(f, MIR_FLOW_WRITE);
	free(p);
}

static void tcp_streams(void)
{
	struct mir_tcp_listener *l = listen_any();
	struct mir_tcp_flow *a = connect_to(l);
	struct mir_fiber *up, *down;
	bool good = true;

	ok(a && wait_taken(1), "connected");
	ok(taken[0]->peer.port == a->local.port && taken[0]->local.port == l->local.port,
	    "both ends know their addresses");
	up = mir_spawn_joinable("up", send_bulk, &a->flow);
	ok(read_pattern(&taken[0]->flow, &good) == BULK && good, "8 MB one way, then the end");
	mir_join(up);
	down = mir_spawn_joinable("down", send_bulk, &taken[0]->flow);
	ok(read_pattern(&a->flow, &good) == BULK && good, "8 MB back over the other half");
	mir_join(down);
	ok(mir_flow_drain(&taken[0]->flow) == 0, "drained");
	ok(mir_flow_write_copy(&a->flow, "x", 1) == MIR_EPIPE, "no write after shutdown");
	mir_flow_close(&a->flow);
	mir_flow_close(&taken[0]->flow);
	mir_tcp_unlisten(l);
}

static int option_of(struct mir_tcp_flow *f, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = -1, n = 0;

	/* The connection's descriptor is the one with its port. */
	for (int fd = 3; fd < 64; fd++) {
		struct sockaddr_in a = { 0 };

		n = sizeof(a);
		if (getsockname(fd, (struct sockaddr *)&a, (socklen_t *)&n) == 0 &&
		    ntohs(a.sin_port) == f->local.port)
			getsockopt(fd, level, name, &value, &len);
	}
	return value;
}

static void tcp_first(void)
{
	struct mir_tcp_options o = { .first = { (const uint8_t *)"first", 5, NULL } };
	struct mir_tcp_listener *l = listen_any();
	struct mir_endpoint to = loopback(l->local.port);
	struct mir_tcp_flow *a = NULL;
	struct mir_slice s;

	ok(mir_tcp_connect(&host.tcp, NULL, &to, &o, &a) == 0 && wait_taken(1), "connected");
	ok(mir_flow_read(&taken[0]->flow, &s, 1) == 1 && s.len == 5 && memcmp(s.p, "first", 5) == 0,
	    "the first text has come");
	mir_slice_unref(&s);
	mir_flow_close(&a->flow);
	mir_flow_close(&taken[0]->flow);
	mir_tcp_unlisten(l);
}

static void tcp_options(void)
{
	struct mir_tcp_listener *l = listen_any();
	struct mir_tcp_flow *a = connect_to(l);

	ok(a && wait_taken(1), "connected");
	ok(mir_tcp_set(a, MIR_TCP_SET_NODELAY, 1) == 0 &&
		option_of(a, IPPROTO_TCP, TCP_NODELAY) == 1,
	    "no delay");
	ok(mir_tcp_set(a, MIR_TCP_SET_KEEPALIVE_IDLE, MIR_SECOND(20)) == 0 &&
		option_of(a, SOL_SOCKET, SO_KEEPALIVE) == 1 &&
		option_of(a, IPPROTO_TCP, TCP_KEEPIDLE) == 20,
	    "keep-alive");
	ok(mir_tcp_set(a, MIR_TCP_SET_KEEPALIVE_IDLE, 0) == 0 &&
		option_of(a, SOL_SOCKET, SO_KEEPALIVE) == 0,
	    "none");
	ok(mir_tcp_set(a, MIR_TCP_SET_USER_TIMEOUT, MIR_SECOND(7)) == 0 &&
		option_of(a, IPPROTO_TCP, TCP_USER_TIMEOUT) == 7000,
	    "user timeout");
	ok(mir_tcp_set_congestion(a, "reno") == 0, "congestion control");
	ok(mir_tcp_set_congestion(a, "nonesuch") == MIR_EINVAL, "another is not known");
	ok(mir_tcp_set(a, MIR_TCP_SET_TELL_TIMEOUT, 1) == MIR_ENOSYS, "the host tells no timeouts");
	mir_flow_close(&a->flow);
	mir_flow_close(&taken[0]->flow);
	mir_tcp_unlisten(l);
}

static unsigned readies;

static void on_ready(void *arg)
{
	readies++;
	mir_wake_all(arg);
}

static void tcp_ready(void)
{
	struct mir_tcp_listener *l = listen_any();
	struct mir_tcp_flow *a = connect_to(l);
	struct mir_waitq q = { NULL, NULL };
	struct mir_slice s;
	int64_t outer;

	wait_taken(1);
	readies = 0;
	mir_flow_when_readable(&taken[0]->flow, on_ready, &q);
	mir_sleep(MIR_MS(2));
	ok(readies == 0, "nothing to read yet");
	mir_flow_write_copy(&a->flow, "ping", 4);
	mir_wait(&q);
	ok(readies == 1 && mir_flow_read(&taken[0]->flow, &s, 1) == 1 && s.len == 4,
	    "then there is");
	mir_slice_unref(&s);
	mir_flow_when_readable(&taken[0]->flow, on_ready, &q);
	mir_flow_when_readable(&taken[0]->flow, NULL, NULL);
	mir_flow_write_copy(&a->flow, "pong", 4);
	mir_sleep(MIR_MS(2));
	ok(readies == 1, "taken back");
	mir_flow_when_readable(&taken[0]->flow, on_ready, &q);
	while (readies < 2)
		mir_wait(&q);
	ok(mir_flow_read(&taken[0]->flow, &s, 1) == 1, "what came meanwhile is told");
	mir_slice_unref(&s);
	outer = mir_deadline_set(mir_now() + MIR_MS(5));
	ok(mir_flow_read(&taken[0]->flow, &s, 1) == MIR_ETIMEDOUT, "a deadline ends a read");
	mir_deadline_restore(outer);
	mir_flow_when_readable(&taken[0]->flow, on_ready, &q);
	mir_flow_abort(&a->flow);
	while (readies < 3)
		mir_wait(&q);
	ok(mir_flow_read(&taken[0]->flow, &s, 1) == MIR_ECONNRESET, "abort is a reset");
	mir_flow_close(&taken[0]->flow);
	a = connect_to(l);
	wait_taken(2);
	mir_flow_close(&a->flow);
	mir_flow_when_readable(&taken[1]->flow, on_ready, &q);
	while (readies < 4)
		mir_wait(&q);
	ok(mir_flow_read(&taken[1]->flow, &s, 1) == 0, "close is the end of the stream");
	mir_flow_close(&taken[1]->flow);
	mir_tcp_unlisten(l);
}

static void tcp_writable(void)
{
	struct mir_tcp_listener *l = listen_any();
	struct mir_tcp_flow *a = connect_to(l);
	struct mir_waitq q = { NULL, NULL };
	static uint8_t bytes[8 << 20];
	struct mir_slice s;
	int64_t room, all = 0, outer;

	wait_taken(1);
	readies = 0;
	outer = mir_deadline_set(mir_now());
	while ((room = mir_flow_room(&a->flow)) > 0 && all < 64 << 20) {
		s = mir_slice_static(bytes, MIR_MIN((size_t)room, sizeof(bytes)));
		if (mir_flow_write(&a->flow, &s, 1) < 0)
			break;
		all += MIR_MIN(room, (int64_t)sizeof(bytes));
	}
	mir_deadline_restore(outer);
	ok(room == 0 && all > 0, "no room after %ld bytes", (long)all);
	mir_flow_when_writable(&a->flow, on_ready, &q);
	mir_sleep(MIR_MS(2));
	ok(readies == 0, "nothing is read: no room");
	while (all > 0 && mir_flow_read(&taken[0]->flow, &s, 1) == 1) {
		all -= (int64_t)s.len;
		mir_slice_unref(&s);
	}
	while (readies < 1)
		mir_wait(&q);
	ok(all == 0 && mir_flow_room(&a->flow) > 0, "all is read: there is room again");
	mir_flow_shutdown(&a->flow, MIR_FLOW_WRITE);
	ok(mir_flow_room(&a->flow) == MIR_EPIPE, "shut down");
	mir_flow_close(&a->flow);
	mir_flow_close(&taken[0]->flow);
	mir_tcp_unlisten(l);
}

static void tcp_errors(void)
{
	struct mir_tcp_listener *l = listen_any(), *second = NULL;
	struct mir_endpoint to = loopback(l->local.port), six = { { { 0x20, 1 } }, 80 };
	struct mir_tcp_flow *f;

	ok(mir_tcp_listen(&host.tcp, &to, 0, NULL, take, &came, &second) == MIR_EADDRINUSE,
	    "a port in use");
	mir_tcp_unlisten(l);
	ok(mir_tcp_connect(&host.tcp, NULL, &to, NULL, &f) == MIR_ECONNREFUSED, "a closed port");
	ok(mir_tcp_connect(&host.tcp, NULL, &six, NULL, &f) == MIR_EADDRNOTAVAIL, "IPv6");
}

/* The process may have few more descriptors: the rest of the clients wait, and are served later. */
static void tcp_starved(void)
{
	struct mir_tcp_listener *l = listen_any();
	struct mir_tcp_flow *f[200];
	struct rlimit old, few;
	unsigned n = 0;

	getrlimit(RLIMIT_NOFILE, &old);
	for (; n < 200; n++)
		if (!(f[n] = connect_to(l)))
			break;
	wait_taken(n);
	mir_tcp_pause(l, true);
	few = old;
	for (unsigned i = 0; i < n; i++)
		mir_flow_close(&taken[i]->flow);
	ntaken = 0;
	for (unsigned i = 0; i < n; i++) {
		mir_flow_close(&f[i]->flow);
		f[i] = connect_to(l);
	}
	few.rlim_cur = 240;
	setrlimit(RLIMIT_NOFILE, &few);
	mir_tcp_pause(l, false);
	mir_sleep(MIR_MS(50));
	ok(host.stats.starved > 0 && ntaken < n, "%u of %u accepted", ntaken, n);
	setrlimit(RLIMIT_NOFILE, &old);
	ok(wait_taken(n), "the rest when there are descriptors again");
	for (unsigned i = 0; i < n; i++) {
		mir_flow_close(&taken[i]->flow);
		mir_flow_close(&f[i]->flow);
	}
	mir_tcp_unlisten(l);
}

static struct {
	size_t len;
	unsigned n, errors;
	struct mir_endpoint src, dst, peer;
	enum mir_ip_error_kind kind;
	bool good;
	struct mir_waitq q;
} got;

static void udp_input(
    void *arg, struct mir_packet *p, const struct mir_endpoint *src, const struct mir_endpoint *dst)
{
	uint8_t b[2];

	(void)arg;
	got.n++;
	got.len = p->total;
	got.src = *src;
	got.dst = *dst;
	if (p->total >= 2) {
		mir_packet_copy(p, p->total - 2, b, 2);
		got.good = b[0] == 'y' && b[1] == 'z';
	}
	mir_packet_unref(p);
	mir_wake_all(&got.q);
}

static void udp_error(void *arg, const struct mir_ip_error *e, const struct mir_endpoint *peer)
{
	(void)arg;
	got.errors++;
	got.kind = e->kind;
	got.peer = *peer;
	mir_wake_all(&got.q);
}

static int send_yz(struct mir_udp_port *p, const struct mir_endpoint *to, size_t len)
{
	uint8_t *b;
	struct mir_mem *m = mir_mem_new(len, &b);
	struct mir_slice s = { b, len, m };

	memset(b, 'x', len);
	b[len - 2] = 'y';
	b[len - 1] = 'z';
	return mir_udp_send(p, NULL, to, &s, 1);
}

static void udp(void)
{
	static const struct mir_udp_handler handler = { udp_input, udp_error };
	static const size_t lengths[] = { 2, 100, 160, 161, 2048, 2049, 60000, 65507 };
	struct mir_endpoint any = { MIR_IPADDR_ANY, 0 }, to;
	struct mir_udp_port *a, *b;

	ok(mir_udp_bind(&host.udp, &any, &handler, NULL, &a) == 0 && a->local.port, "bound");
	ok(mir_udp_bind(&host.udp, &any, &handler, NULL, &b) == 0, "another");
	to = loopback(b->local.port);
	for (size_t i = 0; i < MIR_COUNT(lengths); i++) {
		got.n = 0;
		ok(send_yz(a, &to, lengths[i]) == 0, "%zu bytes", lengths[i]);
		while (!got.n)
			mir_wait(&got.q);
		ok(got.len == lengths[i] && got.good && got.src.port == a->local.port &&
			mir_ip4_of(&got.dst.addr) == 0x7f000001,
		    "arrive");
	}
	ok(send_yz(a, &to, 65508) == MIR_EMSGSIZE, "65508 bytes are too many");
	mir_udp_close(b);
	ok(send_yz(a, &to, 10) == 0, "a closed port");
	while (!got.errors)
		mir_wait(&got.q);
	ok(got.kind == MIR_IP_PORT_UNREACHABLE && got.peer.port == to.port, "is told");
	mir_udp_close(a);
}

static void icmp(void)
{
	struct mir_icmp_reply r = { 0 };
	int64_t outer = mir_deadline_set(mir_now() + MIR_SECOND(10));
	int rc = mir_icmp_echo(&host.icmp, mir_ip4(0x7f000001), 7, 56, &r);

	mir_deadline_restore(outer);
	ok(rc == MIR_EACCES || (rc == 0 && r.len == 56 && r.rtt_ns > 0 && r.ttl > 0),
	    "echo: %d, %u bytes, ttl %u", rc, r.len, r.ttl);
}

static int hello(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	(void)arg;
	(void)r;
	return mir_http_reply(w, 200, "text/plain", "hello", 5);
}

static void http(void)
{
	static struct mir_http_server server;
	struct mir_http_server_config c = {
		.stack = &host.stack, .http_address = mir_ip4(0x7f000001), .handler = hello
	};
	struct mir_tcp_flow *f;
	unsigned good = 0;

	ok(mir_http_server_start(&server, &c) == 0, "a server");
	ok(mir_tcp_connect(&host.tcp, NULL, &server.local, NULL, &f) == 0, "a client");
	for (int i = 0; i < 1000; i++) {
		char text[1024] = "";
		size_t len = 0;
		struct mir_slice s;

		mir_flow_write_copy(&f->flow, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
		while (!strstr(text, "hello") && mir_flow_read(&f->flow, &s, 1) > 0) {
			memcpy(text + len, s.p, MIR_MIN(s.len, sizeof(text) - 1 - len));
			len += MIR_MIN(s.len, sizeof(text) - 1 - len);
			mir_slice_unref(&s);
		}
		good += strncmp(text, "HTTP/1.1 200", 12) == 0;
	}
	ok(good == 1000, "1000 requests on one connection");
	mir_flow_close(&f->flow);
	mir_http_server_stop(&server);
}

static void run(const char *name, void (*fn)(void))
{
	struct mir_fiber_stats f, g;
	struct mir_mem_stats a, b;

	mir_test_begin(name);
	mir_fiber_stats(&f);
	mir_mem_stats(&a);
	fn();
	mir_sleep(MIR_MS(5));
	mir_fiber_stats(&g);
	mir_mem_stats(&b);
	ok(f.alive == g.alive && a.packets == b.packets && b.mems - a.mems <= 1 &&
		host.stats.flows + host.stats.ports + host.stats.listeners == 0,
	    "all came back");
	mir_test_done();
}

int mir_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	mir_host_stack_start(&host, &(struct mir_host_stack_config){ .name = "test" });
	run("streams", tcp_streams);
	run("options", tcp_options);
	run("first", tcp_first);
	run("ready", tcp_ready);
	run("writable", tcp_writable);
	run("errors", tcp_errors);
	run("starved", tcp_starved);
	run("udp", udp);
	run("icmp", icmp);
	run("http", http);
	mir_host_stack_stop(&host);
	return mir_test_end();
}
