/* socket_tcp.h: what the files of stream sockets over TCP share. */
#ifndef MIR_POSIX_SOCKET_TCP_H
#define MIR_POSIX_SOCKET_TCP_H

#include "socket.h"

enum { MIR_SOCKET_HELD = 4 }; /* slices that were taken from the flow and not yet read */

struct mir_socket_connect;

struct mir_socket_tcp {
	struct mir_socket socket; /* first */
	struct mir_tcp_flow *flow;
	struct mir_tcp_listener *listener;  /* of a bound socket too, paused: it keeps the port */
	struct mir_socket_connect *connect; /* under way */
	struct mir_endpoint local;
	struct mir_tcp_options options;
	struct mir_slice held[MIR_SOCKET_HELD];
	uint8_t n_held;
	bool bound, perhaps, full, ended, dead, read_shut, write_shut, read_armed, write_armed;
	bool cork;
	bool changed; /* options, since it listens */
	int64_t idle; /* TCP_KEEPIDLE in ns; 0: the default */
	unsigned backlog, n_waiting;
	struct mir_socket_tcp *waiting, **waiting_end; /* accepted, and nobody has taken them */
	struct mir_socket_tcp *next;
};

struct mir_socket_tcp *mir_socket_tcp_of(struct mir_socket *);

/* socket_tcp.c: a connection goes to the end of the listener's queue; false: out of memory. */
bool mir_socket_tcp_accepted(struct mir_socket_tcp *listener, struct mir_tcp_flow *);

/* socket_tcp_connect.c */
int mir_socket_tcp_bind(struct mir_socket *, const struct sockaddr *, socklen_t);
int mir_socket_tcp_connect(struct mir_socket *, const struct sockaddr *, socklen_t);
int mir_socket_tcp_connected(struct mir_socket *);
int mir_socket_tcp_listen(struct mir_socket *, int backlog);
int mir_socket_tcp_accept(struct mir_socket *, struct mir_socket **out);
/* Gives the port back, and all that waits. */
void mir_socket_tcp_unlisten(struct mir_socket_tcp *);
/* The socket goes: so does the attempt. */
void mir_socket_tcp_forget_connect(struct mir_socket_tcp *);

/* socket_tcp_options.c */
int mir_socket_tcp_set(struct mir_socket *, int level, int name, const void *value, socklen_t len);
int mir_socket_tcp_get(struct mir_socket *, int level, int name, void *value, socklen_t *len);
/* What the options say, as connect and listen are told it. */
struct mir_tcp_options mir_socket_tcp_options(const struct mir_socket_tcp *);
/* To a connection that was accepted with others. */
void mir_socket_tcp_apply(struct mir_socket_tcp *);
/* IPPROTO_IP's, which UDP sockets have too. */
int mir_socket_ip_set(struct mir_socket *, int name, const void *value, socklen_t len);
int mir_socket_ip_get(struct mir_socket *, int name, void *value, socklen_t *len);

#endif
