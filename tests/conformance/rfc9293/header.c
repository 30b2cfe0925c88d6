/* header.c: RFC 9293 section 3.1 and 3.2, 3.7.1: the header, its checksum, options. */
#include "../script.h"

/* A window field with its top bit set is large, not negative. */
static void window_unsigned(void)
{
	begin();
	open_with(plain_offer, NULL, 1);
	window = 0xf000;
	say_ack(rcv);
	write_bytes(3 * MSS);
	ok(told(nsent == 3), "a window of 0xf000 lets three segments leave");
	end();
}

static void window_32_bits(void)
{
	uint32_t most = 0;

	begin();
	open_with(full_offer, NULL, 1);
	window = 50000; /* times 4 */
	say_ack(rcv);
	write_bytes(180000);
	for (unsigned i = 0; i < 12 && nsent > 0; i++) {
		most = MIR_MAX(most, tcb()->nxt - tcb()->una);
		mir_sleep(MIR_MS(1));
		for (unsigned k = 0, n = nsent; k < n; k++)
			say_ack(sent[k].s.seq + sent[k].s.len);
		forget();
		settle();
	}
	ok(most > 65535, "%u bytes are in flight at once", most);
	end();
}

static void sums_sent(void)
{
	unsigned good = 0;

	begin_raw();
	open_with(full_offer, NULL, 1);
	say_text(iss, 100);
	settle();
	write_bytes(3333);
	mir_flow_abort(&flow->flow);
	flow = NULL;
	settle();
	for (unsigned i = 0; i < nraw; i++)
		good += raw[i].sum_ok;
	ok(nraw >= 6 && good == nraw && (raw[nraw - 1].bytes[13] & RST),
	    "SYN, ACK, ACK, text and RST: %u of %u are right", good, nraw);
	end();
}

static void sums_checked(void)
{
	uint8_t bytes[24] = { 0 };

	accepted(plain_offer);
	for (unsigned bit = 0; bit < 8 * sizeof(bytes); bit += 5) {
		memset(bytes, 0, sizeof(bytes));
		mir_put_be16(bytes, OUR);
		mir_put_be16(bytes + 2, PORT);
		mir_put_be32(bytes + 4, iss);
		mir_put_be32(bytes + 8, rcv);
		bytes[12] = 0x50;
		bytes[13] = ACK;
		mir_put_be16(bytes + 14, 60000);
		complete(bytes, sizeof(bytes), &w.host[1]);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		host_receive(&w.host[0], bytes, sizeof(bytes), 0);
	}
	settle();
	ok(silence() && tcb()->rcv_nxt == iss, "with one bit changed nothing is taken");
	ok(stats().checksum_errors + stats().header_errors == 39, "and all is counted");
	end();
}

/* The SYN, ACK and the size of segments for a SYN with these options. */
static void syn_with(const uint8_t *options, unsigned n, unsigned mss, const char *what)
{
	begin();
	listens();
	say_raw(SYN, ISS, 0, options, n);
	ok(one(SYN | ACK, sent[0].s.seq, ISS + 1), "%s: SYN, ACK", what);
	iss = ISS + 1;
	rcv = sent[0].s.seq + 1;
	say_with(ACK, iss, rcv, 0);
	if (ok(flow != NULL, "established")) {
		forget();
		write_bytes(3 * mss);
		ok(told(nsent == 3 && sent[0].s.len == mss), "segments of %u bytes", mss);
	}
	end();
}

static void mandatory_options(void)
{
	static const uint8_t mss[] = { 2, 4, 0x03, 0x20 }, end_first[] = { 0, 2, 4, 1 },
			     padded[] = { 1, 1, 2, 4, 0x03, 0x20, 0, 0 };

	syn_with(mss, 4, 800, "MSS");
	syn_with(padded, 8, 800, "two no-operations, MSS, the end");
	syn_with(end_first, 4, 536, "the end hides what follows");
}

