/* entropy.c: the host's entropy. */
#include <errno.h>
#include <mir/err.h>
#include <mir/target.h>
#include <sys/random.h>

int mir_target_entropy(void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return MIR_ENOENTROPY;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}
