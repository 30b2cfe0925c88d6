/* core.c: core files (System V ABI chapter 5; the notes as Linux writes them, fs/binfmt_elf.c). */
#include "debug.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <unistd.h>

enum { PAGE = 4096, BATCH = 512 /* pages */, NAME = 64 };

static const uint64_t page_is_there = 3ull << 62; /* present, or swapped out */

struct note_head {
	Elf64_Nhdr h;
	char name[8];
};

/* The descriptors follow their heads without a gap. */
struct notes {
	struct note_head status_head;
	uint8_t status[sizeof(struct elf_prstatus)];
	struct note_head fp_head;
	uint8_t fp[DEBUG_FP_MAX];
};

struct head {
	Elf64_Ehdr e;
	Elf64_Phdr p[2];
	struct notes notes;
};

/* IMAGE.debug, where `mirage build` has put one. */
static const char *debug_file(const char *image)
{
	static char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s.debug", image);

	return n < (int)sizeof(path) && access(path, R_OK) == 0 ? path : image;
}

void core_open(struct core *c, const struct options *o)
{
	c->dir = o->dumpcore;
	c->debug = debug_file(o->image);
	c->folder = open(c->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->folder < 0)
		die("--dumpcore=%s: %s", c->dir, strerror(errno));
}

static void say_where(const struct core *c, const char *name)
{
	const char *gdb = getenv("MIRAGE_GDB");

	say("core file: %s/%s", c->dir, name);
	say("to look at it: %s %s %s/%s", gdb ? gdb : "gdb", c->debug, c->dir, name);
}

void core_of(struct core *c, pid_t pid)
{
	char path[NAME];

	c->pid = pid;
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	c->mem = open(path, O_RDWR | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	c->pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (c->mem < 0 || c->pagemap < 0)
		die("%s: %s", path, strerror(errno));
}

static void fill(struct head *h, const struct core *c, const struct debug_regs *d, int signal)
{
	static const Elf64_Ehdr e = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE,
		.e_version = EV_CURRENT,
		.e_phoff = offsetof(struct head, p),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
	};
	struct elf_prstatus status = {
		.pr_info.si_signo = signal,
		.pr_cursig = (short)signal,
		.pr_pid = c->pid,
		.pr_fpvalid = 1,
	};
	struct notes *n = &h->notes;

	memset(h, 0, sizeof(*h));
	h->e = e;
	h->e.e_machine = debug_machine;
	h->p[0] = (Elf64_Phdr){ .p_type = PT_NOTE,
		.p_offset = offsetof(struct head, notes),
		.p_filesz = offsetof(struct notes, fp) + debug_fp_size };
	h->p[1] = (Elf64_Phdr){ .p_type = PT_LOAD,
		.p_flags = PF_R | PF_W | PF_X,
		.p_offset = PAGE,
		.p_vaddr = c->start,
		.p_filesz = c->end - c->start,
		.p_memsz = c->end - c->start,
		.p_align = PAGE };
	n->status_head = (struct note_head){ { 5, sizeof(n->status), NT_PRSTATUS }, "CORE" };
	n->fp_head = (struct note_head){ { 5, debug_fp_size, NT_FPREGSET }, "CORE" };
	memcpy(&status.pr_reg, &d->r, sizeof(d->r));
	memcpy(n->status, &status, sizeof(status));
	memcpy(n->fp, d->fp, debug_fp_size);
}

static bool write_at(int fd, const void *from, size_t len, uint64_t at)
{
	return pwrite(fd, from, len, (off_t)at) == (ssize_t)len;
}

/* Pages that were never touched are left out: they are holes in the file. */
static bool write_memory(int fd, const struct core *c)
{
	uint64_t entry[BATCH];
	uint8_t page[PAGE];

	for (uint64_t at = c->start; at < c->end; at += (uint64_t)BATCH * PAGE) {
		uint64_t n = (c->end - at) / PAGE;

		if (n > BATCH)
			n = BATCH;
		if (pread(c->pagemap, entry, n * sizeof(*entry),
			(off_t)((c->base + at) / PAGE * sizeof(*entry))) !=
		    (ssize_t)(n * sizeof(*entry)))
			return false;
		for (uint64_t i = 0; i < n; i++) {
			uint64_t here = at + i * PAGE;

			if (!(entry[i] & page_is_there) ||
			    pread(c->mem, page, PAGE, (off_t)(c->base + here)) != PAGE)
				continue;
			if (!write_at(fd, page, PAGE, PAGE + here - c->start))
				return false;
		}
	}
	return ftruncate(fd, (off_t)(PAGE + c->end - c->start)) == 0;
}

void core_write(const struct core *c, const struct debug_regs *d, int signal)
{
	struct head h;
	char name[NAME];
	int fd;

	_Static_assert(sizeof(struct head) <= PAGE, "head");
	fill(&h, c, d, signal);
	snprintf(name, sizeof(name), "core.%s.%d", tender_name, (int)c->pid);
	fd = openat(c->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		say("no core file: %s/%s: %s", c->dir, name, strerror(errno));
		return;
	}
	if (write_at(fd, &h, sizeof(h), 0) && write_memory(fd, c)) {
		say_where(c, name);
	} else {
		say("no core file: %s/%s: %s", c->dir, name, strerror(errno));
		unlinkat(c->folder, name, 0);
	}
	close(fd);
}
