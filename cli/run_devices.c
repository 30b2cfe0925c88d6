/* run_devices.c: what an image is given by its tender or hypervisor: memory, networks, disks,
 * arguments.  Which there are and where they are on the host, the manifest's run-KEYs say.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "run.h"
#include "value.h"

#define MIB (1ull << 20)

/* "16" is MiB where `plain_mib`; "64M" a size. */
static bool read_memory(const char *text, bool plain_mib, uint64_t *mib)
{
	bool plain = text[strspn(text, "0123456789")] == '\0';
	uint64_t bytes, limit = 1ull << 40;

	if (value_size(text, &bytes)) {
		if (plain && plain_mib)
			bytes = bytes < limit / MIB ? bytes * MIB : 0;
		*mib = bytes / MIB;
		if (bytes >= MIB && bytes <= limit)
			return true;
	}
	diag_error(NULL, "'%s' is not memory for an image", text);
	diag_expected(plain_mib ? "MiB, as --mem=64, or a size from 1M to 1024G"
				: "a size of 1M or more, as memory: 64M");
	return false;
}

bool memory_wanted(const struct manifest *m, const struct arguments *args, uint64_t *mib)
{
	const char *mem = argument_value(args, "mem");

	*mib = 0;
	if (mem)
		return read_memory(mem, true, mib);
	return !*m->memory || read_memory(m->memory, false, mib);
}

/* The value of a run-NAME key of a group, "" if there is none. */
static const char *run_value(
    const struct manifest *m, const struct arguments *args, const char *group, const char *name)
{
	for (size_t i = 0; i < m->n_runs; i++) {
		const char *given;

		if (!str_eq(m->runs[i].group, group) || !str_eq(m->runs[i].name, name))
			continue;
		given = boot_argument(args, m->runs[i].option);
		return given ? given : m->runs[i].value;
	}
	return "";
}

static bool has_run(const struct manifest *m, const char *group, const char *name)
{
	for (size_t i = 0; i < m->n_runs; i++)
		if (str_eq(m->runs[i].group, group) && str_eq(m->runs[i].name, name))
			return true;
	return false;
}

/* A file that is not there is made, where its size is known. */
static bool make_disk(const char *group, const char *path, const char *size)
{
	uint64_t bytes;
	int fd, rc = 0;

	if (path[0] == '@' || file_exists(path) || access(path, F_OK) == 0 || errno != ENOENT)
		return true;
	if (!value_size(size, &bytes)) {
		diag_error(NULL, "disk '%s': '%s' is not a size", group, size);
		diag_expected("%s", value_check("size", size));
		return false;
	}
	if (!bytes) {
		diag_error(NULL, "disk '%s': there is no '%s'", group, path);
		diag_note("with its size it is made: %s-size: 64M in the .conf, or --%s-size=64M",
		    group, group);
		return false;
	}
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0)
		rc = errno;
	if (fd >= 0)
		close(fd);
	if (rc == 0) {
		diag_info("disk '%s': made %s, %s", group, path, size);
		return true;
	}
	if (fd >= 0)
		unlink(path);
	diag_error(NULL, "disk '%s': cannot make '%s': %s", group, path, strerror(rc));
	return false;
}

static bool find_disk(
    const struct manifest *m, const struct arguments *args, struct attachment *out)
{
	const char *group = out->name, *sector = run_value(m, args, group, "sector-size");

	out->file = run_value(m, args, group, "file");
	if (!*out->file || str_eq(out->file, "default")) {
		diag_error(NULL, "disk '%s': no file is named", group);
		diag_expected("--block:%s=FILE, or 'block-%s: FILE' in the .conf", group, group);
		return false;
	}
	out->sector = str_eq(sector, "0") ? "" : sector;
	return make_disk(group, out->file, run_value(m, args, group, "size"));
}

bool attachments_find(
    const struct manifest *m, const struct arguments *args, struct attachments *out)
{
	for (size_t i = 0; i < m->n_devices; i++) {
		const struct manifest_device *d = &m->devices[i];
		struct attachment a = { .name = *d->network ? d->network : d->disk };

		if (*d->network) {
			a.interface = run_value(m, args, a.name, "interface");
			a.mac = run_value(m, args, a.name, "net-mac");
		} else if (!*d->disk || !has_run(m, d->disk, "file")) {
			continue;
		} else if (!find_disk(m, args, &a)) {
			return false;
		}
		out->v = mem_grow(out->v, out->n, &out->cap, sizeof *out->v);
		out->v[out->n++] = a;
	}
	return true;
}

/* Is it an argument of the run, which the image does not see? */
static bool is_run_option(const struct manifest *m, const char *word)
{
	size_t n = strcspn(word, "=");

	for (size_t i = 0; i < m->n_runs; i++)
		if (strlen(m->runs[i].option) == n && memcmp(m->runs[i].option, word, n) == 0)
			return true;
	return false;
}

void image_arguments(const struct manifest *m, const struct arguments *args,
    const struct list *boot, struct list *argv)
{
	for (size_t i = 0; i < boot->n; i++)
		list_add(argv, boot->v[i]);
	for (size_t i = 0; i < args->keys.n; i++)
		if (!is_run_option(m, args->keys.v[i]))
			list_addf(argv, "--%s", args->keys.v[i]);
	for (size_t i = 0; i < args->rest.n; i++) {
		const char *word = args->rest.v[i];

		if (!str_starts(word, "--") || !is_run_option(m, word + 2))
			list_add(argv, word);
		else if (!strchr(word, '=') && i + 1 < args->rest.n)
			i++; /* its value */
	}
}