static void options_anywhere(void)
{
	static const uint8_t nops[] = { 1, 1, 1, 0 }, unknown[] = { 253, 6, 1, 2, 3, 4, 1, 1 };

	accepted(plain_offer);
	say_raw(ACK, iss, rcv, nops, 4);
	ok(silence(), "an ACK with options is an ACK");
	say_raw(FIN | ACK, iss, rcv, unknown, 8);
	ok(one(ACK, rcv, iss + 1) && state() == MIR_TCP_CLOSE_WAIT, "a FIN with options is a FIN");
	end();
}

static void unknown_options(void)
{
	static const uint8_t before[] = { 253, 6, 1, 2, 3, 4, 2, 4, 0x03, 0x20, 1, 1 },
			     obsolete[] = { 14, 3, 1, 2, 4, 0x03, 0x20, 0 };

	syn_with(before, 12, 800, "an unknown option, then MSS");
	syn_with(obsolete, 8, 800, "an obsolete one, then MSS");
}

static void illegal_lengths(void)
{
	static const uint8_t zero[] = { 8, 0, 2, 4 }, single[] = { 253, 1, 1, 1 },
			     beyond[] = { 253, 40, 0, 0 }, cut[] = { 1, 1, 1, 2 },
			     wrong[] = { 2, 3, 1, 1 };

	syn_with(zero, 4, 536, "a length of 0");
	syn_with(single, 4, 536, "a length of 1");
	syn_with(beyond, 4, 536, "a length past the header");
	syn_with(cut, 4, 536, "an option without a length at the end");
	syn_with(wrong, 4, 536, "MSS of another length");
}

static void unaligned_options(void)
{
	static const uint8_t odd[] = { 1, 2, 4, 0x03, 0x20, 0, 0, 0 },
			     off3[] = { 1, 1, 1, 2, 4, 0x03, 0x20, 0 };

	syn_with(odd, 8, 800, "MSS at an odd place");
	syn_with(off3, 8, 800, "MSS three bytes in");
}

/* Walks the options of all that left: are they whole, and where is an MSS? */
static void walk_options(unsigned *bad, unsigned *mss_syn, unsigned *mss_other, unsigned *padding)
{
	*bad = *mss_syn = *mss_other = *padding = 0;
	for (unsigned i = 0; i < nraw; i++) {
		const uint8_t *b = raw[i].bytes;
		uint32_t at = 20, end = raw[i].header;

		while (at < end && b[at] != 0) {
			if (b[at] == 2)
				*(b[13] & SYN ? mss_syn : mss_other) += 1;
			if (b[at] == 1) {
				at++;
				continue;
			}
			if (at + 1 >= end || b[at + 1] < 2 || at + b[at + 1] > end) {
				*bad += 1;
				break;
			}
			at += b[at + 1];
		}
		while (at < end)
			*padding += b[at++] != 0;
		*bad += (b[12] & 0x0f) != 0;
	}
}

static void options_sent(void)
{
	unsigned bad, syn, other, padding;

	begin_raw();
	open_with(full_offer, NULL, 1);
	say_text(iss + 500, 100);
	settle();
	write_bytes(5000);
	mir_flow_abort(&flow->flow);
	flow = NULL;
	settle();
	walk_options(&bad, &syn, &other, &padding);
	ok(nraw >= 7 && bad == 0, "%u segments: each option has its length", nraw);
	ok(syn == 1 && other == 0, "MSS is in the SYN, ACK, and in nothing else");
	ok(padding == 0, "the rest of a header is zero");
	end();
	begin_raw();
	dial_out();
	walk_options(&bad, &syn, &other, &padding);
	ok(bad == 0 && syn == 1 && padding == 0, "so is the SYN");
	mir_sleep(MIR_SECOND(200));
	end();
}

static void mss_default(void)
{
	accepted((struct offer){ .mss = 0 });
	write_bytes(3 * 536);
	ok(told(nsent == 3 && sent[0].s.len == 536), "536 for a peer that does not say");
	end();
}

