/* notes.c: what an image of a plain program tells its tender: of projects, `mirage configure`
 * writes it.  libc/mirage-cc defines MIR_PLAIN_ABI, MIR_PLAIN_VERSION, MIR_PLAIN_EXT and
 * MIR_PLAIN_FAULT (the symbol that faults enter by, or 0) by target.conf.
 */
#include <mir/cc.h>
#include <mir/extension.h>
#include <mir/note.h>

struct head {
	uint32_t namesz, descsz, type;
};

MIR_SECTION(".interp") const char mir_plain_interp[] = MIR_IMAGE_INTERP;

MIR_SECTION(".note.solo5.not_openbsd") const struct {
	struct head head;
	char name[8];
	uint32_t zero;
} mir_plain_not_openbsd = { { 8, 4, 1 }, "OpenBSD", 0 };

MIR_SECTION(".note.solo5.abi") const struct {
	struct head head;
	char name[8];
	struct mir_abi_note abi;
} mir_plain_abi = { { sizeof(MIR_NOTE_SOLO5), sizeof(struct mir_abi_note), MIR_NOTE_ABI },
	MIR_NOTE_SOLO5, { MIR_PLAIN_ABI, MIR_PLAIN_VERSION, { 0, 0 } } };

/* Devices: none but the reserved entry. */
MIR_SECTION(".note.solo5.manifest") const struct {
	struct head head;
	char name[8];
	uint32_t pad;
	uint32_t version, entries;
	struct mir_mft_entry e[1];
} mir_plain_manifest = { { sizeof(MIR_NOTE_SOLO5),
			     4 + sizeof(struct mir_mft) + sizeof(struct mir_mft_entry),
			     MIR_NOTE_MFT },
	MIR_NOTE_SOLO5, 0, MIR_MFT_VERSION, 1, { { .type = MIR_MFT_RESERVED } } };

#define TEXT(x)    #x
#define NAME_OF(x) TEXT(x)

/* The address of the fault handler in 32 bits is no constant in C. */
MIR_SECTION(".text.mir_plain_notes") static void ext_note(void)
{
	__asm__(".pushsection .note.mirage.ext, \"a\", %%progbits\n\t"
		".balign 8\n\t"
		".weak mir_image_sealed\n\t"
		".long %c0, %c1, %c2\n\t"
		".asciz \"" MIR_NOTE_MIRAGE "\"\n\t"
		".balign 4\n\t"
		".long %c3, %c4, " NAME_OF(MIR_PLAIN_FAULT) ", mir_image_sealed\n\t"
							    ".popsection" ::"i"(
								sizeof(MIR_NOTE_MIRAGE)),
	    "i"(sizeof(struct mir_ext_note)), "i"(MIR_NOTE_EXT), "i"(MIR_EXT_VERSION),
	    "i"(MIR_PLAIN_EXT));
}
