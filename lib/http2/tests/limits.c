/* limits.c: attackers of HTTP/2, each of whom loses at most the own connection. */
#include <mir/mem.h>

#include "peer.h"

static struct mir_http_server server;
static struct peer peer, honest;
static unsigned calls, alive, most;

static int body_of(struct mir_http_request *r, struct mir_http_response *w)
{
	struct mir_slice s[4];
	char text[32];
	size_t len = 0;
	int n;

	while ((n = mir_http_read(r, s, 4)) > 0) {
		len += mir_slices_len(s, (unsigned)n);
		mir_slices_unref(s, (unsigned)n);
	}
	if (n < 0)
		return n;
	n = snprintf(text, sizeof(text), "%zu", len);
	return mir_http_reply(w, 200, NULL, text, (size_t)n);
}

static int reply(struct mir_http_request *r, struct mir_http_response *w)
{
	static uint8_t large[300000];
	struct mir_slice all = mir_slice_static(large, sizeof(large));

	switch (r->path.len > 1 ? r->path.p[1] : 0) {
	case 'h': return mir_http_reply(w, 200, "text/plain", "hello", 5);
	case 'b': return body_of(r, w);
	case 's': mir_sleep(MIR_SECOND(20)); return 0;
	case 'n': mir_sleep(MIR_SECOND(2)); return 0;
	case 'l': mir_http_begin(w, sizeof(large)); return mir_http_write(w, &all, 1);
	}
	return mir_http_error(w, 404);
}

static int handler(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	int rc;

	(void)arg;
	calls++;
	if (++alive > most)
		most = alive;
	rc = reply(r, w);
	alive--;
	return rc;
}

static void start_with(int64_t connections)
{
	struct mir_http_server_config c = {
		.handler = handler,
		.http2 = &mir_http2_device,
		.http2_clear = true,
		.http_max_connections = connections,
		.http_min_rate = 256,
		.name = "test",
	};

	calls = alive = most = 0;
	ok(mir_http_server_start(&server, &c) == 0, "the server starts");
}

static void stop(void)
{
	mir_http_server_stop(&server);
	ok(!server.connections && !server.streams && !server.http2_held && !alive,
	    "nothing is left: %u connections, %u streams, %llu bytes", server.connections,
	    server.streams, (unsigned long long)server.http2_held);
}

static bool says(const char *text)
{
	return strstr(peer.words, text) != NULL;
}

/* One who asks while the others attack. */
static void ask_honestly(const char *name)
{
	peer_open(&honest, &server, 1 << 20);
	peer_run(&honest, "GET 1 /hello");
	peer_receive(&honest, MIR_SECOND(1));
	ok(strstr(honest.words, "DATA:1 END 5 [hello]"), "%s: others are served", name);
	peer_close(&honest);
}

static const struct {
	const char *name, *script;
} floods[] = {
	{ "SETTINGS", "TIMES 5000\nFRAME 4 0 0 00 03 00 00 00 64" },
	{ "empty SETTINGS", "TIMES 5000\nFRAME 4 0 0" },
	{ "SETTINGS of many entries",
	    "TIMES 2\nFRAME 4 0 0 000300000064000300000064000300000064"
	    "000300000064000300000064000300000064000300000064000300000064"
	    "000300000064000300000064000300000064000300000064000300000064"
	    "000300000064000300000064000300000064000300000064000300000064"
	    "000300000064000300000064000300000064000300000064000300000064"
	    "000300000064000300000064000300000064000300000064000300000064"
	    "000300000064000300000064000300000064000300000064000300000064" },
	{ "PING", "TIMES 5000\nFRAME 6 0 0 0102030405060708" },
	{ "answers to PING", "TIMES 5000\nFRAME 6 1 0 0102030405060708" },
	{ "PRIORITY", "TIMES 5000\nFRAME 2 0 1 00 00 00 00 10" },
	{ "WINDOW_UPDATE", "TIMES 5000\nFRAME 8 0 0 00 00 00 01" },
	{ "unknown frames", "TIMES 20000\nFRAME 77 0 0 00" },
	{ "GOAWAY", "GET 1 /slow\nTIMES 5000\nFRAME 7 0 0 00000000 00000000" },
	{ "CONTINUATION", "FRAME 1 1 1 82\nTIMES 5000\nFRAME 9 0 1 83" },
	{ "empty DATA", "POST 1 /body\nTIMES 20000\nFRAME 0 0 1" },
	{ "padding", "POST 1 /body\nTIMES 2000\nFRAME 0 8 1 1f "
		     "00000000000000000000000000000000000000000000000000000000000000" },
	{ "DATA after an answer", "POST 1 /hello\nWAIT 10\nTIMES 20000\nFRAME 0 0 1" },
	{ "requests that are refused", "TIMES 5000\nGET 1 /slow" },
	{ "requests that are wrong", "TIMES 5000\nHEADERS 1 5 :method=GET" },
};

