/* tree.h: the tree of files: stores, devices, and what is in use of them.
 *
 * A store NAME is the folder /NAME, `root` is /.  /dev has the devices and disks, /tmp is a store
 * in memory, /etc has a few files where no store has them.  Stores know no empty folders and no
 * file without a name; in those that can be written, names that begin with MIR_TREE_OWN stand for
 * these, which no program sees.
 */
#ifndef MIR_POSIX_TREE_H
#define MIR_POSIX_TREE_H

#include <mir/kv.h>
#include <mir/posix.h>

#include "file.h"
#include "path.h"

#define MIR_TREE_OWN ".mirage."

enum mir_place_kind { MIR_PLACE_NONE, MIR_PLACE_FILE, MIR_PLACE_FOLDER, MIR_PLACE_DEVICE };

struct mir_mount {
	const char *name;  /* "data"; "" of the root */
	struct mir_kv *kv; /* NULL: the root where no store is, or /dev */
	unsigned id;       /* st_dev */
};

/* What a path leads to.  Large: one or two on a stack. */
struct mir_place {
	struct mir_mount *mount;
	enum mir_place_kind kind; /* NONE: there is nothing, but the folder that it would be in */
	const char *key;          /* in path */
	size_t len;
	struct mir_path path;
};

/* A file or folder of the tree that is open: open files that stand for one share it. */
struct mir_node {
	struct mir_node *next;
	struct mir_mount *mount;
	char *key;
	size_t len;
	unsigned refs;
	enum mir_place_kind kind;
	bool gone; /* unlinked: key is a name of our own, which goes with the last reference */
	bool busy; /* being changed */
	struct mir_waitq idle;
	uint64_t ino;
};

/* ---- tree.c ---- */

/* Devices by name, and how large /tmp may be.  MIR_EEXIST: a store has a name that is taken. */
int mir_tree_start(const struct mir_posix_device *devices, unsigned n, uint64_t tmp_size);
void mir_tree_stop(void);

/* Blocks, as all that asks a store does.  0, also where nothing is (kind NONE); -ENOENT, -ENOTDIR:
 * of the folders above; -ENAMETOOLONG, -EBADF (dirfd), -EIO. */
int mir_tree_find(int dirfd, const char *path, struct mir_place *out);

/* What a key of a store is: enum mir_place_kind, or a negated errno. */
int mir_tree_kind(struct mir_kv *, struct mir_str key);

/* Whether a change is possible there: 0, -EROFS, -EACCES (a name of our own). */
int mir_tree_may_change(const struct mir_place *);

/* All mounts, in order, but for the root: NULL ends. */
struct mir_mount *mir_tree_mount(unsigned i);
bool mir_tree_is_root(const struct mir_mount *);
bool mir_tree_is_dev(const struct mir_mount *);

/* Whether the last name of a key is one of our own. */
bool mir_tree_is_own(struct mir_str key);

/* The folder that relative paths begin at. */
extern char mir_tree_cwd[MIR_PATH_MAX];

static inline struct mir_str mir_place_key(const struct mir_place *p)
{
	return (struct mir_str){ p->key, p->len };
}

/* ---- node.c ---- */

/* With a reference.  NULL: out of memory. */
struct mir_node *mir_node_open(const struct mir_place *);
/* That is open, borrowed, or NULL. */
struct mir_node *mir_node_find(const struct mir_mount *, struct mir_str key);
/* Blocks: the last one removes a file that has no name. */
void mir_node_unref(struct mir_node *);
/* Nobody else changes it, until mir_node_unlock.  Blocks; -EINTR. */
long mir_node_lock(struct mir_node *);
void mir_node_unlock(struct mir_node *);
/* What is open at a key or below it is now at another.  -ENOMEM: nothing has changed. */
int mir_node_moved(const struct mir_mount *, struct mir_str from, struct mir_str to);
/* Gives an open file a name of our own in the store, moved or copied there.  Blocks. */
long mir_node_hide(struct mir_node *, bool copy);
/* The same for a file that is to be made: its key. */
void mir_node_own_key(char *out, size_t size);
/* The number of a file: that of the open one, else one that follows from its name. */
uint64_t mir_node_ino(const struct mir_mount *, struct mir_str key);
/* Copies the first `size` bytes of a value to another key.  Blocks. */
long mir_node_copy(struct mir_kv *, struct mir_str from, struct mir_str to, uint64_t size);

static inline struct mir_str mir_node_key(const struct mir_node *n)
{
	return (struct mir_str){ n->key, n->len };
}

/* ---- files; each takes the node, on failure too, and gives a file with one reference ---- */

long mir_store_open(struct mir_node * /* take */, int flags, struct mir_file **out);
long mir_folder_open(struct mir_node * /* take */, int flags, struct mir_file **out);
/* The node of a file that one of these has made, or NULL. */
struct mir_node *mir_store_node(struct mir_file *);
struct mir_node *mir_folder_node(struct mir_file *);

/* Makes a value as long as that.  Blocks. */
long mir_store_truncate(struct mir_node *, int64_t size);

enum { MIR_DEV_DISK_INO = 12 }; /* of the first disk, behind the devices that there always are */

/* dev.c, block.c: /dev/NAME.  i: in order; NULL ends. */
const char *mir_dev_name(unsigned i);
bool mir_dev_is_block(const char *name);
int mir_dev_add(const char *name, struct mir_block *);
void mir_dev_reset(void);
long mir_dev_open(const char *name, int flags, struct mir_file **out);
/* As fstat of it would.  -ENOENT. */
long mir_dev_stat(const char *name, struct stat *);
long mir_block_open(struct mir_block *, unsigned number, int flags, struct mir_file **out);

/* etc.c: the files of /etc where no store has them. */
extern struct mir_kv mir_posix_etc;

/* Whom /etc/resolv.conf names: "ADDRESS, ...", or, where that is "", whom the stack knows; NULL. */
void mir_posix_name_servers(struct mir_stack *, const char *named);

/* stat.c: of a place that is no device. */
long mir_posix_stat_key(
    struct mir_mount *, struct mir_str key, enum mir_place_kind, struct stat *out);

/* names.c: makes sure that a folder which has lost its last file stays. */
long mir_tree_keep_folder(struct mir_mount *, struct mir_str key);

#endif
