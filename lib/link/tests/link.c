/* The cable: bytes, faults, order, offloads. */
#include <mir/checksum.h>
#include <mir/fiber.h>
#include <mir/link.h>
#include <mir/mem.h>
#include <mir/test.h>

enum { ETHER = 14, IP = 20, TCP = 20, KEEP = 4096 };

static struct mir_link link;
static struct mir_packet *got[KEEP];
static int64_t when[KEEP];
static unsigned count;

static void input(void *arg, struct mir_packet *const frames[], unsigned n)
{
	(void)arg;
	for (unsigned i = 0; i < n; i++) {
		if (count == KEEP) {
			mir_packet_unref(frames[i]);
			continue;
		}
		when[count] = mir_now();
		got[count++] = frames[i];
	}
}

static void begin(const struct mir_link_config *c)
{
	count = 0;
	mir_link_init(&link, c);
	mir_net_listen(&link.end[1].net, input, NULL);
}

static void end(void)
{
	for (unsigned i = 0; i < count; i++)
		mir_packet_unref(got[i]);
	mir_link_release(&link);
}

/* A frame of len bytes that carries a number. */
static void send_number(unsigned number, size_t len)
{
	struct mir_packet *p = mir_packet_new();
	struct mir_slice s = { NULL, 0, NULL };
	uint8_t *buf;

	memset(mir_packet_put(p, ETHER + 4), 0, ETHER + 4);
	mir_put_be32(p->data + ETHER, number);
	s.owner = mir_mem_new(len - ETHER - 4, &buf);
	memset(buf, (int)number, len - ETHER - 4);
	s.p = buf;
	s.len = len - ETHER - 4;
	mir_packet_append(p, &s);
	mir_net_send(&link.end[0].net, &p, 1);
}

static unsigned number_of(const struct mir_packet *p)
{
	return mir_be32(p->data + ETHER);
}

static void perfect(void)
{
	int64_t from = mir_now();

	begin(&(struct mir_link_config){ .delay_ns = MIR_MS(5) });
	for (unsigned i = 0; i < 100; i++)
		send_number(i, 60 + 14 * i);
	mir_sleep(MIR_MS(4));
	ok(count == 0, "nothing arrives before its time");
	mir_sleep(MIR_MS(2));
	ok(count == 100 && when[0] - from < MIR_MS(6), "all arrive");
	for (unsigned i = 0, wrong = 0; i < count; i++) {
		uint8_t last;

		mir_packet_copy(got[i], got[i]->total - 1, &last, 1);
		wrong +=
		    number_of(got[i]) != i || last != (uint8_t)i || got[i]->total != 60 + 14 * i;
		if (i == 99)
			ok(wrong == 0, "in order and whole");
	}
	send_number(0, 1515);
	ok(link.end[0].net.stats.tx_dropped == 1, "a frame over the MTU is dropped");
	end();
}

static unsigned arrived(const struct mir_link_config *c)
{
	unsigned n;

	begin(c);
	for (unsigned i = 0; i < 1000; i++)
		send_number(i, 64);
	mir_sleep(MIR_SECOND(10));
	n = count;
	end();
	return n;
}

static void faults(void)
{
	unsigned n = arrived(&(struct mir_link_config){ .loss = 100000, .seed = 7 });

	ok(n > 850 && n < 950, "loss of 10 %%: %u", n);
	ok(n == arrived(&(struct mir_link_config){ .loss = 100000, .seed = 7 }),
	    "same seed, same loss");
	ok(n + mir_link_stats(&link).lost == 1000, "counted");
	n = arrived(&(struct mir_link_config){ .duplicate = 100000, .seed = 7 });
	ok(n > 1050 && n == 1000 + mir_link_stats(&link).duplicated, "duplicates: %u", n);
	ok(arrived(&(struct mir_link_config){ .cut = true }) == 0, "a cut wire");
	ok(arrived(&(struct mir_link_config){ .reorder = 50000 }) == 1000 &&
		mir_link_stats(&link).reordered > 20,
	    "reordered, none lost");
	ok(arrived(&(struct mir_link_config){ .corrupt = 50000 }) == 1000 &&
		mir_link_stats(&link).corrupted > 20,
	    "corrupted, none lost");
	ok(arrived(&(struct mir_link_config){ .rate = 1000000, .queue = 6400 }) < 110 &&
		mir_link_stats(&link).queue_full > 890,
	    "a full queue");
}

static void rate(void)
{
	int64_t from = mir_now();

	begin(
	    &(struct mir_link_config){ .rate = 8000000, .queue = 1 << 20, .jitter_ns = MIR_MS(3) });
	for (unsigned i = 0; i < 1000; i++)
		send_number(i, 1000);
	mir_sleep(MIR_SECOND(2));
	ok(count == 1000, "all arrive");
	ok(when[999] - from >= MIR_SECOND(1) && when[999] - from < MIR_MS(1005),
	    "1 MB at 8 Mbit/s takes a second");
	for (unsigned i = 0; i < count; i++) {
		if (number_of(got[i]) != i)
			ok(false, "jitter keeps the order");
	}
	end();
}

