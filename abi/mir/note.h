/* note.h: what an image says of itself in ELF notes, and its manifest of devices.
 *
 * The ABI of Solo5 0.12: ELF64, ET_EXEC, text from MIR_IMAGE_BASE on, one PT_NOTE segment for each
 * note, of which the first note counts.  Owner, padded to 4 bytes, then the descriptor at an offset
 * that is aligned as its content asks (the pad bytes count in descsz).
 */
#ifndef MIR_NOTE_H
#define MIR_NOTE_H

#include <stddef.h>
#include <stdint.h>

#define MIR_NOTE_SOLO5   "Solo5"               /* owner of the two notes below; namesz 6 */
#define MIR_NOTE_MIRAGE  "Mirage"              /* owner of MIR_NOTE_EXT; namesz 7 */
#define MIR_IMAGE_INTERP "/nonexistent/solo5/" /* .interp: the host itself cannot run an image */

enum {
	MIR_IMAGE_BASE = 0x100000,
	MIR_IMAGE_PAGE = 0x1000,

	MIR_NOTE_ABI = 0x31494241, /* "ABI1": struct mir_abi_note at 20 */
	MIR_NOTE_MFT = 0x3154464d, /* "MFT1": struct mir_mft at 24, after 4 pad bytes */
	MIR_NOTE_EXT = 0x31545845, /* "EXT1": struct mir_ext_note at 20 */

	MIR_MFT_VERSION = 1,
	MIR_MFT_ENTRIES = 64, /* the first is reserved: 63 devices */
	MIR_MFT_NAME = 68,    /* with its NUL; letters and digits */
};

enum mir_abi_target {
	MIR_ABI_HVT = 1,
	MIR_ABI_SPT = 2,
	MIR_ABI_VIRTIO = 3,
	MIR_ABI_MUEN = 4,
	MIR_ABI_XEN = 6,
};
enum { MIR_ABI_HVT_VERSION = 2, MIR_ABI_SPT_VERSION = 2 };

struct mir_abi_note {
	uint32_t target; /* enum mir_abi_target */
	uint32_t version;
	uint32_t reserved[2];
};

/* Tenders offer extensions (extension.h) only to images that have this note. */
struct mir_ext_note {
	uint32_t version;  /* MIR_EXT_VERSION */
	uint32_t features; /* MIR_EXT_* that the image can use */
	/* MIR_EXT_FAULT: address in an executable segment, or 0.  Entered as a handler of SIGSEGV,
	 * SIGBUS, SIGILL, SIGFPE and SIGTRAP of the host's Linux, its three arguments (number,
	 * siginfo_t, ucontext_t) in registers, on a stack of 64 kB outside the guest's memory; must
	 * not return.  Such a fault while it runs ends the process. */
	uint32_t fault;
	/* hvt: memory that the tender does not write to for the image, whatever that asks: of a
	 * page's address and, in its low 12 bits, n, these are the n pages from there and one more
	 * for each 2 MiB of memory.  0: none. */
	uint32_t sealed;
};

enum mir_mft_type {
	MIR_MFT_BLOCK = 1,
	MIR_MFT_NET = 2,
	MIR_MFT_RESERVED = 0x40000000, /* the first entry */
};

/* A device that the image declares; the tender attaches it and fills in the rest of the copy that
 * the image is given.  Its index is the handle. */
struct mir_mft_entry {
	char name[MIR_MFT_NAME];
	uint32_t type; /* enum mir_mft_type */
	union {
		struct {
			uint64_t capacity; /* bytes */
			uint16_t block_size;
		} block;
		struct {
			uint8_t mac[6];
			uint16_t mtu;
		} net;
	} u;
	union {
		int32_t hostfd; /* spt: the descriptor to use */
		uint64_t reserved;
	} b;
	uint8_t attached; /* bool */
	uint8_t pad[7];
};

/* In the file: entries exactly; every name ends within its field, nothing is attached. */
struct mir_mft {
	uint32_t version;
	uint32_t entries;
	struct mir_mft_entry e[];
};

_Static_assert(sizeof(struct mir_mft_entry) == 104, "mft_entry");
_Static_assert(offsetof(struct mir_mft_entry, u) == 72, "mft_entry.u");
_Static_assert(offsetof(struct mir_mft_entry, b) == 88, "mft_entry.b");
_Static_assert(offsetof(struct mir_mft_entry, attached) == 96, "mft_entry.attached");

#endif
