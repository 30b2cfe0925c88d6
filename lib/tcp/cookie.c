/* cookie.c: initial sequence numbers that hold what is needed of a handshake (RFC 4987 section
 * 3.6): 5 bits of time, 3 bits for the peer's MSS, 24 bits of a keyed hash over both and the
 * connection.  Window scale and SACK travel in the timestamp. */
#include "core.h"

static const uint16_t sizes[8] = { 216, 536, 964, 1220, 1360, 1440, 1460, 8960 };

#define PERIOD MIR_SECOND(64)

enum { PERIODS = 2 }; /* a cookie is good for the present period and the one before */

static uint32_t digest(const struct mir_hash_key *key, const struct mir_tcp_tuple *tuple,
    uint32_t irs, uint32_t count, uint32_t size)
{
	struct {
		struct mir_tcp_tuple tuple;
		uint32_t irs, count, size;
	} text = { *tuple, irs, count, size };

	_Static_assert(sizeof(text) == sizeof(*tuple) + 12, "no padding is hashed");
	return (uint32_t)mir_siphash(key, &text, sizeof(text)) & 0xffffff;
}

uint32_t mir_tcp_cookie_make(const struct mir_hash_key *key, const struct mir_tcp_tuple *tuple,
    uint32_t irs, uint16_t mss, int64_t now)
{
	uint32_t count = (uint32_t)(now / PERIOD), size = MIR_COUNT(sizes) - 1;

	while (size > 0 && sizes[size] > mss)
		size--;
	return (count & 31) << 27 | size << 24 | digest(key, tuple, irs, count, size);
}

uint16_t mir_tcp_cookie_check(const struct mir_hash_key *key, const struct mir_tcp_tuple *tuple,
    uint32_t irs, uint32_t cookie, int64_t now)
{
	uint32_t present = (uint32_t)(now / PERIOD), size = cookie >> 24 & 7;

	for (uint32_t age = 0; age < PERIODS; age++) {
		uint32_t count = present - age;

		if ((count & 31) == cookie >> 27 &&
		    digest(key, tuple, irs, count, size) == (cookie & 0xffffff))
			return sizes[size];
	}
	return 0;
}
