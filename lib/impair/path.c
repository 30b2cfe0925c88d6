/* path.c: the hop before a link that carries only small packets. */
#include <mir/path.h>

enum { ETH_HLEN = 14 };

struct entering {
	struct mir_path *path;
	int64_t now;
};

static void enter(void *arg, const uint8_t *frame, size_t len)
{
	const struct entering *e = arg;

	mir_impair_input(&e->path->impair, frame, len, e->now);
}

size_t mir_path_input(struct mir_path *p, const uint8_t *frame, size_t len, int64_t now,
    uint8_t reply[static MIR_TOOBIG_REPLY_LEN])
{
	struct entering e = { p, now };

	if (p->mtu == 0 || len <= p->mtu + (size_t)ETH_HLEN) {
		enter(&e, frame, len);
		return 0;
	}
	p->large++;
	if (p->silent || mir_toobig_fragment(frame, len, p->mtu, enter, &e))
		return 0;
	return mir_toobig_reply(frame, len, p->mtu, reply);
}
