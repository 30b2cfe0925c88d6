/* crunch_elf.c: the object file of a folder (ELF-64, little endian, relocatable).
 *
 *	ELF header
 *	.rodata.SYMBOL       the bytes of each file, 64-byte aligned; then the texts
 *	.data.rel.ro.SYMBOL  struct mir_crunch_index, then one struct mir_crunch_entry each
 *	.rela.data.rel.ro.SYMBOL   one relocation for each pointer
 *	.symtab .strtab .shstrtab, the section headers
 *
 * File bytes go from disk to disk through one buffer; only the index is made in memory. The
 * output depends on names, bytes and times of the files and on nothing else.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mir/digest.h>

#include "crunch.h"
#include "diag.h"

#define BUFFER     (1u << 20)
#define DATA_ALIGN 64
#define DATA_START 64 /* file offset of .rodata: behind the ELF header */
#define INDEX_SIZE 24 /* struct mir_crunch_index */
#define ENTRY_SIZE 80 /* struct mir_crunch_entry */
#define RELA_SIZE  sizeof(Elf64_Rela)

enum section {
	S_NULL,
	S_RODATA,
	S_INDEX,
	S_RELA,
	S_SYMTAB,
	S_STRTAB,
	S_SHSTRTAB,
	S_STACK,
	S_COUNT
};
enum symbol { SYM_NULL, SYM_RODATA, SYM_INDEX, SYM_GLOBAL, SYM_COUNT };
enum kind { KIND_VALUE = 1, KIND_DICT = 2 }; /* enum mir_crunch_kind */

struct output {
	int fd;
	const char *name;
	uint64_t offset;
	bool failed;
};

/* A section's place in the file. */
struct extent {
	uint64_t offset, size;
};

static void put(struct output *o, const void *data, size_t len)
{
	const char *p = data;

	while (len && !o->failed) {
		ssize_t n = write(o->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			diag_error(NULL, "%s: %s", o->name, strerror(errno));
			o->failed = true;
			return;
		}
		p += n;
		len -= (size_t)n;
		o->offset += (size_t)n;
	}
}

/* Zero bytes up to the next multiple of `align`. */
static void put_alignment(struct output *o, unsigned align)
{
	static const char zeros[DATA_ALIGN];

	put(o, zeros, (size_t)(-o->offset & (align - 1)));
}

static void le16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void le32(uint8_t *p, uint32_t v)
{
	le16(p, v);
	le16(p + 2, v >> 16);
}

static void le64(uint8_t *p, uint64_t v)
{
	le32(p, (uint32_t)v);
	le32(p + 4, (uint32_t)(v >> 32));
}

