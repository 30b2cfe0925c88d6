/* handshake.c: connections over TLS, each with one request, as many a second as the server takes;
 *or many that are held.  OpenSSL's client, on the kernel's sockets.
 *
 *	handshake [OPTION ...] ADDRESS PORT PATH
 *
 * Prints one line of JSON.  The certificate is not looked at: it is the server's time that counts.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
    "usage: handshake [OPTION ...] ADDRESS PORT PATH\n"
    "  --connections N  at once (8)\n"
    "  --seconds N      (1)\n"
    "  --count N        end after so many connections (no limit but --seconds)\n"
    "  --resume         take up the session of the connection before\n"
    "  --tls12          TLS 1.2 and not 1.3\n"
    "  --hold N         open --connections once, keep them open for N seconds with nothing to do\n";

enum step { HANDSHAKE, ASK, ANSWER, HELD };

struct connection {
	int fd;
	SSL *ssl;
	SSL_SESSION *session; /* of the connection before, or NULL */
	enum step step;
	size_t got, head; /* bytes of the answer; of its head, once that is known */
	int64_t length;   /* of its body; -1: not known yet */
	char text[4096];  /* its beginning */
};

static struct {
	uint64_t done, resumed, failed, bytes, held;
} count;

static struct sockaddr_in to;
static SSL_CTX *ctx;
static char request[512];
static bool resume;
static double hold;
static int epoll, slot;

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
	fprintf(stderr, "handshake: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	struct connection *c = SSL_get_ex_data(ssl, slot);

	if (!resume)
		return 0;
	SSL_SESSION_free(c->session);
	c->session = session;
	return 1;
}

static void begin(struct connection *c)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		die("socket");
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS)
		die("connect");
	c->ssl = SSL_new(ctx);
	if (!c->ssl || !SSL_set_fd(c->ssl, c->fd) || !SSL_set_ex_data(c->ssl, slot, c))
		die("OpenSSL");
	SSL_set_connect_state(c->ssl);
	if (c->session)
		SSL_set_session(c->ssl, c->session);
	c->step = HANDSHAKE;
	c->got = c->head = 0;
	c->length = -1;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e) < 0)
		die("epoll");
}

static void end(struct connection *c)
{
	if (!c->ssl)
		return;
	/* Without the end that a good connection has a session is not taken up again. */
	SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(c->ssl);
	close(c->fd);
	c->ssl = NULL;
}

/* The answer is whole. */
static bool whole(struct connection *c)
{
	const char *blank, *length;

	if (c->length < 0) {
		c->text[c->got < sizeof(c->text) ? c->got : sizeof(c->text) - 1] = 0;
		blank = strstr(c->text, "\r\n\r\n");
		if (!blank)
			return false;
		length = strcasestr(c->text, "\r\ncontent-length:");
		c->head = (size_t)(blank + 4 - c->text);
		c->length = length ? atoll(length + 17) : 0;
	}
	return c->got >= c->head + (size_t)c->length;
}

static int receive(struct connection *c)
{
	static char rest[65536];
	bool small = c->got < sizeof(c->text) - 1;
	char *at = small ? c->text + c->got : rest;
	int n =
	    SSL_read(c->ssl, at, small ? (int)(sizeof(c->text) - 1 - c->got) : (int)sizeof(rest));

	if (n > 0) {
		c->got += (size_t)n;
		count.bytes += (uint64_t)n;
	}
	return n;
}

/* One thing more of it: as SSL_read and the like. */
static int advance(struct connection *c)
{
	int n;

	switch (c->step) {
	case HANDSHAKE:
		n = SSL_do_handshake(c->ssl);
		if (n > 0)
			c->step = ASK;
		return n;
	case ASK:
		n = SSL_write(c->ssl, request, (int)strlen(request));
		if (n > 0)
			c->step = ANSWER;
		return n;
	case ANSWER:
		n = receive(c);
		if (n > 0 && whole(c)) {
			count.done++;
			count.resumed += SSL_session_reused(c->ssl);
			c->step = HELD;
			count.held++;
		}
		return n;
	case HELD: break;
	}
	return -1;
}

/* Until it would wait; true: it has ended, well or not. */
static bool go_on(struct connection *c)
{
	while (c->step != HELD) {
		int n, why;

		ERR_clear_error();
		n = advance(c);
		if (n > 0)
			continue;
		why = SSL_get_error(c->ssl, n);
		if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
			return false;
		if (count.failed++ == 0)
			fprintf(stderr, "handshake: step %d: error %d: %s\n", c->step, why,
			    ERR_reason_error_string(ERR_peek_error()));
		return true;
	}
	return hold <= 0;
}

static void make_context(bool tls12)
{
	ctx = SSL_CTX_new(TLS_client_method());
	slot = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	if (!ctx || slot < 0)
		die("OpenSSL");
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, keep_session);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	if (tls12)
		SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "connections", 1, NULL, 'c' },
		{ "seconds", 1, NULL, 's' }, { "count", 1, NULL, 'n' }, { "resume", 0, NULL, 'r' },
		{ "tls12", 0, NULL, '2' }, { "hold", 1, NULL, 'h' }, { "help", 0, NULL, '?' },
		{ 0 } };
	uint64_t limit = UINT64_MAX;
	double began, last, duration = 1;
	unsigned n = 8;
	bool tls12 = false;
	struct connection *c;
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (o) {
		case 'c': n = (unsigned)atoi(optarg); break;
		case 's': duration = atof(optarg); break;
		case 'n': limit = strtoull(optarg, NULL, 10); break;
		case 'r': resume = true; break;
		case '2': tls12 = true; break;
		case 'h': hold = atof(optarg); break;
		default: fputs(help, stderr); return 64;
		}
	}
	if (argc - optind != 3 || n == 0 || !inet_aton(argv[optind], &to.sin_addr)) {
		fputs(help, stderr);
		return 64;
	}
	to.sin_family = AF_INET;
	to.sin_port = htons((uint16_t)atoi(argv[optind + 1]));
	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n",
	    argv[optind + 2], argv[optind], hold > 0 ? "" : "Connection: close\r\n");
	signal(SIGPIPE, SIG_IGN);
	make_context(tls12);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	c = calloc(n, sizeof(*c));
	if (!c || epoll < 0)
		die("begin");
	began = last = seconds();
	for (unsigned i = 0; i < n; i++)
		begin(&c[i]);
	while (last - began < duration && count.done < limit && !(hold > 0 && count.held == n)) {
		struct epoll_event e[64];
		int got = epoll_wait(epoll, e, 64, 100);

		for (int i = 0; i < got; i++) {
			struct connection *one = e[i].data.ptr;

			if (one->ssl && go_on(one)) {
				end(one);
				begin(one);
			}
		}
		last = seconds();
	}
	if (hold > 0) {
		printf("holding %llu\n", (unsigned long long)count.held);
		fflush(stdout);
		usleep((useconds_t)(hold * 1e6));
	}
	printf("{\"connections\":%llu,\"resumed\":%llu,\"failed\":%llu,\"bytes\":%llu,\"seconds\":%"
	       ".3f}\n",
	    (unsigned long long)count.done, (unsigned long long)count.resumed,
	    (unsigned long long)count.failed, (unsigned long long)count.bytes, last - began);
	return count.done == 0;
}
