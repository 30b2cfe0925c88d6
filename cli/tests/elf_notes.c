/* elf_notes.c: notes of a file made by hand, and of that file cut and bent. */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <mir/extension.h>
#include <mir/test.h>

#include "../descriptor.h"
#include "../elf_notes.h"

struct note {
	uint32_t namesz, descsz, type;
	char name[8];
};

/* Three notes, each in its segment, and two segments that are loaded. */
struct file {
	Elf64_Ehdr header;
	Elf64_Phdr segments[5];
	struct note abi;
	struct mir_abi_note abi_desc;
	struct note ext;
	struct mir_ext_note ext_desc;
	struct note mft;
	uint32_t pad;
	uint32_t version, entries;
	struct mir_mft_entry e[3];
};

#define SEGMENT(what, from, to)                                                                    \
	(Elf64_Phdr)                                                                               \
	{                                                                                          \
		.p_type = (what), .p_offset = offsetof(struct file, from),                         \
		.p_filesz = offsetof(struct file, to) - offsetof(struct file, from), .p_align = 4  \
	}

static struct file make(void)
{
	struct file f = { .abi = { 6, 16, MIR_NOTE_ABI, "Solo5" },
		.abi_desc = { .target = MIR_ABI_SPT, .version = 2 },
		.ext = { 7, 16, MIR_NOTE_EXT, "Mirage" },
		.ext_desc = { .version = 1, .features = MIR_EXT_ARGV },
		.mft = { 6, 4 + 8 + 3 * sizeof(struct mir_mft_entry), MIR_NOTE_MFT, "Solo5" },
		.version = 1,
		.entries = 3,
		.e = { { .type = MIR_MFT_RESERVED }, { .name = "service", .type = MIR_MFT_NET },
		    { .name = "storage", .type = MIR_MFT_BLOCK } } };

	memcpy(f.header.e_ident, ELFMAG, SELFMAG);
	f.header.e_ident[EI_CLASS] = ELFCLASS64;
	f.header.e_ident[EI_DATA] = ELFDATA2LSB;
	f.header.e_type = ET_EXEC;
	f.header.e_machine = EM_X86_64;
	f.header.e_phoff = offsetof(struct file, segments);
	f.header.e_phentsize = sizeof(Elf64_Phdr);
	f.header.e_phnum = 5;
	f.segments[0] = SEGMENT(PT_NOTE, abi, ext);
	f.segments[1] = SEGMENT(PT_NOTE, ext, mft);
	f.segments[2] = SEGMENT(PT_NOTE, mft, e);
	f.segments[2].p_filesz = sizeof f - offsetof(struct file, mft);
	f.segments[3] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = 0x100000, .p_memsz = 0x1000
	};
	f.segments[4] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_vaddr = 0x102000, .p_memsz = 0x800
	};
	return f;
}

/* In memory of its own, so that the sanitizer sees a read behind the end. */
static int notes_of(const struct file *f, size_t len, struct image_notes *n)
{
	void *copy = malloc(len ? len : 1);
	int rc;

	memcpy(copy, f, len);
	rc = elf_notes(copy, len, n);
	free(copy);
	return rc;
}

static void reads(void)
{
	struct file f = make();
	struct image_notes n;

	ok(notes_of(&f, sizeof f, &n) == 0, "a good file");
	ok(n.target == MIR_ABI_SPT && n.version == 2, "its ABI");
	ok(n.ext_version == 1 && n.ext_features == MIR_EXT_ARGV, "its extensions");
	ok(n.manifest && n.n_devices == 2 && strcmp(n.devices[0].name, "service") == 0 &&
		n.devices[1].type == MIR_MFT_BLOCK,
	    "its devices");
	ok(n.segments == 2 && !n.write_exec && n.start == 0x100000 && n.end == 0x102800 && n.fixed,
	    "what is loaded");
	f.segments[4].p_flags |= PF_X;
	ok(notes_of(&f, sizeof f, &n) == 0 && n.write_exec == 1, "writable and executable");
	/* As linkers without a script of ours do it: all in one segment. */
	f.segments[0].p_filesz = sizeof f - offsetof(struct file, abi);
	f.segments[1].p_type = f.segments[2].p_type = PT_NULL;
	ok(notes_of(&f, sizeof f, &n) == 0 && n.target && n.ext_version && n.n_devices == 2,
	    "several notes in a segment");
	ok(strcmp(abi_name(MIR_ABI_HVT), "hvt") == 0 && !abi_name(99), "names of ABIs");
	ok(strcmp(extension_names(MIR_EXT_ARGV | 1u << 31), "argv 0x80000000") == 0,
	    "names of extensions");
}

static void broken(void)
{
	struct image_notes n;
	struct file f = make();
	unsigned wrong = 0;

	for (size_t len = 0; len < offsetof(struct file, abi); len++)
		wrong += notes_of(&f, len, &n) != -ENOEXEC;
	ok(wrong == 0, "every truncation before the notes");
	for (size_t len = offsetof(struct file, abi); len < sizeof f; len++)
		wrong += notes_of(&f, len, &n) != 0 || n.manifest;
	ok(wrong == 0, "every truncation of the notes: no manifest");
#define BENT(field, value, test)                                                                   \
	f = make();                                                                                \
	f.field = value;                                                                           \
	ok(test, #field " " #value)
#define IS(rc) (notes_of(&f, sizeof f, &n) == (rc))
	BENT(header.e_phoff, UINT64_MAX, IS(-ENOEXEC));
	BENT(header.e_phnum, 257, IS(-ENOEXEC));
	BENT(header.e_phentsize, 1, IS(-ENOEXEC));
	BENT(header.e_ident[EI_CLASS], ELFCLASS32, IS(-ENOEXEC));
	BENT(header.e_ident[EI_DATA], ELFDATA2MSB, IS(-ENOEXEC));
	BENT(header.e_phnum, 0, IS(0) && !n.target && !n.segments);
	BENT(segments[0].p_offset, UINT64_MAX, IS(0) && !n.target && n.manifest);
	BENT(segments[0].p_filesz, UINT64_MAX, IS(0) && !n.target);
	BENT(abi.namesz, UINT32_MAX, IS(0) && !n.target);
	BENT(abi.descsz, UINT32_MAX, IS(0) && !n.target);
	BENT(abi.descsz, 15, IS(0) && !n.target);
	BENT(abi.name[0], 's', IS(0) && !n.target);
	BENT(ext.descsz, 0, IS(0) && !n.ext_version);
	BENT(mft.descsz, f.mft.descsz - 1, IS(0) && !n.manifest);
	BENT(version, 2, IS(0) && !n.manifest);
	BENT(entries, 0, IS(0) && !n.manifest);
	BENT(entries, 4, IS(0) && !n.manifest);
	BENT(entries, UINT32_MAX, IS(0) && !n.manifest);
	BENT(e[2].name[MIR_MFT_NAME - 1], 'x', IS(0) && !n.manifest && !n.n_devices);
	BENT(segments[3].p_memsz, UINT64_MAX, IS(0) && n.end == UINT64_MAX);
}

int main(void)
{
	RUN_PLAIN(reads);
	RUN_PLAIN(broken);
	return mir_test_end();
}
