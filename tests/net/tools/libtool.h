/* libtool.h: what the small network tools share: options, time, connections. */
#ifndef MIR_TESTS_LIBTOOL_H
#define MIR_TESTS_LIBTOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum mir_option_kind { MIR_OPT_END, MIR_OPT_NUMBER, MIR_OPT_STRING, MIR_OPT_FLAG };

/* One --NAME; its default is what `to` holds before. */
struct mir_option {
	const char *name;
	enum mir_option_kind kind;
	void *to; /* uint64_t, const char * or bool */
	const char *help;
};

/* Read the command line; on --help or an error print and exit (0, 64). */
void mir_options(int argc, char **argv, const char *about, const struct mir_option *table);

/* End the program: status 64 and a message. */
_Noreturn void mir_usage(const char *what, const char *text);

struct mir_target {
	struct sockaddr_storage addr;
	socklen_t len;
};

/* A numeric address and port; exits on an error. */
struct mir_target mir_target(const char *address, uint64_t port);

/* Begin a connection, non-blocking; from the IPv4 address `source` (host order;
 * 0 = any), which need not be configured.  The socket, or -errno. */
int mir_connect(const struct mir_target *, uint32_t source);

/* The pending error of a socket, 0 = none. */
int mir_socket_error(int fd);

/* A numeric IPv4 address in host order; exits on an error. */
uint32_t mir_ip4(const char *text);

/* As many descriptors as the system allows. */
void mir_raise_files(void);

int64_t mir_now_ns(void);

/* What read and write want to hear: 1 = n bytes, 0 = later, -1 = the end. */
static inline int mir_went(int64_t n, bool again)
{
	return n > 0 ? 1 : n < 0 && again ? 0 : -1;
}

#endif
