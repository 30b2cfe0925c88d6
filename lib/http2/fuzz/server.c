/* server.c: any frames to a server, in pieces as the first byte says: what the handler sees keeps
 * the promises of mir/http.h, and nothing is left. */
#include <mir/log.h>

#include "../tests/peer.h"

static const uint8_t *input;
static size_t input_len;
static struct mir_http_server server;

static void check_head(const struct mir_http_request *r)
{
	unsigned hosts = 0;

	ok(r->path.len > 0 && (r->path.p[0] == '/' || r->path.p[0] == '*'), "path");
	for (size_t i = 0; i < r->path.len; i++)
		ok((uint8_t)r->path.p[i] >= 0x20 && r->path.p[i] != '\\', "of good characters");
	for (unsigned i = 0; i < r->nheaders; i++) {
		struct mir_str name = r->headers[i].name, value = r->headers[i].value;

		ok(name.len && name.p[0] != ':', "no pseudo field");
		hosts += name.len == 4 && memcmp(name.p, "host", 4) == 0;
		for (size_t k = 0; k < name.len; k++)
			ok(name.p[k] > 0x20 && (name.p[k] < 'A' || name.p[k] > 'Z'), "a name");
		for (size_t k = 0; k < value.len; k++)
			ok((uint8_t)value.p[k] >= 0x20 || value.p[k] == '\t', "a value");
	}
	ok(hosts == 1 && r->host.p, "a host");
}

static int handler(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	struct mir_slice s[3];
	uint64_t body = 0;
	int n = 0;

	(void)arg;
	check_head(r);
	switch (r->path.len > 1 ? r->path.p[1] : 0) {
	case 'u': return mir_http_reply(w, 200, "text/plain", "unread", 6);
	case 's': mir_sleep(MIR_SECOND(2)); break;
	case 'f': return MIR_EIO;
	case 'e':
		while ((n = mir_http_read(r, s, 3)) > 0)
			if ((n = mir_http_write(w, s, (unsigned)n)) < 0)
				break;
		return n;
	}
	while ((n = mir_http_read(r, s, 3)) > 0) {
		body += mir_slices_len(s, (unsigned)n);
		mir_slices_unref(s, (unsigned)n);
	}
	if (n == 0)
		ok(r->content_length < 0 || (uint64_t)r->content_length == body, "all of it");
	return n < 0 ? n : mir_http_reply(w, 200, "text/plain", "read", 4);
}

static void one(void)
{
	static struct peer peer;
	struct mir_http_server_config c = {
		.handler = handler,
		.http2 = &mir_http2_device,
		.http2_clear = true,
		.http_max_body = 20000,
	};
	size_t step = input[0] % 64 * 16;

	mir_http_server_start(&server, &c);
	peer_open(&peer, &server, 1 << 20);
	peer_flush(&peer);
	bench_send(peer.end, (const char *)input + 1, input_len - 1, step);
	peer_receive(&peer, MIR_SECOND(3));
	mir_flow_shutdown(&peer.end->flow, MIR_FLOW_WRITE);
	peer_receive(&peer, MIR_SECOND(70));
	ok(!strstr(peer.words, "bad-hpack"), "our fields can be read");
	peer_close(&peer);
	mir_http_server_stop(&server);
	ok(!server.connections && !server.streams && !server.http2_held, "nothing is left");
}

static void quiet(void *arg, const char *text, size_t len)
{
	(void)arg;
	(void)text;
	(void)len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (!len || len > 20000)
		return 0;
	mir_log_sink(quiet, NULL);
	input = data;
	input_len = len;
	mir_test_fuzz(one);
	return 0;
}
