/* kv_direct.h: KV_RO over a folder of the host, read as it is at the moment.
 *
 * No key leads out of the folder: not by "..", which is no key, and not by symbolic links, which
 * are followed only as long as they stay inside. What is neither a file nor a folder is not there.
 */
#ifndef MIR_KV_DIRECT_H
#define MIR_KV_DIRECT_H

#include <mir/kv.h>

enum {
	MIR_KV_DIRECT_OPEN = 8,             /* files kept open between two views */
	MIR_KV_DIRECT_VIEW = 64 * 1024,     /* bytes of one view at most */
	MIR_KV_DIRECT_LIST_MAX = 100 * 1000 /* names in one folder; over it: MIR_ELIMIT */
};

/* A file that is being read from front to back. */
struct mir_kv_direct_file {
	int fd; /* -1: none */
	size_t key_len;
	char key[MIR_KV_KEY_MAX];
};

struct mir_kv_direct {
	struct mir_kv kv; /* the signature object */
	int root;         /* descriptor of the folder */
	unsigned next;    /* the file to close when room is needed */
	struct mir_kv_direct_file files[MIR_KV_DIRECT_OPEN];
};

struct mir_kv_direct_config {
	const char *folder; /* absolute, or from where the image was started */
	const char *name;   /* "static" */
};

/* Open the folder. MIR_ENOENT, MIR_ENOTDIR, MIR_EACCES. */
int mir_kv_direct_start(struct mir_kv_direct *, const struct mir_kv_direct_config *);
void mir_kv_direct_stop(struct mir_kv_direct *);

#endif
