/* options.c: the command line, and what is written for the guest. */
#include <mir/test.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tender.h"

enum { ARGS = 16, SAID = 512 };

/* Splits the words of a line, in a copy that lives until the next. */
static int words(const char *line, char *argv[ARGS])
{
	static char copy[SAID];
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *p = strtok(copy, " "); p && n < ARGS - 1; p = strtok(NULL, " "))
		argv[n++] = p;
	argv[n] = NULL;
	return n;
}

static void parse(const char *line, uint32_t target, struct options *o)
{
	static char *argv[ARGS];
	int n = words(line, argv);

	options_parse(n, argv, target, o);
}

/* What is said, and the status, of a command line that ends the process. */
static int ends(const char *line, uint32_t target, char said[SAID])
{
	static struct options o;
	int pipes[2], status = -1;
	ssize_t n;
	pid_t child;

	memset(said, 0, SAID);
	if (pipe(pipes) < 0 || (child = fork()) < 0)
		return -1;
	if (child == 0) {
		dup2(pipes[1], STDERR_FILENO);
		dup2(pipes[1], STDOUT_FILENO);
		parse(line, target, &o);
		_exit(99);
	}
	close(pipes[1]);
	n = read(pipes[0], said, SAID - 1);
	if (n > 0 && said[n - 1] == '\n')
		said[n - 1] = '\0';
	close(pipes[0]);
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void defaults(void)
{
	static struct options o;

	parse("mirage-hvt image", MIR_ABI_HVT, &o);
	ok(o.mem == 512ull << 20, "512 MiB");
	ok(o.gdb_port == 1234 && !o.gdb && !o.plain && !o.dumpcore, "nothing else");
	ok(strcmp(o.image, "image") == 0 && o.n_args == 0 && o.args[0] == NULL, "no arguments");
	ok(strcmp(tender_name, "mirage-hvt") == 0, "its name");
}

static void all_options(void)
{
	static struct options o;

	parse("mirage-spt --mem=8 --net:a=tap0 --net-mac:a=02:00:00:00:00:01 --block:a=@5 "
	      "--block-sector-size:a=4096 --plain --gdb --gdb-port=99 --dumpcore=/tmp "
	      "--x-exec-heap -- image --mem=3",
	    MIR_ABI_SPT, &o);
	ok(o.mem == 8ull << 20 && o.plain && o.gdb && o.gdb_port == 99 && o.x_exec_heap, "flags");
	ok(o.n_attach == 2, "a network and a disk of one name are two");
	ok(o.attach[0].type == MIR_MFT_NET && strcmp(o.attach[0].what, "tap0") == 0 &&
		strcmp(o.attach[0].mac, "02:00:00:00:00:01") == 0,
	    "network");
	ok(o.attach[1].type == MIR_MFT_BLOCK && strcmp(o.attach[1].what, "@5") == 0 &&
		strcmp(o.attach[1].sector, "4096") == 0,
	    "disk");
	ok(strcmp(o.dumpcore, "/tmp") == 0, "a folder");
	ok(o.n_args == 1 && strcmp(o.args[0], "--mem=3") == 0,
	    "arguments of the image are its own");
}

static void mistakes(void)
{
	static const struct {
		const char *line, *says;
	} wrong[] = {
		{ "t", "no image" },
		{ "t --", "no image" },
		{ "t --nonsense image", "unknown option '--nonsense'" },
		{ "t --memory=3 image", "unknown option" },
		{ "t --mem image", "value is wanted" },
		{ "t --mem= image", "value is wanted" },
		{ "t --mem=0 image", "number from 1" },
		{ "t --mem=-1 image", "number from 1" },
		{ "t --mem=1x image", "number from 1" },
		{ "t --mem=99999999999999999999 image", "number from 1" },
		{ "t --gdb-port=65536 image", "number from 1" },
		{ "t --net:=tap0 image", "NAME=VALUE" },
		{ "t --net:a image", "NAME=VALUE" },
		{ "t --net:a= image", "NAME=VALUE" },
		{ "t --net=tap0 image", "unknown option" },
		{ "t --net:a=b --net:a=c image", "given twice" },
		{ "t --x-exec-heap image", "unknown option" },
		{ "t "
		  "--net:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa="
		  "b i",
		    "longer than 67" },
	};
	char said[SAID];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		int status = ends(wrong[i].line, MIR_ABI_HVT, said);

		ok(status == 1 && strstr(said, wrong[i].says), "%s: %d %.60s", wrong[i].line,
		    status, said);
	}
	ok(ends("t --help", MIR_ABI_HVT, said) == 0 && strstr(said, "usage:"), "--help");
	ok(ends("t --version", MIR_ABI_SPT, said) == 0 && strstr(said, "ABI version 2 of spt"),
	    "--version");
}

static void boot(void)
{
	static uint8_t mem[0x20000];
	static struct device dev[MIR_MFT_ENTRIES] = {
		[1] = { .type = MIR_MFT_NET, .net = { .features = 3, .vnet_header = 12 } },
	};
	struct mir_mft mft = { .version = 1, .entries = 0 };
	struct image image = { .mft = &mft, .mft_size = sizeof(mft) };
	static struct options o;
	struct mir_ext ext;
	uint64_t at_mft, at_cmdline, at_ext, end, argv[5];

	parse("t dir/image.hvt a bb c", MIR_ABI_HVT, &o);
	boot_write(mem, 0x1003, &image, &o, &at_mft, &at_cmdline);
	ok(at_mft == 0x1008 && memcmp(mem + at_mft, &mft, sizeof(mft)) == 0, "manifest");
	ok(strcmp((char *)mem + at_cmdline, "a bb c") == 0, "command line");
	at_ext = boot_args_at(0x1003);
	ok(at_ext >= at_cmdline + 8192, "room");
	end = boot_write_ext(mem, at_ext, at_ext + sizeof(ext), &o, MIR_EXT_ENTROPY, dev, 17);
	memcpy(&ext, mem + at_ext, sizeof(ext));
	ok(ext.magic == MIR_EXT_MAGIC && ext.size == sizeof(ext) && ext.start_ns == 17, "ext");
	ok(ext.argc == 4 && end > ext.argv, "arguments");
	memcpy(argv, mem + ext.argv, sizeof(argv));
	ok(strcmp((char *)mem + argv[0], "image.hvt") == 0 &&
		strcmp((char *)mem + argv[2], "bb") == 0 && argv[4] == 0,
	    "as a vector");
	ok(ext.device[1].features == 3 && ext.device[1].vnet_header == 12, "devices");
}

int main(void)
{
	RUN_PLAIN(defaults);
	RUN_PLAIN(all_options);
	RUN_PLAIN(mistakes);
	RUN_PLAIN(boot);
	return mir_test_end();
}
