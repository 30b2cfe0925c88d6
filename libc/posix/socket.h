/* socket.h: sockets: what every kind has, and what each kind is asked.
 *
 * A kind answers at once: what would have to wait is -EAGAIN, and it calls mir_file_changed() when
 * that may be over.  Waiting, time limits and O_NONBLOCK are seen to above (socket.c,
 * socket_message.c).
 */
#ifndef MIR_POSIX_SOCKET_H
#define MIR_POSIX_SOCKET_H

#include <mir/slice.h>
#include <mir/time.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "file.h"
#include "socket_stack.h"

struct mir_socket;

enum {
	MIR_SOCKET_BUFFER = 212992, /* what SO_RCVBUF and SO_SNDBUF say at first */
	MIR_SOCKET_BUFFER_MOST = 16 << 20,
	MIR_SOCKET_BACKLOG_MOST = 4096, /* connections that wait for accept(), SOMAXCONN */
};

struct mir_socket_ops {
	/* Addresses have been looked at by nobody.  NULL: EOPNOTSUPP. */
	int (*bind)(struct mir_socket *, const struct sockaddr *, socklen_t);
	/* Begins; -EINPROGRESS: ends later, with s->error.  Called again meanwhile: -EALREADY.  The
	 * one call that may block (AF_UNIX, for room in the listener's queue): -EINTR. */
	int (*connect)(struct mir_socket *, const struct sockaddr *, socklen_t);
	/* connect() has ended: 0, or why not. */
	int (*connected)(struct mir_socket *);
	int (*listen)(struct mir_socket *, int backlog);
	/* A new socket, the caller's; its peer's address into *peer. */
	int (*accept)(struct mir_socket *, struct mir_socket **out);
	int (*shutdown)(struct mir_socket *, int how);
	/* Writes the address of this side or the peer; *len its length. */
	int (*name)(struct mir_socket *, bool peer, struct sockaddr_storage *out, socklen_t *len);
	/* Takes the bytes of m behind the first `skip`, and says how many: of streams, perhaps not
	 * all, and skip is 0 for others. */
	long (*send)(struct mir_socket *, const struct msghdr *m, size_t skip, int flags);
	/* Puts bytes behind the first `skip` of m, and says how many. With any: msg_namelen and
	 * msg_name (room for sockaddr_storage, or NULL), adds to msg_flags, and msg_controllen
	 * becomes what was used of it. */
	long (*receive)(struct mir_socket *, struct msghdr *m, size_t skip, int flags);
	/* An option that is not every socket's.  -ENOPROTOOPT.  NULL: none. */
	int (*set)(struct mir_socket *, int level, int name, const void *value, socklen_t len);
	int (*get)(struct mir_socket *, int level, int name, void *value, socklen_t *len);
	/* Bytes that are there to be read: FIONREAD. */
	long (*pending)(struct mir_socket *);
	/* A slice of at most what there is room for; as send.  NULL: through send. */
	long (*send_slice)(struct mir_socket *, struct mir_slice *);
	unsigned (*ready)(struct mir_socket *);
	void (*close)(struct mir_socket *); /* frees */
};

struct mir_socket {
	struct mir_file file; /* first */
	const struct mir_socket_ops *ops;
	uint16_t family, type;
	int protocol;
	int error; /* SO_ERROR, negated */
	int receive_buffer, send_buffer;
	int64_t receive_timeout, send_timeout; /* ns; 0: none */
	struct linger linger;
	bool listening, reuse_address, keepalive, broadcast, packet_info;
};

/* What there is of all sockets. */
struct mir_socket_stats {
	unsigned sockets;
	uint64_t dropped; /* datagrams and connections, because a queue was full */
};
extern struct mir_socket_stats mir_socket_stats;

extern const struct mir_file_ops mir_socket_file_ops;

/* Prepares the common part; kinds' constructors call it. */
void mir_socket_init(
    struct mir_socket *, const struct mir_socket_ops *, int family, int type, int protocol);

/* A descriptor's socket, with a reference on its file.  -EBADF, -ENOTSOCK. */
int mir_socket_hold(int fd, struct mir_socket **out);

/* Something has happened to the socket. */
static inline void mir_socket_changed(struct mir_socket *s)
{
	mir_file_changed(&s->file);
}

static inline struct mir_socket *mir_socket_of(struct mir_file *f)
{
	return mir_container(f, struct mir_socket, file);
}

/* When a limit of SO_RCVTIMEO or SO_SNDTIMEO that begins now is over. */
static inline int64_t mir_socket_deadline(int64_t timeout)
{
	return timeout ? mir_time_add(mir_now(), timeout) : MIR_NEVER;
}

/* An error of the network as an errno, negated. */
int mir_socket_error(int rc);

/* Takes the error that waits. */
static inline int mir_socket_take_error(struct mir_socket *s)
{
	int error = s->error;

	s->error = 0;
	return error;
}

/* The constructors: NULL is out of memory. */
struct mir_socket *mir_socket_tcp(void);
struct mir_socket *mir_socket_udp(void);
struct mir_socket *mir_socket_unix(int type);
int mir_socket_unix_pair(int type, struct mir_socket *out[2]);
struct mir_socket *mir_socket_netlink(int type);

/* ---- addresses (socket_address.c) ---- */

/* -EINVAL: too short; -EAFNOSUPPORT: not IPv4. */
int mir_socket_endpoint(const struct sockaddr *, socklen_t, struct mir_endpoint *out);
void mir_socket_address(const struct mir_endpoint *, struct sockaddr_storage *out, socklen_t *len);

/* ---- messages (socket_message.c) ---- */

size_t mir_iovec_length(const struct iovec *, size_t n);
/* Copies up to len bytes from, or to, pieces; `skip` bytes of them are passed over. */
void mir_iovec_gather(const struct iovec *, size_t n, size_t skip, void *to, size_t len);
void mir_iovec_scatter(const struct iovec *, size_t n, size_t skip, const void *from, size_t len);
/* Adds a control message to the msg_controllen bytes that there are, or MSG_CTRUNC if it does not
 * fit into `room`. */
void mir_control_put(struct msghdr *, size_t room, int level, int type, const void *, size_t len);

/* All of a message's bytes, or what fits in `iov`; blocks as the socket and flags say. */
long mir_socket_send(struct mir_socket *, const struct msghdr *, int flags);
long mir_socket_receive(struct mir_socket *, struct msghdr *, int flags);

/* ---- interfaces (interfaces.c) ---- */

enum { MIR_INTERFACE_NAME = 16 };

struct mir_interface {
	int index; /* from 1 on: the loopback, the network */
	unsigned flags, mtu;
	char name[MIR_INTERFACE_NAME];
};

/* The interfaces in order; -ENODEV past the last. */
int mir_interface(unsigned i, struct mir_interface *out);
/* The n-th address of the network; -ENODEV past the last. */
int mir_interface_own(unsigned n, struct mir_cidr *out);
/* The n-th IPv4 address of one; -ENODEV past the last. */
int mir_interface_address(const struct mir_interface *, unsigned n, struct mir_cidr *out);
/* SIOCGIF...; -ENOTTY: none of them. */
long mir_interface_ioctl(unsigned request, void *arg);

/* ---- options (socket_options.c) ---- */

int mir_socket_set(struct mir_socket *, int level, int name, const void *value, socklen_t len);
int mir_socket_get(struct mir_socket *, int level, int name, void *value, socklen_t *len);
/* A number out of an option's value: -EINVAL. */
int mir_option_int(const void *value, socklen_t len, int *out);
int mir_option_put(void *value, socklen_t *len, const void *from, size_t size);

#endif
