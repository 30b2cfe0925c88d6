/* layout.c: the header of a disk with a database, and where its parts are. */
#include "layout.h"

static const uint8_t magic[8] = "mir-sql";

/* CRC-32C, reflected (RFC 3720 appendix B.4). */
static uint32_t crc32c(const uint8_t *p, size_t len)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

static uint64_t pieces(uint64_t bytes)
{
	return bytes / LAYOUT_PIECE + (bytes % LAYOUT_PIECE != 0);
}

bool mir_sqlite_layout_fits(const struct layout *l, uint32_t sector_size)
{
	uint64_t room = l->end * sector_size / LAYOUT_PIECE - LAYOUT_BEGIN / LAYOUT_PIECE;

	for (int i = 0; i < SQLITE_PARTS; i++) {
		uint64_t n = pieces(l->size[i]);

		if (n > room)
			return false;
		room -= n;
	}
	return true;
}

bool mir_sqlite_layout_read(const uint8_t header[static LAYOUT_HEADER], uint64_t sectors,
    uint32_t sector_size, struct layout *out)
{
	*out = (struct layout){
		.generation = mir_le64(header + 16),
		.end = mir_le64(header + 24),
		.size = { mir_le64(header + 32), mir_le64(header + 40), mir_le64(header + 48) },
	};
	if (memcmp(header, magic, sizeof(magic)) != 0 || mir_le32(header + 8) != 1 ||
	    mir_le32(header + 12) != sector_size ||
	    mir_le32(header + 56) != crc32c(header, LAYOUT_HEADER - 4))
		return false;
	return out->end <= sectors && out->end <= UINT64_MAX / sector_size &&
	       out->end * sector_size >= LAYOUT_LEAST &&
	       (out->size[SQLITE_JOURNAL] == 0 || out->size[SQLITE_LOG] == 0) &&
	       mir_sqlite_layout_fits(out, sector_size);
}

void mir_sqlite_layout_write(
    const struct layout *l, uint32_t sector_size, uint8_t header[static LAYOUT_HEADER])
{
	memcpy(header, magic, sizeof(magic));
	put32(header + 8, 1);
	put32(header + 12, sector_size);
	put64(header + 16, l->generation);
	put64(header + 24, l->end);
	for (int i = 0; i < SQLITE_PARTS; i++)
		put64(header + 32 + 8 * i, l->size[i]);
	put32(header + 56, crc32c(header, LAYOUT_HEADER - 4));
}

uint64_t mir_sqlite_layout_piece(
    const struct layout *l, uint32_t sector_size, enum sqlite_part part, uint64_t piece)
{
	if (part == SQLITE_DATABASE)
		return LAYOUT_BEGIN + piece * LAYOUT_PIECE;
	return l->end * sector_size - (piece + 1) * LAYOUT_PIECE;
}

/* SQLite's file format, section 1.3: 16 bytes of a page, 28 pages. */
uint64_t mir_sqlite_database_size(const uint8_t first[static 100])
{
	uint32_t page = mir_be16(first + 16);

	if (memcmp(first, "SQLite format 3", 16) != 0)
		return 0;
	if (page == 1)
		page = 65536;
	if (page < 512 || (page & (page - 1)) != 0)
		return 0;
	return (uint64_t)mir_be32(first + 28) * page;
}
