/* cache.h: compiled objects that applications and targets share.
 *
 * $XDG_CACHE_HOME/mirage/obj (~/.cache/mirage/obj) holds files named after a digest. Each says what
 * the digest of its content is; one that is not so is removed and counts as not there. They appear
 * by rename, so that several builds may use the folder at once and a killed one leaves nothing but
 * a temporary file. Nothing here is an error to a build: what cannot be used is not used.
 */
#ifndef CLI_CACHE_H
#define CLI_CACHE_H

#include <stdint.h>

#include "text.h"

#define CACHE_LIMIT                                                                                \
	((uint64_t)512 << 20) /* bytes that stay, unless MIRAGE_CACHE says another size */
#define CACHE_NAME_LEN 64     /* hexadecimal digits of a name */

/* What MIRAGE_CACHE says: "off" (0), a size as 100M, or nothing: CACHE_LIMIT.  False: it is
 * neither; *bytes is CACHE_LIMIT then. */
bool cache_limit(uint64_t *bytes);

/* Where it is, or NULL: no home. */
const char *cache_folder(void);
/* The folder to use, made where it is missing; NULL: switched off, or not ours to write to or to
 * trust. */
const char *cache_open(void);

/* Add the content of the entry `name` to `out` and mark it as used now; false: not there. */
bool cache_get(const char *folder, const char *name, struct text *out);
/* Keep `data`, at most FILE_MAX bytes; what fails leaves nothing behind. */
void cache_put(const char *folder, const char *name, const char *data, size_t len);

/* Remove what was used longest ago until `limit` bytes are left, and temporary files of builds that
 * were killed. */
void cache_trim(const char *folder, uint64_t limit);
/* Remove all entries and the folder; 0 or -errno.  *files and *bytes: what was (or, with dry_run,
 * would be) removed. */
int cache_empty(const char *folder, bool dry_run, unsigned *files, uint64_t *bytes);

#endif
