/* disk.c: what tests/block/app does to its disk, on the host: pread and pwrite.
 *
 *	disk FILE read|write SIZE TOTAL [direct]
 *
 * direct: past the host's memory of the file.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv)
{
	size_t size = argc >= 5 ? strtoul(argv[3], NULL, 0) : 0, total;
	int flags = O_RDWR | O_CLOEXEC | (argc == 6 ? O_DIRECT : 0);
	int fd = argc >= 5 ? open(argv[1], flags) : -1;
	off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
	long long began;
	char *p;

	if (fd < 0 || size == 0 || (size_t)end < size) {
		fprintf(stderr, "usage: disk FILE read|write SIZE TOTAL [direct]\n");
		return 64;
	}
	total = strtoul(argv[4], NULL, 0) / size;
	p = aligned_alloc(4096, (size + 4095) & ~(size_t)4095);
	memset(p, 0, size);
	began = now();
	for (size_t i = 0; i < total; i++) {
		off_t at = (off_t)(i * size % ((size_t)end - size + 512));
		ssize_t n = argv[2][0] == 'r' ? pread(fd, p, size, at) : pwrite(fd, p, size, at);

		if (n != (ssize_t)size) {
			perror(argv[1]);
			return 1;
		}
	}
	printf("ns %lld for %zu\n", now() - began, total);
	return 0;
}
