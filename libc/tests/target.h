/* target.h: a machine for tests of the C library's system calls: an arena, and what was done to it.
 */
#ifndef MIR_LIBC_TESTS_TARGET_H
#define MIR_LIBC_TESTS_TARGET_H

#include <mir/err.h>
#include <mir/pages.h>
#include <mir/target.h>
#include <mir/test.h>
#include <stdlib.h>
#include <string.h>

#include "../libc.h"

static struct {
	struct mir_pages pages;
	uint8_t *arena;
	uint8_t *access;  /* enum mir_access of each page */
	bool may_protect; /* what the tender offers */
	bool may_release;
	unsigned protects, releases;
	void *tls;
} machine;

int64_t mir_libc_began;

struct mir_pages *mir_target_pages(void)
{
	return &machine.pages;
}

static size_t machine_page(const void *at)
{
	return (size_t)((const uint8_t *)at - machine.pages.base) / MIR_PAGE;
}

int mir_target_protect(void *at, size_t len, enum mir_access access)
{
	if (!machine.may_protect)
		return MIR_ENOSYS;
	memset(machine.access + machine_page(at), (int)access, len / MIR_PAGE);
	machine.protects++;
	return 0;
}

bool mir_target_release(void *at, size_t len)
{
	if (!machine.may_release)
		return false;
	memset(at, 0, len);
	machine.releases++;
	return true;
}

void mir_target_set_tls(void *base)
{
	machine.tls = base;
}

static MIR_UNUSED void machine_begin(size_t n, bool may_protect, bool may_release)
{
	free(machine.arena);
	free(machine.access);
	machine.arena = aligned_alloc(MIR_PAGE, n * MIR_PAGE);
	machine.access = malloc(n);
	memset(machine.arena, 0, n * MIR_PAGE);
	memset(machine.access, MIR_ACCESS_WRITE, n);
	machine.may_protect = may_protect;
	machine.may_release = may_release;
	machine.protects = machine.releases = 0;
	mir_pages_init(&machine.pages, machine.arena, n);
	mir_libc_memory_reset();
}

static MIR_UNUSED void machine_end(void)
{
	free(machine.arena);
	free(machine.access);
	machine.arena = machine.access = NULL;
}

#endif
