/* socket_unix_data.c: what goes through AF_UNIX sockets: bytes, messages, and open files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "socket_unix.h"

enum { CHUNK = 4096, DATAGRAMS_ROOM = 64, DEPTH = 8 };

/* A message, or a piece of a stream. */
struct mir_unix_chunk {
	struct mir_unix_chunk *next;
	struct mir_file **files; /* NULL: none */
	unsigned n_files;
	socklen_t from_len;
	struct sockaddr_un *from; /* NULL: it has no name */
	size_t at, len, size;     /* read, written, room */
	uint8_t bytes[];
};

static unsigned files_on_way;
static struct mir_unix_chunk *dead; /* with files */

static void release_files(struct mir_file **files, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		mir_file_unref(files[i]);
	files_on_way -= n;
	free(files);
}

static void release_one(struct mir_unix_chunk *c)
{
	if (c->files)
		release_files(c->files, c->n_files);
	free(c->from);
	free(c);
}

/* A file may be a socket for which files wait, and so on: one after the other, not one in another,
 * as stacks are small. */
static void release(struct mir_unix_chunk *c)
{
	static bool busy;

	if (!c->files) {
		release_one(c);
		return;
	}
	c->next = dead;
	dead = c;
	if (busy)
		return;
	busy = true;
	while ((c = dead) != NULL) {
		dead = c->next;
		release_one(c);
	}
	busy = false;
}

void mir_unix_clear(struct mir_unix *u)
{
	struct mir_unix_chunk *c = u->first, *next;

	u->first = NULL;
	u->end = &u->first;
	u->queued = 0;
	for (; c; c = next) {
		next = c->next;
		release(c);
	}
}

bool mir_unix_has_room(const struct mir_unix *to, const struct mir_unix *from)
{
	return to->queued < (size_t)from->socket.send_buffer;
}

/* ---- sending ---- */

/* The files of one SCM_RIGHTS, with references. */
static int hold_files(const uint8_t *p, size_t len, struct mir_file ***out, unsigned *n_out)
{
	unsigned n = (unsigned)(len / sizeof(int));
	struct mir_file **files;

	if (n == 0 || n > MIR_UNIX_FILES || *out)
		return n ? -EINVAL : 0;
	if (files_on_way + n > MIR_UNIX_FILES_ALL)
		return -ETOOMANYREFS;
	files = calloc(n, sizeof(*files));
	if (!files)
		return -ENOMEM;
	files_on_way += n;
	for (unsigned i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, p + i * sizeof(fd), sizeof(fd));
		files[i] = mir_fd_hold(fd);
		if (files[i])
			continue;
		files_on_way -= n - i;
		release_files(files, i);
		return -EBADF;
	}
	*out = files;
	*n_out = n;
	return 0;
}

static int read_control(const struct msghdr *m, struct mir_file ***files, unsigned *n)
{
	const uint8_t *p = m->msg_control;
	size_t left = p ? m->msg_controllen : 0, step;
	struct cmsghdr head;
	int rc = 0;

	while (rc == 0 && left >= sizeof(head)) {
		memcpy(&head, p, sizeof(head));
		if (head.cmsg_len < CMSG_LEN(0) || head.cmsg_len > left)
			rc = -EINVAL;
		else if (head.cmsg_level == SOL_SOCKET && head.cmsg_type == SCM_RIGHTS)
			rc = hold_files(p + CMSG_LEN(0), head.cmsg_len - CMSG_LEN(0), files, n);
		else
			rc = -EINVAL;
		if (rc < 0)
			break;
		step = MIR_MIN(left, (size_t)CMSG_ALIGN(head.cmsg_len));
		left -= step;
		p += step;
	}
	if (rc < 0 && *files) {
		release_files(*files, *n);
		*files = NULL;
	}
	return rc;
}

static bool file_leads_to(struct mir_file *, const struct mir_unix *to, int depth);
static unsigned search;

/* Whether `to` is u, or is among what waits for it, for a socket that waits for it, ...  What lies
 * too deep counts too. */
static bool leads_to(struct mir_unix *u, const struct mir_unix *to, int depth)
{
	if (u == to || depth == 0)
		return true;
	if (u->seen == search)
		return false;
	u->seen = search;
	for (struct mir_unix_chunk *c = u->first; c; c = c->next)
		for (unsigned i = 0; c->files && i < c->n_files; i++)
			if (file_leads_to(c->files[i], to, depth - 1))
				return true;
	for (struct mir_unix *w = u->waiting; w; w = w->next)
		if (leads_to(w, to, depth - 1))
			return true;
	return false;
}

