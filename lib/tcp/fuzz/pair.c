/* pair.c: fuzzes two live connections' ends: the input says what users do, and which segments are
 * lost, repeated, held back, forged or changed on the way.  Whatever comes, the invariants of
 * tcb.h hold, nobody sends past the window, and what is received is what was sent. */
#include "../tests/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mir_reader script;
static struct pair pair;
static struct mir_tcp_flow *ends[2];
static uint64_t written[2], got[2];
static bool accepted;

static void on_accept(void *arg, struct mir_tcp_flow *f)
{
	(void)arg;
	if (accepted)
		mir_flow_abort(&f->flow);
	else
		ends[0] = f;
	accepted = true;
}

static uint8_t byte_at(uint64_t pos)
{
	return (uint8_t)(pos * 37 + (pos >> 7));
}

/* A copy with one field changed, the checksum right again, and without text, so that it cannot
 * put other bytes into the stream. */
static void forge(struct host *from, const uint8_t *bytes, uint32_t len)
{
	uint32_t header = (uint32_t)(bytes[12] >> 4) * 4, at = mir_read_u8(&script) % header;
	uint8_t copy[MIR_TCP_HEADER_MAX], how = mir_read_u8(&script);

	(void)len;
	memcpy(copy, bytes, header);
	/* Not another connection, no options as text, and not another beginning of this one. */
	if (at < 4 || at == 12 || (at < 8 && (bytes[13] & MIR_TCP_SYN)))
		return;
	if (at < 12 && (how & 1)) /* numbers change a little */
		mir_put_be32(copy + (at & ~3u), mir_be32(copy + (at & ~3u)) + (int8_t)how);
	else
		copy[at] = (uint8_t)(copy[at] ^ how);
	complete(copy, header, from);
	wire_put(from->other, copy, header, MIR_MS(1));
}

static void check_sent(struct host *from, const uint8_t *bytes, uint32_t len)
{
	unsigned i = from == &pair.wire.host[1];
	struct mir_tcp_segment s;
	const struct mir_tcb *t;

	if (!ends[i] || mir_tcp_parse(bytes, len, &s) < 0 || len == s.header)
		return;
	t = &mir_container(ends[i], struct mir_tcp_conn, flow)->tcb;
	if (t->state == MIR_TCP_CLOSED || t->tuple->local_port != s.source)
		return;
	/* Not past what was offered; a window that was taken back is the peer's fault. */
	mir_check(mir_seq_le(s.seq + len - s.header, t->una + t->max_wnd) ||
		  mir_seq_le(s.seq + len - s.header, t->nxt));
}

static bool meddle(struct wire *w, struct host *from, uint8_t *bytes, uint32_t len)
{
	check_sent(from, bytes, len);
	(void)w;
	switch (mir_read_u8(&script) & 15) {
	case 1: return true;
	case 2: wire_put(from->other, bytes, len, MIR_MS(1)); return false;
	case 3: wire_put(from->other, bytes, len, MIR_MS(30)); return true;
	case 4:
	case 5: forge(from, bytes, len); return false;
	case 6: wire_put(from->other, bytes, len, MIR_SECOND(2)); return false;
	default: return false;
	}
}

static void write_some(unsigned i, unsigned n)
{
	int64_t outer = mir_deadline_set(mir_now() + MIR_MS(5));
	struct mir_slice s = { .len = n };
	uint8_t *p;

	s.owner = mir_mem_new(n, &p);
	s.p = p;
	for (unsigned j = 0; j < n; j++)
		p[j] = byte_at(written[i] + j);
	/* What did not fit is not known: nothing more is written then. */
	if (mir_flow_write(&ends[i]->flow, &s, 1) == 0)
		written[i] += n;
	else
		mir_flow_shutdown(&ends[i]->flow, MIR_FLOW_WRITE), written[i] += n;
	mir_deadline_restore(outer);
}

