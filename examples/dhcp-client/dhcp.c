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

/* The lease, when it is a new one or was renewed. */
static void print_lease(const struct app *app, int64_t start)
{
	static int64_t printed;
	struct mir_dhcp_grant g;
	char server[MIR_IPADDR_TEXT], gateway[MIR_IPADDR_TEXT];
	int64_t now = mir_clock_monotonic(app->clock);

	if (mir_dhcp_grant(app->stack->dhcp, &g) < 0 || g.expires_at == printed)
		return;
	printed = g.expires_at;
	mir_console_printf(app->console, "%6lld ms  lease   from %s, gateway %s, ",
	    (long long)((now - start) / 1000000), mir_ipaddr_text(&g.server, server),
	    mir_ipaddr_is_any(&g.gateway) ? "none" : mir_ipaddr_text(&g.gateway, gateway));
	if (g.expires_at == MIR_NEVER)
		mir_console_printf(app->console, "for ever\n");
	else
		mir_console_printf(app->console, "for %lld s, renewed in %lld s\n",
		    (long long)((g.expires_at - now) / MIR_SECOND(1)),
		    (long long)((g.renew_at - now) / MIR_SECOND(1)));
}

int dhcp_main(const struct app *app)
{
	int64_t start = mir_clock_monotonic(app->clock);
	int64_t end = MIR_NEVER, outer;
	int rc;
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
		end = mir_time_add(mir_now(), MIR_SECOND(app->keys.seconds));
	do {
		for (; news.n > 0; news.n--, news.head = (news.head + 1) % QUEUE)
			print(app, &news.queue[news.head], start);
		print_lease(app, start);
		outer = mir_deadline_set(MIR_MIN(end, mir_time_add(mir_now(), MIR_SECOND(1))));
		rc = mir_wait(&news.changed);
		mir_deadline_restore(outer);
	} while (rc == 0 || (rc == MIR_ETIMEDOUT && mir_now() < end));
	return 0;
}
