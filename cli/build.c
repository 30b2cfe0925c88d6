/* build.c: `mirage build`: make, with its steps shown, then dist/NAME. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache.h"
#include "cc_cached.h"
#include "configuration.h"
#include "process.h"

const struct option options_build[] = {
	OPTIONS_TARGET,
	{ "jobs", 'j', "N", "compile N files at once (as many as there are processors)" },
	{ "verbose", 'v', NULL, "print each command, and what came from the cache" },
	{ "no-cache", 0, NULL, "compile everything, and keep nothing for other applications" },
	OPTION_END,
};

struct progress {
	const struct configuration *c;
	bool bar;
	unsigned done, total;
	int width;
	bool shown;
	bool wrong_type, undefined; /* of the job's function */
};

static void clear_bar(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}

static void step(struct progress *p, const char *line)
{
	p->done++;
	if (!p->bar) {
		printf("%s\n", line);
		fflush(stdout);
		return;
	}
	clear_bar(p);
	if (p->total < p->done)
		p->total = p->done;
	fprintf(stderr, "\r[%3u/%u] %.*s", p->done, p->total, p->width - 12, line);
	fflush(stderr);
	p->shown = true;
}

static bool is_step(const char *line)
{
	return str_starts(line, "[cc] ") || str_starts(line, "[files] ") ||
	       str_starts(line, "[link] ");
}

static void take_line(struct progress *p, const char *line)
{
	const char *function = p->c->conf.function;

	if (is_step(line)) {
		step(p, line);
		return;
	}
	/* make says in its own words that it failed; ours come at the end. */
	if (str_starts(line, "make: ") || str_starts(line, "make["))
		return;
	clear_bar(p);
	fprintf(stderr, "%s\n", line);
	if (function && strstr(line, function)) {
		p->wrong_type |= strstr(line, "conflicting types") != NULL ||
				 strstr(line, "static declaration") != NULL;
		p->undefined |= strstr(line, "undefined reference") != NULL ||
				strstr(line, "undefined symbol") != NULL;
	}
}

static void explain(const struct progress *p)
{
	const struct conf *c = &p->c->conf;

	if (p->undefined)
		diag_error(&c->at_main, "there is no function %s() in the sources", c->function);
	else if (p->wrong_type)
		diag_error(&c->at_main, "%s() has another type than '%s' asks for", c->function,
		    str_trim(mem_strn(c->at_main.source, strcspn(c->at_main.source, ":"))));
	else
		return;
	diag_expected("%s", job_prototype(c));
}

/* The command line of make; what comes after is for the caller to add. */
static void make_command(const struct configuration *c, const struct arguments *a, struct list *out)
{
	const char *jobs = argument_value(a, "jobs");
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	list_split(out, "make --no-print-directory -r -R -f", ' ');
	list_addf(out, "%s/build.mk", c->folder);
	list_addf(out, "-j%s", jobs ? jobs : mem_fmt("%ld", n > 0 ? n : 1));
	list_add(out, "-Otarget");
	if (diag_colour(stderr))
		list_add(out, "COLOUR=-fdiagnostics-color=always");
}

/* How many steps there are, for the bar. */
static unsigned count_steps(const struct list *command)
{
	struct list argv = { 0 };
	struct text out = { 0 }, err = { 0 };
	unsigned n = 0;

	for (size_t i = 0; i < command->n; i++)
		list_add(&argv, command->v[i]);
	list_add(&argv, "-n");
	process_run(argv.v, &out, &err);
	for (const char *s = text_str(&out); (s = strstr(s, "echo '[")) != NULL; s++)
		n++;
	return n;
}

static void read_lines(int fd, struct progress *p)
{
	struct text line = { 0 };
	char buffer[4096];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof buffer)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		for (ssize_t i = 0; i < n; i++) {
			if (buffer[i] != '\n') {
				text_addc(&line, buffer[i]);
				continue;
			}
			take_line(p, text_str(&line));
			text_clear(&line);
		}
	}
	if (line.len)
		take_line(p, line.s);
	clear_bar(p);
}