/* A line's stream grows by 2 with each time, but that of a flood of one stream must not. */
static void flood(const char *script)
{
	const char *times = strstr(script, "TIMES 5000"), *line;
	unsigned n = 5000;

	if (!times && (times = strstr(script, "TIMES 20000")))
		n = 20000;
	if (!times || strstr(script, "GET 1 /slow") == times + 11 || strstr(times, "HEADERS")) {
		peer_run(&peer, script);
		return;
	}
	line = strchr(times, '\n') + 1;
	if (times != script) {
		static char first[256];

		snprintf(first, sizeof(first), "%.*s", (int)(times - script), script);
		peer_run(&peer, first);
	}
	for (unsigned i = 0; i < n && !peer.closed; i++) {
		peer_line(&peer, line, 0);
		if (peer.n_out > 10000) {
			peer_flush(&peer);
			peer_receive(&peer, 0);
		}
	}
	peer_flush(&peer);
}

static void flooding(void)
{
	start_with(0);
	for (size_t i = 0; i < MIR_COUNT(floods); i++) {
		peer_open(&peer, &server, 1 << 20);
		flood(floods[i].script);
		peer_receive(&peer, MIR_SECOND(1));
		ok(says("GOAWAY:0 11") || says("GOAWAY:0 1 ") || peer.closed, "%s: it ends",
		    floods[i].name);
		ask_honestly(floods[i].name);
		peer_close(&peer);
	}
	ok(server.stats.http2.flooded + server.stats.http2.broken >= MIR_COUNT(floods) - 1,
	    "they are counted: %u %u", (unsigned)server.stats.http2.flooded,
	    (unsigned)server.stats.http2.broken);
	ok(most <= 105, "handlers at once: %u", most);
	mir_sleep(MIR_SECOND(60));
	stop();
}

/* The same by those who do not read what they cause. */
static void deaf(void)
{
	start_with(0);
	for (size_t i = 0; i < MIR_COUNT(floods); i++) {
		peer_open(&peer, &server, 2000);
		flood(floods[i].script);
		mir_sleep(MIR_SECOND(100));
		peer_close(&peer);
	}
	mir_sleep(MIR_SECOND(100));
	ok(server.connections == 0, "all are gone: %u", server.connections);
	stop();
}

/* CVE-2023-44487. */
static void rapid_reset(void)
{
	start_with(0);
	peer_open(&peer, &server, 1 << 20);
	for (unsigned i = 0; i < 5000 && !peer.closed; i++) {
		peer_line(&peer, "GET 1 /slow", 2 * i);
		peer_line(&peer, "FRAME 3 0 1 00000008", 2 * i);
		if (i % 50 == 0) {
			peer_flush(&peer);
			peer_receive(&peer, 0);
		}
	}
	peer_flush(&peer);
	peer_receive(&peer, MIR_SECOND(1));
	ok(says("GOAWAY:0 11"), "the connection ends");
	ok(calls <= 101 && most <= 100, "handlers: %u, at once %u", calls, most);
	ok(server.stats.http2.resets >= 100 && server.stats.http2.flooded == 1, "it is counted");
	ask_honestly("rapid reset");
	peer_close(&peer);
	mir_sleep(MIR_SECOND(30));
	stop();
}

