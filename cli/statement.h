/* statement.h: the syntax that .conf files, device descriptors and manifests share.
 *
 *	# a comment, alone or behind a value
 *	key: value
 *	key-greeting: string "hello, world" "what to say"     # words; quotes keep blanks and '#'
 *	packages: a, b                                        # items
 *
 * One statement a line.  Blanks around key and value do not count; in quotes \" and \\ stand for
 * " and \.  Lines end with LF or CRLF; a UTF-8 byte order mark is skipped.
 */
#ifndef CLI_STATEMENT_H
#define CLI_STATEMENT_H

#include "diag.h"

enum {
	STATEMENT_LINE_MAX = 16384, /* bytes in a line */
	STATEMENTS_MAX = 8192,      /* statements in a file */
};

struct statement {
	char *key;
	char *value; /* as written, without comment */
	struct place at_key, at_value;
};

struct statements {
	struct statement *v;
	size_t n, cap;
	bool spaced; /* set before: keys may have blanks inside, as "at 3s" */
};

/* A word or an item of a value. */
struct word {
	char *s; /* without quotes */
	struct place at;
};

struct words {
	struct word *v;
	size_t n, cap;
};

/* Split the text of a file into statements; reports all errors (against `file`) and returns how
 * many. */
unsigned statements_parse(const char *file, const char *data, size_t len, struct statements *out);

/* The whole value without the quotes around it, if it is one quoted word. */
char *statement_value(const struct statement *);
/* Split at blanks, or at commas.  Quotes are resolved; that they are closed was checked before. */
void statement_words(const struct statement *, struct words *out);
void statement_items(const struct statement *, struct words *out);
/* The text of word `i`, or NULL if there are fewer. */
const char *words_at(const struct words *, size_t i);

#endif
