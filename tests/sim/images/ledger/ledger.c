/* ledger.c: a page of several sectors goes to one of two places; then, behind a barrier, a sector
 * says which page counts.  After a power cut that page must be whole. */
#include "mirage/app.h"

#include <mir/fiber.h>
#include <mir/log.h>
#include <stdlib.h>
#include <string.h>

MIR_LOG_SOURCE(ledger);

enum { SECTOR = 512, PAGE_SECTORS = 8, PAGE = SECTOR * PAGE_SECTORS, FIRST = 1, TRIES = 1000 };

static uint8_t page[PAGE], head[SECTOR];

static void fill(uint8_t *p, size_t len, uint64_t n)
{
	for (size_t i = 0; i < len; i += sizeof(n))
		memcpy(p + i, &n, sizeof(n));
}

static bool all(const uint8_t *p, size_t len, uint64_t n)
{
	for (size_t i = 0; i < len; i += sizeof(n)) {
		if (memcmp(p + i, &n, sizeof(n)) != 0)
			return false;
	}
	return true;
}

static uint64_t place(uint64_t n)
{
	return FIRST + n % 2 * PAGE_SECTORS;
}

/* An error of the disk may pass. */
static int again(int rc, unsigned *tries)
{
	return rc == MIR_EIO && ++*tries < TRIES ? 1 : 0;
}

static int move(struct mir_block *b, bool write, uint64_t sector, void *p, size_t len)
{
	struct mir_iov iov = { p, len };
	unsigned tries = 0;
	int rc;

	do
		rc = write ? mir_block_write(b, sector, &iov, 1)
			   : mir_block_read(b, sector, &iov, 1);
	while (again(rc, &tries));
	return rc;
}

static int barrier(const struct app *app)
{
	unsigned tries = 0;
	int rc;

	if (!app->keys.barrier)
		return 0;
	do
		rc = mir_block_barrier(app->block_storage);
	while (again(rc, &tries));
	return rc;
}

static int commit(const struct app *app, uint64_t n)
{
	int rc;

	fill(page, PAGE, n);
	fill(head, SECTOR, n);
	rc = move(app->block_storage, true, place(n), page, PAGE);
	if (rc == 0)
		rc = barrier(app);
	if (rc == 0)
		rc = move(app->block_storage, true, 0, head, SECTOR);
	if (rc == 0)
		rc = barrier(app);
	return rc;
}

int ledger_main(const struct app *app)
{
	uint64_t n = 0;
	int rc = move(app->block_storage, false, 0, head, SECTOR);

	if (rc == 0) {
		memcpy(&n, head, sizeof(n));
		rc = move(app->block_storage, false, place(n), page, PAGE);
	}
	if (rc == MIR_ECANCELED)
		return 0;
	if (rc < 0) {
		mir_error("cannot read: %s", mir_strerror(rc));
		return 1;
	}
	if (!all(head, SECTOR, n) || !all(page, PAGE, n)) {
		mir_error("page %llu is lost", (unsigned long long)n);
		return 1;
	}
	mir_app("page %llu is there", (unsigned long long)n);
	while (n < (uint64_t)app->keys.pages && (rc = commit(app, n + 1)) == 0)
		n++;
	if (rc < 0 && rc != MIR_ECANCELED) {
		mir_error("cannot write: %s", mir_strerror(rc));
		return 1;
	}
	return 0;
}
