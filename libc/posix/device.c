/* device.c: the start and the end of the layer. */
#define _GNU_SOURCE
#include <mir/posix.h>
#include <mir/start.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "file.h"
#include "posix.h"
#include "socket_stack.h"
#include "thread.h"
#include "tree.h"

enum { HOST_NAME = 64 };

int mir_posix_start(struct mir_posix *p, const struct mir_posix_config *config)
{
	static char *nothing[] = { NULL };
	int rc = mir_posix_environment(config->environment, &environ);

	*p = (struct mir_posix){ config->argc, config->argv ? config->argv : nothing };
	mir_socket_stack = config->stack;
	mir_posix_name_servers(config->stack, config->dns_server);
	if (mir_common.name)
		mir_sys_sethostname(mir_common.name, strnlen(mir_common.name, HOST_NAME));
	mir_thread_begin();
	if (rc == 0)
		rc = mir_tree_start(config->devices, config->n_devices, config->tmp_size);
	if (rc == 0)
		mir_posix_at_end(config->stop);
	return rc;
}

void mir_posix_stop(struct mir_posix *p)
{
	(void)p;
	mir_posix_at_end(NULL);
	mir_fd_end();
	mir_socket_stack = NULL;
	mir_posix_name_servers(NULL, NULL);
	mir_tree_stop();
}
