/* A back end for the network driver, honest unless told otherwise. */
#include "../../tests/fake.h"

#include <mir/mem.h>
#include <mir/xen_net.h>

static struct back {
	struct mir_task work;
	struct mir_xen_sring *tx[MIR_XEN_NET_QUEUES], *rx[MIR_XEN_NET_QUEUES];
	uint32_t port[MIR_XEN_NET_QUEUES];
	uint32_t tx_cons[MIR_XEN_NET_QUEUES], rx_cons[MIR_XEN_NET_QUEUES];
	unsigned queues;
	bool keep; /* requests to send are not answered */
	uint8_t sent[100000];
	uint32_t sent_len;
	unsigned frames, slots;
	uint16_t flags, gso;
} back;

static struct mir_xen_net g;
static struct mir_packet *got[512];
static unsigned count;

static void *entry(struct mir_xen_sring *ring, uint32_t at, size_t size)
{
	return (uint8_t *)(ring + 1) + (at % MIR_XEN_NET_RING) * size;
}

static void back_send(unsigned q)
{
	struct mir_xen_sring *r = back.tx[q];
	bool any = false;

	while (back.tx_cons[q] != r->req_prod && !back.keep) {
		struct mir_xen_tx_request t;
		struct mir_xen_tx_response a = { .status = 0 };
		const uint8_t *page;
		uint32_t rest, first;
		bool more;

		memcpy(&t, entry(r, back.tx_cons[q], sizeof(t)), sizeof(t));
		first = back.tx_cons[q];
		back.flags = t.flags;
		back.gso = 0;
		back.sent_len = 0;
		rest = t.size;
		for (uint32_t n = 0;; n++) {
			uint32_t at = back.tx_cons[q]++, size = t.size;

			more = (t.flags & MIR_XEN_TX_MORE) != 0;
			if (n == 0) { /* of the first: what the others leave */
				for (uint32_t k = at + 1 + ((t.flags & MIR_XEN_TX_EXTRA) != 0);
				     more; k++) {
					struct mir_xen_tx_request o;

					memcpy(&o, entry(r, k, sizeof(o)), sizeof(o));
					size -= o.size;
					more = (o.flags & MIR_XEN_TX_MORE) != 0;
				}
				more = (t.flags & MIR_XEN_TX_MORE) != 0;
			}
			page = fake_page(t.ref, false);
			mir_check(page && t.offset + size <= MIR_XEN_PAGE && size <= rest);
			memcpy(back.sent + back.sent_len, page + t.offset, size);
			back.sent_len += size;
			rest -= size;
			back.slots = n + 1;
			if (n == 0 && t.flags & MIR_XEN_TX_EXTRA) {
				struct mir_xen_extra e;

				memcpy(&e, entry(r, back.tx_cons[q]++, sizeof(t)), sizeof(e));
				back.gso = e.size;
			}
			if (!more)
				break;
			memcpy(&t, entry(r, back.tx_cons[q], sizeof(t)), sizeof(t));
		}
		mir_check(rest == 0);
		back.frames++;
		for (uint32_t k = first; k != back.tx_cons[q]; k++) {
			memcpy(&t, entry(r, k, sizeof(t)), sizeof(t));
			a.id = t.id;
			a.status = 0;
			if (back.gso && k == first + 1) {
				a.id = 0xdead;
				a.status = MIR_XEN_NET_NULL;
			}
			memcpy(entry(r, r->rsp_prod++, sizeof(t)), &a, sizeof(a));
		}
		any = true;
	}
	r->req_event = back.tx_cons[q] + 1;
	if (any)
		fake_raise(back.port[q]);
}

static void back_work(struct mir_task *t)
{
	(void)t;
	for (unsigned q = 0; q < back.queues; q++)
		back_send(q);
}

static void back_notified(uint32_t port)
{
	(void)port;
	mir_post(&back.work);
}

static void back_connect(void)
{
	char key[64];

	back.queues = MIR_MAX(fake_number("vif", "multi-queue-num-queues"), 1u);
	for (unsigned q = 0; q < back.queues; q++) {
		char at[32] = "";

		if (back.queues > 1)
			snprintf(at, sizeof(at), "queue-%u/", q);
		snprintf(key, sizeof(key), "%stx-ring-ref", at);
		back.tx[q] = (void *)fake_page(fake_number("vif", key), true);
		snprintf(key, sizeof(key), "%srx-ring-ref", at);
		back.rx[q] = (void *)fake_page(fake_number("vif", key), true);
		snprintf(key, sizeof(key), "%sevent-channel", at);
		back.port[q] = fake_number("vif", key);
		mir_check(back.tx[q] && back.rx[q] && back.port[q]);
		back.tx_cons[q] = back.rx_cons[q] = 0;
	}
	fake_offer("vif", "state", "4");
}

static void back_heard(const char *path, const char *value)
{
	size_t n = strlen(path);

	if (n > 6 && strcmp(path + n - 6, "/state") == 0 && strcmp(value, "4") == 0)
		back_connect();
}

/* A frame, or a part of one, into the next page. */
static void MIR_UNUSED back_receive(
    unsigned q, const void *p, uint16_t offset, int16_t len, uint16_t flags)
{
	struct mir_xen_rx_request t;
	struct mir_xen_rx_response a = { .offset = offset, .flags = flags, .status = len };
	uint8_t *page;

	mir_check(back.rx_cons[q] != back.rx[q]->req_prod);
	memcpy(&t, entry(back.rx[q], back.rx_cons[q]++, sizeof(t)), sizeof(t));
	page = fake_page(t.ref, true);
	mir_check(page != NULL);
	if (len > 0 && offset + len <= MIR_XEN_PAGE)
		memcpy(page + offset, p, (size_t)len);
	a.id = t.id;
	memcpy(entry(back.rx[q], back.rx[q]->rsp_prod++, sizeof(t)), &a, sizeof(a));
}

static void MIR_UNUSED back_extra(unsigned q, const struct mir_xen_extra *e)
{
	back.rx_cons[q]++;
	memcpy(entry(back.rx[q], back.rx[q]->rsp_prod++, sizeof(*e)), e, sizeof(*e));
}

static void MIR_UNUSED back_raise(unsigned q)
{
	fake_raise(back.port[q]);
	mir_yield();
	mir_yield();
}

static void input(void *arg, struct mir_packet *const frames[], unsigned n)
{
	(void)arg;
	mir_check(count + n <= MIR_COUNT(got));
	memcpy(got + count, frames, n * sizeof(*got));
	count += n;
}

static void drop_all(void)
{
	while (count > 0)
		mir_packet_unref(got[--count]);
}

static int begin(int64_t queues)
{
	memset(&back, 0, sizeof(back));
	back.work.run = back_work;
	fake_begin();
	fake_device("vif", 0);
	fake_set("device/vif/0/mac", "00:16:3e:01:02:03");
	fake_offer("vif", "feature-rx-copy", "1");
	fake_offer("vif", "feature-sg", "1");
	fake_offer("vif", "feature-gso-tcpv4", "1");
	fake_offer("vif", "multi-queue-max-queues", "8");
	fake.on_write = back_heard;
	fake.on_send = back_notified;
	count = 0;
	return mir_xen_net_start(
	    &g, &(struct mir_xen_net_config){
		    .name = "service", .net_copy = 1000, .net_queues = queues });
}

static void MIR_UNUSED end(void)
{
	drop_all();
	mir_xen_net_stop(&g);
	mir_unpost(&back.work);
	fake_end();
}
