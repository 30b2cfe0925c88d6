/* world.c: a cable to nothing, to itself, or to a host that answers. */
#include "world.h"

#include <mir/err.h>
#include <mir/time.h>
#include <string.h>

enum { WORD = 64, ROOM = MIR_IMPAIR_FRAME_LEN };

static int64_t when(struct mir_sim_event *e)
{
	struct mir_sim_world *w = mir_container(e, struct mir_sim_world, event);

	return MIR_MIN(mir_impair_next(&w->out), mir_impair_next(&w->in));
}

/* What a frame brings about at the other end. */
static void reach(struct mir_sim_world *w, const struct mir_impair_frame *f, int64_t now)
{
	static uint8_t answer[ROOM];
	size_t len = f->len;

	memcpy(answer, f->data, len);
	if (w->other == MIR_SIM_ECHO)
		len = mir_sim_echo(answer, len);
	if (w->other != MIR_SIM_NONE && len > 0)
		mir_impair_input(&w->in, answer, len, now);
}

static void happen(struct mir_sim_event *e, int64_t now)
{
	struct mir_sim_world *w = mir_container(e, struct mir_sim_world, event);
	const struct mir_impair_frame *f;

	while ((f = mir_impair_due(&w->out, now)) != NULL) {
		reach(w, f, now);
		mir_impair_pop(&w->out);
	}
	while ((f = mir_impair_due(&w->in, now)) != NULL) {
		w->port->arrived(w->port, f->data, f->len);
		mir_impair_pop(&w->in);
	}
}

static bool is(const char *word, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(word, name, len) == 0;
}

/* "delay=20ms" or "codel" of n characters. */
static int set_property(
    struct mir_sim_world *w, struct mir_impair_config *c, const char *text, size_t n)
{
	const char *expected;
	char word[WORD], *value;

	if (n >= sizeof(word))
		return MIR_EINVAL;
	memcpy(word, text, n);
	word[n] = '\0';
	value = strchr(word, '=');
	if (value)
		*value++ = '\0';
	return mir_impair_option(c, word, value, mir_sim_draw(w->port->name, n), &expected);
}

static int parse(
    struct mir_sim_world *w, struct mir_impair_config *c, const char *spec, const char **bad)
{
	size_t n = strcspn(spec, ",");

	*bad = spec;
	if (is(spec, n, "loop"))
		w->other = MIR_SIM_LOOP;
	else if (is(spec, n, "echo"))
		w->other = MIR_SIM_ECHO;
	else if (!is(spec, n, "none") && n > 0)
		return MIR_EINVAL;
	while (spec[n] == ',') {
		spec += n + 1;
		n = strcspn(spec, ",");
		*bad = spec;
		if (set_property(w, c, spec, n) < 0)
			return MIR_EINVAL;
	}
	return 0;
}

int mir_sim_world_start(
    struct mir_sim_world *w, struct mir_sim_port *port, const char *spec, const char **bad)
{
	struct mir_impair_config c = { .queue_bytes = 256 << 10, .reorder_ns = MIR_MS(1) };

	*w = (struct mir_sim_world){ .port = port, .event = { .when = when, .happen = happen } };
	if (parse(w, &c, spec, bad) < 0)
		return MIR_EINVAL;
	c.seed = mir_sim_draw(port->name, 1);
	mir_impair_init(&w->out, &c);
	c.direction = 1;
	mir_impair_init(&w->in, &c);
	mir_sim_event_add(&w->event);
	return 0;
}

void mir_sim_world_stop(struct mir_sim_world *w)
{
	mir_sim_event_remove(&w->event);
	mir_impair_release(&w->out);
	mir_impair_release(&w->in);
}

void mir_sim_world_send(struct mir_sim_world *w, const uint8_t *frame, size_t len)
{
	if (w->other != MIR_SIM_NONE)
		mir_impair_input(&w->out, frame, len, mir_sim_now());
}
