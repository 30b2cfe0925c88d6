/* image.c: images that are right, and each way in which one is wrong. */
#include <mir/test.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tender.h"
#include "elf.h"

#define MEM 0x400000ull

static struct elf f;
static uint8_t memory[MEM];

static const char *read_part(const struct elf *elf, size_t len, struct image *image)
{
	int fd = elf_file(elf, len);
	const char *wrong = image_read(fd, MEM, MIR_ABI_HVT, MIR_ABI_HVT_VERSION, image);

	if (wrong) {
		free(image->mft);
		close(fd);
	}
	return wrong;
}

static void reads(void)
{
	struct image image;
	const char *wrong;

	elf_make(&f, MIR_ABI_HVT);
	wrong = read_part(&f, sizeof(f), &image);
	ok(!wrong, "it is right: %s", wrong ? wrong : "");
	ok(image.entry == MIR_IMAGE_BASE + 4, "entry");
	ok(image.n_seg == 2, "segments");
	ok(image.end == MIR_IMAGE_BASE + 0x5000, "end: 0x%llx", (unsigned long long)image.end);
	ok(!image.seg[0].write && image.seg[0].exec && image.seg[1].write, "protection");
	ok(image.seg[1].vaddr == MIR_IMAGE_BASE + 0x2000 && image.seg[1].memsz == 0x3000,
	    "whole pages");
	ok(image.abi.target == MIR_ABI_HVT && image.ext.features == 7, "notes");
	ok(image.mft->entries == 3 && strcmp(image.mft->e[2].name, "storage") == 0, "manifest");
	ok(!image_load(&image, memory), "is loaded");
	ok(memory[MIR_IMAGE_BASE] == 0xc3 && memory[MIR_IMAGE_BASE + 0x2010] == 0xda,
	    "where it belongs");
	ok(memory[MIR_IMAGE_BASE + 0x200f] == 0 && memory[MIR_IMAGE_BASE + 0x2040] == 0,
	    "and not beyond");
	free(image.mft);
	close(image.fd);
}

static void without_extensions(void)
{
	struct image image;

	elf_make(&f, MIR_ABI_HVT);
	f.head.e_phoff = offsetof(struct elf, note);
	f.note[ELF_EXT].p_type = PT_NULL;
	ok(!read_part(&f, sizeof(f), &image), "it is right");
	ok(image.ext.version == 0, "and has none");
	free(image.mft);
	close(image.fd);
}

static void truncated(void)
{
	struct image image;
	unsigned good = 0;

	elf_make(&f, MIR_ABI_HVT);
	for (size_t len = 0; len < ELF_DATA + 0x30; len += len < 0x700 ? 1 : 16) {
		if (read_part(&f, len, &image))
			continue;
		good += !image_load(&image, memory);
		free(image.mft);
		close(image.fd);
	}
	ok(good == 0, "no beginning of it is an image");
}

/* One thing that is wrong, and what is said of it. */
static void refuse(const char *what)
{
	struct image image;
	const char *wrong = read_part(&f, sizeof(f), &image);

	ok(wrong && strstr(wrong, what), "%s: %s", what, wrong ? wrong : "accepted");
	elf_make(&f, MIR_ABI_HVT);
}

static void headers(void)
{
	elf_make(&f, MIR_ABI_HVT);
	f.head.e_ident[0] = 0;
	refuse("not an ELF");
	f.head.e_ident[EI_CLASS] = ELFCLASS32;
	refuse("ELF64");
	f.head.e_machine = EM_386;
	refuse("CPU");
	f.head.e_type = ET_DYN;
	refuse("fixed address");
	f.head.e_phnum = 0;
	refuse("program headers");
	f.head.e_phnum = 65;
	refuse("program headers");
	f.head.e_phentsize = 55;
	refuse("program headers");
	f.head.e_phoff = UINT64_MAX - 8;
	refuse("within the file");
	f.head.e_entry = MIR_IMAGE_BASE - 1;
	refuse("entry");
	f.head.e_entry = MEM;
	refuse("entry");
}

static void segments(void)
{
	elf_make(&f, MIR_ABI_HVT);
	f.text.p_align = 0x1001;
	refuse("power of two");
	f.text.p_memsz = 0x3f;
	refuse("longer in the file");
	f.text.p_vaddr = MIR_IMAGE_BASE - 0x1000;
	refuse("begin below");
	f.data.p_vaddr = MIR_IMAGE_BASE + 0x20;
	refuse("overlap");
	f.data.p_vaddr = MEM - 0x1000;
	refuse("within its memory");
	f.data.p_vaddr = UINT64_MAX - 0x10;
	refuse("within its memory");
	f.data.p_memsz = UINT64_MAX;
	refuse("within its memory");
	f.data.p_align = 1ull << 63;
	refuse("within its memory");
	f.text.p_flags |= PF_W;
	refuse("writable and executable");
	f.text.p_filesz = f.data.p_filesz = 0;
	refuse("nothing in it");
}

static void notes(void)
{
	elf_make(&f, MIR_ABI_HVT);
	f.note[ELF_ABI].p_type = PT_NULL;
	refuse("no ABI note");
	f.abi.head.descsz = 15;
	refuse("wrong size");
	f.abi.head.descsz = UINT32_MAX;
	refuse("longer than its segment");
	f.abi.abi.target = MIR_ABI_SPT;
	refuse("mirage-spt");
	f.abi.abi.version = 3;
	refuse("another version");
	f.note[ELF_EXT] = f.note[ELF_ABI];
	refuse("two ABI notes");
	f.note[ELF_MFT].p_type = PT_NULL;
	refuse("no manifest");
	f.note[ELF_MFT].p_offset = UINT64_MAX;
	refuse("within the file");
	f.ext.ext.version = 0;
	refuse("no version");
	f.ext.head.descsz = 8;
	refuse("wrong size");
}

static void manifests(void)
{
	elf_make(&f, MIR_ABI_HVT);
	f.mft.head.descsz -= 1;
	refuse("wrong size");
	f.mft.head.descsz = 4;
	refuse("wrong size");
	f.mft.entries = 0;
	refuse("wrong size");
	f.mft.entries = 65;
	refuse("wrong size");
	f.mft.entries = 0x40000003;
	refuse("wrong size");
	f.mft.version = 2;
	refuse("another version");
	f.mft.e[0].type = MIR_MFT_NET;
	refuse("begins with");
	f.mft.e[0].name[0] = 'a';
	refuse("begins with");
	f.mft.e[1].type = 3;
	refuse("unknown type");
	f.mft.e[1].attached = 1;
	refuse("attached already");
	f.mft.e[1].name[0] = '\0';
	refuse("name of a device");
	f.mft.e[1].name[0] = '/';
	refuse("name of a device");
	memset(f.mft.e[1].name, 'a', MIR_MFT_NAME);
	refuse("name of a device");
	memcpy(f.mft.e[2].name, "service", 8);
	refuse("same name");
}

int main(void)
{
	RUN_PLAIN(reads);
	RUN_PLAIN(without_extensions);
	RUN_PLAIN(truncated);
	RUN_PLAIN(headers);
	RUN_PLAIN(segments);
	RUN_PLAIN(notes);
	RUN_PLAIN(manifests);
	return mir_test_end();
}
