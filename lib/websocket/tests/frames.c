/* frames.c: what RFC 6455 demands of frames (sections 5, 7.4 and 8.1), each case as a server and as
 * a client sees it, in one piece and byte by byte. */
#include <mir/test.h>
#include <stdio.h>

#include "../frames.h"

enum { MANY = 70000 };

/* A frame: its first byte, what it holds, and how its length is told: 0: as it should be; 2, 8: in
 * so many bytes; `lie`: a length that is not that of the text. */
struct frame {
	uint8_t first;
	const char *text;
	unsigned len; /* of text, if it holds zeros; MANY: so many letters */
	unsigned form;
	uint64_t lie;
};

struct row {
	const char *name;
	struct frame f[6];
	/* T(text) B(bytes) I(ping) O(pong) C1000(reason) E1002: failed with that code */
	const char *want;
};

#define T(s) s, sizeof(s) - 1
#define FRAME(a, b, c, d, e, ...)                                                                  \
	{                                                                                          \
		a, b, c, d, e                                                                      \
	}
#define F(...) FRAME(__VA_ARGS__, 0, 0, 0, 0)

static const struct row rows[] = {
	/* 1: messages */
	{ "empty text", { F(0x81, "") }, "T()" },
	{ "text", { F(0x81, "Hello") }, "T(Hello)" },
	{ "empty bytes", { F(0x82, "") }, "B()" },
	{ "bytes", { F(0x82, T("\xff\xfe")) }, "B(\xff\xfe)" },
	{ "two messages", { F(0x81, "a"), F(0x82, "b") }, "T(a)B(b)" },
	{ "16 bits of length for less than 126", { F(0x81, "Hello", 0, 2) }, "E1002" },
	{ "16 bits of length for 125", { F(0x82, NULL, 125, 2) }, "E1002" },
	{ "64 bits of length for less than 65536", { F(0x81, "Hello", 0, 8) }, "E1002" },
	{ "64 bits of length for 65535", { F(0x82, NULL, 65535, 8) }, "E1002" },
	{ "the highest bit of a length", { F(0x82, "", 0, 8, UINT64_C(1) << 63) }, "E1002" },
	{ "all bits of a length", { F(0x82, "", 0, 8, UINT64_MAX) }, "E1002" },
	/* 2: pings and pongs */
	{ "empty ping", { F(0x89, "") }, "I()" },
	{ "ping", { F(0x89, "are you there") }, "I(are you there)" },
	{ "ping with bytes", { F(0x89, T("\x00\xff\xfe")) }, "I(" },
	{ "ping of 125 bytes", { F(0x89, NULL, 125) }, "I*125" },
	{ "ping of 126 bytes", { F(0x89, NULL, 126) }, "E1002" },
	{ "ping of 126 bytes, nothing after its length byte", { F(0x89, "", 0, 2, 126) }, "E1002" },
	{ "ping of 65536 bytes", { F(0x89, NULL, 65536) }, "E1002" },
	{ "pong that was not asked for", { F(0x8a, "x"), F(0x81, "a") }, "O(x)T(a)" },
	{ "ten bytes of pong, then ping", { F(0x8a, "0123456789"), F(0x89, "p") },
	    "O(0123456789)I(p)" },
	/* 3: reserved bits */
	{ "RSV1", { F(0xc1, "Hello") }, "E1002" },
	{ "RSV2", { F(0xa1, "Hello") }, "E1002" },
	{ "RSV3", { F(0x91, "Hello") }, "E1002" },
	{ "all of RSV", { F(0xf2, "Hello") }, "E1002" },
	{ "RSV1 in a ping", { F(0xc9, "") }, "E1002" },
	{ "RSV2 in a close", { F(0xa8, "") }, "E1002" },
	{ "RSV3 after a message", { F(0x81, "a"), F(0x91, "b") }, "T(a)E1002" },
	{ "RSV1 in a continuation", { F(0x01, "a"), F(0xc0, "b") }, "E1002" },
	/* 4: opcodes: the reserved ones are in opcodes() */
	{ "reserved opcode after a message", { F(0x81, "a"), F(0x83, "") }, "T(a)E1002" },
	{ "reserved control after a ping", { F(0x89, ""), F(0x8b, "") }, "I()E1002" },
	/* 5: fragments */
	{ "ping in fragments", { F(0x09, "a"), F(0x80, "b") }, "E1002" },
	{ "pong in fragments", { F(0x0a, "a"), F(0x80, "b") }, "E1002" },
	{ "close in fragments", { F(0x08, ""), F(0x80, "") }, "E1002" },
	{ "text in two", { F(0x01, "frag"), F(0x80, "ment") }, "T(fragment)" },
	{ "bytes in two", { F(0x02, "frag"), F(0x80, "ment") }, "B(fragment)" },
	{ "ping in between", { F(0x01, "frag"), F(0x89, "p"), F(0x80, "ment") },
	    "I(p)T(fragment)" },
	{ "pong and ping in between",
	    { F(0x01, "a"), F(0x8a, "q"), F(0x00, "b"), F(0x89, "p"), F(0x80, "c") },
	    "O(q)I(p)T(abc)" },
	{ "all parts empty", { F(0x01, ""), F(0x00, ""), F(0x80, "") }, "T()" },
	{ "empty but for the middle", { F(0x01, ""), F(0x00, "x"), F(0x80, "") }, "T(x)" },
	{ "continuation of nothing", { F(0x80, "a") }, "E1002" },
	{ "continuation of nothing, not the last", { F(0x00, "a") }, "E1002" },
	{ "continuation after a message", { F(0x81, "a"), F(0x80, "b") }, "T(a)E1002" },
	{ "continuation after the last part", { F(0x01, "a"), F(0x80, "b"), F(0x80, "c") },
	    "T(ab)E1002" },
	{ "text within text", { F(0x01, "a"), F(0x81, "b") }, "E1002" },
	{ "bytes within text", { F(0x01, "a"), F(0x02, "b") }, "E1002" },
	{ "text within bytes", { F(0x02, "a"), F(0x00, "b"), F(0x01, "c") }, "E1002" },
	{ "close within a message", { F(0x01, "a"), F(0x88, "") }, "C1005()" },
	/* 6: UTF-8; more in utf8() */
	{ "text of other scripts", { F(0x81, T("\xce\xba\xe1\xbd\xb9\xf0\x9f\x98\x80")) },
	    "T(\xce\xba\xe1\xbd\xb9\xf0\x9f\x98\x80)" },
	{ "a character in two frames", { F(0x01, T("\xf0\x9f")), F(0x80, T("\x98\x80")) },
	    "T(\xf0\x9f\x98\x80)" },
	{ "a character in four, with a ping",
	    { F(0x01, T("\xf0")), F(0x00, T("\x9f")), F(0x89, T("\xff")), F(0x00, T("\x98")),
		F(0x80, T("\x80")) },
	    "I(\xff)T(\xf0\x9f\x98\x80)" },
	{ "a character that does not end", { F(0x81, T("a\xe1\xbd")) }, "E1007" },
	{ "nor in its last, empty frame", { F(0x01, T("\xe1\xbd")), F(0x80, "") }, "E1007" },
	{ "a wrong byte in the second frame", { F(0x01, T("\xe1")), F(0x80, T("\x41")) }, "E1007" },
	{ "wrong text is known before the end", { F(0x01, T("\xf4\x90")) }, "E1007" },
	{ "and before the end of its frame", { F(0x01, T("\xff"), 0, 1000) }, "E1007" },
	{ "the beginning is new for each message",
	    { F(0x82, T("\xe1\xbd")), F(0x81, T("\xce\xba")) }, "B(\xe1\xbd)T(\xce\xba)" },
	/* 7: close; more in codes() */
	{ "close", { F(0x88, "") }, "C1005()" },
	{ "close with a code", { F(0x88, T("\x03\xe8")) }, "C1000()" },
	{ "close with a reason", { F(0x88, T("\x03\xe9gone")) }, "C1001(gone)" },
	{ "close of one byte", { F(0x88, T("\x03")) }, "E1002" },
	{ "close with a reason that is no UTF-8", { F(0x88, T("\x03\xe8\xff")) }, "E1007" },
	{ "close with a reason that ends early", { F(0x88, T("\x03\xe8\xe1\xbd")) }, "E1007" },
	{ "close of 126 bytes", { F(0x88, NULL, 126) }, "E1002" },
	{ "after close nothing counts", { F(0x88, ""), F(0x81, "a"), F(0xff, "b") }, "C1005()" },
	{ "after close no ping", { F(0x88, T("\x03\xe8")), F(0x89, "a") }, "C1000()" },
	{ "a message, then close", { F(0x81, "a"), F(0x88, T("\x0b\xb8")) }, "T(a)C3000()" },
	/* 9: sizes: 100000 bytes are permitted here */
	{ "125 bytes", { F(0x81, NULL, 125) }, "T*125" },
	{ "126 bytes", { F(0x81, NULL, 126) }, "T*126" },
	{ "127 bytes", { F(0x82, NULL, 127) }, "B*127" },
	{ "128 bytes", { F(0x82, NULL, 128) }, "B*128" },
	{ "65535 bytes", { F(0x81, NULL, 65535) }, "T*65535" },
	{ "65536 bytes", { F(0x82, NULL, 65536) }, "B*65536" },
	{ "as many as are permitted", { F(0x82, NULL, 100000), F(0x88, "") }, "B*100000C1005()" },
	{ "one more than that", { F(0x82, NULL, 100001) }, "E1009" },
	{ "2^63 - 1", { F(0x82, "", 0, 8, INT64_MAX) }, "E1009" },
	{ "one more, in fragments", { F(0x02, NULL, MANY), F(0x00, NULL, 30000), F(0x80, "x") },
	    "E1009" },
	{ "all of them, in fragments", { F(0x02, NULL, MANY), F(0x80, NULL, 30000) }, "B*100000" },
	{ "the count begins anew", { F(0x82, NULL, MANY), F(0x82, NULL, MANY) }, "B*70000B*70000" },
};