/* A TCP segment over IPv4 of n payload bytes, with the checksum left to the device. */
static void send_segment(uint32_t seq, size_t n, uint16_t gso_size, uint8_t flags)
{
	struct mir_ipaddr a = mir_ip4(0x0a000001), b = mir_ip4(0x0a000002);
	struct mir_packet *p = mir_packet_new();
	uint8_t *h = mir_packet_put(p, ETHER + IP + TCP), *ip = h + ETHER, *tcp = ip + IP, *buf;
	struct mir_slice s;

	memset(h, 0, ETHER + IP + TCP);
	mir_put_be16(h + 12, 0x0800);
	ip[0] = 0x45;
	mir_put_be16(ip + 2, (uint16_t)(IP + TCP + n));
	ip[8] = 64;
	ip[9] = MIR_IPPROTO_TCP;
	mir_put_be32(ip + 12, 0x0a000001);
	mir_put_be32(ip + 16, 0x0a000002);
	mir_put_be16(ip + 10, mir_sum_finish(mir_sum(ip, IP, 0)));
	mir_put_be32(tcp + 4, seq);
	tcp[12] = 5 << 4;
	tcp[13] = flags;
	mir_put_be16(tcp + 16, mir_sum_fold(mir_sum_pseudo(&a, &b, MIR_IPPROTO_TCP, TCP + n)));
	s.owner = mir_mem_new(n, &buf);
	for (size_t i = 0; i < n; i++)
		buf[i] = (uint8_t)(seq + i);
	s.p = buf;
	s.len = n;
	mir_packet_append(p, &s);
	p->csum = MIR_CSUM_PARTIAL;
	p->csum_start = (uint16_t)(tcp - p->head);
	p->csum_offset = 16;
	if (gso_size) {
		p->gso = MIR_GSO_TCP4;
		p->gso_size = gso_size;
	}
	mir_net_send(&link.end[0].net, &p, 1);
}

/* Whether got[i] is a right segment of n bytes from seq on. */
static bool right(unsigned i, uint32_t seq, size_t n, bool check_sum)
{
	struct mir_packet *p = got[i];
	const uint8_t *ip = p->data + ETHER, *tcp = ip + IP;
	struct mir_ipaddr a = mir_ip4(0x0a000001), b = mir_ip4(0x0a000002);
	uint64_t sum = mir_sum_pseudo(&a, &b, MIR_IPPROTO_TCP, TCP + n);

	if (p->total != ETHER + IP + TCP + n || mir_be16(ip + 2) != IP + TCP + n ||
	    mir_sum_finish(mir_sum(ip, IP, 0)) != 0 || mir_be32(tcp + 4) != seq)
		return false;
	if (check_sum && mir_sum_finish(mir_sum_packet(p, ETHER + IP, sum)) != 0)
		return false;
	for (size_t off = 0; off < n; off++) {
		uint8_t c;

		mir_packet_copy(p, ETHER + IP + TCP + off, &c, 1);
		if (c != (uint8_t)(seq + off))
			return false;
	}
	return true;
}

static void cutting(void)
{
	const uint8_t ack = 0x10, psh = 0x08, fin = 0x01;

	begin(&(struct mir_link_config){
	    .offloads = { MIR_NET_TX_CSUM | MIR_NET_TX_TSO4 }, .trace = mir_test_pcap });
	send_segment(1000, 5001, 1000, ack | psh | fin);
	mir_sleep(MIR_MS(1));
	ok(count == 6, "a large segment is cut: %u", count);
	for (unsigned i = 0; i < 6 && i < count; i++) {
		ok(right(i, 1000 + i * 1000, i < 5 ? 1000 : 1, true), "segment %u", i);
		ok(got[i]->csum == MIR_CSUM_NONE, "unchecked");
		ok((got[i]->data[ETHER + IP + 13] & (psh | fin)) == (i == 5 ? psh | fin : 0),
		    "flags");
	}
	end();
}

static void merging(void)
{
	uint16_t rx = MIR_NET_RX_CSUM | MIR_NET_RX_GRO4;

	begin(&(struct mir_link_config){ .offloads = { MIR_NET_TX_TSO4, rx } });
	send_segment(1, 60000, 1448, 0x10);
	send_segment(60001, 1448, 0, 0x10);
	mir_sleep(MIR_MS(1));
	ok(count == 2, "cut and merged: %u", count);
	ok(right(0, 1, 60000, false) && got[0]->gso == MIR_GSO_TCP4 && got[0]->gso_size == 1448 &&
		got[0]->csum == MIR_CSUM_VALID,
	    "the large segment");
	ok(right(1, 60001, 1448, false) && got[1]->csum == MIR_CSUM_VALID, "the one after");
	end();
	begin(&(struct mir_link_config){ .offloads = { MIR_NET_TX_CSUM, rx } });
	for (uint32_t i = 0; i < 10; i++)
		send_segment(1 + i * 1000, 1000, 0, 0x10);
	mir_sleep(MIR_MS(1));
	ok(count == 1 && right(0, 1, 10000, false), "single segments are merged");
	end();
	begin(&(struct mir_link_config){
	    .offloads = { MIR_NET_TX_CSUM, rx }, .corrupt = MIR_PPM_ALWAYS });
	send_segment(1, 1000, 0, 0x10);
	mir_sleep(MIR_MS(1));
	ok(count == 1 && got[0]->csum == MIR_CSUM_NONE, "a corrupted segment is not called valid");
	end();
}

static void no_memory(void)
{
	begin(&(struct mir_link_config){ .delay_ns = 1 });
	send_number(1, 1000);
	mir_mem_fail_at(2);
	mir_sleep(MIR_MS(1));
	ok(count == 0 && link.end[1].net.stats.rx_dropped == 1, "no memory: dropped and counted");
	send_number(1, 1000);
	end();
}

int main(void)
{
	RUN(perfect);
	RUN(faults);
	RUN(rate);
	RUN(cutting);
	RUN(merging);
	RUN(no_memory);
	return mir_test_end();
}
