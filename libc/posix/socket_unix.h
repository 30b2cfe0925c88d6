/* socket_unix.h: what the files of AF_UNIX sockets share. */
#ifndef MIR_POSIX_SOCKET_UNIX_H
#define MIR_POSIX_SOCKET_UNIX_H

#include <string.h>
#include <sys/un.h>

#include "socket.h"

enum {
	MIR_UNIX_FILES = 253,      /* descriptors in one message, SCM_MAX_FD of Linux */
	MIR_UNIX_FILES_ALL = 1024, /* on their way at once */
};

struct mir_unix_chunk;

struct mir_unix {
	struct mir_socket socket; /* first */
	struct mir_unix *next;    /* in the list of all that are bound, or datagram sockets */
	struct mir_unix *peer;
	struct sockaddr_un name;
	socklen_t name_len; /* of family and path; 0: not bound */
	socklen_t peer_name_len;
	struct sockaddr_un peer_name;
	bool listed;
	bool connected; /* at some time */
	bool read_end;  /* nothing more will come */
	bool write_end; /* nobody will read */
	bool was_full;
	unsigned seen; /* by which search for circles */

	struct mir_unix_chunk *first, **end; /* what was sent to it */
	size_t queued;

	struct mir_unix *waiting, **waiting_end; /* of a listener: for accept() */
	unsigned n_waiting, backlog;
};

static inline struct mir_unix *mir_unix_of(struct mir_socket *s)
{
	return mir_container(s, struct mir_unix, socket);
}

/* An address for the caller: a path has a NUL at its end. */
static inline void mir_unix_put_name(
    const struct sockaddr_un *name, socklen_t n, struct sockaddr_storage *out, socklen_t *len)
{
	memset(out, 0, sizeof(*out));
	out->ss_family = AF_UNIX;
	*len = sizeof(out->ss_family);
	if (n == 0)
		return;
	memcpy(out, name, sizeof(*name));
	*len = n + (name->sun_path[0] != 0);
}

/* socket_unix.c */
/* The socket that an address names: of that type.  -ECONNREFUSED, -ENOENT, -EPROTOTYPE. */
int mir_unix_find(const struct sockaddr *, socklen_t, int type, struct mir_unix **out);
/* There is room in u again: tells those that may wait for it. */
void mir_unix_tell_senders(struct mir_unix *u);

/* socket_unix_data.c */
long mir_unix_send(struct mir_socket *, const struct msghdr *, size_t skip, int flags);
long mir_unix_receive(struct mir_socket *, struct msghdr *, size_t skip, int flags);
long mir_unix_pending(struct mir_socket *);
/* Whether something can be sent to it. */
bool mir_unix_has_room(const struct mir_unix *to, const struct mir_unix *from);
/* Throws away what was sent to it.  May block, as files that were passed are closed. */
void mir_unix_clear(struct mir_unix *);

#endif
