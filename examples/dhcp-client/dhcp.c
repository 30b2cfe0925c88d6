/* dhcp.c: watches the addresses that DHCP gives and takes.
 *
 * The lease itself is looked after by the DHCP client in the image: it renews in time, and tells
 * the stack when the address changes.  An application that cares watches the stack, as here.
 */
#include "mirage/app.h"

#include <mir/fiber.h>

enum { QUEUE = 16 };

struct change {
	enum mir_ip_event event;
	struct mir_cidr cidr;
	int64_t when;
};

/* Changes are told from the event loop, which must not block: they are noted there and printed by
 * the main fiber. */
static struct {
	struct mir_ip_watch watch; /* first */
	struct mir_clock *clock;
	struct change queue[QUEUE];
	unsigned head, n, lost;
	struct mir_waitq changed;
} news;

static void changed(struct mir_ip_watch *watch, enum mir_ip_event event, struct mir_cidr cidr)
{
	(void)watch;
	if (news.n == QUEUE) {
		news.lost++;
		return;
	}
	news.queue[(news.head + news.n++) % QUEUE] =
	    (struct change){ event, cidr, mir_clock_monotonic(news.clock) };
	mir_wake_one(&news.changed);
}

static void print(const struct app *app, const struct change *c, int64_t start)
{
	static const char *const what[] = {
		[MIR_IP_ADDED] = "address",
		[MIR_IP_REMOVED] = "gone:  ",
		[MIR_IP_CONFLICT] = "used by another host:",
	};
	char text[MIR_IPADDR_TEXT];

	mir_console_printf(app->console, "%6lld ms  %s %s/%u\n",
	    (long long)((c->when - start) / 1000000), what[c->event],
	    mir_ipaddr_text(&c->cidr.addr, text), c->cidr.len);
}

int dhcp_main(const struct app *app)
{
	int64_t start = mir_clock_monotonic(app->clock);
	struct mir_ip *ip = app->stack->ip;
	struct mir_cidr cidr;

	if (!ip) {
		mir_console_printf(app->console,
		    "The host's sockets know nothing of DHCP. Use the stack of the image:\n"
		    "    mirage configure -t unix --net=direct\n");
		return 1;
	}
	news.clock = app->clock;
	news.watch.changed = changed;
	ip->ops->watch(ip, &news.watch);
	for (unsigned i = 0; ip->ops->address(ip, i, &cidr) == 0; i++)
		changed(&news.watch, MIR_IP_ADDED, cidr);
	if (app->keys.seconds > 0)
		mir_deadline_set(mir_time_add(mir_now(), MIR_SECOND(app->keys.seconds)));
	do {
		for (; news.n > 0; news.n--, news.head = (news.head + 1) % QUEUE)
			print(app, &news.queue[news.head], start);
	} while (mir_wait(&news.changed) == 0);
	return 0;
}
