/* power.c: power fails.  A run of transactions on a disk that notes every sector that is written
 * and every barrier; then, for a cut behind each of them, disks as they may look after it: what a
 * barrier came after is there, of what came later anything may be.  Each must hold the state after
 * the last transaction that was committed, or after the one that was being committed, and pass
 * SQLite's own check.
 */
#include <mir/sqlite.h>
#include <mir/test.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DISK = 1 << 20, STATES = 40, DIGEST = 200 };

struct event {
	uint32_t sector;
	uint8_t *data; /* NULL: a barrier */
};

static struct disk {
	struct mir_block block;
	uint8_t *bytes;
	struct event *events;
	size_t n_events, cap_events;
	bool noting;
} disk;

static struct sqlite3_vfs *vfs;
static uint64_t random_state = 1;

static unsigned draw(unsigned n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % n;
}

static void note(uint32_t sector, const uint8_t *data)
{
	struct event *e;

	if (!disk.noting)
		return;
	if (disk.n_events == disk.cap_events) {
		disk.cap_events = disk.cap_events ? 2 * disk.cap_events : 1024;
		disk.events = realloc(disk.events, disk.cap_events * sizeof(*e));
	}
	e = &disk.events[disk.n_events++];
	*e = (struct event){ sector, NULL };
	if (data) {
		e->data = malloc(disk.block.sector_size);
		memcpy(e->data, data, disk.block.sector_size);
	}
}

static int disk_read(struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	uint64_t at = sector * b->sector_size;

	for (unsigned i = 0; i < n; at += iov[i++].len)
		memcpy(iov[i].base, disk.bytes + at, iov[i].len);
	return 0;
}

static int disk_write(struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (size_t at = 0; at < iov[i].len; at += b->sector_size, sector++) {
			note((uint32_t)sector, (uint8_t *)iov[i].base + at);
			memcpy(disk.bytes + sector * b->sector_size, (uint8_t *)iov[i].base + at,
			    b->sector_size);
		}
	return 0;
}

static int disk_barrier(struct mir_block *b)
{
	(void)b;
	note(0, NULL);
	return 0;
}

static const struct mir_block_ops ops = {
	.name = "noting", .read = disk_read, .write = disk_write, .barrier = disk_barrier
};

static void forget_events(void)
{
	for (size_t i = 0; i < disk.n_events; i++)
		free(disk.events[i].data);
	disk.n_events = 0;
}

/* --- what is done ------------------------------------------------------------------------ */

static struct {
	size_t event; /* as many there were when it was committed */
	char digest[DIGEST];
} states[STATES];
static int n_states;