/* Copy one file into the output and its size and digest into the entry. */
static int put_file(struct output *o, struct crunch_tree *t, struct crunch_entry *e, char *buffer)
{
	struct mir_sha256 digest;
	int fd = open(e->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n;

	if (fd < 0) {
		diag_error(NULL, "%s: %s", e->path, strerror(errno));
		return -1;
	}
	put_alignment(o, DATA_ALIGN);
	e->data = o->offset - DATA_START;
	mir_sha256_init(&digest);
	while ((n = read(fd, buffer, BUFFER)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			diag_error(NULL, "%s: %s", e->path, strerror(errno));
			break;
		}
		e->size += (size_t)n;
		t->bytes += (size_t)n;
		if (t->bytes > CRUNCH_MAX_BYTES) {
			diag_error(NULL, "%s: its files are more than an image can hold (%u bytes)",
			    t->folder, CRUNCH_MAX_BYTES);
			diag_note("keep large data on a block device, or use --kv_ro=direct");
			break;
		}
		mir_sha256_update(&digest, buffer, (size_t)n);
		put(o, buffer, (size_t)n);
	}
	close(fd);
	put(o, "", 1);
	mir_sha256_final(&digest, e->digest);
	return n == 0 && !o->failed ? 0 : -1;
}

/* The first entry at or behind `from` whose key is not below the folder entries[i]. The keys below
 * a folder "/a" are not next to it ("/a-b" comes before "/a/"), but are next to each other. */
static size_t first_below(const struct crunch_tree *t, size_t i, const char *prefix, size_t len)
{
	size_t low = i + 1, high = t->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strncmp(t->entries[middle].key, prefix, len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Digest, number of children and time of a dictionary whose children have theirs. */
static void complete_dict(struct crunch_tree *t, size_t i)
{
	struct crunch_entry *dict = &t->entries[i];
	char *prefix = mem_fmt("%s/", dict->key_len == 1 ? "" : dict->key);
	size_t len = strlen(prefix);
	struct mir_sha256 digest;

	mir_sha256_init(&digest);
	for (size_t c = first_below(t, i, prefix, len); c < t->n; c++) {
		const struct crunch_entry *child = &t->entries[c];
		uint8_t kind = child->dict ? KIND_DICT : KIND_VALUE;

		if (strncmp(child->key, prefix, len) != 0)
			break;
		if (strchr(child->key + len, '/'))
			continue;
		mir_sha256_update(&digest, &kind, 1);
		mir_sha256_update(&digest, child->key + len, child->key_len - len + 1);
		mir_sha256_update(&digest, child->digest, sizeof child->digest);
		dict->size++;
		if (child->mtime_ns > dict->mtime_ns)
			dict->mtime_ns = child->mtime_ns;
	}
	mir_sha256_final(&digest, dict->digest);
}

/* Every file's bytes, then the texts that the index points to. */
static int put_data(struct output *o, struct crunch_tree *t, uint64_t *keys, struct text *mimes)
{
	char *buffer = mem_new(BUFFER);

	for (size_t i = 0; i < t->n; i++)
		if (!t->entries[i].dict && put_file(o, t, &t->entries[i], buffer) < 0)
			return -1;
	for (size_t i = t->n; i-- > 0;)
		if (t->entries[i].dict)
			complete_dict(t, i);
	*keys = o->offset - DATA_START;
	for (size_t i = 0; i < t->n; i++)
		put(o, t->entries[i].key, t->entries[i].key_len + 1);
	put(o, mimes->s, mimes->len);
	return o->failed ? -1 : 0;
}

/* Where a media type's text is among those of all entries; each is there once. */
static uint64_t mime_offset(struct text *mimes, const char *mime)
{
	size_t len = strlen(mime) + 1, at;

	for (at = 0; at < mimes->len; at += strlen(mimes->s + at) + 1)
		if (strcmp(mimes->s + at, mime) == 0)
			return at;
	text_addn(mimes, mime, len);
	return at;
}

struct index {
	uint8_t *data;   /* INDEX_SIZE + n * ENTRY_SIZE */
	uint8_t *relocs; /* RELA_SIZE each */
	size_t n_relocs;
	uint32_t type; /* of a 64-bit absolute relocation */
};

/* The pointer at `offset` of the index shall point `addend` bytes into that symbol's section. */
static void add_pointer(struct index *x, uint64_t offset, enum symbol symbol, uint64_t addend)
{
	uint8_t *r = x->relocs + RELA_SIZE * x->n_relocs++;

	le64(r, offset);
	le64(r + 8, (uint64_t)symbol << 32 | x->type);
	le64(r + 16, addend);
}

static void fill_index(
    struct index *x, const struct crunch_tree *t, uint64_t keys, struct text *mimes)
{
	uint64_t mime_start = keys;

	for (size_t i = 0; i < t->n; i++)
		mime_start += t->entries[i].key_len + 1;
	add_pointer(x, 0, SYM_INDEX, INDEX_SIZE);
	le64(x->data + 8, t->n);
	le64(x->data + 16, t->bytes);
	for (size_t i = 0; i < t->n; i++) {
		const struct crunch_entry *e = &t->entries[i];
		uint64_t at = INDEX_SIZE + i * ENTRY_SIZE;
		uint8_t *p = x->data + at;

		add_pointer(x, at, SYM_RODATA, keys);
		keys += e->key_len + 1;
		if (!e->dict) {
			add_pointer(x, at + 8, SYM_RODATA, e->data);
			add_pointer(
			    x, at + 16, SYM_RODATA, mime_start + mime_offset(mimes, e->mime));
		}
		le64(p + 24, e->size);
		le64(p + 32, (uint64_t)e->mtime_ns);
		le32(p + 40, e->key_len);
		le32(p + 44, e->dict ? KIND_DICT : KIND_VALUE);
		memcpy(p + 48, e->digest, sizeof e->digest);
	}
}

static void put_symbol(
    struct output *o, uint32_t name, uint8_t info, uint16_t section, uint64_t size)
{
	uint8_t s[sizeof(Elf64_Sym)] = { 0 };

	le32(s, name);
	s[4] = info;
	le16(s + 6, section);
	le64(s + 16, size);
	put(o, s, sizeof s);
}

static void put_section(struct output *o, uint32_t name, uint32_t type, uint64_t flags,
    struct extent at, uint32_t link, uint32_t info, uint64_t align, uint64_t entry)
{
	uint8_t s[sizeof(Elf64_Shdr)] = { 0 };

	le32(s, name);
	le32(s + 4, type);
	le64(s + 8, flags);
	le64(s + 24, at.offset);
	le64(s + 32, at.size);
	le32(s + 40, link);
	le32(s + 44, info);
	le64(s + 48, align);
	le64(s + 56, entry);
	put(o, s, sizeof s);
}

static void put_header(struct output *o, uint16_t machine, uint64_t sections)
{
	uint8_t h[sizeof(Elf64_Ehdr)] = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
		ELFDATA2LSB, EV_CURRENT, ELFOSABI_NONE };

	le16(h + 16, ET_REL);
	le16(h + 18, machine);
	le32(h + 20, EV_CURRENT);
	le64(h + 40, sections);
	le16(h + 52, sizeof(Elf64_Ehdr));
	le16(h + 58, sizeof(Elf64_Shdr));
	le16(h + 60, S_COUNT);
	le16(h + 62, S_SHSTRTAB);
	put(o, h, sizeof h);
}

static struct extent put_extent(struct output *o, unsigned align, const void *data, size_t len)
{
	struct extent at;

	put_alignment(o, align);
	at = (struct extent){ o->offset, len };
	put(o, data, len);
	return at;
}

/* Symbols, names and the table of sections; returns the table's offset. */
static uint64_t put_tables(struct output *o, const char *symbol, struct extent rodata,
    struct extent index, struct extent relocs)
{
	struct extent symtab, strtab, shstrtab, none = { 0, 0 };
	struct text names = { 0 };
	uint32_t at[S_COUNT] = { 0 };
	static const char *const section_names[S_COUNT] = { "", ".rodata.", ".data.rel.ro.",
		".rela.data.rel.ro.", ".symtab", ".strtab", ".shstrtab", ".note.GNU-stack" };

	put_alignment(o, 8);
	symtab = (struct extent){ o->offset, SYM_COUNT * sizeof(Elf64_Sym) };
	put_symbol(o, 0, 0, 0, 0);
	put_symbol(o, 0, ELF64_ST_INFO(STB_LOCAL, STT_SECTION), S_RODATA, 0);
	put_symbol(o, 0, ELF64_ST_INFO(STB_LOCAL, STT_SECTION), S_INDEX, 0);
	put_symbol(o, 1, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), S_INDEX, INDEX_SIZE);
	strtab = put_extent(o, 1, "", 1);
	put(o, symbol, strlen(symbol) + 1);
	strtab.size += strlen(symbol) + 1;
	for (unsigned i = 0; i < S_COUNT; i++) {
		at[i] = (uint32_t)names.len;
		text_addf(
		    &names, "%s%s", section_names[i], i >= S_RODATA && i <= S_RELA ? symbol : "");
		text_addn(&names, "", 1);
	}
	shstrtab = put_extent(o, 1, names.s, names.len);
	put_alignment(o, 8);
	rodata.offset = DATA_START;
	put_section(o, 0, SHT_NULL, 0, none, 0, 0, 0, 0);
	put_section(o, at[S_RODATA], SHT_PROGBITS, SHF_ALLOC, rodata, 0, 0, DATA_ALIGN, 0);
	put_section(o, at[S_INDEX], SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, index, 0, 0, 8, 0);
	put_section(
	    o, at[S_RELA], SHT_RELA, SHF_INFO_LINK, relocs, S_SYMTAB, S_INDEX, 8, RELA_SIZE);
	put_section(
	    o, at[S_SYMTAB], SHT_SYMTAB, 0, symtab, S_STRTAB, SYM_GLOBAL, 8, sizeof(Elf64_Sym));
	put_section(o, at[S_STRTAB], SHT_STRTAB, 0, strtab, 0, 0, 1, 0);
	put_section(o, at[S_SHSTRTAB], SHT_STRTAB, 0, shstrtab, 0, 0, 1, 0);
	put_section(o, at[S_STACK], SHT_PROGBITS, 0, none, 0, 0, 1, 0);
	return o->offset - S_COUNT * sizeof(Elf64_Shdr);
}

int crunch_write(int fd, const char *name, struct crunch_tree *t, const struct crunch_object *x)
{
	struct output o = { .fd = fd, .name = name };
	struct index index = { .type = x->machine == EM_AARCH64 ? R_AARCH64_ABS64 : R_X86_64_64 };
	size_t index_size = INDEX_SIZE + t->n * ENTRY_SIZE;
	struct extent rodata = { DATA_START, 0 }, index_at, relocs_at;
	struct text mimes = { 0 };
	uint64_t keys, sections;

	index.data = mem_new(index_size);
	index.relocs = mem_new((1 + 3 * t->n) * RELA_SIZE);
	for (size_t i = 0; i < t->n; i++)
		if (!t->entries[i].dict)
			mime_offset(&mimes, t->entries[i].mime);
	put_header(&o, x->machine, 0);
	if (put_data(&o, t, &keys, &mimes) < 0)
		return -1;
	rodata.size = o.offset - DATA_START;
	fill_index(&index, t, keys, &mimes);
	index_at = put_extent(&o, 8, index.data, index_size);
	relocs_at = put_extent(&o, 8, index.relocs, index.n_relocs * RELA_SIZE);
	sections = put_tables(&o, x->symbol, rodata, index_at, relocs_at);
	if (!o.failed && lseek(fd, 0, SEEK_SET) < 0) {
		diag_error(NULL, "%s: %s", name, strerror(errno));
		return -1;
	}
	put_header(&o, x->machine, sections);
	return o.failed ? -1 : 0;
}
