/* kv_mem.c: any sequence of operations with any keys, beside a list that is searched in full.
 *
 * Each step of the input: an operation, two lengths, two keys (short alphabets make them meet).
 */
#include <stdlib.h>

#include <mir/kv_mem.h>
#include <mir/test.h>

enum { MODEL_MAX = 64, KEY_MAX = 40 };

static struct {
	char key[KEY_MAX];
	size_t len;
	char value;
} model[MODEL_MAX];
static unsigned n_model;

static const uint8_t *input;
static size_t left;

static uint8_t take(void)
{
	return left ? (left--, *input++) : 0;
}

static struct mir_str take_key(char buffer[KEY_MAX])
{
	static const char alphabet[16] = "/a/b/c.-.\0/ab/.\xff";
	size_t len = take() % KEY_MAX;

	for (size_t i = 0; i < len; i++) {
		uint8_t b = take();

		buffer[i] = b < 128 ? alphabet[b % 16] : (char)b;
	}
	return (struct mir_str){ buffer, len };
}

static bool same(unsigned i, struct mir_str key)
{
	return model[i].len == key.len && memcmp(model[i].key, key.p, key.len) == 0;
}

/* Is `key` equal to, or below, `dict`? */
static bool below(const char *key, size_t len, struct mir_str dict)
{
	size_t n = dict.len == 1 ? 0 : dict.len;

	return len > n && key[n] == '/' && memcmp(key, dict.p, n) == 0;
}

static enum mir_kv_kind kind_of(struct mir_str key)
{
	enum mir_kv_kind kind = key.len == 1 ? MIR_KV_DICT : MIR_KV_NONE;

	for (unsigned i = 0; i < n_model; i++) {
		if (same(i, key))
			return MIR_KV_VALUE;
		if (below(model[i].key, model[i].len, key))
			kind = MIR_KV_DICT;
	}
	return kind;
}

static bool under_value(struct mir_str key)
{
	for (unsigned i = 0; i < n_model; i++)
		if (below(key.p, key.len, (struct mir_str){ model[i].key, model[i].len }))
			return true;
	return false;
}

static void model_set(struct mir_str key, char value)
{
	unsigned i = 0;

	while (i < n_model && !same(i, key))
		i++;
	if (i == n_model)
		n_model++;
	memcpy(model[i].key, key.p, key.len);
	model[i].len = key.len;
	model[i].value = value;
}

static void model_remove(struct mir_str key)
{
	for (unsigned i = 0; i < n_model;) {
		if (same(i, key) || below(model[i].key, model[i].len, key))
			model[i] = model[--n_model];
		else
			i++;
	}
}

static void step_set(struct mir_kv *kv)
{
	char buffer[KEY_MAX], value = (char)take();
	struct mir_str key = take_key(buffer);
	int rc = mir_kv_set(kv, key, &value, 1);

	if (!mir_kv_key_ok(key)) {
		ok(rc == MIR_EINVAL, "no key");
	} else if (kind_of(key) == MIR_KV_DICT) {
		ok(rc == MIR_EISDIR, "a dictionary");
	} else if (under_value(key)) {
		ok(rc == MIR_ENOTDIR, "below a value");
	} else {
		ok(rc == 0, "set");
		model_set(key, value);
	}
}

static void step_remove(struct mir_kv *kv)
{
	char buffer[KEY_MAX];
	struct mir_str key = take_key(buffer);
	int rc = mir_kv_remove(kv, key);

	if (!mir_kv_key_ok(key)) {
		ok(rc == MIR_EINVAL, "no key");
	} else {
		ok(rc == (kind_of(key) == MIR_KV_NONE ? MIR_ENOENT : 0), "remove");
		model_remove(key);
	}
}

static bool fits(struct mir_str from, struct mir_str to)
{
	for (unsigned i = 0; i < n_model; i++)
		if ((same(i, from) || below(model[i].key, model[i].len, from)) &&
		    model[i].len - from.len + to.len > KEY_MAX)
			return false;
	return true;
}

