/* run_debug.c: `mirage run --gdb`: gdb on the terminal with the image beside it, or a tender that
 * waits for one elsewhere.
 *
 * gdb takes the place of this process, so that the terminal, ctrl-C and the exit status are its
 * own.  The tender is a child in a process group of its own, which ctrl-C does not reach: gdb tells
 * it to stop the image.  It ends with gdb.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "descriptor.h"
#include "paths.h"
#include "process.h"
#include "run.h"

enum { PORT = 1234 };

static struct {
	int socket; /* where the tender finds gdb; 0: none */
	unsigned port;
} here;

static const char *script(void)
{
	return mem_fmt("%s/scripts/gdb/mirage.py", paths_share());
}

/* "hello_main" for the job "hello.main". */
static const char *main_of(const struct manifest *m)
{
	struct text t = { 0 };

	if (str_eq(m->main, "site"))
		return "mir_site_handle";
	text_add(&t, m->job);
	for (char *p = t.s; p && *p; p++)
		if (*p == '.')
			*p = '_';
	return text_str(&t);
}

static void execute(struct list *argv, const char *command)
{
	list_add(argv, "-ex");
	list_add(argv, command);
}

/* A web server's function runs at each request: the start is the generated one that joins devices.
 */
static void gdb_begin(const struct manifest *m, struct list *argv, const char *target)
{
	list_add(argv, "gdb");
	list_add(argv, "-q");
	if (target) {
		list_add(argv, "-iex");
		list_add(argv, "set osabi none"); /* no dynamic linker to look for */
	}
	list_add(argv, "-x");
	list_add(argv, script());
	if (target)
		execute(argv, target);
	if (str_eq(m->main, "http") || str_eq(m->main, "site"))
		execute(argv, "tbreak mir_main");
	execute(argv, mem_fmt("tbreak %s", main_of(m)));
	execute(argv, target ? "continue" : "run");
}

static bool has_gdb(void)
{
	if (process_found("gdb"))
		return true;
	diag_error(NULL, "gdb is not there");
	diag_expected(
	    "it in PATH (sudo apt-get install gdb), or --gdb-port=%d and a gdb elsewhere", PORT);
	return false;
}

/* ---- tenders ------------------------------------------------------------------------- */

/* A socket that listens on a free port of 127.0.0.1: gdb may connect before the tender is there. */
static bool listen_here(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0) {
		diag_error(NULL, "cannot listen for gdb: %s", strerror(errno));
		return false;
	}
	here.socket = fd;
	here.port = ntohs(a.sin_port);
	return true;
}

bool debug_wanted(
    const struct arguments *args, bool takes_descriptor, int *listener, const char **at)
{
	*at = argument_value(args, "gdb-port");
	*listener = -1;
	if (*at || !argument_given(args, "gdb"))
		return true;
	if (!takes_descriptor) {
		*at = mem_fmt("%d", PORT);
		return true;
	}
	if (!has_gdb() || !listen_here())
		return false;
	*listener = here.socket;
	return true;
}

bool debug_options(const struct arguments *args, struct list *argv)
{
	const char *port;
	int listener;

	/* Another tender may not know of descriptors. */
	if (!debug_wanted(args, !argument_given(args, "tender"), &listener, &port))
		return false;
	if (port || listener >= 0)
		list_add(argv, "--gdb");
	if (port)
		list_addf(argv, "--gdb-port=%s", port);
	else if (listener >= 0)
		list_addf(argv, "--gdb-port=@%d", listener);
	return true;
}

static int start(const struct list *argv)
{
	execvp(argv->v[0], argv->v);
	diag_error(NULL, "cannot start %s: %s", argv->v[0], strerror(errno));
	return EXIT_RUN;
}

static _Noreturn void go_beside(int (*run)(void *), void *arg, pid_t gdb)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	if (getppid() != gdb)
		_exit(EXIT_RUN);
	fcntl(here.socket, F_SETFD, 0);
	_exit(run(arg));
}

/* How a gdb in another terminal is started; paths may have blanks. */
static void say_command(const struct manifest *m, const char *port)
{
	diag_info("in another terminal of this folder, then 'continue':\n"
		  "    gdb -q -x '%s' -ex 'target remote localhost:%s' -ex 'tbreak %s' %s.debug",
	    script(), port, main_of(m), m->image);
}

int debug_beside(
    const struct manifest *m, const struct arguments *args, int (*run)(void *), void *arg)
{
	const char *port = argument_value(args, "gdb-port");
	struct list gdb = { 0 };
	pid_t self = getpid(), child;

	setenv("MIRAGE_GDB", mem_fmt("gdb -x '%s'", script()), 0);
	if (!here.socket) {
		if (port || argument_given(args, "gdb"))
			say_command(m, port ? port : mem_fmt("%d", PORT));
		return run(arg);
	}
	gdb_begin(m, &gdb, mem_fmt("target remote localhost:%u", here.port));
	list_addf(&gdb, "%s.debug", m->image);
	child = fork();
	if (child < 0) {
		diag_error(NULL, "cannot start it: %s", strerror(errno));
		return EXIT_RUN;
	}
	if (child == 0)
		go_beside(run, arg, self);
	return start(&gdb);
}

static int start_tender(void *argv)
{
	return start(argv);
}

int debug_tender(const struct manifest *m, const struct arguments *args, struct list *argv)
{
	return debug_beside(m, args, start_tender, argv);
}

/* ---- host processes ------------------------------------------------------------------ */

int debug_process(const struct manifest *m, const struct list *argv)
{
	struct list gdb = { 0 };

	if (!has_gdb())
		return EXIT_RUN;
	gdb_begin(m, &gdb, NULL);
	list_add(&gdb, "--args");
	for (size_t i = 0; i < argv->n; i++)
		list_add(&gdb, argv->v[i]);
	return start(&gdb);
}
