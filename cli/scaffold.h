/* scaffold.h: the applications that `mirage new` can make. */
#ifndef CLI_SCAFFOLD_H
#define CLI_SCAFFOLD_H

/* @NAME@ stands for the application's name in all texts. */
struct scaffold_file {
	const char *path;
	const char *text;
};

struct scaffold {
	const char *kind;
	const char *about;
	const char *then; /* what to do once it runs */
	const struct scaffold_file *files;
};

/* NULL-ended by kind; the first is the default. */
extern const struct scaffold scaffolds[];

#endif
