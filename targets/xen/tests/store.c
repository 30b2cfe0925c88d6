/* The client of xenstore, and what the tool stack asks for. */
#include "fake.h"

#include <mir/test.h>

static void values(void)
{
	char buf[300], big[5000];
	uint64_t v;
	int n;

	fake_begin();
	ok(mir_xen_store_write(MIR_XEN_ALONE, "data/a", "hello") == 0, "write");
	ok(mir_xen_store_read(MIR_XEN_ALONE, "data/a", buf, sizeof(buf)) == 5 &&
		strcmp(buf, "hello") == 0,
	    "read");
	ok(mir_xen_store_read(MIR_XEN_ALONE, "data/a", buf, 5) == MIR_EFBIG, "no room");
	ok(mir_xen_store_read(MIR_XEN_ALONE, "data/none", buf, 5) == MIR_ENOENT, "no such key");
	ok(mir_xen_store_printf(MIR_XEN_ALONE, "data/n", "%d", 42) == 0 &&
		mir_xen_store_number(MIR_XEN_ALONE, "data/n", &v) == 0 && v == 42,
	    "a number");
	ok(mir_xen_store_number(MIR_XEN_ALONE, "data/a", &v) == MIR_EPROTO, "not a number");
	n = mir_xen_store_list(MIR_XEN_ALONE, "data", buf, sizeof(buf));
	ok(n == 4 && strcmp(buf, "a") == 0 && strcmp(buf + 2, "n") == 0, "names");
	ok(mir_xen_store_remove(MIR_XEN_ALONE, "data/a") == 0 &&
		mir_xen_store_read(MIR_XEN_ALONE, "data/a", buf, 9) == MIR_ENOENT,
	    "remove");
	memset(big, 'x', sizeof(big));
	big[4999] = '\0';
	ok(mir_xen_store_write(MIR_XEN_ALONE, "data/a", big) == MIR_EFBIG, "too long a request");
	big[3000] = '\0';
	ok(mir_xen_store_write(MIR_XEN_ALONE, "data/big", big) == 0,
	    "a request longer than the ring goes in parts");
	fake_end();
}

static unsigned bodies;
static int body(uint32_t tx, void *arg)
{
	(void)arg;
	bodies++;
	return mir_xen_store_write(tx, "data/t", "1");
}

static void transactions(void)
{
	fake_begin();
	fake.conflicts = 2;
	ok(mir_xen_store_transaction(body, NULL) == 0 && bodies == 3, "again until it is done");
	fake.conflicts = 1000;
	ok(mir_xen_store_transaction(body, NULL) == MIR_EAGAIN, "but not for ever");
	fake_end();
}

static void watches(void)
{
	static struct mir_xen_watch w, other;
	int64_t outer;

	fake_begin();
	ok(mir_xen_watch_start(&w, "data/x") == 0 && mir_xen_watch_start(&other, "y") == 0, "two");
	mir_sleep(MIR_MS(5));
	ok(w.fired == 1 && other.fired == 1, "each fires at once");
	fake_set("data/x/y", "1");
	mir_sleep(MIR_MS(5));
	ok(w.fired == 2 && other.fired == 1, "then when something changes below");
	fake_reply(MIR_XENSTORE_WATCH_EVENT, 0, 0,
	    "data/x\0"
	    "999",
	    11);
	fake_reply(MIR_XENSTORE_READ, 4711, 0, "?", 1);
	mir_sleep(MIR_MS(5));
	ok(mir_xen_store_stats.strays == 2, "events and answers of nobody are counted");
	mir_xen_watch_stop(&w);
	fake_set("data/x/y", "2");
	mir_sleep(MIR_MS(5));
	ok(w.fired == 2, "not after the end");
	mir_xen_watch_stop(&other);

	fake.mute = true;
	outer = mir_deadline_set(mir_now() + MIR_SECOND(1));
	ok(mir_xen_store_write(MIR_XEN_ALONE, "data/z", "1") == MIR_ETIMEDOUT, "a silent server");
	mir_deadline_restore(outer);
	fake.mute = false;
	ok(mir_xen_store_write(MIR_XEN_ALONE, "data/z", "2") == 0, "that answers again");
	fake_end();
}

