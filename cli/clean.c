/* clean.c: `mirage clean`: remove what configure and build made, and nothing else.
 *
 * A text is removed only while it is what mirage has written, an image only if it says that it is
 * one, and in the folders of objects only objects. Symbolic links are not followed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache.h"
#include "command.h"
#include "configure.h"
#include "diag.h"
#include "elf_section.h"
#include "image_command.h"
#include "pack.h"

const struct option options_clean[] = {
	{ "cache", 0, NULL, "only the compiled libraries that applications share" },
	{ "dry-run", 0, NULL, "only print what would be removed" },
	OPTION_END,
};

struct clean {
	bool dry_run;
	unsigned kept;
	unsigned failed;
};

/* 'd' a folder, 'f' a file, 'l' something else, 0 not there. */
static char kind_of(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return 0;
	return S_ISDIR(st.st_mode) ? 'd' : S_ISREG(st.st_mode) ? 'f' : 'l';
}

static void remove_file(struct clean *c, const char *path)
{
	if (c->dry_run) {
		printf("remove %s\n", path);
	} else if (unlink(path) < 0 && errno != ENOENT) {
		diag_error(NULL, "cannot remove '%s': %s", path, strerror(errno));
		c->failed++;
	}
}

static void keep(struct clean *c, const char *path, const char *why)
{
	diag_warning(NULL, "'%s' is kept: %s", path, why);
	c->kept++;
}

/* A folder goes once it is empty. */
static void remove_folder(struct clean *c, const char *path)
{
	if (c->dry_run || kind_of(path) != 'd' || rmdir(path) == 0)
		return;
	if (errno != ENOTEMPTY && errno != EEXIST) {
		diag_error(NULL, "cannot remove '%s': %s", path, strerror(errno));
		c->failed++;
	}
}

static void remove_text(struct clean *c, const char *path)
{
	if (kind_of(path) != 'f')
		return;
	if (generated_check(path) == 1)
		remove_file(c, path);
	else
		keep(c, path, "it was edited, or is not from mirage");
}

static bool is_image(const char *path)
{
	const char *data;
	size_t len;

	return pack_manifest_read(path, &data, &len) == 0;
}

static bool is_product(const char *path)
{
	static const char *const ends[] = { ".o", ".d", ".tmp", ".map", ".sizes", ".s", ".flags",
		".packed" };
	static const char *const names[] = { "flags", "flags-app", "flags-target",
		"flags-target-hot", "link" };

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (str_ends(path, ends[i]))
			return true;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_eq(path_base(path), names[i]))
			return true;
	return is_image(path);
}

static void remove_products(struct clean *c, const char *folder)
{
	struct list names = { 0 };

	if (kind_of(folder) != 'd' || dir_list(folder, &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		const char *path = mem_fmt("%s/%s", folder, names.v[i]);
		char kind = kind_of(path);

		if (kind == 'd')
			remove_products(c, path);
		else if (kind == 'f' && is_product(path))
			remove_file(c, path);
		else
			keep(c, path, "it is none of the objects that were built");
	}
	remove_folder(c, folder);
}

static void clean_target(struct clean *c, const char *folder)
{
	static const char *const texts[] = { "main.c", "build.mk", "manifest.S", "manifest",
		"arguments", "notes.S" };

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		remove_text(c, mem_fmt("%s/%s", folder, texts[i]));
	remove_products(c, mem_fmt("%s/obj", folder));
	remove_products(c, mem_fmt("%s/fs", folder));
	remove_folder(c, folder);
}

/* The disks that `mirage image` makes of the configurations that are here. */
static void disk_names(struct list *out)
{
	struct list files = { 0 };

	dir_glob("mirage", "*/manifest", &files);
	for (size_t i = 0; i < files.n; i++) {
		struct manifest m;

		if (generated_check(mem_fmt("mirage/%s", files.v[i])) == 1 &&
		    manifest_read(mem_fmt("mirage/%s", files.v[i]), &m) == 0)
			image_paths(&m, out);
	}
}

static void clean_images(struct clean *c)
{
	struct list names = { 0 }, disks = { 0 };

	if (kind_of("dist") != 'd' || dir_list("dist", &names) < 0)
		return;
	disk_names(&disks);
	for (size_t i = 0; i < names.n; i++) {
		const char *path = mem_fmt("dist/%s", names.v[i]);

		if (kind_of(path) == 'f' &&
		    (is_image(path) || str_ends(path, ".tmp") || list_has(&disks, path)))
			remove_file(c, path);
		else
			keep(c, path, "it is no image that was built");
	}
	remove_folder(c, "dist");
}

/* What describes domains of Xen; others' have no mark. */
static void clean_domains(struct clean *c)
{
	struct list files = { 0 };

	dir_glob(".", "*.xl", &files);
	dir_glob(".", "*_libvirt.xml", &files);
	for (size_t i = 0; i < files.n; i++) {
		struct text t = { 0 };

		if (file_read(files.v[i], &t) == 0 && strstr(text_str(&t), GENERATED_MARK))
			remove_text(c, files.v[i]);
	}
}

static int clean_cache(bool dry_run)
{
	const char *folder = cache_folder();
	unsigned files;
	uint64_t bytes;
	int rc;

	if (!folder)
		return EXIT_OK;
	rc = cache_empty(folder, dry_run, &files, &bytes);
	if (files)
		printf("%s %u files of %s, %llu kB\n", dry_run ? "remove" : "removed", files,
		    folder, (unsigned long long)(bytes + 1023) / 1024);
	if (rc == 0)
		return EXIT_OK;
	diag_error(NULL, "cannot remove all of '%s': %s", folder, strerror(-rc));
	return EXIT_FAILED;
}

int command_clean(const struct arguments *args)
{
	struct clean c = { .dry_run = argument_given(args, "dry-run") };
	struct list names = { 0 };
	struct text makefile = { 0 };

	if (argument_given(args, "cache"))
		return clean_cache(c.dry_run);
	clean_images(&c);
	if (kind_of("mirage") == 'd' && dir_list("mirage", &names) == 0)
		for (size_t i = 0; i < names.n; i++)
			if (kind_of(mem_fmt("mirage/%s", names.v[i])) == 'd')
				clean_target(&c, mem_fmt("mirage/%s", names.v[i]));
	clean_domains(&c);
	remove_text(&c, "mirage/app.h");
	remove_text(&c, "mirage/arguments");
	remove_folder(&c, "mirage");
	/* One without the mark was never ours. */
	if (file_read("Makefile", &makefile) == 0 && strstr(text_str(&makefile), GENERATED_MARK))
		remove_text(&c, "Makefile");
	return c.failed ? EXIT_FAILED : EXIT_OK;
}
