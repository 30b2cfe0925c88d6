/* files.c: what a program of the C world does with files; prints what it sees.  The same lines must
 * come from an image and from Linux (tests/long/posix.t).
 *
 *	files FOLDER     works in FOLDER, which is empty and can be written
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The call, its result, and the error where it failed. */
#define SAY(call)                                                                                  \
	do {                                                                                       \
		errno = 0;                                                                         \
		long rc_ = (long)(call);                                                           \
		printf("%d %s: %ld%s%s\n", __LINE__, #call, rc_, rc_ == -1 ? " " : "",             \
		    rc_ == -1 && errno ? strerrorname(errno) : "");                                \
	} while (0)

static const char *strerrorname(int e)
{
	static const struct {
		int e;
		const char *name;
	} all[] = { { ENOENT, "ENOENT" }, { ENOTDIR, "ENOTDIR" }, { EISDIR, "EISDIR" },
		{ EEXIST, "EEXIST" }, { ENOTEMPTY, "ENOTEMPTY" }, { EINVAL, "EINVAL" },
		{ EBADF, "EBADF" }, { ESPIPE, "ESPIPE" }, { ENAMETOOLONG, "ENAMETOOLONG" },
		{ EACCES, "EACCES" }, { EROFS, "EROFS" }, { ENOSPC, "ENOSPC" }, { EPERM, "EPERM" },
		{ EBUSY, "EBUSY" }, { ENODEV, "ENODEV" }, { EXDEV, "EXDEV" }, { ENOTTY, "ENOTTY" },
		{ ENXIO, "ENXIO" }, { EFBIG, "EFBIG" }, { ERANGE, "ERANGE" }, { ELOOP, "ELOOP" },
		{ ENOSYS, "ENOSYS" }, { EFAULT, "EFAULT" } };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i].e == e)
			return all[i].name;
	return strerror(e);
}

static void show(const char *path)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof text - 1);

	printf("%s: %zd \"%s\"\n", path, n, n > 0 ? text : "");
	close(fd);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		printf("cannot write %s\n", path);
	close(fd);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char *names[100];
	size_t n = 0;

	printf("%s:", path);
	while (d && (e = readdir(d)) && n < 100) {
		struct stat st;

		if (fstatat(dirfd(d), e->d_name, &st, 0) != 0)
			printf(" (no %s)", e->d_name);
		else if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && st.st_ino != e->d_ino)
			printf(" (another number)");
		if (asprintf(&names[n], "%s%s", e->d_name, e->d_type == DT_DIR ? "/" : "") > 0)
			n++;
	}
	qsort(names, n, sizeof *names, by_name);
	for (size_t i = 0; i < n; i++) {
		printf(" %s", names[i]);
		free(names[i]);
	}
	printf("\n");
	if (d)
		closedir(d);
}

static void streams(void)
{
	FILE *f = fopen("stream", "w+");
	char line[100];
	long at;

	printf("stream %d\n", f != NULL);
	for (int i = 0; i < 1000; i++)
		fprintf(f, "line %d\n", i);
	SAY(fflush(f));
	SAY(ftell(f));
	SAY(fseek(f, 8, SEEK_SET));
	printf("%s", fgets(line, sizeof line, f));
	SAY(fseek(f, -9, SEEK_END));
	printf("%s", fgets(line, sizeof line, f));
	SAY(fgetc(f));
	SAY(feof(f) != 0);
	rewind(f);
	SAY(fscanf(f, "line %ld", &at));
	printf("%ld\n", at);
	SAY(fclose(f));
	f = fopen("stream", "a");
	SAY(fputs("more\n", f) >= 0);
	SAY(ftell(f));
	SAY(fclose(f));
	f = fopen("stream", "r+");
	SAY(fwrite("LINE", 1, 4, f));
	SAY(fseek(f, 0, SEEK_CUR));
	printf("%s", fgets(line, sizeof line, f));
	SAY(fclose(f));
	show("stream");
	SAY(fopen("none", "r") == NULL);
	SAY(fopen("stream", "wx") == NULL);
	f = tmpfile();
	SAY(f != NULL);
	fputs("temporary", f);
	rewind(f);
	SAY(fread(line, 1, sizeof line, f));
	fclose(f);
	SAY(remove("stream"));
	SAY(remove("stream"));
}

