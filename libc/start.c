/* start.c: from the target's entry to the C library's, and main.
 *
 * musl's __libc_start_main(main, argc, argv) expects what Linux lays out at the entry of a program:
 * the arguments, a NULL, the environment, a NULL, the auxiliary vector.  It is given one with
 * neither arguments nor environment, and main its arguments afterwards, so that they need not be
 * copied.
 */
#include <elf.h>
#include <mir/pages.h>

#include "libc.h"

int main(int argc, char **argv, char **env);
int __libc_start_main(int (*)(int, char **, char **), int argc, char **argv, void (*init)(void),
    void (*fini)(void), void (*ldso_fini)(void));

extern const Elf64_Ehdr __ehdr_start;

static struct {
	int argc;
	char **argv;
} given;

int64_t mir_libc_began;

static int start(int argc, char **argv, char **env)
{
	(void)argc;
	(void)argv;
	return main(given.argc, given.argv, env);
}

static uintptr_t address(const void *p)
{
	return (uintptr_t)p;
}

MIR_NO_PROTECTOR void mir_libc_start(int argc, char **argv, const uint8_t random[16])
{
	static struct {
		char *args_end, *env_end;
		uintptr_t aux[2 * 8];
	} vector;
	const Elf64_Ehdr *elf = &__ehdr_start;
	uintptr_t aux[] = { AT_PHDR, address(elf) + elf->e_phoff, AT_PHENT, elf->e_phentsize,
		AT_PHNUM, elf->e_phnum, AT_PAGESZ, MIR_PAGE, AT_RANDOM, address(random), AT_EXECFN,
		address(argc > 0 ? argv[0] : ""), AT_NULL, 0 };

	for (unsigned i = 0; i < MIR_COUNT(aux); i++)
		vector.aux[i] = aux[i];
	given.argc = argc;
	given.argv = argv;
	mir_libc_began = mir_target_monotonic();
	__libc_start_main(start, 0, &vector.args_end, NULL, NULL, NULL);
	mir_target_exit(255); /* it does not return */
}