static void model_move(struct mir_str from, struct mir_str to)
{
	char moved[KEY_MAX];

	if (kind_of(to) == MIR_KV_VALUE)
		model_remove(to);
	for (unsigned i = 0; i < n_model; i++) {
		if (!same(i, from) && !below(model[i].key, model[i].len, from))
			continue;
		memcpy(moved, to.p, to.len);
		memcpy(moved + to.len, model[i].key + from.len, model[i].len - from.len);
		model[i].len = model[i].len - from.len + to.len;
		memcpy(model[i].key, moved, model[i].len);
	}
}

static void step_rename(struct mir_kv *kv)
{
	char buffer[2][KEY_MAX];
	struct mir_str from = take_key(buffer[0]), to = take_key(buffer[1]);
	bool equal = from.len == to.len && memcmp(from.p, to.p, from.len) == 0;
	enum mir_kv_kind old = kind_of(from);
	int rc;

	if (mir_kv_key_ok(from) && mir_kv_key_ok(to) && !fits(from, to))
		return;
	rc = mir_kv_rename(kv, from, to);
	if (!mir_kv_key_ok(from) || old == MIR_KV_NONE || !mir_kv_key_ok(to) || from.len == 1)
		ok(rc == (mir_kv_key_ok(from) && old == MIR_KV_NONE ? MIR_ENOENT : MIR_EINVAL),
		    "no");
	else if (equal)
		ok(rc == 0, "to itself");
	else if (below(to.p, to.len, from))
		ok(rc == MIR_EINVAL, "into itself");
	else if (kind_of(to) == MIR_KV_DICT)
		ok(rc == (old == MIR_KV_DICT ? MIR_ENOTEMPTY : MIR_EISDIR), "over a dictionary");
	else if (under_value(to))
		ok(rc == MIR_ENOTDIR, "below a value");
	else {
		ok(rc == 0, "rename");
		model_move(from, to);
	}
}

static int count(void *arg, struct mir_str key, enum mir_kv_kind kind)
{
	ok(kind_of(key) == kind, "a child is what it is");
	++*(unsigned *)arg;
	return 0;
}

static void step_look(struct mir_kv *kv)
{
	char buffer[KEY_MAX];
	struct mir_str key = take_key(buffer);
	uint8_t digest[MIR_KV_DIGEST];
	struct mir_kv_stat st;
	struct mir_slice s;
	unsigned children = 0;
	int rc = mir_kv_stat(kv, key, &st);

	if (!mir_kv_key_ok(key)) {
		ok(rc == MIR_EINVAL, "no key");
		return;
	}
	ok(st.kind == kind_of(key) && (rc == 0) == (st.kind != MIR_KV_NONE), "kind");
	if (st.kind == MIR_KV_DICT)
		ok(mir_kv_list(kv, key, count, &children) == 0 && children == st.size, "list");
	if (st.kind != MIR_KV_NONE)
		ok(mir_kv_digest(kv, key, digest) == 0, "digest");
	if (mir_kv_view(kv, key, 0, 10, &s) > 0)
		mir_slice_unref(&s);
}

static void steps(void)
{
	struct mir_kv_mem_config config = { 1 << 20, "fuzz" };
	struct mir_kv_mem store;
	struct mir_slice s;

	n_model = 0;
	mir_kv_mem_start(&store, &config);
	while (left && n_model < MODEL_MAX - 1) {
		switch (take() % 5) {
		case 0:
		case 1: step_set(&store.kv); break;
		case 2: step_remove(&store.kv); break;
		case 3: step_rename(&store.kv); break;
		default: step_look(&store.kv);
		}
	}
	ok(store.count == n_model, "as many values");
	for (unsigned i = 0; i < n_model; i++) {
		struct mir_str key = { model[i].key, model[i].len };

		ok(mir_kv_view(&store.kv, key, 0, 2, &s) == 1 && (char)s.p[0] == model[i].value,
		    "value");
		mir_slice_unref(&s);
	}
	mir_kv_mem_stop(&store);
	ok(store.budget.used == 0, "nothing is left");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = data;
	left = size;
	mir_test_fuzz(steps);
	return 0;
}