static void opening(void)
{
	char buf[10];
	int fd;

	SAY(open("a", O_RDONLY));
	SAY(fd = open("a", O_CREAT | O_RDWR, 0644));
	SAY(open("a", O_CREAT | O_EXCL | O_RDWR, 0644));
	SAY(write(fd, "hello world", 11));
	SAY(lseek(fd, 0, SEEK_CUR));
	SAY(pread(fd, buf, 5, 6));
	SAY(pwrite(fd, "W", 1, 6));
	SAY(lseek(fd, -1, SEEK_SET));
	SAY(lseek(fd, 100, SEEK_SET));
	SAY(read(fd, buf, 5));
	SAY(write(fd, "!", 1));
	SAY(lseek(fd, 0, SEEK_END));
	SAY(pread(fd, buf, 5, 50));
	printf("%d %d\n", buf[0], buf[4]);
	SAY(ftruncate(fd, 5));
	SAY(lseek(fd, 0, SEEK_END));
	show("a");
	SAY(ftruncate(fd, -1));
	SAY(ftruncate(fd, 8));
	show("a");
	SAY(close(fd));
	SAY(close(fd));
	SAY(read(fd, buf, 1));
	SAY(fd = open("a", O_WRONLY | O_APPEND));
	SAY(write(fd, "xyz", 3));
	SAY(pwrite(fd, "Q", 1, 0));
	SAY(read(fd, buf, 1));
	SAY(lseek(fd, 0, SEEK_CUR));
	SAY(fcntl(fd, F_GETFL) & (O_APPEND | O_ACCMODE));
	SAY(close(fd));
	SAY(truncate("a", 3));
	show("a");
	SAY(fd = open("a", O_RDONLY));
	SAY(write(fd, "x", 1));
	SAY(ftruncate(fd, 0));
	SAY(fsync(fd));
	SAY(lseek(fd, 1, SEEK_DATA));
	SAY(lseek(fd, 1, SEEK_HOLE));
	SAY(lseek(fd, 99, SEEK_DATA));
	SAY(close(fd));
	SAY(open("a/", O_RDONLY));
	SAY(open("a/b", O_RDONLY));
	SAY(open("a/b", O_CREAT | O_WRONLY, 0644));
	SAY(open("no/b", O_CREAT | O_WRONLY, 0644));
	SAY(open("no/", O_CREAT | O_WRONLY, 0644));
	SAY(open("", O_RDONLY));
	SAY(open("a", O_RDONLY | O_DIRECTORY));
	SAY(open(".", O_WRONLY));
	SAY(open(".", O_RDONLY | O_CREAT, 0644));
	SAY(fd = open("a", O_RDONLY | O_TRUNC));
	SAY(close(fd));
	show("a");
	SAY(unlink("a"));
}

static void names(void)
{
	static char name[300], path[5000];

	memset(name, 'n', sizeof name - 1);
	SAY(open(name, O_CREAT | O_WRONLY, 0644));
	name[255] = '\0';
	SAY(close(open(name, O_CREAT | O_WRONLY, 0644)));
	SAY(unlink(name));
	memset(path, '/', sizeof path - 1);
	SAY(access(path, F_OK));
	for (size_t i = 0; i + 2 < sizeof path; i += 2)
		memcpy(path + i, "./", 2);
	path[4000] = '\0';
	SAY(access(path, F_OK));
	SAY(mkdir("d", 0755));
	SAY(mkdir("d", 0755));
	SAY(mkdir("d/e", 0755));
	SAY(mkdir("x/y", 0755));
	put("d/f", "f");
	SAY(access("d/../d/./e//../f", R_OK));
	SAY(access("d/none/../f", R_OK));
	SAY(access("d/f/../f", R_OK));
	SAY(access("d/f/.", R_OK));
	SAY(access("d/e/.", R_OK));
	SAY(access("d/e/..", R_OK));
	SAY(access("d/f", X_OK));
	SAY(access("d", X_OK));
	SAY(access("../../../../../../../../../../../../../../..", R_OK));
	SAY(rmdir("d"));
	SAY(rmdir("d/f"));
	SAY(rmdir("d/e/."));
	SAY(unlink("d/e"));
	list("d");
	SAY(rmdir("d/e"));
	SAY(unlink("d/f"));
	list("d");
	SAY(rmdir("d"));
	SAY(rmdir("d"));
	list(".");
}

