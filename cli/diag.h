/* diag.h: errors and warnings that say where, what was found, what was expected and what was
 * probably meant.  All of it goes to stderr, coloured on a terminal unless NO_COLOR is set.
 *
 *	hello.conf:3:1: error: unknown key 'http-prot'
 *	    3 | http-prot: 80
 *	      | ^~~~~~~~~
 *	  found:    http-prot
 *	  expected: a key of the .conf format
 *	  did you mean 'http-port'?
 */
#ifndef CLI_DIAG_H
#define CLI_DIAG_H

#include <stdbool.h>
#include <stdio.h>

#include "text.h"

/* Where in a file.  Lines and columns count from 1; 0 = unknown, and is not printed. */
struct place {
	const char *file;
	int line, column;
	int width;          /* bytes to underline, 0 or 1: a caret only */
	const char *source; /* the whole line without its end, or NULL */
};

/* Report; `at` may be NULL: then "mirage: error: ..." */
void diag_error(const struct place *at, const char *fmt, ...) MIR_PRINTF(2, 3);
void diag_warning(const struct place *at, const char *fmt, ...) MIR_PRINTF(2, 3);
/* Something the user sees but need not act on, without place: "mirage: ..." */
void diag_info(const char *fmt, ...) MIR_PRINTF(1, 2);

/* Lines below the last report. */
void diag_found(const char *fmt, ...) MIR_PRINTF(1, 2);
void diag_expected(const char *fmt, ...) MIR_PRINTF(1, 2);
void diag_note(const char *fmt, ...) MIR_PRINTF(1, 2);
/* "did you mean 'X'?" with the nearest of the candidates, or nothing if none is near. */
void diag_suggest(const char *word, const struct list *candidates);
/* The nearest candidate, or NULL if none is near. */
const char *diag_nearest(const char *word, const struct list *candidates);

/* How many errors were reported so far. */
unsigned diag_errors(void);
/* Send the reports elsewhere (tests, fuzzers), without colours; NULL: drop them. */
void diag_redirect(FILE *);
/* Are colours wanted on this stream: a terminal, no NO_COLOR, TERM not dumb. */
bool diag_colour(FILE *);

#endif
