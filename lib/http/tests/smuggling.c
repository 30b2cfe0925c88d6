/* smuggling.c: each request of the table in smuggling.h, whole and byte by byte: what is answered,
 * and where the connection ends. */
#include "bench.h"
#include "smuggling.h"

static char buf[1 << 16];

/* Reads the body; says what it took for the request. */
static int handler(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	struct mir_slice s[4];
	char text[64];
	size_t sum = 0;
	int n;

	(void)arg;
	while ((n = mir_http_read(r, s, 4)) > 0) {
		sum += mir_slices_len(s, (unsigned)n);
		mir_slices_unref(s, (unsigned)n);
	}
	if (n < 0)
		return n;
	n = snprintf(
	    text, sizeof(text), "%.*s %zu\n", (int)MIR_MIN(r->path.len, 32u), r->path.p, sum);
	return mir_http_reply(w, 200, "text/plain", text, (size_t)n);
}

/* The statuses of the answers in buf, and "!" if the stream ended. */
static void statuses(bool ended, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = 0;
	for (const char *p = buf; (p = strstr(p, "HTTP/1.1 ")) && n + 8 < cap; p += 9) {
		if (strncmp(p + 9, "100", 3) == 0)
			continue;
		n += (size_t)snprintf(out + n, cap - n, "%s%.3s", n ? " " : "", p + 9);
	}
	if (ended)
		snprintf(out + n, cap - n, "!");
}

static void ask(struct mir_http_server *s, const struct smuggled *m, size_t step, char *out)
{
	static char text[4096];
	struct pipe_end *c = bench_connect(s, 1 << 20);
	bool ended;

	memcpy(text, m->text, m->len);
	memcpy(text + m->len, SMUGGLED_AFTER, sizeof(SMUGGLED_AFTER));
	bench_send(c, text, m->len + sizeof(SMUGGLED_AFTER) - 1, step);
	bench_receive(c, buf, sizeof(buf), MIR_SECOND(1));
	ended = c->ended || c->reset;
	mir_flow_close(&c->flow);
	mir_sleep(MIR_SECOND(3));
	statuses(ended, out, 64);
}

static void table(void)
{
	struct mir_http_server_config c = { .handler = handler, .name = "test" };
	struct mir_http_server server;
	char got[64];

	mir_http_server_start(&server, &c);
	for (size_t i = 0; i < MIR_COUNT(smuggled); i++) {
		const struct smuggled *m = &smuggled[i];

		ask(&server, m, 0, got);
		ok(strcmp(got, m->answers) == 0, "%s: %s (want %s)", m->name, got, m->answers);
		ask(&server, m, 1, got);
		ok(strcmp(got, m->answers) == 0, "byte by byte: %s (want %s)", got, m->answers);
	}
	ok(server.connections == 0, "no connection is left");
	mir_http_server_stop(&server);
}

int main(void)
{
	RUN(table);
	return mir_test_end();
}