static void renaming(void)
{
	struct stat before, after;
	int fd, old;
	char buf[20] = "";

	put("one", "1");
	put("two", "two");
	SAY(stat("one", &before));
	SAY(old = open("two", O_RDWR));
	SAY(fd = open("one", O_RDONLY));
	SAY(rename("one", "two"));
	show("two");
	SAY(fstat(fd, &after));
	SAY(before.st_ino == after.st_ino);
	SAY(stat("two", &after));
	SAY(before.st_ino == after.st_ino);
	SAY(read(old, buf, sizeof buf));
	printf("%s\n", buf);
	SAY(fstat(old, &after));
	SAY(after.st_nlink);
	SAY(pwrite(old, "gone", 4, 0));
	SAY(pread(old, buf, 20, 0));
	SAY(close(old));
	SAY(unlink("two"));
	SAY(pread(fd, buf, 20, 0));
	put("two", "another");
	SAY(stat("two", &after));
	SAY(before.st_ino == after.st_ino);
	SAY(pread(fd, buf, 20, 0));
	SAY(close(fd));
	list(".");
	SAY(mkdir("d", 0755));
	SAY(mkdir("d/e", 0755));
	put("d/e/f", "f");
	SAY(fd = open("d/e/f", O_WRONLY));
	SAY(rename("d", "D"));
	SAY(write(fd, "F!", 2));
	SAY(close(fd));
	show("D/e/f");
	SAY(rename("D", "D/e/x"));
	SAY(rename("D", "two"));
	SAY(rename("two", "D"));
	SAY(rename("none", "D"));
	SAY(rename("two", "no/two"));
	SAY(rename("two/", "three"));
	SAY(rename("two", "three/"));
	SAY(rename("two", "two"));
	SAY(mkdir("empty", 0755));
	SAY(rename("D/e", "empty"));
	SAY(rename("D", "empty"));
	list("D");
	list("empty");
	SAY(rename("empty", "D"));
	list("D");
	SAY(unlink("D/f"));
	SAY(rmdir("D"));
	SAY(unlink("two"));
	list(".");
}

static void stats(void)
{
	struct stat st;

	put("s", "12345");
	SAY(stat("s", &st));
	SAY(S_ISREG(st.st_mode));
	SAY(st.st_size);
	SAY(st.st_nlink);
	SAY(st.st_mtime > 1000000000);
	SAY(stat(".", &st));
	SAY(S_ISDIR(st.st_mode));
	SAY(stat("/dev/null", &st));
	SAY(S_ISCHR(st.st_mode));
	SAY(st.st_rdev);
	SAY(lstat("none", &st));
	SAY(fstat(99, &st));
	SAY(stat("s/x", &st));
	SAY(chmod("s", 0600));
	SAY(chmod("none", 0600));
	SAY(utimensat(AT_FDCWD, "s", NULL, 0));
	SAY(umask(077));
	SAY(umask(022));
	SAY(readlink("s", (char *)&st, 10));
	SAY(readlink("none", (char *)&st, 10));
	SAY(unlink("s"));
}

