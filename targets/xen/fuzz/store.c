/* A hostile xenstore: any bytes in the ring, any indices, any events, while requests are made. */
#include "../tests/fake.h"

#include <mir/test.h>

static const uint8_t *data;
static size_t size;

static uint8_t next(void)
{
	return size > 0 ? size--, *data++ : 0;
}

static void changed(struct mir_xen_device *d, enum mir_xenbus_state state)
{
	(void)d;
	(void)state;
}

static void resume(struct mir_xen_device *d)
{
	mir_xen_device_attach(d);
}

static const struct mir_xen_device_ops ops = { changed, resume };

static void ask(void *arg)
{
	static struct mir_xen_device d;
	char buf[64];
	uint64_t v;

	(void)arg;
	memset(&d, 0, sizeof(d));
	d.ops = &ops;
	d.name = "service";
	d.kind = "vif";
	mir_deadline_set(mir_time_add(mir_now(), MIR_SECOND(2)));
	mir_xen_store_read(MIR_XEN_ALONE, "a", buf, sizeof(buf));
	mir_xen_store_number(MIR_XEN_ALONE, "b", &v);
	if (mir_xen_device_find(&d, "") == 0) {
		mir_xen_device_add(&d);
		mir_xen_device_attach(&d);
		mir_xen_device_wait(&d, MIR_XENBUS_INIT_WAIT, MIR_XENBUS_CONNECTED);
		mir_xen_device_offer(&d, "feature-sg", 1, 0, &v);
		mir_xen_device_remove(&d);
	}
}

/* A message that looks like one, now and then: answers to the last requests, watch events. */
static void message(void)
{
	struct mir_xenstore_head head = { next() % 20, next() % 16, 0, 0 };
	char body[64];
	size_t n = next() % sizeof(body);

	for (size_t i = 0; i < n; i++)
		body[i] = (char)next();
	head.len = (uint32_t)n;
	fake_reply(head.type, head.id, 0, body, n);
}

static void step(void)
{
	struct mir_xenstore_page *p = &fake.store;

	switch (next() % 8) {
	case 0: p->rsp_prod += next(); break;
	case 1: p->req_cons += next(); break;
	case 2: p->rsp_prod = (uint32_t)next() << 24 | next(); break;
	case 3: p->rsp[next() * 4 % MIR_XENSTORE_RING] = next(); break;
	case 4: fake.mute = next() & 1; break;
	case 5: p->rsp_cons += next() & 3; break;
	default: message(); break;
	}
	fake_raise(FAKE_STORE_PORT);
	mir_post(&fake.serve);
	mir_yield();
}

static void run(void)
{
	struct mir_fiber *f;

	fake_begin();
	fake_device("vif", 0);
	f = mir_spawn_joinable("ask", ask, NULL);
	while (size > 0)
		step();
	mir_cancel(f);
	mir_join(f);
	fake.mute = true;
	fake_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	data = p;
	size = MIR_MIN(n, (size_t)400);
	mir_test_fuzz(run);
	return 0;
}
