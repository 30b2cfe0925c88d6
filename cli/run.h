/* run.h: what `mirage run` does besides networks: tenders and hypervisors, which run the images of
 * targets without an operating system beneath.
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include <stdint.h>

#include "command.h"
#include "manifest.h"

enum { EXIT_RUN = 125 }; /* run itself failed */

#define OPTIONS_TENDER                                                                             \
	{ "mem", 0, "MIB", "sealed images: memory, 512 MiB unless told" },                         \
	    { "gdb", 0, NULL, "start the image under gdb, which stops at the program's main" },    \
	    { "gdb-port", 0, "PORT", "sealed images: wait for a gdb in another terminal" },        \
	    { "dumpcore", 0, "DIR", "hvt, spt: where a core file goes if the image aborts" },      \
	    { "plain", 0, NULL, "hvt, spt: offer nothing beyond the ABI of Solo5" },               \
	    { "tender", 0, "PROGRAM", "hvt, spt: start PROGRAM in place of mirage-hvt" },          \
	{                                                                                          \
		"tender-option", 0, "OPTION", "hvt, spt: another option of the tender"             \
	}

#define OPTIONS_HYPERVISOR                                                                         \
	{ "vmm", 0, "NAME", "virtio: qemu, firecracker or cloud-hypervisor, or a path to it" },    \
	    { "machine", 0, "NAME", "virtio: QEMU's microvm (unless told), pc or q35" },           \
	    { "accel", 0, "kvm|tcg", "virtio: with KVM, or emulated; KVM where it works" },        \
	    { "vmm-option", 0, "OPTION", "virtio: another option of the hypervisor" },             \
	{                                                                                          \
		"dry-run", 0, NULL, "virtio, xen: only print the command that would be started"    \
	}

/* What starts an image. */
enum run_kind {
	RUN_PROCESS = 1,
	RUN_TENDER = 2,
	RUN_HYPERVISOR = 4,
};

/* A network or a disk that the image is given. */
struct attachment {
	const char *name;      /* service, storage */
	const char *interface; /* of a network: "tap0", "@5", ""; NULL: it is a disk */
	const char *mac;       /* "" if any will do */
	const char *file;      /* of a disk, or NULL */
	const char *sector;    /* bytes, "" if any will do */
};

struct attachments {
	struct attachment *v;
	size_t n, cap;
};

struct tender {
	const char *program; /* its path */
	struct list options; /* of the command line */
};

/* run.c: the value of a boot argument on the command line, the last one given, or NULL. */
const char *boot_argument(const struct arguments *, const char *option);

/* Find the tender and what it needs of the host; false after an error was reported. */
bool tender_find(const struct manifest *, const struct arguments *, struct tender *out);
enum run_kind run_kind(const struct manifest *);
/* Are all options for this kind?  False after an error was reported. */
bool run_options_fit(const struct arguments *, enum run_kind);
/* What the image would say to --help or --version: it could not start without its devices. */
void tender_answer(const struct manifest *, bool version);

/* ---- run_devices.c ---- */

/* --mem, or `memory:`; *mib 0: neither.  False after an error was reported. */
bool memory_wanted(const struct manifest *, const struct arguments *, uint64_t *mib);
/* Networks and disks in the order of the manifest.  A disk that is not there is made, where its
 * size is known.  False after an error was reported. */
bool attachments_find(const struct manifest *, const struct arguments *, struct attachments *out);
/* The arguments of the image: those of `boot`, then what is given, without what is for a device. */
void image_arguments(
    const struct manifest *, const struct arguments *, const struct list *boot, struct list *argv);

/* ---- run_debug.c ---- */

/* Where gdb is to find the image, by --gdb and --gdb-port: a socket that listens, or a port;
 * neither
 * (-1, NULL) without those.  False after an error was reported. */
bool debug_wanted(
    const struct arguments *, bool takes_descriptor, int *listener, const char **port);
/* run(arg), or gdb in our place with run(arg) beside it, in a process group of its own that is
 * asked to end with gdb.  Its status. */
int debug_beside(const struct manifest *, const struct arguments *, int (*run)(void *), void *arg);

/* The tender's options for --gdb and --gdb-port; false after an error was reported. */
bool debug_options(const struct arguments *, struct list *argv);
/* Become the tender, or gdb with the tender beside it; returns only after an error was reported:
 * EXIT_RUN. */
int debug_tender(const struct manifest *, const struct arguments *, struct list *argv);
/* Become gdb with a host process. The same. */
int debug_process(const struct manifest *, const struct list *argv);

/* ---- run_tender.c ---- */

/* Become the tender.  `nets`: options for networks that were made; `boot`: arguments of the image
 * that tell of them.  Returns only after an error was reported: EXIT_RUN. */
int tender_start(const struct tender *, const struct manifest *, const struct arguments *,
    const struct list *nets, const struct list *boot);

#endif
