/* block.c: what every disk is asked is checked here. */
#include <mir/block.h>

int mir_block_check(
    const struct mir_block *b, uint64_t sector, const struct mir_iov *iov, unsigned n)
{
	uint64_t left;

	if (sector > b->sectors)
		return MIR_EINVAL;
	left = (b->sectors - sector) * b->sector_size;
	for (unsigned i = 0; i < n; i++) {
		if (iov[i].len % b->sector_size || iov[i].len > left)
			return MIR_EINVAL;
		left -= iov[i].len;
	}
	return 0;
}
