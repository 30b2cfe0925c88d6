/* The tree of files: what the program in tests/posix/ cannot see: stores that are read-only, full
 * or failing, disks, names of our own, what an image has left, fibers at the same file. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mir/kv_mem.h>
#include <mir/ramdisk.h>
#include <mir/test.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../calls.h"
#include "../tree.h"

static struct mir_kv_mem data, root;
static struct mir_ramdisk disk;
static int fails; /* of the failing store: what its next call returns */

/* Read-only: what is in `root`. */
static struct mir_kv_ops frozen_ops;
static struct mir_kv frozen = { .ops = &frozen_ops, .name = "frozen" };

static int frozen_stat(struct mir_kv *kv, struct mir_str key, struct mir_kv_stat *out)
{
	(void)kv;
	return fails ? fails : mir_kv_stat(&root.kv, key, out);
}

static int frozen_list(struct mir_kv *kv, struct mir_str key, mir_kv_visit *visit, void *arg)
{
	(void)kv;
	return fails ? fails : mir_kv_list(&root.kv, key, visit, arg);
}

static int64_t frozen_view(
    struct mir_kv *kv, struct mir_str key, uint64_t off, size_t max, struct mir_slice *out)
{
	(void)kv;
	return fails ? fails : mir_kv_view(&root.kv, key, off, max, out);
}

static struct mir_kv_ops frozen_ops = {
	.name = "frozen", .stat = frozen_stat, .list = frozen_list, .view = frozen_view
};

static void begin(bool with_root)
{
	struct mir_kv_mem_config config = { 200000, "data" };
	struct mir_ramdisk_config disk_config = { 1024 * 1024, "disk" };
	struct mir_posix_device devices[] = { { "data", &data.kv, NULL },
		{ "disk", NULL, &disk.block }, { "frozen", &frozen, NULL },
		{ "root", &root.kv, NULL } };

	mir_kv_mem_start(&data, &config);
	mir_kv_mem_start(&root, &config);
	mir_ramdisk_start(&disk, &disk_config);
	mir_kv_set(&root.kv, mir_str("/a/b"), "inside", 6);
	mir_kv_set(&data.kv, mir_str("/" MIR_TREE_OWN "7"), "left", 4);
	fails = 0;
	ok(mir_tree_start(devices, with_root ? 4 : 3, 100000) == 0, "started");
}

static void end(void)
{
	mir_fd_end();
	mir_tree_stop();
	mir_kv_mem_stop(&data);
	mir_kv_mem_stop(&root);
	mir_ramdisk_stop(&disk);
}

static long put(const char *path, const char *text)
{
	long fd = mir_sys_open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644), rc;

	if (fd < 0)
		return fd;
	rc = mir_sys_write((int)fd, text, strlen(text));
	mir_sys_close((int)fd);
	return rc;
}

static bool holds(const char *path, const char *text)
{
	char got[200] = "";
	long fd = mir_sys_open(path, O_RDONLY, 0), n;

	n = mir_sys_read((int)fd, got, sizeof(got) - 1);
	mir_sys_close((int)fd);
	return n == (long)strlen(text) && strcmp(got, text) == 0;
}

/* The names in a folder, in order of the store, with blanks between. */
static const char *names(const char *path)
{
	static char all[1000];
	uint8_t entries[500];
	long fd = mir_sys_open(path, O_RDONLY | O_DIRECTORY, 0), n;
	size_t len = 0;

	all[0] = '\0';
	while ((n = mir_sys_getdents64((int)fd, entries, sizeof(entries))) > 0) {
		for (long at = 0; at < n;) {
			const char *name = (const char *)entries + at + 19;
			uint16_t size;

			memcpy(&size, entries + at + 16, sizeof(size));
			at += size;
			if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
				continue;
			memcpy(all + len, name, strlen(name));
			len += strlen(name);
			all[len++] = ' ';
			all[len] = '\0';
		}
	}
	mir_sys_close((int)fd);
	return all;
}

