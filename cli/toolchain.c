/* toolchain.c: `mirage toolchain`: where the compiler for images and its tools are, for build
 * systems. */
#include <stdio.h>

#include "command.h"
#include "descriptor.h"
#include "diag.h"
#include "paths.h"
#include "process.h"

const struct option options_toolchain[] = {
	{ "arch", 0, "ARCH", "the processor: x86_64 (the host's unless told), aarch64" },
	{ "env", 0, NULL, "print variables for a shell: eval \"$(mirage toolchain --env)\"" },
	{ "cmake", 0, NULL, "print the path of a toolchain file for CMake" },
	{ "meson", 0, NULL, "print the path of a cross file for meson" },
	OPTION_END,
};

int command_toolchain(const struct arguments *args)
{
	const char *arch = argument_value(args, "arch"), *share = paths_share();
	const char *what = argument_given(args, "env")     ? "env"
			   : argument_given(args, "cmake") ? "cmake"
			   : argument_given(args, "meson") ? "meson"
							   : "dir";
	struct list argv = { 0 };

	arch = arch ? arch : host_cpu();
	if (!str_eq(arch, "x86_64") && !str_eq(arch, "aarch64")) {
		diag_error(NULL, "there is no toolchain for '%s'", arch);
		diag_expected("x86_64 or aarch64");
		return EXIT_USAGE;
	}
	if (!share) {
		diag_error(NULL, "the files of mirage are not beside the tool");
		return EXIT_FAILED;
	}
	list_addf(&argv, "%s/libc/toolchain.sh", share);
	list_add(&argv, arch);
	list_add(&argv, what);
	fflush(NULL);
	return process_run(argv.v, NULL, NULL) == 0 ? EXIT_OK : EXIT_FAILED;
}
