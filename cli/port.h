/* port.h: third-party libraries that are built for images with no operating system beneath
 * (ports/NAME/port.conf, docs/ports.md); on unix the packages of the host stand for them.
 */
#ifndef CLI_PORT_H
#define CLI_PORT_H

#include "statement.h"

struct port {
	char *name, *about, *licence;
	struct list source;  /* the Debian source package, then its series */
	struct list debian;  /* packages of a host */
	struct list modules; /* of pkg-config, the first is the library itself */
	struct list needs;   /* other ports */
};

/* More folders with recipes, besides those of the environment's MIRAGE_PORTS (colon-separated) and
 * the tree's; from now on. */
void port_folders(const struct list *);

/* Reads the recipe of that name; false: there is none. */
bool port_read(const char *name, struct port *out);

/* Adds the names of a port and of all that it needs, each once, those that are needed first. */
void port_closure(const char *name, struct list *out);

/* Where it is built for a processor, or NULL: it is not. */
char *port_built(const char *name, const char *arch);
/* Of what it was built, or "". */
char *port_version(const char *name, const char *arch);

/* Builds what is not built; shows its own progress.  An exit code.  Blocks. */
int port_build(const struct list *names, const char *arch);

/* Asks pkg-config about a module: of those ports alone, linked statically, or, with arch NULL, of
 * the host.  As process_run; what it prints goes into *out. */
int port_pkg_config(const char *arch, const struct list *ports, const char *module,
    const char *what, struct text *out);

/* May everybody link it into anything, keeping its notice? */
bool port_permissive(const char *licence);

#endif