/* A client that gives up now and then is none. */
static void honest_resets(void)
{
	start_with(0);
	peer_open(&peer, &server, 1 << 20);
	for (unsigned i = 0; i < 600; i++) {
		peer_line(&peer, "GET 1 /hello", 4 * i);
		peer_line(&peer, "GET 3 /x", 4 * i);
		peer_line(&peer, "FRAME 3 0 3 00000008", 4 * i);
		peer_flush(&peer);
		peer_receive(&peer, MIR_MS(1));
	}
	ok(!peer.closed && !says("GOAWAY"), "it is served on");
	peer_close(&peer);
	stop();
}

/* A value of 4000 bytes in the table, which a block of 10 kB names 10000 times. */
static void header_bomb(void)
{
	static uint8_t block[16000];
	static char value[4000];
	size_t n;

	start_with(0);
	peer_open(&peer, &server, 1 << 20);
	memset(value, 'x', sizeof(value));
	n = peer_fields(block, 200, ":method=GET :scheme=https :authority=a :path=/hello");
	block[n++] = 0x40;
	n += peer_string(block + n, "a", 1);
	n += peer_string(block + n, value, sizeof(value));
	peer_frame(&peer, 1, 5, 1, block, n);
	n = peer_fields(block, 200, ":method=GET :scheme=https :authority=a :path=/hello");
	memset(block + n, 0xbe, 10000);
	peer_frame(&peer, 1, 5, 3, block, n + 10000);
	peer_flush(&peer);
	peer_receive(&peer, MIR_SECOND(1));
	ok(says("HEADERS:1 :status=200") && says("HEADERS:3 :status=431"), "431");
	ok(calls == 1, "no handler sees it");
	peer_close(&peer);

	peer_open(&peer, &server, 1 << 20);
	n = peer_fields(block, 200, ":method=GET :scheme=https :authority=a :path=/hello");
	for (unsigned i = 0; i < 150; i++)
		n += peer_field(block + n, "a", 1, "b", 1);
	peer_frame(&peer, 1, 5, 1, block, n);
	peer_flush(&peer);
	peer_receive(&peer, MIR_SECOND(1));
	peer_frame(&peer, 1, 1, 3, block, n);
	for (unsigned i = 0; i < 7; i++) {
		memset(block, 0x82, sizeof(block));
		peer_frame(&peer, 9, i == 6 ? 4 : 0, 3, block, sizeof(block));
	}
	peer_flush(&peer);
	peer_receive(&peer, MIR_SECOND(1));
	ok(says("HEADERS:1 :status=431"), "150 fields");
	ok(says("GOAWAY:0 11"), "a block of 110 kB");
	peer_close(&peer);
	stop();
}

/* Heads, bodies and readers that never come to an end. */
static void slow(void)
{
	start_with(0);
	peer_open(&peer, &server, 1 << 20);
	peer_run(&peer, "FRAME 1 1 1 82 87 84\nWAIT 15000");
	peer_receive(&peer, MIR_SECOND(5));
	ok(peer.closed, "a head that does not end");
	peer_close(&peer);

	peer_open(&peer, &server, 1 << 20);
	peer_put(&peer, "\0\0\144\1\5\0\0\0\1", 9);
	peer_put(&peer, "\202\207", 2);
	peer_run(&peer, "WAIT 65000");
	peer_receive(&peer, MIR_SECOND(5));
	ok(peer.closed, "a frame that does not");
	peer_close(&peer);

	peer_open(&peer, &server, 1 << 20);
	peer_run(&peer, "POST 1 /body\nWAIT 10\nGET 3 /hello\nWAIT 35000");
	peer_receive(&peer, MIR_SECOND(5));
	ok(says("HEADERS:1 :status=408") && says("DATA:3 END 5 [hello]"), "a body that does not");
	peer_run(&peer, "POST 5 /body");
	for (unsigned i = 0; i < 60; i++) {
		peer_run(&peer, "DATA 5 0 x");
		mir_sleep(MIR_SECOND(1));
	}
	peer_receive(&peer, MIR_SECOND(5));
	ok(says("HEADERS:5 :status=408"), "a byte a second");
	peer_close(&peer);
	ok(server.stats.timeouts >= 3, "they are counted");
	stop();
}

