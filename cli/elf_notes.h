/* elf_notes.h: what an image of hvt, spt and their like says of itself without a manifest of
 * Mirage's: ELF notes (abi/mir/note.h) and program headers. Images of Solo5 and MirageOS have them
 * too.
 */
#ifndef CLI_ELF_NOTES_H
#define CLI_ELF_NOTES_H

#include <mir/note.h>
#include <stdbool.h>

struct image_device {
	char name[MIR_MFT_NAME]; /* ends with a NUL; may have any other byte */
	uint32_t type;           /* enum mir_mft_type, or unknown */
};

struct image_notes {
	unsigned machine;         /* EM_X86_64 */
	uint32_t target, version; /* of the ABI; target 0: no such note */
	bool manifest;
	struct image_device devices[MIR_MFT_ENTRIES - 1];
	unsigned n_devices;
	uint32_t ext_version, ext_features; /* version 0: no such note */
	bool fixed;                         /* ET_EXEC */
	unsigned segments, write_exec;      /* that are loaded; that are writable and executable */
	bool exec_stack;                    /* asks for one */
	uint64_t start, end;                /* of what is loaded */
};

/* Read a file in memory, whoever made it. 0; -ENOEXEC: no ELF64 file, or a broken one. What does
 * not hold together in a note counts as if the note was not there. */
int elf_notes(const void *file, size_t len, struct image_notes *out);

/* The same from a file; -errno besides. */
int elf_notes_read(const char *path, struct image_notes *out);

/* "x86_64", or "machine N". */
const char *machine_name(unsigned machine);

#endif
