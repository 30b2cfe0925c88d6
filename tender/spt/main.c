/* main.c: mirage-spt: runs an image inside its own process, which then may do no more than what the
 * image was given.
 */
#include "spt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/personality.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* What images with the note of extensions may use. */
enum {
	OFFERED = MIR_EXT_ARGV | MIR_EXT_ENTROPY | MIR_EXT_SHUTDOWN | MIR_EXT_VECTOR |
		  MIR_EXT_PROTECT | MIR_EXT_WAIT | MIR_EXT_FAULT,
};

static uint64_t monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint32_t offered(const struct image *image, const struct descriptors *d)
{
	uint32_t features = OFFERED & image->ext.features;

	if (!d->waiter.nanosecond)
		features &= ~(uint32_t)MIR_EXT_WAIT;
	if (image->ext.fault == 0)
		features &= ~(uint32_t)MIR_EXT_FAULT;
	return features;
}

static void open_descriptors(struct descriptors *d, const struct device dev[])
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = MIR_SPT_TIMER };

	waiter_open(&d->waiter, dev);
	d->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (d->timer < 0 || epoll_ctl(d->waiter.epoll, EPOLL_CTL_ADD, d->timer, &e) < 0)
		die("timerfd_create: %s", strerror(errno));
}

static void close_others(const struct device dev[], const struct descriptors *d)
{
	int keep[MIR_MFT_ENTRIES + 3];
	unsigned n = 0;

	for (unsigned i = 1; i < MIR_MFT_ENTRIES; i++)
		if (dev[i].type != 0)
			keep[n++] = dev[i].type == MIR_MFT_NET ? dev[i].net.fd : dev[i].block.fd;
	keep[n++] = d->timer;
	keep[n++] = d->waiter.epoll;
	keep[n++] = d->waiter.event;
	sandbox_close_all_but(keep, n);
}

static void write_boot(struct image *image, const struct options *o, const struct device dev[],
    const struct descriptors *d)
{
	struct mir_spt_boot boot = {
		.mem_size = o->mem,
		.kernel_end = image->end,
		.epollfd = d->waiter.epoll,
		.timerfd = d->timer,
	};

	for (unsigned i = 1; i < image->mft->entries; i++)
		image->mft->e[i].b.hostfd =
		    dev[i].type == MIR_MFT_NET ? dev[i].net.fd : dev[i].block.fd;
	boot_write(NULL, MIR_SPT_BOOT + sizeof(boot), image, o, &boot.mft, &boot.cmdline);
	memcpy((void *)(uintptr_t)MIR_SPT_BOOT, &boot, sizeof(boot));
}

static void write_extensions(const struct image *image, const struct options *o,
    const struct device dev[], uint32_t features)
{
	struct mir_ext *ext = (struct mir_ext *)(uintptr_t)MIR_SPT_EXT;

	if (features & MIR_EXT_FAULT)
		fault_handlers(image, image->ext.fault);
	boot_write_ext(NULL, MIR_SPT_EXT, boot_args_at(MIR_SPT_BOOT + sizeof(struct mir_spt_boot)),
	    o, features, dev, 0);
	ext->clock = vdso_clock();
}

static void load(const struct options *o, struct image *image)
{
	int fd = image_open(o->image);
	const char *wrong = image_read(fd, o->mem, MIR_ABI_SPT, MIR_ABI_SPT_VERSION, image);

	if (wrong)
		die("%s: %s", o->image, wrong);
	personality(PER_LINUX); /* without READ_IMPLIES_EXEC */
	memory_map(o->mem, o->x_exec_heap);
	wrong = image_load(image, NULL);
	if (wrong)
		die("%s: %s", o->image, wrong);
	memory_protect(image, o->x_exec_heap);
}

int main(int argc, char **argv)
{
	static struct options o;
	static struct image image;
	static struct device dev[MIR_MFT_ENTRIES];
	static struct filter filter;
	uint64_t began = monotonic();
	uint32_t features = 0;
	struct descriptors d;
	bool extended;

	options_parse(argc, argv, MIR_ABI_SPT, &o);
	load(&o, &image);
	extended = !o.plain && image.ext.version != 0;
	attach_all(&o, &image, extended, dev);
	open_descriptors(&d, dev);
	if (extended)
		features = offered(&image, &d);
	trace_start(&o, &image);
	fault_stack();
	if (features & MIR_EXT_SHUTDOWN)
		waiter_event(&d.waiter);
	write_boot(&image, &o, dev, &d);
	close_others(dev, &d);
	allow_guest(&filter, &image, &o, dev, &d, extended, features);
	if (extended)
		write_extensions(&image, &o, dev, features);
	if (o.x_no_sandbox)
		say("warning: --x-no-sandbox: the image may do what this process may");
	else
		sandbox_drop();
	if (features & MIR_EXT_SHUTDOWN)
		signals_start(&d.waiter);
	if (!o.x_no_sandbox)
		sandbox_filter(&filter, false);
	if (extended)
		((struct mir_ext *)(uintptr_t)MIR_SPT_EXT)->start_ns = monotonic() - began;
	enter_guest(image.entry, o.mem, MIR_SPT_BOOT);
}
