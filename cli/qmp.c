/* qmp.c: QEMU's monitor: start the machine, notice how it ends. */
#include <string.h>

#include "qmp.h"

static void say(struct text *out, const char *command)
{
	text_addf(out, "{\"execute\":\"%s\"}\n", command);
}

/* Is there "NAME": "VALUE" in the line?  QEMU puts one blank behind the colon. */
static bool has(const char *line, const char *name, const char *value)
{
	return strstr(line, mem_fmt("\"%s\": \"%s\"", name, value)) != NULL;
}

static void take_event(struct qmp *q, const char *line, struct text *reply)
{
	if (has(line, "event", "STOP")) /* why, the state tells */
		say(reply, "query-status");
	else if (has(line, "event", "GUEST_PANICKED"))
		q->panicked = true;
	else if (has(line, "event", "RESET") || has(line, "event", "SHUTDOWN"))
		q->reset |= has(line, "reason", "guest-reset");
}

static void take_return(struct qmp *q, const char *line, struct text *reply)
{
	if (q->step == 1) {
		/* An image that is done at once leaves no time for an answer to "cont". */
		q->step = 2;
		q->started = true;
		if (!q->wait_gdb)
			say(reply, "cont");
	} else if (has(line, "status", "internal-error")) {
		q->stuck = true;
	}
}

void qmp_take(struct qmp *q, const char *line, struct text *reply)
{
	if (str_starts(line, "{\"QMP\"") && q->step == 0) {
		q->step = 1;
		say(reply, "qmp_capabilities");
	} else if (strstr(line, "\"event\": ")) {
		take_event(q, line, reply);
	} else if (str_starts(line, "{\"return\"")) {
		take_return(q, line, reply);
	}
}

void qmp_power_down(struct text *out)
{
	say(out, "system_powerdown");
}

void qmp_quit(struct text *out)
{
	say(out, "quit");
}
