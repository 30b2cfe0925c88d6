/* cc_cached.c: `mirage cc-cached`, which build.mk calls for each unit of the share tree.
 *
 * The name of an entry is a digest of all that makes the object what it is. Two steps, since only a
 * compiler knows which headers a source has:
 *	K1.d  the source's content, its path in the tree, the flags and the compiler -> its headers
 *	K2.o  K1, and the headers' names and contents -> the object
 * Paths count from the share folder, so that copies of the tree share objects, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <mir/digest.h>

#include "cache.h"
#include "cc_cached.h"
#include "command.h"
#include "descriptor.h"
#include "diag.h"
#include "paths.h"
#include "process.h"

#define DEPENDENCIES_MAX 2000 /* headers of one source */

const struct option options_cc_cached[] = {
	{ "show", 0, NULL, "say whether the object came from the cache" },
	OPTION_END,
};

struct unit_job {
	const char *object, *source, *flags; /* files */
	const char *share;
	const char *here;
	const struct list *command; /* the compiler's, with its first options */
	const char *cache;          /* NULL: compile without */
	char key[CACHE_NAME_LEN + 1];
};

static void hex(struct mir_sha256 *state, char out[CACHE_NAME_LEN + 1])
{
	uint8_t digest[MIR_SHA256_LEN];

	mir_sha256_final(state, digest);
	for (size_t i = 0; i < sizeof digest; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* With its length in front: what is taken cannot be split in another way. */
static void take(struct mir_sha256 *state, const char *name, const char *data, size_t len)
{
	const char *head = mem_fmt("%s %zu\n", name, len);

	mir_sha256_update(state, head, strlen(head));
	mir_sha256_update(state, data, len);
}

static void take_text(struct mir_sha256 *state, const char *name, const char *s)
{
	take(state, name, s, strlen(s));
}

/* An option whose whole effect is in the object and comes from what the key holds. Others, which
 * write files of their own or read some that no list of dependencies names, make no entries. */
static bool flag_known(const char *flag)
{
	static const char *const good[] = { "-std=", "-O", "-g", "-f", "-W", "-D", "-U", "-I/",
		"-m" };
	static const char *const bad[] = { "-gsplit", "-grecord", "-frecord", "-fplugin",
		"-fprofile", "-fauto-profile", "-fbranch-prob", "-fdump", "-fsave", "-fopt-info",
		"-fcallgraph", "-fstack-usage", "-ftest-coverage", "-fcoverage", "-fsanitize-",
		"-fmodule", "-fcs-profile", "-ftime", "-Wa,", "-Wp,", "-Wl,", "-M" };
	bool known = false;

	flag += *flag == '\'';
	for (size_t i = 0; i < MIR_COUNT(good); i++)
		known = known || str_starts(flag, good[i]);
	for (size_t i = 0; i < MIR_COUNT(bad); i++)
		known = known && !str_starts(flag, bad[i]);
	return known && !strstr(flag, "=native");
}

static bool flags_known(const char *flags)
{
	struct list lines = { 0 };

	list_split(&lines, flags, '\n');
	for (size_t i = 0; i < lines.n; i++)
		if (!flag_known(lines.v[i]))
			return false;
	return true;
}

/* Does the folder of the work stay out of the object? It does by -ffile-prefix-map, unless that
 * meets the share folder; gcc takes the last map that fits, others need not. */
static bool place_hidden(const struct unit_job *j, const char *command)
{
	const char *here = mem_fmt("%s/", j->here), *share = mem_fmt("%s/", j->share);

	if (str_starts(share, here))
		return false;
	return !str_starts(here, share) || !strstr(compiler_version(command), "clang");
}

static const char *command_text(const struct unit_job *j)
{
	struct text t = { 0 };

	for (size_t i = 0; i < j->command->n; i++)
		if (!str_starts(j->command->v[i], "-fdiagnostics-color"))
			text_addf(&t, "%s%s", i ? " " : "", j->command->v[i]);
	return text_str(&t);
}

/* Fill in j->key; false: this unit is compiled without the cache. */
static bool make_key(struct unit_job *j)
{
	static const char *const variables[] = { "MIRAGE_CC", "CPATH", "C_INCLUDE_PATH",
		"COMPILER_PATH", "GCC_EXEC_PREFIX", "SOURCE_DATE_EPOCH" };
	const char *command = command_text(j), *id = getenv(COMPILER_ID_VARIABLE);
	const char *prefix = mem_fmt("%s/", j->share);
	struct text flags = { 0 }, source = { 0 };
	struct mir_sha256 state;

	if (!str_starts(j->source, prefix) || file_read(j->flags, &flags) < 0 ||
	    file_read(j->source, &source) < 0 || !flags_known(text_str(&flags)) ||
	    !place_hidden(j, command))
		return false;
	mir_sha256_init(&state);
	take_text(&state, "compiler", replace_all(command, prefix, "//"));
	take_text(&state, "id", id ? id : compiler_id(j->share, command));
	for (size_t i = 0; i < MIR_COUNT(variables); i++)
		take_text(
		    &state, variables[i], getenv(variables[i]) ? getenv(variables[i]) : "(none)");
	take_text(&state, "flags",
	    replace_all(replace_all(text_str(&flags), prefix, "//"), j->share, "/"));
	take(&state, j->source + strlen(prefix), text_str(&source), source.len);
	hex(&state, j->key);
	return true;
}

/* In the list of an entry a name is relative to the share folder, or absolute. */
static const char *dependency_path(const struct unit_job *j, const char *name)
{
	return name[0] == '/' ? name : mem_fmt("%s/%s", j->share, name);
}

/* The name of the object: false where a header is gone or its name needs quotes, or the time of day
 * is in the object. */
static bool object_name(const struct unit_job *j, const struct list *names, char out[])
{
	struct mir_sha256 state;

	mir_sha256_init(&state);
	take_text(&state, "key", j->key);
	for (size_t i = 0; i < names->n; i++) {
		const char *path = dependency_path(j, names->v[i]);
		struct text t = { 0 };

		if (strpbrk(path, " \t\\$#:%*?[]") || file_read(path, &t) < 0)
			return false;
		if (names->v[i][0] != '/' &&
		    (strstr(text_str(&t), "__DATE__") || strstr(text_str(&t), "__TIME") ||
			strstr(text_str(&t), ".incbin")))
			return false;
		take(&state, names->v[i], text_str(&t), t.len);
	}
	hex(&state, out);
	return true;
}

static const char *entry(const char *key, char kind)
{
	return mem_fmt("%s.%c", key, kind);
}

static const char *dependency_file(const struct unit_job *j)
{
	size_t n = strlen(j->object);

	return mem_fmt("%.*s.d", (int)(n - (str_ends(j->object, ".o") ? 2 : 0)), j->object);
}

/* As the compiler writes it for make: the rule, and one for each that may go. */
static void write_dependencies(const struct unit_job *j, const struct list *names, struct text *out)
{
	text_addf(out, "%s:", j->object);
	for (size_t i = 0; i < names->n; i++)
		text_addf(out, " \\\n %s", dependency_path(j, names->v[i]));
	text_add(out, "\n");
	for (size_t i = 1; i < names->n; i++)
		text_addf(out, "%s:\n", dependency_path(j, names->v[i]));
}

/* Put object and dependencies in their places if there is an entry for what the files say now. */
static bool restore(const struct unit_job *j)
{
	struct text lines = { 0 }, object = { 0 }, rules = { 0 };
	char name[CACHE_NAME_LEN + 1];
	struct list names = { 0 };

	if (!cache_get(j->cache, entry(j->key, 'd'), &lines))
		return false;
	list_split(&names, text_str(&lines), '\n');
	if (!names.n || names.n > DEPENDENCIES_MAX || !object_name(j, &names, name) ||
	    !cache_get(j->cache, entry(name, 'o'), &object))
		return false;
	write_dependencies(j, &names, &rules);
	/* Also one of the same bytes gets the time of now. */
	unlink(j->object);
	return file_write(dependency_file(j), text_str(&rules), rules.len) >= 0 &&
	       file_write(j->object, text_str(&object), object.len) >= 0;
}

/* The names in the compiler's first rule; false: one that this file does not write, or relative to
 * the folder of the work. */
static bool read_dependencies(const struct unit_job *j, struct list *out)
{
	const char *prefix = mem_fmt("%s/", j->share), *s;
	struct text t = { 0 }, rule = { 0 };
	struct list names = { 0 };

	if (file_read(dependency_file(j), &t) < 0)
		return false;
	s = strchr(text_str(&t), ':');
	for (s = s ? s + 1 : ""; *s && *s != '\n'; s++) {
		bool folded = s[0] == '\\' && s[1] == '\n';

		text_addc(&rule, folded ? ' ' : *s);
		s += folded;
	}
	list_split(&names, text_str(&rule), ' ');
	for (size_t i = 0; i < names.n; i++) {
		const char *path = path_clean(names.v[i]);

		if (path[0] != '/' || strpbrk(path, "\\$#"))
			return false;
		list_add(out, path + (str_starts(path, prefix) ? strlen(prefix) : 0));
	}
	return out->n > 0 && out->n <= DEPENDENCIES_MAX;
}

static bool older(const char *path, const struct timespec *start)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	for (int i = 0; i < 2; i++) {
		const struct timespec *t = i ? &st.st_ctim : &st.st_mtim;

		if (t->tv_sec > start->tv_sec ||
		    (t->tv_sec == start->tv_sec && t->tv_nsec >= start->tv_nsec))
			return false;
	}
	return true;
}

/* Keep what the compiler has made, unless one of its files may have changed since it began. */
static void store(const struct unit_job *j, const struct timespec *start)
{
	struct text lines = { 0 }, object = { 0 };
	char name[CACHE_NAME_LEN + 1];
	struct list names = { 0 };

	if (!read_dependencies(j, &names) || !object_name(j, &names, name) ||
	    !older(j->flags, start) || file_read(j->object, &object) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		if (!older(dependency_path(j, names.v[i]), start))
			return;
		text_addf(&lines, "%s\n", names.v[i]);
	}
	cache_put(j->cache, entry(name, 'o'), text_str(&object), object.len);
	cache_put(j->cache, entry(j->key, 'd'), text_str(&lines), lines.len);
}

/* The compiler's exit status; *silent: it had nothing to say. */
static int compile(const struct unit_job *j, bool *silent)
{
	struct text said = { 0 };
	struct list argv = { 0 };
	int rc;

	list_add(&argv, "env");
	for (size_t i = 0; i < j->command->n; i++)
		list_add(&argv, j->command->v[i]);
	list_addf(&argv, "@%s", j->flags);
	/* Behind those of the flags: the same bytes, whatever folder this is. */
	list_addf(&argv, "-ffile-prefix-map=%s=.", j->here);
	list_split(&argv, "-MD -MP -MF", ' ');
	list_add(&argv, dependency_file(j));
	list_split(&argv, "-c -o", ' ');
	list_add(&argv, j->object);
	list_add(&argv, j->source);
	rc = process_run(argv.v, NULL, &said);
	fputs(text_str(&said), stderr);
	*silent = !said.len;
	if (rc < 0)
		diag_error(NULL, "cannot start '%s': %s", argv.v[1], strerror(-rc));
	return rc;
}

static void show(const struct arguments *a, const char *what, const struct unit_job *j)
{
	if (argument_given(a, "show"))
		printf("cache: %s %s\n", what, j->source);
}

int command_cc_cached(const struct arguments *a)
{
	struct unit_job j = { .command = &a->rest, .share = paths_share() };
	struct timespec start;
	bool silent;
	int rc;

	if (a->words.n != 3 || !a->rest.n || !j.share) {
		diag_error(NULL, "'mirage cc-cached' needs an object, a source, a file of flags, "
				 "and '--' before the compiler");
		return EXIT_USAGE;
	}
	j.object = a->words.v[0];
	j.source = a->words.v[1];
	j.flags = a->words.v[2];
	j.here = getcwd(NULL, 0);
	if (!j.here || (rc = dir_make(path_dir(j.object))) < 0) {
		diag_error(NULL, "cannot make '%s'", path_dir(j.object));
		return EXIT_FAILED;
	}
	/* Where this is, compilers take from here, too. */
	setenv("PWD", j.here, 1);
	clock_gettime(CLOCK_REALTIME_COARSE, &start);
	j.cache = cache_open();
	if (j.cache && !make_key(&j))
		j.cache = NULL;
	if (j.cache && restore(&j)) {
		show(a, "hit", &j);
		return EXIT_OK;
	}
	show(a, j.cache ? "miss" : "off", &j);
	rc = compile(&j, &silent);
	if (rc == 0 && silent && j.cache)
		store(&j, &start);
	return rc == 0 ? EXIT_OK : rc > 0 ? rc : EXIT_FAILED;
}
