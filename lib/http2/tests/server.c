/* server.c: HTTP/2 through a whole connection: what is answered, what is refused, and with which
 * error (RFC 9113, by section). */
#include "peer.h"

static struct mir_http_server server;
static struct peer peer;
static unsigned calls, alive, version = 20;

/* The body in one piece. */
static int collect(struct mir_http_request *r, struct mir_http_response *w)
{
	char text[256];
	struct mir_slice s;
	size_t len = 0;
	int n;

	while ((n = mir_http_read(r, &s, 1)) > 0) {
		if (s.len <= sizeof(text) - len) {
			memcpy(text + len, s.p, s.len);
			len += s.len;
		}
		mir_slice_unref(&s);
	}
	return n < 0 ? n : mir_http_reply(w, 200, NULL, text, len);
}

static bool is(struct mir_http_request *r, const char *path)
{
	return r->path.len == strlen(path) && memcmp(r->path.p, path, r->path.len) == 0;
}

static int reply(struct mir_http_request *r, struct mir_http_response *w)
{
	static uint8_t large[300000];
	struct mir_slice s[4];
	char text[256];
	int n;

	ok(r->version == version, "the version");
	if (is(r, "/hello"))
		return mir_http_reply(w, 200, "text/plain", "hello", 5);
	if (is(r, "/collect"))
		return collect(r, w);
	if (is(r, "/nothing"))
		return 0;
	if (is(r, "/fail"))
		return MIR_EIO;
	if (is(r, "/slow"))
		mir_sleep(MIR_SECOND(20));
	if (is(r, "/short")) {
		mir_http_begin(w, 100);
		return mir_http_write_copy(w, "half", 4);
	}
	if (is(r, "/long")) {
		mir_http_begin(w, 2);
		mir_http_write_copy(w, "half", 4);
		return 0;
	}
	if (is(r, "/pieces")) {
		mir_http_write(w, NULL, 0);
		mir_http_write_copy(w, "one ", 4);
		return mir_http_write_copy(w, "two", 3);
	}
	if (is(r, "/flushed"))
		return mir_http_write(w, NULL, 0);
	if (is(r, "/large")) {
		struct mir_slice all = mir_slice_static(large, sizeof(large));

		mir_http_begin(w, sizeof(large));
		return mir_http_write(w, &all, 1);
	}
	if (is(r, "/fields")) {
		struct mir_str cookie = mir_http_header(r, "cookie");

		mir_http_add(w, "X-Large", "Letters");
		n = snprintf(text, sizeof(text), "%u host=%.*s cookie=%.*s length=%d", r->nheaders,
		    (int)r->host.len, r->host.p, (int)cookie.len, cookie.p ? cookie.p : "",
		    (int)r->content_length);
		return mir_http_reply(w, 200, "text/plain", text, (size_t)n);
	}
	if (is(r, "/echo")) {
		mir_http_begin(w, r->content_length);
		while ((n = mir_http_read(r, s, 4)) > 0)
			if ((n = mir_http_write(w, s, (unsigned)n)) < 0)
				return n;
		return n;
	}
	return mir_http_error(w, 404);
}

static int handler(void *arg, struct mir_http_request *r, struct mir_http_response *w)
{
	int rc;

	(void)arg;
	calls++;
	alive++;
	rc = reply(r, w);
	alive--;
	return rc;
}

static void start(void)
{
	struct mir_http_server_config c = {
		.handler = handler,
		.http2 = &mir_http2_device,
		.http2_clear = true,
		.name = "test",
		.http_server = "mirage",
		.http_max_body = 200000,
	};

	calls = 0;
	ok(mir_http_server_start(&server, &c) == 0, "the server starts");
}

static void stop(void)
{
	mir_http_server_stop(&server);
	ok(!server.connections && !server.streams && !server.http2_held && !alive,
	    "nothing is left: %u %u %llu", server.connections, server.streams,
	    (unsigned long long)server.http2_held);
}

