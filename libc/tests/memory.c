/* Mappings: by hand, as a malloc makes them, and at random against what must be in them. */
#include <errno.h>
#include <sys/mman.h>

#include "../memory.c"
#include "target.h"

enum { RW = PROT_READ | PROT_WRITE, ANON = MAP_PRIVATE | MAP_ANONYMOUS };

static uint8_t *map(size_t len, int prot)
{
	long at = mir_sys_mmap(NULL, len, prot, ANON, -1, 0);

	return at < 0 && at > -4096 ? NULL : (uint8_t *)at;
}

static bool zero(const uint8_t *at, size_t len)
{
	return at && at[0] == 0 && memcmp(at, at + 1, len - 1) == 0;
}

static void by_hand(void)
{
	uint8_t *a, *b;
	size_t before;

	machine_begin(1000, true, false);
	before = machine.pages.used;
	a = map(10 * MIR_PAGE, RW);
	ok(zero(a, 10 * MIR_PAGE), "zero");
	memset(a, 1, 10 * MIR_PAGE);
	ok(mir_sys_munmap(a + MIR_PAGE, 3 * MIR_PAGE) == 0, "unmapped in the middle");
	b = map(2 * MIR_PAGE + 1, RW);
	ok(b == a + MIR_PAGE && zero(b, 3 * MIR_PAGE), "mapped again, zero again");
	ok(a[0] == 1 && a[4 * MIR_PAGE] == 1, "the rest is as it was");
	ok(mir_sys_munmap(a, 10 * MIR_PAGE) == 0 && machine.pages.used == before, "all back");
	ok(mir_sys_munmap(a, MIR_PAGE) == -EINVAL, "not mapped");
	ok(mir_sys_munmap(machine.arena - MIR_PAGE, MIR_PAGE) == -EINVAL, "not memory of ours");
	ok(mir_sys_munmap(a + 1, MIR_PAGE) == -EINVAL, "not a page");
	ok(mir_sys_munmap(a, 0) == -EINVAL && mir_sys_mmap(NULL, 0, RW, ANON, -1, 0) == -EINVAL,
	    "nothing");
	ok(mir_sys_mmap(NULL, SIZE_MAX, RW, ANON, -1, 0) == -ENOMEM &&
		mir_sys_mmap(NULL, 1000 * MIR_PAGE, RW, ANON, -1, 0) == -ENOMEM,
	    "too much");
	ok(mir_sys_mmap(NULL, MIR_PAGE, RW, MAP_PRIVATE, 3, 0) == -ENODEV, "a file");
	ok(mir_sys_brk(NULL) == mir_sys_brk((void *)machine.arena), "no brk");
	machine_end();
}

static void fixed(void)
{
	uint8_t *a;

	machine_begin(100, true, false);
	a = map(4 * MIR_PAGE, RW);
	memset(a, 1, 4 * MIR_PAGE);
	ok(mir_sys_mmap(a + 4 * MIR_PAGE, MIR_PAGE, RW, ANON | MAP_FIXED, -1, 0) ==
		(long)(a + 4 * MIR_PAGE),
	    "where nothing is");
	ok(mir_sys_mmap(a + MIR_PAGE, MIR_PAGE, RW, ANON | MAP_FIXED, -1, 0) ==
		    (long)(a + MIR_PAGE) &&
		zero(a + MIR_PAGE, MIR_PAGE) && a[0] == 1 && a[2 * MIR_PAGE] == 1,
	    "in place of another");
	ok(mir_sys_mmap(a, MIR_PAGE, RW, ANON | MAP_FIXED | 0x100000, -1, 0) == -EEXIST,
	    "not in place of another");
	ok(mir_sys_mmap(a + 1, MIR_PAGE, RW, ANON | MAP_FIXED, -1, 0) == -EINVAL, "not a page");
	ok(mir_sys_mmap(machine.arena + 200 * MIR_PAGE, MIR_PAGE, RW, ANON | MAP_FIXED, -1, 0) ==
		-ENOMEM,
	    "no memory there");
	machine_end();
}

static bool access_is(const void *at, size_t n, enum mir_access access)
{
	for (size_t i = 0; i < n; i++) {
		if (machine.access[machine_page(at) + i] != access)
			return false;
	}
	return true;
}

