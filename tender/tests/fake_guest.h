/* fake_guest.h: a guest without KVM: a piece of memory, a network (1) that is one end of a socket,
 * a disk (2) that is a file in memory.
 */
#ifndef TESTS_FAKE_GUEST_H
#define TESTS_FAKE_GUEST_H

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../hvt/hvt.h"

/* Memory, of which these are not to be written; the disk. */
enum { FAKE_MEM = 0x10000, FAKE_TEXT = 0x4000, FAKE_TEXT_END = 0x6000, FAKE_DISK = 0x8000 };

struct fake {
	struct guest guest;
	struct image image;
	struct device dev[MIR_MFT_ENTRIES];
	int peer; /* the other end of the network */
};

/* Waits end at once: the request to end (handle 0) is there from the beginning. */
static inline void fake_open(struct fake *f)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = 0 };
	int ends[2], disk = memfd_create("disk", MFD_CLOEXEC);

	memset(f, 0, sizeof(*f));
	if (disk < 0 || ftruncate(disk, FAKE_DISK) < 0 ||
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends) < 0 ||
	    !(f->guest.mem = aligned_alloc(HVT_PAGE, FAKE_MEM)))
		abort();
	memset(f->guest.mem, 0, FAKE_MEM);
	f->peer = ends[1];
	f->dev[1] = (struct device){ .type = MIR_MFT_NET, .net = { .fd = ends[0] } };
	f->dev[2] = (struct device){
		.type = MIR_MFT_BLOCK,
		.block = { .fd = disk,
		    .capacity = FAKE_DISK,
		    .block_size = 512,
		    .features = MIR_EXT_BLOCK_FLUSH | MIR_EXT_BLOCK_DISCARD },
	};
	f->image.seg[0] =
	    (struct segment){ .vaddr = FAKE_TEXT, .memsz = FAKE_TEXT_END - FAKE_TEXT };
	f->image.seg[1] = (struct segment){ .vaddr = 0x8000, .memsz = 0x1000, .write = true };
	f->image.n_seg = 2;
	f->guest.size = f->guest.mapped = FAKE_MEM;
	f->guest.image = &f->image;
	f->guest.dev = f->dev;
	f->guest.features = MIR_EXT_SUBMIT;
	f->guest.has_net = f->guest.has_block = true;
	waiter_open(&f->guest.waiter, f->dev);
	f->guest.waiter.event = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	if (epoll_ctl(f->guest.waiter.epoll, EPOLL_CTL_ADD, f->guest.waiter.event, &e) < 0)
		abort();
}

static inline void fake_close(struct fake *f)
{
	close(f->guest.waiter.epoll);
	close(f->guest.waiter.event);
	close(f->dev[1].net.fd);
	close(f->dev[2].block.fd);
	close(f->peer);
	free(f->guest.mem);
}

#endif
