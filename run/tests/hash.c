/* SipHash and the generator. */
#include <mir/hash.h>
#include <mir/test.h>
#include <string.h>

#include "../internal.h"

/* The first test vectors of the SipHash paper (appendix A): key 00..0f, message 00, 01, ... */
static void siphash(void)
{
	static const struct mir_hash_key key = { { 0x0706050403020100, 0x0f0e0d0c0b0a0908 } };
	uint8_t in[64];

	for (unsigned i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	ok(mir_siphash(&key, in, 15) == 0xa129ca6149be45e5, "the paper's example");
	ok(mir_siphash(&key, in, 0) == 0x726fdb47dd0e0e31, "nothing");
	ok(mir_siphash(&key, in, 8) == 0x93f5f5799a932462, "one word");
	ok(mir_siphash(&key, in, 63) == 0x958a324ceb064572, "63 bytes");
}

static void same_seed(void)
{
	uint8_t a[1000], b[1000];

	mir_random(a, sizeof(a));
	mir_random_reset();
	mir_test_seed(1);
	mir_random(b, sizeof(b));
	ok(memcmp(a, b, sizeof(a)) != 0, "other entropy, other numbers");
}

static void spread(void)
{
	unsigned count[10] = { 0 }, least = 100000, most = 0;
	uint8_t big[5000], sum = 0;

	for (unsigned i = 0; i < 100000; i++)
		count[mir_random_below(10)]++;
	for (unsigned i = 0; i < 10; i++) {
		least = MIR_MIN(least, count[i]);
		most = MIR_MAX(most, count[i]);
	}
	ok(least > 9500 && most < 10500, "even: %u to %u", least, most);
	ok(mir_random_below(1) == 0, "below one");
	memset(big, 0, sizeof(big));
	mir_random(big, sizeof(big));
	for (unsigned i = 0; i < sizeof(big); i++)
		sum |= big[i];
	ok(sum == 0xff, "long requests");
	for (unsigned i = 0; i < 3000; i++)
		mir_random(big, 1000); /* past the point where entropy is mixed in */
	ok(mir_random_u32() != mir_random_u32(), "goes on");
}

int main(void)
{
	RUN_PLAIN(siphash);
	RUN(same_seed);
	RUN(spread);
	return mir_test_end();
}
