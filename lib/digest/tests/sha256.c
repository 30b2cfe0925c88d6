/* sha256.c: the examples of FIPS 180-4, and that pieces make the same digest as the whole. */
#include <stdio.h>
#include <string.h>

#include <mir/digest.h>
#include <mir/test.h>

static const char *hex(const uint8_t digest[MIR_SHA256_LEN])
{
	static char text[2 * MIR_SHA256_LEN + 1];

	for (unsigned i = 0; i < MIR_SHA256_LEN; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return text;
}

static bool is(const char *message, size_t len, const char *want)
{
	uint8_t digest[MIR_SHA256_LEN];

	mir_sha256(message, len, digest);
	return strcmp(hex(digest), want) == 0;
}

static void examples(void)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	static char a[1000000];

	ok(is("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), "empty");
	ok(is("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), "abc");
	ok(is(two_blocks, 56, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
	    "56 bytes: the length needs a block of its own");
	memset(a, 'a', sizeof(a));
	ok(is(a, sizeof(a), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
	    "a million times a");
}

static void pieces(void)
{
	char message[300];
	uint8_t whole[MIR_SHA256_LEN], pieced[MIR_SHA256_LEN];
	unsigned wrong = 0;

	for (unsigned i = 0; i < sizeof(message); i++)
		message[i] = (char)(i * 7);
	for (size_t len = 0; len <= sizeof(message); len++) {
		mir_sha256(message, len, whole);
		for (size_t step = 1; step < 130; step += 9) {
			struct mir_sha256 c;

			mir_sha256_init(&c);
			for (size_t at = 0; at < len; at += step)
				mir_sha256_update(&c, message + at, MIR_MIN(step, len - at));
			mir_sha256_final(&c, pieced);
			wrong += memcmp(whole, pieced, sizeof(whole)) != 0;
		}
	}
	ok(wrong == 0, "every length in pieces of every kind");
}

int main(void)
{
	RUN_PLAIN(examples);
	RUN_PLAIN(pieces);
	return mir_test_end();
}