static bool file_leads_to(struct mir_file *f, const struct mir_unix *to, int depth)
{
	struct mir_socket *s = f->ops == &mir_socket_file_ops ? mir_socket_of(f) : NULL;

	return s && s->family == AF_UNIX && leads_to(mir_unix_of(s), to, depth);
}

/* A socket that waits for itself would never be closed: nobody looks for such, as Linux does. */
static long check_files(struct mir_file **files, unsigned n, const struct mir_unix *to)
{
	for (unsigned i = 0; i < n; i++) {
		search++;
		if (file_leads_to(files[i], to, DEPTH))
			return -ETOOMANYREFS;
	}
	return 0;
}

static struct mir_unix_chunk *new_chunk(const struct mir_unix *from, size_t len)
{
	bool stream = from->socket.type == SOCK_STREAM;
	size_t size = stream ? MIR_MAX(len, (size_t)CHUNK) : len;
	struct mir_unix_chunk *c = malloc(sizeof(*c) + size);

	if (!c)
		return NULL;
	*c = (struct mir_unix_chunk){ .size = size };
	if (stream || !from->name_len)
		return c;
	c->from = malloc(sizeof(*c->from));
	if (c->from) {
		*c->from = from->name;
		c->from_len = from->name_len;
	}
	return c;
}

static struct mir_unix_chunk *last_of(struct mir_unix *to)
{
	return to->first ? mir_container(to->end, struct mir_unix_chunk, next) : NULL;
}

/* What a message counts as: empty ones are not for nothing. */
static size_t cost_of(const struct mir_unix *to, const struct mir_unix_chunk *c, size_t len)
{
	return to->socket.type == SOCK_STREAM ? len : len + sizeof(*c);
}

static long put(struct mir_unix *from, struct mir_unix *to, const struct msghdr *m, size_t skip,
    size_t len, struct mir_file **files, unsigned n_files)
{
	struct mir_unix_chunk *c = last_of(to);

	if (to->socket.type != SOCK_STREAM || !c || c->size - c->len < len || files || c->files) {
		c = new_chunk(from, len);
		if (!c)
			return -ENOBUFS;
		c->files = files;
		c->n_files = n_files;
		*to->end = c;
		to->end = &c->next;
	}
	mir_iovec_gather(m->msg_iov, m->msg_iovlen, skip, c->bytes + c->len, len);
	c->len += len;
	to->queued += cost_of(to, c, len);
	mir_socket_changed(&to->socket);
	return (long)len;
}

/* To whom; -ENOTCONN and others. */
static int target(struct mir_unix *u, const struct msghdr *m, struct mir_unix **out)
{
	bool stream = u->socket.type != SOCK_DGRAM;

	if (stream && m->msg_namelen && m->msg_name)
		return u->connected ? -EISCONN : -EOPNOTSUPP;
	if (m->msg_namelen && m->msg_name)
		return mir_unix_find(m->msg_name, m->msg_namelen, u->socket.type, out);
	if (!u->connected)
		return -ENOTCONN;
	if (!u->peer && !stream)
		return -ECONNREFUSED;
	if (!u->peer || u->write_end)
		return -EPIPE;
	*out = u->peer;
	return 0;
}

long mir_unix_send(struct mir_socket *s, const struct msghdr *m, size_t skip, int flags)
{
	struct mir_unix *u = mir_unix_of(s), *to = NULL;
	size_t len = mir_iovec_length(m->msg_iov, m->msg_iovlen) - skip;
	size_t limit = (size_t)s->send_buffer;
	struct mir_file **files = NULL;
	unsigned n_files = 0;
	long rc = target(u, m, &to);

	(void)flags;
	if (rc < 0)
		return rc;
	if (s->type != SOCK_STREAM && len + DATAGRAMS_ROOM > limit)
		return -EMSGSIZE;
	if (to->queued >= limit || (s->type != SOCK_STREAM && len > limit - to->queued)) {
		to->was_full = true;
		return to->read_end && s->type == SOCK_DGRAM ? -EPIPE : -EAGAIN;
	}
	if (s->type == SOCK_STREAM)
		len = MIR_MIN(len, limit - to->queued);
	if (s->type == SOCK_STREAM && len == 0)
		return 0;
	rc = skip ? 0 : read_control(m, &files, &n_files);
	if (rc == 0 && files)
		rc = check_files(files, n_files, to);
	if (rc == 0)
		rc = put(u, to, m, skip, len, files, n_files);
	if (rc < 0 && files)
		release_files(files, n_files);
	return rc;
}

