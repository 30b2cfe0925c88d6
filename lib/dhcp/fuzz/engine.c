/* engine.c: any row of events and messages to the DHCP client's engine.
 *
 * Records: event; of a message, a length and bytes, the xid and address of which are made right, so
 * that what lies behind is reached.
 */
#include <mir/dhcp_engine.h>
#include <mir/panic.h>

static const struct mir_mac mac = { { 2, 0, 0, 0, 0, 7 } };
static const uint8_t *input;
static size_t left;
static struct mir_dhcp_engine e;
static struct mir_dhcp_out out;

static uint8_t take(void)
{
	return left ? (left--, *input++) : 0;
}

/* The fixed part is a reply to our last message, so that the bytes are all options (or, with
 * `raw`, anything). */
static void message(int64_t now, bool raw)
{
	uint8_t m[600] = { 2, 1, 6 };
	size_t at = raw ? 0 : 240, len = take();

	mir_put_be32(m + 4, e.xid);
	memcpy(m + 28, mac.b, 6);
	memcpy(m + 236, "\143\202\123\143", 4);
	if (!raw)
		mir_put_be32(m + 16, 0x0a000000u + take());
	for (size_t i = 0; i < len; i++)
		m[at + i] = take();
	mir_dhcp_engine_step(&e, MIR_DHCP_RECEIVED, m, at + len, now, &out);
}

static void check(int64_t now)
{
	mir_check(out.len <= MIR_DHCP_OUT && (out.len == 0 || out.len >= 300));
	mir_check(!out.apply || (e.lease.addr && e.lease.len >= 1 && e.lease.len <= 32));
	mir_check(e.lease.nrouters <= MIR_DHCP_ROUTERS && e.lease.ndns <= MIR_DHCP_SERVERS);
	mir_check(memchr(e.lease.domain, 0, MIR_DHCP_DOMAIN) != NULL);
	mir_check((e.state >= MIR_DHCP_BOUND) == (e.lease.addr != 0));
	mir_check(e.state != MIR_DHCP_IDLE || e.next == MIR_NEVER);
	mir_check(now >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t now = 0;

	input = data;
	left = size;
	mir_dhcp_engine_init(&e, &mac, "fuzz", 1);
	while (left) {
		uint8_t what = take();

		switch (what & 7) {
		case 0: mir_dhcp_engine_step(&e, MIR_DHCP_START, NULL, 0, now, &out); break;
		case 1: mir_dhcp_engine_step(&e, MIR_DHCP_STOP, NULL, 0, now, &out); break;
		case 2: mir_dhcp_engine_step(&e, MIR_DHCP_TAKEN, NULL, 0, now, &out); break;
		case 3: message(now, true); break;
		case 4:
			if (e.next != MIR_NEVER && e.next > now)
				now = e.next;
			mir_dhcp_engine_step(&e, MIR_DHCP_TIMEOUT, NULL, 0, now, &out);
			mir_check(e.next >= now);
			break;
		default: message(now, false); break;
		}
		check(now);
	}
	return 0;
}
