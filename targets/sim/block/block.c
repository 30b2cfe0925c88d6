/* block.c: a simulated disk: sectors in shared memory, a cache before them, requests that take
 * their time and may fail. */
#include <errno.h>
#include <fcntl.h>
#include <mir/fiber.h>
#include <mir/log.h>
#include <mir/quantity.h>
#include <mir/sim_block.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

MIR_LOG_SOURCE(block);

/* A write that waits for its time; on the stack of who writes. */
struct mir_sim_request {
	struct mir_sim_request *next;
	uint64_t sector;
	const struct mir_iov *iov;
	unsigned n;
};

static struct mir_sim_block *disk_of(struct mir_block *b)
{
	return mir_container(b, struct mir_sim_block, block);
}

static uint64_t draw(struct mir_sim_block *d)
{
	return mir_sim_draw(d->block.name, d->faults.seed + d->draws++);
}

/* Waits as long as a request of so many bytes takes.  MIR_EIO: it fails. */
static int take_time(struct mir_sim_block *d, uint64_t bytes)
{
	int64_t ns = d->faults.latency_ns;
	bool fails = d->faults.error && draw(d) >> 32 < d->faults.error;
	int rc;

	if (d->faults.jitter_ns > 0)
		ns += (int64_t)(draw(d) % (uint64_t)(d->faults.jitter_ns + 1));
	if (d->faults.rate > 0)
		ns += (int64_t)((double)bytes * 1e9 / (double)d->faults.rate);
	rc = ns > 0 ? mir_sleep(ns) : mir_yield();
	return rc < 0 ? rc : fails ? MIR_EIO : 0;
}

static uint64_t bytes_of(const struct mir_iov *iov, unsigned n)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < n; i++)
		bytes += iov[i].len;
	return bytes;
}

static int block_read(struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	struct mir_sim_block *d = disk_of(b);
	int rc = take_time(d, bytes_of(iov, n));

	for (unsigned i = 0; i < n && rc == 0; i++) {
		for (size_t at = 0; at < iov[i].len; at += MIR_SIM_SECTOR, sector++)
			memcpy((uint8_t *)iov[i].base + at,
			    d->cache[sector] ? d->cache[sector]
					     : d->durable + sector * MIR_SIM_SECTOR,
			    MIR_SIM_SECTOR);
	}
	return rc;
}

/* One sector into the cache. */
static int put(struct mir_sim_block *d, uint64_t sector, const uint8_t *from)
{
	if (!d->cache[sector]) {
		d->cache[sector] = malloc(MIR_SIM_SECTOR);
		if (!d->cache[sector])
			return MIR_EIO;
		d->dirty[d->n_dirty++] = sector;
	}
	memcpy(d->cache[sector], from, MIR_SIM_SECTOR);
	return 0;
}

/* Each sector of a write, in order, as long as `visit` says 0. */
static int each(struct mir_sim_block *d, const struct mir_sim_request *r,
    int (*visit)(struct mir_sim_block *, uint64_t sector, const uint8_t *from))
{
	uint64_t sector = r->sector;
	int rc = 0;

	for (unsigned i = 0; i < r->n && rc == 0; i++) {
		for (size_t at = 0; at < r->iov[i].len && rc == 0; at += MIR_SIM_SECTOR)
			rc = visit(d, sector++, (const uint8_t *)r->iov[i].base + at);
	}
	return rc;
}

/* A write that fails stops somewhere. */
static int put_or_stop(struct mir_sim_block *d, uint64_t sector, const uint8_t *from)
{
	return draw(d) % 4 == 0 ? MIR_EIO : put(d, sector, from);
}

static int block_write(struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	struct mir_sim_block *d = disk_of(b);
	struct mir_sim_request r = { d->writing, sector, iov, n }, **p;
	int rc;

	d->writing = &r;
	rc = take_time(d, bytes_of(iov, n));
	for (p = &d->writing; *p != &r; p = &(*p)->next)
		continue;
	*p = r.next;
	if (rc == 0)
		return each(d, &r, put);
	each(d, &r, put_or_stop);
	return rc;
}

static void flush(struct mir_sim_block *d)
{
	for (uint64_t i = 0; i < d->n_dirty; i++) {
		uint64_t sector = d->dirty[i];

		memcpy(d->durable + sector * MIR_SIM_SECTOR, d->cache[sector], MIR_SIM_SECTOR);
		free(d->cache[sector]);
		d->cache[sector] = NULL;
	}
	d->n_dirty = 0;
}

static int block_barrier(struct mir_block *b)
{
	struct mir_sim_block *d = disk_of(b);
	int rc = take_time(d, d->n_dirty * MIR_SIM_SECTOR);

	if (rc == 0)
		flush(d);
	return rc;
}

static int block_discard(struct mir_block *b, uint64_t sector, uint64_t count)
{
	(void)sector;
	(void)count;
	return take_time(disk_of(b), 0);
}

static int put_by_chance(struct mir_sim_block *d, uint64_t sector, const uint8_t *from)
{
	if (draw(d) % 2)
		memcpy(d->durable + sector * MIR_SIM_SECTOR, from, MIR_SIM_SECTOR);
	return 0;
}

