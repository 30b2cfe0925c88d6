/* cc.c: which congestion control, its start and its end. */
#include "cc.h"

#include <string.h>

static const struct mir_tcp_cc_ops *const all[] = { &mir_tcp_cubic, &mir_tcp_newreno,
	&mir_tcp_bbr };

const struct mir_tcp_cc_ops *mir_tcp_cc_find(const char *name)
{
	for (unsigned i = 0; name && i < MIR_COUNT(all); i++) {
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	}
	return &mir_tcp_cubic;
}

void mir_tcp_cc_start(struct mir_tcp_cc *cc, const struct mir_tcp_cc_ops *ops, uint32_t mss)
{
	*cc = (struct mir_tcp_cc){ .ops = ops, .mss = mss, .ssthresh = MIR_TCP_SSTHRESH_NONE };
	cc->cwnd = mir_tcp_initial_window(mss);
	if (!ops->init(cc)) {
		cc->ops = &mir_tcp_newreno;
		cc->ops->init(cc);
	}
}

void mir_tcp_cc_change(struct mir_tcp_cc *cc, const struct mir_tcp_cc_ops *ops)
{
	struct mir_tcp_cc before = *cc;

	mir_tcp_cc_start(cc, ops, before.mss);
	mir_tcp_cc_release(&before);
	cc->cwnd = before.cwnd;
	cc->ssthresh = before.ssthresh;
}

void mir_tcp_cc_release(struct mir_tcp_cc *cc)
{
	if (cc->ops && cc->ops->release)
		cc->ops->release(cc);
}
