/* hello.c: says hello. */
#include "mirage/app.h"

int hello_main(const struct app *app)
{
	mir_console_printf(app->console, "Hello from a unikernel!\n");
	return 0;
}
