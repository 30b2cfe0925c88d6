/* qmp.c: the monitor's lines and what is answered. */
#include <mir/test.h>

#include "../qmp.h"

static const char greeting[] = "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}";

static const char *say(struct qmp *q, const char *line)
{
	static struct text reply;

	text_clear(&reply);
	qmp_take(q, line, &reply);
	return text_str(&reply);
}

static void test_start(void)
{
	struct qmp q = { 0 };

	ok(str_eq(say(&q, "{\"return\": {}}"), "") && !q.started, "nothing before the greeting");
	ok(str_eq(say(&q, greeting), "{\"execute\":\"qmp_capabilities\"}\n"), "greeting");
	ok(!q.started, "not started yet");
	ok(str_eq(say(&q, "{\"return\": {}}"), "{\"execute\":\"cont\"}\n"), "starts");
	ok(q.started, "started");
	ok(str_eq(say(&q, "{\"return\": {}}"), ""), "no more to say");
}

static void test_gdb(void)
{
	struct qmp q = { .wait_gdb = true };

	say(&q, greeting);
	ok(str_eq(say(&q, "{\"return\": {}}"), ""), "gdb starts the machine");
	ok(q.started, "started");
}

static void test_ends(void)
{
	struct qmp q = { .step = 2, .started = true };

	ok(str_eq(say(&q, "{\"timestamp\": {\"seconds\": 1}, \"event\": \"STOP\"}"),
	       "{\"execute\":\"query-status\"}\n"),
	    "stopped: asks why");
	say(&q, "{\"return\": {\"status\": \"paused\", \"running\": false}}");
	ok(!q.stuck, "by gdb");
	say(&q, "{\"return\": {\"status\": \"internal-error\", \"running\": false}}");
	ok(q.stuck, "by KVM");
	say(&q, "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, \"reason\": "
		"\"guest-shutdown\"}}");
	ok(!q.reset, "off");
	say(&q,
	    "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, \"reason\": \"guest-reset\"}}");
	ok(q.reset, "reset");
	say(&q, "{\"event\": \"GUEST_PANICKED\", \"data\": {}}");
	ok(q.panicked, "panicked");
	mem_release();
}

int main(void)
{
	RUN_PLAIN(test_start);
	RUN_PLAIN(test_gdb);
	RUN_PLAIN(test_ends);
	return mir_test_end();
}
