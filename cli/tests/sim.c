/* sim.c: what a scenario means, and what is said about one that is wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mir/test.h>

#include "../sim.h"

static char *said;
static size_t said_len;

static bool parse(const char *text, struct sim_scenario *s)
{
	FILE *f;
	bool good;

	free(said);
	said = NULL;
	f = open_memstream(&said, &said_len);
	diag_redirect(f);
	good = sim_scenario_parse("a.scenario", text, strlen(text), s);
	fclose(f);
	diag_redirect(NULL);
	return good;
}

/* The text is wrong, and the report has both. */
static void wrong(const char *text, const char *first, const char *second)
{
	struct sim_scenario s;

	ok(!parse(text, &s), "an error: %s", first);
	ok(strstr(said, first) != NULL, "%s", first);
	ok(strstr(said, second) != NULL, "%s", second);
	mem_release();
}

#define TWO "image: a x\nimage: b y --z=1\n"

static void right(void)
{
	struct sim_scenario s;

	ok(parse(
	       "at 1s..2s: partition l for 3s\nlink: l a b.lan delay=1ms b:loss=1% codel\n" TWO
	       "disk: d a 1M error=1%\nevery 5s: disk a d latency=1ms\nuntil: 9s\nuntil: a exits\n"
	       "expect: a exits 3\nexpect: b prints \"x y\"\nseed: 7\nat 1s: start b\n",
	       &s),
	    "lines in any order: %s", said);
	ok(s.n_images == 2 && s.images[1].args.n == 1 && s.images[1].later && !s.images[0].later,
	    "images");
	ok(s.n_links == 1 && s.links[0].n_members == 2 && s.links[0].options.n == 3 &&
		strcmp(s.links[0].member[1].net, "lan") == 0 &&
		strcmp(s.links[0].options.v[1].who, "b") == 0,
	    "links");
	ok(s.n_disks == 1 && s.disks[0].size == 1 << 20, "disks");
	ok(s.n_actions == 3 && s.actions[0].verb == SIM_PARTITION && s.actions[1].repeated &&
		strcmp(s.actions[0].duration, "3s") == 0,
	    "actions");
	ok(s.n_expects == 2 && s.expects[0].status == 3 && strcmp(s.expects[1].text, "x y") == 0,
	    "what is expected");
	ok(s.until == INT64_C(9000000000) && s.ends[0] && !s.ends[1] && s.seed == 7, "the end");
	mem_release();
}

static void errors(void)
{
	wrong("", "there is no image", "image: NAME PATH");
	wrong("image: a\n", "a.scenario:1:9: error: the line ends too early", "the image, as");
	wrong(
	    "image: a x\nimage: a y\n", "2:8: error: there is an image 'a' already", "image: a y");
	wrong(TWO "link: l a c\n", "3:11: error: there is no image 'c'", "a, b");
	wrong(TWO "link: l a\n", "3:10: error: the line ends too early", "two images or more");
	wrong(TWO "link: l a b dealy=1s\n", "3:13: error: unknown property 'dealy'", "'delay'");
	wrong(TWO "link: l a b delay=fast\n", "'delay' cannot be fast", "a time, as 20ms");
	wrong(TWO "link: l a b mtu=20\n", "'mtu' cannot be 20", "68 to 65535");
	wrong(TWO "link: l a b c:loss=1%\n", "'c' is not at this link", "a, b");
	wrong(TWO "at noon: kill a\n", "3:4: error: 'noon' is not what belongs here", "a time");
	wrong(TWO "at 1s: kil a\n", "3:8: error: nothing is known of 'kil'", "'kill'");
	wrong(TWO "at 1s: stop a for 2s\n", "'stop' does not last", "the end of the line");
	wrong(TWO "at 1s: kill a b\n", "'b' does not belong here", "the end of the line");
	wrong(TWO "at 1s: partition x\n", "there is no link 'x'", "a line 'link: ...'");
	wrong(TWO "at 1s: disk a d error=1%\n", "'a' has no disk 'd'", "disk: ...");
	wrong(TWO "at 1s: clock a tomorrow\n", "'tomorrow' is not", "a time");
	wrong(TWO "at 1s: memory a fail=2\n", "is not what belongs here", "a share");
	wrong(TWO "expect: a exists 0\n", "nothing is known of 'exists'", "'exits'");
	wrong(TWO "expect: a exits 256\n", "'256' is no exit status", "0 to 255");
	wrong(TWO "until: a runs\n", "'runs' does not belong here", "exits");
	wrong(TWO "utnil: 5s\n", "unknown key 'utnil'", "'until'");
}

static void draws(void)
{
	ok(sim_draw(1, "a", 1) == sim_draw(1, "a", 1) &&
		sim_draw(1, "a", 1) != sim_draw(2, "a", 1) &&
		sim_draw(1, "a", 1) != sim_draw(1, "b", 1) &&
		sim_draw(1, "a", 1) != sim_draw(1, "a", 2),
	    "a draw is of seed, purpose and number");
}

int main(void)
{
	RUN_PLAIN(right);
	RUN_PLAIN(errors);
	RUN_PLAIN(draws);
	free(said);
	return mir_test_end();
}