static void slow_reader(void)
{
	struct mir_mem_stats before, after;

	start_with(0);
	peer_open(&peer, &server, 1 << 20);
	peer_run(&peer, "FRAME 4 0 0 00 04 00 00 00 00\nFRAME 4 1 0");
	mir_mem_stats(&before);
	peer_run(&peer, "TIMES 100\nGET 1 /large");
	mir_sleep(MIR_SECOND(10));
	peer_receive(&peer, 0);
	mir_mem_stats(&after);
	ok(alive == 100, "they wait");
	ok(after.bytes < before.bytes + 300000, "and hold little: %llu bytes",
	    (unsigned long long)(after.bytes - before.bytes));
	ask_honestly("no window");
	mir_sleep(MIR_SECOND(25));
	ok(!alive && server.stats.timeouts == 100, "for so long only");
	peer_receive(&peer, MIR_SECOND(1));
	ok(says("RST:199 2") && !peer.closed, "the connection lives");
	peer_run(&peer, "GET 201 /large\nFRAME 8 0 c9 00 00 10 00");
	for (unsigned i = 0; i < 100; i++) {
		peer_run(&peer, "FRAME 8 0 c9 00 00 00 01");
		mir_sleep(MIR_SECOND(1));
	}
	peer_receive(&peer, 0);
	ok(!alive && says("RST:201 2"), "nor is a byte a second enough");
	peer_close(&peer);
	stop();
}

/* More than the windows allow, while nobody reads. */
static void windows(void)
{
	start_with(0);
	peer_open(&peer, &server, 1 << 20);
	peer_run(&peer, "FRAME 4 1 0\nWAIT 10\nPOST 1 /slow");
	for (unsigned i = 0; i < 16; i++)
		peer_run(&peer, "DATA 1 0 x*16384");
	peer_receive(&peer, MIR_MS(100));
	ok(server.http2_held == 262144 && !says("RST"), "a window is filled: %llu",
	    (unsigned long long)server.http2_held);
	ok(!says("WINDOW:1"), "and not opened while nobody reads");
	peer_run(&peer, "DATA 1 0 x");
	peer_receive(&peer, MIR_MS(100));
	ok(says("RST:1 3"), "a stream's window");
	for (unsigned k = 3; k < 13 && !peer.closed; k += 2) {
		char line[32];

		snprintf(line, sizeof(line), "POST %u /slow", k);
		peer_run(&peer, line);
		snprintf(line, sizeof(line), "DATA %u 0 x*16384", k);
		for (unsigned i = 0; i < 16; i++)
			peer_run(&peer, line);
	}
	peer_receive(&peer, MIR_MS(100));
	ok(says("GOAWAY:0 3") && server.http2_held <= 1 << 20, "the connection's window");
	ask_honestly("windows");
	peer_close(&peer);
	mir_sleep(MIR_SECOND(30));
	stop();
}

static void tiny_data(void)
{
	struct mir_mem_stats before, after;

	start_with(0);
	peer_open(&peer, &server, 1 << 20);
	peer_run(&peer, "FRAME 4 1 0\nWAIT 10\nPOST 1 /slow");
	mir_mem_stats(&before);
	for (unsigned i = 0; i < 20000; i++) {
		peer_line(&peer, "DATA 1 0 x", 0);
		if (i % 100 == 0)
			peer_flush(&peer);
	}
	peer_flush(&peer);
	peer_receive(&peer, MIR_MS(100));
	mir_mem_stats(&after);
	ok(server.http2_held == 20000 && after.bytes - before.bytes < 100000,
	    "20000 frames of a byte take %llu bytes",
	    (unsigned long long)(after.bytes - before.bytes));
	peer_close(&peer);
	mir_sleep(MIR_SECOND(30));
	stop();
}

