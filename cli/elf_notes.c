/* elf_notes.c: program headers and notes of an image (System V ABI, chapter 5); every number is
 * checked. */
#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "elf_notes.h"
#include "elf_section.h"
#include "text.h"

enum {
	HEADERS = 256,  /* program headers that are looked at */
	NOTE_HEAD = 20, /* three words, then the owner's name, padded to 8 */
	MFT_AT = NOTE_HEAD + 4,
};

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static uint64_t le64(const uint8_t *p)
{
	return (uint64_t)le32(p + 4) << 32 | le32(p);
}

static unsigned le16(const uint8_t *p)
{
	return (unsigned)p[1] << 8 | p[0];
}

/* The descriptor of `desc` bytes lies behind the head of a note. */
static void take_manifest(struct image_notes *out, const uint8_t *note, size_t desc)
{
	const uint8_t *mft = note + MFT_AT;
	uint32_t entries;

	if (out->manifest || desc < MFT_AT - NOTE_HEAD + sizeof(struct mir_mft))
		return;
	entries = le32(mft + offsetof(struct mir_mft, entries));
	if (le32(mft) != MIR_MFT_VERSION || entries < 1 || entries > MIR_MFT_ENTRIES ||
	    desc != MFT_AT - NOTE_HEAD + sizeof(struct mir_mft) +
			entries * sizeof(struct mir_mft_entry))
		return;
	for (uint32_t i = 1; i < entries; i++) {
		const uint8_t *e = mft + sizeof(struct mir_mft) + i * sizeof(struct mir_mft_entry);
		struct image_device *d = &out->devices[out->n_devices];

		if (e[MIR_MFT_NAME - 1] != 0) {
			out->n_devices = 0;
			return;
		}
		memcpy(d->name, e, MIR_MFT_NAME);
		d->type = le32(e + offsetof(struct mir_mft_entry, type));
		out->n_devices++;
	}
	out->manifest = true;
}

static bool owned(const uint8_t *note, const char *owner)
{
	size_t n = strlen(owner) + 1;

	return le32(note) == n && memcmp(note + 12, owner, n) == 0;
}

static void take_note(struct image_notes *out, const uint8_t *note, size_t desc)
{
	uint32_t type = le32(note + 8);

	if (owned(note, MIR_NOTE_SOLO5) && type == MIR_NOTE_MFT) {
		take_manifest(out, note, desc);
	} else if (owned(note, MIR_NOTE_SOLO5) && type == MIR_NOTE_ABI && !out->target &&
		   desc >= sizeof(struct mir_abi_note)) {
		out->target = le32(note + NOTE_HEAD);
		out->version = le32(note + NOTE_HEAD + 4);
	} else if (owned(note, MIR_NOTE_MIRAGE) && type == MIR_NOTE_EXT && !out->ext_version &&
		   desc >= sizeof(struct mir_ext_note)) {
		out->ext_version = le32(note + NOTE_HEAD);
		out->ext_features = le32(note + NOTE_HEAD + 4);
	}
}

/* All notes of a segment; tenders read the first.  Those with a name of 5 to 8 bytes with its NUL
 * are of interest. */
static void take_notes(struct image_notes *out, const uint8_t *p, size_t len, uint64_t align)
{
	size_t mask = align == 8 ? 7 : 3;

	while (len >= NOTE_HEAD) {
		uint32_t name = le32(p), desc = le32(p + 4);
		size_t at, size;

		if (name > len - 12 || desc > len - 12)
			return;
		at = 12 + (((size_t)name + 3) & ~(size_t)3);
		if (at > len || desc > len - at)
			return;
		if (at == NOTE_HEAD)
			take_note(out, p, desc);
		size = (at + desc + mask) & ~mask;
		if (size >= len)
			return;
		p += size;
		len -= size;
	}
}

static void take_load(struct image_notes *out, uint32_t flags, uint64_t at, uint64_t size)
{
	uint64_t end = size > UINT64_MAX - at ? UINT64_MAX : at + size;

	if (!size)
		return;
	if (!out->segments || at < out->start)
		out->start = at;
	if (end > out->end)
		out->end = end;
	out->segments++;
	out->write_exec += (flags & (PF_W | PF_X)) == (PF_W | PF_X);
}

int elf_notes(const void *file, size_t len, struct image_notes *out)
{
	const uint8_t *data = file;
	uint64_t at, offset, size;
	unsigned n, entry;

	*out = (struct image_notes){ 0 };
	if (len < sizeof(Elf64_Ehdr) || memcmp(data, ELFMAG, SELFMAG) != 0 ||
	    data[EI_CLASS] != ELFCLASS64 || data[EI_DATA] != ELFDATA2LSB)
		return -ENOEXEC;
	out->fixed = le16(data + offsetof(Elf64_Ehdr, e_type)) == ET_EXEC;
	out->machine = le16(data + offsetof(Elf64_Ehdr, e_machine));
	at = le64(data + offsetof(Elf64_Ehdr, e_phoff));
	entry = le16(data + offsetof(Elf64_Ehdr, e_phentsize));
	n = le16(data + offsetof(Elf64_Ehdr, e_phnum));
	if (n > HEADERS || (n && entry < sizeof(Elf64_Phdr)) || at > len ||
	    (uint64_t)n * entry > len - at)
		return -ENOEXEC;
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *p = data + at + (size_t)i * entry;
		uint32_t type = le32(p), flags = le32(p + offsetof(Elf64_Phdr, p_flags));

		offset = le64(p + offsetof(Elf64_Phdr, p_offset));
		size = le64(p + offsetof(Elf64_Phdr, p_filesz));
		if (type == PT_LOAD)
			take_load(out, flags, le64(p + offsetof(Elf64_Phdr, p_vaddr)),
			    le64(p + offsetof(Elf64_Phdr, p_memsz)));
		else if (type == PT_GNU_STACK)
			out->exec_stack = flags & PF_X;
		else if (type == PT_NOTE && offset <= len && size <= len - offset)
			take_notes(out, data + offset, (size_t)size,
			    le64(p + offsetof(Elf64_Phdr, p_align)));
	}
	return 0;
}

int elf_notes_read(const char *path, struct image_notes *out)
{
	const void *map;
	size_t len;
	int rc = elf_map(path, &map, &len);

	if (rc < 0)
		return rc;
	rc = elf_notes(map, len, out);
	elf_unmap(map, len);
	return rc;
}

const char *machine_name(unsigned machine)
{
	return machine == EM_X86_64    ? "x86_64"
	       : machine == EM_AARCH64 ? "aarch64"
	       : machine == EM_PPC64   ? "ppc64le"
	       : machine == EM_RISCV   ? "riscv64"
				       : mem_fmt("machine %u", machine);
}