static void ask(const char *script)
{
	peer_open(&peer, &server, 1 << 20);
	peer_run(&peer, script);
	peer_receive(&peer, MIR_SECOND(1));
}

#define GOOD ":method=GET :scheme=https :authority=a.test :path=/hello"
#define PUT  ":method=POST :scheme=https :authority=a.test :path=/collect"

struct exchange {
	const char *name, *script;
	const char *expect; /* what is in the answer; "!": and what is not */
};

static const struct exchange good[] = {
	{ "GET", "GET 1 /hello", "HEADERS:1 :status=200" },
	{ "its fields", "GET 1 /hello", "server=mirage content-length=5 content-type=text/plain" },
	{ "its body", "GET 1 /hello", "DATA:1 END 5 [hello]" },
	{ "settings are acknowledged", "GET 1 /hello", "SETTINGS-ACK:0" },
	{ "HEAD", "HEADERS 1 5 :method=HEAD :scheme=https :authority=a :path=/hello",
	    "HEADERS:1 END :status=200 server=mirage content-length=5" },
	{ "204", "GET 1 /nothing", "HEADERS:1 END :status=204" },
	{ "404", "GET 1 /none", ":status=404" },
	{ "500", "GET 1 /fail", ":status=500" },
	{ "of unknown length", "GET 1 /pieces", "DATA:1 4 [one ] \nDATA:1 3 [two] \nDATA:1 END 0" },
	{ "a head alone", "GET 1 /flushed", "HEADERS:1 :status=200 server=mirage \nDATA:1 END 0" },
	{ "half an answer", "GET 1 /short", "[half] \nRST:1 2" },
	{ "more than was said", "GET 1 /long", "RST:1 2" },
	{ "names in small letters", "GET 1 /fields", "x-large=Letters" },
	{ "the host", "GET 1 /fields", "host=a.test cookie= length=0" },
	{ "Host in place of :authority",
	    "HEADERS 1 5 :method=GET :scheme=https :path=/fields host=b.test", "1 host=b.test" },
	{ "Host beside it", "HEADERS 1 5 " GOOD " host=A.test", ":status=200" },
	{ "cookies are joined",
	    "HEADERS 1 5 :method=GET :scheme=https :authority=a :path=/fields cookie=a=1 x=y "
	    "cookie=b=2",
	    "3 host=a cookie=a=1; b=2" },
	{ "a body", "POST 1 /collect\nDATA 1 0 some\nDATA 1 1 more", "END 8 [somemore]" },
	{ "an empty body", "POST 1 /collect\nDATA 1 1 ", "content-length=0" },
	{ "with its length", "HEADERS 1 4 " PUT " content-length=4\nDATA 1 1 four", "[four]" },
	{ "with padding", "POST 1 /collect\nFRAME 0 9 1 03 61 62 63 00 00 00", "[abc]" },
	{ "with trailers", "POST 1 /collect\nDATA 1 0 abc\nHEADERS 1 5 x-sum=1", "[abc]" },
	{ "that nobody reads", "POST 1 /hello\nDATA 1 0 abc", "[hello] \nRST:1 0" },
	{ "100-continue", "HEADERS 1 4 " PUT " expect=100-continue\nWAIT 100\nDATA 1 1 abc",
	    "HEADERS:1 :status=100 \nHEADERS:1 :status=200" },
	{ "another expectation", "HEADERS 1 4 " PUT " expect=wonders", ":status=417" },
	{ "too large a body", "HEADERS 1 4 " PUT " content-length=200001", ":status=413" },
	{ "OPTIONS *", "HEADERS 1 5 :method=OPTIONS :scheme=https :authority=a :path=*", "=204" },
	{ "several", "GET 1 /hello\nGET 3 /none\nGET 5 /hello", "DATA:5 END 5 [hello]" },
	{ "a slow one holds up no other", "GET 1 /slow\nGET 3 /hello", "DATA:3 END" },
	{ "a PING", "FRAME 6 0 0 0102030405060708", "PING-ACK:0" },
	{ "unknown frames are passed over", "FRAME 77 ff 0 00\nFRAME 99 1 5 00\nGET 1 /hello",
	    "[hello]" },
	{ "unknown settings too", "FRAME 4 0 0 00 ff 00 00 00 01\nGET 1 /hello", "[hello]" },
	{ "PRIORITY is ignored", "FRAME 2 0 7 00 00 00 00 10\nGET 1 /hello", "[hello]" },
	{ "HEADERS with priority", "FRAME 1 25 1 00000000 10 82 87 84 41 01 61", ":status=404" },
	{ "windows are opened for what was read",
	    "FRAME 4 1 0\nPOST 1 /collect\nDATA 1 0 x*16384\nDATA 1 0 x*16384\n"
	    "DATA 1 0 x*16384\nDATA 1 0 x*16384\nDATA 1 0 x*16384\nDATA 1 0 x*16384\nDATA 1 0 "
	    "x*16384\n"
	    "DATA 1 0 x*16384\nDATA 1 0 x*16384\nWAIT 10\nDATA 1 1 end",
	    "WINDOW:1 1" },
};

