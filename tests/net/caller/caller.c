/* caller.c: gets so many bytes from a server, then puts so many, and prints of each way, as
 * bench/peer does: "WAY bytes N seconds S digest D", the digest of what came, or what the server
 * has told.
 */
#include "mirage/app.h"

#include <mir/digest.h>
#include <mir/fiber.h>
#include <mir/log.h>
#include <mir/mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

MIR_LOG_SOURCE(caller);

enum { PIECE = 65536, HEAD = 4096 };

/* The bytes that the server makes, too: numbers of xorshift64*, least significant byte first. */
static uint64_t next_number(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static void make(uint64_t *state, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i += 8) {
		uint64_t n = next_number(state);

		for (size_t j = 0; j < 8 && i + j < len; j++)
			out[i + j] = (uint8_t)(n >> 8 * j);
	}
}

struct call {
	const struct app *app;
	struct mir_flow *flow;
	char head[HEAD + 1]; /* of the answer, and the beginning of its body */
	size_t have;
	bool in_body;
	struct mir_sha256 sha;
};

static int dial(struct call *c)
{
	struct mir_endpoint peer = { c->app->keys.peer, c->app->keys.port };
	struct mir_tcp_flow *flow;
	int rc = MIR_EHOSTUNREACH;

	for (int i = 0; i < 5 && (rc == MIR_EHOSTUNREACH || rc == MIR_ECONNREFUSED); i++) {
		if (i > 0)
			mir_sleep(MIR_SECOND(1));
		rc = mir_tcp_connect(c->app->stack->tcp, NULL, &peer, NULL, &flow);
	}
	if (rc == 0)
		c->flow = &flow->flow;
	return rc;
}

/* Bytes of an answer; its beginning is kept, too. */
static void take(struct call *c, const uint8_t *p, size_t len)
{
	size_t part = MIR_MIN(len, HEAD - c->have), before = c->have;
	const char *end;

	memcpy(c->head + c->have, p, part);
	c->have += part;
	c->head[c->have] = '\0';
	if (!c->in_body) {
		end = strstr(c->head, "\r\n\r\n");
		if (!end)
			return;
		c->in_body = true;
		p += (size_t)(end + 4 - c->head) - before;
		len -= (size_t)(end + 4 - c->head) - before;
	}
	mir_sha256_update(&c->sha, p, len);
}

static int read_all(struct call *c)
{
	struct mir_slice s[8];
	int n;

	while ((n = mir_flow_read(c->flow, s, MIR_COUNT(s))) > 0) {
		for (int i = 0; i < n; i++)
			take(c, s[i].p, s[i].len);
		mir_slices_unref(s, (unsigned)n);
	}
	return n;
}

static int request(struct call *c, const char *line, uint64_t length)
{
	char text[200];
	int n = snprintf(text, sizeof(text),
	    "%s HTTP/1.1\r\nHost: peer\r\nContent-Length: %llu\r\nConnection: close\r\n\r\n", line,
	    (unsigned long long)length);

	return mir_flow_write_copy(c->flow, text, (size_t)n);
}

static int put_all(struct call *c, uint64_t bytes)
{
	uint64_t state = UINT64_C(0x9e3779b97f4a7c15) | 1;
	int rc = 0;

	for (size_t n; bytes > 0 && rc == 0; bytes -= n) {
		uint8_t *p;
		struct mir_slice s = { .owner = mir_mem_pooled(MIR_MEM_BIG, &p) };

		if (!s.owner)
			return MIR_ENOMEM;
		s.p = p;
		s.len = n = (size_t)MIR_MIN(bytes, (uint64_t)PIECE);
		make(&state, p, n);
		rc = mir_flow_write(c->flow, &s, 1);
	}
	return rc;
}

/* A run of 64 hexadecimal digits, as the server's answer has. */
static void told(const char *text, char out[2 * MIR_SHA256_LEN + 1])
{
	size_t n;

	for (; *text; text += n + (text[n] != '\0')) {
		n = strspn(text, "0123456789abcdef");
		if (n == 2 * MIR_SHA256_LEN) {
			memcpy(out, text, n);
			out[n] = '\0';
			return;
		}
	}
	memcpy(out, "none", 5);
}

static int way(const struct app *app, bool up)
{
	static struct call c;
	uint64_t bytes = (uint64_t)app->keys.bytes;
	uint8_t sum[MIR_SHA256_LEN];
	char line[64], digest[2 * MIR_SHA256_LEN + 1];
	int64_t start;
	int rc;

	memset(&c, 0, sizeof(c));
	c.app = app;
	mir_sha256_init(&c.sha);
	rc = dial(&c);
	if (rc < 0)
		return rc;
	start = mir_clock_monotonic(app->clock);
	snprintf(line, sizeof(line), up ? "POST /up" : "GET /down?bytes=%llu",
	    (unsigned long long)bytes);
	rc = request(&c, line, up ? bytes : 0);
	if (rc == 0 && up)
		rc = put_all(&c, bytes);
	if (rc == 0)
		rc = read_all(&c);
	mir_flow_close(c.flow);
	if (rc < 0)
		return rc;
	mir_sha256_final(&c.sha, sum);
	for (unsigned i = 0; i < MIR_SHA256_LEN; i++)
		snprintf(digest + 2 * i, 3, "%02x", sum[i]);
	if (up)
		told(c.head, digest);
	mir_console_printf(app->console, "%s bytes %llu seconds %.6f digest %s\n",
	    up ? "up" : "down", (unsigned long long)bytes,
	    (double)(mir_clock_monotonic(app->clock) - start) / 1e9, digest);
	return 0;
}

int caller_main(const struct app *app)
{
	int rc = way(app, false);

	if (rc == 0)
		rc = way(app, true);
	if (rc < 0)
		mir_error("%s", mir_strerror(rc));
	return rc < 0;
}