static uint8_t wire[400000], message[200000];
static char got[400];
static size_t message_len;

static size_t build(uint8_t *p, const struct frame *f, bool mask)
{
	static const uint8_t key[4] = { 0x37, 0xfa, 0x21, 0x3d };
	size_t len = f->len || !f->text ? f->len : strlen(f->text), n;
	uint64_t told = f->lie ? f->lie : len;

	n = mir_ws_head(p, f->first & 15, f->first & 0x80, told, mask ? key : NULL);
	p[0] = f->first;
	if (f->form == 2 || f->form == 8) {
		p[1] = (uint8_t)((mask ? 0x80 : 0) | (f->form == 2 ? 126 : 127));
		if (f->form == 8) {
			mir_put_be32(p + 2, (uint32_t)(told >> 32));
			mir_put_be32(p + 6, (uint32_t)told);
		} else {
			mir_put_be16(p + 2, (uint16_t)told);
		}
		n = 2 + f->form;
		memcpy(p + n, key, mask ? 4 : 0);
		n += mask ? 4 : 0;
	}
	for (size_t i = 0; i < len; i++)
		p[n + i] = f->text ? (uint8_t)f->text[i] : (uint8_t)('a' + i % 26);
	if (mask)
		mir_ws_mask(p + n, p + n, len, key, 0);
	return n + len;
}

