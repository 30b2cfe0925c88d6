/* unmask.c: masking (RFC 6455 section 5.3) and UTF-8 (RFC 3629): what each byte of text passes. */
#include "frames.h"

void mir_ws_mask(uint8_t *out, const uint8_t *in, size_t len, const uint8_t key[4], uint64_t at)
{
	uint8_t turned[8];
	uint64_t eight, word;
	size_t i = 0;

	for (unsigned k = 0; k < 8; k++)
		turned[k] = key[(at + k) & 3];
	memcpy(&eight, turned, 8);
	for (; len - i >= 8; i += 8) {
		memcpy(&word, in + i, 8);
		word ^= eight;
		memcpy(out + i, &word, 8);
	}
	for (; i < len; i++)
		out[i] = in[i] ^ turned[i & 7];
}

/* The first byte of a character; false: there is none such. */
static bool begin(struct mir_ws_utf8 *u, uint8_t c)
{
	if (c < 0x80)
		return true;
	if (c < 0xc2 || c > 0xf4)
		return false;
	u->left = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	/* Neither longer than need be, nor surrogates, nor past U+10FFFF. */
	u->low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	u->high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	return true;
}

bool mir_ws_utf8(struct mir_ws_utf8 *u, const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;
	uint64_t word;

	while (p < end) {
		if (u->left) {
			if (*p < u->low || *p > u->high)
				return false;
			u->left--;
			u->low = 0x80;
			u->high = 0xbf;
			p++;
			continue;
		}
		while (end - p >= 8) {
			memcpy(&word, p, 8);
			if (word & UINT64_C(0x8080808080808080))
				break;
			p += 8;
		}
		if (p < end && !begin(u, *p++))
			return false;
	}
	return true;
}
