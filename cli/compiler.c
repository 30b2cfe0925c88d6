/* compiler.c: which compiler a command means. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <mir/digest.h>

#include "cc_cached.h"
#include "process.h"

char *compiler_version(const char *command)
{
	char *argv[] = { mem_str("sh"), mem_str("-c"), mem_fmt("%s --version", command), NULL };
	struct text t = { 0 }, ignored = { 0 };

	process_run(argv, &t, &ignored);
	return mem_strn(text_str(&t), strcspn(text_str(&t), "\n"));
}

/* The program of "CC=clang /path/cc -m32", as a path without links; NULL: there is none. */
static const char *program_path(const char *command)
{
	const char *path = getenv("PATH");
	struct list words = { 0 }, folders = { 0 };
	char real[PATH_MAX];
	size_t i = 0;

	list_split(&words, command, ' ');
	while (i < words.n && strchr(words.v[i], '=') && words.v[i][0] != '/')
		i++;
	if (i == words.n)
		return NULL;
	if (strchr(words.v[i], '/'))
		return realpath(words.v[i], real) ? mem_str(real) : NULL;
	list_split(&folders, path ? path : "/usr/local/bin:/usr/bin:/bin", ':');
	for (size_t j = 0; j < folders.n; j++)
		if (realpath(mem_fmt("%s/%s", folders.v[j], words.v[i]), real) && file_exists(real))
			return mem_str(real);
	return NULL;
}

static void add_file(struct text *out, const char *path)
{
	struct text t = { 0 };

	if (file_read(path, &t) == 0)
		text_addf(out, "%s %zu\n", path_base(path), t.len);
	text_addn(out, text_str(&t), t.len);
}

/* What the wrapper compiles with is in these files. */
static void own_wrapper(const char *share, struct text *out)
{
	struct list names = { 0 };

	add_file(out, mem_fmt("%s/libc/cflags", share));
	add_file(out, mem_fmt("%s/libc/build.sh", share));
	dir_list(mem_fmt("%s/libc/musl", share), &names);
	for (size_t i = 0; i < names.n; i++)
		add_file(out, mem_fmt("%s/libc/musl/%s", share, names.v[i]));
}

char *compiler_id(const char *share, const char *command)
{
	const char *path = program_path(command);
	uint8_t digest[MIR_SHA256_LEN];
	struct text t = { 0 }, hex = { 0 };
	struct stat st;

	text_addf(&t, "%s\n", compiler_version(command));
	if (path && str_starts(path, mem_fmt("%s/", share)))
		own_wrapper(share, &t);
	else if (path && stat(path, &st) == 0)
		text_addf(&t, "%s %lld %lld.%09ld\n", path, (long long)st.st_size,
		    (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	mir_sha256(text_str(&t), t.len, digest);
	for (size_t i = 0; i < sizeof digest; i++)
		text_addf(&hex, "%02x", digest[i]);
	return mem_str(text_str(&hex));
}