static void read_only(void)
{
	struct stat st;
	struct statfs fs;

	begin(false);
	ok(strcmp(names("/"), "dev data frozen etc tmp ") == 0, "the root lists the stores: %s",
	    names("/"));
	ok(holds("/frozen/a/b", "inside"), "read");
	ok(put("/frozen/a/b", "x") == -EROFS && put("/frozen/new", "x") == -EROFS &&
		mir_sys_mkdir("/frozen/d", 0755) == -EROFS &&
		mir_sys_unlink("/frozen/a/b") == -EROFS && mir_sys_rmdir("/frozen/a") == -EROFS &&
		mir_sys_rename("/frozen/a/b", "/frozen/c") == -EROFS &&
		mir_sys_truncate("/frozen/a/b", 0) == -EROFS &&
		mir_sys_chmod("/frozen/a/b", 0600) == -EROFS &&
		mir_sys_access("/frozen/a/b", W_OK) == -EROFS &&
		mir_sys_open("/frozen/a", O_TMPFILE | O_RDWR, 0600) == -EROFS &&
		mir_sys_open("/frozen/a/b", O_RDONLY | O_TRUNC, 0) == -EROFS,
	    "EROFS");
	ok(put("/x", "x") == -EROFS && mir_sys_mkdir("/x", 0755) == -EROFS &&
		put("/etc/x", "x") == -EROFS && put("/dev/x", "x") == -EROFS &&
		mir_sys_unlink("/dev/null") == -EROFS && mir_sys_rmdir("/data") == -EBUSY,
	    "the root, /etc and /dev");
	ok(mir_sys_stat("/frozen/a/b", &st) == 0 && (st.st_mode & 0777) == 0444 &&
		mir_sys_stat("/frozen", &st) == 0 && (st.st_mode & 0777) == 0555,
	    "modes");
	ok(mir_sys_statfs("/frozen", &fs) == 0 && fs.f_flags == 1 &&
		mir_sys_statfs("/data", &fs) == 0 && fs.f_flags == 0,
	    "statfs");
	ok(mir_sys_rename("/data", "/tmp/x") == -EBUSY && put("/data/f", "f") == 1 &&
		mir_sys_rename("/data/f", "/tmp/f") == -EXDEV,
	    "between stores");
	ok(mir_sys_link("/data/f", "/data/g") == -EPERM &&
		mir_sys_symlink("f", "/data/g") == -EPERM &&
		mir_sys_symlink("f", "/data/f") == -EEXIST &&
		mir_sys_mknod("/data/g", S_IFIFO | 0600, 0) == -EPERM,
	    "no links, no special files");
	fails = MIR_EIO;
	ok(mir_sys_open("/frozen/a/b", O_RDONLY, 0) == -EIO &&
		mir_sys_stat("/frozen/a", &st) == -EIO && mir_sys_access("/frozen/a", 0) == -EIO,
	    "a store that is hurt");
	end();
}

static void hidden(void)
{
	char key[1200];
	long fd = -1;

	begin(false);
	ok(strcmp(names("/data"), "") == 0, "what an image has left is gone");
	ok(put("/data/" MIR_TREE_OWN "x", "x") == -EACCES &&
		mir_sys_access("/data/" MIR_TREE_OWN "x", F_OK) == -EACCES,
	    "names of our own");
	ok(mir_sys_mkdir("/data/d", 0755) == 0 && strcmp(names("/data/d"), "") == 0 &&
		strcmp(names("/data"), "d ") == 0,
	    "an empty folder");
	ok(put("/data/d/f", "f") == 1 && (fd = mir_sys_open("/data/d/f", O_RDWR, 0)) >= 0 &&
		mir_sys_unlink("/data/d/f") == 0 && strcmp(names("/data/d"), "") == 0 &&
		strcmp(names("/data"), "d ") == 0 && data.count == 2,
	    "a file without a name");
	ok(mir_sys_write((int)fd, "more", 4) == 4 && mir_sys_close((int)fd) == 0 && data.count == 1,
	    "goes when it is closed");
	ok(mir_sys_rmdir("/data/d") == 0 && data.count == 0, "nothing stays");
	memset(key, 'k', sizeof(key));
	memcpy(key, "/data/", 6);
	for (int i = 200; i < 1200; i += 200)
		key[i] = '/';
	key[1100] = '\0';
	ok(mir_sys_access(key, F_OK) == -ENAMETOOLONG && put(key, "x") == -ENAMETOOLONG,
	    "a key that is too long for stores");
	ok(mir_sys_access(NULL, F_OK) == -EFAULT, "no path");
	end();
}

static void full(void)
{
	static char big[150000];
	struct stat st;
	long fd;

	begin(false);
	memset(big, 'x', sizeof(big) - 1);
	ok(put("/data/big", big) == (long)sizeof(big) - 1, "nearly full");
	ok(put("/data/more", big) == -ENOSPC && put("/tmp/more", big) == -ENOSPC, "ENOSPC");
	fd = mir_sys_open("/data/big", O_RDWR, 0);
	ok(mir_sys_ftruncate((int)fd, INT64_MAX) < 0 && mir_sys_fstat((int)fd, &st) == 0 &&
		st.st_size == sizeof(big) - 1,
	    "far too large");
	ok(mir_sys_pwrite64((int)fd, "x", 1, INT64_MAX - 5) == -EFBIG, "EFBIG");
	ok(mir_sys_ftruncate((int)fd, 100) == 0 && put("/data/more", "x") == 1, "room again");
	ok(mir_sys_fallocate((int)fd, 0, 0, 200) == 0 && mir_sys_fstat((int)fd, &st) == 0 &&
		st.st_size == 200 && mir_sys_fallocate((int)fd, 1, 0, 9) == -EOPNOTSUPP,
	    "fallocate");
	end();
}