static void idle(void)
{
	struct mir_fiber_stats before, after;

	start_with(4);
	peer_open(&peer, &server, 1 << 20);
	peer_run(&peer, "GET 1 /hello");
	peer_receive(&peer, MIR_SECOND(1));
	mir_fiber_stats(&before);
	mir_sleep(MIR_SECOND(50));
	mir_fiber_stats(&after);
	ok(after.alive == 1 && after.switches - before.switches < 4,
	    "an idle connection has no fiber: %u, %llu switches", after.alive,
	    (unsigned long long)(after.switches - before.switches));
	peer_run(&peer, "FRAME 6 0 0 0102030405060708");
	peer_receive(&peer, MIR_SECOND(15));
	ok(peer.closed && says("GOAWAY:0 0 after 1"), "it is ended in time");
	peer_close(&peer);
	peer_open(&peer, &server, 1 << 20);
	peer_run(&peer, "GET 1 /hello");
	peer_receive(&peer, MIR_SECOND(1));
	for (unsigned i = 0; i < 6; i++)
		ask_honestly("many connections");
	for (unsigned i = 0; i < 4; i++) {
		peer_open(&honest, &server, 1 << 20);
		peer_run(&honest, "GET 1 /hello");
		nghttp2_hd_inflate_del(honest.inflater);
		mir_sleep(MIR_MS(10));
		/* The end stays open, and is closed with the server. */
		mir_flow_shutdown(&honest.end->flow, MIR_FLOW_READ);
		mir_flow_close(&honest.end->flow);
	}
	peer_close(&peer);
	mir_sleep(MIR_SECOND(1));
	stop();
}

static void evicted(void)
{
	static struct peer many[5];

	start_with(4);
	for (unsigned i = 0; i < 5; i++) {
		peer_open(&many[i], &server, 1 << 20);
		peer_run(&many[i], "GET 1 /hello");
		peer_receive(&many[i], MIR_MS(10));
	}
	peer_receive(&many[0], MIR_MS(10));
	ok(many[0].closed && !many[1].closed && server.stats.evicted == 1,
	    "the longest idle one makes room");
	for (unsigned i = 0; i < 5; i++)
		peer_close(&many[i]);
	stop();
}

static void stopper(void *arg)
{
	(void)arg;
	mir_http_server_stop(&server);
}

static void graceful(void)
{
	struct mir_fiber *f;

	start_with(0);
	peer_open(&peer, &server, 1 << 20);
	peer_run(&peer, "GET 1 /nap\nWAIT 500");
	f = mir_spawn_joinable("stop", stopper, NULL);
	peer_receive(&peer, MIR_MS(100));
	ok(says("GOAWAY:0 0 after 2147483647") && says("PING:0"), "a word ahead");
	peer_run(&peer, "GET 3 /nap\nFRAME 6 1 0 0000000000000000");
	peer_receive(&peer, MIR_MS(100));
	ok(says("GOAWAY:0 0 after 3"), "the last stream");
	peer_run(&peer, "GET 5 /hello");
	peer_receive(&peer, MIR_SECOND(4));
	ok(says("HEADERS:1 END :status=204") && says("HEADERS:3 END :status=204"),
	    "what was asked is answered");
	ok(!says("HEADERS:5") && peer.closed, "what came after is not");
	ok(mir_join(f) == 0 && server.connections == 0, "it ends");
	peer_close(&peer);
}

int main(void)
{
	RUN(flooding);
	RUN(deaf);
	RUN(rapid_reset);
	RUN(honest_resets);
	RUN(header_bomb);
	RUN(slow);
	RUN(slow_reader);
	RUN(windows);
	RUN(tiny_data);
	RUN(idle);
	RUN(evicted);
	RUN(graceful);
	return mir_test_end();
}
