/* info.c: what the loader says: PVH's hvm_start_info (Xen's arch-x86/hvm/start_info.h), or the
 * information of Multiboot 0.6.96.
 */
#include <mir/bytes.h>
#include <mir/err.h>
#include <string.h>

#include "machine.h"

enum {
	PVH_MAGIC = 0x336ec578,
	PVH_SIZE = 40, /* of version 0 */
	PVH_SIZE_1 = 56,
	PVH_ENTRY = 24,
	MB_SIZE = 88,
	MB_MEMORY = 1 << 0,
	MB_CMDLINE = 1 << 2,
	MB_MAP = 1 << 6,
	MB_LOADER = 1 << 9,
	ENTRIES = 1024, /* looked at */
	USABLE = 1,
	LOW_END = 1 << 20,
};

struct view {
	mir_bare_see *see;
	void *of;
};

/* ---- memory ---- */

static void drop(struct mir_bare *b, unsigned i)
{
	b->n_memory--;
	memmove(b->memory + i, b->memory + i + 1, (b->n_memory - i) * sizeof(b->memory[0]));
}

/* At its place; what there is no room for is left out. */
static void insert(struct mir_bare *b, uint64_t from, uint64_t to)
{
	unsigned i = 0;

	while (i < b->n_memory && b->memory[i].at < from)
		i++;
	if (b->n_memory == MIR_BARE_RANGES || from >= to)
		return;
	memmove(b->memory + i + 1, b->memory + i, (b->n_memory - i) * sizeof(b->memory[0]));
	b->memory[i] = (struct mir_bare_range){ from, to - from };
	b->n_memory++;
}

static uint64_t end_of(uint64_t at, uint64_t len)
{
	return MIR_MIN(len > UINT64_MAX - at ? UINT64_MAX : at + len, MIR_BARE_MEMORY_END);
}

void mir_bare_memory_add(struct mir_bare *b, uint64_t at, uint64_t len)
{
	uint64_t end = end_of(at, len) & -(uint64_t)PAGE;

	if (at >= MIR_BARE_MEMORY_END)
		return;
	at = MIR_MAX((at + PAGE - 1) & -(uint64_t)PAGE, (uint64_t)LOW_END);
	if (at >= end)
		return;
	for (unsigned i = 0; i < b->n_memory;) {
		uint64_t from = b->memory[i].at, to = from + b->memory[i].len;

		if (to < at || from > end) {
			i++;
			continue;
		}
		at = MIR_MIN(at, from);
		end = MIR_MAX(end, to);
		drop(b, i);
	}
	insert(b, at, end);
}

void mir_bare_memory_remove(struct mir_bare *b, uint64_t at, uint64_t len)
{
	uint64_t end = end_of(at, len);

	if (len == 0 || at >= MIR_BARE_MEMORY_END)
		return;
	at &= -(uint64_t)PAGE;
	end = (end + PAGE - 1) & -(uint64_t)PAGE;
	for (unsigned i = 0; i < b->n_memory;) {
		uint64_t from = b->memory[i].at, to = from + b->memory[i].len;

		if (to <= at || from >= end) {
			i++;
			continue;
		}
		drop(b, i);
		insert(b, from, at);
		insert(b, MIR_MAX(end, from), to);
		i = 0;
	}
}

/* ---- the command line ---- */

/* False: it is not all there. */
static bool copy_text(const struct view *v, uint64_t at, char *out, size_t cap)
{
	for (size_t i = 0; i < cap - 1; i++) {
		const uint8_t *p = v->see(v->of, at + i, 1);

		if (!p)
			return false;
		out[i] = (char)*p;
		if (!*p)
			return true;
	}
	out[cap - 1] = '\0';
	return true;
}

static int take_cmdline(struct mir_bare *b, const struct view *v, uint64_t at, char *cmdline)
{
	cmdline[0] = '\0';
	b->cmdline = cmdline;
	if (at && !copy_text(v, at, cmdline, MIR_BARE_CMDLINE_MAX))
		return MIR_EINVAL;
	return 0;
}

/* ---- PVH ---- */