static void note(const char *what, const void *p, size_t len)
{
	size_t at = strlen(got);

	if (len > 100)
		snprintf(got + at, sizeof(got) - at, "%.1s*%zu", what, len);
	else
		snprintf(got + at, sizeof(got) - at, "%s(%.*s)", what, (int)len, (const char *)p);
	/* What holds a zero is cut there, on both sides. */
}

/* Runs all through the engine in pieces of `step` bytes (0: in one); what it said is in `got`. */
static void run(struct mir_ws_frames *f, const uint8_t *p, size_t len, size_t step, size_t room)
{
	char what[8];

	got[0] = 0;
	message_len = 0;
	for (size_t at = 0; at < len && !f->error;) {
		size_t n = step ? MIR_MIN(step, len - at) : len - at;
		struct mir_reader in = mir_reader(p + at, n);
		struct mir_ws_event e;

		do {
			size_t space = MIR_MIN(room, sizeof(message) - message_len);
			int rc = mir_ws_frames_next(f, &in, message + message_len, space, &e);

			if (rc < 0) {
				snprintf(what, sizeof(what), "E%u", f->code);
				strncat(got, what, sizeof(got) - strlen(got) - 1);
				break;
			}
			if (e.kind == MIR_WS_DATA_EVENT)
				message_len += (size_t)e.len;
			if (e.kind == MIR_WS_DATA_EVENT && e.last) {
				note(f->type == MIR_WS_TEXT ? "T" : "B", message, message_len);
				message_len = 0;
			}
			if (e.kind == MIR_WS_PING_EVENT)
				note("I", e.p, (size_t)e.len);
			if (e.kind == MIR_WS_PONG_EVENT)
				note("O", e.p, (size_t)e.len);
			snprintf(what, sizeof(what), "C%u", f->code);
			if (e.kind == MIR_WS_CLOSE_EVENT)
				note(what, e.p, (size_t)e.len);
		} while (e.kind != MIR_WS_NO_EVENT);
		at += n;
	}
}

