/* image_fat.c: write a FAT16 file system, and change a file in one. */
#include <string.h>
#include <time.h>

#include "image.h"

enum {
	RESERVED = 4, /* sectors before the first FAT: all that follows is at whole clusters */
	ROOT_ENTRIES = 512, /* 32 sectors */
	ENTRY = 32,
	CLUSTERS_MIN = 4096, /* fewer than 4085 would be FAT12 */
	CLUSTERS_MAX = 65000,
	END = 0xffff,
	DIRECTORY = 0x10,
};

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v & 0xffff);
	put16(p + 2, v >> 16);
}

static unsigned get16(const uint8_t *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

/* What the first sector says, checked: all of it lies in the n bytes. */
struct shape {
	uint32_t fat, fat_len; /* bytes: the first FAT, each */
	uint32_t fats;
	uint32_t root, root_len;
	uint32_t data, cluster; /* bytes */
	uint32_t clusters;      /* the numbers 2 .. clusters + 1 are theirs */
};

static const char *read_shape(const uint8_t *p, size_t n, struct shape *out)
{
	uint64_t sectors, fat, root, data;
	uint32_t per_cluster;

	if (n < SECTOR || get16(p + 510) != 0xaa55 || get16(p + 11) != SECTOR)
		return "it is no FAT file system";
	per_cluster = p[13];
	sectors = get16(p + 19) ? get16(p + 19) : get32(p + 32);
	fat = (uint64_t)get16(p + 14) * SECTOR;
	out->fats = p[16];
	out->fat_len = get16(p + 22) * SECTOR;
	root = fat + (uint64_t)out->fats * out->fat_len;
	out->root_len = get16(p + 17) * ENTRY;
	data = root + out->root_len;
	if (!per_cluster || !out->fats || !out->fat_len || !fat || data > n ||
	    sectors > n / SECTOR || data > sectors * SECTOR)
		return "its file system is broken";
	out->fat = (uint32_t)fat;
	out->root = (uint32_t)root;
	out->data = (uint32_t)data;
	out->cluster = per_cluster * SECTOR;
	out->clusters = (uint32_t)((sectors * SECTOR - data) / out->cluster);
	if (out->clusters < 4085 || out->clusters > 65524)
		return "its file system is no FAT16";
	if (out->clusters + 2 > out->fat_len / 2)
		return "its file system is broken";
	return NULL;
}

static uint8_t *cluster_at(uint8_t *p, const struct shape *s, uint32_t number)
{
	return number >= 2 && number < s->clusters + 2
		   ? p + s->data + (size_t)(number - 2) * s->cluster
		   : NULL;
}

static uint32_t next_of(const uint8_t *p, const struct shape *s, uint32_t number)
{
	return get16(p + s->fat + number * 2);
}

static void set_next(uint8_t *p, const struct shape *s, uint32_t number, uint32_t next)
{
	for (uint32_t i = 0; i < s->fats; i++)
		put16(p + s->fat + i * s->fat_len + number * 2, next);
}

/* "GRUB.CFG", of the first part of a path, as directories have it; false: it cannot be one. */
static bool short_name(const char *path, char out[11])
{
	size_t n = strcspn(path, "/"), base = strcspn(path, "./");
	size_t rest = n > base ? n - base - 1 : 0;

	if (!base || base > 8 || rest > 3)
		return false;
	memset(out, ' ', 11);
	memcpy(out, path, base);
	memcpy(out + 8, path + base + (rest ? 1 : 0), rest);
	return true;
}

/* The entry of a name among n bytes of them: where it is, or the first free one; NULL. */
static uint8_t *find_entry(uint8_t *at, size_t n, const char name[11], bool *there)
{
	*there = false;
	for (size_t i = 0; i + ENTRY <= n; i += ENTRY) {
		if (at[i] == 0)
			return at + i;
		*there = memcmp(at + i, name, 11) == 0 && (at[i + 11] & 8) == 0;
		if (*there)
			return at + i;
	}
	return NULL;
}

/* ---- write ------------------------------------------------------------------------------- */

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

static size_t clusters_for(size_t bytes, size_t files)
{
	size_t n = bytes / CLUSTER + files * 4 + 16;

	return n < CLUSTERS_MIN ? CLUSTERS_MIN : n;
}

static size_t fat_bytes(size_t clusters)
{
	return round_up((clusters + 2) * 2, CLUSTER);
}

size_t fat_size(size_t bytes, size_t files)
{
	size_t n = clusters_for(bytes, files);

	return RESERVED * SECTOR + 2 * fat_bytes(n) + ROOT_ENTRIES * ENTRY + n * CLUSTER;
}

void fat_begin(struct fat *f, uint8_t *p, size_t len, uint32_t serial, int64_t seconds)
{
	static const uint8_t jump[] = { 0xeb, 0x3c, 0x90, 'M', 'I', 'R', 'A', 'G', 'E', ' ', ' ' };
	size_t fat = fat_bytes(len / CLUSTER);
	time_t when = seconds;
	struct tm t;

	gmtime_r(&when, &t);
	*f = (struct fat){ .p = p, .len = len, .next = 2 };
	if (t.tm_year < 80)
		t = (struct tm){ .tm_year = 80, .tm_mday = 1 };
	f->date = (uint16_t)((t.tm_year - 80) << 9 | (t.tm_mon + 1) << 5 | t.tm_mday);
	f->time = (uint16_t)(t.tm_hour << 11 | t.tm_min << 5 | t.tm_sec / 2);
	memcpy(p, jump, sizeof(jump));
	put16(p + 11, SECTOR);
	p[13] = CLUSTER / SECTOR;
	put16(p + 14, RESERVED);
	p[16] = 2;
	put16(p + 17, ROOT_ENTRIES);
	p[21] = 0xf8;
	put16(p + 22, (unsigned)(fat / SECTOR));
	put16(p + 24, 63);
	put16(p + 26, 16);
	put32(p + 28, FIRST_SECTOR + BIOS_SECTORS);
	put32(p + 32, (uint32_t)(len / SECTOR));
	p[36] = 0x80;
	p[38] = 0x29;
	put32(p + 39, serial);
	memcpy(p + 43, "MIRAGE     FAT16   ", 19);
	put16(p + 510, 0xaa55);
	for (int i = 0; i < 2; i++)
		put32(p + RESERVED * SECTOR + (size_t)i * fat, 0xfffffff8);
	memcpy(p + RESERVED * SECTOR + 2 * fat, "MIRAGE     \x08", 12);
}

/* A chain of clusters with this content; its first, 0: no room. */
static uint32_t take_clusters(struct fat *f, const struct shape *s, const void *data, size_t len)
{
	uint32_t n = (uint32_t)((len + s->cluster - 1) / s->cluster), first = f->next;

	if (!n || n > s->clusters + 2 - first)
		return 0;
	for (uint32_t i = 0; i < n; i++)
		set_next(f->p, s, first + i, i + 1 < n ? first + i + 1 : END);
	memcpy(cluster_at(f->p, s, first), data, len);
	f->next += n;
	return first;
}

static void put_entry(const struct fat *f, uint8_t *at, const char name[11], unsigned kind,
    uint32_t cluster, size_t len)
{
	memcpy(at, name, 11);
	at[11] = (uint8_t)kind;
	put16(at + 14, f->time);
	put16(at + 16, f->date);
	put16(at + 18, f->date);
	put16(at + 22, f->time);
	put16(at + 24, f->date);
	put16(at + 26, cluster);
	put32(at + 28, (uint32_t)len);
}

static uint32_t make_folder(struct fat *f, const struct shape *s, uint32_t parent)
{
	static const uint8_t empty[CLUSTER];
	uint32_t cluster = take_clusters(f, s, empty, sizeof(empty));

	if (cluster) {
		uint8_t *p = cluster_at(f->p, s, cluster);

		put_entry(f, p, ".          ", DIRECTORY, cluster, 0);
		put_entry(f, p + ENTRY, "..         ", DIRECTORY, parent, 0);
	}
	return cluster;
}

bool fat_add(struct fat *f, const char *path, const void *data, size_t len)
{
	struct shape s;
	uint8_t *at;
	size_t n;
	uint32_t folder = 0;

	if (read_shape(f->p, f->len, &s))
		return false;
	at = f->p + s.root;
	n = s.root_len;
	for (;;) {
		const char *slash = strchr(path, '/');
		char name[11];
		uint8_t *entry;
		uint32_t cluster;
		bool there;

		if (!short_name(path, name) || !(entry = find_entry(at, n, name, &there)))
			return false;
		if (there && !slash)
			return false;
		cluster = there   ? get16(entry + 26)
			  : slash ? make_folder(f, &s, folder)
				  : take_clusters(f, &s, data, len);
		if (!cluster)
			return false;
		if (!there)
			put_entry(
			    f, entry, name, slash ? DIRECTORY : 0x20, cluster, slash ? 0 : len);
		if (!slash)
			return true;
		path = slash + 1;
		folder = cluster;
		at = cluster_at(f->p, &s, cluster);
		n = s.cluster;
	}
}

/* ---- change -------------------------------------------------------------------------------- */

/* The entry of a path, or NULL.  A loop in a chain ends when more clusters came than there are. */
static uint8_t *find_path(uint8_t *p, const struct shape *s, const char *path)
{
	uint8_t *at = p + s->root, *entry = NULL;
	size_t n = s->root_len;
	uint32_t cluster = 0, steps = 0;
	char name[11];
	bool there;

	for (;;) {
		if (!short_name(path, name))
			return NULL;
		entry = find_entry(at, n, name, &there);
		if (there && !strchr(path, '/'))
			return entry;
		if (there) {
			cluster = get16(entry + 26);
			path = strchr(path, '/') + 1;
		} else if (cluster && steps++ < s->clusters && cluster_at(p, s, cluster)) {
			cluster = next_of(p, s, cluster);
		} else {
			return NULL;
		}
		at = cluster_at(p, s, cluster);
		n = s->cluster;
		if (!at)
			return NULL;
	}
}

bool fat_find(uint8_t *p, size_t n, const char *path, uint64_t *at, uint64_t *len)
{
	const uint8_t *entry, *data;
	struct shape s;

	if (read_shape(p, n, &s) || !(entry = find_path(p, &s, path)) ||
	    !(data = cluster_at(p, &s, get16(entry + 26))))
		return false;
	*at = (uint64_t)(data - p);
	*len = get32(entry + 28);
	return true;
}

const char *fat_replace(
    uint8_t *p, size_t n, const char *path, const void *data, size_t len, uint8_t fill)
{
	const uint8_t *from = data;
	const char *wrong;
	uint32_t cluster, size = 0;
	struct shape s;
	uint8_t *entry, *at;

	if ((wrong = read_shape(p, n, &s)))
		return wrong;
	entry = find_path(p, &s, path);
	if (!entry)
		return mem_fmt("it has no %s", path);
	/* First how much there is room for, and only then write. */
	for (cluster = get16(entry + 26);
	     cluster_at(p, &s, cluster) && size / s.cluster < s.clusters;
	     cluster = next_of(p, &s, cluster))
		size += s.cluster;
	if (size < len)
		return mem_fmt("its %s has room for %u bytes only", path, size);
	put32(entry + 28, size);
	for (cluster = get16(entry + 26), size = 0; size / s.cluster < s.clusters;
	     cluster = next_of(p, &s, cluster), size += s.cluster) {
		size_t part = len > size ? len - size : 0;

		if (!(at = cluster_at(p, &s, cluster)))
			break;
		part = part < s.cluster ? part : s.cluster;
		memcpy(at, from + (part ? size : 0), part);
		memset(at + part, fill, s.cluster - part);
	}
	return NULL;
}