static const struct exchange bad[] = {
	/* 4: frames */
	{ "4.2 a frame too long", "FRAME 0 0 1\nDATA 1 0 x*20000", "GOAWAY:0 " },
	{ "4.3 fields that are cut", "FRAME 1 5 1 82 87 84 41", "GOAWAY:0 9" },
	{ "4.3 an index that is not there", "FRAME 1 5 1 ff 80 01", "GOAWAY:0 9" },
	/* 5: streams */
	{ "5.1 DATA on an idle stream", "DATA 1 1 x", "GOAWAY:0 1" },
	{ "5.1 RST_STREAM on an idle stream", "FRAME 3 0 1 00000008", "GOAWAY:0 1" },
	{ "5.1 WINDOW_UPDATE on an idle stream", "FRAME 8 0 1 00000008", "GOAWAY:0 1" },
	{ "5.1 CONTINUATION on an idle stream", "FRAME 9 4 1 82", "GOAWAY:0 1" },
	{ "5.1 DATA after the end", "GET 1 /slow\nDATA 1 0 x", "GOAWAY:0 5" },
	{ "5.1 HEADERS after the end", "GET 1 /slow\nHEADERS 1 5 x=y", "GOAWAY:0 5!:status=200" },
	{ "5.1.1 an even stream", "GET 2 /hello", "GOAWAY:0 1" },
	{ "5.1.1 a stream that goes back", "GET 5 /hello\nGET 3 /hello", "DATA:5 END!DATA:3" },
	{ "5.1.2 too many at once", "TIMES 101\nGET 1 /slow", "RST:201 7" },
	{ "5.3.1 a stream that depends on itself", "FRAME 2 0 1 00000001 10", "!:status=200" },
	{ "5.4.1 after an error the end", "GET 2 /hello\nGET 1 /hello", "GOAWAY:0 1!:status" },
	/* 6: each frame */
	{ "6.1 DATA on stream 0", "FRAME 0 1 0 00", "GOAWAY:0 1" },
	{ "6.1 padding as long as the frame", "POST 1 /collect\nFRAME 0 9 1 05 61 62",
	    "GOAWAY:0 1" },
	{ "6.2 HEADERS on stream 0", "FRAME 1 5 0 82", "GOAWAY:0 1" },
	{ "6.2 padding", "FRAME 1 d 1 05 82 87", "GOAWAY:0 1" },
	{ "6.2 another frame among the fields",
	    "FRAME 1 1 1 82 87 84\nFRAME 6 0 0 0102030405060708", "GOAWAY:0 1" },
	{ "6.2 another stream among the fields", "FRAME 1 1 1 82 87 84\nFRAME 9 4 3 41 01 61",
	    "GOAWAY:0 1" },
	{ "6.3 PRIORITY on stream 0", "FRAME 2 0 0 00 00 00 00 10", "GOAWAY:0 1" },
	{ "6.3 PRIORITY of 4 bytes", "FRAME 2 0 1 00 00 00 00\nWAIT 10\nGET 3 /slow",
	    "GOAWAY:0 6" },
	{ "6.4 RST_STREAM on stream 0", "FRAME 3 0 0 00000008", "GOAWAY:0 1" },
	{ "6.4 RST_STREAM of 3 bytes", "GET 1 /slow\nFRAME 3 0 1 000000", "GOAWAY:0 6" },
	{ "6.5 SETTINGS with ACK and a payload", "FRAME 4 1 0 00 01 00 00 00 00", "GOAWAY:0 6" },
	{ "6.5 SETTINGS on a stream", "FRAME 4 0 1", "GOAWAY:0 1" },
	{ "6.5 SETTINGS of 5 bytes", "FRAME 4 0 0 00 01 00 00 00", "GOAWAY:0 6" },
	{ "6.5.2 ENABLE_PUSH 2", "FRAME 4 0 0 00 02 00 00 00 02", "GOAWAY:0 1" },
	{ "6.5.2 INITIAL_WINDOW_SIZE 2^31", "FRAME 4 0 0 00 04 80 00 00 00", "GOAWAY:0 3" },
	{ "6.5.2 MAX_FRAME_SIZE 16383", "FRAME 4 0 0 00 05 00 00 3f ff", "GOAWAY:0 1" },
	{ "6.5.2 MAX_FRAME_SIZE 2^24", "FRAME 4 0 0 00 05 01 00 00 00", "GOAWAY:0 1" },
	{ "6.6 PUSH_PROMISE", "GET 1 /slow\nFRAME 5 4 1 00000002 82", "GOAWAY:0 1" },
	{ "6.7 PING on a stream", "FRAME 6 0 1 0102030405060708", "GOAWAY:0 1" },
	{ "6.7 PING of 7 bytes", "FRAME 6 0 0 01020304050607", "GOAWAY:0 6" },
	{ "6.8 GOAWAY on a stream", "FRAME 7 0 1 0000000000000000", "GOAWAY:0 1" },
	{ "6.9 WINDOW_UPDATE of 0", "FRAME 8 0 0 00000000", "GOAWAY:0 1" },
	{ "6.9 of 0 on a stream", "GET 1 /slow\nFRAME 8 0 1 00000000", "GOAWAY:0 1" },
	{ "6.9 of 3 bytes", "FRAME 8 0 0 000001", "GOAWAY:0 6" },
	{ "6.9.1 the connection's window overflows", "FRAME 8 0 0 7fffffff", "GOAWAY:0 3" },
	{ "6.9.1 a stream's window overflows", "GET 1 /slow\nFRAME 8 0 1 7fffffff", "RST:1 3" },
	{ "6.9.1 more than the window of a stream", "POST 1 /slow\nTIMES 17\nDATA 1 0 x*16384",
	    "" },
	{ "6.9.2 settings that overflow a stream's window",
	    "GET 1 /slow\nFRAME 8 0 1 7fff0000\nFRAME 4 0 0 00 04 7f ff ff ff", "3" },
	{ "6.10 CONTINUATION after the end", "GET 1 /slow\nFRAME 9 4 1 82", "GOAWAY:0 1" },
	{ "6.10 CONTINUATION on stream 0", "FRAME 1 1 1 82\nFRAME 9 4 0 82", "GOAWAY:0 1" },
	/* 8: messages */
	{ "8.1 trailers that do not end", "POST 1 /slow\nHEADERS 1 4 x=y", "RST:1 1!:status=200" },
	{ "8.1 pseudo fields in trailers", "POST 1 /slow\nHEADERS 1 5 :path=/x",
	    "RST:1 1!:status=200" },
	{ "8.1.1 a length that the body lacks",
	    "HEADERS 1 4 " PUT " content-length=4\nDATA 1 1 abc", "RST:1 1!:status=200" },
	{ "8.1.1 or exceeds", "HEADERS 1 4 " PUT " content-length=2\nDATA 1 1 abc",
	    "RST:1 1!:status=200" },
	{ "8.1.1 a length without a body", "HEADERS 1 5 " PUT " content-length=2",
	    "RST:1 1!:status=200" },
	{ "8.1.1 two lengths", "HEADERS 1 4 " PUT " content-length=1 content-length=2", "RST:1 1" },
	{ "8.1.1 two equal lengths", "HEADERS 1 4 " PUT " content-length=2 content-length=2",
	    "RST:1 1" },
	{ "8.1.1 no number", "HEADERS 1 4 " PUT " content-length=+2", "RST:1 1" },
	{ "8.2.1 large letters", "HEADERS 1 5 " GOOD " Name=x", "RST:1 1!:status" },
	{ "8.2.1 a blank in a name", "HEADERS 1 5 " GOOD " a~b=x", "RST:1 1!:status" },
	{ "8.2.1 a colon in a name", "HEADERS 1 5 " GOOD " a:b=x", "RST:1 1!:status" },
	{ "8.2.1 no name", "FRAME 1 5 1 82 87 84 41 01 61 00 00 01 78", "RST:1 1!:status" },
	{ "8.2.1 LF in a name", "HEADERS 1 5 " GOOD " a^Jb=x", "RST:1 1!:status" },
	{ "8.2.1 CR LF in a value", "HEADERS 1 5 " GOOD " a=x^M^JHost:~b", "RST:1 1!:status" },
	{ "8.2.1 LF in a value", "HEADERS 1 5 " GOOD " a=x^Jy", "RST:1 1!:status" },
	{ "8.2.1 NUL in a value", "HEADERS 1 5 " GOOD " a=x^@y", "RST:1 1!:status" },
	{ "8.2.2 Connection", "HEADERS 1 5 " GOOD " connection=close", "RST:1 1!:status" },
	{ "8.2.2 Keep-Alive", "HEADERS 1 5 " GOOD " keep-alive=1", "RST:1 1!:status" },
	{ "8.2.2 Proxy-Connection", "HEADERS 1 5 " GOOD " proxy-connection=close",
	    "RST:1 1!:status" },
	{ "8.2.2 Transfer-Encoding", "HEADERS 1 4 " PUT " transfer-encoding=chunked",
	    "RST:1 1!:status" },
	{ "8.2.2 Upgrade", "HEADERS 1 5 " GOOD " upgrade=websocket", "RST:1 1!:status" },
	{ "8.2.2 TE", "HEADERS 1 5 " GOOD " te=gzip", "RST:1 1!:status" },
	{ "8.3 an unknown pseudo field", "HEADERS 1 5 " GOOD " :test=x", "RST:1 1!:status" },
	{ "8.3 one that is for answers", "HEADERS 1 5 " GOOD " :status=200",
	    "RST:1 1!:status=200 s" },
	{ "8.3 one after the others",
	    "HEADERS 1 5 :method=GET :scheme=https :authority=a x=y :path=/hello",
	    "RST:1 1!:status" },
	{ "8.3.1 no method", "HEADERS 1 5 :scheme=https :authority=a :path=/", "RST:1 1!:status" },
	{ "8.3.1 no scheme", "HEADERS 1 5 :method=GET :authority=a :path=/", "RST:1 1!:status" },
	{ "8.3.1 no path", "HEADERS 1 5 :method=GET :scheme=https :authority=a",
	    "RST:1 1!:status" },
	{ "8.3.1 an empty path",
	    "HEADERS 1 5 :method=GET :scheme=https :authority=a :path=", "RST:1 1!:status" },
	{ "8.3.1 two paths", "HEADERS 1 5 " GOOD " :path=/none", "RST:1 1!:status" },
	{ "8.3.1 two methods", "HEADERS 1 5 :method=POST " GOOD, "RST:1 1!:status" },
	{ "8.3.1 a path that is none", "HEADERS 1 5 :method=GET :scheme=https :authority=a :path=x",
	    "!:status=200" },
	{ "8.3.1 an absolute one",
	    "HEADERS 1 5 :method=GET :scheme=https :authority=a :path=https://b/hello",
	    "!:status=200" },
	{ "8.3.1 a blank in it",
	    "HEADERS 1 5 :method=GET :scheme=https :authority=a :path=/~HTTP/1.1", "!:status=200" },
	{ "8.3.1 CR LF in it", "HEADERS 1 5 :method=GET :scheme=https :authority=a :path=/^M^Jx",
	    "!:status=200" },
	{ "8.3.1 a blank in the method",
	    "HEADERS 1 5 :method=GET~/ :scheme=https :authority=a :path=/hello", "!:status=200" },
	{ "8.3.1 Host that is another", "HEADERS 1 5 " GOOD " host=b.test", ":status=400" },
	{ "8.3.1 two Hosts", "HEADERS 1 5 " GOOD " host=a.test host=a.test", "!:status=200" },
	{ "8.3.1 no host", "HEADERS 1 5 :method=GET :scheme=https :path=/hello", "!:status=200" },
	{ "8.3.1 a user", "HEADERS 1 5 :method=GET :scheme=https :authority=u@a :path=/hello",
	    "!:status=200" },
	{ "8.3.1 another scheme", "HEADERS 1 5 :method=GET :scheme=ftp :authority=a :path=/hello",
	    "!:status=200" },
	{ "8.5 CONNECT", "HEADERS 1 4 :method=CONNECT :authority=a:80", ":status=501" },
	{ "8.5 with a path", "HEADERS 1 4 :method=CONNECT :scheme=https :path=/ :authority=a:80",
	    "RST:1 1" },
	{ "8441 extended CONNECT, which we did not offer",
	    "HEADERS 1 4 :method=CONNECT :scheme=https :path=/ :authority=a :protocol=websocket",
	    "RST:1 1" },
};

