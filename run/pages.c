/* pages.c: which pages are in use: a bit for each, and a bit for each word of those that is full.
 *
 * A search goes from run to run: the next free page, then the next used one; full words are skipped
 * 64 at a time.  It begins where the last one for as many pages ended (low[], high[]), so that what
 * is broken up is not looked at again and again.
 */
#include <mir/pages.h>
#include <mir/panic.h>
#include <string.h>

enum { WORD = 64, NEAR = 64 };
static const uint64_t ALL = ~(uint64_t)0;

static size_t words_of(size_t bits)
{
	return bits / WORD + (bits % WORD != 0);
}

/* The bits of a word from `from` to before `to`. */
static uint64_t mask(size_t from, size_t to)
{
	return (ALL << from) & (ALL >> (WORD - to));
}

/* Whether all pages [i, end) are as `used` says. */
static bool all(const struct mir_pages *p, size_t i, size_t end, bool used)
{
	while (i < end) {
		size_t stop = MIR_MIN(end, (i | (WORD - 1)) + 1);
		uint64_t m = mask(i % WORD, stop - (i & ~(size_t)(WORD - 1)));

		if ((p->map[i / WORD] & m) != (used ? m : 0))
			return false;
		i = stop;
	}
	return true;
}

static void mark(struct mir_pages *p, size_t i, size_t end, bool used)
{
	while (i < end) {
		size_t word = i / WORD, stop = MIR_MIN(end, (i | (WORD - 1)) + 1);
		uint64_t m = mask(i % WORD, stop - word * WORD);
		uint64_t bit = (uint64_t)1 << word % WORD;

		if (used)
			p->map[word] |= m;
		else
			p->map[word] &= ~m;
		if (p->map[word] == ALL)
			p->full[word / WORD] |= bit;
		else
			p->full[word / WORD] &= ~bit;
		i = stop;
	}
}

/* The first word from `word` on that is not full, or n. */
static size_t next_word(const struct mir_pages *p, size_t word, size_t n)
{
	while (word < n) {
		uint64_t open = ~p->full[word / WORD] & ALL << word % WORD;

		if (open)
			return MIR_MIN(n, (word & ~(size_t)(WORD - 1)) + mir_low_bit(open));
		word = (word | (WORD - 1)) + 1;
	}
	return n;
}

/* One more than the last word below `word` that is not full, or 0. */
static size_t last_word(const struct mir_pages *p, size_t word)
{
	while (word > 0) {
		size_t i = word - 1;
		uint64_t open = ~p->full[i / WORD] & ALL >> (WORD - 1 - i % WORD);

		if (open)
			return (i & ~(size_t)(WORD - 1)) + mir_high_bit(open) + 1;
		word = i & ~(size_t)(WORD - 1);
	}
	return 0;
}

/* The first free page in [i, end), or end. */
static size_t next_free(const struct mir_pages *p, size_t i, size_t end)
{
	size_t n = words_of(end), word = next_word(p, i / WORD, n);

	while (word < n) {
		uint64_t open = ~p->map[word];

		if (word == i / WORD)
			open &= ALL << i % WORD;
		if (open)
			return MIR_MIN(end, word * WORD + mir_low_bit(open));
		word = next_word(p, word + 1, n);
	}
	return end;
}

/* One more than the last free page in [0, end), or 0. */
static size_t last_free(const struct mir_pages *p, size_t end)
{
	size_t word = last_word(p, words_of(end));

	while (word > 0) {
		uint64_t open = ~p->map[word - 1];

		if (word == words_of(end))
			open &= mask(0, end - (word - 1) * WORD);
		if (open)
			return (word - 1) * WORD + mir_high_bit(open) + 1;
		word = last_word(p, word - 1);
	}
	return 0;
}

/* The first used page in [i, end), or end. */
static size_t next_used(const struct mir_pages *p, size_t i, size_t end)
{
	for (size_t word = i / WORD; word * WORD < end; word++) {
		uint64_t used = p->map[word];

		if (word == i / WORD)
			used &= ALL << i % WORD;
		if (used)
			return MIR_MIN(end, word * WORD + mir_low_bit(used));
	}
	return end;
}

/* One more than the last used page in [start, end), or start. */
static size_t last_used(const struct mir_pages *p, size_t start, size_t end)
{
	for (size_t word = words_of(end); word * WORD > start; word--) {
		uint64_t used = p->map[word - 1];

		if (word == words_of(end))
			used &= mask(0, end - (word - 1) * WORD);
		if (used)
			return MIR_MAX(start, (word - 1) * WORD + mir_high_bit(used) + 1);
	}
	return start;
}

