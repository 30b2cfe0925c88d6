/* sha1.c: the examples of FIPS 180, and the key of RFC 6455 section 1.3. */
#include <stdio.h>
#include <string.h>

#include <mir/sha1.h>
#include <mir/test.h>

static bool is(const char *message, size_t len, const char *want)
{
	uint8_t digest[MIR_SHA1_LEN];
	char text[2 * MIR_SHA1_LEN + 1];

	mir_sha1(message, len, digest);
	for (unsigned i = 0; i < MIR_SHA1_LEN; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return strcmp(text, want) == 0;
}

static void examples(void)
{
	static char a[1000000];

	memset(a, 'a', sizeof(a));
	ok(is("", 0, "da39a3ee5e6b4b0d3255bfef95601890afd80709"), "empty");
	ok(is("abc", 3, "a9993e364706816aba3e25717850c26c9cd0d89d"), "abc");
	ok(is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
	       "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
	    "56 bytes: the length needs a block of its own");
	ok(is(a, sizeof(a), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"), "a million times a");
	ok(is("dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 60,
	       "b37a4f2cc0624f1690f64606cf385945b2bec4ea"),
	    "the key of RFC 6455");
}

int main(void)
{
	RUN_PLAIN(examples);
	return mir_test_end();
}
