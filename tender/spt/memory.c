/* memory.c: the guest's memory, a part of this process. */
#include "spt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/* The guest's address 0; its first pages are not mapped. */
static uint8_t *address(uint64_t at)
{
	return (uint8_t *)(uintptr_t)at;
}

static _Noreturn void not_mapped(uint64_t mem, int err)
{
	unsigned long lowest = 0;
	FILE *f;

	if (err == EEXIST)
		die("--mem=%llu: too much: the tender itself is in the way; use less",
		    (unsigned long long)(mem >> 20));
	if (err != EPERM && err != EACCES)
		die("cannot map %llu MiB for the image: %s; use less with --mem",
		    (unsigned long long)(mem >> 20), strerror(err));
	f = fopen("/proc/sys/vm/mmap_min_addr", "re");
	if (!f || fscanf(f, "%lu", &lowest) != 1)
		lowest = 0;
	die("cannot map memory at 0x%x, where spt images have it: this system's vm.mmap_min_addr "
	    "is %lu; 'sysctl -w vm.mmap_min_addr=%d' allows it",
	    MIR_SPT_MEM, lowest, MIR_SPT_MEM);
}

void memory_map(uint64_t mem, bool exec)
{
	int prot = PROT_READ | PROT_WRITE | (exec ? PROT_EXEC : 0);
	void *at = address(MIR_SPT_MEM), *got;

	/* Kernels before 4.17 take the address for a hint. */
	got = mmap(at, mem - MIR_SPT_MEM, prot,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	if (got != at)
		not_mapped(mem, got == MAP_FAILED ? errno : EPERM);
}

void memory_protect(const struct image *image, bool exec)
{
	for (const struct segment *s = image->seg; s < image->seg + image->n_seg; s++) {
		int prot = PROT_READ | (s->write ? PROT_WRITE : 0) | (s->exec ? PROT_EXEC : 0);

		if (s->write && !exec)
			continue; /* as it was mapped */
		if (mprotect(address(s->vaddr), s->memsz, prot) < 0)
			die("cannot protect the memory of the image: %s", strerror(errno));
	}
}

uint64_t memory_changeable(const struct image *image)
{
	uint64_t from = MIR_IMAGE_BASE;

	for (const struct segment *s = image->seg; s < image->seg + image->n_seg; s++)
		if (!s->write)
			from = s->vaddr + s->memsz;
	return from;
}