static void disks(void)
{
	char buf[2000];
	struct stat st;
	uint64_t size = 0;
	int sector = 0;
	long fd;

	begin(false);
	fd = mir_sys_open("/dev/disk", O_RDWR, 0);
	ok(fd >= 0 && mir_sys_fstat((int)fd, &st) == 0 && S_ISBLK(st.st_mode) &&
		st.st_size == 1024 * 1024,
	    "a disk");
	ok(mir_sys_ioctl((int)fd, (int)_IOR(0x12, 114, size_t), &size) == 0 &&
		size == 1024 * 1024 && mir_sys_ioctl((int)fd, _IO(0x12, 104), &sector) == 0 &&
		sector == 512 && mir_sys_lseek((int)fd, 0, SEEK_END) == 1024 * 1024,
	    "its size");
	memset(buf, 'd', sizeof(buf));
	ok(mir_sys_pwrite64((int)fd, buf, 1000, 300) == 1000 &&
		mir_sys_pwrite64((int)fd, "!", 1, 511) == 1,
	    "written at any byte");
	memset(buf, 0, sizeof(buf));
	ok(mir_sys_pread64((int)fd, buf, 1100, 250) == 1100 && buf[49] == 0 && buf[50] == 'd' &&
		buf[261] == '!' && buf[1049] == 'd' && buf[1050] == 0,
	    "read");
	ok(mir_sys_pread64((int)fd, buf, 100, 1024 * 1024 - 10) == 10 &&
		mir_sys_pread64((int)fd, buf, 100, 1024 * 1024) == 0 &&
		mir_sys_pwrite64((int)fd, buf, 100, 1024 * 1024 - 10) == 10 &&
		mir_sys_pwrite64((int)fd, buf, 100, 1024 * 1024) == -ENOSPC,
	    "the end");
	ok(mir_sys_fsync((int)fd) == 0 && mir_sys_ftruncate((int)fd, 0) == -EINVAL, "sync");
	mir_sys_close((int)fd);
	disk.block.writable = false;
	ok(mir_sys_open("/dev/disk", O_RDWR, 0) == -EROFS, "read-only");
	end();
}

static void etc(void)
{
	begin(true);
	ok(holds("/a/b", "inside") && put("/new", "x") == 1, "a store that is the root");
	ok(holds("/etc/passwd", "root:x:0:0:root:/:/bin/sh\n"), "made up");
	ok(holds("/etc/resolv.conf", ""), "no name server");
	mir_posix_name_servers(NULL, "10.0.0.1:5353, 10.0.0.2");
	ok(holds("/etc/resolv.conf", "nameserver 10.0.0.1\nnameserver 10.0.0.2\n"), "two");
	mir_posix_name_servers(NULL, NULL);
	ok(mir_sys_mkdir("/etc", 0755) == -EEXIST && put("/etc/own", "x") == -ENOENT,
	    "a folder is needed");
	mir_kv_set(&root.kv, mir_str("/etc/passwd"), "other", 5);
	ok(holds("/etc/passwd", "other") && put("/etc/own", "x") == 1 && holds("/etc/own", "x"),
	    "the root's come first");
	ok(holds("/etc/group", "root:x:0:\n"), "and the others stay");
	ok(strcmp(names("/"), "a etc new dev data frozen tmp ") == 0, "both are listed: %s",
	    names("/"));
	end();
}

static void clash(void)
{
	struct mir_posix_device twice[] = { { "tmp", &root.kv, NULL }, { "dev", &root.kv, NULL } };
	struct mir_posix_device null = { "null", NULL, &disk.block };

	ok(mir_tree_start(twice, 2, 1000) == MIR_EEXIST, "/dev is taken");
	mir_tree_stop();
	ok(mir_tree_start(&null, 1, 1000) == MIR_EEXIST, "so is /dev/null");
	mir_tree_stop();
}

struct writer {
	int fd;
	char letter;
	long total;
};

static void append(void *arg)
{
	struct writer *w = arg;

	for (int i = 0; i < 20; i++) {
		char text[10];

		memset(text, w->letter, sizeof(text));
		w->total += mir_sys_write(w->fd, text, sizeof(text));
		mir_yield();
	}
}

static void together(void)
{
	struct writer w[3];
	struct mir_fiber *f[3];
	char all[600];
	bool good = true;
	long fd;

	begin(false);
	for (int i = 0; i < 3; i++) {
		w[i] = (struct writer){ (int)mir_sys_open(
					    "/data/log", O_CREAT | O_WRONLY | O_APPEND, 0644),
			(char)('a' + i), 0 };
		f[i] = mir_spawn_joinable("writer", append, &w[i]);
	}
	for (int i = 0; i < 3; i++) {
		mir_join(f[i]);
		mir_sys_close(w[i].fd);
	}
	fd = mir_sys_open("/data/log", O_RDONLY, 0);
	ok(mir_sys_read((int)fd, all, sizeof(all)) == 600, "nothing is lost");
	mir_sys_close((int)fd);
	for (int i = 0; i < 600; i++)
		good = good && all[i] == all[i / 10 * 10];
	ok(good, "nor mixed");
	end();
}

int main(void)
{
	RUN(read_only);
	RUN(hidden);
	RUN(full);
	RUN(disks);
	RUN(etc);
	RUN(clash);
	RUN(together);
	return mir_test_end();
}
