/* control.c: the fiber that looks at control/shutdown, memory/target and the states of back ends,
 * and takes the domain through a suspension.
 */
#include "control.h"

#include <mir/err.h>
#include <mir/log.h>
#include <mir/loop.h>
#include <mir/target.h>
#include <string.h>

#include "bus.h"

MIR_LOG_SOURCE(xen);

enum { WORD = 64 };

static struct mir_xen_watch shutdown_watch, sysrq_watch, target_watch;
static enum mir_xen_reason reason = MIR_XEN_POWEROFF;
static uint64_t suspensions;
static struct mir_fiber *fiber;

enum mir_xen_reason mir_xen_control_reason(void)
{
	return reason;
}

static void woken(struct mir_xen_watch *w)
{
	(void)w;
	mir_wake_all(&mir_xen_devices_dirty);
}

static void end(const char *why)
{
	if (mir_shutdown_hook)
		mir_shutdown_hook(why);
	else
		mir_target_exit(0);
}

static void resume_devices(void)
{
	for (struct mir_xen_device *d = mir_xen_devices; d; d = d->next)
		d->ops->resume(d);
}

/* The domain stops in the hypercall, and returns from it where it goes on: 0, or 1: it was not
 * stopped after all. */
static void suspend(void)
{
	struct mir_xen_shutdown arg = { MIR_XEN_SUSPEND };
	int64_t rc;

	if (mir_xen_store_quiesce() < 0)
		return;
	mir_xen_machine_before();
	rc = mir_xen_call(MIR_XEN_SCHED, MIR_XEN_SCHED_SHUTDOWN, mir_xen_address(&arg), 0);
	if (rc != 0) {
		mir_xen_store_resume();
		mir_warn("suspension: called off (%lld)", (long long)rc);
		return;
	}
	rc = mir_xen_machine_again();
	if (rc == 0)
		rc = mir_xen_store_again();
	if (rc == 0)
		rc = mir_xen_store_rewatch();
	if (rc < 0) {
		mir_error("after a suspension: %s", mir_strerror((int)rc));
		return;
	}
	suspensions++;
	resume_devices();
	mir_info("the domain goes on after suspension %llu", (unsigned long long)suspensions);
}

static void ask_for_end(const char *word)
{
	if (strcmp(word, "poweroff") == 0 || strcmp(word, "halt") == 0) {
		end("the host asks");
	} else if (strcmp(word, "reboot") == 0) {
		reason = MIR_XEN_REBOOT;
		end("the host asks to start anew");
	} else if (strcmp(word, "suspend") == 0) {
		suspend();
	} else if (strcmp(word, "crash") == 0) {
		mir_error("the host asks for a crash");
		mir_target_exit(255);
	} else {
		mir_warn("control/shutdown is '%s', which says nothing to this image", word);
	}
}

struct request {
	const char *path;
	char word[WORD];
};

/* Reads the request and takes it away, so that each is heard once. */
static int take(uint32_t tx, void *arg)
{
	struct request *r = arg;
	int rc = mir_xen_store_read(tx, r->path, r->word, sizeof(r->word));

	if (rc == MIR_ENOENT || rc == 0) {
		r->word[0] = '\0';
		return 0;
	}
	return rc < 0 ? rc : mir_xen_store_write(tx, r->path, "");
}

static void look_at_shutdown(void)
{
	struct request r = { .path = "control/shutdown" };

	if (mir_xen_store_transaction(take, &r) == 0 && r.word[0])
		ask_for_end(r.word);
}

/* The letters are those of Linux, as far as they mean something here. */
static void look_at_sysrq(void)
{
	struct request r = { .path = "control/sysrq" };

	if (mir_xen_store_transaction(take, &r) < 0)
		return;
	switch (r.word[0]) {
	case '\0': break;
	case 'o': end("the host asks (sysrq o)"); break;
	case 'b': reason = MIR_XEN_REBOOT; mir_target_exit(0);
	case 'c': mir_error("the host asks for a crash (sysrq c)"); mir_target_exit(255);
	case 'm':
	case 't': mir_account("the host asks (sysrq)"); break;
	default: mir_warn("sysrq '%c': o, b, c, m and t mean something here", r.word[0]);
	}
}

static void look_at_target(void)
{
	uint64_t kib;

	if (mir_xen_store_number(MIR_XEN_ALONE, "memory/target", &kib) == 0)
		mir_xen_balloon(kib);
}

static bool fresh(const struct mir_xen_watch *w, uint64_t *seen)
{
	bool yes = w->fired != *seen;

	*seen = w->fired;
	return yes;
}

static bool any_dirty(void)
{
	for (const struct mir_xen_device *d = mir_xen_devices; d; d = d->next) {
		if (d->dirty)
			return true;
	}
	return false;
}

static void listen(void *arg)
{
	uint64_t shutdowns = 0, sysrqs = 0, targets = 0;

	(void)arg;
	for (;;) {
		if (fresh(&shutdown_watch, &shutdowns))
			look_at_shutdown();
		else if (fresh(&sysrq_watch, &sysrqs))
			look_at_sysrq();
		else if (fresh(&target_watch, &targets))
			look_at_target();
		else if (any_dirty())
			mir_xen_devices_look();
		else if (mir_wait(&mir_xen_devices_dirty) < 0)
			return;
	}
}

int mir_xen_control_start(void)
{
	static const char *const features[] = { "control/feature-poweroff",
		"control/feature-reboot", "control/feature-suspend", "control/feature-sysrq" };
	static const struct {
		struct mir_xen_watch *watch;
		const char *path;
	} watches[] = { { &shutdown_watch, "control/shutdown" }, { &sysrq_watch, "control/sysrq" },
		{ &target_watch, "memory/target" } };
	int rc = 0;

	reason = MIR_XEN_POWEROFF;
	/* Not all tool stacks let a domain say so. */
	for (unsigned i = 0; i < MIR_COUNT(features); i++)
		mir_xen_store_write(MIR_XEN_ALONE, features[i], "1");
	for (unsigned i = 0; i < MIR_COUNT(watches) && rc == 0; i++) {
		watches[i].watch->changed_at = woken;
		rc = mir_xen_watch_start(watches[i].watch, watches[i].path);
	}
	if (rc == 0 && !(fiber = mir_spawn_joinable("xen", listen, NULL)))
		rc = MIR_ENOMEM;
	return rc;
}

void mir_xen_control_stop(void)
{
	mir_cancel(fiber);
	mir_join(fiber);
	mir_xen_watch_stop(&shutdown_watch);
	mir_xen_watch_stop(&sysrq_watch);
	mir_xen_watch_stop(&target_watch);
}