/* How many pages there are from page i up to the next that is aligned. */
static size_t to_align(const struct mir_pages *p, size_t i, size_t align)
{
	return (-((uintptr_t)p->base / MIR_PAGE + i)) & (align / MIR_PAGE - 1);
}

/* The pages that the class c of hints stands for: 1 to 16, 32, 64, ... */
static size_t class_size(unsigned c)
{
	return c < 16 ? c + 1 : (size_t)32 << (c - 16);
}

/* The largest class of no more than n pages. */
static unsigned class_of(size_t n)
{
	if (n < 32)
		return (unsigned)MIR_MIN(n, (size_t)16) - 1;
	return MIR_MIN(16 + mir_high_bit(n) - 5, MIR_PAGES_HINTS - 1u);
}

/* The first n free pages in a row; p->n: there are none. */
static size_t find_low(const struct mir_pages *p, size_t n, size_t align)
{
	size_t i = next_free(p, p->low[class_of(n)], p->n);

	while (i < p->n) {
		size_t first = i + to_align(p, i, align), end;

		if (first > p->n || n > p->n - first)
			break;
		end = next_used(p, i, first + n);
		if (end == first + n)
			return first;
		i = next_free(p, end, p->n);
	}
	return p->n;
}

/* The last; p->n: there are none. */
static size_t find_high(const struct mir_pages *p, size_t n, size_t align)
{
	size_t end = last_free(p, p->high[class_of(n)]);

	while (end >= n) {
		size_t first = end - n, over, start;

		over = (align / MIR_PAGE - to_align(p, first, align)) & (align / MIR_PAGE - 1);
		if (over > first)
			break;
		first -= over;
		start = last_used(p, first, end);
		if (start == first)
			return first;
		end = last_free(p, start);
	}
	return p->n;
}

/* Nowhere below page i (from page i + n on, if `high`) are n free pages in a row. */
static void hint(struct mir_pages *p, size_t i, size_t n, bool high)
{
	for (unsigned c = class_of(n); c < MIR_PAGES_HINTS; c++) {
		if (class_size(c) < n)
			continue;
		if (high)
			p->high[c] = (uint32_t)MIR_MIN(p->high[c], i + n);
		else
			p->low[c] = (uint32_t)MIR_MAX(p->low[c], i);
	}
}

/* Pages [i, end) have become free: rows as long as the one that they are in now may be there. */
static void unhint(struct mir_pages *p, size_t i, size_t end)
{
	size_t start = last_used(p, i - MIR_MIN(i, (size_t)NEAR), i);
	size_t stop = next_used(p, end, MIR_MIN(end + NEAR, p->n));
	bool near = i - start < NEAR && stop - end < NEAR;

	for (unsigned c = 0; c < MIR_PAGES_HINTS; c++) {
		size_t n = class_size(c);

		if (n > stop - start && near)
			break;
		p->low[c] = (uint32_t)MIR_MIN(p->low[c], n > NEAR ? i - MIR_MIN(i, n) : start);
		p->high[c] =
		    (uint32_t)MIR_MAX(p->high[c], n > NEAR ? MIR_MIN(end + n, p->n) : stop);
	}
}

/* How many bits of [i, end) are set. */
static size_t count(const uint64_t *map, size_t i, size_t end)
{
	size_t n = 0;

	while (i < end) {
		size_t stop = MIR_MIN(end, (i | (WORD - 1)) + 1);

		n += mir_bits(map[i / WORD] & mask(i % WORD, stop - (i & ~(size_t)(WORD - 1))));
		i = stop;
	}
	return n;
}

static void set(uint64_t *map, size_t i, size_t end, bool value)
{
	while (i < end) {
		size_t stop = MIR_MIN(end, (i | (WORD - 1)) + 1);
		uint64_t m = mask(i % WORD, stop - (i & ~(size_t)(WORD - 1)));

		map[i / WORD] = value ? map[i / WORD] | m : map[i / WORD] & ~m;
		i = stop;
	}
}

static void use(struct mir_pages *p, size_t i, size_t n)
{
	p->idle -= count(p->dirty, i, i + n);
	mark(p, i, i + n, true);
	p->used += n;
	p->peak = MIR_MAX(p->peak, p->used);
}

size_t mir_pages_map(size_t n)
{
	size_t map = words_of(n), full = words_of(map);

	return ((2 * map + full) * sizeof(uint64_t) + MIR_PAGE - 1) / MIR_PAGE;
}

