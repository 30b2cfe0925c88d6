/* paths.h: where the tool and what it brings along are.
 *
 * Installed as PREFIX/bin/mirage the share folder is PREFIX/share/mirage; run from a source tree
 * as build/mirage it is the tree.  Both hold types/ run/ lib/ targets/.
 */
#ifndef CLI_PATHS_H
#define CLI_PATHS_H

/* The share folder, absolute, or NULL after an error was reported. */
const char *paths_share(void);
/* The running program itself, absolute. */
const char *paths_tool(void);

#endif
