/* generate_xl.c: NAME.xl for Xen's xl (xl.cfg(5)) and NAME_libvirt.xml for libvirt's virsh: good
 * defaults, and over them what the description says of xl-KEY, as it stands.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "configuration.h"
#include "value.h"
#include "version.h"
#include "vmm.h"

enum { MEMORY_MIB = 512 };

/* The bridge that guests are plugged into: Xen's, else the first that there is. */
static const char *find_bridge(void)
{
	struct list all = { 0 };

	dir_glob("/sys/class/net", "*/bridge", &all);
	for (size_t i = 0; i < all.n; i++)
		if (str_starts(all.v[i], "xenbr"))
			return path_dir(all.v[i]);
	return all.n ? path_dir(all.v[0]) : "xenbr0";
}

static unsigned long long memory_mib(const struct manifest *m)
{
	uint64_t bytes;

	return *m->memory && value_size(m->memory, &bytes) && bytes >> 20 ? bytes >> 20
									  : MEMORY_MIB;
}

static const char *absolute(const char *path)
{
	char here[PATH_MAX];

	return getcwd(here, sizeof here) ? path_join(here, path) : path;
}

static const char *run_file(const struct manifest *m, const char *disk)
{
	for (size_t i = 0; i < m->n_runs; i++)
		if (str_eq(m->runs[i].group, disk) && str_eq(m->runs[i].name, "file"))
			return m->runs[i].value;
	return NULL;
}

/* Networks in the order of the manifest, on `bridge`; disks as xvda, xvdb, ... */
static void find_devices(const struct manifest *m, struct attachments *out)
{
	const char *bridge = find_bridge();

	for (size_t i = 0; i < m->n_devices; i++) {
		const struct manifest_device *d = &m->devices[i];
		struct attachment a = { .name = d->network, .interface = bridge, .mac = "" };

		if (!*d->network) {
			a = (struct attachment){ .name = d->disk, .file = run_file(m, d->disk) };
			if (!*d->disk || !a.file || !*a.file)
				continue;
		}
		out->v = mem_grow(out->v, out->n, &out->cap, sizeof *out->v);
		out->v[out->n++] = a;
	}
}

char *xl_networks(const struct attachments *all)
{
	struct list l = { 0 };

	for (size_t i = 0; i < all->n; i++) {
		const struct attachment *a = &all->v[i];

		if (!a->file)
			list_addf(
			    &l, "\"bridge=%s%s%s\"", a->interface, *a->mac ? ",mac=" : "", a->mac);
	}
	return l.n ? mem_fmt("[%s]", list_join(&l, ", ")) : NULL;
}

char *xl_disks(const struct attachments *all)
{
	struct list l = { 0 };

	for (size_t i = 0; i < all->n; i++) {
		const struct attachment *a = &all->v[i];

		if (a->file)
			list_addf(&l, "\"format=raw, vdev=xvd%c, access=rw, target=%s\"",
			    (int)('a' + l.n % 26), absolute(a->file));
	}
	return l.n ? mem_fmt("[%s]", list_join(&l, ", ")) : NULL;
}

/* Does the description say it? */
static bool is_said(const struct manifest *m, const char *key)
{
	const char *start = mem_fmt("%s = ", key);

	for (size_t i = 0; i < m->xl.n; i++)
		if (str_starts(m->xl.v[i], start))
			return true;
	return false;
}

static void setting(const struct manifest *m, struct text *out, const char *key, const char *value)
{
	if (value && !is_said(m, key))
		text_addf(out, "%s = %s\n", key, value);
}

static const char *quoted(const char *s)
{
	return str_c_quote(s);
}

void generate_xl(const struct configuration *c, struct text *out)
{
	struct attachments devices = { 0 };
	struct manifest m;

	configuration_manifest(c, &m);
	find_devices(&m, &devices);
	text_addf(out,
	    "# %s.xl: " GENERATED_MARK MIRAGE_VERSION " from %s.\n"
	    "# 'xl create -c %s.xl' starts it, as 'mirage run' does.\n\n",
	    c->name, path_base(c->conf.file), c->name);
	setting(&m, out, "name", quoted(c->name));
	setting(&m, out, "kernel", quoted(absolute(m.image)));
	setting(&m, out, "type", "\"pvh\"");
	setting(&m, out, "memory", mem_fmt("%llu", memory_mib(&m)));
	setting(&m, out, "vcpus", "1");
	setting(&m, out, "on_crash", "\"destroy\"");
	setting(&m, out, "vif", xl_networks(&devices));
	setting(&m, out, "disk", xl_disks(&devices));
	if (m.xl.n)
		text_addf(out, "\n# Of %s:\n", path_base(c->conf.file));
	for (size_t i = 0; i < m.xl.n; i++)
		text_addf(out, "%s\n", m.xl.v[i]);
}

/* ---- libvirt ------------------------------------------------------------------------------- */

static const char *xml(const char *s)
{
	struct text t = { 0 };

	for (; *s; s++)
		text_add(&t, *s == '&'    ? "&amp;"
			     : *s == '<'  ? "&lt;"
			     : *s == '\'' ? "&apos;"
					  : mem_strn(s, 1));
	return text_str(&t);
}

static void xml_device(const struct attachment *a, unsigned *disks, struct text *out)
{
	if (a->file)
		text_addf(out,
		    "    <disk type='file' device='disk'>\n"
		    "      <driver name='qemu' type='raw'/>\n"
		    "      <source file='%s'/>\n"
		    "      <target dev='xvd%c' bus='xen'/>\n"
		    "    </disk>\n",
		    xml(absolute(a->file)), (int)('a' + (*disks)++ % 26));
	else
		text_addf(out,
		    "    <interface type='bridge'>\n"
		    "      <source bridge='%s'/>\n"
		    "    </interface>\n",
		    xml(a->interface));
}

void generate_libvirt(const struct configuration *c, struct text *out)
{
	struct attachments devices = { 0 };
	struct manifest m;
	unsigned disks = 0;

	configuration_manifest(c, &m);
	find_devices(&m, &devices);
	text_addf(out,
	    "<!-- %s_libvirt.xml: " GENERATED_MARK MIRAGE_VERSION " from %s. -->\n"
	    "<!-- 'virsh -c xen:/// create %s_libvirt.xml' starts it. -->\n"
	    "<domain type='xen'>\n"
	    "  <name>%s</name>\n"
	    "  <memory unit='MiB'>%llu</memory>\n"
	    "  <vcpu>1</vcpu>\n"
	    "  <os>\n"
	    "    <type arch='x86_64' machine='xenpvh'>xenpvh</type>\n"
	    "    <kernel>%s</kernel>\n"
	    "  </os>\n"
	    "  <clock offset='utc' adjustment='reset'/>\n"
	    "  <on_crash>destroy</on_crash>\n"
	    "  <devices>\n",
	    c->name, path_base(c->conf.file), c->name, xml(c->name), memory_mib(&m),
	    xml(absolute(m.image)));
	for (size_t i = 0; i < devices.n; i++)
		xml_device(&devices.v[i], &disks, out);
	text_add(out, "    <console type='pty'>\n      <target type='xen' port='0'/>\n"
		      "    </console>\n  </devices>\n</domain>\n");
}
