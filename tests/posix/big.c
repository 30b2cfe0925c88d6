/* big.c: a gigabyte, as a disk of an image or a file of Linux; prints what it reads.
 *
 *	big PATH
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PIECE = 300000 };

static unsigned char data[PIECE], back[PIECE];

static unsigned sum(const unsigned char *p, size_t n)
{
	unsigned s = 1;

	for (size_t i = 0; i < n; i++)
		s = s * 31 + p[i];
	return s;
}

/* Written at any byte, and read with what lies around it. */
static void piece(int fd, off_t at, size_t len)
{
	size_t around = at > 700 ? 700 : 0, n;

	for (size_t i = 0; i < len; i++)
		data[i] = (unsigned char)(i * 13 + (size_t)at % 251);
	if (pwrite(fd, data, len, at) != (ssize_t)len)
		printf("not written\n");
	memset(back, 0, sizeof back);
	n = len + 2 * around;
	if (n > sizeof back)
		n = sizeof back;
	printf("%lld %zu: %zd %08x\n", (long long)at, len, pread(fd, back, n, at - (off_t)around),
	    sum(back, n));
}

int main(int argc, char **argv)
{
	static const off_t places[] = { 0, 1, 511, 512, 4095, 131071, 131072 * 3 + 77, 99999999,
		536870912 + 13, 1073741824 - PIECE };
	static const size_t lengths[] = { 1, 2, 511, 512, 513, 4096, 131072, 140000, PIECE };
	int fd = open(argv[argc - 1], O_RDWR);
	struct iovec iov[3] = { { data, 100 }, { back, 0 }, { data + 100, 5000 } };
	FILE *f;

	if (fd < 0)
		perror(argv[argc - 1]);
	printf("%lld\n", (long long)lseek(fd, 0, SEEK_END));
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		for (size_t j = 0; j < sizeof lengths / sizeof *lengths; j++)
			piece(fd, places[i], lengths[j]);
	lseek(fd, 777777, SEEK_SET);
	printf("%zd\n", writev(fd, iov, 3));
	printf("%lld\n", (long long)lseek(fd, 0, SEEK_CUR));
	printf("%zd\n", pread(fd, back, 100, 1073741824 - 10));
	printf("%zd\n", pread(fd, back, 100, 1073741824));
	printf("%d\n", fsync(fd));
	close(fd);
	f = fopen(argv[argc - 1], "r+");
	fseeko(f, 777777 + 50, SEEK_SET);
	printf("%zu %08x\n", fread(back, 1, 6000, f), sum(back, 6000));
	fseeko(f, -20, SEEK_END);
	printf("%zu\n", fread(back, 1, 100, f));
	rewind(f);
	fprintf(f, "text\n");
	fflush(f);
	rewind(f);
	printf("%s", fgets((char *)back, 100, f));
	printf("%d\n", fclose(f));
	return 0;
}