/* What "!" precedes must not be in the answer. */
static bool as_expected(const char *answer, const char *expect)
{
	const char *never = strchr(expect, '!');
	size_t len = never ? (size_t)(never - expect) : strlen(expect);
	char text[256];

	snprintf(text, sizeof(text), "%.*s", (int)len, expect);
	return strstr(answer, text) && !(never && strstr(answer, never + 1));
}

static void all(const struct exchange *table, size_t n)
{
	start();
	for (size_t i = 0; i < n; i++) {
		ask(table[i].script);
		if (!ok(as_expected(peer.words, table[i].expect), "%s", table[i].name))
			printf("# expected %s\n# got %s\n", table[i].expect, peer.words);
		peer_close(&peer);
	}
	mir_sleep(MIR_SECOND(25));
	ok(!server.streams, "all requests have ended");
	stop();
}

static void requests(void)
{
	all(good, MIR_COUNT(good));
}

static void rules(void)
{
	all(bad, MIR_COUNT(bad));
	ok(server.stats.http2.broken > 20, "those who broke the protocol are counted");
}

static void preface(void)
{
	static char buf[4096];
	struct pipe_end *c;

	start();
	c = bench_connect(&server, 1 << 20);
	bench_send(c, "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", 24, 0);
	ok(bench_receive(c, buf, sizeof(buf), MIR_SECOND(3)) == 0 || !strstr(buf, "HTTP/1"),
	    "3.4 half a preface");
	mir_flow_close(&c->flow);
	c = bench_connect(&server, 1 << 20);
	bench_send(c, PEER_PREFACE, 24, 1);
	bench_receive(c, buf, sizeof(buf), MIR_SECOND(1));
	version = 11;
	ok(buf[3] == 4, "3.4 one that comes byte by byte");
	mir_flow_close(&c->flow);
	ok(bench_ask(&server, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" PEER_PREFACE, buf,
	       sizeof(buf)) == 0 ||
		!strstr(buf, "SETTINGS"),
	    "not after another request");
	server.config.http2_clear = false;
	ok(bench_ask(&server, PEER_PREFACE, buf, sizeof(buf)) == 505, "only where it is asked for");
	stop();
}

int main(void)
{
	RUN(requests);
	RUN(rules);
	RUN(preface);
	return mir_test_end();
}