static bool digest(sqlite3 *db, char out[DIGEST])
{
	static const char sql[] =
	    "SELECT count(*) || ' ' || coalesce(sum(id), 0) || ' ' || coalesce(sum(length(data)), "
	    "0) || ' ' ||"
	    " coalesce(sum(unicode(hex(data)) * id), 0) || ' ' || (SELECT n FROM state) FROM t";
	sqlite3_stmt *s;
	bool good =
	    sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW;

	out[0] = '\0';
	if (good)
		snprintf(out, DIGEST, "%s", (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	return good;
}

static void run(sqlite3 *db, const char *sql)
{
	char *error = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		ok(false, "%s: %s", sql, error);
	sqlite3_free(error);
}

static void commit(sqlite3 *db, const char *sql)
{
	char text[600];

	snprintf(text, sizeof(text), "BEGIN; %s; UPDATE state SET n = n + 1; COMMIT", sql);
	run(db, text);
	digest(db, states[n_states].digest);
	states[n_states++].event = disk.n_events;
}

#define ROWS(n, bytes)                                                                             \
	"WITH RECURSIVE k(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM k WHERE i < " #n            \
	") INSERT INTO t(data) SELECT randomblob(" #bytes " + i * 37 % 300) FROM k"

static void transactions(sqlite3 *db)
{
	commit(db, ROWS(3, 30));
	commit(db, ROWS(10, 500));
	commit(db, "UPDATE t SET data = randomblob(200) WHERE id % 2 = 0");
	run(db, "BEGIN; DELETE FROM t; ROLLBACK");
	/* More than the cache holds: pages are written before the end. */
	commit(db, ROWS(60, 700));
	commit(db, "DELETE FROM t WHERE id % 3 = 0");
	run(db, "BEGIN; UPDATE t SET data = randomblob(300); ROLLBACK");
	run(db, "VACUUM");
	commit(db, "CREATE INDEX by_data ON t(data)");
	commit(db, ROWS(5, 2000));
	commit(db, "DELETE FROM t WHERE id > 20");
	commit(db, "DROP INDEX by_data");
	run(db, "VACUUM");
	commit(db, ROWS(4, 100));
}

static sqlite3 *open_db(const char *mode)
{
	sqlite3 *db = NULL;
	char text[100];

	if (sqlite3_open_v2("test.db", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		vfs->zName) != SQLITE_OK)
		return db;
	snprintf(text, sizeof(text), "PRAGMA synchronous = FULL; PRAGMA cache_size = 10%s%s",
	    mode ? "; PRAGMA journal_mode = " : "", mode ? mode : "");
	sqlite3_exec(db, text, NULL, NULL, NULL);
	return db;
}

static void record(const char *mode)
{
	sqlite3 *db;

	memset(disk.bytes, 0, DISK);
	forget_events();
	n_states = 0;
	disk.noting = true;
	db = open_db(NULL);
	run(db, "PRAGMA page_size = 1024; CREATE TABLE t(id INTEGER PRIMARY KEY, data BLOB);"
		"CREATE TABLE state(n); INSERT INTO state VALUES (0)");
	sqlite3_close(db);
	db = open_db(mode);
	digest(db, states[0].digest);
	states[0].event = disk.n_events;
	n_states = 1;
	transactions(db);
	sqlite3_close(db);
	disk.noting = false;
}

/* --- what is found ----------------------------------------------------------------------- */

static unsigned checked;

/* Opens what is on the disk: its state is `from` or the one after. */
static bool holds(int from, char found[DIGEST])
{
	sqlite3 *db = open_db(NULL);
	sqlite3_stmt *s = NULL;
	bool good = db &&
		    sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &s, NULL) == SQLITE_OK &&
		    sqlite3_step(s) == SQLITE_ROW &&
		    strcmp((const char *)sqlite3_column_text(s, 0), "ok") == 0;

	sqlite3_finalize(s);
	snprintf(found, DIGEST, "%s", good ? "no table" : sqlite3_errmsg(db));
	if (good && !digest(db, found))
		good = false;
	sqlite3_close(db);
	checked++;
	return good && (strcmp(found, states[from].digest) == 0 ||
			   (from + 1 < n_states && strcmp(found, states[from + 1].digest) == 0));
}

enum variant { ALL, LAST, SOME, VARIANTS };

static void write_some(uint8_t *image, const struct event *e, size_t n, enum variant v)
{
	for (size_t i = 0; i < n; i++)
		if (e[i].data && (v == ALL || (v == LAST && i + 1 == n) || (v == SOME && draw(2))))
			memcpy(image + e[i].sector * disk.block.sector_size, e[i].data,
			    disk.block.sector_size);
}

/* Power fails again while a database recovers from the first time. */
static bool again(int state, char found[DIGEST])
{
	struct event *before = disk.events;
	size_t n = disk.n_events, cap = disk.cap_events, k, barrier = 0;
	static uint8_t image[DISK];
	bool good;

	memcpy(image, disk.bytes, DISK);
	disk.events = NULL;
	disk.n_events = disk.cap_events = 0;
	disk.noting = true;
	good = holds(state, found);
	disk.noting = false;
	if (good && disk.n_events) {
		k = draw((unsigned)disk.n_events) + 1;
		for (size_t i = 0; i < k; i++)
			if (!disk.events[i].data)
				barrier = i;
		write_some(image, disk.events, barrier, ALL);
		write_some(image, disk.events + barrier, k - barrier, SOME);
		memcpy(disk.bytes, image, DISK);
		good = holds(state, found);
	}
	forget_events();
	free(disk.events);
	disk.events = before;
	disk.n_events = n;
	disk.cap_events = cap;
	return good;
}

static void cut_everywhere(const char *mode, unsigned step)
{
	static uint8_t base[DISK];
	size_t barrier = 0;
	int state = -1;
	char found[DIGEST];

	memset(base, 0, DISK);
	for (size_t k = 0; k < disk.n_events; k++) {
		while (state + 1 < n_states && states[state + 1].event <= k + 1)
			state++;
		if (!disk.events[k].data) {
			write_some(base, disk.events + barrier, k - barrier, ALL);
			barrier = k;
		}
		if (state < 0 || draw(step))
			continue;
		for (int v = disk.events[k].data ? ALL : SOME; v < VARIANTS; v++) {
			memcpy(disk.bytes, base, DISK);
			write_some(
			    disk.bytes, disk.events + barrier, k + 1 - barrier, (enum variant)v);
			if (draw(8) ? holds(state, found) : again(state, found))
				continue;
			ok(false, "%s: cut behind event %zu of %zu, variant %d: '%s', not '%s'",
			    mode, k, disk.n_events, v, found, states[state].digest);
			return;
		}
	}
	ok(n_states == 11, "%s: %zu events, %u disks in all", mode, disk.n_events, checked);
}

static void with_sectors(uint32_t size, unsigned step)
{
	static const char *const modes[] = { "DELETE", "TRUNCATE", "PERSIST", "WAL" };

	disk.block = (struct mir_block){ &ops, "test", DISK / size, size, true };
	disk.bytes = calloc(1, DISK);
	vfs = mir_sqlite_add_block("power", &disk.block, false);
	for (size_t i = 0; i < MIR_COUNT(modes); i++) {
		record(modes[i]);
		cut_everywhere(modes[i], step);
	}
	mir_sqlite_remove(vfs);
	forget_events();
	free(disk.events);
	free(disk.bytes);
	disk = (struct disk){ 0 };
}

/* All cuts with STEP=1 in the environment. */
static unsigned step_of(unsigned step)
{
	const char *told = getenv("STEP");

	return told ? (unsigned)atoi(told) : step;
}

static void small_sectors(void)
{
	with_sectors(512, step_of(20));
}

static void large_sectors(void)
{
	with_sectors(4096, step_of(8));
}

int main(void)
{
	RUN(small_sectors);
	RUN(large_sectors);
	sqlite3_shutdown();
	return mir_test_end();
}
