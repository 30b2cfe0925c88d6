/* Hostile paths: whatever is given, the result has the form that stores are asked for, and is what
 * walking name by name comes to. */
#include <errno.h>
#include <mir/kv.h>
#include <mir/panic.h>
#include <stdlib.h>
#include <string.h>

#include "../path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int folder(void *arg, const char *path, size_t len)
{
	mir_check(len > 0 && path[0] == '/' && path[len] == '\0');
	return (*(unsigned *)arg)++ % 7 == 6 ? -ENOTDIR : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const bases[] = { "/", "/a", "/a/b/c", "/\xff/ " };
	const char *base = bases[len ? data[0] % MIR_COUNT(bases) : 0];
	static struct mir_path p, again;
	char *path = malloc(len + 1);
	unsigned asked = 0;
	int rc;

	if (!path)
		return 0;
	memcpy(path, data, len);
	path[len] = '\0';
	rc = mir_path_resolve(&p, base, path, folder, &asked);
	if (rc == 0) {
		mir_check(p.len == strlen(p.text) && p.len < MIR_PATH_MAX);
		if (p.len <= MIR_KV_KEY_MAX)
			mir_check(mir_kv_key_ok((struct mir_str){ p.text, p.len }));
		mir_check(mir_path_resolve(&again, base, p.text, NULL, NULL) == 0);
		mir_check(again.len == p.len && memcmp(again.text, p.text, p.len) == 0);
		mir_check(mir_path_parent(p.text, p.len) <= p.len);
	} else {
		mir_check(rc == -ENOENT || rc == -ENAMETOOLONG || rc == -ENOTDIR);
	}
	free(path);
	return 0;
}
