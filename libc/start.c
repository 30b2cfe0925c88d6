/* start.c: from the target's entry to the C library's, and main. */
#define _GNU_SOURCE
#include <elf.h>
#include <mir/pages.h>
#include <stdlib.h>
#include <unistd.h>

#include "libc.h"

int main(int argc, char **argv, char **env);

/* musl/start.c: its own start.  auxv: what Linux tells a program, for getauxval and the heap. */
void mir_musl_start(size_t *auxv, char *name, const void *random);

extern const Elf64_Ehdr __ehdr_start;

int64_t mir_libc_began;

MIR_NO_PROTECTOR void mir_libc_start(int argc, char **argv, const uint8_t random[16])
{
	static char none[] = "";
	static size_t auxv[] = { AT_PAGESZ, MIR_PAGE, AT_PHENT, sizeof(Elf64_Phdr), AT_PHDR, 0,
		AT_PHNUM, 0, AT_RANDOM, 0, AT_EXECFN, 0, AT_NULL, 0 };
	char *name = argc > 0 ? argv[0] : none;

	auxv[5] = (size_t)((const char *)&__ehdr_start + __ehdr_start.e_phoff);
	auxv[7] = __ehdr_start.e_phnum;
	auxv[9] = (size_t)random;
	auxv[11] = (size_t)name;
	mir_libc_began = mir_target_monotonic();
	mir_musl_start(auxv, name, random);
	exit(main(argc, argv, environ));
}
