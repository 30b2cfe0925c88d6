/* generate_notes.c: mirage/T/notes.S: what an image tells its tender (abi/mir/note.h). */
#include <ctype.h>
#include <string.h>

#include <mir/extension.h>
#include <mir/note.h>

#include "configuration.h"
#include "version.h"

_Static_assert(sizeof(struct mir_abi_note) == 16 && sizeof(struct mir_ext_note) == 16, "notes");

/* A name of `len` bytes with its NUL. */
static void name(struct text *out, const char *s, unsigned len)
{
	text_addf(out, "\t.ascii\t\"%s\"\n\t.zero\t%u\n", s, len - (unsigned)strlen(s));
}

/* The head of a note: its section begins it, so that a linker script can place it by name. */
static void head(struct text *out, const char *section, const char *owner, unsigned type,
    unsigned descsz, unsigned pad, const char *what)
{
	unsigned namesz = (unsigned)strlen(owner) + 1;

	text_addf(out, "\n/* %s */\n\t.section %s, \"aR\", %%note\n\t.balign\t8\n", what, section);
	text_addf(out, "\t.long\t%u, %u, 0x%x\n", namesz, descsz, type);
	name(out, owner, (namesz + 3) & ~3u);
	if (pad)
		text_addf(out, "\t.zero\t%u\n", pad);
}

static void abi(const struct configuration *c, struct text *out)
{
	const struct target *t = &c->target;

	head(out, ".note.solo5.abi", MIR_NOTE_SOLO5, MIR_NOTE_ABI, sizeof(struct mir_abi_note), 0,
	    mem_fmt("For tenders of %s, version %u. */\n/* struct mir_abi_note",
		abi_name(t->abi_target), t->abi_version));
	text_addf(out, "\t.long\t%u, %u, 0, 0\n", t->abi_target, t->abi_version);
}

static void extensions(const struct configuration *c, struct text *out)
{
	if (!c->target.extensions)
		return;
	head(out, ".note.mirage.ext", MIR_NOTE_MIRAGE, MIR_NOTE_EXT, sizeof(struct mir_ext_note), 0,
	    mem_fmt("Uses, where the tender offers them: %s. */\n/* struct mir_ext_note",
		extension_names(c->target.extensions)));
	text_addf(out, "\t.weak\tmir_image_sealed\n\t.long\t%u, 0x%x, %s, mir_image_sealed\n",
	    MIR_EXT_VERSION, c->target.extensions,
	    c->target.extensions & MIR_EXT_FAULT ? mem_fmt("mir_%s_fault", c->target.name) : "0");
}

/* The type of the manifest's entry that an instance is, or 0. */
static unsigned entry_type(const struct instance *in)
{
	const char *s = in->device->provides;

	if (!in->device->attached)
		return 0;
	return str_eq(s, "NETWORK") ? MIR_MFT_NET : str_eq(s, "BLOCK") ? MIR_MFT_BLOCK : 0;
}

static void entry(struct text *out, const char *device, unsigned type, const char *what)
{
	text_addf(out, "\n\t/* %s */\n", what);
	name(out, device, MIR_MFT_NAME);
	text_addf(out, "\t.long\t0x%x\n\t.zero\t%zu\n", type,
	    sizeof(struct mir_mft_entry) - MIR_MFT_NAME - 4);
}

static void manifest(const struct configuration *c, struct text *out)
{
	unsigned n = 1;

	for (size_t i = 0; i < c->graph.n_instances; i++)
		n += entry_type(c->graph.instances[i]) != 0;
	/* Four pad bytes make the entries aligned; they count. */
	head(out, ".note.solo5.manifest", MIR_NOTE_SOLO5, MIR_NOTE_MFT,
	    4 + (unsigned)sizeof(struct mir_mft) + n * (unsigned)sizeof(struct mir_mft_entry), 4,
	    "The devices that the tender attaches: struct mir_mft");
	text_addf(out, "\t.long\t%u, %u\n", MIR_MFT_VERSION, n);
	entry(out, "", MIR_MFT_RESERVED, "the first is reserved");
	for (size_t i = 0; i < c->graph.n_instances; i++) {
		const struct instance *in = c->graph.instances[i];
		unsigned type = entry_type(in);

		if (type)
			entry(out, in->group, type,
			    mem_fmt("%s: a %s", comment_text(in->id),
				type == MIR_MFT_NET ? "network" : "disk"));
	}
}

bool notes_check(const struct configuration *c)
{
	unsigned before = diag_errors(), n = 1;
	struct list names = { 0 };

	for (size_t i = 0; c->target.abi_target && i < c->graph.n_instances; i++) {
		const struct instance *in = c->graph.instances[i];
		const char *s = in->group;

		if (!entry_type(in))
			continue;
		n++;
		while (isalnum((unsigned char)*s))
			s++;
		if (!*in->group || *s || strlen(in->group) >= MIR_MFT_NAME) {
			diag_error(NULL, "'%s' cannot name a device on the target '%s'", in->group,
			    c->target.name);
			diag_expected("letters and digits only, %d at most", MIR_MFT_NAME - 1);
		} else if (!list_add_new(&names, in->group)) {
			diag_error(NULL, "a network and a disk are both named '%s'", in->group);
			diag_expected("two names: the tender tells its devices apart by them");
		}
	}
	if (n > MIR_MFT_ENTRIES) {
		diag_error(NULL, "an image can have %d networks and disks on the target '%s'",
		    MIR_MFT_ENTRIES - 1, c->target.name);
		diag_found("%u", n - 1);
	}
	return diag_errors() == before;
}

void generate_notes_s(const struct configuration *c, struct text *out)
{
	text_addf(out,
	    "/* %s/notes.S: " GENERATED_MARK MIRAGE_VERSION " from %s.\n"
	    " *\n * What the image tells its tender, in ELF notes (<mir/note.h> says what is in\n"
	    " * them); the linker script gives each a segment of its own.\n */\n",
	    c->folder, path_base(c->conf.file));
	text_addf(out,
	    "\n/* No program of the host: this loader is not there. */\n"
	    "\t.section .interp, \"aR\", %%progbits\n\t.asciz\t\"" MIR_IMAGE_INTERP "\"\n");
	head(out, ".note.solo5.not_openbsd", "OpenBSD", 1, 4, 0,
	    "Keeps OpenBSD from taking it for one of its own; comes first");
	text_add(out, "\t.long\t0\n");
	abi(c, out);
	manifest(c, out);
	extensions(c, out);
	text_add(out, "\n\t.section .note.GNU-stack, \"\", %progbits\n");
}
