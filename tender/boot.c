/* boot.c: what an image finds in its memory when it starts. */
#include <string.h>
#include <sys/random.h>

#include "tender.h"

/* Of Solo5's ABI, the same for hvt and spt; with its NUL. */
enum { CMDLINE_MAX = 8192 };

static uint64_t align8(uint64_t v)
{
	return (v + 7) & ~7ull;
}

/* The arguments with a space between them, and a NUL. */
static void write_cmdline(char *to, const struct options *o)
{
	size_t len = 0;

	for (int i = 0; i < o->n_args; i++) {
		size_t n = strlen(o->args[i]);

		if (n + 1 > CMDLINE_MAX - 1 - len)
			die("the image's arguments are longer than %d bytes", CMDLINE_MAX - 1);
		if (i > 0)
			to[len++] = ' ';
		memcpy(to + len, o->args[i], n);
		len += n;
	}
	to[len] = '\0';
}

void boot_write(uint8_t *mem, uint64_t at, const struct image *image, const struct options *o,
    uint64_t *mft, uint64_t *cmdline)
{
	*mft = align8(at);
	memcpy(mem + *mft, image->mft, image->mft_size);
	*cmdline = align8(*mft + image->mft_size);
	write_cmdline((char *)mem + *cmdline, o);
}

uint64_t boot_args_at(uint64_t at)
{
	return align8(at + MIR_MFT_ENTRIES * sizeof(struct mir_mft_entry) + 16) + CMDLINE_MAX;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* argv at `at`, the texts behind it; returns the end. */
static uint64_t write_args(uint8_t *mem, uint64_t at, const struct options *o)
{
	uint64_t text = at + (uint64_t)(o->n_args + 2) * sizeof(uint64_t);

	for (int i = 0; i <= o->n_args; i++) {
		const char *from = i == 0 ? base_name(o->image) : o->args[i - 1];
		size_t n = strlen(from) + 1;

		memcpy(mem + at + (size_t)i * sizeof(text), &text, sizeof(text));
		memcpy(mem + text, from, n);
		text += n;
	}
	return align8(text);
}

uint64_t boot_write_ext(uint8_t *mem, uint64_t at, uint64_t args, const struct options *o,
    uint32_t features, const struct device dev[], uint64_t start_ns)
{
	struct mir_ext ext = {
		.magic = MIR_EXT_MAGIC,
		.version = MIR_EXT_VERSION,
		.size = sizeof(ext),
		.features = features,
		.argv = args,
		.argc = (uint32_t)o->n_args + 1,
		.start_ns = start_ns,
	};

	if (o->n_args >= MIR_EXT_ARGS)
		die("more than %d arguments for the image", MIR_EXT_ARGS - 1);
	if ((features & MIR_EXT_ENTROPY) && getrandom(ext.seed, MIR_EXT_SEED, 0) != MIR_EXT_SEED)
		die("the system gives no random numbers");
	for (unsigned i = 1; i < MIR_MFT_ENTRIES; i++) {
		if (dev[i].type == MIR_MFT_NET) {
			ext.device[i].features = dev[i].net.features;
			ext.device[i].vnet_header = dev[i].net.vnet_header;
		} else if (dev[i].type == MIR_MFT_BLOCK) {
			ext.device[i].features = dev[i].block.features;
		}
	}
	memcpy(mem + at, &ext, sizeof(ext));
	return write_args(mem, args, o);
}
