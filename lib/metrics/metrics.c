/* metrics.c: the registry, and its text (Prometheus exposition format 0.0.4, OpenMetrics 1.0). */
#include <mir/metrics.h>

#include <mir/format.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 100, FIGURE = 48 };

static bool name_ok(const char *s)
{
	size_t n = 0;

	for (; s[n]; n++)
		if (!((s[n] | 32) >= 'a' && (s[n] | 32) <= 'z') && s[n] != '_' &&
		    !(n && s[n] >= '0' && s[n] <= '9'))
			return false;
	return n > 0 && n <= NAME;
}

static bool same_labels(const struct mir_metric *a, const struct mir_metric *b)
{
	return strcmp(a->labels ? a->labels : "", b->labels ? b->labels : "") == 0;
}

int mir_metrics_add(struct mir_metrics *all, struct mir_metric *m)
{
	struct mir_metric **at = &all->first, **after = NULL;

	if (!name_ok(m->name) || (m->kind == MIR_METRIC_HISTOGRAM && (!m->counts || !m->bounds)))
		return MIR_EINVAL;
	/* Those of one name stay together. */
	for (; *at; at = &(*at)->next) {
		if (strcmp((*at)->name, m->name) != 0)
			continue;
		if ((*at)->kind != m->kind)
			return MIR_EINVAL;
		if (same_labels(*at, m))
			return MIR_EEXIST;
		after = &(*at)->next;
	}
	at = after ? after : at;
	m->next = *at;
	*at = m;
	return 0;
}

void mir_metrics_remove(struct mir_metrics *all, struct mir_metric *m)
{
	for (struct mir_metric **at = &all->first; *at; at = &(*at)->next)
		if (*at == m) {
			*at = m->next;
			m->next = NULL;
			return;
		}
}

void mir_metric_observe(struct mir_metric *m, int64_t value)
{
	unsigned i = 0;

	while (i < m->nbounds && value > m->bounds[i])
		i++;
	m->counts[i]++;
	m->sum += value;
}

struct out {
	char *p;
	size_t len, cap;
	bool failed;
};

static void add(struct out *o, const char *s, size_t n)
{
	while (!o->failed && n >= o->cap - o->len) {
		char *bigger = realloc(o->p, 2 * o->cap + n);

		o->failed = !bigger;
		if (bigger) {
			o->p = bigger;
			o->cap = 2 * o->cap + n;
		}
	}
	if (o->failed)
		return;
	memcpy(o->p + o->len, s, n);
	o->len += n;
	o->p[o->len] = 0;
}

static void add_all(struct out *o, const char *a, const char *b, const char *c)
{
	add(o, a, strlen(a));
	add(o, b, strlen(b));
	add(o, c, strlen(c));
}

/* value / unit, with as many places as the unit has. */
static const char *figure(int64_t value, int64_t unit, char out[FIGURE])
{
	uint64_t v = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	int n, places = 0;

	if (unit <= 1) {
		mir_format(out, FIGURE, "%lld", (long long)value);
		return out;
	}
	for (int64_t u = unit; u >= 10; u /= 10)
		places++;
	n = mir_format(out, FIGURE, "%s%llu.%0*llu", value < 0 ? "-" : "",
	    (unsigned long long)(v / (uint64_t)unit), places,
	    (unsigned long long)(v % (uint64_t)unit));
	while (n && out[n - 1] == '0')
		out[--n] = 0;
	if (n && out[n - 1] == '.')
		out[--n] = 0;
	return out;
}

/* name[suffix]{labels[,le="bound"]} value */
static void sample(struct out *o, const struct mir_metric *m, const char *suffix, const char *le,
    const char *value)
{
	const char *labels = m->labels ? m->labels : "";

	add_all(o, m->name, suffix, *labels || le ? "{" : "");
	add_all(o, labels, *labels && le ? "," : "", le ? "le=\"" : "");
	add_all(o, le ? le : "", le ? "\"" : "", *labels || le ? "} " : " ");
	add_all(o, value, "\n", "");
}

static void histogram(struct out *o, const struct mir_metric *m)
{
	char le[FIGURE], value[FIGURE];
	uint64_t n = 0;

	for (unsigned i = 0; i <= m->nbounds; i++) {
		n += m->counts[i];
		mir_format(value, sizeof(value), "%llu", (unsigned long long)n);
		sample(o, m, "_bucket", i < m->nbounds ? figure(m->bounds[i], m->unit, le) : "+Inf",
		    value);
	}
	sample(o, m, "_sum", NULL, figure(m->sum, m->unit, le));
	sample(o, m, "_count", NULL, value);
}

static void one(struct out *o, const struct mir_metric *m)
{
	int64_t v = m->read ? m->read(m->arg) : m->counter ? (int64_t)*m->counter : m->value;
	char text[FIGURE];

	if (m->kind == MIR_METRIC_HISTOGRAM)
		histogram(o, m);
	else
		sample(o, m, m->kind == MIR_METRIC_COUNTER ? "_total" : "", NULL,
		    figure(v, m->unit, text));
}

/* A help text: a line end or backslash in it is escaped, in OpenMetrics a quote, too. */
static void help(struct out *o, const char *s, bool openmetrics)
{
	for (; *s; s++) {
		if (*s == '\\' || (*s == '"' && openmetrics))
			add(o, "\\", 1);
		if (*s == '\n')
			add(o, "\\n", 2);
		else
			add(o, s, 1);
	}
}

char *mir_metrics_text(const struct mir_metrics *all, bool openmetrics, size_t *len)
{
	static const char *const kinds[] = { "counter", "gauge", "histogram" };
	struct out o = { malloc(4096), 0, 4096, false };
	const char *last = "";

	if (!o.p)
		return NULL;
	o.p[0] = 0;
	for (const struct mir_metric *m = all->first; m; m = m->next) {
		const char *total = m->kind == MIR_METRIC_COUNTER && !openmetrics ? "_total" : "";

		if (strcmp(last, m->name) != 0) {
			add_all(&o, "# HELP ", m->name, total);
			add(&o, " ", 1);
			help(&o, m->help, openmetrics);
			add_all(&o, "\n# TYPE ", m->name, total);
			add_all(&o, " ", kinds[m->kind], "\n");
			last = m->name;
		}
		one(&o, m);
	}
	if (openmetrics)
		add_all(&o, "# EOF\n", "", "");
	if (o.failed) {
		free(o.p);
		return NULL;
	}
	*len = o.len;
	return o.p;
}