static void protection(void)
{
	uint8_t *a;

	machine_begin(100, true, false);
	ok(mir_sys_mmap(NULL, MIR_PAGE, RW | PROT_EXEC, ANON, -1, 0) == -EACCES, "not executable");
	a = map(4 * MIR_PAGE, PROT_NONE);
	ok(access_is(a, 4, MIR_ACCESS_NONE), "nothing is allowed");
	ok(mir_sys_mprotect(a + MIR_PAGE, MIR_PAGE, RW) == 0 &&
		access_is(a + MIR_PAGE, 1, MIR_ACCESS_WRITE) && access_is(a, 1, MIR_ACCESS_NONE),
	    "one page allowed");
	ok(mir_sys_mprotect(a + MIR_PAGE, MIR_PAGE, PROT_READ) == 0 &&
		access_is(a + MIR_PAGE, 1, MIR_ACCESS_READ),
	    "to be read");
	ok(mir_sys_mprotect(a, MIR_PAGE, PROT_READ | PROT_EXEC) == -EACCES, "not executable later");
	ok(mir_sys_munmap(a, 4 * MIR_PAGE) == 0 && access_is(a, 4, MIR_ACCESS_WRITE),
	    "free pages may be written");
	ok(mir_sys_mprotect(a, MIR_PAGE, RW) == -ENOMEM, "not mapped");
	machine.protects = 0;
	a = map(4 * MIR_PAGE, RW);
	mir_sys_mprotect(a, 4 * MIR_PAGE, RW);
	mir_sys_munmap(a, 4 * MIR_PAGE);
	ok(machine.protects == 0, "what is ordinary costs no call of the tender");
	machine.may_protect = false;
	a = map(2 * MIR_PAGE, PROT_NONE);
	ok(a && mir_sys_mprotect(a, MIR_PAGE, RW) == 0 &&
		mir_sys_mprotect(a, MIR_PAGE, PROT_READ) == -ENOSYS,
	    "a tender without protection");
	machine_end();
}

/* What is noted of each page has room for the last of many. */
static void protection_of_much(void)
{
	enum { PAGES = 40000 };
	uint8_t *a;
	size_t n;

	machine_begin(PAGES, true, false);
	n = PAGES - machine.pages.used - 2;
	a = map(n * MIR_PAGE, RW);
	ok(mir_sys_mprotect(a, MIR_PAGE, PROT_READ) == 0, "the first page of many");
	memset(machine.arena + (PAGES - 1) * (size_t)MIR_PAGE, 0, MIR_PAGE);
	ok(mir_sys_mprotect(a + (n - 1) * MIR_PAGE, MIR_PAGE, PROT_READ) == 0, "the last");
	ok(access_is(a, 1, MIR_ACCESS_READ) &&
		access_is(a + (n - 1) * MIR_PAGE, 1, MIR_ACCESS_READ),
	    "both are to be read");
	machine_end();
}

static void remap(void)
{
	uint8_t *a, *b, *c;

	machine_begin(200, true, false);
	a = map(2 * MIR_PAGE, RW);
	memset(a, 7, 2 * MIR_PAGE);
	ok(mir_sys_mremap(a, 2 * MIR_PAGE, 5 * MIR_PAGE, 0, NULL) == (long)a &&
		zero(a + 2 * MIR_PAGE, 3 * MIR_PAGE) && a[2 * MIR_PAGE - 1] == 7,
	    "grown where it is");
	ok(mir_sys_mremap(a, 5 * MIR_PAGE, MIR_PAGE + 1, 0, NULL) == (long)a &&
		mir_sys_munmap(a + 2 * MIR_PAGE, MIR_PAGE) == -EINVAL,
	    "shrunk");
	b = map(MIR_PAGE, RW);
	ok(mir_sys_mremap(a, 2 * MIR_PAGE, 9 * MIR_PAGE, 0, NULL) == -ENOMEM, "it may not move");
	c = (uint8_t *)mir_sys_mremap(a, 2 * MIR_PAGE, 9 * MIR_PAGE, 1, NULL);
	ok(c != a && c[0] == 7 && c[2 * MIR_PAGE - 1] == 7 &&
		zero(c + 2 * MIR_PAGE, 7 * MIR_PAGE) && mir_sys_munmap(a, 2 * MIR_PAGE) == -EINVAL,
	    "moved");
	ok(mir_sys_mremap(c, 9 * MIR_PAGE, 900 * MIR_PAGE, 1, NULL) == -ENOMEM && c[0] == 7,
	    "too much");
	ok(mir_sys_mremap(a, MIR_PAGE, 2 * MIR_PAGE, 1, NULL) == -EFAULT, "not mapped");
	mir_sys_munmap(b, MIR_PAGE);
	mir_sys_munmap(c, 9 * MIR_PAGE);
	machine_end();
}