static int pvh_memory(struct mir_bare *b, const struct view *v, uint64_t at, uint32_t n)
{
	n = MIR_MIN(n, (uint32_t)ENTRIES);
	for (unsigned pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < n; i++) {
			const uint8_t *p = v->see(v->of, at + (uint64_t)i * PVH_ENTRY, PVH_ENTRY);

			if (!p)
				return MIR_EINVAL;
			if (pass == 0 && mir_le32(p + 16) == USABLE)
				mir_bare_memory_add(b, mir_le64(p), mir_le64(p + 8));
			if (pass == 1 && mir_le32(p + 16) != USABLE)
				mir_bare_memory_remove(b, mir_le64(p), mir_le64(p + 8));
		}
	}
	return 0;
}

static int pvh(struct mir_bare *b, char *cmdline, const struct view *v, uint64_t info)
{
	const uint8_t *p = v->see(v->of, info, PVH_SIZE);
	int rc;

	if (!p)
		return MIR_EINVAL;
	b->entry = MIR_BARE_PVH;
	b->rsdp = mir_le64(p + 32);
	rc = take_cmdline(b, v, mir_le64(p + 24), cmdline);
	if (rc < 0 || mir_le32(p + 4) < 1)
		return rc;
	p = v->see(v->of, info, PVH_SIZE_1);
	return p ? pvh_memory(b, v, mir_le64(p + 40), mir_le32(p + 48)) : MIR_EINVAL;
}

/* ---- Multiboot ---- */

static int mb_memory_pass(
    struct mir_bare *b, const struct view *v, uint64_t at, uint64_t len, bool usable)
{
	enum { SIZE = 4, LEAST = 20 };
	unsigned n = 0;

	while (len >= SIZE + LEAST && n++ < ENTRIES) {
		const uint8_t *p = v->see(v->of, at, SIZE + LEAST);
		uint64_t all = p ? SIZE + (uint64_t)mir_le32(p) : 0;

		if (all < SIZE + LEAST || all > len)
			return MIR_EINVAL;
		if (usable && mir_le32(p + 20) == USABLE)
			mir_bare_memory_add(b, mir_le64(p + 4), mir_le64(p + 12));
		if (!usable && mir_le32(p + 20) != USABLE)
			mir_bare_memory_remove(b, mir_le64(p + 4), mir_le64(p + 12));
		at += all;
		len -= all;
	}
	return 0;
}

static int mb_memory(struct mir_bare *b, const struct view *v, const uint8_t *p)
{
	uint32_t flags = mir_le32(p), len = mir_le32(p + 44), at = mir_le32(p + 48);
	int rc;

	if (flags & MB_MAP) {
		rc = mb_memory_pass(b, v, at, len, true);
		return rc < 0 ? rc : mb_memory_pass(b, v, at, len, false);
	}
	if (flags & MB_MEMORY)
		mir_bare_memory_add(b, LOW_END, (uint64_t)mir_le32(p + 8) * 1024);
	return 0;
}

/* The kernel's own name is the first word, but not GRUB 2's. */
static void drop_name(const struct view *v, uint32_t flags, uint32_t loader, char *line)
{
	static const char grub[] = "GRUB 2";
	char name[sizeof(grub)];
	size_t n = strcspn(line, " ");

	if (flags & MB_LOADER && copy_text(v, loader, name, sizeof(name)) &&
	    strcmp(name, grub) == 0)
		return;
	n += strspn(line + n, " ");
	memmove(line, line + n, strlen(line + n) + 1);
}

static int multiboot(struct mir_bare *b, char *cmdline, const struct view *v, uint64_t info)
{
	uint8_t p[MB_SIZE];
	const uint8_t *seen = v->see(v->of, info, MB_SIZE);
	uint32_t flags;
	int rc;

	if (!seen)
		return MIR_EINVAL;
	memcpy(p, seen, sizeof(p));
	flags = mir_le32(p);
	b->entry = MIR_BARE_MULTIBOOT;
	rc = take_cmdline(b, v, flags & MB_CMDLINE ? mir_le32(p + 16) : 0, cmdline);
	if (rc < 0)
		return rc;
	drop_name(v, flags, mir_le32(p + 64), cmdline);
	return mb_memory(b, v, p);
}

int mir_bare_info(
    struct mir_bare *out, char *cmdline, uint64_t info, uint32_t magic, mir_bare_see *see, void *of)
{
	struct view v = { see, of };
	const uint8_t *p = see(of, info, sizeof(uint32_t));

	*out = (struct mir_bare){ .cmdline = "" };
	if (p && mir_le32(p) == PVH_MAGIC)
		return pvh(out, cmdline, &v, info);
	return magic == MIR_BARE_MULTIBOOT_MAGIC ? multiboot(out, cmdline, &v, info) : MIR_EINVAL;
}