static bool says(const struct row *r, bool client, size_t step, size_t room)
{
	struct mir_ws_frames f = { .client = client, .limit = 100000 };
	size_t len = 0;

	for (unsigned i = 0; i < 6 && (r->f[i].text || r->f[i].len); i++)
		len += build(wire + len, &r->f[i], !client);
	run(&f, wire, len, step, room);
	if (r->want[strlen(r->want) - 1] == '(')
		return strncmp(got, r->want, strlen(r->want)) == 0;
	return strcmp(got, r->want) == 0;
}

static void table(void)
{
	static const size_t steps[] = { 0, 1, 2, 3, 7, 1000 };

	for (unsigned i = 0; i < MIR_COUNT(rows); i++)
		for (unsigned client = 0; client < 2; client++) {
			bool right = true;

			for (unsigned k = 0; k < MIR_COUNT(steps) && right; k++)
				right = says(&rows[i], client, steps[k], SIZE_MAX);
			ok(right && says(&rows[i], client, 0, 1), "%s, to a %s: %s", rows[i].name,
			    client ? "client" : "server", got);
		}
}

static void masks(void)
{
	struct frame hello = { 0x81, "Hello", 0, 0, 0 };
	struct mir_ws_frames server = { .client = false }, client = { .client = true };
	static const uint8_t example[] = { 0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d,
		0x51, 0x58 };
	uint8_t out[64], back[64];
	unsigned wrong = 0;

	ok(build(wire, &hello, true) == sizeof(example) &&
		memcmp(wire, example, sizeof(example)) == 0,
	    "the example of section 5.7");
	run(&client, wire, 2, 0, SIZE_MAX);
	ok(strcmp(got, "E1002") == 0, "a server must not mask, and that shows at the second byte");
	build(wire, &hello, false);
	run(&server, wire, 2, 0, SIZE_MAX);
	ok(strcmp(got, "E1002") == 0, "a client must mask");
	for (size_t at = 0; at < 9; at++)
		for (size_t len = 0; len < 30; len++) {
			mir_ws_mask(out, example, MIR_MIN(len, sizeof(example)), example + 2, at);
			mir_ws_mask(back, out, MIR_MIN(len, sizeof(example)), example + 2, at);
			for (size_t i = 0; i < MIR_MIN(len, sizeof(example)); i++)
				wrong += back[i] != example[i] ||
					 out[i] != (example[i] ^ example[2 + (at + i) % 4]);
		}
	ok(wrong == 0, "masks of every phase");
}