static void read_some(unsigned i)
{
	int64_t outer = mir_deadline_set(mir_now() + MIR_MS(1));
	struct mir_slice s[3];
	int n = mir_flow_read(&ends[i]->flow, s, 3);

	mir_deadline_restore(outer);
	for (int k = 0; k < n; k++) {
		for (size_t j = 0; j < s[k].len; j++)
			mir_check(s[k].p[j] == byte_at(got[i] + j));
		got[i] += s[k].len;
	}
	if (n > 0)
		mir_slices_unref(s, (unsigned)n);
	mir_check(got[i] <= written[1 - i]);
}

static void let_go(unsigned i, bool abort)
{
	if (abort)
		mir_flow_abort(&ends[i]->flow);
	else
		mir_flow_close(&ends[i]->flow);
	ends[i] = NULL;
}

static void step(void)
{
	uint8_t op = mir_read_u8(&script), size = mir_read_u8(&script);
	unsigned i = op >> 7;

	if (!ends[i] || (op & 7) == 0) {
		mir_sleep(MIR_MS(size));
		return;
	}
	switch (op & 7) {
	case 1:
	case 2: write_some(i, 1u + size); break;
	case 3: write_some(i, 1000u + size * 100u); break;
	case 4:
	case 5: read_some(i); break;
	case 6:
		if (size < 32)
			mir_flow_shutdown(&ends[i]->flow, (enum mir_flow_half)(1 + size % 3));
		else if (size < 48)
			let_go(i, size & 1);
		else if (size < 64)
			pair.wire.host[i].mtu = 200 + size * 10;
		break;
	case 7: mir_sleep(MIR_SECOND(1) + MIR_MS(100 * size)); break;
	}
}

/* Host 1 knows the cookie of host 0. */
static void acquaint(void)
{
	struct mir_tcp_tuple t = { .local = pair.wire.host[0].addr,
		.peer = pair.wire.host[1].addr };
	struct mir_tcp_cookie c = mir_tcp_fast_cookie(pair.tcp[0].core->env.fast, &t, mir_now());

	mir_tcp_fast_learn(pair.tcp[1].core->env.fast, &t.local, &c, 1460, mir_now());
}

static void play(void)
{
	struct mir_tcp_options options = { .receive_buffer = 20000, .send_buffer = 30000 };
	struct mir_endpoint any = { .port = 80 }, to;
	struct mir_tcp_listener *l;
	uint8_t kind = mir_read_u8(&script), first[300];

	fast_key = kind & 2;
	pair_start(&pair, kind & 1 ? MIR_NET_TX_TSO4 : 0);
	memset(ends, 0, sizeof(ends));
	memset(written, 0, sizeof(written));
	memset(got, 0, sizeof(got));
	accepted = false;
	to = (struct mir_endpoint){ pair.wire.host[0].addr, 80 };
	pair.wire.meddle = meddle;
	mir_tcp_listen(&pair.tcp[0].tcp, &any, 4, &options, on_accept, NULL, &l);
	if (fast_key) {
		acquaint();
		for (unsigned j = 0; j < sizeof(first); j++)
			first[j] = byte_at(j);
		options.first = mir_slice_copy(first, sizeof(first));
		written[1] = sizeof(first);
	}
	mir_deadline_set(mir_now() + MIR_SECOND(5));
	if (mir_tcp_connect(&pair.tcp[1].tcp, NULL, &to, &options, &ends[1]) < 0)
		ends[1] = NULL;
	mir_slice_unref(&options.first);
	mir_deadline_restore(MIR_NEVER);
	while (!script.bad)
		step();
	for (unsigned i = 0; i < 2; i++) {
		if (ends[i])
			let_go(i, true);
	}
	mir_tcp_unlisten(l);
	mir_sleep(MIR_MS(50));
	pair_stop(&pair);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	script = mir_reader(data, MIR_MIN(size, (size_t)2000));
	mir_test_fuzz(play);
	return 0;
}
