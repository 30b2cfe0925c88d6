/* conformance.c: runs the scripts of every requirement that has one, or prints the table of all of
 * them (--table), which docs/conformance.md is. */
#include "case.h"

#include <mir/test.h>
#include <stdio.h>
#include <string.h>

static const struct chapter chapters[] = {
	{ 9293, "TCP: header and options", rfc9293_header },
	{ 9293, "TCP: opening", rfc9293_opening },
	{ 9293, "TCP: closing", rfc9293_closing },
	{ 9293, "TCP: pushing, windows, silly windows", rfc9293_window },
	{ 9293, "TCP: acknowledging", rfc9293_acks },
	{ 9293, "TCP: retransmissions, failures, keep-alive", rfc9293_failures },
	{ 9293, "TCP: interfaces to users and to IP", rfc9293_interface },
	{ 9293, "TCP: segments in each state", rfc9293_events },
	{ 5961, "blind attacks in the window", rfc5961 },
	{ 7323, "window scale, timestamps, PAWS", rfc7323 },
	{ 2018, "selective acknowledgments", rfc2018 },
	{ 2883, "reports of duplicates", rfc2883 },
	{ 5681, "congestion control", rfc5681 },
	{ 3042, "limited transmit", rfc3042 },
	{ 6582, "NewReno", rfc6582 },
	{ 6937, "proportional rate reduction", rfc6937 },
	{ 9406, "HyStart++", rfc9406 },
	{ 9438, "CUBIC", rfc9438 },
	{ 6298, "the retransmission timer", rfc6298 },
	{ 5682, "timeouts for nothing, without timestamps", rfc5682 },
	{ 4015, "timeouts for nothing, with timestamps", rfc4015 },
	{ 8985, "losses told by time", rfc8985 },
	{ 3168, "ECN", rfc3168 },
	{ 5927, "forged ICMP errors", rfc5927 },
	{ 8899, "sizes that paths take", rfc8899 },
	{ 6691, "MSS and options", rfc6691 },
	{ 6191, "TIME-WAIT and timestamps", rfc6191 },
	{ 1337, "TIME-WAIT and resets", rfc1337 },
	{ 4987, "floods of SYNs", rfc4987 },
	{ 5482, "the user timeout option", rfc5482 },
	{ 7413, "TCP Fast Open, as who accepts", rfc7413 },
	{ 7413, "TCP Fast Open, as who connects", rfc7413_client },
};

static const char *level_name(enum level level)
{
	static const char *const names[] = { "MUST", "MUST NOT", "SHOULD", "SHOULD NOT" };

	return names[level];
}

static const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = { "met", "met, unseen", "otherwise", "**not met**",
		"no matter" };

	return names[verdict];
}

static void print_chapter(const struct chapter *c)
{
	printf("\n## RFC %u: %s\n\n| id | section | | requirement | | why "
	       "|\n|---|---|---|---|---|---|\n",
	    c->rfc, c->title);
	for (const struct requirement *r = c->list; r->id; r++)
		printf("| %s | %s | %s | %s | %s | %s |\n", r->id, r->section, level_name(r->level),
		    r->text, verdict_name(r->verdict), r->why ? r->why : "");
}

static void print_sums(void)
{
	unsigned n[NO_MATTER + 1] = { 0 };

	for (size_t i = 0; i < MIR_COUNT(chapters); i++) {
		for (const struct requirement *r = chapters[i].list; r->id; r++)
			n[r->verdict]++;
	}
	printf("%u are met and shown by a script, %u are met and no peer can see it, %u are done "
	       "otherwise, %u are not met,\n%u speak of what the system does not have.\n",
	    n[MET], n[UNSEEN], n[DIFFERENT], n[NOT_MET], n[NO_MATTER]);
}

static int print_table(void)
{
	printf("# What TCP is required to do, and whether it does\n\n"
	       "Each MUST and SHOULD that a peer can observe is shown by a script in "
	       "`tests/conformance/`, which plays the peer\nagainst `lib/tcp` under virtual "
	       "time; `make test` runs them all. This table is printed by\n"
	       "`build/tests/conformance --table`, and a test compares. ");
	print_sums();
	for (size_t i = 0; i < MIR_COUNT(chapters); i++)
		print_chapter(&chapters[i]);
	return 0;
}

/* A row that says too little. */
static bool is_whole(const struct requirement *r)
{
	return r->text && r->section && (r->verdict == MET || r->why) &&
	       (r->run || (r->verdict != MET && r->verdict != DIFFERENT));
}

static void run_chapter(const struct chapter *c)
{
	char name[64];

	for (const struct requirement *r = c->list; r->id; r++) {
		snprintf(name, sizeof(name), "RFC %u %s", c->rfc, r->id);
		ok(is_whole(r), "%s: the row is whole", name);
		if (r->run)
			mir_test_run(name, r->run);
	}
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : NULL;

	if (only && strcmp(only, "--table") == 0)
		return print_table();
	setvbuf(stdout, NULL, _IONBF, 0); /* tests write past it */
	for (size_t i = 0; i < MIR_COUNT(chapters); i++)
		run_chapter(&chapters[i]);
	return mir_test_end();
}
