/* commands.c: the table of commands, and which of them a command line means. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "diag.h"
#include "version.h"

static const struct option no_options[] = { OPTION_END };

const struct command commands[] = {
	{ .name = "new",
	    .about = "Make a small application that builds and runs at once",
	    .usage = "[options] NAME",
	    .options = options_new,
	    .max_words = 1,
	    .run = command_new },
	{ .name = "configure",
	    .about = "Choose a target and write the files that build for it",
	    .usage = "[options] [--KEY=VALUE ...]",
	    .more =
		"Reads the only *.conf of the current folder and writes Makefile and mirage/.\n"
		"Without any argument the last configuration is repeated.  --KEY=VALUE sets the\n"
		"default of a boot argument or a key of a device, as `KEY: VALUE` in the .conf\n"
		"does; `mirage query keys` lists them.",
	    .options = options_configure,
	    .keys_allowed = true,
	    .run = command_configure },
	{ .name = "depend",
	    .about = "Install the packages that the application needs",
	    .usage = "[options]",
	    .options = options_depend,
	    .run = command_depend },
	{ .name = "build",
	    .about = "Build the image dist/NAME",
	    .usage = "[options]",
	    .more =
		"Configures first if that was not done for this target, or if the .conf is newer.",
	    .options = options_build,
	    .run = command_build },
	{ .name = "run",
	    .about = "Build the image and run it, with the network that it needs",
	    .usage = "[options] [-- BOOT ARGUMENTS]",
	    .more = "Ends with the status of the image; 125: could not be started.\n"
		    "`mirage run -- --help` lists the image's boot arguments.",
	    .options = options_run,
	    .keys_allowed = true,
	    .run = command_run },
	{ .name = "image",
	    .about = "Make a disk image that BIOS and UEFI start",
	    .usage = "[options] [-- BOOT ARGUMENTS]",
	    .more = "The arguments go into the disk: its second partition, a FAT file system, has\n"
		    "them in boot/grub/grub.cfg.",
	    .options = options_image,
	    .keys_allowed = true,
	    .run = command_image },
	{ .name = "deploy",
	    .about = "Start the image on EC2",
	    .usage = "ec2 [options] [-- BOOT ARGUMENTS]",
	    .more =
		"Makes a disk image, uploads it to a bucket of S3, has it imported and\n"
		"registered, and starts an instance, by the AWS command line, whose settings\n"
		"(~/.aws, AWS_PROFILE) it uses. An error says what is left over in the account.",
	    .options = options_deploy,
	    .keys_allowed = true,
	    .max_words = 1,
	    .run = command_deploy },
	{ .name = "clean",
	    .about = "Remove what configure and build made",
	    .usage = "[options]",
	    .more =
		"--cache removes the objects that all applications share instead; the next builds\n"
		"compile them again.",
	    .options = options_clean,
	    .run = command_clean },
	{ .name = "describe",
	    .about = "Show the devices of the application, what was chosen and why",
	    .usage = "[options]",
	    .options = options_describe,
	    .run = command_describe },
	{ .name = "query",
	    .about = "Print one thing about a configuration or an image",
	    .usage = "[options] [WHAT]",
	    .more = "WHAT is packages (the default), modules, sources, files, devices, keys,\n"
		    "licenses, facts; of what is built: attached, hardening, sizes, image (those\n"
		    "four, the default with --image), sbom; or all.",
	    .options = options_query,
	    .max_words = 1,
	    .run = command_query },
	{ .name = "sim",
	    .about = "Run images of a scenario under one simulated time",
	    .usage = "[options] NAME.scenario",
	    .more = "Images are built by 'mirage build -t sim'. The same seed gives the same run;\n"
		    "docs/sim.md says what a scenario can say.",
	    .options = options_sim,
	    .max_words = 1,
	    .run = command_sim },
	{ .name = "ports",
	    .about = "List, build and remove third-party libraries for images",
	    .usage = "[options] [list | show NAME | build NAME ... | remove NAME ...]",
	    .more = "Each is built from Debian's source package by a recipe, ports/NAME/port.conf, "
		    "once\n"
		    "for all applications. 'mirage depend' builds those that an application names.",
	    .options = options_ports,
	    .max_words = 64,
	    .run = command_ports },
	{ .name = "toolchain",
	    .about = "Tell build systems of the compiler for images",
	    .usage = "[options]",
	    .more = "Without an option: the folder with x86_64-mirage-cc, -ar, -pkg-config and the "
		    "others.",
	    .options = options_toolchain,
	    .run = command_toolchain },
	{ .name = "crunch",
	    .about = "Turn a folder into an object file to link",
	    .usage = "[options] FOLDER FILE.o",
	    .options = options_crunch,
	    .max_words = 2,
	    .hidden = true,
	    .run = command_crunch },
	{ .name = "cc-cached",
	    .about = "Compile a source of the libraries, or take its object from the cache",
	    .usage = "[--show] OBJECT SOURCE FLAGS -- COMPILER ...",
	    .options = options_cc_cached,
	    .max_words = 3,
	    .hidden = true,
	    .run = command_cc_cached },
	{ .name = "sizes",
	    .about = "Add up a linker's map by the parts of the image",
	    .usage = "MAP FILE",
	    .options = options_sizes,
	    .max_words = 2,
	    .hidden = true,
	    .run = command_sizes },
	{ .name = "symbols",
	    .about = "Write an image's names of functions for the assembler",
	    .usage = "IMAGE FILE.s",
	    .options = options_symbols,
	    .max_words = 2,
	    .hidden = true,
	    .run = command_symbols },
	{ .name = "help",
	    .about = "Print this summary, or the help of a command",
	    .usage = "[COMMAND]",
	    .options = no_options,
	    .max_words = 1,
	    .run = command_help },
	{ .name = NULL },
};

static void print_summary(void)
{
	printf("mirage builds sealed images, unikernels, from C programs.\n\n"
	       "Usage: mirage COMMAND [options]\n\nCommands:\n");
	for (const struct command *c = commands; c->name; c++)
		if (!c->hidden)
			printf("  %-10s %s\n", c->name, c->about);
	printf("\nA command may be shortened as long as it stays unambiguous.\n"
	       "'mirage COMMAND --help' explains one; 'mirage --version' prints the version.\n");
}

const struct command *command_find(const char *name)
{
	struct list names = { 0 }, matches = { 0 };
	const struct command *found = NULL;

	for (const struct command *c = commands; c->name; c++) {
		if (str_eq(c->name, name) || (c->hidden && str_eq(c->name, name)))
			return c;
		if (c->hidden)
			continue;
		list_add(&names, c->name);
		if (*name && str_starts(c->name, name)) {
			list_add(&matches, c->name);
			found = c;
		}
	}
	if (matches.n == 1)
		return found;
	if (matches.n > 1) {
		diag_error(NULL, "'%s' may mean several commands", name);
		diag_found("%s", list_join(&matches, ", "));
		return NULL;
	}
	diag_error(NULL, "unknown command '%s'", name);
	diag_expected("one of %s", list_join(&names, ", "));
	diag_suggest(name, &names);
	return NULL;
}

int command_help(const struct arguments *a)
{
	const struct command *c;

	if (!a->words.n) {
		print_summary();
		return EXIT_OK;
	}
	c = command_find(a->words.v[0]);
	if (!c)
		return EXIT_USAGE;
	command_print_help(c);
	return EXIT_OK;
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 0; i < argc && !str_eq(argv[i], "--"); i++)
		if (str_eq(argv[i], "--help") || str_eq(argv[i], "-h"))
			return true;
	return false;
}

int command_line(int argc, char **argv)
{
	const struct command *c;
	struct arguments a;
	int rc;

	if (argc < 2) {
		print_summary();
		return EXIT_USAGE;
	}
	if (str_eq(argv[1], "--version")) {
		printf("mirage %s\n", MIRAGE_VERSION);
		return EXIT_OK;
	}
	if (str_eq(argv[1], "--help") || str_eq(argv[1], "-h")) {
		print_summary();
		return EXIT_OK;
	}
	c = command_find(argv[1]);
	if (!c)
		return EXIT_USAGE;
	if (asks_for_help(argc - 2, argv + 2)) {
		command_print_help(c);
		return EXIT_OK;
	}
	if ((rc = arguments_parse(c, argc - 2, argv + 2, &a)))
		return rc;
	return c->run(&a);
}