static void folders(void)
{
	char here[1000], there[1000];
	long at[20];
	struct dirent *e;
	int fd, n = 0;
	DIR *d;

	SAY(getcwd(here, sizeof here) != NULL);
	SAY(mkdir("sub", 0755));
	SAY(chdir("sub"));
	SAY(getcwd(there, sizeof there) != NULL);
	printf("%s\n", there + strlen(here));
	SAY(getcwd(there, 2) == NULL);
	put("in", "x");
	SAY(chdir(".."));
	SAY(chdir("sub/in"));
	SAY(chdir("none"));
	show("sub/in");
	SAY(fd = open("sub", O_RDONLY | O_DIRECTORY));
	SAY(faccessat(fd, "in", R_OK, 0));
	SAY(faccessat(fd, "../sub/in", R_OK, 0));
	SAY(mkdirat(fd, "deep", 0755));
	SAY(unlinkat(fd, "in", 0));
	SAY(unlinkat(fd, "deep", 0));
	SAY(unlinkat(fd, "deep", AT_REMOVEDIR));
	SAY(read(fd, there, 10));
	SAY(fchdir(fd));
	SAY(getcwd(there, sizeof there) != NULL);
	printf("%s\n", there + strlen(here));
	SAY(chdir(here));
	SAY(close(fd));
	for (int i = 0; i < 10; i++) {
		snprintf(there, sizeof there, "sub/%d", i);
		put(there, "");
	}
	d = opendir("sub");
	while ((e = readdir(d)) && n < 20)
		at[n++] = telldir(d);
	SAY(n);
	seekdir(d, at[5]);
	for (n = 0; readdir(d); n++)
		;
	SAY(n);
	rewinddir(d);
	SAY(unlink("sub/7"));
	for (n = 0; readdir(d); n++)
		;
	SAY(n == 11 || n == 12);
	closedir(d);
	SAY(opendir("sub/1") == NULL);
	SAY(opendir("none") == NULL);
	for (int i = 0; i < 10; i++) {
		snprintf(there, sizeof there, "sub/%d", i);
		unlink(there);
	}
	SAY(rmdir("sub"));
}

static void maps(void)
{
	char *p;
	int fd;

	put("m", "mapped bytes");
	SAY(fd = open("m", O_RDWR));
	p = mmap(NULL, 12, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	SAY(p != MAP_FAILED);
	printf("%.12s %d\n", p, p[100]);
	p[0] = 'M';
	SAY(munmap(p, 12));
	show("m");
	p = mmap(NULL, 12, PROT_READ, MAP_SHARED, fd, 0);
	SAY(p != MAP_FAILED);
	printf("%.12s\n", p);
	munmap(p, 12);
	SAY(mmap(NULL, 12, PROT_READ, MAP_PRIVATE, fd, 1) == MAP_FAILED);
	SAY(mmap(NULL, 12, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED);
	close(fd);
	unlink("m");
}

static void others(void)
{
	char template[] = "tmpXXXXXX", dir[] = "dirXXXXXX", buf[100];
	struct iovec iov[3] = { { buf, 2 }, { buf + 10, 0 }, { buf + 20, 3 } };
	int fd, other;

	SAY((fd = mkstemp(template)) >= 0);
	SAY(strcmp(template, "tmpXXXXXX") != 0);
	memcpy(buf, "abcdefghijklmnopqrstuvwxyz", 26);
	SAY(writev(fd, iov, 3));
	SAY(preadv(fd, iov, 3, 1));
	printf("%.2s %.3s\n", buf, buf + 20);
	SAY(flock(fd, LOCK_EX));
	SAY(posix_fallocate(fd, 0, 100));
	SAY(lseek(fd, 0, SEEK_END));
	SAY(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
	SAY((other = dup(fd)) > fd);
	SAY(lseek(other, 3, SEEK_SET));
	SAY(lseek(fd, 0, SEEK_CUR));
	close(other);
	SAY(isatty(fd));
	close(fd);
	SAY(unlink(template));
	SAY(mkdtemp(dir) != NULL);
	SAY(rmdir(dir));
	SAY(fd = open("/dev/null", O_RDWR));
	SAY(write(fd, buf, 50));
	SAY(read(fd, buf, 50));
	close(fd);
	fd = open("/dev/zero", O_RDONLY);
	SAY(read(fd, buf, 50));
	printf("%d\n", buf[49]);
	close(fd);
	fd = open("/dev/full", O_WRONLY);
	SAY(write(fd, buf, 50));
	close(fd);
	SAY((fd = open("/dev/urandom", O_RDONLY)) >= 0);
	SAY(read(fd, buf, 50));
	close(fd);
	SAY(open("/dev/none", O_RDONLY));
	SAY(open("/dev/null/x", O_RDONLY));
	SAY(fd = open(".", O_TMPFILE | O_RDWR, 0600));
	SAY(write(fd, "x", 1));
	close(fd);
	list(".");
}

int main(int argc, char **argv)
{
	SAY(chdir(argv[argc - 1]));
	streams();
	opening();
	names();
	renaming();
	stats();
	folders();
	maps();
	others();
	printf("end\n");
	return 0;
}
