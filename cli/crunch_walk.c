/* crunch_walk.c: what is in a folder that is compiled in.
 *
 * Symbolic links are followed if they end inside the folder; one that leads out of it, or
 * nowhere, is an error, so that an image never holds what was not meant to be published. All
 * errors are reported before giving up, so that one run shows all that must be mended.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mir/mime.h>

#include "crunch.h"
#include "diag.h"

#define BILLION 1000000000

struct ancestor {
	dev_t device;
	ino_t inode;
};

struct walk {
	struct crunch_tree *tree;
	const char *real;  /* the folder without links; a link must end below it */
	int64_t newest_ns; /* SOURCE_DATE_EPOCH, or INT64_MAX */
	struct ancestor above[CRUNCH_MAX_DEPTH];
	unsigned errors;
};

static PRINTF(3, 4) void report(struct walk *w, const char *path, const char *fmt, ...)
{
	va_list ap;
	struct text text = { 0 };

	va_start(ap, fmt);
	text_addv(&text, fmt, ap);
	va_end(ap);
	diag_error(NULL, "%s: %s", path, text_str(&text));
	w->errors++;
}

/* Left behind by editors and version control, never meant for publication. */
static bool ignored(const char *name)
{
	size_t len = strlen(name);

	if (str_eq(name, ".git") || str_eq(name, ".DS_Store") || str_starts(name, ".#"))
		return true;
	if (name[len - 1] == '~')
		return true;
	return len > 5 && name[0] == '.' && strncmp(name + len - 4, ".sw", 3) == 0 &&
	       name[len - 1] >= 'a' && name[len - 1] <= 'p';
}

static bool has_control_character(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

/* The place of a link's end, checked to be inside of the folder. */
static bool link_allowed(struct walk *w, const char *path)
{
	char target[PATH_MAX];
	size_t len = strlen(w->real);

	if (!realpath(path, target)) {
		if (errno == ENOENT)
			report(w, path, "the symbolic link leads to nothing");
		else if (errno == ELOOP)
			report(w, path, "the symbolic link leads in a circle");
		else
			report(w, path, "cannot follow the symbolic link: %s", strerror(errno));
	} else if (strncmp(target, w->real, len) != 0 || (target[len] && target[len] != '/')) {
		report(w, path, "the symbolic link leads out of the folder, to %s", target);
	} else {
		return true;
	}
	diag_note("remove the link, or put the file itself there");
	return false;
}

static void add_entry(struct walk *w, const char *key, const char *path, const struct stat *st)
{
	struct crunch_tree *t = w->tree;
	int64_t seconds = st->st_mtim.tv_sec, mtime_ns;
	struct crunch_entry *e;

	if (seconds < 0)
		seconds = 0;
	if (seconds > INT64_MAX / BILLION - 1)
		seconds = INT64_MAX / BILLION - 1;
	mtime_ns = seconds * BILLION + st->st_mtim.tv_nsec;
	if (mtime_ns > w->newest_ns)
		mtime_ns = w->newest_ns;
	t->entries = mem_grow(t->entries, t->n, &t->cap, sizeof *t->entries);
	e = &t->entries[t->n++];
	memset(e, 0, sizeof *e);
	e->key = mem_str(key);
	e->key_len = (uint32_t)strlen(key);
	e->path = path;
	e->dict = S_ISDIR(st->st_mode);
	if (!e->dict) {
		e->mime = mir_mime_type(key, e->key_len);
		e->mtime_ns = mtime_ns;
	}
}

static void walk_folder(struct walk *w, const char *key, const char *path, unsigned depth);

static void walk_name(struct walk *w, const char *key, const char *path, unsigned depth)
{
	struct stat st;

	if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT) /* removed since the folder was listed */
			report(w, path, "%s", strerror(errno));
		return;
	}
	if (S_ISLNK(st.st_mode) && (!link_allowed(w, path) || stat(path, &st) < 0))
		return;
	if (S_ISDIR(st.st_mode)) {
		walk_folder(w, key, path, depth + 1);
	} else if (!S_ISREG(st.st_mode)) {
		report(w, path, "neither a file nor a folder, so it cannot be compiled in");
	} else if (st.st_size > (off_t)CRUNCH_MAX_BYTES) {
		report(w, path, "%lld bytes are more than an image can hold (%u)",
		    (long long)st.st_size, CRUNCH_MAX_BYTES);
		diag_note("keep large data on a block device, or use --kv_ro=direct");
	} else if (access(path, R_OK) < 0) {
		report(w, path, "cannot be read: %s", strerror(errno));
	} else {
		add_entry(w, key, path, &st);
		list_add(&w->tree->depends, path);
	}
}

