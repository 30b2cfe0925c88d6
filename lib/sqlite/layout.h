/* layout.h: how a disk holds a database.
 *
 *     0       header, one sector            all numbers little-endian
 *     32768   header, the other copy
 *     65536   the database, upwards
 *     end     journal or write-ahead log, downwards in pieces of 64 kB: bytes 0..65535 are the
 *             last 64 kB before `end`, 65536.. those before them
 *
 * header: 0 magic, 8 version (1), 12 bytes of a sector, 16 generation, 24 `end` in sectors,
 * 32 bytes of the database, 40 of the journal, 48 of the write-ahead log, 56 CRC-32C of all before.
 *
 * The copy with the higher generation counts.  A header is written over the other one, and not
 * before that one is durable; so a header that is not written whole leaves one that is.  Of
 * journal and log one at most has bytes.  The bytes that a journal grows by are durable before the
 * header that tells of them, as old ones in their place could be those of an older journal.  A log
 * knows its bytes by numbers drawn for each; but where it begins has to be zero before, and so the
 * first sector is made so when journal or log end.  That is all that SQLite's own protocol
 * needs: power may fail between any two sectors, and what was not followed by a barrier may be lost
 * in any order.
 */
#ifndef SQLITE_LAYOUT_H
#define SQLITE_LAYOUT_H

#include <mir/bytes.h>
#include <mir/cc.h>

enum sqlite_part { SQLITE_DATABASE, SQLITE_JOURNAL, SQLITE_LOG, SQLITE_PARTS };

enum {
	LAYOUT_PIECE = 65536,
	LAYOUT_OTHER = 32768,
	LAYOUT_BEGIN = 65536, /* of the database */
	LAYOUT_HEADER = 60,   /* bytes; the rest of its sector is zero */
	LAYOUT_LEAST = 4 * LAYOUT_PIECE,
	LAYOUT_SECTOR_MAX = 32768,
};

struct layout {
	uint64_t generation;
	uint64_t end; /* sectors */
	uint64_t size[SQLITE_PARTS];
};

/* A header of a disk with so many sectors of that size; false: it is none, or not one of that
 * disk. */
bool mir_sqlite_layout_read(const uint8_t header[static LAYOUT_HEADER], uint64_t sectors,
    uint32_t sector_size, struct layout *out);
void mir_sqlite_layout_write(
    const struct layout *, uint32_t sector_size, uint8_t header[static LAYOUT_HEADER]);

/* Whether parts of these sizes have room. */
bool mir_sqlite_layout_fits(const struct layout *, uint32_t sector_size);

/* The first byte of a piece of a part on the disk. */
uint64_t mir_sqlite_layout_piece(
    const struct layout *, uint32_t sector_size, enum sqlite_part, uint64_t piece);

/* The bytes of a database from its first ones (100), as SQLite writes them; 0: it is none. */
uint64_t mir_sqlite_database_size(const uint8_t first[static 100]);

#endif
