/* udp.c: datagrams there and back as fast as they come.
 *
 *	udp serve PORT
 *	udp ask ADDRESS PORT OUTSTANDING BYTES SECONDS
 *
 * `serve` sends each datagram back (recvfrom, sendto).  `ask` keeps so many under way and prints
 *how many came back in a second; those that have not after 200 ms are given up.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BYTES_MAX = 65507, GIVE_UP_MS = 200, BATCH = 64 };

static char data[BYTES_MAX];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int failed(const char *what)
{
	perror(what);
	return 1;
}

static int serve(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (void *)&a, sizeof(a)) < 0)
		return failed("udp: bind");
	for (;;) {
		socklen_t len = sizeof(a);
		ssize_t n = recvfrom(fd, data, sizeof(data), 0, (void *)&a, &len);

		if (n >= 0 && sendto(fd, data, (size_t)n, 0, (void *)&a, len) < 0)
			continue; /* lost */
	}
}

static int ask(const struct sockaddr_in *to, unsigned long most, size_t bytes, double seconds)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd in = { .fd = fd, .events = POLLIN };
	unsigned long under_way = 0, back = 0;
	double began = now(), end = began + seconds;

	if (fd < 0 || connect(fd, (const void *)to, sizeof(*to)) < 0)
		return failed("udp: connect");
	while (now() < end) {
		for (; under_way < most; under_way++)
			if (send(fd, data, bytes, 0) < 0)
				break;
		if (poll(&in, 1, GIVE_UP_MS) == 0)
			under_way = 0;
		for (int i = 0; i < BATCH && recv(fd, data, sizeof(data), MSG_DONTWAIT) >= 0; i++) {
			under_way -= under_way > 0;
			back++;
		}
	}
	printf("%.1f\n", (double)back / (now() - began));
	return back == 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };

	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve((uint16_t)atoi(argv[2]));
	if (argc == 7 && strcmp(argv[1], "ask") == 0 && inet_aton(argv[2], &to.sin_addr) &&
	    strtoul(argv[5], NULL, 0) <= BYTES_MAX) {
		to.sin_port = htons((uint16_t)atoi(argv[3]));
		return ask(&to, strtoul(argv[4], NULL, 0), strtoul(argv[5], NULL, 0),
		    strtod(argv[6], NULL));
	}
	fprintf(stderr, "usage: udp serve PORT | udp ask ADDRESS PORT OUTSTANDING BYTES SECONDS\n");
	return 64;
}
