/* file.c: a disk in a file. */
#include <fcntl.h>
#include <mir/block_file.h>
#include <mir/log.h>
#include <mir/test.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/mir-block-XXXXXX";
static char path[64];
static uint8_t a[8192], b[8192];

static int start(struct mir_block_file *f, uint64_t size)
{
	return mir_block_file_start(f, &(struct mir_block_file_config){ path, size, "test" });
}

static void keeps(void)
{
	struct mir_block_file f, g;
	struct mir_iov w[2] = { { a, 512 }, { a + 512, 1024 } }, r = { b, 1536 }, all = { b, 8192 };
	struct stat st;

	ok(start(&f, 0) == MIR_ENOENT, "no file");
	ok(start(&f, 8192) == 0 && f.block.sectors == 16 && f.block.writable, "made of a size");
	ok(start(&g, 0) == MIR_EBUSY, "not for two at once");
	for (size_t i = 0; i < sizeof(a); i++)
		a[i] = (uint8_t)(i * 13 + 1);
	ok(mir_block_write(&f.block, 3, w, 2) == 0 && mir_block_barrier(&f.block) == 0, "written");
	mir_block_file_stop(&f);
	ok(start(&f, 0) == 0 && f.block.sectors == 16, "opened again");
	ok(mir_block_read(&f.block, 3, &r, 1) == 0 && memcmp(a, b, 1536) == 0, "it is there");
	ok(mir_block_read(&f.block, 16, &r, 1) == MIR_EINVAL, "past the end");
	ok(mir_block_read(&f.block, 14, &r, 1) == MIR_EINVAL, "across the end");
	r.len = 100;
	ok(mir_block_read(&f.block, 0, &r, 1) == MIR_EINVAL, "not a whole sector");
	ok(mir_block_discard(&f.block, 0, 8) <= 0, "a discard is a hint");
	ok(mir_block_read(&f.block, 0, &all, 1) == 0, "and all can be read");
	ok(stat(path, &st) == 0 && st.st_size == 8192, "the file keeps its size");
	ok(truncate(path, 4096) == 0 && mir_block_read(&f.block, 0, &all, 1) == MIR_EIO,
	    "a file that became shorter is an error");
	mir_block_file_stop(&f);
	ok(truncate(path, 100) == 0 && start(&f, 0) == MIR_EINVAL, "less than a sector");
}

static void refuses(void)
{
	struct mir_block_file f;
	struct mir_block_file_config folder = { dir, 0, "test" }, none = { "", 0, "test" };

	ok(mir_block_file_start(&f, &folder) == MIR_EINVAL, "a folder");
	ok(mir_block_file_start(&f, &none) == MIR_EINVAL, "no name");
}

static void quiet(void *arg, const char *text, size_t len)
{
	(void)arg;
	(void)text;
	(void)len;
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/disk", dir);
	mir_log_sink(quiet, NULL);
	RUN(keeps);
	RUN(refuses);
	unlink(path);
	rmdir(dir);
	return mir_test_end();
}
