/* image.c: `mirage image`: a disk that starts the image, on machines that start from disks. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "configure.h"
#include "diag.h"
#include "image.h"
#include "image_command.h"
#include "process.h"
#include "run.h"
#include "value.h"

const struct option options_image[] = {
	OPTIONS_TARGET,
	{ "format", 0, "FORMAT", "raw (unless told), qcow2, gce, ami or iso" },
	{ "output", 'o', "FILE", "the file, instead of dist/NAME.img" },
	{ "size", 0, "SIZE", "of the disk, as 1G; the least unless told" },
	{ "set-args", 0, "FILE", "change the boot arguments in a disk that is there" },
	OPTION_END,
};

/* The time of what is in the image: one that does not pass. */
static int64_t seconds(void)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");

	return epoch ? strtoll(epoch, NULL, 10) : 0;
}

static void image_words(const struct arguments *args, struct list *out)
{
	for (size_t i = 0; i < args->keys.n; i++)
		list_addf(out, "--%s", args->keys.v[i]);
	for (size_t i = 0; i < args->rest.n; i++)
		list_add(out, args->rest.v[i]);
}

/* ---- a new one ---------------------------------------------------------------------------- */

static bool choose_size(const char *text, uint64_t multiple, uint64_t *out)
{
	*out = 0;
	if (text && (!value_size(text, out) || !*out || *out > 1ull << 44)) {
		diag_error(NULL, "'%s' is no size of a disk", text);
		diag_expected("as --size=64M or --size=1G");
		return false;
	}
	if (*out % multiple)
		*out += multiple - *out % multiple;
	if (!*out && multiple > MIB)
		*out = multiple;
	return true;
}

bool image_make(const struct manifest *m, const struct list *words, const char *format,
    const char *size, const char *output)
{
	struct disk_parts parts = { .seconds = seconds() };
	const char *suffix;
	uint64_t multiple;
	struct disk d = { 0 };
	int rc;

	if (!*m->loader) {
		diag_error(NULL, "images of -t %s are not started from a disk", m->target);
		diag_expected("-t virtio");
		return false;
	}
	if (!image_format(format, &suffix, &multiple, &parts.cd)) {
		diag_error(NULL, "'%s' is no format of a disk image", format);
		diag_expected("one of %s", image_formats());
		return false;
	}
	if (parts.cd && size) {
		diag_error(NULL, "a CD is as large as what is on it: it takes no --size");
		return false;
	}
	if (!choose_size(size, multiple, &parts.size) || !(parts.config = grub_config(words)) ||
	    !grub_make(&parts))
		return false;
	if ((rc = file_read(m->image, &parts.kernel)) < 0) {
		diag_error(NULL, "cannot read '%s': %s", m->image, strerror(-rc));
		return false;
	}
	return (parts.cd ? iso_make(&parts, &d) : disk_make(&parts, &d)) &&
	       image_write(&d, format, parts.seconds, output);
}

const char *image_path(const struct manifest *m, const char *format)
{
	const char *suffix = "";
	uint64_t multiple;
	bool cd;

	image_format(format, &suffix, &multiple, &cd);
	return mem_fmt("dist/%s%s", m->name, suffix);
}

void image_paths(const struct manifest *m, struct list *out)
{
	struct list names = { 0 };

	list_split(&names, image_formats(), ',');
	for (size_t i = 0; i < names.n; i++)
		list_add(out, image_path(m, names.v[i]));
}

static int make(const struct arguments *args)
{
	const char *format = argument_value(args, "format"),
		   *output = argument_value(args, "output");
	struct list words = { 0 };
	struct manifest m;
	struct stat st;
	int rc;

	if ((rc = build_image(args, &m)))
		return rc;
	format = format ? format : "raw";
	output = output ? output : image_path(&m, format);
	image_words(args, &words);
	if (!image_make(&m, &words, format, argument_value(args, "size"), output))
		return EXIT_FAILED;
	if (stat(output, &st) == 0)
		printf("%s (%s, %lld kB, %lld kB on this disk)\n", output, format,
		    (long long)(st.st_size + 1023) / 1024, (long long)st.st_blocks / 2);
	return EXIT_OK;
}

