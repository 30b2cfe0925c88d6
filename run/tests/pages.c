/* Pages: by hand, and against a model that looks at each page. */
#include <mir/pages.h>
#include <mir/test.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 20000 }; /* pages: more than two words of the summary */

static struct mir_pages p;
static uint8_t *memory;

/* memory: `skip` pages after an address that is a multiple of 64 pages. */
static size_t begin(size_t n, size_t skip)
{
	free(memory);
	memory = aligned_alloc(64 * MIR_PAGE, (n + skip + 64) / 64 * 64 * MIR_PAGE);
	return mir_pages_init(&p, memory + skip * MIR_PAGE, n);
}

static size_t page(const void *at)
{
	return at ? (size_t)((const uint8_t *)at - p.base) / MIR_PAGE : SIZE_MAX;
}

static void by_hand(void)
{
	size_t own = begin(100, 3);
	uint8_t *a, *b, *c;

	ok(own == 1 && p.used == 1, "the map takes a page");
	a = mir_pages_take(&p, 1, MIR_PAGE, false);
	b = mir_pages_take(&p, 70, MIR_PAGE, false);
	ok(page(a) == 1 && page(b) == 2, "the first that fit");
	c = mir_pages_take(&p, 4, MIR_PAGE, true);
	ok(page(c) == 96, "the last that fit");
	ok(!mir_pages_take(&p, 25, MIR_PAGE, false) && !mir_pages_take(&p, 25, MIR_PAGE, true),
	    "more than there is in a row");
	mir_pages_give(&p, b + 10 * MIR_PAGE, 20);
	ok(page(mir_pages_take(&p, 20, MIR_PAGE, true)) == 76, "a part given back");
	ok(page(mir_pages_take(&p, 20, MIR_PAGE, true)) == 12, "is taken again");
	ok(p.peak == 116 - 20 && p.used == 96, "counted");
	ok(!mir_pages_take_at(&p, a, 1) && !mir_pages_take_at(&p, memory, 1), "in use");
	mir_pages_give(&p, a, 71);
	ok(mir_pages_take_at(&p, a + 5 * MIR_PAGE, 3), "taken by address");
	ok(!mir_pages_take_at(&p, a, 6) && !mir_pages_take_at(&p, a + 1, 1),
	    "not free, not a page");
	ok(!mir_pages_take_at(&p, c, 5) && !mir_pages_take_at(&p, a, SIZE_MAX), "beyond the end");
	ok(mir_pages_used(&p, a + 5 * MIR_PAGE, 3) && !mir_pages_used(&p, a + 4 * MIR_PAGE, 4) &&
		!mir_pages_used(&p, memory, 1) && !mir_pages_used(&p, c, 5),
	    "whether they are in use");
	ok(!mir_pages_take(&p, 0, MIR_PAGE, false) && !mir_pages_take(&p, SIZE_MAX, MIR_PAGE, true),
	    "nothing, and too much");
}

static void aligned(void)
{
	uint8_t *a;

	begin(MANY, 3);
	a = mir_pages_take(&p, 3, 16 * MIR_PAGE, false);
	ok((uintptr_t)a % (16 * MIR_PAGE) == 0 && page(a) == 13, "low, aligned to 64 kB");
	a = mir_pages_take(&p, 17, 64 * MIR_PAGE, true);
	ok((uintptr_t)a % (64 * MIR_PAGE) == 0 && page(a) + 17 <= MANY && page(a) + 64 + 17 > MANY,
	    "high, aligned to 256 kB");
	a = mir_pages_take(&p, MANY - 64, 2048 * MIR_PAGE, true);
	ok(!a, "no room once aligned");
	begin(20, 7);
	ok(!mir_pages_take(&p, 1, 128 * MIR_PAGE, true) &&
		!mir_pages_take(&p, 1, 128 * MIR_PAGE, false),
	    "no address is aligned so");
}

static void sizes(void)
{
	bool good = true;

	for (size_t n = 1; n < 300; n++) {
		size_t own = begin(n, 0), got = 0;

		while (mir_pages_take(&p, 1, MIR_PAGE, got % 2))
			got++;
		good &= got == n - own && p.used == n;
		mir_pages_give(&p, p.base + own * MIR_PAGE, n - own);
		good &= p.used == own;
		if (n > own)
			good &= page(mir_pages_take(&p, n - own, MIR_PAGE, n % 2)) == own;
	}
	ok(good, "each page of 1 to 300 is given out once");
}

/* ---- the model ---- */

static uint8_t used[MANY], dirty[MANY];

static bool fits(size_t first, size_t n, size_t align)
{
	return (uintptr_t)(p.base + first * MIR_PAGE) % align == 0 && !memchr(used + first, 1, n);
}

static size_t model_take(size_t total, size_t n, size_t align, bool high)
{
	for (size_t i = 0; i + n <= total; i++) {
		size_t first = high ? total - n - i : i;

		if (fits(first, n, align)) {
			memset(used + first, 1, n);
			return first;
		}
	}
	return SIZE_MAX;
}

struct piece {
	uint8_t *at;
	size_t n;
};

/* Small pieces for the most part; `most` pages at most. */
static size_t some_size(size_t most)
{
	unsigned kind = (unsigned)rand() % 16;

	return 1 + (size_t)rand() % (kind == 0 ? most : kind < 4 ? 130 : 6);
}