static void advice(void)
{
	uint8_t *a;

	for (int release = 0; release < 2; release++) {
		machine_begin(200, true, release);
		a = map(3 * MIR_PAGE, RW);
		memset(a, 9, 3 * MIR_PAGE);
		ok(mir_sys_madvise(a + MIR_PAGE, MIR_PAGE, MADV_DONTNEED) == 0 &&
			zero(a + MIR_PAGE, MIR_PAGE) && a[0] == 9 && a[2 * MIR_PAGE] == 9,
		    release ? "released" : "made zero");
		ok(mir_sys_madvise(a, MIR_PAGE, MADV_WILLNEED) == 0 &&
			mir_sys_madvise(a, MIR_PAGE, MADV_FREE) == 0 && a[0] == 9,
		    "what needs nothing");
		ok(mir_sys_madvise(a, 190 * MIR_PAGE, MADV_DONTNEED) == -ENOMEM, "not all mapped");
	}
	machine_end();
}

/* Memory of many small pieces goes back too. */
static void back_to_the_host(void)
{
	uint8_t *a;

	machine_begin(12000, true, true);
	a = map(9000 * MIR_PAGE, RW);
	memset(a, 1, 9000 * MIR_PAGE);
	ok(mir_sys_munmap(a, 5000 * MIR_PAGE) == 0 && machine.releases == 1, "a large piece");
	for (unsigned i = 5000; i < 9000; i++)
		mir_sys_munmap(a + i * MIR_PAGE, MIR_PAGE);
	ok(machine.pages.idle <= 1024 && machine.releases < 12, "small pieces, in %u calls",
	    machine.releases);
	machine.releases = 0;
	for (unsigned i = 0; i < 1000; i++) {
		a = map(8 * MIR_PAGE, RW);
		a[0] = 1;
		mir_sys_munmap(a, 8 * MIR_PAGE);
	}
	ok(machine.releases == 0, "what is taken again at once stays");
	machine_end();
}

/* ---- as a malloc maps: groups of a few pages, large blocks, some of which grow ---- */

enum { BLOCKS = 300 };

struct block {
	uint8_t *at;
	size_t len;
	uint8_t mark;
};

static size_t random_len(void)
{
	static const size_t kinds[] = { 1, 4, 16, 64 };

	return 1 + (size_t)rand() % (kinds[rand() % 4] * MIR_PAGE);
}

static void fill(struct block *b)
{
	b->mark = (uint8_t)(1 + rand() % 255);
	memset(b->at, b->mark, b->len);
}

static bool holds(const struct block *b, size_t len)
{
	return b->at[0] == b->mark && memcmp(b->at, b->at + 1, len - 1) == 0;
}

static bool resize(struct block *b)
{
	size_t len = random_len(), kept = MIR_MIN(len, b->len);
	size_t rounded = (b->len + MIR_PAGE - 1) / MIR_PAGE * MIR_PAGE;
	long at = mir_sys_mremap(b->at, b->len, len, 1, NULL);
	bool good;

	if (at == -ENOMEM)
		return holds(b, b->len);
	b->at = (uint8_t *)at;
	good = holds(b, kept) && (len <= rounded || zero(b->at + rounded, len - rounded));
	b->len = len;
	fill(b);
	return good;
}

static bool step(struct block *b)
{
	bool good = true;

	if (!b->at) {
		b->len = random_len();
		b->at = map(b->len, RW);
		if (!b->at)
			return true;
		good = zero(b->at, b->len);
		fill(b);
	} else if (rand() % 4 == 0) {
		good = resize(b);
	} else {
		good = holds(b, b->len) && mir_sys_munmap(b->at, b->len) == 0;
		b->at = NULL;
	}
	return good;
}

static bool churn(unsigned seed, bool release)
{
	static struct block block[BLOCKS];
	bool good = true;
	size_t before;

	srand(seed);
	memset(block, 0, sizeof(block));
	machine_begin(3000, true, release);
	before = machine.pages.used;
	for (unsigned i = 0; i < 20000 && good; i++)
		good = step(&block[rand() % BLOCKS]);
	for (unsigned i = 0; i < BLOCKS; i++) {
		if (block[i].at)
			good &= holds(&block[i], block[i].len) &&
				mir_sys_munmap(block[i].at, block[i].len) == 0;
	}
	return good && machine.pages.used == before;
}

static void stress(void)
{
	ok(churn(1, false), "memory that stays");
	ok(churn(2, true), "memory that goes back: %u times", machine.releases);
	machine_end();
}

int main(void)
{
	RUN_PLAIN(by_hand);
	RUN_PLAIN(fixed);
	RUN_PLAIN(protection);
	RUN_PLAIN(protection_of_much);
	RUN_PLAIN(remap);
	RUN_PLAIN(advice);
	RUN_PLAIN(back_to_the_host);
	RUN_PLAIN(stress);
	return mir_test_end();
}
