/* image.c: reads an image: ELF64 (System V ABI, chapters 4 and 5) with the rules and notes of
 * Solo5's ABI.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tender.h"

enum {
	HEADERS = 64,    /* program headers: notes and segments are a dozen */
	NOTE_HEAD = 20,  /* three words, the owner's name padded to 8 */
	MFT_PAD = 4,     /* before struct mir_mft */
	NOTE_SMALL = 64, /* the longest of ABI1 and EXT1 */
	ABI_DESC = 32,
	NOTE_MAX = NOTE_HEAD + MFT_PAD + sizeof(struct mir_mft) +
		   MIR_MFT_ENTRIES * sizeof(struct mir_mft_entry),
};

#if defined(__x86_64__)
enum { MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { MACHINE = EM_AARCH64 };
#endif

int image_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	if (fd <= STDERR_FILENO)
		die("the descriptors 0, 1 and 2 must be open; use '</dev/null >/dev/null 2>&1'");
	return fd;
}

/* All of len bytes at `offset`, or false. */
static bool read_at(int fd, void *to, uint64_t len, uint64_t offset)
{
	uint8_t *p = to;

	if (offset > INT64_MAX || len > INT64_MAX - offset)
		return false;
	while (len > 0) {
		ssize_t n = pread(fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (uint64_t)n;
		offset += (uint64_t)n;
	}
	return true;
}

static const char *check_header(const Elf64_Ehdr *h, uint64_t mem)
{
	if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
		return "not an ELF file";
	if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB ||
	    h->e_version != EV_CURRENT)
		return "not a little-endian ELF64 file";
	if (h->e_machine != MACHINE)
		return "built for another kind of CPU";
	if (h->e_type != ET_EXEC)
		return "not an executable of fixed address";
	if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum == 0 || h->e_phnum > HEADERS)
		return "program headers are of another size, none, or more than 64";
	if (h->e_entry < MIR_IMAGE_BASE || h->e_entry >= mem)
		return "its entry is not within its memory: give it more (--mem=MIB)";
	return NULL;
}

/* ---- segments ---- */

static const char *add_segment(struct image *image, const Elf64_Phdr *p, uint64_t mem)
{
	uint64_t align = p->p_align > MIR_IMAGE_PAGE ? p->p_align : MIR_IMAGE_PAGE;
	uint64_t start, end, last = image->n_seg ? image->end : MIR_IMAGE_BASE;

	if (p->p_align & (p->p_align - 1))
		return "the alignment of a segment is not a power of two";
	if (p->p_memsz < p->p_filesz)
		return "a segment is longer in the file than in memory";
	if (p->p_vaddr > mem || p->p_memsz > mem - p->p_vaddr || align > mem)
		return "a segment is not within its memory: give it more (--mem=MIB)";
	start = p->p_vaddr & ~(align - 1);
	end = (p->p_vaddr + p->p_memsz + align - 1) & ~(align - 1);
	if (end > mem)
		return "a segment is not within its memory: give it more (--mem=MIB)";
	if (start < last)
		return "its segments overlap, are not in order, or begin below 1 MiB";
	if ((p->p_flags & PF_W) && (p->p_flags & PF_X))
		return "a segment is both writable and executable";
	if (image->n_seg == IMAGE_SEGMENTS)
		return "more than 16 segments";
	image->seg[image->n_seg++] = (struct segment){
		.offset = p->p_offset,
		.filesz = p->p_filesz,
		.at = p->p_vaddr,
		.vaddr = start,
		.memsz = end - start,
		.write = p->p_flags & PF_W,
		.exec = p->p_flags & PF_X,
	};
	image->end = end;
	return NULL;
}

/* ---- notes ---- */

static const char *read_abi(struct image *image, const uint8_t *desc, uint32_t size)
{
	if (image->abi.target != 0)
		return "two ABI notes";
	if (size < sizeof(image->abi) || size > ABI_DESC)
		return "its ABI note is of a wrong size";
	memcpy(&image->abi, desc, sizeof(image->abi));
	if (image->abi.target == 0)
		return "its ABI note names no target";
	return NULL;
}

static const char *read_ext(struct image *image, const uint8_t *desc, uint32_t size)
{
	if (image->ext.version != 0)
		return "two notes of extensions";
	if (size < sizeof(image->ext) || size > NOTE_SMALL)
		return "its note of extensions is of a wrong size";
	memcpy(&image->ext, desc, sizeof(image->ext));
	if (image->ext.version == 0)
		return "its note of extensions has no version";
	return NULL;
}

static bool name_is_good(const char *name)
{
	size_t len = strnlen(name, MIR_MFT_NAME);

	if (len == 0 || len == MIR_MFT_NAME)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((name[i] >= '0' && name[i] <= '9') || (name[i] >= 'a' && name[i] <= 'z') ||
			(name[i] >= 'A' && name[i] <= 'Z')))
			return false;
	return true;
}

static const char *check_manifest(const struct mir_mft *mft)
{
	if (mft->version != MIR_MFT_VERSION)
		return "its manifest is of another version";
	if (mft->e[0].type != MIR_MFT_RESERVED || mft->e[0].name[0] != '\0' || mft->e[0].attached)
		return "its manifest begins with a device";
	for (uint32_t i = 1; i < mft->entries; i++) {
		const struct mir_mft_entry *e = &mft->e[i];

		if (!name_is_good(e->name))
			return "the name of a device in its manifest is empty, too long or not "
			       "letters and digits";
		if (e->attached)
			return "a device in its manifest is attached already";
		if (e->type != MIR_MFT_NET && e->type != MIR_MFT_BLOCK)
			return "its manifest has a device of unknown type";
		for (uint32_t k = 1; k < i; k++)
			if (strcmp(mft->e[k].name, e->name) == 0)
				return "its manifest has two devices of the same name";
	}
	return NULL;
}

