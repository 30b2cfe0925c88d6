/* options.c: the properties of a link by their names. */
#include <mir/impair.h>
#include <mir/quantity.h>
#include <string.h>

enum { FLAG = -1, QUEUE = -2, FULL_FRAME = 1514 };

struct option {
	const char *name;
	int kind; /* enum mir_quantity, FLAG or QUEUE */
	uint8_t size;
	size_t offset;
};

#define FIELD(name)                                                                                \
	sizeof(((struct mir_impair_config *)0)->name), offsetof(struct mir_impair_config, name)

static const struct option table[] = {
	{ "delay", MIR_QUANTITY_TIME, FIELD(delay_ns) },
	{ "jitter", MIR_QUANTITY_TIME, FIELD(jitter_ns) },
	{ "loss", MIR_QUANTITY_SHARE, FIELD(loss) },
	{ "burst", MIR_QUANTITY_COUNT, FIELD(burst) },
	{ "duplicate", MIR_QUANTITY_SHARE, FIELD(dup) },
	{ "corrupt", MIR_QUANTITY_SHARE, FIELD(corrupt) },
	{ "reorder", MIR_QUANTITY_SHARE, FIELD(reorder) },
	{ "reorder-delay", MIR_QUANTITY_TIME, FIELD(reorder_ns) },
	{ "rate", MIR_QUANTITY_RATE, FIELD(rate_bps) },
	{ "queue", QUEUE, FIELD(queue_bytes) },
	{ "limit", MIR_QUANTITY_COUNT, FIELD(frames_max) },
	{ "codel", FLAG, FIELD(codel) },
	{ "ecn", FLAG, FIELD(ecn) },
};

const char *const mir_impair_options[] = { "delay", "jitter", "loss", "burst", "duplicate",
	"corrupt", "reorder", "reorder-delay", "rate", "queue", "limit", "codel", "ecn", NULL };

static const struct option *find(const char *key)
{
	for (size_t i = 0; i < MIR_COUNT(table); i++)
		if (strcmp(table[i].name, key) == 0)
			return &table[i];
	return NULL;
}

static void store(struct mir_impair_config *c, const struct option *o, int64_t v)
{
	uint8_t *field = (uint8_t *)c + o->offset;
	uint32_t small = (uint32_t)v;

	if (o->size == sizeof(v))
		memcpy(field, &v, sizeof(v));
	else if (o->size == sizeof(small))
		memcpy(field, &small, sizeof(small));
	else
		*field = v != 0;
}

int mir_impair_option(struct mir_impair_config *c, const char *key, const char *value,
    uint64_t draw, const char **expected)
{
	const struct option *o = find(key);
	enum mir_quantity kind;
	size_t len = value ? strlen(value) : 0;
	int64_t v;

	if (!o)
		return MIR_ENOENT;
	if (o->kind == FLAG) {
		*expected = "the word alone";
		if (!value)
			store(c, o, 1);
		return value ? MIR_EINVAL : 0;
	}
	kind = o->kind == QUEUE ? MIR_QUANTITY_SIZE : (enum mir_quantity)o->kind;
	*expected =
	    o->kind == QUEUE ? "full frames, as 50, or bytes, as 64k" : mir_quantity_expected(kind);
	if (!value || mir_quantity(kind, value, len, draw, &v) < 0 ||
	    (o->size < sizeof(v) && v > UINT32_MAX))
		return MIR_EINVAL;
	/* a plain number of frames */
	if (o->kind == QUEUE && value[strspn(value, "0123456789.")] == '\0')
		v *= FULL_FRAME;
	store(c, o, v);
	return 0;
}
