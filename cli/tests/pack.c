/* Packing of manifests: there and back, and whatever a broken image may hold. */
#include <mir/test.h>
#include <stdlib.h>
#include <string.h>

#include "../pack.h"

static bool returns(const char *data, size_t len, size_t *packed_len)
{
	struct text packed = { 0 }, out = { 0 };

	pack(data, len, &packed);
	if (packed_len)
		*packed_len = packed.len;
	return unpack(packed.s, packed.len, &out) && out.len == len &&
	       (len == 0 || memcmp(out.s, data, len) == 0);
}

static void both_ways(void)
{
	static const char manifest[] = "tool: 0.1.0\nname: x\ntarget: spt\nharden: random "
				       "\"heap and stacks at places of chance\" \"\"\n";
	static char noise[200000];
	size_t len;

	ok(returns("", 0, NULL) && returns("a", 1, NULL) && returns("abc", 3, NULL), "short texts");
	ok(returns(manifest, sizeof(manifest) - 1, &len) && len < sizeof(manifest) / 2,
	    "a manifest, in less than half");
	memset(noise, 'a', sizeof(noise));
	ok(returns(noise, sizeof(noise), &len) && len < 6000, "the same again and again");
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)rand();
	ok(returns(noise, sizeof(noise), &len) && len < sizeof(noise) + sizeof(noise) / 100,
	    "noise, in little more");
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)('a' + rand() % 3);
	ok(returns(noise, sizeof(noise), NULL), "few letters");
}

static bool unpacks(const char *data, size_t len)
{
	struct text out = { 0 };

	return unpack(data, len, &out);
}

static void broken(void)
{
	struct text packed = { 0 }, out = { 0 };
	bool any = false;

	ok(unpack("# plain\n", 8, &out) && out.len == 8, "what is not packed is as it is");
	ok(!unpacks("\1\5abc", 5) && !unpacks("\1\x80", 2) && !unpacks("\1\x80\1", 3), "cut");
	ok(!unpacks("\1\x80\0\0", 4) && !unpacks("\1\xff\xff\xff", 4), "from before the beginning");
	pack("name: hello\nname: hello, hello\n", 31, &packed);
	for (unsigned i = 0; i < 100000; i++) {
		char bad[64];

		memcpy(bad, packed.s, packed.len);
		bad[1 + (size_t)rand() % (packed.len - 1)] = (char)rand();
		any |= unpacks(bad, packed.len);
	}
	ok(any, "whatever is in it, nothing worse than another text");
}

int main(void)
{
	RUN_PLAIN(both_ways);
	RUN_PLAIN(broken);
	return mir_test_end();
}
