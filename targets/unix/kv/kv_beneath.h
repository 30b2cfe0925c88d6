/* kv_beneath.h: open what is inside a folder, and nothing else. */
#ifndef MIR_TARGETS_UNIX_KV_BENEATH_H
#define MIR_TARGETS_UNIX_KV_BENEATH_H

/* Open `path`, relative to the folder `root` and without "..", with open(2)'s flags. Symbolic links
 * are followed as long as they stay below the root. Returns a descriptor, close on exec, or
 * -errno; -ELOOP, -EXDEV: the path leads out. */
int mir_kv_beneath_open(int root, const char *path, int flags);

/* The same for hosts that cannot check it: folder by folder, following no symbolic link at all. */
int mir_kv_beneath_walk(int root, const char *path, int flags);

#endif
