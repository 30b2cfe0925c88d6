/* elf.h: a small image in memory, for tests and as seeds of the fuzzer. */
#ifndef TESTS_ELF_H
#define TESTS_ELF_H

#include <elf.h>
#include <mir/note.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ELF_ABI, ELF_MFT, ELF_EXT, ELF_NOTES, ELF_DEVICES = 2, ELF_CODE = 0x800, ELF_DATA = 0x900 };

struct elf_note {
	uint32_t namesz, descsz, type;
	char name[8];
};

/* The file; what is to be wrong is set before it is written. */
struct elf {
	Elf64_Ehdr head;
	Elf64_Phdr note[ELF_NOTES], text, data;
	struct {
		struct elf_note head;
		struct mir_abi_note abi;
	} abi;
	struct {
		struct elf_note head;
		uint32_t pad;
		uint32_t version, entries;
		struct mir_mft_entry e[1 + ELF_DEVICES];
	} mft;
	struct {
		struct elf_note head;
		struct mir_ext_note ext;
	} ext;
	uint8_t rest[0x1000];
};

static inline void elf_note(struct elf_note *n, const char *owner, uint32_t type, size_t size)
{
	n->namesz = (uint32_t)strlen(owner) + 1;
	n->descsz = (uint32_t)(size - sizeof(*n));
	n->type = type;
	memcpy(n->name, owner, n->namesz);
}

static inline Elf64_Phdr elf_phdr(
    uint32_t type, uint32_t flags, size_t offset, uint64_t vaddr, size_t filesz)
{
	return (Elf64_Phdr){
		.p_type = type,
		.p_flags = flags,
		.p_offset = offset,
		.p_vaddr = vaddr,
		.p_filesz = filesz,
		.p_memsz = filesz,
		.p_align = 0x1000,
	};
}

static inline void elf_make(struct elf *f, uint32_t target)
{
	memset(f, 0, sizeof(*f));
	memcpy(f->head.e_ident, ELFMAG "\2\1\1", 7);
	f->head.e_type = ET_EXEC;
#if defined(__x86_64__)
	f->head.e_machine = EM_X86_64;
#else
	f->head.e_machine = EM_AARCH64;
#endif
	f->head.e_version = EV_CURRENT;
	f->head.e_entry = MIR_IMAGE_BASE + 4;
	f->head.e_phoff = offsetof(struct elf, note);
	f->head.e_phentsize = sizeof(Elf64_Phdr);
	f->head.e_phnum = ELF_NOTES + 2;
	f->note[ELF_ABI] = elf_phdr(PT_NOTE, PF_R, offsetof(struct elf, abi), 0, sizeof(f->abi));
	f->note[ELF_MFT] = elf_phdr(PT_NOTE, PF_R, offsetof(struct elf, mft), 0, sizeof(f->mft));
	f->note[ELF_EXT] = elf_phdr(PT_NOTE, PF_R, offsetof(struct elf, ext), 0, sizeof(f->ext));
	f->text = elf_phdr(PT_LOAD, PF_R | PF_X, ELF_CODE, MIR_IMAGE_BASE, 0x40);
	f->data = elf_phdr(PT_LOAD, PF_R | PF_W, ELF_DATA, MIR_IMAGE_BASE + 0x2010, 0x30);
	f->data.p_memsz = 0x2000;
	elf_note(&f->abi.head, MIR_NOTE_SOLO5, MIR_NOTE_ABI, sizeof(f->abi));
	f->abi.abi = (struct mir_abi_note){ .target = target, .version = 2 };
	elf_note(&f->mft.head, MIR_NOTE_SOLO5, MIR_NOTE_MFT, sizeof(f->mft));
	f->mft.version = MIR_MFT_VERSION;
	f->mft.entries = 1 + ELF_DEVICES;
	f->mft.e[0].type = MIR_MFT_RESERVED;
	memcpy(f->mft.e[1].name, "service", 8);
	f->mft.e[1].type = MIR_MFT_NET;
	memcpy(f->mft.e[2].name, "storage", 8);
	f->mft.e[2].type = MIR_MFT_BLOCK;
	elf_note(&f->ext.head, MIR_NOTE_MIRAGE, MIR_NOTE_EXT, sizeof(f->ext));
	f->ext.ext = (struct mir_ext_note){ .version = 1, .features = 7 };
	memset((uint8_t *)f + ELF_CODE, 0xc3, 0x40);
	memset((uint8_t *)f + ELF_DATA, 0xda, 0x30);
}

/* A file of these bytes; to be closed. */
static inline int elf_file(const void *data, size_t len)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	if (fd >= 0 && len > 0 && write(fd, data, len) != (ssize_t)len) {
		close(fd);
		return -1;
	}
	return fd;
}

#endif