static bool take_random(size_t total, struct piece *piece)
{
	size_t n = some_size(total / 4), align = MIR_PAGE;
	bool high = rand() % 4 == 0;
	size_t want;

	if (rand() % 8 == 0)
		align <<= rand() % 9;
	want = model_take(total, n, align, high);
	*piece = (struct piece){ mir_pages_take(&p, n, align, high), n };
	return page(piece->at) == want;
}

static bool take_at_random(size_t total, struct piece *piece)
{
	size_t n = some_size(100), i = (size_t)rand() % total;
	bool want = i + n <= total && !memchr(used + i, 1, n);
	bool got = mir_pages_take_at(&p, p.base + i * MIR_PAGE, n);

	*piece = (struct piece){ got ? p.base + i * MIR_PAGE : NULL, n };
	if (got)
		memset(used + i, 1, n);
	return got == want;
}

/* Gives all or an end or the middle of a piece back; what is left stays in it (of two parts, the
 * first, and the second is lost to the test). */
static void give_random(struct piece *piece)
{
	size_t from = rand() % 3 ? 0 : (size_t)rand() % piece->n;
	size_t n = rand() % 3 ? piece->n - from : 1 + (size_t)rand() % (piece->n - from);

	mir_pages_give(&p, piece->at + from * MIR_PAGE, n);
	memset(used + page(piece->at) + from, 0, n);
	memset(dirty + page(piece->at) + from, 1, n);
	if (from > 0) {
		piece->n = from;
	} else {
		piece->at += n * MIR_PAGE;
		piece->n -= n;
	}
	if (piece->n == 0)
		piece->at = NULL;
}

/* The first run of pages in [i, end) that are dirty, and free if `free_only`. */
static bool model_dirty(size_t *i, size_t end, bool free_only, size_t *n)
{
	size_t first = *i;

	while (first < end && !(dirty[first] && !(free_only && used[first])))
		first++;
	*i = first;
	for (*n = 0; first < end && dirty[first] && !(free_only && used[first]); first++)
		(*n)++;
	return *n > 0;
}

static bool same_dirty(size_t total, size_t i, size_t len, bool free_only)
{
	uint8_t *at = p.base + i * MIR_PAGE;
	size_t n = len, want_n;
	bool want = model_dirty(&i, free_only ? total : i + len, free_only, &want_n);
	bool got = free_only ? mir_pages_idle(&p, &at, &n) : mir_pages_dirty(&p, &at, &n);

	return got == want && (!got || (page(at) == i && n == want_n));
}

/* Some free pages are made zero; then all is compared. */
static bool counts(size_t total)
{
	uint8_t *at = p.base + (size_t)rand() % total * MIR_PAGE;
	size_t n, n_used = 0, n_idle = 0, i = (size_t)rand() % total;
	bool good = true;

	if (mir_pages_idle(&p, &at, &n)) {
		n = 1 + (size_t)rand() % n;
		mir_pages_clean(&p, at, n);
		memset(dirty + page(at), 0, n);
	}
	for (size_t k = 0; k < total; k++) {
		n_used += used[k];
		n_idle += !used[k] && dirty[k];
	}
	good &= same_dirty(total, i, 0, true);
	good &= same_dirty(total, i, 1 + (size_t)rand() % (total - i), false);
	return good && n_used == p.used && n_idle == p.idle && p.peak >= p.used;
}

static bool random_walk(unsigned seed, size_t total, unsigned steps)
{
	struct piece piece[256] = { { NULL, 0 } };
	size_t own = begin(total, seed % 64);
	bool good = true;

	srand(seed);
	memset(used, 0, sizeof(used));
	memset(used, 1, own);
	memset(dirty, 0, sizeof(dirty));
	for (unsigned step = 0; step < steps && good; step++) {
		struct piece *q = &piece[rand() % 256];

		if (q->at)
			give_random(q);
		else if (rand() % 8)
			good &= take_random(total, q);
		else
			good &= take_at_random(total, q);
		good &= step % 64 != 0 || counts(total);
	}
	return good;
}

static void against_model(void)
{
	bool good = true;

	unsigned seed = 1;

	while (seed <= 40 && good)
		good = random_walk(seed, 1 + seed * 37, 2000) && seed++;
	ok(good, "up to 1481 pages (seed %u)", seed);
	ok(random_walk(41, MANY, 3000), "%d pages", MANY);
	ok(random_walk(42, 64 * 64, 3000), "a whole word of the summary");
	ok(random_walk(43, 64 * 64 + 1, 3000), "and one more");
}

/* ---- bugs ---- */

static void twice(void)
{
	uint8_t *a = mir_pages_take(&p, 3, MIR_PAGE, false);

	mir_pages_give(&p, a, 1);
	mir_pages_give(&p, a, 3);
}

static void the_map(void)
{
	mir_pages_give(&p, p.base, 1);
}

static void elsewhere(void)
{
	mir_pages_give(&p, p.base + p.n * MIR_PAGE, 1);
}

static void not_a_page(void)
{
	mir_pages_give(&p, (uint8_t *)mir_pages_take(&p, 1, MIR_PAGE, false) + 8, 1);
}

static bool panics(void (*fn)(void))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		close(1);
		fn();
		_exit(0);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 255;
}

static void bugs(void)
{
	begin(100, 0);
	ok(panics(twice), "given back twice");
	ok(panics(the_map), "the map given back");
	ok(panics(elsewhere), "not of this range");
	ok(panics(not_a_page), "not a page");
}

int main(void)
{
	RUN_PLAIN(by_hand);
	RUN_PLAIN(aligned);
	RUN_PLAIN(sizes);
	RUN_PLAIN(against_model);
	RUN_PLAIN(bugs);
	free(memory);
	return mir_test_end();
}
