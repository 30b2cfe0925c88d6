/* layout.c: headers: valid, each bit wrong, and what no disk can hold; sizes of databases. */
#include "../layout.h"

#include <mir/test.h>
#include <string.h>

static const struct layout good = { .generation = 7, .end = 2048, .size = { 300000, 5000, 0 } };

static bool reads(const struct layout *l, uint64_t sectors, uint32_t sector_size)
{
	uint8_t header[LAYOUT_HEADER];
	struct layout out;

	mir_sqlite_layout_write(l, 512, header);
	return mir_sqlite_layout_read(header, sectors, sector_size, &out) &&
	       memcmp(&out, l, sizeof(out)) == 0;
}

static void headers(void)
{
	struct layout l = good;
	uint8_t header[LAYOUT_HEADER];
	unsigned accepted = 0;

	ok(reads(&good, 2048, 512), "what was written");
	ok(reads(&good, 4096, 512), "on a disk that has grown");
	ok(!reads(&good, 2047, 512), "not on one that has shrunk");
	ok(!reads(&good, 2048, 4096), "nor with other sectors");
	mir_sqlite_layout_write(&good, 512, header);
	for (unsigned bit = 0; bit < 8 * LAYOUT_HEADER; bit++) {
		header[bit / 8] ^= (uint8_t)(1 << bit % 8);
		accepted += mir_sqlite_layout_read(header, 2048, 512, &l);
		header[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ok(accepted == 0, "each bit counts");
	l = good;
	l.size[SQLITE_LOG] = 1;
	ok(!reads(&l, 2048, 512), "journal and log at once");
	l = good;
	l.size[SQLITE_DATABASE] = 14 * LAYOUT_PIECE;
	ok(reads(&l, 2048, 512), "a full disk");
	l.size[SQLITE_DATABASE]++;
	ok(!reads(&l, 2048, 512), "more than that");
	l.size[SQLITE_DATABASE] = UINT64_MAX;
	ok(!reads(&l, 2048, 512), "far more");
	l = good;
	l.end = 511;
	ok(!reads(&l, 2048, 512), "hardly a disk");
	l.end = UINT64_MAX;
	ok(!reads(&l, UINT64_MAX, 512), "more than there are bytes");
}

static void pieces(void)
{
	ok(mir_sqlite_layout_piece(&good, 512, SQLITE_DATABASE, 0) == 65536 &&
		mir_sqlite_layout_piece(&good, 512, SQLITE_DATABASE, 2) == 3 * 65536,
	    "the database goes up");
	ok(mir_sqlite_layout_piece(&good, 512, SQLITE_JOURNAL, 0) == 2048 * 512 - 65536 &&
		mir_sqlite_layout_piece(&good, 512, SQLITE_LOG, 1) == 2048 * 512 - 2 * 65536,
	    "the journal down");
}

static void databases(void)
{
	uint8_t first[100] = "SQLite format 3";

	first[16] = 4096 >> 8;
	first[31] = 5;
	ok(mir_sqlite_database_size(first) == 5 * 4096, "5 pages of 4096");
	first[16] = 0;
	first[17] = 1;
	ok(mir_sqlite_database_size(first) == 5 * 65536, "of 65536");
	first[17] = 2;
	ok(mir_sqlite_database_size(first) == 0, "of 2");
	first[16] = 3;
	ok(mir_sqlite_database_size(first) == 0, "of 770");
	first[0] = 's';
	ok(mir_sqlite_database_size(first) == 0, "another file");
}

int main(void)
{
	RUN_PLAIN(headers);
	RUN_PLAIN(pieces);
	RUN_PLAIN(databases);
	return mir_test_end();
}
