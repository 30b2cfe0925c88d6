/* bus.c: front ends and their back ends, as xenstore has them. */
#include "bus.h"

#include <mir/addr.h>
#include <mir/err.h>
#include <mir/log.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

MIR_LOG_SOURCE(xenbus);

enum { PATH = MIR_XEN_PATH, WAIT_S = 10, DISK_MAJOR = 202 /* xvd */ };

struct mir_xen_device *mir_xen_devices;
struct mir_waitq mir_xen_devices_dirty;

static bool join(char *path, const char *a, const char *b)
{
	return snprintf(path, PATH, "%s/%s", a, b) < PATH;
}

static bool taken(const struct mir_xen_device *d, uint32_t id)
{
	for (const struct mir_xen_device *o = mir_xen_devices; o; o = o->next) {
		if (o != d && o->id == id && strcmp(o->kind, d->kind) == 0)
			return true;
	}
	return false;
}

/* xvda is 51712, and a disk has 16 numbers for its parts. */
static uint64_t disk_number(const char *which)
{
	bool named =
	    strncmp(which, "xvd", 3) == 0 && which[3] >= 'a' && which[3] <= 'p' && !which[4];

	return named ? (uint64_t)DISK_MAJOR << 8 | (uint64_t)(which[3] - 'a') << 4 : UINT64_MAX;
}

/* Whether the device of that number is the one that is meant. */
static bool meant(struct mir_xen_device *d, uint32_t id, const char *which)
{
	char path[PATH], mac[32];
	uint64_t number;

	if (*which == '\0')
		return !taken(d, id);
	if (mir_xen_number(which, &number) || (number = disk_number(which)) != UINT64_MAX)
		return number == id;
	return snprintf(path, sizeof(path), "device/%s/%u/mac", d->kind, id) < PATH &&
	       mir_xen_store_read(MIR_XEN_ALONE, path, mac, sizeof(mac)) > 0 &&
	       strcasecmp(mac, which) == 0;
}

int mir_xen_device_find(struct mir_xen_device *d, const char *which)
{
	char path[PATH], names[1024];
	uint64_t id, best = UINT64_MAX;
	int n = mir_xen_ready();

	if (n < 0)
		return n;
	snprintf(path, sizeof(path), "device/%s", d->kind);
	n = mir_xen_store_list(MIR_XEN_ALONE, path, names, sizeof(names));
	if (n < 0 && n != MIR_ENOENT)
		return n;
	for (int at = 0; at < n; at += (int)strlen(names + at) + 1) {
		if (mir_xen_number(names + at, &id) && id <= UINT32_MAX && id < best &&
		    meant(d, (uint32_t)id, which))
			best = id;
	}
	if (best == UINT64_MAX) {
		mir_error("%s: this domain has no %s%s%s%s; its configuration (%s = [ ... ]) must "
			  "give it one",
		    d->name, *which ? "" : "other ", strcmp(d->kind, "vif") ? "disk" : "network",
		    *which ? " " : "", which, strcmp(d->kind, "vif") ? "disk" : "vif");
		return MIR_ENODEV;
	}
	d->id = (uint32_t)best;
	snprintf(d->node, sizeof(d->node), "device/%s/%u", d->kind, d->id);
	return 0;
}

/* From the loop: the fiber of control.c looks. */
static void changed_at(struct mir_xen_watch *w)
{
	struct mir_xen_device *d = mir_container(w, struct mir_xen_device, watch);

	d->dirty = true;
	mir_wake_all(&mir_xen_devices_dirty);
}

int mir_xen_device_attach(struct mir_xen_device *d)
{
	char path[PATH];
	uint64_t domain;
	int rc = mir_xen_device_text(d, false, "backend", d->backend, sizeof(d->backend));

	if (rc < 0)
		return rc;
	if (!join(path, d->node, "backend-id"))
		return MIR_EFBIG;
	rc = mir_xen_store_number(MIR_XEN_ALONE, path, &domain);
	if (rc < 0)
		return rc;
	if (domain >= MIR_XEN_SELF || d->backend[0] != '/')
		return MIR_EPROTO;
	d->domain = (uint16_t)domain;
	if (!join(path, d->backend, "state"))
		return MIR_EFBIG;
	mir_xen_watch_stop(&d->watch);
	d->watch.changed_at = changed_at;
	return mir_xen_watch_start(&d->watch, path);
}

