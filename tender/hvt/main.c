/* main.c: mirage-hvt runs an image as a guest of KVM. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hvt.h"

static const uint64_t mem_max = 0x100000000ull; /* an address of a hypercall has 32 bits */

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The pages of the entry's tables are of 2 MiB. */
static uint64_t usable_memory(uint64_t wanted)
{
	uint64_t size = wanted & ~(uint64_t)(HVT_LARGE_PAGE - 1);

	if (size < HVT_LARGE_PAGE)
		size = HVT_LARGE_PAGE;
	if (size > mem_max)
		size = mem_max;
	if (size != wanted)
		say("--mem=%llu: a multiple of 2 from 2 to 4096 is possible: using %llu",
		    (unsigned long long)(wanted >> 20), (unsigned long long)(size >> 20));
	return size;
}

static void read_image(const char *path, uint64_t mem, struct image *image)
{
	const char *wrong =
	    image_read(image_open(path), mem, MIR_ABI_HVT, MIR_ABI_HVT_VERSION, image);

	if (wrong)
		die("%s: %s", path, wrong);
}

static void find_devices(struct guest *g)
{
	for (uint32_t i = 1; i < g->image->mft->entries; i++) {
		g->has_net |= g->image->mft->e[i].type == MIR_MFT_NET;
		g->has_block |= g->image->mft->e[i].type == MIR_MFT_BLOCK;
	}
}

/* Solo5's images get a ring for networks behind their memory; ours have something better. */
static bool place_ring(struct guest *g, bool extended)
{
	bool ring = g->has_net && !extended;

	if (ring && g->size == mem_max)
		g->size -= MIR_HVT_RING_SIZE;
	g->mapped = g->size + (ring ? MIR_HVT_RING_SIZE : 0);
	return ring;
}

static void write_boot(struct vm *vm, const struct options *o, bool ring, uint64_t start)
{
	struct guest *g = &vm->guest;
	struct mir_hvt_boot boot = {
		.mem_size = g->size,
		.kernel_end = g->image->end,
		.tsc_hz = cpu_setup(vm),
		.ring = ring ? g->size : 0,
		.host_features = ring ? MIR_HVT_HOST_RING : 0,
	};

	boot_write(g->mem, MIR_HVT_BOOT + sizeof(boot), g->image, o, &boot.mft, &boot.cmdline);
	if (g->features) {
		boot.host_features |= MIR_HVT_HOST_EXT;
		boot.ext = boot_args_at(MIR_HVT_BOOT + sizeof(boot));
		boot_write_ext(g->mem, boot.ext, boot.ext + sizeof(struct mir_ext), o, g->features,
		    g->dev, now() - start);
	}
	memcpy(g->mem + MIR_HVT_BOOT, &boot, sizeof(boot));
}

static void load_image(struct vm *vm, const char *path)
{
	const char *wrong = image_load(vm->guest.image, vm->guest.mem);

	if (wrong)
		die("%s: %s", path, wrong);
	close(vm->guest.image->fd);
}

static void make_machine(struct vm *vm, const struct options *o)
{
	vm_open(vm);
	vm_make_memory(vm);
	cpu_write_tables(&vm->guest);
	load_image(vm, o->image);
	vm_give_memory(vm);
	vm_make_cpu(vm);
}

static void enter_sandbox(struct vm *vm, struct ring *ring, bool with_ring)
{
	sandbox_drop();
	if (with_ring) {
		ring->shared = (struct mir_hvt_ring *)(void *)(vm->guest.mem + vm->guest.size);
		ring_start(ring);
		cpu_set_kick(vm, ring->kick);
	}
	policy_enter(vm, with_ring ? ring : NULL);
}

int main(int argc, char **argv)
{
	static struct options o;
	static struct image image;
	static struct device dev[MIR_MFT_ENTRIES];
	static struct vm vm = { .guest = { .image = &image, .dev = dev } };
	static struct ring ring = { .guest = &vm.guest };
	struct guest *g = &vm.guest;
	uint64_t start = now();
	bool extended, with_ring;

	options_parse(argc, argv, MIR_ABI_HVT, &o);
	g->size = usable_memory(o.mem);
	read_image(o.image, g->size, &image);
	find_devices(g);
	extended = !o.plain && image.ext.version != 0;
	with_ring = place_ring(g, extended);
	if (extended)
		g->features = MIR_EXT_ARGV | MIR_EXT_ENTROPY | MIR_EXT_SHUTDOWN | MIR_EXT_SUBMIT;
	if (extended && (o.gdb || o.dumpcore))
		g->features |= cpu_debug_features;
	if (extended)
		guest_seal(g, image.ext.sealed);
	attach_all(&o, &image, extended, dev);
	waiter_open(&g->waiter, dev);
	signals_open(&g->waiter, extended);
	make_machine(&vm, &o);
	write_boot(&vm, &o, with_ring, start);
	debug_start(&vm, &o);
	enter_sandbox(&vm, &ring, with_ring);
	_exit(vm_run(&vm));
}