static void end(struct mir_sim_store *store, bool power)
{
	struct mir_sim_block *d = mir_container(store, struct mir_sim_block, store);

	for (uint64_t i = 0; i < d->n_dirty && power; i++)
		put_by_chance(d, d->dirty[i], d->cache[d->dirty[i]]);
	for (struct mir_sim_request *r = d->writing; r && power; r = r->next)
		each(d, r, put_by_chance);
	if (!power)
		flush(d);
}

static void change(struct mir_sim_store *store, const struct mir_sim_disk_faults *faults)
{
	struct mir_sim_block *d = mir_container(store, struct mir_sim_block, store);
	uint64_t seed = d->faults.seed;

	d->faults = *faults;
	d->faults.seed = seed;
}

static int map(struct mir_sim_block *d, int fd, uint64_t size)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	void *p;

	d->block.sectors = size / MIR_SIM_SECTOR;
	if (d->block.sectors == 0)
		return MIR_EINVAL;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (p == MAP_FAILED)
		return MIR_ENOMEM;
	d->durable = p;
	d->cache = calloc(d->block.sectors, sizeof(*d->cache));
	d->dirty = calloc(d->block.sectors, sizeof(*d->dirty));
	return d->cache && d->dirty ? 0 : MIR_ENOMEM;
}

static int map_file(struct mir_sim_block *d, const struct mir_sim_block_config *c)
{
	int fd = open(c->file, O_RDWR | O_CREAT | O_CLOEXEC, 0644), rc;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 ||
	    ((uint64_t)st.st_size < c->size && ftruncate(fd, (off_t)c->size) < 0)) {
		mir_error("%s: cannot use %s as a disk: errno %d", c->name, c->file, errno);
		if (fd >= 0)
			close(fd);
		return MIR_EIO;
	}
	rc = map(d, fd, MIR_MAX((uint64_t)st.st_size, c->size));
	close(fd);
	return rc;
}

/* The disk that the tool has for us, or NULL. */
static const struct mir_sim_disk *of_tool(const char *name)
{
	const struct mir_sim_page *page = mir_sim_page();

	for (size_t i = 0; page && i < MIR_SIM_DISKS && page->disk[i].name[0]; i++) {
		if (strncmp(page->disk[i].name, name, MIR_SIM_NAME) == 0)
			return &page->disk[i];
	}
	return NULL;
}

/* "latency=1ms": one of n characters. */
static int set_fault(struct mir_sim_disk_faults *f, const char *text, size_t n)
{
	static const struct {
		const char *name;
		enum mir_quantity q;
		size_t offset;
	} table[] = {
		{ "latency=", MIR_QUANTITY_TIME, offsetof(struct mir_sim_disk_faults, latency_ns) },
		{ "jitter=", MIR_QUANTITY_TIME, offsetof(struct mir_sim_disk_faults, jitter_ns) },
		{ "rate=", MIR_QUANTITY_SIZE, offsetof(struct mir_sim_disk_faults, rate) },
		{ "error=", MIR_QUANTITY_SHARE, offsetof(struct mir_sim_disk_faults, error) },
	};
	int64_t v;

	for (size_t i = 0; i < MIR_COUNT(table); i++) {
		size_t len = strlen(table[i].name);

		if (n < len || memcmp(text, table[i].name, len) != 0)
			continue;
		if (mir_quantity(table[i].q, text + len, n - len, mir_sim_draw("disk", i), &v) < 0)
			return MIR_EINVAL;
		memcpy((uint8_t *)f + table[i].offset, &v, sizeof(v));
		return 0;
	}
	return MIR_EINVAL;
}

static int set_faults(struct mir_sim_disk_faults *f, const char *name, const char *text)
{
	size_t n;

	for (; text && *text; text += n + (text[n] == ',')) {
		n = strcspn(text, ",");
		if (set_fault(f, text, n) == 0)
			continue;
		mir_error("--%s-faults: '%s': latency=TIME, jitter=TIME, rate=SIZE or error=SHARE "
			  "was expected",
		    name, text);
		return MIR_EINVAL;
	}
	return 0;
}

int mir_sim_block_start(struct mir_sim_block *d, const struct mir_sim_block_config *c)
{
	static const struct mir_block_ops ops = { "simulated", block_read, block_write,
		block_barrier, block_discard };
	const struct mir_sim_disk *disk = of_tool(c->name);
	int rc;

	*d = (struct mir_sim_block){
		.block = { .ops = &ops,
		    .name = c->name,
		    .sector_size = MIR_SIM_SECTOR,
		    .writable = true },
		.store = { .name = c->name, .change = change, .end = end },
	};
	if (disk) {
		d->faults = disk->faults;
		rc = map(d, disk->fd, disk->size);
	} else {
		rc = set_faults(&d->faults, c->name, c->faults);
		if (rc == 0)
			rc = c->file && *c->file ? map_file(d, c) : map(d, -1, c->size);
	}
	if (rc < 0) {
		mir_sim_block_stop(d);
		return rc;
	}
	mir_sim_store_add(&d->store);
	return 0;
}

void mir_sim_block_stop(struct mir_sim_block *d)
{
	mir_sim_store_remove(&d->store);
	if (d->cache && d->dirty)
		flush(d);
	if (d->durable)
		munmap(d->durable, d->block.sectors * MIR_SIM_SECTOR);
	free(d->cache);
	free(d->dirty);
	d->durable = NULL;
	d->cache = NULL;
	d->dirty = NULL;
}