size_t mir_pages_init(struct mir_pages *p, void *base, size_t n)
{
	size_t map = words_of(n), full = words_of(map), own = mir_pages_map(n);

	mir_check((uintptr_t)base % MIR_PAGE == 0 && own <= n && n < UINT32_MAX);
	*p = (struct mir_pages){ .base = base, .n = n, .map = base };
	p->dirty = p->map + map;
	p->full = p->dirty + map;
	memset(base, 0, (2 * map + full) * sizeof(uint64_t));
	use(p, 0, own);
	mark(p, n, map * WORD, true);
	for (size_t i = map; i < full * WORD; i++)
		p->full[i / WORD] |= (uint64_t)1 << i % WORD;
	unhint(p, own, n);
	return own;
}

void mir_pages_soil(struct mir_pages *p)
{
	for (size_t i = 0; i < words_of(p->n); i++)
		p->dirty[i] = ~p->map[i];
	p->idle = p->n - p->used;
}

void *mir_pages_take(struct mir_pages *p, size_t n, size_t align, bool high)
{
	size_t i;

	mir_check(align >= MIR_PAGE && (align & (align - 1)) == 0);
	if (n == 0 || n > p->n - p->used)
		return NULL;
	i = high ? find_high(p, n, align) : find_low(p, n, align);
	if (align == MIR_PAGE)
		hint(p, i < p->n || !high ? i : 0, n, high);
	if (i == p->n)
		return NULL;
	use(p, i, n);
	return p->base + i * MIR_PAGE;
}

/* The number of the page at `at`; p->n: none of this range, or fewer than n pages from there. */
static size_t page_of(const struct mir_pages *p, const void *at, size_t n)
{
	uintptr_t offset = (uintptr_t)at - (uintptr_t)p->base;
	size_t i = offset / MIR_PAGE;

	if ((uintptr_t)at < (uintptr_t)p->base || offset % MIR_PAGE != 0 || i >= p->n ||
	    n > p->n - i)
		return p->n;
	return i;
}

bool mir_pages_take_at(struct mir_pages *p, void *at, size_t n)
{
	size_t i = page_of(p, at, n);

	if (i == p->n || n == 0 || !all(p, i, i + n, false))
		return false;
	use(p, i, n);
	return true;
}

void mir_pages_give(struct mir_pages *p, void *at, size_t n)
{
	size_t i = page_of(p, at, n), own = 2 * words_of(p->n) + words_of(words_of(p->n));

	if (n == 0)
		return;
	if (i == p->n || i * MIR_PAGE < own * sizeof(uint64_t) || !all(p, i, i + n, true))
		mir_panic("%zu pages at %p given back, which are not in use", n, at);
	mark(p, i, i + n, false);
	set(p->dirty, i, i + n, true);
	p->used -= n;
	p->idle += n;
	unhint(p, i, i + n);
}

bool mir_pages_used(const struct mir_pages *p, const void *at, size_t n)
{
	size_t i = page_of(p, at, n);

	return i < p->n && all(p, i, i + n, true);
}

/* The first run of dirty pages in [i, end), of free ones only if `free_only`. */
static bool dirty_run(
    const struct mir_pages *p, size_t i, size_t end, bool free_only, uint8_t **at, size_t *n)
{
	size_t first = end;

	for (; i < end; i++) {
		size_t word = i / WORD;
		uint64_t m = p->dirty[word] & ~(free_only ? p->map[word] : 0);
		bool is = m >> i % WORD & 1;

		if (is && first == end)
			first = i;
		if (!is && first < end)
			break;
		if (m == (first < end ? ALL : 0))
			i |= WORD - 1;
	}
	*at = p->base + first * MIR_PAGE;
	*n = MIR_MIN(i, end) - first;
	return first < end;
}

bool mir_pages_dirty(const struct mir_pages *p, uint8_t **at, size_t *n)
{
	size_t i = page_of(p, *at, *n);

	mir_check(i < p->n);
	return dirty_run(p, i, i + *n, false, at, n);
}

bool mir_pages_idle(const struct mir_pages *p, uint8_t **at, size_t *n)
{
	size_t i = page_of(p, *at, 0);

	return dirty_run(p, i, p->n, true, at, n);
}

void mir_pages_clean(struct mir_pages *p, void *at, size_t n)
{
	size_t i = page_of(p, at, n), before = count(p->dirty, i, i + n);

	mir_check(i < p->n);
	if (all(p, i, i + n, false))
		p->idle -= before;
	else
		mir_check(all(p, i, i + n, true));
	set(p->dirty, i, i + n, false);
}
