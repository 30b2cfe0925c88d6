/* segment.c: fuzzes the segment parser: what it takes in, built again, parses to the same. */
#include "../wire.h"

#include <mir/panic.h>
#include <mir/test.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(bool cond)
{
	mir_check(cond);
}

static void rebuild(const struct mir_tcp_segment *s)
{
	struct mir_tcp_tuple tuple = { .local_port = s->source, .peer_port = s->dest };
	struct mir_packet *p;
	struct mir_tcp_segment again;

	if (mir_tcp_header_size(s) > MIR_TCP_HEADER_MAX)
		return;
	p = mir_packet_new();
	mir_check(p);
	mir_tcp_build(s, &tuple, p);
	same(mir_tcp_parse(p->data, p->len, &again) == 0);
	same(again.source == s->source && again.dest == s->dest && again.seq == s->seq);
	same(!(s->flags & MIR_TCP_ACK) || again.ack == s->ack);
	same(again.flags == s->flags && again.window == s->window && again.mss == s->mss);
	same(again.has_scale == s->has_scale && again.scale == s->scale);
	same(again.has_ts == s->has_ts && again.tsval == s->tsval && again.tsecr == s->tsecr);
	same(again.timeout == s->timeout);
	same(again.cookie.present == s->cookie.present && again.cookie.len == s->cookie.len);
	same(memcmp(again.cookie.bytes, s->cookie.bytes, s->cookie.len) == 0);
	same(again.nsack == s->nsack && again.sack_permitted == s->sack_permitted);
	for (unsigned i = 0; i < s->nsack; i++)
		same(again.sack[i].from == s->sack[i].from && again.sack[i].to == s->sack[i].to);
	mir_packet_unref(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mir_tcp_segment s;

	if (mir_tcp_parse(data, size, &s) < 0)
		return 0;
	same(s.header >= MIR_TCP_HEADER && s.header <= MIR_TCP_HEADER_MAX && s.header <= size);
	same(s.nsack <= MIR_TCP_SACKS && s.scale <= MIR_TCP_MAX_SHIFT);
	rebuild(&s);
	return 0;
}
