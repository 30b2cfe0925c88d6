/* notes.c: what an image of a plain program tells its tender: of projects, `mirage configure`
 * writes it.  libc/mirage-cc defines MIR_PLAIN_ABI, MIR_PLAIN_VERSION and MIR_PLAIN_EXT by
 * target.conf.
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

MIR_SECTION(".note.mirage.ext") const struct {
	struct head head;
	char name[8];
	struct mir_ext_note ext;
} mir_plain_ext = { { sizeof(MIR_NOTE_MIRAGE), sizeof(struct mir_ext_note), MIR_NOTE_EXT },
	MIR_NOTE_MIRAGE, { .version = MIR_EXT_VERSION, .features = MIR_PLAIN_EXT } };
