/* image_pack.c: a disk as a file: raw, qcow2, or as Google Compute Engine takes it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "image.h"
#include "process.h"

#define GIB     (1024 * MIB)
#define TAR_MAX (8 * GIB)

static bool write_raw(const struct disk *, int64_t seconds, const char *path);
static bool write_qcow2(const struct disk *, int64_t seconds, const char *path);
static bool write_gce(const struct disk *, int64_t seconds, const char *path);

static const struct format {
	const char *name, *suffix;
	uint64_t multiple; /* of what its size must be; 0: it has no say in it */
	bool (*write)(const struct disk *, int64_t seconds, const char *path);
} formats[] = {
	{ "raw", ".img", MIB, write_raw },
	{ "qcow2", ".qcow2", MIB, write_qcow2 },
	/* disk.raw, whole GiB, in a tar of GNU's old format, compressed. */
	{ "gce", ".tar.gz", GIB, write_gce },
	/* import-snapshot takes a raw disk and counts in GiB. */
	{ "ami", ".ami", MIB, write_raw },
	{ "iso", ".iso", 0, write_raw },
};

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; i < MIR_COUNT(formats); i++)
		if (str_eq(formats[i].name, name))
			return &formats[i];
	return NULL;
}

bool image_format(const char *name, const char **suffix, uint64_t *multiple, bool *cd)
{
	const struct format *f = find_format(name);

	if (!f)
		return false;
	*suffix = f->suffix;
	*cd = !f->multiple;
	*multiple = *cd ? 1 : f->multiple;
	return true;
}

const char *image_formats(void)
{
	struct list names = { 0 };

	for (size_t i = 0; i < MIR_COUNT(formats); i++)
		list_add(&names, formats[i].name);
	return list_join(&names, ", ");
}

static bool failed(const char *path, int error)
{
	diag_error(NULL, "cannot write '%s': %s", path, strerror(error));
	return false;
}

static bool put(int fd, const void *data, size_t len, uint64_t at)
{
	const uint8_t *p = data;

	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return true;
}

/* Pages of zeros stay holes. */
static bool put_sparse(int fd, const uint8_t *p, size_t len, uint64_t at)
{
	static const uint8_t zeros[4096];

	for (size_t i = 0, n; i < len; i += n) {
		n = len - i < sizeof(zeros) ? len - i : sizeof(zeros);
		if (memcmp(p + i, zeros, n) != 0 && !put(fd, p + i, n, at + i))
			return false;
	}
	return true;
}

static bool write_raw(const struct disk *d, int64_t seconds, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), error = 0;

	(void)seconds;
	if (fd < 0)
		return failed(path, errno);
	if (ftruncate(fd, (off_t)d->total) < 0 || !put_sparse(fd, d->p, d->len, 0) ||
	    (!d->plain && !put(fd, d->backup, sizeof(d->backup), d->total - sizeof(d->backup))))
		error = errno;
	if (close(fd) < 0 && !error)
		error = errno;
	return error ? failed(path, error) : true;
}

/* Run a program over the file `made`, which is removed. */
static bool convert(struct list *argv, const char *package, const char *made)
{
	struct text said = { 0 };
	int rc = process_run(argv->v, &said, &said);

	unlink(made);
	if (rc == 0)
		return true;
	if (rc == -ENOENT) {
		diag_error(NULL, "there is no '%s'", argv->v[0]);
		diag_expected("the package %s: sudo apt-get install %s", package, package);
	} else {
		diag_error(NULL, "%s fails (%d)", argv->v[0], rc);
		diag_found("%s", str_trim(text_str(&said)));
	}
	return false;
}

static bool write_qcow2(const struct disk *d, int64_t seconds, const char *path)
{
	const char *raw = mem_fmt("%s.raw", path);
	struct list argv = { 0 };

	if (!write_raw(d, seconds, raw))
		return false;
	list_split(&argv, "qemu-img convert -f raw -O qcow2", ' ');
	list_add(&argv, raw);
	list_add(&argv, path);
	return convert(&argv, "qemu-utils", raw);
}

/* ---- tar ------------------------------------------------------------------------------------ */

static void octal(char *at, size_t len, uint64_t v)
{
	at[--len] = '\0';
	for (; len > 0; v >>= 3)
		at[--len] = (char)('0' + (v & 7));
}

static uint64_t align(uint64_t n)
{
	return (n + SECTOR - 1) / SECTOR * SECTOR;
}

/* GNU's old format with its map of holes: what there is at the beginning, and the backup at the
 * end. */
static void tar_header(const struct disk *d, int64_t seconds, char h[SECTOR])
{
	unsigned sum = 0;

	memset(h, 0, SECTOR);
	memcpy(h, "disk.raw", 8);
	octal(h + 100, 8, 0644);
	octal(h + 108, 8, 0);
	octal(h + 116, 8, 0);
	octal(h + 124, 12, align(d->len) + sizeof(d->backup));
	octal(h + 136, 12, seconds > 0 ? (uint64_t)seconds : 0);
	h[156] = 'S';
	memcpy(h + 257, "ustar  ", 8);
	memcpy(h + 265, "root", 4);
	memcpy(h + 297, "root", 4);
	octal(h + 386, 12, 0);
	octal(h + 398, 12, align(d->len));
	octal(h + 410, 12, d->total - sizeof(d->backup));
	octal(h + 422, 12, sizeof(d->backup));
	octal(h + 483, 12, d->total);
	memset(h + 148, ' ', 8);
	for (int i = 0; i < (int)SECTOR; i++)
		sum += (unsigned char)h[i];
	octal(h + 148, 7, sum);
}

static bool write_tar(const struct disk *d, int64_t seconds, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	uint64_t end = SECTOR + align(d->len);
	char header[SECTOR];
	bool done;

	if (fd < 0)
		return failed(path, errno);
	tar_header(d, seconds, header);
	/* Two empty records are the end, filled up to 20. */
	done = put(fd, header, SECTOR, 0) && put_sparse(fd, d->p, d->len, SECTOR) &&
	       put(fd, d->backup, sizeof(d->backup), end) &&
	       ftruncate(fd,
		   (off_t)((end + sizeof(d->backup) + 2 * SECTOR + 10239) / 10240 * 10240)) == 0;
	if (!done)
		failed(path, errno);
	return close(fd) == 0 && done;
}

static bool write_gce(const struct disk *d, int64_t seconds, const char *path)
{
	const char *tar = mem_fmt("%s.tar", path), *zipped = mem_fmt("%s.gz", tar);
	struct list argv = { 0 };

	if (d->total >= TAR_MAX) {
		diag_error(NULL, "a tar of this format holds less than 8 GiB");
		diag_expected("a smaller --size; a disk can be larger than its image");
		return false;
	}
	if (!write_tar(d, seconds, tar))
		return false;
	list_split(&argv, "gzip -n -f", ' ');
	list_add(&argv, tar);
	if (!convert(&argv, "gzip", tar))
		return false;
	return rename(zipped, path) == 0 || failed(path, errno);
}

bool image_write(const struct disk *d, const char *format, int64_t seconds, const char *path)
{
	const char *temporary = mem_fmt("%s.%ld.tmp", path, (long)getpid());
	const struct format *f = find_format(format);
	int rc = dir_make(path_dir(path));

	if (rc < 0)
		return failed(path, -rc);
	if (!f->write(d, seconds, temporary)) {
		unlink(temporary);
		return false;
	}
	return rename(temporary, path) == 0 || failed(path, errno);
}