/* Run make; its exit status or -errno. */
static int run_make(const struct list *command, struct progress *p)
{
	int fd[2], status;
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC) < 0)
		return -errno;
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		int rc = -errno;

		close(fd[0]);
		close(fd[1]);
		return rc;
	}
	if (pid == 0) {
		dup2(fd[1], 1);
		dup2(fd[1], 2);
		/* The make that called us has job slots that are not ours. */
		unsetenv("MAKEFLAGS");
		unsetenv("MAKELEVEL");
		unsetenv("MFLAGS");
		setenv("LC_MESSAGES", "C", 1);
		execvp(command->v[0], command->v);
		_exit(127);
	}
	close(fd[1]);
	read_lines(fd[0], p);
	close(fd[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int copy(int from, int to)
{
	char buffer[65536];
	ssize_t n;

	while ((n = copy_file_range(from, NULL, to, NULL, 1 << 30, 0)) > 0)
		continue;
	if (n == 0)
		return 0;
	/* Not between these file systems: by hand, from where it stopped. */
	while ((n = read(from, buffer, sizeof buffer)) > 0)
		if (write(to, buffer, (size_t)n) != n)
			return errno ? -errno : -EIO;
	return n < 0 ? -errno : 0;
}

/* Put a copy of the image, or of its debugging information, at dist/NAME, unless it is there
 * already. */
static int deliver(const char *from, const char *to, mode_t mode)
{
	const char *temporary = mem_fmt("%s.%ld.tmp", to, (long)getpid());
	struct stat a, b;
	int in, out, rc;

	if ((in = open(from, O_RDONLY | O_CLOEXEC)) < 0 || fstat(in, &a) < 0)
		return -errno;
	if (stat(to, &b) == 0 && a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
	    a.st_mtim.tv_nsec == b.st_mtim.tv_nsec) {
		close(in);
		return 0;
	}
	rc = dir_make(path_dir(to));
	out = rc < 0 ? rc : open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (out < 0) {
		rc = rc < 0 ? rc : -errno;
		close(in);
		return rc;
	}
	rc = copy(in, out);
	if (rc == 0 && futimens(out, (struct timespec[]){ a.st_atim, a.st_mtim }) < 0)
		rc = -errno;
	if (close(out) < 0 && rc == 0)
		rc = -errno;
	close(in);
	if (rc == 0 && rename(temporary, to) < 0)
		rc = -errno;
	if (rc < 0)
		unlink(temporary);
	return rc;
}

static int screen_width(void)
{
	struct winsize w;

	return ioctl(2, TIOCGWINSZ, &w) == 0 && w.ws_col > 20 ? w.ws_col : 80;
}

/* Tell the compile steps what holds for all of them. */
static void use_cache(const struct configuration *c, const struct arguments *args)
{
	uint64_t limit;

	if (argument_given(args, "no-cache"))
		setenv("MIRAGE_CACHE", "off", 1);
	if (!cache_limit(&limit)) {
		diag_warning(
		    NULL, "MIRAGE_CACHE is neither 'off' nor a size: '%s'", getenv("MIRAGE_CACHE"));
		diag_expected("as MIRAGE_CACHE=512M");
		unsetenv("MIRAGE_CACHE");
	}
	setenv(COMPILER_ID_VARIABLE, compiler_id(c->share, c->compiler), 1);
}

int build_image(const struct arguments *args, struct manifest *out)
{
	struct configuration c;
	struct progress p = { .c = &c };
	struct list command = { 0 };
	const char *from, *cache;
	uint64_t limit;
	int rc;

	if ((rc = configuration_to_build(args, &c, out)))
		return rc;
	make_command(&c, args, &command);
	p.bar = isatty(2) && !str_eq(getenv("TERM"), "dumb") && !argument_given(args, "verbose");
	p.width = screen_width();
	if (p.bar)
		p.total = count_steps(&command);
	if (argument_given(args, "verbose"))
		list_split(&command, "--trace SHOW=--show", ' ');
	use_cache(&c, args);
	rc = run_make(&command, &p);
	unsetenv(COMPILER_ID_VARIABLE);
	if ((cache = cache_open()) && cache_limit(&limit))
		cache_trim(cache, limit);
	if (rc < 0 || rc == 127) {
		diag_error(NULL, "cannot start make: is it installed?");
		return EXIT_FAILED;
	}
	if (rc) {
		explain(&p);
		diag_info("%s was not built", out->image);
		return EXIT_FAILED;
	}
	from = mem_fmt("%s/obj/image/%s", c.folder, c.file);
	rc = deliver(from, out->image, 0777);
	if (rc == 0)
		rc = deliver(mem_fmt("%s.debug", from), mem_fmt("%s.debug", out->image), 0666);
	if (rc < 0) {
		diag_error(NULL, "cannot write '%s': %s", out->image, strerror(-rc));
		return EXIT_FAILED;
	}
	return 0;
}

int command_build(const struct arguments *a)
{
	const char *jobs = argument_value(a, "jobs");
	struct manifest m;
	struct stat st;
	int rc;

	if (jobs && (!*jobs || jobs[strspn(jobs, "0123456789")] || atol(jobs) < 1)) {
		diag_error(NULL, "'%s' is no number of jobs", jobs);
		diag_expected("-j N with a whole number from 1, as -j4");
		return EXIT_USAGE;
	}
	if ((rc = build_image(a, &m)))
		return rc;
	if (stat(m.image, &st) == 0)
		printf("%s (%s, %lld kB)\n", m.image, path_base(m.folder),
		    (long long)(st.st_size + 1023) / 1024);
	return EXIT_OK;
}