static void opcodes(void)
{
	unsigned wrong = 0;

	for (unsigned first = 0; first < 256; first++) {
		static const uint8_t good[] = { 0x01, 0x02, 0x81, 0x82, 0x88, 0x89, 0x8a };
		struct mir_ws_frames f = { .client = true };
		uint8_t b = (uint8_t)first;
		bool is_good = memchr(good, (int)first, sizeof(good)) != NULL;

		run(&f, &b, 1, 0, SIZE_MAX);
		wrong += is_good != (got[0] == 0) || (!is_good && strcmp(got, "E1002") != 0);
	}
	ok(wrong == 0, "each first byte that begins no message is refused at once");
}

/* A character of n bytes by definition (RFC 3629 section 3), for comparison. */
static bool character(const uint8_t *p, size_t n)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	size_t more = p[0] < 0x80 ? 0 : p[0] < 0xc0 ? 9 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
	uint32_t c;

	if (p[0] >= 0xf8 || more != n - 1)
		return false;
	c = more ? p[0] & (0x3fu >> more) : p[0];
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return false;
		c = c << 6 | (p[i] & 0x3f);
	}
	return c >= least[more] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

static bool valid(const uint8_t *p, size_t n)
{
	while (n) {
		size_t k = 1;

		while (k < n && k < 4 && !character(p, k))
			k++;
		if (!character(p, k))
			return false;
		p += k;
		n -= k;
	}
	return true;
}

static void utf8(void)
{
	unsigned wrong[5] = { 0 };

	for (size_t n = 1; n <= 4; n++)
		for (uint32_t v = 0; v < 1 << 22; v++) {
			/* Every first byte and second byte; of the others, eight. */
			static const uint8_t some[8] = { 0x00, 0x7f, 0x80, 0x9f, 0xbf, 0xc0, 0xa0,
				0xff };
			uint8_t p[4] = { (uint8_t)v, (uint8_t)(v >> 8), some[v >> 16 & 7],
				some[v >> 19 & 7] };
			struct mir_ws_utf8 u = { 0, 0, 0 };

			wrong[n] += (mir_ws_utf8(&u, p, n) && !u.left) != valid(p, n);
		}
	for (size_t n = 1; n <= 4; n++)
		ok(wrong[n] == 0, "UTF-8 of %zu bytes: %u wrong", n, wrong[n]);
}

static void codes(void)
{
	unsigned wrong = 0;

	for (unsigned code = 0; code < 65536; code++) {
		const uint8_t p[] = { 0x88, 2, (uint8_t)(code >> 8), (uint8_t)code };
		struct mir_ws_frames f = { .client = true };
		bool good = (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) ||
			    (code >= 3000 && code < 5000);

		run(&f, p, sizeof(p), 0, SIZE_MAX);
		wrong += good != (got[0] == 'C') || (good && f.code != code);
	}
	ok(wrong == 0, "each code of Close");
}

/* The length of a frame, in its shortest form. */
static void heads(void)
{
	static const uint64_t lens[] = { 0, 125, 126, 65535, 65536, UINT64_C(1) << 40, INT64_MAX };
	static const uint8_t sizes[] = { 2, 2, 4, 4, 10, 10, 10 };

	for (unsigned i = 0; i < MIR_COUNT(lens); i++) {
		struct mir_ws_frames f = { .client = true };
		uint8_t head[MIR_WS_HEAD];
		unsigned n = mir_ws_head(head, 2, true, lens[i], NULL);

		run(&f, head, n, 1, SIZE_MAX);
		ok(n == sizes[i] && !f.error && (f.body ? f.len == lens[i] : lens[i] == 0),
		    "a head for %llu bytes", (unsigned long long)lens[i]);
	}
}

int main(void)
{
	RUN_PLAIN(table);
	RUN_PLAIN(masks);
	RUN_PLAIN(opcodes);
	RUN_PLAIN(utf8);
	RUN_PLAIN(codes);
	RUN_PLAIN(heads);
	return mir_test_end();
}
