/* image_grub.c: GRUB for BIOS and for UEFI, made by grub-mkimage, and its grub.cfg. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "image.h"
#include "process.h"

static const char grub_folder[] = "/usr/lib/grub";

/* What each of the two is made of. */
static const struct flavour {
	const char *format;  /* of grub-mkimage */
	const char *name;    /* of the folder with its parts */
	const char *package; /* of Debian */
	const char *prefix;  /* where grub.cfg is */
	const char *modules;
} flavours[] = {
	{ "i386-pc", "i386-pc", "grub-pc-bin", "(,gpt2)/boot/grub",
	    "biosdisk part_gpt fat normal boot multiboot serial terminal echo sleep" },
	{ "x86_64-efi", "x86_64-efi", "grub-efi-amd64-bin", "/boot/grub",
	    "part_gpt fat normal boot multiboot serial terminal echo sleep" },
}, cd_flavours[] = {
	{ "i386-pc-eltorito", "i386-pc", "grub-pc-bin", "/boot/grub",
	    "biosdisk iso9660 normal boot multiboot serial terminal echo sleep search search_fs_file" },
	{ "x86_64-efi", "x86_64-efi", "grub-efi-amd64-bin", "/boot/grub",
	    "iso9660 fat normal boot multiboot serial terminal echo sleep search search_fs_file" },
};

/* The firmware's name for a CD is not GRUB's. */
static const char find_cd[] = "search --file --set=root /boot/kernel.bin\n"
			      "set prefix=($root)/boot/grub\n";

static bool run_mkimage(const struct flavour *f, const char *config, const char *out)
{
	struct list argv = { 0 };
	struct text said = { 0 };
	int rc;

	list_split(&argv, "grub-mkimage -O", ' ');
	list_add(&argv, f->format);
	if (config) {
		list_add(&argv, "-c");
		list_add(&argv, config);
	}
	list_add(&argv, "-d");
	list_addf(&argv, "%s/%s", grub_folder, f->name);
	list_add(&argv, "-p");
	list_add(&argv, f->prefix);
	list_add(&argv, "-o");
	list_add(&argv, out);
	list_split(&argv, f->modules, ' ');
	rc = process_run(argv.v, &said, &said);
	if (rc == 0)
		return true;
	if (rc == -ENOENT) {
		diag_error(NULL, "there is no grub-mkimage, which disk images need");
		diag_expected("it in PATH: sudo apt-get install grub-common %s %s",
		    flavours[0].package, flavours[1].package);
		return false;
	}
	diag_error(NULL, "grub-mkimage fails (%d)", rc);
	diag_found("%s", str_trim(text_str(&said)));
	return false;
}

static bool has_flavour(const struct flavour *f)
{
	if (file_exists(mem_fmt("%s/%s/multiboot.mod", grub_folder, f->name)))
		return true;
	diag_error(NULL, "GRUB's parts for %s are not there", f->name);
	diag_found("no %s/%s/multiboot.mod", grub_folder, f->name);
	diag_expected("the package %s: sudo apt-get install %s", f->package, f->package);
	return false;
}

static bool read_part(const char *path, struct text *out)
{
	int rc = file_read(path, out);

	if (rc < 0)
		diag_error(NULL, "cannot read '%s': %s", path, strerror(-rc));
	return rc >= 0;
}

static bool make_in(const char *folder, struct disk_parts *out)
{
	const struct flavour *all = out->cd ? cd_flavours : flavours;
	const char *config = out->cd ? mem_fmt("%s/config", folder) : NULL;
	struct text *const made[] = { &out->core, &out->efi };
	bool done = !config || file_write(config, find_cd, sizeof(find_cd) - 1) >= 0;

	for (size_t i = 0; i < MIR_COUNT(flavours) && done; i++) {
		const char *path = mem_fmt("%s/%s", folder, all[i].name);

		done = run_mkimage(&all[i], config, path) && read_part(path, made[i]);
		unlink(path);
	}
	if (config)
		unlink(config);
	return done && read_part(mem_fmt("%s/i386-pc/boot.img", grub_folder), &out->boot);
}

bool grub_make(struct disk_parts *out)
{
	const char *base = getenv("TMPDIR");
	char *folder = mem_fmt("%s/mirage-XXXXXX", base && *base ? base : "/tmp");
	bool done;

	for (size_t i = 0; i < MIR_COUNT(flavours); i++)
		if (!has_flavour(&flavours[i]))
			return false;
	if (!mkdtemp(folder)) {
		diag_error(NULL, "cannot make '%s': %s", folder, strerror(errno));
		return false;
	}
	done = make_in(folder, out);
	rmdir(folder);
	return done;
}

/* GRUB escapes what it hands over so that quotes in quotes do not come back; and it knows no other
 * blanks than ' '. */
static bool passes(const char *word)
{
	if (!word[strcspn(word, "\t\r\n")] && !(strchr(word, ' ') && strchr(word, '\'')))
		return true;
	diag_error(NULL, "GRUB cannot pass on the argument %s", str_sh_quote(word));
	diag_found("a tab, a line's end, or a blank together with an apostrophe in it");
	return false;
}

/* A word of GRUB's shell. */
static void quote(struct text *out, const char *word)
{
	text_add(out, " '");
	for (; *word; word++)
		text_add(out, *word == '\'' ? "'\\''" : mem_strn(word, 1));
	text_add(out, "'");
}

char *grub_config(const struct list *arguments)
{
	struct text t = { 0 };

	text_add(&t,
	    "# grub.cfg: what this machine boots.  The words after the file are the image's "
	    "arguments;\n# they may be edited here, or changed by 'mirage image "
	    "--set-args=FILE -- ARGUMENTS'.\nmultiboot /boot/kernel.bin");
	for (size_t i = 0; i < arguments->n; i++) {
		if (!passes(arguments->v[i]))
			return NULL;
		quote(&t, arguments->v[i]);
	}
	text_add(&t, "\nboot\n# Only after an error.\nserial --unit=0 --speed=115200\n"
		     "terminal_output serial console\necho \"GRUB cannot start the image.\"\n"
		     "sleep 10\n");
	if (t.len > CONFIG_ROOM) {
		diag_error(NULL, "the arguments are too long for a disk image");
		diag_expected("at most %u bytes", CONFIG_ROOM - 512);
		return NULL;
	}
	while (t.len < CONFIG_ROOM)
		text_addc(&t, '\n');
	return t.s;
}
