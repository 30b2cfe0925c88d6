/* match.c: which device is which of the image's: by what its boot argument says, or by order, and
 * never by chance.
 */
#include <mir/err.h>
#include <mir/log.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

MIR_LOG_SOURCE(virtio);

static struct want {
	enum mir_virtio_type type;
	const char *name, *spec;
	bool (*is)(struct mir_virtio *, const char *spec);
	struct mir_virtio *found;
} wants[MIR_VIRTIO_DEVICES];
static unsigned n_wants;

static const char *kind_of(unsigned type)
{
	switch (type) {
	case MIR_VIRTIO_NET: return "network";
	case MIR_VIRTIO_BLOCK: return "disk";
	case MIR_VIRTIO_CONSOLE: return "console";
	case MIR_VIRTIO_RNG: return "source of entropy";
	default: return "device of another kind";
	}
}

static const char *option_of(enum mir_virtio_type type)
{
	return type == MIR_VIRTIO_NET ? "net" : "block";
}

void mir_virtio_announce(enum mir_virtio_type type, const char *name, const char *spec,
    bool (*is)(struct mir_virtio *, const char *spec))
{
	/* More than there can be devices: the claim will find none. */
	if (n_wants < MIR_COUNT(wants))
		wants[n_wants++] = (struct want){ type, name, spec ? spec : "", is, NULL };
}

void mir_virtio_forget(void)
{
	n_wants = 0;
}

/* "0", "1": of those of the type; "mmio:0": of all that are not on PCI. */
static bool is_number(const char *text, unsigned *out)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	*out = (unsigned)v;
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && v < MIR_VIRTIO_DEVICES;
}

/* The same place, however its numbers are written. */
static bool same_address(const char *spec, const char *address)
{
	while (*spec && *address) {
		char *spec_end, *address_end;

		if (strtoull(spec, &spec_end, 16) != strtoull(address, &address_end, 16) ||
		    (spec_end == spec) != (address_end == address))
			return false;
		if (spec_end == spec) {
			spec_end++;
			address_end++;
			if (*spec != *address)
				return false;
		}
		spec = spec_end;
		address = address_end;
	}
	return *spec == *address;
}

static bool fits(const struct want *w, struct mir_virtio *d, unsigned of_type, unsigned of_memory)
{
	unsigned number;

	if (is_number(w->spec, &number))
		return number == of_type;
	if (strncmp(w->spec, "mmio:", 5) == 0 && is_number(w->spec + 5, &number))
		return strncmp(d->address, "mmio:", 5) == 0 && number == of_memory;
	if (strncmp(w->spec, "pci:", 4) == 0 || strncmp(w->spec, "mmio:", 5) == 0)
		return strncmp(w->spec, d->address, 4) == 0 &&
		       same_address(strchr(w->spec, ':') + 1, strchr(d->address, ':') + 1);
	return w->is && w->is(d, w->spec);
}

/* The device that the argument means, or NULL. */
static struct mir_virtio *meant(const struct want *w)
{
	unsigned of_type = 0, of_memory = 0;
	struct mir_virtio *d;
	unsigned n = mir_virtio_devices(&d);

	for (unsigned i = 0; i < n; i++) {
		if (d[i].type == w->type && fits(w, &d[i], of_type, of_memory))
			return &d[i];
		of_type += d[i].type == w->type;
		of_memory += strncmp(d[i].address, "mmio:", 5) == 0;
	}
	return NULL;
}

static bool taken(const struct mir_virtio *d)
{
	for (unsigned i = 0; i < n_wants; i++) {
		if (wants[i].found == d)
			return true;
	}
	return false;
}

static void list_found(void)
{
	struct mir_virtio *d;
	unsigned n = mir_virtio_devices(&d);

	if (n == 0)
		mir_error("no virtio device was found, on PCI or by virtio_mmio.device= on the "
			  "command line");
	for (unsigned i = 0; i < n; i++)
		mir_error("found at %s: a %s (%s)%s", d[i].address, kind_of(d[i].type),
		    d[i].ops->name, taken(&d[i]) ? ", taken" : "");
}

static bool resolve_told(enum mir_virtio_type type)
{
	for (unsigned i = 0; i < n_wants; i++) {
		struct want *w = &wants[i];
		struct mir_virtio *d;

		if (w->type != type || w->spec[0] == '\0' || w->found)
			continue;
		d = meant(w);
		if (d && !taken(d)) {
			w->found = d;
			continue;
		}
		mir_error("--%s:%s=%s: %s", option_of(type), w->name, w->spec,
		    d ? "another name has this device" : "there is no such device");
		return false;
	}
	return true;
}

static unsigned count_left(enum mir_virtio_type type, unsigned *devices)
{
	struct mir_virtio *d;
	unsigned n = mir_virtio_devices(&d), names = 0;

	*devices = 0;
	for (unsigned i = 0; i < n; i++)
		*devices += d[i].type == type && !taken(&d[i]);
	for (unsigned i = 0; i < n_wants; i++)
		names += wants[i].type == type && !wants[i].found;
	return names;
}

/* What is left over on both sides, in order. */
static void resolve_rest(enum mir_virtio_type type)
{
	struct mir_virtio *d;
	unsigned n = mir_virtio_devices(&d), next = 0;

	for (unsigned i = 0; i < n_wants; i++) {
		if (wants[i].type != type || wants[i].found)
			continue;
		while (next < n && (d[next].type != type || taken(&d[next])))
			next++;
		if (next < n)
			wants[i].found = &d[next];
	}
}

/* All names of a type at once. */
static int resolve(enum mir_virtio_type type)
{
	unsigned devices, names;

	if (!resolve_told(type)) {
		list_found();
		return MIR_ENODEV;
	}
	names = count_left(type, &devices);
	if (names == devices || names == 0) {
		resolve_rest(type);
		return 0;
	}
	for (unsigned i = 0; i < n_wants; i++) {
		if (wants[i].type == type && !wants[i].found)
			mir_error(
			    "%s: which device is this %s? %u names of such are left, and %u "
			    "devices: say it with --%s:%s=pci:BB:DD.F, mmio:N, %s or a number",
			    wants[i].name, kind_of(type), names, devices, option_of(type),
			    wants[i].name, type == MIR_VIRTIO_NET ? "mac:..." : "serial:...");
	}
	list_found();
	return MIR_ENODEV;
}

int mir_virtio_claim(enum mir_virtio_type type, const char *name, struct mir_virtio **out)
{
	for (unsigned i = 0; i < n_wants; i++) {
		struct want *w = &wants[i];
		int rc;

		if (w->type != type || strcmp(w->name, name) != 0)
			continue;
		rc = w->found ? 0 : resolve(type);
		if (rc < 0)
			return rc;
		w->found->claimed = true;
		*out = w->found;
		return 0;
	}
	mir_error("%s: this image has no %s of that name", name, kind_of(type));
	return MIR_ENODEV;
}

struct mir_virtio *mir_virtio_any(enum mir_virtio_type type)
{
	struct mir_virtio *d;
	unsigned n = mir_virtio_devices(&d);

	for (unsigned i = 0; i < n; i++) {
		if (d[i].type == type && !d[i].claimed)
			return &d[i];
	}
	return NULL;
}
