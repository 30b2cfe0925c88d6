/* paths.c: where the tool and what it brings along are. */
#include <limits.h>
#include <unistd.h>

#include "diag.h"
#include "paths.h"
#include "text.h"

const char *paths_tool(void)
{
	static char path[PATH_MAX];
	ssize_t n;

	if (!path[0]) {
		n = readlink("/proc/self/exe", path, sizeof path - 1);
		path[n > 0 ? n : 0] = '\0';
	}
	return path;
}

/* A folder is the right one if it has libraries and targets. */
static bool is_share(const char *path)
{
	return dir_exists(mem_fmt("%s/lib", path)) && dir_exists(mem_fmt("%s/targets", path));
}

const char *paths_share(void)
{
	const char *above = path_dir(path_dir(paths_tool()));
	const char *installed = mem_fmt("%s/share/mirage", above);

	if (is_share(above))
		return above;
	if (is_share(installed))
		return installed;
	diag_error(NULL, "the libraries that belong to this tool are missing");
	diag_found("neither '%s/lib' nor '%s/lib'", above, installed);
	diag_expected(
	    "a tool run as build/mirage in its source tree, or installed by 'make install'");
	return NULL;
}
