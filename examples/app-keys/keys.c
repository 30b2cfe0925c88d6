/* keys.c: prints its keys. The type of a key in the .conf is the type of its member here. */
#include "mirage/app.h"

#include <ctype.h>

static void greet(struct mir_console *console, const char *greeting, bool loud)
{
	char line[128];
	size_t i;

	for (i = 0; greeting[i] && i < sizeof(line) - 1; i++)
		line[i] = loud ? (char)toupper((unsigned char)greeting[i]) : greeting[i];
	line[i] = 0;
	mir_console_printf(console, "greeting: %s\n", line);
}

int keys_main(const struct app *app)
{
	struct mir_console *console = app->console;
	char address[MIR_IPADDR_TEXT], network[MIR_IPADDR_TEXT];

	greet(console, app->keys.greeting, app->keys.loud);
	mir_console_printf(console, "loud:     %s\n", app->keys.loud ? "yes" : "no");
	mir_console_printf(console, "retries:  %lld\n", (long long)app->keys.retries);
	mir_console_printf(console, "cache:    %llu bytes\n", (unsigned long long)app->keys.cache);
	mir_console_printf(console, "listen:   %u\n", app->keys.listen);
	mir_console_printf(console, "server:   %s\n", mir_ipaddr_text(&app->keys.server, address));
	mir_console_printf(console, "subnet:   %s/%u\n",
	    mir_ipaddr_text(&app->keys.subnet.addr, network), app->keys.subnet.len);
	mir_console_printf(
	    console, "patience: %lld ms\n", (long long)(app->keys.patience / 1000000));
	mir_console_printf(console, "mood:     %s\n", app->keys.mood);
	return 0;
}