/* ---- other arguments in one that is there --------------------------------------------------- */

static const char *change(uint8_t *p, size_t n, const struct list *words, bool *reported)
{
	const char *wrong, *config;
	uint64_t at, len;

	*reported = false;
	if ((wrong = disk_find_esp(p, n, &at, &len)) && iso_find_esp(p, n, &at, &len))
		return wrong;
	config = grub_config(words);
	*reported = !config;
	return config ? fat_replace(p + at, len, IMAGE_CONFIG, config, CONFIG_ROOM, '\n') : NULL;
}

/* Only the beginning is read: our partitions are there. */
static int change_raw(const char *path, const struct list *words)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), rc = EXIT_FAILED;
	const char *wrong = NULL;
	bool reported = false;
	struct stat st;
	uint8_t *p;
	size_t n;

	if (fd < 0 || fstat(fd, &st) < 0) {
		diag_error(NULL, "cannot open '%s': %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return EXIT_FAILED;
	}
	n = st.st_size > FILE_MAX ? FILE_MAX : (size_t)st.st_size;
	p = mem_new(n + 1);
	if (pread(fd, p, n, 0) != (ssize_t)n)
		wrong = "it cannot be read";
	else
		wrong = change(p, n, words, &reported);
	if (!wrong && !reported && pwrite(fd, p, n, 0) != (ssize_t)n)
		wrong = strerror(errno);
	if (wrong)
		diag_error(NULL, "the arguments in '%s' cannot be changed: %s", path, wrong);
	else if (!reported)
		rc = EXIT_OK;
	close(fd);
	return rc;
}

static bool qemu_img(const char *from, const char *from_format, const char *to, const char *format)
{
	char *argv[] = { mem_str("qemu-img"), mem_str("convert"), mem_str("-f"),
		mem_str(from_format), mem_str("-O"), mem_str(format), mem_str(from), mem_str(to),
		NULL };
	struct text said = { 0 };
	int rc = process_run(argv, &said, &said);

	if (rc == 0)
		return true;
	diag_error(NULL, "qemu-img fails: %s",
	    rc < 0 ? "it is not there; its package is qemu-utils" : str_trim(text_str(&said)));
	return false;
}

static int set_args(const struct arguments *args, const char *path)
{
	const char *raw = mem_fmt("%s.%ld.tmp", path, (long)getpid());
	const char *packed = mem_fmt("%s.%ld.new.tmp", path, (long)getpid());
	struct list words = { 0 };
	char magic[4] = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = EXIT_FAILED;

	image_words(args, &words);
	if (fd < 0 || read(fd, magic, sizeof(magic)) < 0)
		magic[0] = 0;
	if (fd >= 0)
		close(fd);
	if (memcmp(magic, "QFI\xfb", 4) != 0)
		return change_raw(path, &words);
	if (qemu_img(path, "qcow2", raw, "raw") && change_raw(raw, &words) == EXIT_OK &&
	    qemu_img(raw, "raw", packed, "qcow2")) {
		rc = rename(packed, path) == 0 ? EXIT_OK : EXIT_FAILED;
		if (rc)
			diag_error(NULL, "cannot write '%s': %s", path, strerror(errno));
	}
	unlink(raw);
	unlink(packed);
	return rc;
}

int command_image(const struct arguments *args)
{
	static const char *const other[] = { "format", "output", "size" };
	const char *path = argument_value(args, "set-args");

	if (!path)
		return make(args);
	for (size_t i = 0; i < MIR_COUNT(other); i++)
		if (argument_given(args, other[i])) {
			diag_error(NULL, "--%s and --set-args exclude each other", other[i]);
			return EXIT_USAGE;
		}
	return set_args(args, path);
}
