/* block_file.h: BLOCK in a file or a block device of the host.
 *
 * Reading and writing are done in the event loop: while the host's disk works, the image waits.
 * The file is locked: one image at a time may write to it, or several read.
 */
#ifndef MIR_BLOCK_FILE_H
#define MIR_BLOCK_FILE_H

#include <mir/block.h>

struct mir_block_file {
	struct mir_block block; /* the signature object */
	int fd;
	bool regular;
};

struct mir_block_file_config {
	const char *file;
	uint64_t size; /* bytes; 0: the file must be there */
	const char *name;
};

/* Opens for writing, or, where the host does not allow that, for reading only.  MIR_ENOENT,
 * MIR_EACCES, MIR_EINVAL (no name; a folder; under one sector), MIR_EBUSY: another one uses it; the
 * log says which file. */
int mir_block_file_start(struct mir_block_file *, const struct mir_block_file_config *);
void mir_block_file_stop(struct mir_block_file *);

#endif
