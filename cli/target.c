/* target.c: the targets that there are, targets/T/target.conf.  The tables of their keys are in the
 * middle. */
#include <string.h>

#include <mir/extension.h>
#include <mir/note.h>

#include "descriptor.h"

#define PUSH(d, what)                                                                              \
	((d)->what = mem_grow((d)->what, (d)->n_##what, &(d)->cap_##what, sizeof *(d)->what),      \
	    &(d)->what[(d)->n_##what++])

void target_list(const char *share, struct list *out)
{
	struct list files = { 0 };

	dir_glob(mem_fmt("%s/targets", share), "*/target.conf", &files);
	for (size_t i = 0; i < files.n; i++)
		list_add(out, path_dir(files.v[i]));
}

static const struct {
	const char *key;
	size_t offset;
} texts[] =
    {
	{ "target", offsetof(struct target, name) },
	{ "about", offsetof(struct target, about) },
	{ "cc", offsetof(struct target, cc) },
	{ "suffix", offsetof(struct target, suffix) },
	{ "script", offsetof(struct target, script) },
	{ "tender", offsetof(struct target, tender) },
	{ "libc", offsetof(struct target, libc) },
	{ "loader", offsetof(struct target, loader) },
	{ "host-device", offsetof(struct target, host_device) },
	{ "host-address", offsetof(struct target, host_address) },
    },
  items[] =
      {
	  { "nets", offsetof(struct target, nets) },
	  { "arch", offsetof(struct target, archs) },
	  { "shares", offsetof(struct target, shares) },
	  { "sources", offsetof(struct target, sources) },
	  { "hot", offsetof(struct target, hot) },
	  { "uses", offsetof(struct target, uses) },
	  { "packages", offsetof(struct target, packages) },
	  { "hypervisor", offsetof(struct target, hypervisors) },
      },
  words[] = {
	  { "cflags", offsetof(struct target, cflags) },
	  { "ldflags", offsetof(struct target, ldflags) },
  };

static const struct {
	const char *name;
	unsigned value;
} abis[] = { { "hvt", MIR_ABI_HVT }, { "spt", MIR_ABI_SPT }, { "virtio", MIR_ABI_VIRTIO },
	{ "muen", MIR_ABI_MUEN }, { "xen", MIR_ABI_XEN } },
  extensions[] = { { "argv", MIR_EXT_ARGV }, { "entropy", MIR_EXT_ENTROPY },
	  { "shutdown", MIR_EXT_SHUTDOWN }, { "submit", MIR_EXT_SUBMIT },
	  { "vector", MIR_EXT_VECTOR }, { "protect", MIR_EXT_PROTECT }, { "wait", MIR_EXT_WAIT },
	  { "fault", MIR_EXT_FAULT } };

const char *abi_name(unsigned target)
{
	for (size_t i = 0; i < MIR_COUNT(abis); i++)
		if (abis[i].value == target)
			return abis[i].name;
	return NULL;
}

char *extension_names(unsigned features)
{
	struct list names = { 0 };

	for (size_t i = 0; i < MIR_COUNT(extensions); i++) {
		if (features & extensions[i].value)
			list_add(&names, extensions[i].name);
		features &= ~extensions[i].value;
	}
	if (features)
		list_addf(&names, "0x%x", features);
	return list_join(&names, " ");
}

static bool take_simple(struct target *t, const struct statement *s)
{
	struct words w = { 0 };
	struct list *l = NULL;

	for (size_t i = 0; i < MIR_COUNT(texts); i++) {
		if (!str_eq(s->key, texts[i].key))
			continue;
		*(char **)(void *)((char *)t + texts[i].offset) = statement_value(s);
		return true;
	}
	for (size_t i = 0; i < MIR_COUNT(items); i++)
		if (str_eq(s->key, items[i].key)) {
			l = (struct list *)(void *)((char *)t + items[i].offset);
			statement_items(s, &w);
		}
	for (size_t i = 0; i < MIR_COUNT(words); i++)
		if (str_eq(s->key, words[i].key)) {
			l = (struct list *)(void *)((char *)t + words[i].offset);
			statement_words(s, &w);
		}
	for (size_t i = 0; i < w.n; i++)
		list_add(l, w.v[i].s);
	return l != NULL;
}

/* abi: hvt 2 */
static void take_abi(struct target *t, const struct statement *s)
{
	struct words w = { 0 };

	statement_words(s, &w);
	for (size_t i = 0; i < MIR_COUNT(abis); i++)
		if (w.n == 2 && str_eq(w.v[0].s, abis[i].name) && w.v[1].s[0] >= '1' &&
		    w.v[1].s[0] <= '9' && !w.v[1].s[1]) {
			t->abi_target = abis[i].value;
			t->abi_version = (unsigned)(w.v[1].s[0] - '0');
			return;
		}
	diag_error(&s->at_value, "not an ABI");
	diag_found("'%s'", s->value);
	diag_expected("a name and a version, as 'hvt 2'");
}

static void take_extensions(struct target *t, const struct statement *s)
{
	struct words w = { 0 };

	statement_items(s, &w);
	for (size_t i = 0; i < w.n; i++) {
		unsigned found = 0;

		for (size_t j = 0; j < MIR_COUNT(extensions); j++)
			if (str_eq(w.v[i].s, extensions[j].name))
				found = extensions[j].value;
		if (!found) {
			diag_error(&w.v[i].at, "not an extension: '%s'", w.v[i].s);
			diag_expected("some of %s", extension_names(~0u >> 24));
		}
		t->extensions |= found;
	}
}

/* harden-NAME: "what our tender gives" "what others give" */
static void take_harden(struct target *t, const struct statement *s, const char *name)
{
	struct words w = { 0 };

	statement_words(s, &w);
	if (w.n < 1 || w.n > 2) {
		diag_error(&s->at_value, "not a protection");
		diag_expected(
		    "\"how it is done\", and \"how under other tenders\" if that differs");
		return;
	}
	*PUSH(t, hardens) =
	    (struct target_harden){ mem_str(name), w.v[0].s, w.n == 2 ? w.v[1].s : mem_str("") };
}

static void unknown_key(const struct statement *s)
{
	struct list names = { 0 };

	for (size_t i = 0; i < MIR_COUNT(texts); i++)
		list_add(&names, texts[i].key);
	for (size_t i = 0; i < MIR_COUNT(items); i++)
		list_add(&names, items[i].key);
	for (size_t i = 0; i < MIR_COUNT(words); i++)
		list_add(&names, words[i].key);
	list_split(&names, "freestanding,abi,extensions,component", ',');
	diag_error(&s->at_key, "unknown key '%s' of a target", s->key);
	diag_expected("%s, default-KEY or harden-NAME", list_join(&names, ", "));
	diag_suggest(s->key, &names);
}

static void take(struct target *t, const struct statement *s)
{
	struct descriptor_component c;

	if (take_simple(t, s))
		return;
	if (str_eq(s->key, "freestanding"))
		t->freestanding = str_eq(s->value, "yes") || str_eq(s->value, "true");
	else if (str_eq(s->key, "abi"))
		take_abi(t, s);
	else if (str_eq(s->key, "extensions"))
		take_extensions(t, s);
	else if (str_eq(s->key, "component") && descriptor_component(s, &c))
		*PUSH(t, components) = c;
	else if (str_starts(s->key, "harden-"))
		take_harden(t, s, s->key + strlen("harden-"));
	else if (str_starts(s->key, "default-"))
		list_addf(&t->defaults, "%s=%s", s->key + strlen("default-"), statement_value(s));
	else if (!str_eq(s->key, "component"))
		unknown_key(s);
}

bool target_load(const char *share, const char *name, const struct place *at, struct target *out)
{
	const char *file = mem_fmt("%s/targets/%s/target.conf", share, name);
	unsigned before = diag_errors();
	struct statements all = { 0 };
	struct list names = { 0 };
	struct text t = { 0 };

	*out = (struct target){ 0 };
	for (size_t i = 0; i < MIR_COUNT(texts); i++)
		*(char **)(void *)((char *)out + texts[i].offset) = mem_str("");
	out->name = mem_str(name);
	out->cc = mem_str("cc");
	out->folder = path_dir(file);
	if (strchr(name, '/') || file_read(file, &t) < 0) {
		target_list(share, &names);
		diag_error(at, "there is no target '%s'", name);
		diag_expected("%s", names.n ? list_join(&names, " or ") : "a target");
		diag_suggest(name, &names);
		return false;
	}
	statements_parse(file, t.s, t.len, &all);
	for (size_t i = 0; i < all.n; i++)
		take(out, &all.v[i]);
	return diag_errors() == before;
}

const char *target_arch(const struct target *t, const char *wanted)
{
	const char *host = host_cpu();

	if (!wanted)
		return !t->archs.n || list_has(&t->archs, host) ? host : t->archs.v[0];
	if (t->archs.n ? list_has(&t->archs, wanted) : str_eq(wanted, host))
		return wanted;
	diag_error(NULL, "the target '%s' is not for the processor '%s'", t->name, wanted);
	diag_expected("%s", t->archs.n ? list_join(&t->archs, " or ") : host);
	diag_suggest(wanted, &t->archs);
	return NULL;
}

char *target_folder(const struct target *t, const char *net, const char *arch)
{
	bool foreign = t->archs.n && !str_eq(arch, host_cpu());

	return mem_fmt("mirage/%s%s%s%s%s", t->name, t->nets.n > 1 ? "-" : "",
	    t->nets.n > 1 ? net : "", foreign ? "-" : "", foreign ? arch : "");
}
