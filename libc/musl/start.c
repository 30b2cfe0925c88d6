/* start.c: the start of the C library, in place of the one that reads what Linux lays out for a
 * program: build.sh compiles it with the library's own headers.
 */
#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "libc.h"
#include "pthread_impl.h"

typedef void function(void);
extern weak hidden function *const __init_array_start[], *const __init_array_end[];
extern weak hidden const Elf64_Ehdr __ehdr_start;
hidden int __init_tp(void *);

void *mir_target_keep(size_t);

enum { ALIGN = 16 }; /* of struct pthread */

/* For thread-local storage of an image that has little. */
static struct {
	struct pthread thread;
	void *more[16];
} little __attribute__((aligned(ALIGN)));

/* Where the storage of a thread lies is what __copy_tls expects (the ABI's: below struct pthread,
 * or above it).  How far from it the linker tells from the segment's own alignment, which may be
 * less than that of struct pthread. */
static void start_tls(void)
{
	static struct tls_module all;
	const Elf64_Phdr *p = (const void *)((const char *)&__ehdr_start + sizeof(Elf64_Ehdr));
	size_t align = 1;
	void *memory = &little;

	for (size_t n = __ehdr_start.e_phnum; n; n--, p++) {
		if (p->p_type != PT_TLS)
			continue;
		all.image = (void *)p->p_vaddr;
		all.len = p->p_filesz;
		all.size = p->p_memsz;
		if (p->p_align > align)
			align = p->p_align;
		libc.tls_head = &all;
		libc.tls_cnt = 1;
	}
#ifdef TLS_ABOVE_TP
	all.offset = GAP_ABOVE_TP + ((uintptr_t)all.image - GAP_ABOVE_TP) % align;
	libc.tls_size = all.offset;
#else
	all.size += -(all.size + (uintptr_t)all.image) % align;
	all.offset = all.size;
#endif
	align = align > ALIGN ? align : ALIGN;
	all.align = libc.tls_align = align;
	libc.tls_size += sizeof(struct pthread) + 2 * sizeof(void *) + all.size + align;
	libc.tls_size += -libc.tls_size % ALIGN;
	if (libc.tls_size > sizeof(little) && (memory = mir_target_keep(libc.tls_size)))
		memset(memory, 0, libc.tls_size);
	/* Without memory this ends in a fault at address 0. */
	__init_tp(__copy_tls(memory));
}

/* auxv: pairs, the last of 0.  Then code of the application and of the C library may run. */
void mir_musl_start(size_t *auxv, char *name, const void *random)
{
	static char *environment[1];

	__environ = environment;
	__progname = __progname_full = name;
	for (char *p = name; *p; p++) {
		if (*p == '/')
			__progname = p + 1;
	}
	libc.auxv = auxv;
	libc.page_size = 4096;
	start_tls();
	__init_ssp((void *)random);
	for (function *const *f = __init_array_start; f < __init_array_end; f++)
		(*f)();
}