static const char *read_manifest(struct image *image, const uint8_t *desc, uint32_t size)
{
	uint32_t entries;

	if (image->mft)
		return "two manifests";
	if (size < MFT_PAD + sizeof(struct mir_mft) + sizeof(struct mir_mft_entry))
		return "its manifest is of a wrong size";
	memcpy(&entries, desc + MFT_PAD + offsetof(struct mir_mft, entries), sizeof(entries));
	image->mft_size = size - MFT_PAD;
	if (entries == 0 || entries > MIR_MFT_ENTRIES ||
	    image->mft_size != sizeof(struct mir_mft) + entries * sizeof(struct mir_mft_entry))
		return "its manifest is of a wrong size";
	image->mft = malloc(image->mft_size);
	if (!image->mft)
		return "out of memory";
	memcpy(image->mft, desc + MFT_PAD, image->mft_size);
	return check_manifest(image->mft);
}

/* The first note of a PT_NOTE segment; what is not for tenders is passed over. */
static const char *read_note(struct image *image, const Elf64_Phdr *p)
{
	uint8_t note[NOTE_MAX];
	uint64_t len = p->p_filesz < sizeof(note) ? p->p_filesz : sizeof(note);
	Elf64_Nhdr h;
	bool solo5, mirage;

	if (len < NOTE_HEAD)
		return NULL;
	if (!read_at(image->fd, note, len, p->p_offset))
		return "a note is not within the file";
	memcpy(&h, note, sizeof(h));
	solo5 = h.n_namesz == sizeof(MIR_NOTE_SOLO5) &&
		memcmp(note + sizeof(h), MIR_NOTE_SOLO5, sizeof(MIR_NOTE_SOLO5)) == 0;
	mirage = h.n_namesz == sizeof(MIR_NOTE_MIRAGE) &&
		 memcmp(note + sizeof(h), MIR_NOTE_MIRAGE, sizeof(MIR_NOTE_MIRAGE)) == 0;
	if (!solo5 && !mirage)
		return NULL;
	if (h.n_descsz > len - NOTE_HEAD)
		return "a note is longer than its segment";
	if (solo5 && h.n_type == MIR_NOTE_ABI)
		return read_abi(image, note + NOTE_HEAD, h.n_descsz);
	if (solo5 && h.n_type == MIR_NOTE_MFT)
		return read_manifest(image, note + NOTE_HEAD, h.n_descsz);
	if (mirage && h.n_type == MIR_NOTE_EXT)
		return read_ext(image, note + NOTE_HEAD, h.n_descsz);
	return NULL;
}

/* ---- all of it ---- */

static const char *for_another(const struct mir_abi_note *abi, uint32_t target)
{
	if (abi->target == target)
		return "built for another version of this ABI: build it anew";
	switch (abi->target) {
	case MIR_ABI_HVT: return "built for hvt: run it with mirage-hvt";
	case MIR_ABI_SPT: return "built for spt: run it with mirage-spt";
	case MIR_ABI_VIRTIO: return "built for virtio: boot it in a virtual machine";
	case MIR_ABI_MUEN: return "built for muen";
	case MIR_ABI_XEN: return "built for xen: boot it there";
	default: return "built for an unknown target";
	}
}

static const char *read_parts(struct image *image, uint64_t mem)
{
	Elf64_Phdr ph[HEADERS];
	Elf64_Ehdr h;
	const char *wrong;

	if (!read_at(image->fd, &h, sizeof(h), 0))
		return "not an ELF file";
	wrong = check_header(&h, mem);
	if (wrong)
		return wrong;
	if (!read_at(image->fd, ph, h.e_phnum * sizeof(ph[0]), h.e_phoff))
		return "its program headers are not within the file";
	image->entry = h.e_entry;
	for (unsigned i = 0; i < h.e_phnum && !wrong; i++) {
		if (ph[i].p_type == PT_LOAD && ph[i].p_filesz > 0)
			wrong = add_segment(image, &ph[i], mem);
		else if (ph[i].p_type == PT_NOTE)
			wrong = read_note(image, &ph[i]);
	}
	return wrong;
}

const char *image_read(int fd, uint64_t mem, uint32_t target, uint32_t version, struct image *image)
{
	const char *wrong;

	memset(image, 0, sizeof(*image));
	image->fd = fd;
	wrong = read_parts(image, mem);
	if (wrong)
		return wrong;
	if (image->abi.target == 0)
		return "no image of a unikernel: it has no ABI note";
	if (image->abi.target != target || image->abi.version != version)
		return for_another(&image->abi, target);
	if (!image->mft)
		return "it has no manifest of devices";
	if (image->n_seg == 0)
		return "nothing in it is to be loaded";
	return NULL;
}

const char *image_load(const struct image *image, uint8_t *mem)
{
	for (const struct segment *s = image->seg; s < image->seg + image->n_seg; s++)
		if (!read_at(image->fd, mem + s->at, s->filesz, s->offset))
			return "a segment is not within the file: it was cut";
	return NULL;
}
