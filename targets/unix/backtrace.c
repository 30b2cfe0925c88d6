/* backtrace.c: the chain of frame pointers, read so that a broken one cannot hurt. */
#define _GNU_SOURCE
#include <mir/target.h>
#include <sys/uio.h>
#include <unistd.h>

#include "unix.h"

enum { FRAMES = 48 };

/* A frame as x86_64 and aarch64 lay it out. */
struct frame {
	const void *up;
	const uint8_t *pc;
};

static bool read_frame(const void *at, struct frame *out)
{
	/* A remote address needs no const, but the call has no other type for it. */
	struct iovec to = { out, sizeof(*out) };
	struct iovec from = { (void *)(uintptr_t)at, sizeof(*out) };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)sizeof(*out);
}

static void say_place(unsigned number, const void *pc)
{
	size_t offset = 0;
	const char *name = mir_unix_symbol(pc, &offset);

	if (name)
		mir_unix_say("  #%-2u %p %s+%zu\n", number, pc, name, offset);
	else
		mir_unix_say("  #%-2u %p\n", number, pc);
}

void mir_unix_backtrace(const void *pc, const void *frame)
{
	struct frame f;
	unsigned n = 0;

	if (pc)
		say_place(n++, pc);
	while (n < FRAMES && frame && (uintptr_t)frame % sizeof(void *) == 0 &&
	       read_frame(frame, &f) && f.pc) {
		say_place(n++, f.pc - 1); /* inside the call, not after it */
		if ((uintptr_t)f.up <= (uintptr_t)frame)
			break;
		frame = f.up;
	}
}

void mir_target_backtrace(const void *from)
{
	mir_unix_backtrace(NULL, from ? from : mir_frame());
}