static void hostile(void)
{
	struct mir_xenstore_head head = { .type = MIR_XENSTORE_READ, .len = 5000 };

	fake_begin();
	fake.mute = true;
	fake.store.rsp_prod = MIR_XENSTORE_RING + 1;
	fake_raise(FAKE_STORE_PORT);
	mir_sleep(MIR_MS(1));
	ok(mir_xen_store_stats.broken, "more bytes than the ring has");
	ok(mir_xen_store_write(MIR_XEN_ALONE, "a", "b") == MIR_EDISCONN, "nobody is kept waiting");
	fake_end();

	fake_begin();
	memcpy(fake.store.rsp, &head, sizeof(head));
	fake.store.rsp_prod = sizeof(head);
	fake_raise(FAKE_STORE_PORT);
	mir_sleep(MIR_MS(1));
	ok(mir_xen_store_stats.broken, "a message that is too long");
	fake_end();

	fake_begin();
	fake.mute = true;
	fake.store.req_cons = 1;
	ok(mir_xen_store_write(MIR_XEN_ALONE, "a", "b") == MIR_EDISCONN, "read before written");
	fake_end();
}

static const char *ended;
static void asked(const char *why)
{
	ended = why;
}

static unsigned resumed;
static void changed(struct mir_xen_device *d, enum mir_xenbus_state state)
{
	(void)d;
	(void)state;
}

static void resume(struct mir_xen_device *d)
{
	resumed++;
	ok(mir_xen_device_attach(d) == 0, "attached again");
}

static const struct mir_xen_device_ops ops = { changed, resume };

static void moved(void)
{
	fake_set("device/vif/0/backend", "/local/domain/9/backend/vif/5/0");
	fake_set("/local/domain/9/backend/vif/5/0/state", "2");
}

static void control(void)
{
	static struct mir_xen_device d = { .ops = &ops, .name = "service", .kind = "vif" };
	static struct mir_xen_device second = { .ops = &ops, .name = "other", .kind = "vif" };

	fake_begin();
	fake_device("vif", 0);
	fake_device("vif", 3);
	fake_set("device/vif/3/mac", "00:16:3e:00:00:0A");
	ok(mir_xen_device_find(&d, "") == 0 && d.id == 0, "the first network");
	mir_xen_device_add(&d);
	ok(mir_xen_device_find(&second, "") == 0 && second.id == 3, "the next one");
	ok(mir_xen_device_find(&second, "00:16:3e:00:00:0a") == 0 && second.id == 3, "by address");
	ok(mir_xen_device_find(&second, "3") == 0 && second.id == 3, "by number");
	ok(mir_xen_device_find(&second, "4") == MIR_ENODEV, "none");
	ok(mir_xen_device_attach(&d) == 0 && d.domain == FAKE_BACK, "its back end");
	ok(mir_xen_device_wait(&d, MIR_XENBUS_INIT_WAIT, MIR_XENBUS_INIT_WAIT) == 2, "its state");
	ok(mir_xen_device_wait(&d, MIR_XENBUS_CONNECTED, MIR_XENBUS_CONNECTED) == MIR_ETIMEDOUT,
	    "a back end that does not come");
	fake_set("/local/domain/7/backend/vif/5/0/state", "5");
	ok(mir_xen_device_wait(&d, MIR_XENBUS_CONNECTED, MIR_XENBUS_CONNECTED) == MIR_EDISCONN,
	    "or closes");

	mir_shutdown_hook = asked;
	ok(mir_xen_control_start() == 0 && strcmp(fake_get("control/feature-suspend"), "1") == 0,
	    "listens");
	mir_sleep(MIR_MS(10));
	ok(!ended, "nothing asked");
	fake_set("control/shutdown", "poweroff");
	mir_sleep(MIR_MS(10));
	ok(ended && mir_xen_control_reason() == MIR_XEN_POWEROFF, "asked to end");
	ok(fake_get("control/shutdown")[0] == '\0', "the request is taken away");
	ended = NULL;
	fake_set("control/shutdown", "reboot");
	mir_sleep(MIR_MS(10));
	ok(ended && mir_xen_control_reason() == MIR_XEN_REBOOT, "asked to start anew");
	ended = NULL;
	fake_set("control/shutdown", "dance");
	mir_sleep(MIR_MS(10));
	ok(!ended, "asked for what there is not");
	fake_set("control/sysrq", "o");
	mir_sleep(MIR_MS(10));
	ok(ended, "sysrq");

	fake.suspended = true;
	fake_set("control/shutdown", "suspend");
	mir_sleep(MIR_MS(20));
	ok(resumed == 0, "a suspension that is called off");
	fake.suspended = false;
	fake.on_suspend = moved;
	fake_set("control/shutdown", "suspend");
	mir_sleep(MIR_MS(20));
	ok(resumed == 1 && strstr(d.backend, "/9/") != NULL, "one that is not");
	ended = NULL;
	fake_set("control/shutdown", "poweroff");
	mir_sleep(MIR_MS(20));
	ok(ended != NULL, "and after it, watches work");
	mir_xen_device_remove(&d);
	mir_xen_control_stop();
	fake_end();
}

int main(void)
{
	RUN(values);
	RUN(transactions);
	RUN(watches);
	RUN(hostile);
	RUN(control);
	return mir_test_end();
}