static void full_size(struct offer offer, unsigned mtu, unsigned full)
{
	begin();
	w.host[0].mtu = mtu;
	open_with(offer, NULL, 1);
	ok(syn_ack.mss == mtu - 40, "with an MTU of %u, %u is offered", mtu, syn_ack.mss);
	write_bytes(2 * full);
	ok(told(nsent == 2 && sent[0].s.len == full && sent[1].s.len == full),
	    "full segments have %u bytes", full);
	end();
}

static void mss_effective(void)
{
	full_size((struct offer){ .mss = 1000 }, 1500, 1000);
	full_size((struct offer){ .mss = 1000, .ts = true }, 1500, 988);
	full_size((struct offer){ .mss = 8960 }, 1280, 1240);
}

static void mss_of_mtu(void)
{
	full_size((struct offer){ .mss = 1460 }, 1500, 1460);
	full_size((struct offer){ .mss = 8960 }, 9000, 8960);
	full_size((struct offer){ .mss = 1460 }, 576, 536);
}

static void reserved_bits(void)
{
	uint8_t bytes[30] = { 0 };

	accepted(plain_offer);
	mir_put_be16(bytes, OUR);
	mir_put_be16(bytes + 2, PORT);
	mir_put_be32(bytes + 4, iss);
	mir_put_be32(bytes + 8, rcv);
	bytes[12] = 0x5e;
	bytes[13] = ACK;
	mir_put_be16(bytes + 14, 60000);
	complete(bytes, sizeof(bytes), &w.host[1]);
	host_receive(&w.host[0], bytes, sizeof(bytes), 0);
	settle();
	ok(read_all() == 10, "text with reserved bits set is taken");
	end();
}

const struct requirement rfc9293_header[] = {
	SHOWN("MUST-1", "3.1", MUST, "take the window for an unsigned number", window_unsigned),
	SHOWN("REC-1", "3.1", SHOULD, "keep windows in 32 bits", window_32_bits),
	SHOWN("reserved", "3.1", MUST, "ignore reserved bits, send them as zero", reserved_bits),
	SHOWN("MUST-2", "3.1", MUST, "send right checksums", sums_sent),
	SHOWN("MUST-3", "3.1", MUST, "check checksums", sums_checked),
	SHOWN("MUST-4", "3.2", MUST, "know end of list, no-operation and MSS", mandatory_options),
	SHOWN("MUST-5", "3.1", MUST, "take options in any segment", options_anywhere),
	SHOWN("MUST-6", "3.1", MUST, "ignore unknown options", unknown_options),
	SHOWN("MUST-7", "3.1", MUST, "survive illegal lengths of options", illegal_lengths),
	SHOWN("MUST-64", "3.1", MUST, "take options that are not aligned", unaligned_options),
	SHOWN("MUST-68", "3.1", MUST, "give each option but two a length", options_sent),
	SHOWN("MUST-69", "3.1", MUST, "fill the header's end with zeros", options_sent),
	SHOWN("MUST-65", "3.7.1", MUST_NOT, "send MSS but in SYNs", options_sent),
	SHOWN("MUST-14", "3.7.1", MUST, "send and take MSS", mss_effective),
	SHOWN("SHLD-5", "3.7.1", SHOULD, "send MSS in each SYN where it is not 536", options_sent),
	SHOWN("MUST-15", "3.7.1", MUST, "take 536 for the MSS of a peer that tells none",
	    mss_default),
	{ "MUST-15 (IPv6)", "3.7.1", MUST, "take 1220 with IPv6", NULL, NO_MATTER,
	    "the stack has IPv4 alone" },
	SHOWN("MUST-16", "3.7.1", MUST, "take options off the size of segments", mss_effective),
	SHOWN("SHLD-6", "3.7.1", SHOULD, "offer an MSS for the MTU that there is", mss_of_mtu),
	SHOWN("MUST-67", "3.7.1", MUST, "offer what can be reassembled, less 20", mss_of_mtu),
	LAST,
};
