/* lookup.c: any row of answers to a lookup, and any texts as keys.
 *
 * The first byte: 0: the rest is a text.  Else records: a kind, a length of two bytes and bytes, of
 * which number and question are made right unless the kind says not to.
 */
#include <mir/panic.h>
#include <string.h>

#include "../internal.h"

static const uint8_t *input;
static size_t left;

static uint8_t take(void)
{
	return left ? (left--, *input++) : 0;
}

static void text(void)
{
	struct mir_endpoint servers[MIR_DNS_SERVERS];
	struct mir_dns_host *hosts;
	char name[MIR_DNS_NAME], buf[600];
	size_t n = MIR_MIN(left, sizeof(buf) - 1);

	memcpy(buf, input, n);
	buf[n] = 0;
	mir_dns_hosts_parse(buf, &hosts);
	mir_dns_hosts_free(hosts);
	mir_dns_servers_parse(buf, servers);
	if (mir_dns_name(buf, name) == 0)
		mir_check(
		    strlen(name) <= 253 && mir_dns_name(name, buf) == 0 && strcmp(name, buf) == 0);
}

static void reply(struct mir_dns_lookup *l, int64_t now, uint8_t kind)
{
	uint8_t m[2048];
	size_t len = (size_t)take() << 3 | (take() & 7), at = 0;

	if (!(kind & 1) && l->question_len >= 12) {
		/* header and question are right; flags, code and counts are the input's */
		size_t end = l->question_len - (l->no_edns[l->server] ? 0 : 11);

		memcpy(m, l->question, end);
		m[2] = 0x80 | (take() & 2);
		m[3] = take();
		for (unsigned i = 7; i < 12; i += 2) {
			m[i - 1] = 0;
			m[i] = take() & 15;
		}
		at = end;
	}
	for (size_t i = 0; i < len && at < sizeof(m); i++)
		m[at++] = take();
	mir_dns_lookup_reply(l, m, at, take(), now);
}

static void check(const struct mir_dns_lookup *l)
{
	mir_check(l->asked <= MIR_DNS_ASKED + 1 && l->server < l->plan.n);
	if (l->step != MIR_DNS_DONE) {
		mir_check(l->question_len >= 12 && l->question_len <= MIR_DNS_QUESTION);
		return;
	}
	mir_check(l->result != 0 && l->result <= MIR_RESOLVER_ADDRESSES);
	mir_check(l->result < 0 || l->result == (int)l->answer.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mir_dns_plan plan = { .n = 2, .timeout_ns = MIR_SECOND(1), .rounds = 3 };
	struct mir_dns_lookup l;

	input = data;
	left = size;
	if (!take()) {
		text();
		return 0;
	}
	mir_dns_lookup_begin(&l, &plan, "www.test", MIR_DNS_A, take(), 0);
	for (int64_t now = 0; left && l.step != MIR_DNS_DONE; now += MIR_MS(10)) {
		uint8_t kind = take();

		if (kind >= 0xf0)
			mir_dns_lookup_failed(&l, kind & 1, take(), now);
		else
			reply(&l, now, kind);
		check(&l);
	}
	return 0;
}