/* ---- receiving ---- */

/* The files of a chunk become descriptors of the receiver.  */
static void give_files(struct mir_unix_chunk *c, struct msghdr *m, size_t room, int flags)
{
	int fds[MIR_UNIX_FILES], flag = flags & MSG_CMSG_CLOEXEC ? O_CLOEXEC : 0;
	unsigned n = 0, most;

	most = m->msg_control && room > CMSG_LEN(0) ? (unsigned)((room - CMSG_LEN(0)) / sizeof(int))
						    : 0;
	while (n < MIR_MIN(c->n_files, most)) {
		int fd = mir_fd_new(mir_file_ref(c->files[n]), flag, 0);

		if (fd < 0)
			break;
		fds[n++] = fd;
	}
	if (n < c->n_files)
		m->msg_flags |= MSG_CTRUNC;
	if (n)
		mir_control_put(m, room, SOL_SOCKET, SCM_RIGHTS, fds, n * sizeof(int));
}

static void take(struct mir_unix *u, struct mir_unix_chunk *c, size_t n)
{
	bool message = u->socket.type != SOCK_STREAM;

	c->at += n;
	u->queued -= message ? cost_of(u, c, c->len) : n;
	if (c->at < c->len && !message)
		return;
	u->first = c->next;
	if (!u->first)
		u->end = &u->first;
	release(c);
}

static long receive_message(struct mir_unix *u, struct msghdr *m, size_t room, int flags)
{
	struct mir_unix_chunk *c = u->first;
	size_t n = MIR_MIN(c->len, room), full = c->len;

	mir_iovec_scatter(m->msg_iov, m->msg_iovlen, 0, c->bytes, n);
	if (c->from && m->msg_name)
		mir_unix_put_name(c->from, c->from_len, m->msg_name, &m->msg_namelen);
	if (n < full)
		m->msg_flags |= MSG_TRUNC;
	if (!(flags & MSG_PEEK)) {
		take(u, c, n);
		mir_unix_tell_senders(u);
	}
	return (long)(flags & MSG_TRUNC ? full : n);
}

/* Up to the next piece with files. */
static long receive_stream(
    struct mir_unix *u, struct msghdr *m, size_t skip, size_t room, int flags)
{
	struct mir_unix_chunk *c = u->first, *next;
	size_t done = 0;

	while (c && done < room && (done == 0 || !c->files)) {
		size_t part = MIR_MIN(c->len - c->at, room - done);

		if (!(flags & MSG_TRUNC))
			mir_iovec_scatter(
			    m->msg_iov, m->msg_iovlen, skip + done, c->bytes + c->at, part);
		done += part;
		next = c->next;
		if (!(flags & MSG_PEEK))
			take(u, c, part);
		c = next;
	}
	if (!(flags & MSG_PEEK))
		mir_unix_tell_senders(u);
	return (long)done;
}

long mir_unix_receive(struct mir_socket *s, struct msghdr *m, size_t skip, int flags)
{
	struct mir_unix *u = mir_unix_of(s);
	size_t room = mir_iovec_length(m->msg_iov, m->msg_iovlen) - skip;
	size_t control = m->msg_controllen;
	struct mir_unix_chunk *c = u->first;
	struct mir_file **given = NULL;
	unsigned n_given = 0;
	long rc;

	if (!c) {
		if (s->error)
			return mir_socket_take_error(s);
		if (s->type != SOCK_DGRAM && !u->connected)
			return s->type == SOCK_STREAM ? -EINVAL : -ENOTCONN;
		if (!u->read_end)
			return -EAGAIN;
		m->msg_controllen = 0;
		return 0;
	}
	m->msg_controllen = 0;
	if (c->files)
		give_files(c, m, control, flags);
	if (c->files && !(flags & MSG_PEEK)) {
		given = c->files;
		n_given = c->n_files;
		c->files = NULL;
	}
	rc = s->type == SOCK_STREAM ? receive_stream(u, m, skip, room, flags)
				    : receive_message(u, m, room, flags);
	if (given) /* may block: c may be gone after */
		release_files(given, n_given);
	return rc;
}

long mir_unix_pending(struct mir_socket *s)
{
	const struct mir_unix *u = mir_unix_of(s);

	if (s->listening)
		return -EINVAL;
	if (s->type == SOCK_STREAM)
		return (long)u->queued;
	return u->first ? (long)u->first->len : 0;
}
