/* relay-fd.c: the relay as a process, on inherited sockets: many frames in
 * flight, a receiver that does not read, the end.  Prints TAP.
 * Usage: relay-fd RELAY
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FRAMES   50000u
#define WAIT_MS  20000
#define FRAME_SZ 64u

static unsigned tests, failed;

static void ok(bool good, const char *what)
{
	tests++;
	failed += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", tests, what);
	fflush(stdout);
}

/* Start the relay on two socket pairs; our ends go into a and b. */
static pid_t start(const char *relay, int type, int *a, int *b)
{
	int pa[2], pb[2];
	char name_a[32], name_b[32];
	pid_t pid;

	if (socketpair(AF_UNIX, type, 0, pa) < 0 || socketpair(AF_UNIX, type, 0, pb) < 0)
		exit(1);
	snprintf(name_a, sizeof name_a, "fd:%d", pa[1]);
	snprintf(name_b, sizeof name_b, "fd:%d", pb[1]);
	pid = fork();
	if (pid == 0) {
		close(pa[0]);
		close(pb[0]);
		execl(relay, "relay", "--a", name_a, "--b", name_b, "--ab:delay", "2s", "--ab:mtu",
		    "1000", "--stats", "/dev/null", (char *)NULL);
		_exit(127);
	}
	close(pa[1]);
	close(pb[1]);
	*a = pa[0];
	*b = pb[0];
	return pid;
}

static bool receive(int fd, uint32_t *n)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t frame[2048];

	if (poll(&p, 1, WAIT_MS) != 1 || recv(fd, frame, sizeof frame, 0) != (ssize_t)FRAME_SZ)
		return false;
	memcpy(n, frame + 20, sizeof *n);
	return true;
}

static void test_many(int a, int b)
{
	uint8_t frame[FRAME_SZ] = { 0 }, big[1015] = { 0 };
	uint32_t n, sent = 0, got = 0;

	for (; sent < FRAMES; sent++) {
		memcpy(frame + 20, &sent, sizeof sent);
		if (send(a, frame, sizeof frame, 0) < 0)
			break;
	}
	ok(sent == FRAMES, "the relay takes 50000 frames, none of which is read");
	ok(send(a, big, sizeof big, 0) == sizeof big && send(b, frame, sizeof frame, 0) > 0 &&
		receive(a, &n),
	    "the other way is not held up");
	while (got < FRAMES && receive(b, &n) && n == got)
		got++;
	ok(got == FRAMES, "they come out in order, none is missing");
	ok(recv(b, frame, sizeof frame, MSG_DONTWAIT) < 0 && errno == EAGAIN,
	    "and nothing else does");
}

int main(int argc, char **argv)
{
	int a, b, status = -1;
	pid_t pid;

	if (argc != 2) {
		fputs("usage: relay-fd RELAY\n", stderr);
		return 64;
	}
	signal(SIGPIPE, SIG_IGN);
	pid = start(argv[1], SOCK_DGRAM, &a, &b);
	test_many(a, b);
	kill(pid, SIGTERM);
	ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "SIGTERM ends it with status 0");
	close(a);
	close(b);
	pid = start(argv[1], SOCK_SEQPACKET, &a, &b);
	close(a);
	close(b);
	ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "it ends when a port that can say so is closed");
	printf("1..%u\n", tests);
	return failed != 0;
}