/* Is this folder one of those that we are in: a link to a folder above? */
static bool is_above(const struct walk *w, const struct stat *st, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		if (w->above[i].device == st->st_dev && w->above[i].inode == st->st_ino)
			return true;
	return false;
}

static void walk_folder(struct walk *w, const char *key, const char *path, unsigned depth)
{
	struct list names = { 0 };
	struct stat st;
	int rc = stat(path, &st) < 0 ? -errno : dir_list(path, &names);

	if (rc < 0) {
		report(w, path, "cannot be listed: %s", strerror(-rc));
		return;
	}
	if (depth >= CRUNCH_MAX_DEPTH) {
		report(w, path, "more than %d folders deep", CRUNCH_MAX_DEPTH);
		return;
	}
	if (is_above(w, &st, depth)) {
		report(w, path, "a symbolic link to a folder that it is in");
		return;
	}
	w->above[depth] = (struct ancestor){ st.st_dev, st.st_ino };
	add_entry(w, *key ? key : "/", path, &st);
	list_add(&w->tree->depends, path);
	for (size_t i = 0; i < names.n && w->tree->n <= CRUNCH_MAX_ENTRIES; i++) {
		char *child = mem_fmt("%s/%s", path, names.v[i]);
		char *child_key = mem_fmt("%s/%s", key, names.v[i]);

		if (ignored(names.v[i]))
			continue;
		if (has_control_character(names.v[i]))
			report(w, path, "has a file whose name holds a control character");
		else if (strlen(child_key) > CRUNCH_MAX_KEY)
			report(w, child, "the name within the folder is longer than %d bytes",
			    CRUNCH_MAX_KEY);
		else
			walk_name(w, child_key, child, depth);
	}
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct crunch_entry *)a)->key, ((const struct crunch_entry *)b)->key);
}

/* SOURCE_DATE_EPOCH in nanoseconds; INT64_MAX where it is not set, -1 if it is not a number. */
static int64_t newest_allowed(void)
{
	const char *s = getenv("SOURCE_DATE_EPOCH");
	char *end;
	long long seconds;

	if (!s || !*s)
		return INT64_MAX;
	errno = 0;
	seconds = strtoll(s, &end, 10);
	if (errno || *end || seconds < 0 || seconds > INT64_MAX / BILLION) {
		diag_error(NULL, "SOURCE_DATE_EPOCH is '%s', not a number of seconds", s);
		return -1;
	}
	return seconds * BILLION;
}

int crunch_walk(const char *folder, struct crunch_tree *t)
{
	struct walk w = { .tree = t, .newest_ns = newest_allowed() };
	char real[PATH_MAX];
	struct stat st;

	if (w.newest_ns < 0)
		return -1;
	if (!realpath(folder, real) || stat(real, &st) < 0) {
		diag_error(NULL, "folder '%s' cannot be compiled in: %s", folder, strerror(errno));
		return -1;
	}
	if (!S_ISDIR(st.st_mode)) {
		diag_error(NULL, "'%s' is a file, not a folder", folder);
		return -1;
	}
	w.real = str_eq(real, "/") ? "" : real;
	t->folder = folder;
	walk_folder(&w, "", folder, 0);
	if (t->n > CRUNCH_MAX_ENTRIES)
		report(&w, folder, "more than %u files and folders", CRUNCH_MAX_ENTRIES);
	if (w.errors)
		return -1;
	qsort(t->entries, t->n, sizeof *t->entries, by_key);
	return 0;
}