int mir_xen_device_state(struct mir_xen_device *d, uint32_t tx, enum mir_xenbus_state state)
{
	return mir_xen_device_write(d, tx, "state", "%d", (int)state);
}

static int state_of(struct mir_xen_device *d, enum mir_xenbus_state *state)
{
	char path[PATH];
	uint64_t v;
	int rc;

	*state = MIR_XENBUS_UNKNOWN;
	if (!join(path, d->backend, "state"))
		return MIR_EFBIG;
	rc = mir_xen_store_number(MIR_XEN_ALONE, path, &v);
	if (rc == MIR_ENOENT)
		*state = MIR_XENBUS_CLOSED;
	else if (rc == 0 && v <= MIR_XENBUS_CLOSED)
		*state = (enum mir_xenbus_state)v;
	return rc == MIR_ENOENT || rc == MIR_EPROTO ? 0 : rc;
}

static int wait_for(struct mir_xen_device *d, enum mir_xenbus_state from, enum mir_xenbus_state to)
{
	for (;;) {
		uint64_t fired = d->watch.fired;
		enum mir_xenbus_state state;
		int rc = state_of(d, &state);

		if (rc < 0)
			return rc;
		if (state >= from && state <= to)
			return (int)state;
		if (state >= MIR_XENBUS_CLOSING)
			return MIR_EDISCONN;
		while (rc == 0 && fired == d->watch.fired)
			rc = mir_wait(&d->watch.changed);
		if (rc < 0)
			return rc;
	}
}

int mir_xen_device_wait(
    struct mir_xen_device *d, enum mir_xenbus_state from, enum mir_xenbus_state to)
{
	int64_t outer = mir_deadline_set(mir_time_add(mir_now(), MIR_SECOND(WAIT_S)));
	int rc = wait_for(d, from, to);

	mir_deadline_restore(outer);
	return rc;
}

int mir_xen_device_text(struct mir_xen_device *d, bool back, const char *key, char *buf, size_t cap)
{
	char path[PATH];

	if (!join(path, back ? d->backend : d->node, key))
		return MIR_EFBIG;
	return mir_xen_store_read(MIR_XEN_ALONE, path, buf, cap);
}

int mir_xen_device_offer(
    struct mir_xen_device *d, const char *key, uint64_t max, uint64_t missing, uint64_t *value)
{
	char path[PATH];
	int rc;

	if (!join(path, d->backend, key))
		return MIR_EFBIG;
	rc = mir_xen_store_number(MIR_XEN_ALONE, path, value);
	if (rc == MIR_ENOENT) {
		*value = missing;
		return 0;
	}
	if (rc == MIR_EPROTO || (rc == 0 && *value > max)) {
		mir_error("%s: what the back end says of %s is not a number, or above %llu",
		    d->name, key, (unsigned long long)max);
		return MIR_EPROTO;
	}
	return rc;
}

int mir_xen_device_write(
    struct mir_xen_device *d, uint32_t tx, const char *key, const char *fmt, ...)
{
	char path[PATH], value[128];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(value) || !join(path, d->node, key))
		return MIR_EFBIG;
	return mir_xen_store_write(tx, path, value);
}

void mir_xen_device_add(struct mir_xen_device *d)
{
	struct mir_xen_device **at = &mir_xen_devices;

	while (*at)
		at = &(*at)->next;
	d->next = NULL;
	*at = d;
}

void mir_xen_device_remove(struct mir_xen_device *d)
{
	struct mir_xen_device **at = &mir_xen_devices;

	while (*at && *at != d)
		at = &(*at)->next;
	if (*at)
		*at = d->next;
	mir_xen_watch_stop(&d->watch);
}

/* Devices may go while one is looked at: from the beginning, after each. */
void mir_xen_devices_look(void)
{
	struct mir_xen_device *d = mir_xen_devices;

	while (d) {
		enum mir_xenbus_state state;

		if (!d->dirty) {
			d = d->next;
			continue;
		}
		d->dirty = false;
		if (state_of(d, &state) == 0)
			d->ops->changed(d, state);
		d = mir_xen_devices;
	}
}
