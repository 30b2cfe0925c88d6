/* net.c: a frame in one system call. */
#include <mir/err.h>
#include <string.h>

#include "spt.h"

/* Of Linux, which <mir/err.h> has not: of a tap without its interface. */
enum { NO_ADDRESS = -6, BAD_STATE = -77, EPOLL_DEL = 2 };

/* A device that has been removed would be ready for ever. */
static long gone(int fd)
{
	if (mir_spt_features & MIR_EXT_WAIT)
		mir_spt_call(CALL_EPOLL_CTL, mir_spt_boot->epollfd, EPOLL_DEL, fd, 0, 0, 0);
	return MIR_ENODEV;
}

/* What the host says; EINTR is tried again. */
static long call(long number, int fd, const void *p, long n)
{
	long result;

	do
		result = mir_spt_call(number, fd, mir_spt_long(p), n, 0, 0, 0);
	while (result == MIR_SPT_EINTR);
	return result == BAD_STATE || result == NO_ADDRESS || result == MIR_ENODEV ? gone(fd)
										   : result;
}

/* Without vectors: the pieces one after the other in the bounce buffer. */
static long write_copy(int fd, const struct mir_op *op)
{
	const struct mir_op_iov *iov = mir_spt_iov(op);
	size_t len = 0;

	if (mir_spt_iov_len(op) > MIR_SPT_BOUNCE)
		return MIR_EMSGSIZE;
	for (unsigned i = 0; i < op->n; i++) {
		memcpy(mir_spt_bounce + len, mir_spt_data(&iov[i]), iov[i].len);
		len += iov[i].len;
	}
	return call(CALL_WRITE, fd, mir_spt_bounce, (long)len);
}

static int64_t net_write(const struct mir_op *op)
{
	const struct mir_mft_entry *e = mir_spt_entry(op, MIR_MFT_NET);
	const struct mir_op_iov *iov = mir_spt_iov(op);
	long n;

	if (!e)
		return MIR_EINVAL;
	if (op->n == 1)
		n = call(CALL_WRITE, e->b.hostfd, mir_spt_data(iov), (long)iov->len);
	else if (mir_spt_features & MIR_EXT_VECTOR)
		n = call(CALL_WRITEV, e->b.hostfd, iov, op->n);
	else
		n = write_copy(e->b.hostfd, op);
	return n < 0 ? n : 0;
}

static long read_copy(int fd, const struct mir_op *op)
{
	const struct mir_op_iov *iov = mir_spt_iov(op);
	size_t room = (size_t)mir_spt_iov_len(op);
	long n = call(CALL_READ, fd, mir_spt_bounce, (long)MIR_MIN(room, (size_t)MIR_SPT_BOUNCE));
	size_t done = 0;

	for (unsigned i = 0; n > 0 && done < (size_t)n && i < op->n; i++) {
		size_t part = MIR_MIN((size_t)n - done, (size_t)iov[i].len);

		memcpy(mir_spt_data(&iov[i]), mir_spt_bounce + done, part);
		done += part;
	}
	return n;
}

static int64_t net_read(const struct mir_op *op)
{
	const struct mir_mft_entry *e = mir_spt_entry(op, MIR_MFT_NET);
	const struct mir_op_iov *iov = mir_spt_iov(op);

	if (!e)
		return MIR_EINVAL;
	if (op->n == 1)
		return call(CALL_READ, e->b.hostfd, mir_spt_data(iov), (long)iov->len);
	if (mir_spt_features & MIR_EXT_VECTOR)
		return call(CALL_READV, e->b.hostfd, iov, op->n);
	return read_copy(e->b.hostfd, op);
}

static int64_t net(const struct mir_op *op)
{
	return op->code == MIR_OP_NET_READ ? net_read(op) : net_write(op);
}

void mir_host_use_net(void)
{
	mir_spt_net = net;
}
