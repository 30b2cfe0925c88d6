/* What loaders say: start_info of PVH, information of Multiboot. */
#include "../info.c"

#include <mir/test.h>

#include "space.h"

enum { INFO = 0x9000, MAP = 0x9100, LINE = 0x9800, NAME = 0x9700, MIB = 1 << 20 };

static char line[MIR_BARE_CMDLINE_MAX];
static struct mir_bare b;

static int take(uint32_t magic)
{
	return mir_bare_info(&b, line, INFO, magic, space_see, NULL);
}

static void pvh_entry(unsigned i, uint64_t at, uint64_t len, uint32_t type)
{
	space_put(MAP + 24 * i, at, 8);
	space_put(MAP + 24 * i + 8, len, 8);
	space_put(MAP + 24 * i + 16, type, 4);
}

static void make_pvh(unsigned entries)
{
	memset(space, 0, sizeof(space));
	space_put(INFO, PVH_MAGIC, 4);
	space_put(INFO + 4, 1, 4);
	space_put(INFO + 24, LINE, 8);
	space_put(INFO + 32, 0xf59d0, 8);
	space_put(INFO + 40, MAP, 8);
	space_put(INFO + 48, entries, 4);
	space_text(LINE, "--a=b 'c d'");
}

static void test_pvh(void)
{
	make_pvh(5);
	pvh_entry(0, 0, 0x9fc00, 1);
	pvh_entry(1, 0x100000000, 64 * MIB, 1);
	pvh_entry(2, MIB, 100 * MIB - 100, 1);
	pvh_entry(3, 50 * MIB + 1, 10, 2);
	pvh_entry(4, 101 * MIB, MIB, 2);
	ok(take(0) == 0 && b.entry == MIR_BARE_PVH, "PVH: taken");
	ok(strcmp(b.cmdline, "--a=b 'c d'") == 0 && b.rsdp == 0xf59d0, "its line and RSDP");
	ok(b.n_memory == 3, "memory below 1 MiB is left out, a hole splits a range");
	ok(b.memory[0].at == MIB && b.memory[0].len == 49 * MIB, "up to the hole's page");
	ok(b.memory[1].at == 50 * MIB + PAGE && b.memory[1].len == 51 * MIB - 2 * PAGE,
	    "from the page behind it on, whole pages only");
	ok(b.memory[2].at == 0x100000000 && b.memory[2].len == 64 * MIB, "and beyond 4 GiB");

	space_put(INFO + 4, 0, 4);
	ok(take(0) == 0 && b.n_memory == 0, "version 0 has no map");
	make_pvh(1);
	space_put(INFO + 40, SPACE_AT + SPACE - 8, 8);
	ok(take(0) == MIR_EINVAL, "a map that is not there: refused");
	make_pvh(0);
	space_put(INFO + 24, 0x10, 8);
	ok(take(0) == MIR_EINVAL, "a line that is not there: refused");
	make_pvh(0);
	memset(space + (LINE - SPACE_AT), 'x', MIR_BARE_CMDLINE_MAX + 10);
	ok(take(0) == 0 && strlen(b.cmdline) == MIR_BARE_CMDLINE_MAX - 1, "a long line is cut");
	space_put(INFO, 1, 4);
	ok(take(0) == MIR_EINVAL, "neither loader: refused");
}

static void make_multiboot(uint32_t flags, const char *text)
{
	memset(space, 0, sizeof(space));
	space_put(INFO, flags, 4);
	space_put(INFO + 8, 31 * 1024, 4);
	space_put(INFO + 16, LINE, 4);
	space_put(INFO + 44, 24, 4);
	space_put(INFO + 48, MAP, 4);
	space_put(INFO + 64, NAME, 4);
	space_text(LINE, text);
	space_text(NAME, "GRUB 2.06");
	space_put(MAP, 20, 4);
	space_put(MAP + 4, MIB, 8);
	space_put(MAP + 12, 16 * MIB, 8);
	space_put(MAP + 20, 1, 4);
}

static void test_multiboot(void)
{
	const uint32_t magic = MIR_BARE_MULTIBOOT_MAGIC;

	make_multiboot(MB_CMDLINE | MB_MAP, "kernel --a=b  c");
	ok(take(magic) == 0 && b.entry == MIR_BARE_MULTIBOOT, "Multiboot: taken");
	ok(strcmp(b.cmdline, "--a=b  c") == 0, "its line, without the kernel's name");
	ok(b.n_memory == 1 && b.memory[0].len == 16 * MIB, "its memory");
	make_multiboot(MB_CMDLINE | MB_MAP | MB_LOADER, "--a=b c");
	ok(take(magic) == 0 && strcmp(b.cmdline, "--a=b c") == 0, "GRUB 2 gives no name");
	make_multiboot(MB_CMDLINE, "kernel");
	ok(take(magic) == 0 && *b.cmdline == '\0' && b.n_memory == 0, "only the name, no memory");
	make_multiboot(MB_MEMORY, "");
	ok(take(magic) == 0 && b.memory[0].at == MIB && b.memory[0].len == 31 * MIB,
	    "without a map, the size");
	make_multiboot(MB_MAP, "");
	space_put(MAP, 4, 4);
	ok(take(magic) == MIR_EINVAL, "an entry that is too short: refused");
	space_put(MAP, 0xffffffff, 4);
	ok(take(magic) == MIR_EINVAL, "and one that is too long");
}

static void test_memory(void)
{
	b = (struct mir_bare){ 0 };
	for (unsigned i = 0; i < 2 * MIR_BARE_RANGES; i++)
		mir_bare_memory_add(&b, (uint64_t)(2 + 2 * i) * MIB, MIB);
	ok(b.n_memory == MIR_BARE_RANGES, "no more ranges than there is room for");
	mir_bare_memory_add(&b, 2 * MIB, 2ull * MIR_BARE_RANGES * MIB);
	ok(b.n_memory == 1 && b.memory[0].at == 2 * MIB, "what covers them is one");
	mir_bare_memory_remove(&b, 0, UINT64_MAX);
	ok(b.n_memory == 0, "nothing is left");
	mir_bare_memory_add(&b, MIR_BARE_MEMORY_END - MIB, 5 * MIB);
	ok(b.memory[0].at + b.memory[0].len == MIR_BARE_MEMORY_END, "512 GiB is the end");
	mir_bare_memory_add(&b, UINT64_MAX - PAGE, UINT64_MAX);
	ok(b.n_memory == 1, "and what is beyond counts for nothing");
}

int main(void)
{
	RUN_PLAIN(test_pvh);
	RUN_PLAIN(test_multiboot);
	RUN_PLAIN(test_memory);
	return mir_test_end();
}
