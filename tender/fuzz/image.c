/* image.c: any bytes as an image: what is accepted lies within memory, in order. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../tender.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEM = 0x400000 };

static void check(const struct image *image)
{
	uint64_t last = MIR_IMAGE_BASE;

	if (image->entry < MIR_IMAGE_BASE || image->entry >= MEM || image->n_seg == 0)
		abort();
	for (unsigned i = 0; i < image->n_seg; i++) {
		const struct segment *s = &image->seg[i];

		if (s->vaddr < last || s->vaddr % MIR_IMAGE_PAGE || s->memsz % MIR_IMAGE_PAGE ||
		    s->memsz > MEM - s->vaddr || s->at < s->vaddr ||
		    s->filesz > s->vaddr + s->memsz - s->at || (s->write && s->exec))
			abort();
		last = s->vaddr + s->memsz;
	}
	if (image->end != last || image->mft->entries == 0 || image->mft->entries > MIR_MFT_ENTRIES)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t *memory;
	struct image image;
	int fd = memfd_create("image", MFD_CLOEXEC);

	if (!memory)
		memory = malloc(MEM);
	if (fd < 0 || !memory || write(fd, data, size) != (ssize_t)size)
		abort();
	if (!image_read(fd, MEM, MIR_ABI_HVT, MIR_ABI_HVT_VERSION, &image)) {
		check(&image);
		image_load(&image, memory);
	}
	free(image.mft);
	close(fd);
	return 0;
}
