/* text.h: strings, lists of strings and files for the tool.
 *
 * Memory: everything here comes from one pool that lives as long as the
 * program and is given back at once by mem_release(), so nobody frees a string
 * and every pointer stays good.  Out of memory ends the program.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <mir/cc.h>

#define PRINTF(fmt, args) MIR_PRINTF(fmt, args)

/* Zeroed memory of the pool. */
void *mem_new(size_t size);
/* A copy of the first `n` bytes of `s`, ended by a zero byte. */
char *mem_strn(const char *s, size_t n);
char *mem_str(const char *s);
char *mem_fmt(const char *fmt, ...) MIR_PRINTF(1, 2);
/* Room for one more element behind the `n` that are there; returns the (moved) array.  *cap is
 * what the array holds. */
void *mem_grow(void *array, size_t n, size_t *cap, size_t element);
/* Give everything back.  Every pointer from this header is dead after. */
void mem_release(void);

/* A growing string; {0} is the empty one.  s is NULL while nothing was added, else ended by a
 * zero byte that len does not count. */
struct text {
	char *s;
	size_t len, cap;
};

void text_add(struct text *, const char *s);
void text_addn(struct text *, const char *s, size_t n);
void text_addc(struct text *, char c);
void text_addf(struct text *, const char *fmt, ...) MIR_PRINTF(2, 3);
void text_addv(struct text *, const char *fmt, va_list ap);
/* The string, "" when empty. */
const char *text_str(const struct text *);
/* Forget the content, keep the memory. */
void text_clear(struct text *);

/* A list of strings; {0} is the empty one.  v[n] is NULL once something was added, so that v
 * serves as an argv. */
struct list {
	char **v;
	size_t n, cap;
};

void list_add(struct list *, const char *s);
void list_addf(struct list *, const char *fmt, ...) MIR_PRINTF(2, 3);
/* Add what is not there yet; true if it was added. */
bool list_add_new(struct list *, const char *s);
bool list_has(const struct list *, const char *s);
void list_sort(struct list *);
/* Add the parts of `s` between `separator`s, blanks trimmed, empty ones left out. */
void list_split(struct list *, const char *s, char separator);
/* "a, b, c" with separator ", "; "" when empty. */
char *list_join(const struct list *, const char *separator);

bool str_eq(const char *a, const char *b); /* NULL equals only NULL */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* A copy without blanks at either end. */
char *str_trim(const char *s);
/* A C identifier: every byte that cannot be in one becomes '_'. */
char *str_ident(const char *s);
/* The C string literal for `s`, with its quotes. */
char *str_c_quote(const char *s);
/* `s` as one word of a POSIX shell. */
char *str_sh_quote(const char *s);
/* How many letters to insert, remove, change or swap to make `b` out of `a`. */
unsigned str_distance(const char *a, const char *b);

/* Read the whole file; 0 or -errno.  At most FILE_MAX bytes (-EFBIG). */
#define FILE_MAX (64u << 20)
int file_read(const char *path, struct text *out);
/* Write the file unless it has this content already, by way of a new file that takes its place.
 * 1: written, 0: was the same, or -errno.  Folders on the way are made. */
int file_write(const char *path, const char *data, size_t len);
bool file_exists(const char *path);
bool dir_exists(const char *path);
/* Make the folder and those above it; 0 or -errno. */
int dir_make(const char *path);
/* The names in a folder, sorted, without "." and ".."; 0 or -errno. */
int dir_list(const char *path, struct list *out);
/* Files that match a pattern of glob(7) in folder `dir`, relative to it, sorted. */
void dir_glob(const char *dir, const char *pattern, struct list *out);
/* "a/b" of "a/b/c", "." of "c"; and "c" of both. */
char *path_dir(const char *path);
const char *path_base(const char *path);
/* Without "." and "name/.." in it, as far as the text alone tells. */
char *path_clean(const char *path);
/* `path` as seen from `dir`: itself if absolute or if dir is ".". */
char *path_join(const char *dir, const char *path);

#endif
